//! A search without an index: every vector of the scope is read and compared.

use memory_core::kit::rank::Top;
use memory_core::{Embedding, Error, Hit, Score, similarity};
use rusqlite::{Transaction, params_from_iter};

use crate::error::Failure;
use crate::filter::{Translated, translate};
use crate::index::search::Asked;
use crate::jobs::Target;
use crate::jobs::search::rows_of;
use crate::mapping::{Row, components};
use crate::query::{Condition, among, live, scope};
use crate::schema::COLUMNS;

/// The best of the records that the view sees and that pass the filter.
pub(in crate::index) fn from_rows(
    transaction: &Transaction<'_>,
    target: &Target,
    Asked { view, request }: Asked<'_>,
    query: &Embedding,
) -> Result<Vec<Hit>, Failure> {
    let spec = target.spec.vectors().ok_or_else(|| Error::internal("a text-only collection was asked for vectors"))?;
    let Translated { condition, exact } = translate(&request.filter);
    let mut conditions = vec![scope(&view.scope, &target.tables), live(view.now), condition];
    if let Some(keys) = &request.only {
        conditions.push(among(rows_of(transaction, &target.tables, keys)?));
    }
    let condition = Condition::all(conditions);
    let records = &target.tables.records;
    let sql = format!("SELECT {COLUMNS} FROM {records} WHERE embedding IS NOT NULL AND {}", condition.sql);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(condition.values))?;
    let mut top = Top::new(request);
    while let Some(row) = rows.next()? {
        let row = Row::checked(row, 0)?;
        let stored = row.embedding.map(components).unwrap_or_default();
        let score = Score::new(similarity(spec.metric, query.as_slice(), &stored));
        // Only what may be among the best is worth reading whole.
        if top.may_enter(score) {
            let stored = row.stored()?;
            if exact || request.filter.matches(&stored.record) {
                top.offer(score, stored.record.key.clone(), stored);
            }
        }
    }
    Ok(top.into_hits(request))
}
