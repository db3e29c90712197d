//! Putting and deleting.

use memory_core::kit::batch::last_wins;
use memory_core::{Batch, Delete, Deleted, Error, ErrorKind, Filter, Precondition, Record, RecordKey, Result};
use memory_core::{Timestamp, Version, View, Write, Written};
use rusqlite::{Connection, Transaction, params};

use super::{Target, read};
use crate::error::Failure;
use crate::index::text;
use crate::mapping::{Encoded, Row, version};
use crate::query::{Condition, expired, scope};
use crate::schema::COLUMNS;

/// How many records one transaction of a large batch writes, so that others get their turn.
const RUN: usize = 2_000;

/// What has become of a batch so far (WR-4).
#[derive(Default)]
struct Progress {
    accepted: Vec<RecordKey>,
    conflicting: Vec<RecordKey>,
}

impl Progress {
    /// Adds the lists to an error that ends the batch; `run` is what was being written.
    fn fail<'a>(self, error: Error, run: impl Iterator<Item = &'a RecordKey>, conditional: bool) -> Error {
        let error = error.with_accepted(self.accepted).with_conflicting(self.conflicting);
        if error.is_outcome_open() {
            error.with_unknown(run.cloned().collect()).with_open_outcome(conditional)
        } else {
            error
        }
    }

    /// The end of a batch that was run through.
    fn finish(self) -> Result<()> {
        if self.conflicting.is_empty() {
            return Ok(());
        }
        let named = self.conflicting.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("{} lost a race, its condition does not hold: {named}", self.conflicting.len());
        Err(Error::new(ErrorKind::Conflict, message).with_accepted(self.accepted).with_conflicting(self.conflicting))
    }
}

/// Upserts records (WR-1 to WR-5).
pub(crate) fn put(
    connection: &mut Connection,
    target: &Target,
    now: Timestamp,
    writes: &[Write],
    batch: Batch,
) -> Result<Written> {
    let distinct = last_wins(writes, |write| &write.record.key);
    let run_length = if batch.atomic { distinct.items.len() } else { RUN };
    let mut progress = Progress::default();
    let mut versions = Vec::new();
    for run in distinct.items.chunks(run_length.max(1)) {
        let keys = || run.iter().map(|write| &write.record.key);
        let conditional = run.iter().any(|write| write.precondition.is_some());
        let result = target.write(connection, |transaction| {
            let number = next_version(transaction)?;
            let (mut lost, mut additions) = (Vec::new(), text::Additions::default());
            for write in run {
                if !put_one(transaction, target, now, write, number, &mut additions)? {
                    lost.push(write.record.key.clone());
                }
            }
            additions.write(transaction, &target.tables)?;
            if batch.atomic && !lost.is_empty() {
                // An error, so that nothing of it is kept.
                return Err(Progress { accepted: Vec::new(), conflicting: lost }
                    .finish()
                    .err()
                    .unwrap_or_else(no_loser)
                    .into());
            }
            Ok((number, lost))
        });
        match result {
            Ok((number, lost)) => {
                versions.extend(run.iter().map(|_| Some(version(number))));
                progress.accepted.extend(keys().filter(|key| !lost.contains(key)).cloned());
                progress.conflicting.extend(lost);
            }
            Err(error) if batch.atomic && error.kind() == ErrorKind::Conflict => return Err(error),
            Err(error) => return Err(progress.fail(error, keys(), conditional)),
        }
    }
    progress.finish()?;
    Ok(Written::new(distinct.answers(&versions)))
}

