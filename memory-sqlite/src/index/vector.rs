//! The vector index. There is none yet beside the rows: every vector of the scope is compared, so the answer is exact.

use memory_core::kit::rank::Top;
use memory_core::{Embedding, Filter, Metric, Score, SearchRequest, Stored, similarity};
use rusqlite::{Connection, params_from_iter};

use crate::error::Failure;
use crate::mapping::{Row, components};
use crate::query::Condition;
use crate::schema::{COLUMNS, Tables};

/// The best of the rows for which the condition holds.
///
/// `recheck` decides where the condition lets too much through.
pub(crate) fn nearest(
    connection: &Connection,
    tables: &Tables,
    condition: Condition,
    recheck: Option<&Filter>,
    (metric, query): (Metric, &Embedding),
    request: &SearchRequest,
) -> Result<Top<Stored>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE embedding IS NOT NULL AND {}", tables.records, condition.sql);
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(condition.values))?;
    let mut top = Top::new(request);
    while let Some(row) = rows.next()? {
        let row = Row::checked(row, 0)?;
        let stored = row.embedding.map(components).unwrap_or_default();
        let score = Score::new(similarity(metric, query.as_slice(), &stored));
        // Only what may be among the best is worth reading whole.
        if top.may_enter(score) {
            let stored = row.stored()?;
            if recheck.is_none_or(|filter| filter.matches(&stored.record)) {
                top.offer(score, stored.record.key.clone(), stored);
            }
        }
    }
    Ok(top)
}
