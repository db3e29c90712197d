//! Health and the maintenance tasks.

use memory_core::{CollectionName, Finding, Health, MaintenanceReport, Result, Stats};
use rusqlite::{Connection, Transaction, params};

use super::{Target, begin, catalogue, commit};
use crate::error::Failure;
use crate::index::text;
use crate::index::vector::Indexes;
use crate::mapping::{Encoded, Row};
use crate::schema::{COLUMNS, newest};

/// How many records' words are kept in memory before they are added to the text index.
const RUN: u64 = 2_000;

/// A report names at most so many damaged records one by one.
const MOST_FINDINGS: usize = 100;

/// SQLite's version, and what is worth doing.
pub(crate) fn health(connection: &mut Connection) -> Result<Health> {
    let transaction = connection.transaction().map_err(Failure::from)?;
    // A file of another layout was migrated or refused when it was opened.
    let mut health = Health::new("SQLite", rusqlite::version()).with_schema(format!("layout {}, current", newest()));
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

/// The pages of the collection's tables and indexes, whether the text index has this core's words, and what is in memory.
pub(crate) fn stats(connection: &mut Connection, indexes: &Indexes, target: &Target) -> Result<Stats> {
    let bytes =
        target.read(connection, |transaction, _| {
            let sql = "SELECT coalesce(sum(pgsize), 0) FROM dbstat WHERE name = ?1 AND aggregate = TRUE";
            let mut statement = transaction.prepare(sql)?;
            target.tables.claimed().iter().try_fold(0, |bytes: i64, object| {
                Ok(bytes + statement.query_row([object], |row| row.get::<_, i64>(0))?)
            })
        })?;
    let text = if target.spec.analyser().is_current() { "current" } else { "of another analyser: reindex rebuilds it" };
    let stats = Stats::new(u64::try_from(bytes).ok()).with_index("text", text);
    Ok(match target.spec.vectors() {
        Some(_) => stats.with_index("vector", indexes.describe(target.spec.name())),
        None => stats,
    })
}

fn stale(name: &CollectionName) -> Finding {
    Finding::new(
        format!("the text index of {name} was made with another version of the analyser"),
        format!("run the maintenance task reindex of {name}"),
    )
}

/// Every record against its checksum, the text index against the records, and SQLite's own check (CD-4).
pub(crate) fn verify(connection: &mut Connection) -> Result<MaintenanceReport> {
    let transaction = connection.transaction().map_err(Failure::from)?;
    let mut report = MaintenanceReport::new(0);
    let problems = integrity_problems(&transaction).map_err(Failure::from)?;
    if problems > 0 {
        let what = format!("SQLite's integrity_check finds {problems} problems in the file");
        report.findings.push(Finding::new(what, "restore a backup, or export what can still be read into a new file"));
    }
    for spec in catalogue::list(&transaction)? {
        verify_collection(&transaction, &Target::new(spec), &mut report)?;
    }
    Ok(report)
}

fn integrity_problems(connection: &Connection) -> Result<usize, rusqlite::Error> {
    let mut statement = connection.prepare("PRAGMA integrity_check")?;
    let lines: Vec<String> = statement.query_map([], |row| row.get(0))?.collect::<Result<_, _>>()?;
    Ok(lines.iter().filter(|line| *line != "ok").count())
}

fn verify_collection(
    transaction: &Transaction<'_>,
    target: &Target,
    report: &mut MaintenanceReport,
) -> Result<(), Failure> {
    let name = target.spec.name();
    let current = target.spec.analyser().is_current();
    if !current {
        report.findings.push(stale(name));
    }
    let mut statement = transaction.prepare(&format!("SELECT {COLUMNS}, row FROM {}", target.tables.records))?;
    let mut rows = statement.query([])?;
    let (mut damaged, mut disagreeing, mut expected) = (0_usize, 0_usize, 0_usize);
    while let Some(found) = rows.next()? {
        report.records += 1;
        let number: i64 = found.get("row")?;
        let row = Row::read(found, 0)?;
        let Some(record) = Some(&row).filter(|row| row.is_intact()).and_then(|row| row.record().ok()) else {
            damaged += 1;
            if damaged <= MOST_FINDINGS {
                let advice = "delete it, put it again, or restore a backup";
                report.findings.push(Finding::new(format!("{name}: {}", row.damaged().message()), advice));
            }
            continue;
        };
        let words = target.spec.analyser().words(record.content.as_str());
        let counts = text::count(&words);
        expected += counts.len();
        if current && (row.length != words.len() as i64 || !text::agrees(transaction, &target.tables, number, &counts)?)
        {
            disagreeing += 1;
        }
    }
    if damaged > MOST_FINDINGS {
        let what = format!("{name}: {} more records are damaged", damaged - MOST_FINDINGS);
        report.findings.push(Finding::new(what, "restore a backup"));
    }
    // Which words a damaged record had is not known, so then the index may hold more.
    let surplus = damaged == 0 && text::size(transaction, &target.tables)? != expected;
    if current && (disagreeing > 0 || surplus) {
        let what = format!("the text index of {name} disagrees with the records ({disagreeing} of them)");
        report.findings.push(Finding::new(what, format!("run the maintenance task reindex of {name}")));
    }
    Ok(())
}

/// Rewrites the file without what was deleted, and empties the log.
pub(crate) fn compact(connection: &mut Connection) -> Result<MaintenanceReport> {
    let run = || -> Result<bool, rusqlite::Error> {
        connection.execute_batch("VACUUM")?;
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

/// Rebuilds the text index of a collection with this program's analyser.
pub(crate) fn reindex(connection: &mut Connection, name: &CollectionName) -> Result<MaintenanceReport> {
    let transaction = begin(connection).map_err(Failure::from)?;
    let entry = catalogue::find(&transaction, name)?.ok_or_else(|| catalogue::absent(name))?;
    let target = Target::new(entry.spec);
    let report = rebuild(&transaction, &target)?;
    commit(transaction)?;
    Ok(report)
}

fn rebuild(transaction: &Transaction<'_>, target: &Target) -> Result<MaintenanceReport, Failure> {
    let name = target.spec.name();
    let records = &target.tables.records;
    let mut report = MaintenanceReport::new(0);
    text::clear(transaction, &target.tables)?;
    let select = format!("SELECT {COLUMNS}, row FROM {records} WHERE row > ? ORDER BY row LIMIT 1");
    let update = format!("UPDATE {records} SET length = ?2, checksum = ?3 WHERE row = ?1");
    let (mut last, mut additions) = (i64::MIN, text::Additions::default());
    loop {
        // One at a time, for a row is changed while the next ones are still to be read.
        let mut statement = transaction.prepare_cached(&select)?;
        let mut rows = statement.query([last])?;
        let Some(found) = rows.next()? else { break };
        last = found.get("row")?;
        report.records += 1;
        let row = Row::read(found, 0)?;
        let Some(record) = Some(&row).filter(|row| row.is_intact()).and_then(|row| row.record().ok()) else {
            let advice = "text search does not find it; delete it, put it again, or restore a backup";
            report.findings.push(Finding::new(format!("{name}: {}", row.damaged().message()), advice));
            continue;
        };
        let words = target.spec.analyser().words(record.content.as_str());
        let length = i64::try_from(words.len()).unwrap_or(i64::MAX);
        let checksum = Encoded::new(&record).row(length, row.version).checksum;
        transaction.prepare_cached(&update)?.execute(params![last, length, checksum])?;
        additions.take(last, &words);
        if report.records.is_multiple_of(RUN) {
            std::mem::take(&mut additions).write(transaction, &target.tables)?;
        }
    }
    additions.write(transaction, &target.tables)?;
    catalogue::set_analyser_version(transaction, name)?;
    Ok(report)
}
