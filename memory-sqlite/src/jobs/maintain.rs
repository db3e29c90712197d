//! Health and the maintenance tasks.

use memory_core::{CollectionName, Finding, Health, MaintenanceReport, Result, Stats};
use rusqlite::{Connection, Transaction};

use super::{Target, begin, catalogue, commit};
use crate::error::Failure;
use crate::index::{Indexes, Part};
use crate::mapping::Row;
use crate::schema::{COLUMNS, LAYOUT};

/// A report names at most so many damaged records one by one.
const MOST_FINDINGS: usize = 100;

/// SQLite's version, and what is worth doing.
pub(crate) fn health(connection: &mut Connection) -> Result<Health> {
    let transaction = connection.transaction().map_err(Failure::from)?;
    // A file of another layout was refused when it was opened.
    let mut health = Health::new("SQLite", rusqlite::version()).with_schema(format!("layout {LAYOUT}, current"));
    for spec in catalogue::list(&transaction)? {
        if !spec.analyser().is_current() {
            health.findings.push(stale(spec.name()));
        }
    }
    let pages = |pragma: &str| -> Result<i64> {
        Ok(transaction.pragma_query_value(None, pragma, |row| row.get(0)).map_err(Failure::from)?)
    };
    let (free, all) = (pages("freelist_count")?, pages("page_count")?);
    // A small file is not worth a word.
    if all > 1_000 && free > all / 2 {
        let what = format!("{free} of the file's {all} pages are free");
        health.findings.push(Finding::new(what, "the maintenance task compact gives them back"));
    }
    Ok(health)
}

/// The pages of the collection's tables and indexes, and what is in memory.
pub(crate) fn stats(connection: &mut Connection, indexes: &Indexes, target: &Target) -> Result<Stats> {
    let bytes =
        target.read(connection, |transaction, _| {
            let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1 AND aggregate = TRUE";
            let mut statement = transaction.prepare(sql)?;
            target.tables.claimed().iter().try_fold(0, |bytes: i64, object| {
                Ok(bytes + statement.query_row([object], |row| row.get::<_, i64>(0))?)
            })
        })?;
    let name = target.spec.name();
    let stats = Stats::new(u64::try_from(bytes).ok()).with_index("text", indexes.describe(name, Part::Text));
    Ok(match target.spec.vectors() {
        Some(_) => stats.with_index("vector", indexes.describe(name, Part::Vector)),
        None => stats,
    })
}

fn stale(name: &CollectionName) -> Finding {
    Finding::new(
        format!("{name} was made with another version of the analyser"),
        format!("run the maintenance task reindex of {name}"),
    )
}

/// Every record against its checksum, and SQLite's own check (CD-4).
pub(crate) fn verify(connection: &mut Connection) -> Result<MaintenanceReport> {
    let transaction = connection.transaction().map_err(Failure::from)?;
    let mut report = MaintenanceReport::new(0);
    let problems = integrity_problems(&transaction).map_err(Failure::from)?;
    if problems > 0 {
        let what = format!("SQLite's integrity_check finds {problems} problems in the file");
        report.findings.push(Finding::new(what, "restore a backup, or export what can still be read into a new file"));
    }
    for spec in catalogue::list(&transaction)? {
        if !spec.analyser().is_current() {
            report.findings.push(stale(spec.name()));
        }
        read_all(&transaction, &Target::new(spec), &mut report)?;
    }
    Ok(report)
}

fn integrity_problems(connection: &Connection) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.iter().filter(|line| *line != "ok").count())
}

/// Reads every record of a collection and names the damaged ones.
fn read_all(transaction: &Transaction<'_>, target: &Target, report: &mut MaintenanceReport) -> Result<(), Failure> {
    let name = target.spec.name();
    let mut statement = transaction.prepare(&format!("SELECT {COLUMNS} FROM {}", target.tables.records))?;
    let mut rows = statement.query([])?;
    let mut damaged = 0_usize;
    while let Some(found) = rows.next()? {
        report.records += 1;
        let row = Row::read(found, 0)?;
        if row.is_intact() && row.record().is_ok() {
            continue;
        }
        damaged += 1;
        if damaged <= MOST_FINDINGS {
            let advice = "delete it, put it again, or restore a backup";
            report.findings.push(Finding::new(format!("{name}: {}", row.damaged().message()), advice));
        }
    }
    if damaged > MOST_FINDINGS {
        let what = format!("{name}: {} more records are damaged", damaged - MOST_FINDINGS);
        report.findings.push(Finding::new(what, "restore a backup"));
    }
    Ok(())
}

/// Rewrites the file without what was deleted, and empties the log.
pub(crate) fn compact(connection: &mut Connection) -> Result<MaintenanceReport> {
    let run = || -> Result<bool, rusqlite::Error> {
        // VACUUM makes a copy of the file, for which memory is no place.
        connection.execute_batch("PRAGMA temp_store = FILE")?;
        let rewritten = connection.execute_batch("VACUUM");
        connection.execute_batch("PRAGMA temp_store = MEMORY")?;
        rewritten?;
        connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| row.get(0))
    };
    let busy = run().map_err(Failure::from)?;
    let mut report = MaintenanceReport::new(0);
    if busy {
        report.findings.push(Finding::new(
            "the log could not be emptied, for another process kept reading",
            "run the maintenance task compact again: until then the log may hold what was deleted",
        ));
    }
    Ok(report)
}

/// Takes a collection over for this program's analyser. The words are looked for anew by the next search, for they are in memory
/// alone.
pub(crate) fn reindex(connection: &mut Connection, name: &CollectionName) -> Result<MaintenanceReport> {
    let transaction = begin(connection).map_err(Failure::from)?;
    let entry = catalogue::find(&transaction, name)?.ok_or_else(|| catalogue::absent(name))?;
    let mut report = MaintenanceReport::new(0);
    read_all(&transaction, &Target::new(entry.spec), &mut report)?;
    catalogue::set_analyser_version(&transaction, name)?;
    commit(transaction)?;
    Ok(report)
}
