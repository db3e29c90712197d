//! How a database lies in one ordered map of bytes. The first byte of a row's name says what it is; names of collections, ids,
//! keys of namespaces and words hold no NUL, which ends them.
//!
//! | row | value |
//! |---|---|
//! | `C` collection | incarnation and spec, if it is ours |
//! | `N` | how many revisions and incarnations were given out |
//! | `R` collection NUL id NUL namespace | the record |
//! | `W` collection NUL word NUL id NUL namespace | how often the record holds the word |
//! | `T` collection NUL created_at namespace NUL id | nothing |
//! | `U` collection NUL updated_at namespace NUL id | nothing |

use std::collections::BTreeMap;
use std::ops::Bound;

use memory_core::kit::cursor::{TimePosition, key_from_bytes, key_to_bytes};
use memory_core::{
    CollectionName, CollectionSpec, Error, ErrorKind, Namespace, Record, RecordId, RecordKey, Result, Stored,
    Timestamp, Version,
};

use super::bytes::{self, Head};
use super::fault::{Fault, Faults};
use super::selection::Selection;

pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// Rows by key or position, and whether there are more behind them.
pub(super) type Selected<P> = (Vec<(P, Vec<u8>)>, bool);

/// What stands before the incarnation in a collection's row; a row without it is not ours.
const OURS: &[u8] = b"memory:";

/// Which time a listing is ordered by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeRow {
    Created = b'T' as isize,
    Updated = b'U' as isize,
}

/// A record on its way to the server.
#[derive(Clone)]
pub(super) struct Upsert {
    pub(super) key: RecordKey,
    pub(super) row: Vec<u8>,
}

impl Upsert {
    pub(super) fn new(record: &Record, words: Vec<String>) -> Self {
        let mut counts = BTreeMap::new();
        words.into_iter().for_each(|word| *counts.entry(word).or_insert(0) += 1);
        Self { key: record.key.clone(), row: bytes::record_row(record, &counts) }
    }
}

pub(super) fn named(kind: u8, collection: &CollectionName) -> Vec<u8> {
    [&[kind], collection.as_str().as_bytes(), &[0]].concat()
}

fn joined(mut prefix: Vec<u8>, rest: &[u8]) -> Vec<u8> {
    prefix.extend(rest);
    prefix
}

/// id, NUL, namespace: the end of a record's row, and its position in the server's own order.
pub(super) fn place(key: &RecordKey) -> Vec<u8> {
    [key.id.as_str().as_bytes(), &[0], key.namespace.key().as_bytes()].concat()
}

pub(super) fn key_at(place: &[u8]) -> Result<RecordKey> {
    let misplaced = || Error::new(ErrorKind::Corrupt, "a row's name is not what was written");
    let text = std::str::from_utf8(place).map_err(|_| misplaced())?;
    let (id, namespace) = text.split_once('\0').ok_or_else(misplaced)?;
    Ok(RecordKey::new(Namespace::from_key(namespace)?, RecordId::new(id)?))
}

/// The rows whose names start with this, each name cut to what follows.
pub(super) fn under<'a>(rows: &'a Rows, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let from = (Bound::Included(prefix), Bound::Unbounded);
    rows.range::<[u8], _>(from).map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_slice())))
}

/// The next number, never given out before.
pub(super) fn next_number(rows: &mut Rows) -> u64 {
    let row = rows.entry(b"N".to_vec()).or_default();
    let number = row.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) + 1;
    *row = number.to_be_bytes().to_vec();
    number
}

/// The incarnation and the spec of a collection; `None` if there is none.
///
/// # Errors
/// `Conflict` if the name is held by something that is not ours.
pub(super) fn collection(rows: &Rows, name: &CollectionName) -> Result<Option<(u64, CollectionSpec)>> {
    let Some(row) = rows.get(&named(b'C', name)) else {
        return Ok(None);
    };
    match row.strip_prefix(OURS).and_then(<[u8]>::split_first_chunk) {
        Some((incarnation, spec)) => Ok(Some((u64::from_be_bytes(*incarnation), bytes::spec(name.clone(), spec)?))),
        None => Err(Error::new(ErrorKind::Conflict, format!("the name {name} is held by something that is not ours"))),
    }
}