/// Deletes by key, expired ones without counting them (WR-6, TT-2).
pub(crate) fn delete(
    connection: &mut Connection,
    target: &Target,
    now: Timestamp,
    deletes: &[Delete],
) -> Result<Deleted> {
    let mut progress = Progress::default();
    let mut count = 0;
    for run in deletes.chunks(RUN) {
        let conditional = run.iter().any(|delete| delete.version.is_some());
        let result = target.write(connection, |transaction| {
            let (mut existed, mut lost) = (0, Vec::new());
            for delete in run {
                match delete_one(transaction, target, now, delete)? {
                    Some(live) => existed += u64::from(live),
                    None => lost.push(delete.key.clone()),
                }
            }
            Ok((existed, lost))
        });
        match result {
            Ok((existed, lost)) => {
                count += existed;
                progress
                    .accepted
                    .extend(run.iter().map(|delete| &delete.key).filter(|key| !lost.contains(key)).cloned());
                progress.conflicting.extend(lost);
            }
            Err(error) => return Err(progress.fail(error, run.iter().map(|delete| &delete.key), conditional)),
        }
    }
    progress.finish()?;
    Ok(Deleted::new(count))
}

/// Deletes what matches, in one transaction; counts the live ones (WR-6).
pub(crate) fn delete_where(
    connection: &mut Connection,
    target: &Target,
    view: &View,
    filter: &Filter,
) -> Result<Deleted> {
    target.write(connection, |transaction| {
        let mut count = 0;
        for (row, live) in read::matching(transaction, target, view, filter)? {
            remove(transaction, target, row)?;
            count += u64::from(live);
        }
        Ok(Deleted::new(count))
    })
}

/// Removes the expired records of the scope and counts them (TT-2).
pub(crate) fn purge_expired(connection: &mut Connection, target: &Target, view: &View) -> Result<Deleted> {
    target.write(connection, |transaction| {
        let condition = Condition::all(vec![expired(view.now), scope(&view.scope, &target.tables)]);
        let sql =
            format!("SELECT row FROM {} WHERE expires_at IS NOT NULL AND {}", target.tables.records, condition.sql);
        let rows: Vec<i64> = transaction
            .prepare_cached(&sql)?
            .query_map(rusqlite::params_from_iter(condition.values), |row| row.get(0))?
            .collect::<Result<_, _>>()?;
        for row in &rows {
            remove(transaction, target, *row)?;
        }
        Ok(Deleted::new(rows.len() as u64))
    })
}

fn no_loser() -> Error {
    Error::internal("a batch lost without a loser")
}

/// A number that no record of the database has had for its version.
fn next_version(transaction: &Transaction<'_>) -> Result<i64, rusqlite::Error> {
    let sql = "UPDATE _memory_versions SET last = last + 1 RETURNING last";
    transaction.prepare_cached(sql)?.query_row([], |row| row.get(0))
}

/// What is stored under a key, as far as writing needs it.
struct Existing {
    row: i64,
    live: bool,
    version: Version,
    /// `None` if the row is damaged.
    record: Option<Record>,
}

