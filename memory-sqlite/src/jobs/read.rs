//! Reading by key and listing.

use memory_core::kit::cursor::CursorBinding;
use memory_core::{Filter, ListRequest, Namespace, NamespacesRequest, Page, RecordKey, Result, Returns, Stored};
use memory_core::{Timestamp, View};
use rusqlite::{Connection, Transaction, params, params_from_iter};

use super::Target;
use crate::error::Failure;
use crate::filter::{Translated, translate};
use crate::index::{self, Indexes};
use crate::mapping::{Row, unsigned};
use crate::query::{Condition, behind, live, order_by, position, scope, text};
use crate::schema::COLUMNS;

/// The live records of these keys, in the order asked (LI-1).
pub(crate) fn get(
    connection: &mut Connection,
    target: &Target,
    now: Timestamp,
    keys: &[RecordKey],
) -> Result<Vec<Option<Stored>>> {
    target.read(connection, |transaction, _| {
        let sql = format!("SELECT {COLUMNS} FROM {} WHERE namespace = ? AND id = ?", target.tables.records);
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut answers = Vec::with_capacity(keys.len());
        for key in keys {
            let mut rows = statement.query(params![key.namespace.key(), key.id.as_str()])?;
            answers.push(match rows.next()? {
                None => None,
                Some(row) => {
                    let row = Row::checked(row, 0)?;
                    if row.is_live(now) { Some(row.stored()?) } else { None }
                }
            });
        }
        Ok(answers)
    })
}

/// One page (LI-2 to LI-4).
pub(crate) fn list(connection: &mut Connection, target: &Target, view: &View, request: &ListRequest) -> Result<Page> {
    target.read(connection, |transaction, incarnation| {
        let binding = CursorBinding::new(incarnation, &view.scope, &request.filter, request.order);
        let mut conditions = vec![scope(&view.scope, &target.tables), live(view.now)];
        if let Some(cursor) = &request.cursor {
            conditions.push(behind(request.order, &binding.decode(cursor)?)?);
        }
        let Translated { condition, exact } = translate(&request.filter);
        conditions.push(condition);
        let condition = Condition::all(conditions);
        let records = &target.tables.records;
        let order = order_by(request.order);
        // Numbers first: where no index has the order, they are sorted, and whole records would be heavy to carry.
        let sql = format!("SELECT row FROM {records} WHERE {} ORDER BY {order}", condition.sql);
        let mut numbers = transaction.prepare_cached(&sql)?;
        let mut numbers = numbers.query(params_from_iter(condition.values))?;
        let mut record = transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM {records} WHERE row = ?"))?;
        let mut page: Vec<Stored> = Vec::new();
        while let Some(number) = numbers.next()? {
            let mut rows = record.query([number.get::<_, i64>(0)?])?;
            let Some(row) = rows.next()? else { continue };
            let mut stored = Row::checked(row, 0)?.stored()?;
            if !exact && !request.filter.matches(&stored.record) {
                continue;
            }
            if page.len() == request.limit {
                let next = page.last().map(|Stored { record, .. }| {
                    binding.encode(&position(request.order, &record.key, record.created_at, record.updated_at))
                });
                return Ok(Page::new(page, next));
            }
            if request.returns != Returns::Embeddings {
                stored.record.embedding = None;
            }
            page.push(stored);
        }
        Ok(Page::new(page, None))
    })
}

/// How many records match (LI-5): by the index where it is in memory, else by the records.
pub(crate) fn count(
    connection: &mut Connection,
    indexes: &Indexes,
    target: &Target,
    view: &View,
    filter: &Filter,
) -> Result<u64> {
    if let Some(count) = index::count(connection, indexes, target, view, filter)? {
        return Ok(count);
    }
    target.read(connection, |transaction, _| {
        let Translated { condition, exact } = translate(filter);
        let condition = Condition::all(vec![scope(&view.scope, &target.tables), live(view.now), condition]);
        let records = &target.tables.records;
        if exact {
            let sql = format!("SELECT count(*) FROM {records} WHERE {}", condition.sql);
            let values = params_from_iter(condition.values);
            return Ok(transaction.prepare_cached(&sql)?.query_row(values, |row| unsigned(row, 0))?);
        }
        let mut statement =
            transaction.prepare_cached(&format!("SELECT {COLUMNS} FROM {records} WHERE {}", condition.sql))?;
        let mut rows = statement.query(params_from_iter(condition.values))?;
        let mut count = 0;
        while let Some(row) = rows.next()? {
            count += u64::from(filter.matches(&Row::checked(row, 0)?.record()?));
        }
        Ok(count)
    })
}

/// One page of namespaces (SC-4).
pub(crate) fn namespaces(
    connection: &mut Connection,
    target: &Target,
    view: &View,
    request: &NamespacesRequest,
) -> Result<Vec<Namespace>> {
    target.read(connection, |transaction, _| {
        let mut conditions = vec![scope(&view.scope, &target.tables), live(view.now)];
        if let Some(after) = &request.after {
            // Cutting makes a key less, so nothing that is wanted lies before.
            conditions.push(Condition::new("namespace > ?", [text(after.key())]));
        }
        let condition = Condition::all(conditions);
        let records = &target.tables.records;
        let sql = format!("SELECT DISTINCT namespace FROM {records} WHERE {} ORDER BY namespace", condition.sql);
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut rows = statement.query(params_from_iter(condition.values))?;
        let mut found: Vec<Namespace> = Vec::new();
        while let Some(row) = rows.next()? {
            let key: String = row.get(0)?;
            let namespace = Namespace::from_key(&key).map_err(|_| {
                crate::error::corrupt("a stored namespace is damaged: the maintenance task verify names its record")
            })?;
            let cut = request.depth.map_or(namespace.clone(), |depth| namespace.truncated(depth));
            // Keys cut to the same depth stay in order, so equal ones stand together.
            if request.after.as_ref().is_none_or(|after| cut > *after) && found.last() != Some(&cut) {
                if found.len() == request.limit {
                    break;
                }
                found.push(cut);
            }
        }
        Ok(found)
    })
}

/// The numbers of the rows in the scope for which all hold, and whether each is live.
pub(crate) fn matching(
    transaction: &Transaction<'_>,
    target: &Target,
    view: &View,
    filter: &Filter,
) -> Result<Vec<(i64, bool)>, Failure> {
    let Translated { condition, exact } = translate(filter);
    let condition = Condition::all(vec![scope(&view.scope, &target.tables), condition]);
    let everything = *filter == Filter::all();
    let sql = format!("SELECT {COLUMNS}, row FROM {} WHERE {}", target.tables.records, condition.sql);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(condition.values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let number: i64 = row.get("row")?;
        // What a damaged record would match is not known; where everything goes, it goes too.
        let row = if everything { Row::read(row, 0)? } else { Row::checked(row, 0)? };
        if exact || filter.matches(&row.record()?) {
            found.push((number, row.is_live(view.now)));
        }
    }
    Ok(found)
}
