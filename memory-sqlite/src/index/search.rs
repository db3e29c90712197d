//! A search, from the index if there is one.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use memory_core::{Error, Filter, Hit, Query, Result, SearchRequest, View};
use rusqlite::{Connection, Transaction};

use super::changes::State;
use super::held::{Held, Indexes};
use super::slots::Slots;
use super::{Index, Part, answer, load, select, text, vector};
use crate::error::Failure;
use crate::jobs::Target;
use crate::mapping::components;

/// What a search is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) view: &'a View,
    pub(super) request: &'a SearchRequest,
}

/// The best records for a query.
pub(crate) fn search(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    view: &View,
    request: &SearchRequest,
) -> Result<Vec<Hit>> {
    let asked = Asked { view, request };
    let part = match &request.query {
        Query::Vector { .. } => Part::Vector,
        Query::Text { .. } => Part::Text,
    };
    if indexes.budget() == 0 {
        return target.read(connection, |transaction, _| from_rows(transaction, target, asked));
    }
    if part == Part::Vector && target.spec.vectors().is_none() {
        return Err(Error::internal("a text-only collection was asked for vectors"));
    }
    with_current(connection, indexes, target, part, |transaction, index| {
        from_index(transaction, indexes, target, index, asked, part)
    })
}

/// How many records the view sees that match; `None` if the collection's index is not in memory, for it is not made for this.
pub(crate) fn count(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    view: &View,
    filter: &Filter,
) -> Result<Option<u64>> {
    let held = indexes.of(target.spec.name());
    let part = held.index.read().unwrap_or_else(PoisonError::into_inner).as_ref().map(|index| index.any_part());
    let Some(part) = part else { return Ok(None) };
    with_current(connection, indexes, target, part, |transaction, index| {
        let Some(index) = index.filter(|index| index.damaged.is_empty()) else { return Ok(None) };
        let (records, now) = (&index.records, view.now.micros());
        let count = match select::eligible(transaction, &target.tables, index, view, filter, None)? {
            Slots::All => records.len() - records.hidden(now).len(),
            Slots::Some(slots) => slots.into_iter().filter(|slot| records.is_live(*slot, now)).count(),
        };
        Ok(Some(count as u64))
    })
}

/// Runs something with the index as the records are now, in the transaction that sees them; without one where it does not fit.
fn with_current<T>(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    part: Part,
    run: impl Fn(&Transaction<'_>, Option<&Arc<Index>>) -> Result<T, Failure>,
) -> Result<T> {
    let held = indexes.of(target.spec.name());
    if let Some(answer) = at_once(connection, &held, target, part, &run)? {
        return Ok(answer);
    }
    let mut index = held.index.write().unwrap_or_else(PoisonError::into_inner);
    target.read(connection, |transaction, incarnation| {
        let present = State::read(transaction, &target.tables, incarnation)?;
        // Taken out, so that what fails half way is gone and not half true.
        let last = index.take().and_then(unshared);
        let mut found = load::current(transaction, target, (indexes, &held), last, present, part)?;
        if let Some(found) = &mut found {
            indexes.save(target.spec.name(), found);
        }
        indexes.settle(&held, found.as_ref());
        *index = found.map(Arc::new);
        run(transaction, index.as_ref())
    })
}

/// The answer, if the part is there and at the state that the records have now.
fn at_once<T>(
    connection: &mut Connection,
    held: &Held,
    target: &Target,
    part: Part,
    run: impl Fn(&Transaction<'_>, Option<&Arc<Index>>) -> Result<T, Failure>,
) -> Result<Option<T>> {
    let index = held.index.read().unwrap_or_else(PoisonError::into_inner);
    let Some(found) = index.as_ref().filter(|found| found.has(part)) else { return Ok(None) };
    target.read(connection, |transaction, incarnation| {
        if State::read(transaction, &target.tables, incarnation)? != found.state {
            return Ok(None);
        }
        run(transaction, Some(found)).map(Some)
    })
}

/// The index itself, which nobody searches now; a helper that came late may need a moment to let it go.
fn unshared(mut index: Arc<Index>) -> Option<Index> {
    for _ in 0..1_000 {
        match Arc::try_unwrap(index) {
            Ok(index) => return Some(index),
            Err(shared) => index = shared,
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    // Built anew, it is right all the same.
    None
}

fn from_index(
    transaction: &Transaction<'_>,
    indexes: &Indexes,
    target: &Target,
    index: Option<&Arc<Index>>,
    asked: Asked<'_>,
    part: Part,
) -> Result<Vec<Hit>, Failure> {
    let Some(index) = index.filter(|index| index.damaged.is_empty() && index.has(part)) else {
        return from_rows(transaction, target, asked);
    };
    let Asked { view, request } = asked;
    let slots = select::eligible(transaction, &target.tables, index, view, &request.filter, request.only.as_deref())?;
    let (now, most) = (view.now.micros(), request.skip.saturating_add(request.k));
    let ranked = match &request.query {
        Query::Vector { embedding, .. } => {
            let wanted = vector::Wanted { now, most, min_score: request.min_score };
            let sql = format!("SELECT embedding FROM {} WHERE row = ?", target.tables.records);
            let mut statement = transaction.prepare_cached(&sql)?;
            let mut read = |slot: u32| -> Result<Vec<f32>, Failure> {
                let row = index.records.rows.get(slot as usize);
                Ok(statement
                    .query_row([row], |row| Ok(row.get_ref(0)?.as_blob().map(components).unwrap_or_default()))?)
            };
            let how = (indexes.kernel, &indexes.helpers);
            vector::nearest(index, how, embedding.as_slice(), slots, wanted, &mut read)?
        }
        Query::Text { words, matching } => {
            let visible = select::visible(&index.records, view);
            let wanted = text::Wanted { now, most, min_score: request.min_score, matching: *matching };
            text::ranked(index, &indexes.helpers, words, &visible, slots, wanted)
        }
    };
    answer::hits(transaction, &target.tables, &index.records, ranked, request)
}

fn from_rows(transaction: &Transaction<'_>, target: &Target, asked: Asked<'_>) -> Result<Vec<Hit>, Failure> {
    match &asked.request.query {
        Query::Vector { embedding, .. } => vector::from_rows(transaction, target, asked, embedding),
        Query::Text { words, matching } => text::from_rows(transaction, target, asked, words, *matching),
    }
}
