//! How a database is, and what to do about it.

use memory_core::{Finding, Health, Result};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::mapping::{Value, column};
use crate::query::{Statement, text};
use crate::schema::{Names, newest};
use crate::vectors::Wanted;

/// Settings of the server that weaken a promise of the contract when they are off.
const SETTINGS: &str = "('synchronous_commit'), ('fsync'), ('full_page_writes')";

/// What [`answer`] reads: version, version of the extension, layout, the settings that are off, the indexes that are not valid, and the
/// collections of so many rows, as the server estimates, that have no index for vectors and could.
pub(crate) fn question(names: &Names, wanted: Wanted) -> Statement {
    let sql = format!(
        "SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'vector'), \
         (SELECT coalesce(max(version), 0) FROM SCHEMA.memory_layout), \
         ARRAY(SELECT name FROM (VALUES {SETTINGS}) AS s(name) WHERE current_setting(name) = 'off'), \
         ARRAY(SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?::text AND NOT i.indisvalid), \
         ARRAY(SELECT m.name FROM SCHEMA.memory_collections m JOIN pg_class c ON c.relname = m.name || '_' || m.number \
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?::text AND m.dimension <= ? AND c.reltuples >= ? \
           AND NOT EXISTS (SELECT 1 FROM pg_index i JOIN pg_class x ON x.oid = i.indexrelid JOIN pg_am am ON am.oid = x.relam \
           WHERE i.indrelid = c.oid AND am.amname IN ('hnsw', 'ivfflat')) ORDER BY m.name)"
    );
    let from = Value::Int(i64::try_from(wanted.from).unwrap_or(i64::MAX));
    let values = vec![text(&names.schema), text(&names.schema), Value::Int(wanted.most_dimension()), from];
    Statement::new(&names.named(&sql), values)
}

pub(crate) fn answer(rows: &[Row]) -> Result<Health> {
    let row = rows.first().ok_or_else(|| corrupt("the server says nothing of itself"))?;
    let (version, extension): (&str, Option<&str>) = (column(row, 0)?, column(row, 1)?);
    let layout: i32 = column(row, 2)?;
    let version = format!("{version} with pgvector {}", extension.unwrap_or("none"));
    let state = if layout == newest() { "current" } else { "not the one of this program" };
    let mut health = Health::new("PostgreSQL", version).with_schema(format!("layout {layout}, {state}"));
    for name in column::<Vec<&str>>(row, 3)? {
        health.findings.push(Finding::new(
            format!("{name} is off: a crash of the server can lose what was acknowledged, or damage it"),
            format!("set {name} = on in postgresql.conf and reload it"),
        ));
    }
    for name in column::<Vec<&str>>(row, 4)? {
        health.findings.push(Finding::new(
            format!("the index {name} is not valid, so no search uses it"),
            format!("run REINDEX INDEX CONCURRENTLY \"{name}\" in the schema of this program"),
        ));
    }
    for name in column::<Vec<&str>>(row, 5)? {
        health.findings.push(Finding::new(
            format!("the collection {name} has no index for vectors, so each search reads all of its scope"),
            format!("run the maintenance task reindex of {name}, which makes one; or set vector_index to none, or index_from higher"),
        ));
    }
    Ok(health)
}

/// What to do about collections without row-level security.
pub(crate) fn unsecured(names: &[Row]) -> Result<Vec<Finding>> {
    let finding = |row| {
        let what = format!("the collection {} has no row-level security", column::<&str>(row, 0)?);
        Ok(Finding::new(what, "connect once with the owner (owner_user), which turns it on"))
    };
    names.iter().map(finding).collect()
}