fn existing(
    transaction: &Transaction<'_>,
    target: &Target,
    now: Timestamp,
    key: &RecordKey,
    conditional: bool,
) -> Result<Option<Existing>, Failure> {
    let sql = format!("SELECT {COLUMNS}, row FROM {} WHERE namespace = ? AND id = ?", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query(params![key.namespace.key(), key.id.as_str()])?;
    let Some(found) = rows.next()? else { return Ok(None) };
    // A damaged record can be replaced and deleted, but nothing can be decided by what it says.
    let row = if conditional { Row::checked(found, 0)? } else { Row::read(found, 0)? };
    Ok(Some(Existing {
        row: found.get("row")?,
        live: row.is_live(now),
        version: version(row.version),
        record: if row.is_intact() { Some(row.record()?) } else { None },
    }))
}

/// Whether the write was applied; if not, its condition does not hold.
fn put_one(
    transaction: &Transaction<'_>,
    target: &Target,
    now: Timestamp,
    write: &Write,
    number: i64,
    additions: &mut text::Additions,
) -> Result<bool, Failure> {
    let old = existing(transaction, target, now, &write.record.key, write.precondition.is_some())?;
    let live = old.as_ref().filter(|old| old.live);
    let holds = match &write.precondition {
        None => true,
        Some(Precondition::Absent) => live.is_none(),
        Some(Precondition::Version(expected)) => live.is_some_and(|old| old.version == *expected),
    };
    if holds {
        store(transaction, target, &write.record, old.as_ref(), number, additions)?;
    }
    Ok(holds)
}

fn store(
    transaction: &Transaction<'_>,
    target: &Target,
    record: &Record,
    old: Option<&Existing>,
    number: i64,
    additions: &mut text::Additions,
) -> Result<(), Failure> {
    let words = target.spec.analyser().words(record.content.as_str());
    let encoded = Encoded::new(record);
    let length = i64::try_from(words.len()).unwrap_or(i64::MAX);
    let new = encoded.row(length, number);
    let records = &target.tables.records;
    // `row` is the old one's: a record keeps its number in the indexes.
    let sql = format!(
        "INSERT INTO {records} (row, {COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (row) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at, \
         updated_at = excluded.updated_at, expires_at = excluded.expires_at, length = excluded.length, \
         version = excluded.version, checksum = excluded.checksum, record = excluded.record, \
         embedding = excluded.embedding, namespace = excluded.namespace, id = excluded.id RETURNING row"
    );
    let text = |bytes| String::from_utf8_lossy(bytes);
    let values = params![
        old.map(|old| old.row),
        text(new.namespace),
        text(new.id),
        text(new.kind),
        new.created_at,
        new.updated_at,
        new.expires_at,
        new.length,
        new.version,
        new.checksum,
        text(new.record),
        new.embedding,
    ];
    let row: i64 = transaction.prepare_cached(&sql)?.query_row(values, |row| row.get(0))?;
    if let Some(old) = old {
        if old.record.as_ref().is_some_and(|old| old.content == record.content) {
            return Ok(());
        }
        remove_words(transaction, target, old)?;
    }
    additions.take(row, &words);
    Ok(())
}

/// Whether a live record is gone; `None` if the condition does not hold.
fn delete_one(
    transaction: &Transaction<'_>,
    target: &Target,
    now: Timestamp,
    delete: &Delete,
) -> Result<Option<bool>, Failure> {
    let old = existing(transaction, target, now, &delete.key, delete.version.is_some())?;
    if let Some(expected) = &delete.version
        && !old.as_ref().is_some_and(|old| old.live && old.version == *expected)
    {
        return Ok(None);
    }
    let Some(old) = old else { return Ok(Some(false)) };
    remove_words(transaction, target, &old)?;
    delete_row(transaction, target, old.row)?;
    Ok(Some(old.live))
}

/// Removes a row, which is there, and its words.
fn remove(transaction: &Transaction<'_>, target: &Target, number: i64) -> Result<(), Failure> {
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE row = ?", target.tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let mut rows = statement.query([number])?;
    if let Some(row) = rows.next()? {
        let row = Row::read(row, 0)?;
        let record = if row.is_intact() { Some(row.record()?) } else { None };
        let old = Existing { row: number, live: false, version: version(row.version), record };
        remove_words(transaction, target, &old)?;
    }
    Ok(delete_row(transaction, target, number)?)
}

fn delete_row(transaction: &Transaction<'_>, target: &Target, row: i64) -> Result<(), rusqlite::Error> {
    transaction.prepare_cached(&format!("DELETE FROM {} WHERE row = ?", target.tables.records))?.execute([row])?;
    Ok(())
}

fn remove_words(transaction: &Transaction<'_>, target: &Target, old: &Existing) -> Result<(), rusqlite::Error> {
    match &old.record {
        Some(record) => {
            let words = target.spec.analyser().words(record.content.as_str());
            text::remove(transaction, &target.tables, old.row, &words)
        }
        None => text::remove_unknown(transaction, &target.tables, old.row),
    }
}
