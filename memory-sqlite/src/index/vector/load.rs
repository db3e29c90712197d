//! From records to the index: all of them, or those that have changed.

use memory_core::VectorSpec;
use rusqlite::Transaction;

use super::vectors::{Entry, Vectors};
use crate::index::changes::{Since, State};
use crate::jobs::Target;
use crate::mapping::{Row, components};
use crate::schema::COLUMNS;

/// The index as this transaction sees the collection: the one given, caught up, or a new one; `None` if that would be larger
/// than `most` bytes.
pub(super) fn current(
    transaction: &Transaction<'_>,
    target: &Target,
    spec: VectorSpec,
    held: Option<Vectors>,
    present: State,
    most: usize,
) -> Result<Option<Vectors>, rusqlite::Error> {
    if let Some(mut vectors) = held.filter(|vectors| !vectors.is_sparse())
        && let Since::Rows(rows) = vectors.state.until(&present, transaction, &target.tables)?
        // Reading one row is dearer than reading the next.
        && rows.len() < 1_000 + vectors.records() / 4
    {
        update(transaction, target, &mut vectors, &rows)?;
        vectors.state = present;
        return Ok(Some(vectors).filter(|vectors| vectors.bytes() <= most));
    }
    let sql = format!("SELECT count(*) FROM {}", target.tables.records);
    let count: i64 = transaction.query_row(&sql, [], |row| row.get(0))?;
    let count = usize::try_from(count).unwrap_or_default();
    if count.saturating_mul(Vectors::bytes_each(spec.dimension)) > most {
        return Ok(None);
    }
    let mut vectors = Vectors::new(present, spec, count);
    let sql = format!("SELECT {COLUMNS}, row FROM {} WHERE embedding IS NOT NULL", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        take(&mut vectors, row)?;
    }
    Ok(Some(vectors))
}

fn update(
    transaction: &Transaction<'_>,
    target: &Target,
    vectors: &mut Vectors,
    changed: &[i64],
) -> Result<(), rusqlite::Error> {
    let sql = format!("SELECT {COLUMNS}, row FROM {} WHERE row = ? AND embedding IS NOT NULL", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    for number in changed {
        let mut rows = statement.query([number])?;
        match rows.next()? {
            Some(row) => take(vectors, row)?,
            None => vectors.remove(*number),
        }
    }
    Ok(())
}

/// Takes a record over, or notes that it is damaged.
fn take(vectors: &mut Vectors, row: &rusqlite::Row<'_>) -> Result<(), rusqlite::Error> {
    let number: i64 = row.get("row")?;
    let row = Row::read(row, 0)?;
    let vector = row.embedding.map(components).unwrap_or_default();
    let names = (std::str::from_utf8(row.namespace), std::str::from_utf8(row.kind));
    match names {
        (Ok(namespace), Ok(kind)) if row.is_intact() && vector.len() == vectors.dimension => {
            let Row { created_at, updated_at, expires_at, .. } = row;
            vectors.put(Entry { row: number, namespace, kind, created_at, updated_at, expires_at, vector: &vector });
        }
        _ => {
            vectors.remove(number);
            vectors.damaged.insert(number);
        }
    }
    Ok(())
}
