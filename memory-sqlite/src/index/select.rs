//! Which slots a search may find: by scope, kind, times and `only` from memory, by the rest of the filter from the records.

use std::sync::PoisonError;

use memory_core::{Filter, Leaf, SearchRequest, TextField, TimeField, Timestamp, View};
use rusqlite::Transaction;

use super::Index;
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
    request: &SearchRequest,
) -> Result<Slots, Failure> {
    let records = &index.records;
    let mut chosen = Chosen::default();
    if let Some(keys) = &request.only {
        let rows = rows_of(transaction, tables, keys)?;
        let mut slots: Vec<u32> = rows.into_iter().filter_map(|row| records.slot(row)).collect();
        slots.sort_unstable();
        slots.dedup();
        chosen.slots = Some(slots);
    }
    chosen.keep_scope(records, view);
    let Split { kinds, times, rest } = split(&request.filter);
    if !kinds.is_empty() {
        let table = records.kind_names.table(|kind| kinds.iter().all(|test| of_kind(test, kind) == Some(true)));
        let numbers: Vec<u32> = (0..).zip(table).filter(|(_, holds)| *holds).map(|(number, _)| number).collect();
        chosen.keep_numbers(&records.kinds, &numbers);
    }
    if !times.is_empty() {
        let names = records.kind_names.list();
        let holds = |slot: &u32| times.iter().all(|filter| of_slot(filter, records, &names, *slot));
        chosen.slots = Some(match chosen.slots {
            Some(slots) => slots.into_iter().filter(holds).collect(),
            None => every(records.len()).filter(holds).collect(),
        });
    }
    if !rest.is_empty() {
        let rest = Filter::And(rest.into_iter().cloned().collect());
        let mut filters = index.filters.lock().unwrap_or_else(PoisonError::into_inner);
        let bits = filters.matching(transaction, tables, records, &rest, chosen.slots.as_deref())?;
        match &mut chosen.slots {
            Some(slots) => slots.retain(|slot| bits.has(*slot)),
            None => chosen.slots = Some(bits.slots()),
        }
    }
    Ok(chosen.slots.map_or(Slots::All, Slots::Some))
}

/// The parts of a filter that all must hold.
#[derive(Debug, Default, PartialEq)]
struct Split<'a> {
    /// Those that a record's kind decides.
    kinds: Vec<&'a Filter>,
    /// Those that its kind and times decide.
    times: Vec<&'a Filter>,
    /// The others.
    rest: Vec<&'a Filter>,
}

fn split(filter: &Filter) -> Split<'_> {
    let mut split = Split::default();
    for part in if let Filter::And(parts) = filter { parts.as_slice() } else { std::slice::from_ref(filter) } {
        if of_kind(part, "").is_some() {
            split.kinds.push(part);
        } else if is_of_times(part) {
            split.times.push(part);
        } else {
            split.rest.push(part);
        }
    }
    split
}

/// Whether a record of this kind matches; `None` if that depends on more.
fn of_kind(filter: &Filter, kind: &str) -> Option<bool> {
    let each = |filters: &[Filter]| filters.iter().map(|filter| of_kind(filter, kind)).collect::<Option<Vec<bool>>>();
    match filter {
        Filter::And(filters) => Some(each(filters)?.into_iter().all(|holds| holds)),
        Filter::Or(filters) => Some(each(filters)?.into_iter().any(|holds| holds)),
        Filter::Not(filter) => of_kind(filter, kind).map(|holds| !holds),
        Filter::Leaf(Leaf::Text(TextField::Kind, test)) => Some(test.matches(kind)),
        Filter::Leaf(Leaf::Text(TextField::Id | TextField::Content, _) | Leaf::Time(..) | Leaf::Embedding(_))
        | Filter::Leaf(Leaf::Tags(_) | Leaf::Metadata(..)) => None,
    }
}

/// Whether kind, times and the presence of an embedding are all that the filter is about.
fn is_of_times(filter: &Filter) -> bool {
    match filter {
        Filter::And(filters) | Filter::Or(filters) => filters.iter().all(is_of_times),
        Filter::Not(filter) => is_of_times(filter),
        Filter::Leaf(Leaf::Text(TextField::Kind, _) | Leaf::Time(..) | Leaf::Embedding(_)) => true,
        Filter::Leaf(Leaf::Text(TextField::Id | TextField::Content, _) | Leaf::Tags(_) | Leaf::Metadata(..)) => false,
    }
}

/// Whether the record in a slot matches a filter [of its times](is_of_times); `kinds` are the names by number.
fn of_slot(filter: &Filter, records: &Records, kinds: &[&str], slot: u32) -> bool {
    let at = slot as usize;
    match filter {
        Filter::And(filters) => filters.iter().all(|filter| of_slot(filter, records, kinds, slot)),
        Filter::Or(filters) => filters.iter().any(|filter| of_slot(filter, records, kinds, slot)),
        Filter::Not(filter) => !of_slot(filter, records, kinds, slot),
        Filter::Leaf(Leaf::Time(field, test)) => {
            let micros = match field {
                TimeField::CreatedAt => records.created.get(at).copied(),
                TimeField::UpdatedAt => records.updated.get(at).copied(),
                TimeField::ExpiresAt => records.expires_at(slot),
            };
            test.matches(micros.and_then(|micros| Timestamp::from_micros(micros).ok()).as_ref())
        }
        Filter::Leaf(Leaf::Embedding(wanted)) => records.embedded.get(at) == Some(wanted),
        Filter::Leaf(_) => {
            let kind = records.kinds.get(at).and_then(|number| kinds.get(*number as usize));
            of_kind(filter, kind.unwrap_or(&"")).unwrap_or(false)
        }
    }
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

/// The places in the column that have this number. It looks at many at once, for mostly none of them has it.
fn equal(column: &[u32], number: u32) -> Vec<u32> {
    const WIDTH: usize = 32;
    let mut found = Vec::new();
    for (part, start) in column.chunks(WIDTH).zip((0_u32..).step_by(WIDTH)) {
        if part.iter().fold(false, |any, other| any | (*other == number)) {
            found.extend(part.iter().zip(start..).filter(|(other, _)| **other == number).map(|(_, slot)| slot));
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

    #[test]
    fn what_the_kind_decides() {
        let kind = || Filter::kind().eq("a");
        assert_eq!((of_kind(&kind(), "a"), of_kind(&kind(), "b")), (Some(true), Some(false)));
        let both = Filter::And(vec![Filter::Not(Box::new(kind())), Filter::kind().starts_with("b")]);
        assert_eq!((of_kind(&both, "bc"), of_kind(&both, "a")), (Some(true), Some(false)));
        assert_eq!(of_kind(&Filter::Or(vec![kind(), Filter::tags().contains("x")]), "a"), None);
        let mixed = Filter::And(vec![kind(), Filter::id().eq("x")]);
        assert_eq!(
            split(&mixed),
            Split { kinds: vec![&kind()], rest: vec![&Filter::id().eq("x")], ..Split::default() }
        );
        assert_eq!(split(&Filter::all()), Split::default());
        let recent = Filter::created_at().ge(Timestamp::from_micros(5).unwrap());
        let either = Filter::Or(vec![recent.clone(), kind()]);
        assert_eq!(split(&either), Split { times: vec![&either], ..Split::default() });
        let neither = Filter::Or(vec![recent, Filter::id().eq("x")]);
        assert_eq!(split(&neither), Split { rest: vec![&neither], ..Split::default() });
    }
}