pub(super) fn write_collection(rows: &mut Rows, incarnation: u64, spec: &CollectionSpec) {
    let row = [OURS, &incarnation.to_be_bytes(), &bytes::spec_row(spec)].concat();
    rows.insert(named(b'C', spec.name()), row);
}

/// Puts a record in the place of an old one and answers its revision.
pub(super) fn write_record(rows: &mut Rows, name: &CollectionName, upsert: Upsert, faults: &Faults) -> Result<u64> {
    let row = joined(named(b'R', name), &place(&upsert.key));
    let old = rows.get(&row).cloned();
    let old = old.as_deref().map(bytes::head).transpose()?;
    let next = next_number(rows);
    let own_next = old.as_ref().map_or(1, |old| old.revision + 1);
    let revision = if faults.hit(Fault::VersionReused) { own_next } else { next };
    let mut bytes = upsert.row;
    bytes::stamp(&mut bytes, revision);
    let head = bytes::head(&bytes)?;
    if let Some(old) = &old {
        let words = head.words()?;
        for (word, _) in old.words()?.iter().filter(|(word, _)| words.iter().all(|(new, _)| new != word)) {
            if !faults.hit(Fault::OldWordsKept) {
                rows.remove(&word_row(name, word, &upsert.key));
            }
        }
        for ((time, at), (_, new)) in times(old).into_iter().zip(times(&head)) {
            if at != new && !faults.hit(Fault::OldTimesKept) {
                rows.remove(&time_row(time, name, at, &upsert.key));
            }
        }
    }
    for (word, tf) in head.words()? {
        rows.insert(word_row(name, word, &upsert.key), tf.to_be_bytes().to_vec());
    }
    for (time, at) in times(&head) {
        rows.insert(time_row(time, name, at, &upsert.key), Vec::new());
    }
    rows.insert(row, bytes);
    Ok(revision)
}

/// Removes a record and answers what was there.
pub(super) fn remove_record(rows: &mut Rows, name: &CollectionName, key: &RecordKey) -> Result<Option<Vec<u8>>> {
    let Some(old) = rows.remove(&joined(named(b'R', name), &place(key))) else {
        return Ok(None);
    };
    let head = bytes::head(&old)?;
    for (word, _) in head.words()? {
        rows.remove(&word_row(name, word, key));
    }
    for (time, at) in times(&head) {
        rows.remove(&time_row(time, name, at, key));
    }
    Ok(Some(old))
}

fn times(head: &Head<'_>) -> [(TimeRow, Timestamp); 2] {
    [(TimeRow::Created, head.created_at), (TimeRow::Updated, head.updated_at)]
}

pub(super) fn word_prefix(name: &CollectionName, word: &str) -> Vec<u8> {
    [&named(b'W', name), word.as_bytes(), &[0]].concat()
}

fn word_row(name: &CollectionName, word: &str, key: &RecordKey) -> Vec<u8> {
    joined(word_prefix(name, word), &place(key))
}

/// The time so that bytes sort as times do.
fn time_bytes(time: Timestamp) -> [u8; 8] {
    (time.micros() ^ i64::MIN).to_be_bytes()
}

fn time_row(row: TimeRow, name: &CollectionName, time: Timestamp, key: &RecordKey) -> Vec<u8> {
    [&named(row as u8, name), &time_bytes(time)[..], &key_to_bytes(key)].concat()
}

/// The record at a row, if the selection admits it.
pub(super) fn record_at<'a>(rows: &'a Rows, name: &CollectionName, key: &RecordKey) -> Option<&'a [u8]> {
    rows.get(&joined(named(b'R', name), &place(key))).map(Vec::as_slice)
}

