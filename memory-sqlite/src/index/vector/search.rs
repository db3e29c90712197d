//! A vector search, from the index if there is one.

use std::sync::PoisonError;

use memory_core::kit::rank::Top;
use memory_core::{Embedding, Error, Result, SearchRequest, Stored, View};
use rusqlite::{Connection, Transaction};

use super::holder::{Held, Indexes};
use super::scan::{Wanted, nearest};
use super::vectors::Vectors;
use super::{load, rows, select};
use crate::error::Failure;
use crate::index::changes::State;
use crate::jobs::Target;
use crate::mapping::Row;
use crate::schema::COLUMNS;

/// What a search is asked.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) view: &'a View,
    pub(super) request: &'a SearchRequest,
    pub(super) query: &'a Embedding,
}

/// The best records for a query vector.
pub(crate) fn search(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    view: &View,
    request: &SearchRequest,
    query: &Embedding,
) -> Result<Top<Stored>> {
    let asked = Asked { view, request, query };
    if indexes.budget() == 0 {
        return target.read(connection, |transaction, _| rows::nearest(transaction, target, asked));
    }
    let held = indexes.of(target.spec.name());
    if let Some(top) = at_once(connection, indexes, &held, target, asked)? {
        return Ok(top);
    }
    let mut index = held.index.write().unwrap_or_else(PoisonError::into_inner);
    target.read(connection, |transaction, incarnation| {
        let spec =
            target.spec.vectors().ok_or_else(|| Error::internal("a text-only collection was asked for vectors"))?;
        let present = State::read(transaction, &target.tables, incarnation)?;
        // Taken out, so that what fails half way is gone and not half true.
        let found = load::current(transaction, target, spec, index.take(), present, indexes.budget())?;
        indexes.settle(&held, found.as_ref().map_or(0, Vectors::bytes));
        *index = found;
        answer(transaction, indexes, target, index.as_ref(), asked)
    })
}

/// The answer, if the index is there and at the state that the records have now.
fn at_once(
    connection: &mut Connection,
    indexes: &Indexes,
    held: &Held,
    target: &Target,
    asked: Asked<'_>,
) -> Result<Option<Top<Stored>>> {
    let index = held.index.read().unwrap_or_else(PoisonError::into_inner);
    let Some(vectors) = &*index else { return Ok(None) };
    target.read(connection, |transaction, incarnation| {
        if State::read(transaction, &target.tables, incarnation)? != vectors.state {
            return Ok(None);
        }
        answer(transaction, indexes, target, Some(vectors), asked).map(Some)
    })
}

fn answer(
    transaction: &Transaction<'_>,
    indexes: &Indexes,
    target: &Target,
    vectors: Option<&Vectors>,
    asked: Asked<'_>,
) -> Result<Top<Stored>, Failure> {
    let Some(vectors) = vectors.filter(|vectors| vectors.damaged.is_empty()) else {
        return rows::nearest(transaction, target, asked);
    };
    let Asked { view, request, query } = asked;
    let slots = select::eligible(transaction, &target.tables, vectors, view, request)?;
    let most = request.skip.saturating_add(request.k);
    let wanted = Wanted { now: view.now.micros(), most, min_score: request.min_score };
    let ranked = nearest(vectors, indexes.kernel, query.as_slice(), &slots, wanted);
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE row = ?", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut top = Top::new(request);
    for (score, slot) in ranked {
        if !top.may_enter(score) {
            break;
        }
        let mut rows = statement.query([vectors.rows.get(slot as usize)])?;
        let row = rows.next()?.ok_or_else(|| Error::internal("the vector index has a record that is not stored"))?;
        let stored = Row::checked(row, 0)?.stored()?;
        top.offer(score, stored.record.key.clone(), stored);
    }
    Ok(top)
}
