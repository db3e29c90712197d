//! From records to the index: all of them, or those that have changed.

use std::sync::Arc;

use memory_core::Content;
use rusqlite::Transaction;

use super::changes::{Since, State};
use super::held::{Held, Indexes};
use super::records::Entry;
use super::text::{Text, Words};
use super::vector::Vectors;
use super::{Index, Part};
use crate::error::Failure;
use crate::jobs::Target;
use crate::mapping::{Row, components};
use crate::schema::COLUMNS;

/// How many records are read before their words are looked for, and before it is asked whether the index has become too large.
const STRETCH: usize = 2_048;

/// How many records' words a thread looks for at a time.
const PIECE: usize = 64;

/// The index as this transaction sees the collection, with this part if that fits: the index given, caught up, or a new one. `None`
/// if nothing fits.
pub(super) fn current(
    transaction: &Transaction<'_>,
    target: &Target,
    (indexes, held): (&Indexes, &Held),
    last: Option<Index>,
    present: State,
    part: Part,
) -> Result<Option<Index>, Failure> {
    let most = indexes.budget();
    let last = match last {
        Some(last) => Some(last),
        // What did not fit the last time is not looked at again, neither in the file of the index nor in the records.
        None if held.is_refused(part, count(transaction, target)?) => return Ok(None),
        None => indexes.saved(&target.spec),
    };
    let caught_up = match last {
        Some(last) => caught_up(transaction, target, last, &present)?,
        None => None,
    };
    let is_new = caught_up.is_none();
    let count = match &caught_up {
        Some(index) => index.records.count(),
        None => count(transaction, target)?,
    };
    let mut index = caught_up.unwrap_or_else(|| Index::new(present, count));
    if index.bytes() > most {
        index.keep_only(part);
    }
    if !index.has(part) {
        let refused = held.is_refused(part, count) || least_bytes(target, part, count) > most;
        if refused || !add(transaction, target, indexes, &mut index, part, (is_new, count))? {
            held.refuse(part, count);
        }
    }
    if index.bytes() > most {
        held.refuse(part, index.records.count());
        return Ok(None);
    }
    Ok(Some(index).filter(|index| index.has(Part::Text) || index.has(Part::Vector)))
}

fn count(transaction: &Transaction<'_>, target: &Target) -> Result<usize, rusqlite::Error> {
    let sql = format!("SELECT count(*) FROM {}", target.tables.records);
    let count: i64 = transaction.query_row(&sql, [], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or_default())
}

/// The index with what has changed since; `None` where reading all records is better or needed.
fn caught_up(
    transaction: &Transaction<'_>,
    target: &Target,
    mut index: Index,
    present: &State,
) -> Result<Option<Index>, Failure> {
    let Since::Rows(rows) = index.state.until(present, transaction, &target.tables)? else { return Ok(None) };
    // Reading one row is dearer than reading the next.
    if rows.len() >= 1_000 + index.records.count() / 4 {
        return Ok(None);
    }
    let sql = format!("SELECT {COLUMNS}, row FROM {} WHERE row = ?", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    index.unsaved = index.unsaved.saturating_add(rows.len());
    for number in rows {
        index.remove(number);
        let mut found = statement.query([number])?;
        if let Some(row) = found.next()?
            && let Some(taken) = take(&mut index, row, None)?
            && let Some(text) = &mut index.text
        {
            text.put(taken.slot, Words::of(target.spec.analyser(), taken.content.as_str()));
        }
    }
    index.state = present.clone();
    if index.records.is_sparse() {
        index.compact();
    }
    Ok(Some(index))
}

/// What a part takes at the least, with so many records.
fn least_bytes(target: &Target, part: Part, records: usize) -> usize {
    match (part, target.spec.vectors()) {
        (Part::Vector, Some(spec)) => records.saturating_mul(Vectors::bytes_each(spec.dimension)),
        _ => 0,
    }
}

/// Reads all records for a part that the index has not got, and for the rest of it if it is new. Whether that fits; if not, the
/// index is without this part.
fn add(
    transaction: &Transaction<'_>,
    target: &Target,
    indexes: &Indexes,
    index: &mut Index,
    part: Part,
    (is_new, count): (bool, usize),
) -> Result<bool, Failure> {
    let only = if is_new { None } else { Some(part) };
    index.unsaved = usize::MAX;
    match part {
        Part::Text => index.text = Some(Text::default()),
        Part::Vector => index.vectors = target.spec.vectors().map(|spec| Vectors::new(spec, count)),
    }
    let sql = format!("SELECT {COLUMNS}, row FROM {}", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    let mut contents = Vec::new();
    let mut read = 0_usize;
    loop {
        let row = rows.next()?;
        let at_end = row.is_none();
        if let Some(row) = row
            && let Some(taken) = take(index, row, only)?
            && part == Part::Text
        {
            contents.push((taken.slot, taken.content));
        }
        read += 1;
        if at_end || read.is_multiple_of(STRETCH) {
            if let Some(text) = &mut index.text
                && part == Part::Text
            {
                analyse(target, indexes, std::mem::take(&mut contents), text);
            }
            if index.bytes() > indexes.budget() {
                match part {
                    Part::Text => index.text = None,
                    Part::Vector => index.vectors = None,
                }
                return Ok(false);
            }
        }
        if at_end {
            break;
        }
    }
    if let Some(text) = &mut index.text
        && part == Part::Text
    {
        text.settle();
    }
    Ok(true)
}

/// Looks for the words of many records, on more than one thread.
fn analyse(target: &Target, indexes: &Indexes, contents: Vec<(u32, Content)>, text: &mut Text) {
    let (pieces, analyser, contents) = (contents.len().div_ceil(PIECE), target.spec.analyser(), Arc::new(contents));
    let piece = move |at: usize| -> Vec<(u32, Words)> {
        let piece = contents.chunks(PIECE).nth(at).unwrap_or_default();
        piece.iter().map(|(slot, content)| (*slot, Words::of(analyser, content.as_str()))).collect()
    };
    for (slot, words) in indexes.helpers.run(pieces, piece).into_iter().flatten() {
        text.put(slot, words);
    }
}

/// Where a record has its place, and what it says.
struct Taken {
    slot: u32,
    content: Content,
}

/// Takes a record over, but for its words; `None` if it is damaged, which is noted. It gets a slot, unless `only` a part is wanted of
/// one that has its slot.
fn take(index: &mut Index, row: &rusqlite::Row<'_>, only: Option<Part>) -> Result<Option<Taken>, Failure> {
    let number: i64 = row.get("row")?;
    let row = Row::read(row, 0)?;
    let vector = row.embedding.map(components);
    let fits = match (&vector, &index.vectors) {
        (Some(vector), Some(vectors)) => vector.len() == vectors.dimension(),
        _ => true,
    };
    let read = if row.is_intact() && fits { row.record().ok() } else { None };
    let Some(record) = read else {
        index.remove(number);
        index.damaged.insert(number);
        return Ok(None);
    };
    let entry = Entry {
        row: number,
        namespace: record.key.namespace.key(),
        kind: record.kind.as_str(),
        created_at: row.created_at,
        updated_at: row.updated_at,
        expires_at: row.expires_at,
        embedded: vector.is_some(),
    };
    let slot = if only.is_none() { Some(index.records.put(entry)) } else { index.records.slot(number) };
    let Some(slot) = slot else { return Ok(None) };
    if only != Some(Part::Text)
        && let (Some(vectors), Some(vector)) = (&mut index.vectors, &vector)
    {
        vectors.put(slot, vector);
    }
    Ok(Some(Taken { slot, content: record.content }))
}
