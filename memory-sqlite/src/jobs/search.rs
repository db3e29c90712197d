//! One leg of a search.

use memory_core::{RecordKey, Result, SearchRequest, SearchResponse, View};
use rusqlite::{Connection, OptionalExtension, Transaction, params};

use super::Target;
use crate::index::{self, Indexes};
use crate::schema::Tables;

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
    index::search(connection, indexes, target, view, request).map(SearchResponse::new)
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