/// The places, rows and heads of the records that the selection admits, by (id, namespace).
pub(super) fn admitted<'a>(
    rows: &'a Rows,
    prefix: &'a [u8],
    from: Bound<&[u8]>,
    selection: &'a Selection,
) -> impl Iterator<Item = Result<(&'a [u8], &'a [u8], Head<'a>)>> {
    // Rows of one id stand together.
    let narrow = joined(prefix.to_vec(), &selection.place_start());
    let from = if from == Bound::Included(prefix) { Bound::Included(narrow.as_slice()) } else { from };
    let here = rows.range::<[u8], _>((from, Bound::Unbounded));
    let here = here.take_while(move |(name, _)| name.starts_with(&narrow));
    let here = here.filter_map(|(name, row)| Some((name.strip_prefix(prefix)?, row.as_slice())));
    here.filter_map(|(place, row)| match bytes::head(row) {
        Ok(head) => selection.admits(place, &head).then_some(Ok((place, row, head))),
        Err(error) => Some(Err(error)),
    })
}

/// The next records that the selection admits, by (id, namespace), at most so many, and whether there are more.
pub(super) fn select(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    after: Option<&[u8]>,
    at_most: usize,
    faults: &Faults,
) -> Result<Selected<RecordKey>> {
    let prefix = named(b'R', name);
    let start = after.map(|place| joined(prefix.clone(), place));
    let gone = start.as_deref().filter(|start| !rows.contains_key(*start));
    let before = gone.and_then(|gone| {
        let before = rows.range::<[u8], _>((Bound::Included(prefix.as_slice()), Bound::Excluded(gone))).next_back();
        before.filter(|_| faults.hit(Fault::PageRepeats)).map(|(name, _)| name.as_slice())
    });
    let from = match (&start, before) {
        (_, Some(before)) => Bound::Included(before),
        (Some(start), None) => Bound::Excluded(start.as_slice()),
        (None, None) => Bound::Included(prefix.as_slice()),
    };
    let mut skip = gone.is_some();
    let mut selected = Vec::new();
    for found in admitted(rows, &prefix, from, selection) {
        let (place, row, _) = found?;
        if std::mem::take(&mut skip) && faults.hit(Fault::PageSkipsUnderDeletes) {
            continue;
        }
        if selected.len() == at_most {
            return Ok((selected, true));
        }
        selected.push((key_at(place)?, row.to_vec()));
    }
    Ok((selected, false))
}

/// The next records of a listing by time, ties by (namespace key, id), at most so many, and whether there are more.
pub(super) fn select_by_time(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    (time, descending): (TimeRow, bool),
    after: Option<&TimePosition>,
    at_most: usize,
) -> Result<Selected<TimePosition>> {
    let prefix = named(time as u8, name);
    let mut positions = Vec::new();
    for (rest, _) in under(rows, &prefix) {
        let misplaced = || Error::new(ErrorKind::Corrupt, "a row of times is not what was written");
        let (time, key) = rest.split_first_chunk::<8>().ok_or_else(misplaced)?;
        let time = Timestamp::from_micros(i64::from_be_bytes(*time) ^ i64::MIN)?;
        positions.push(TimePosition { time, key: key_from_bytes(key)? });
    }
    if descending {
        positions.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.key.cmp(&b.key)));
    }
    let mut selected = Vec::new();
    for position in positions {
        let behind = after.is_none_or(|after| match position.time.cmp(&after.time) {
            std::cmp::Ordering::Equal => position.key > after.key,
            order => order.is_gt() != descending,
        });
        let Some(row) = record_at(rows, name, &position.key).filter(|_| behind) else {
            continue;
        };
        if selection.admits(&place(&position.key), &bytes::head(row)?) {
            if selected.len() == at_most {
                return Ok((selected, true));
            }
            selected.push((position, row.to_vec()));
        }
    }
    Ok((selected, false))
}

/// A row as callers see it; the version where the store claims conditional writes.
pub(super) fn stored(key: RecordKey, row: &[u8], versions: bool) -> Result<Stored> {
    let (record, revision) = bytes::record(key, row)?;
    Ok(Stored { record, version: versions.then(|| version(revision)) })
}

pub(super) fn version(revision: u64) -> Version {
    Version::new(format!("r{revision}"))
}
