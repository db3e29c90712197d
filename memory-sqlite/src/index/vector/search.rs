//! A vector search, from the index if there is one.

use std::sync::{Arc, PoisonError};
use std::time::Duration;

use memory_core::kit::rank::Top;
use memory_core::{Embedding, Error, Hit, Result, Returns, SearchRequest, View};
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
) -> Result<Vec<Hit>> {
    let asked = Asked { view, request, query };
    if indexes.budget() == 0 {
        return target.read(connection, |transaction, _| {
            rows::nearest(transaction, target, asked).map(|top| top.into_hits(request))
        });
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
        let last = index.take().and_then(unshared);
        let found = load::current(transaction, target, spec, last, present, indexes.budget())?;
        indexes.settle(&held, found.as_ref().map_or(0, Vectors::bytes));
        *index = found.map(Arc::new);
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
) -> Result<Option<Vec<Hit>>> {
    let index = held.index.read().unwrap_or_else(PoisonError::into_inner);
    let Some(vectors) = &*index else { return Ok(None) };
    target.read(connection, |transaction, incarnation| {
        if State::read(transaction, &target.tables, incarnation)? != vectors.state {
            return Ok(None);
        }
        answer(transaction, indexes, target, Some(vectors), asked).map(Some)
    })
}

/// The index itself, which nobody searches now; a helper that came late may need a moment to let it go.
fn unshared(mut vectors: Arc<Vectors>) -> Option<Vectors> {
    for _ in 0..1_000 {
        match Arc::try_unwrap(vectors) {
            Ok(vectors) => return Some(vectors),
            Err(shared) => vectors = shared,
        }
        std::thread::sleep(Duration::from_micros(100));
    }
    // Built anew, it is right all the same.
    None
}

fn answer(
    transaction: &Transaction<'_>,
    indexes: &Indexes,
    target: &Target,
    vectors: Option<&Arc<Vectors>>,
    asked: Asked<'_>,
) -> Result<Vec<Hit>, Failure> {
    let Some(vectors) = vectors.filter(|vectors| vectors.damaged.is_empty()) else {
        return Ok(rows::nearest(transaction, target, asked)?.into_hits(asked.request));
    };
    let Asked { view, request, query } = asked;
    let slots = select::eligible(transaction, &target.tables, vectors, view, request)?;
    let most = request.skip.saturating_add(request.k);
    let wanted = Wanted { now: view.now.micros(), most, min_score: request.min_score };
    let ranked = nearest(vectors, (indexes.kernel, &indexes.helpers), query.as_slice(), slots, wanted);
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE row = ?", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let (mut records, mut keys) = (Top::new(request), Top::new(request));
    for (score, slot) in ranked {
        if !records.may_enter(score) || !keys.may_enter(score) {
            break;
        }
        let mut rows = statement.query([vectors.rows.get(slot as usize)])?;
        let row = rows.next()?.ok_or_else(|| Error::internal("the vector index has a record that is not stored"))?;
        let row = Row::checked(row, 0)?;
        if request.returns == Returns::Keys {
            keys.offer(score, row.key()?, ());
        } else {
            let stored = row.stored()?;
            records.offer(score, stored.record.key.clone(), stored);
        }
    }
    Ok(if request.returns == Returns::Keys { keys.into_keys() } else { records.into_hits(request) })
}
