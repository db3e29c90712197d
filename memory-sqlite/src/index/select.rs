//! Which slots a search may find: by scope, `only` and most filters from memory, by filters on ids and contents from the records.

use std::sync::PoisonError;

use memory_core::{Filter, RecordKey, View};
use rusqlite::Transaction;

use super::Index;
use super::nodes::{Asking, Node};
use super::records::Records;
use super::slots::{Slots, Visible};
use crate::error::Failure;
use crate::jobs::search::rows_of;
use crate::schema::Tables;

/// The slots of the records that the view sees.
pub(super) fn visible(records: &Records, view: &View) -> Visible {
    let now = view.now.micros();
    let mut chosen = Chosen::default();
    chosen.keep_scope(records, view);
    match chosen.slots {
        None => Visible::AllBut(records.hidden(now)),
        Some(mut slots) => {
            slots.retain(|slot| records.is_live(*slot, now));
            Visible::Some(slots)
        }
    }
}

/// The slots in the view's scope, expired ones included, that pass the filter, and that `only` names if it names any.
pub(super) fn eligible(
    transaction: &Transaction<'_>,
    tables: &Tables,
    index: &Index,
    view: &View,
    filter: &Filter,
    only: Option<&[RecordKey]>,
) -> Result<Slots, Failure> {
    let records = &index.records;
    let mut chosen = Chosen::default();
    if let Some(keys) = only {
        let rows = rows_of(transaction, tables, keys)?;
        let mut slots: Vec<u32> = rows.into_iter().filter_map(|row| records.slot(row)).collect();
        slots.sort_unstable();
        slots.dedup();
        chosen.slots = Some(slots);
    }
    chosen.keep_scope(records, view);
    let all = std::slice::from_ref(filter);
    let mut parts: Vec<&Filter> = if let Filter::And(parts) = filter { parts.iter() } else { all.iter() }.collect();
    // First what is known already. A column is made only for more records than one would ask one by one.
    for make in [false, true] {
        if make && chosen.slots.as_ref().is_some_and(|slots| records.are_few(slots.len())) {
            break;
        }
        let asking = Asking { transaction, tables, index, make };
        let mut left = Vec::new();
        for part in parts {
            match Node::of(part, asking)? {
                Some(node) => chosen.keep_node(&node, records),
                None => left.push(part),
            }
        }
        parts = left;
    }
    if !parts.is_empty() {
        let rest = Filter::And(parts.into_iter().cloned().collect());
        let mut filters = index.filters.lock().unwrap_or_else(PoisonError::into_inner);
        let bits = filters.matching(transaction, tables, records, &rest, chosen.slots.as_deref())?;
        match &mut chosen.slots {
            Some(slots) => slots.retain(|slot| bits.has(*slot)),
            None => chosen.slots = Some(bits.slots()),
        }
    }
    Ok(chosen.slots.map_or(Slots::All, Slots::Some))
}

/// Slots that are narrowed down step by step.
#[derive(Default)]
struct Chosen {
    /// `None` for every slot.
    slots: Option<Vec<u32>>,
}

impl Chosen {
    /// Keeps the slots of the view's scope.
    fn keep_scope(&mut self, records: &Records, view: &View) {
        if view.scope.parts().is_some() {
            self.keep_numbers(&records.namespaces, &records.namespace_names.scope(&view.scope));
        }
    }

    /// Keeps the slots that match.
    fn keep_node(&mut self, node: &Node<'_>, records: &Records) {
        if let Node::Table(table) = node {
            return self.keep_numbers(table.column(records), &table.numbers());
        }
        match &mut self.slots {
            Some(slots) => slots.retain(|slot| node.has(records, *slot)),
            None => self.slots = Some(every(records.len()).filter(|slot| node.has(records, *slot)).collect()),
        }
    }

    /// Keeps the slots that have one of these numbers.
    fn keep_numbers(&mut self, column: &[u32], numbers: &[u32]) {
        match (numbers, &mut self.slots) {
            ([], slots) => *slots = Some(Vec::new()),
            ([one], None) => self.slots = Some(equal(column, *one)),
            (numbers, slots) => {
                let greatest = numbers.iter().copied().max().unwrap_or_default();
                let mut table = vec![false; greatest as usize + 1];
                numbers.iter().for_each(|number| table[*number as usize] = true);
                let has = |slot: u32| {
                    let number = column.get(slot as usize).copied().unwrap_or(u32::MAX);
                    table.get(number as usize).is_some_and(|has| *has)
                };
                match slots {
                    Some(slots) => slots.retain(|slot| has(*slot)),
                    None => *slots = Some(every(column.len()).filter(|slot| has(*slot)).collect()),
                }
            }
        }
    }
}

fn every(count: usize) -> impl Iterator<Item = u32> {
    // There are fewer slots than u32 can count.
    (0..count).map(|slot| slot as u32)
}

/// The places in the column that have this number. It looks at many at once, for mostly none of them has it, and where some do,
/// it writes every place and counts on only behind those that do: a processor cannot guess which these are.
fn equal(column: &[u32], number: u32) -> Vec<u32> {
    const WIDTH: usize = 32;
    let mut found = Vec::new();
    for (part, start) in column.chunks(WIDTH).zip((0_u32..).step_by(WIDTH)) {
        if part.iter().fold(false, |any, other| any | (*other == number)) {
            let (mut places, mut count) = ([0; WIDTH], 0);
            for (other, place) in part.iter().zip(start..) {
                places[count % WIDTH] = place;
                count += usize::from(*other == number);
            }
            found.extend_from_slice(places.get(..count).unwrap_or_default());
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_places_of_a_number() {
        let column: Vec<u32> = (0..100).map(|n| n % 33).collect();
        assert_eq!(equal(&column, 1), [1, 34, 67]);
        assert_eq!(equal(&column, 0), [0, 33, 66, 99]);
        assert_eq!(equal(&column, 40), [] as [u32; 0]);
    }
}
