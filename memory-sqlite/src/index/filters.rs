//! Which slots match a filter that only the records themselves can answer, for it asks about ids or contents: kept for the next search
//! with the same filter.

use std::collections::VecDeque;

use memory_core::Filter;
use rusqlite::{Transaction, params_from_iter};

use super::records::Records;
use super::slots::Bits;
use crate::error::Failure;
use crate::filter::{Translated, translate};
use crate::mapping::Row;
use crate::query::{Condition, among};
use crate::schema::{COLUMNS, Tables};

/// How many filters are kept.
const MOST: usize = 64;

/// A filter, and which of the first `slots` match it.
#[derive(Debug)]
struct Known {
    filter: Filter,
    bits: Bits,
    slots: usize,
}

/// The filters that were asked last, the latest first.
#[derive(Debug, Default)]
pub(super) struct Filters(VecDeque<Known>);

impl Filters {
    /// How many bytes are held, nearly.
    pub(super) fn bytes(&self) -> usize {
        self.0.iter().map(|known| known.bits.bytes()).sum()
    }

    /// The slots that match. `few`, if given, are all that the search may find: if they are few enough, only they are asked, and
    /// nothing is kept.
    pub(super) fn matching(
        &mut self,
        transaction: &Transaction<'_>,
        tables: &Tables,
        records: &Records,
        filter: &Filter,
        few: Option<&[u32]>,
    ) -> Result<Bits, Failure> {
        if let Some(at) = self.0.iter().position(|known| known.filter == *filter)
            && let Some(mut known) = self.0.remove(at)
        {
            // There are fewer slots than u32 can count.
            let new: Vec<u32> = (known.slots as u32..records.len() as u32).collect();
            for slot in ask(
                transaction,
                tables,
                records,
                filter,
                Some(&new).filter(|new| records.are_few(new.len())).map(Vec::as_slice),
            )? {
                known.bits.set(slot);
            }
            known.slots = records.len();
            let bits = known.bits.clone();
            self.0.push_front(known);
            return Ok(bits);
        }
        let few = few.filter(|slots| records.are_few(slots.len()));
        let mut bits = Bits::default();
        for slot in ask(transaction, tables, records, filter, few)? {
            bits.set(slot);
        }
        if few.is_none() {
            self.0.truncate(MOST - 1);
            self.0.push_front(Known { filter: filter.clone(), bits: bits.clone(), slots: records.len() });
        }
        Ok(bits)
    }
}

/// Which of these slots, or of all, have records that match.
fn ask(
    transaction: &Transaction<'_>,
    tables: &Tables,
    records: &Records,
    filter: &Filter,
    slots: Option<&[u32]>,
) -> Result<Vec<u32>, Failure> {
    if slots.is_some_and(<[u32]>::is_empty) {
        return Ok(Vec::new());
    }
    let Translated { condition, exact } = translate(filter);
    let asked = match slots {
        Some(slots) => {
            let rows: Vec<i64> = slots.iter().filter_map(|slot| records.rows.get(*slot as usize).copied()).collect();
            among(rows)
        }
        None => Condition::constant(true),
    };
    let condition = Condition::all(vec![asked, condition]);
    let columns = if exact { String::new() } else { format!(", {COLUMNS}") };
    let sql = format!("SELECT row{columns} FROM {} WHERE {}", tables.records, condition.sql);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(condition.values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get(0)?;
        if exact || filter.matches(&Row::checked(row, 1)?.record()?) {
            found.extend(records.slot(number));
        }
    }
    Ok(found)
}
