//! One leg of a search.

use memory_core::kit::rank::Top;
use memory_core::{Filter, Query, RecordKey, Result, SearchRequest, SearchResponse, View};
use rusqlite::{Connection, OptionalExtension, Transaction, params, params_from_iter};

use super::Target;
use crate::error::Failure;
use crate::filter::{Translated, translate};
use crate::index::vector::Indexes;
use crate::index::{text, vector};
use crate::mapping::{Row, unsigned};
use crate::query::{Condition, among, live, scope};
use crate::schema::{COLUMNS, Tables};

/// Answers a vector or a text search.
pub(crate) fn search(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    view: &View,
    request: &SearchRequest,
) -> Result<SearchResponse> {
    if request.k == 0 {
        return target.read(connection, |_, _| Ok(SearchResponse::new(Vec::new())));
    }
    let hits = match &request.query {
        Query::Vector { embedding, .. } => vector::search(connection, indexes, target, view, request, embedding)?,
        Query::Text { words, matching } => target.read(connection, |transaction, _| {
            let visible = Condition::all(vec![scope(&view.scope, &target.tables), live(view.now)]);
            let Translated { condition, exact } = translate(&request.filter);
            let wanted = match &request.only {
                None => condition,
                Some(keys) => Condition::all(vec![condition, among(rows_of(transaction, &target.tables, keys)?)]),
            };
            let recheck = if exact { None } else { Some(&request.filter) };
            let live = live_records(transaction, &target.tables, visible, wanted)?;
            let ranked = text::ranked(transaction, &target.tables, words, *matching, &live)?;
            Ok(best(transaction, &target.tables, ranked, recheck, request)?.into_hits(request))
        })?,
    };
    Ok(SearchResponse::new(hits))
}

/// The rows of these keys; a key that is not there has none.
pub(crate) fn rows_of(
    transaction: &Transaction<'_>,
    tables: &Tables,
    keys: &[RecordKey],
) -> Result<Vec<i64>, rusqlite::Error> {
    let sql = format!("SELECT row FROM {} WHERE namespace = ? AND id = ?", tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut found: Vec<i64> = Vec::new();
    for key in keys {
        let row: Option<i64> =
            statement.query_row(params![key.namespace.key(), key.id.as_str()], |row| row.get(0)).optional()?;
        found.extend(row);
    }
    Ok(found)
}

/// The visible records, by row, and which of them are wanted.
fn live_records(
    transaction: &Transaction<'_>,
    tables: &Tables,
    visible: Condition,
    wanted: Condition,
) -> Result<Vec<text::Live>, Failure> {
    let sql = format!("SELECT row, length, {} FROM {} WHERE {}", wanted.sql, tables.records, visible.sql);
    let mut statement = transaction.prepare_cached(&sql)?;
    let values = wanted.values.into_iter().chain(visible.values);
    let read =
        |row: &rusqlite::Row<'_>| Ok(text::Live { row: row.get(0)?, length: unsigned(row, 1)?, eligible: row.get(2)? });
    let mut records = statement.query_map(params_from_iter(values), read)?.collect::<Result<Vec<_>, _>>()?;
    records.sort_unstable_by_key(|record| record.row);
    Ok(records)
}

/// Reads candidates, best first, until no later one can be among the best, not even by its key.
fn best(
    transaction: &Transaction<'_>,
    tables: &Tables,
    ranked: Vec<(memory_core::Score, i64)>,
    recheck: Option<&Filter>,
    request: &SearchRequest,
) -> Result<Top<memory_core::Stored>, Failure> {
    let mut statement =
        transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM {} WHERE row = ?", tables.records))?;
    let mut top = Top::new(request);
    for (score, number) in ranked {
        if !top.may_enter(score) {
            break;
        }
        let mut rows = statement.query([number])?;
        if let Some(row) = rows.next()? {
            let stored = Row::checked(row, 0)?.stored()?;
            if recheck.is_none_or(|filter| filter.matches(&stored.record)) {
                top.offer(score, stored.record.key.clone(), stored);
            }
        }
    }
    Ok(top)
}
