//! How a database is, and what to do about it.

use memory_core::{Finding, Health, Result};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::mapping::column;
use crate::query::{Statement, text};
use crate::schema::{Names, newest};

/// Settings of the server that weaken a promise of the contract when they are off.
const SETTINGS: &str = "('synchronous_commit'), ('fsync'), ('full_page_writes')";

/// What [`answer`] reads: version, version of the extension, layout, the settings that are off, the indexes that are not valid.
pub(crate) fn question(names: &Names) -> Statement {
    let sql = format!(
        "SELECT current_setting('server_version'), (SELECT extversion FROM pg_extension WHERE extname = 'vector'), \
         (SELECT coalesce(max(version), 0) FROM SCHEMA.memory_layout), \
         ARRAY(SELECT name FROM (VALUES {SETTINGS}) AS s(name) WHERE current_setting(name) = 'off'), \
         ARRAY(SELECT c.relname::text FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid \
           JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?::text AND NOT i.indisvalid)"
    );
    Statement::new(&names.named(&sql), vec![text(&names.schema)])
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
