//! Putting and deleting.

use std::collections::VecDeque;

use memory_core::kit::batch::{last_wins, split};
use memory_core::{Batch, Delete, Deleted, Error, ErrorKind, Filter, Precondition, Record, RecordKey, Result};
use memory_core::{Timestamp, Value, Version, View, Write, Written};
use rusqlite::{Connection, Transaction, params};

use super::{Runs, Target, read};
use crate::error::Failure;
use crate::mapping::{Encoded, Row, version};
use crate::query::{Condition, expired, scope};
use crate::schema::COLUMNS;

/// How many records one transaction of a large batch writes, so that others get their turn.
const RUN: usize = 10_000;

/// And how many bytes of records.
const RUN_BYTES: usize = 16 << 20;

/// What a record or a key takes in memory beside its texts and numbers, roughly.
pub(crate) const OVERHEAD: usize = 256;

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

/// Upserts records (WR-1 to WR-5), a run at a time; an atomic batch is one run.
pub(crate) struct Put {
    target: Target,
    now: Timestamp,
    atomic: bool,
    runs: VecDeque<Run>,
    /// For each write that was given, which of those in `runs` answers it.
    answered_by: Vec<usize>,
    versions: Vec<Version>,
    /// The version that the run under way gives, and who lost in it.
    current: (i64, Vec<RecordKey>),
    progress: Progress,
}

/// What one transaction writes of a batch.
#[derive(Default)]
struct Run {
    writes: Vec<Write>,
    bytes: usize,
}

impl Put {
    pub(crate) fn new(target: Target, now: Timestamp, writes: &[Write], batch: Batch) -> Self {
        let distinct = last_wins(writes, |write| &write.record.key);
        let items: Vec<(Write, usize)> =
            distinct.items.into_iter().map(|write| (write.clone(), bytes(write))).collect();
        let runs = if batch.atomic { vec![items] } else { split(items, RUN, RUN_BYTES, |(_, bytes)| *bytes) };
        let run = |writes: Vec<(Write, usize)>| Run {
            bytes: writes.iter().map(|(_, bytes)| bytes).sum(),
            writes: writes.into_iter().map(|(write, _)| write).collect(),
        };
        Self {
            target,
            now,
            atomic: batch.atomic,
            runs: runs.into_iter().map(run).collect(),
            answered_by: distinct.answered_by,
            versions: Vec::new(),
            current: (0, Vec::new()),
            progress: Progress::default(),
        }
    }
}

/// About how many bytes a write takes in memory, and in the file without its indexes.
pub(crate) fn bytes(write: &Write) -> usize {
    let record = &write.record;
    let embedding = record.embedding.as_ref().map_or(0, |embedding| embedding.dimension() * size_of::<f32>());
    let tags: usize = record.tags.iter().map(str::len).sum();
    let metadata: usize = record.metadata.iter().map(|(key, value)| key.len() + value_bytes(value)).sum();
    OVERHEAD + record.content.as_str().len() + embedding + tags + metadata
}

/// What a value takes besides its texts, roughly.
const VALUE: usize = 24;

fn value_bytes(value: &Value) -> usize {
    match value {
        Value::Null | Value::Bool(_) | Value::Number(_) => VALUE,
        Value::String(text) => VALUE + text.len(),
        Value::Array(values) => VALUE + values.iter().map(value_bytes).sum::<usize>(),
        Value::Object(values) => {
            VALUE + values.iter().map(|(key, value)| key.len() + value_bytes(value)).sum::<usize>()
        }
    }
}

impl Runs for Put {
    type Answer = Written;

    fn size(&self) -> (usize, usize) {
        self.runs.front().map_or((0, 0), |run| (run.writes.len(), run.bytes))
    }

    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        let Some(run) = self.runs.front() else { return Ok(()) };
        let (target, now, atomic) = (&self.target, self.now, self.atomic);
        self.current = target.write_in(transaction, |transaction| {
            let number = next_version(transaction)?;
            let mut lost = Vec::new();
            for write in &run.writes {
                if !put_one(transaction, target, now, write, number)? {
                    lost.push(write.record.key.clone());
                }
            }
            if atomic && !lost.is_empty() {
                // An error, so that nothing of it is kept.
                return Err(Progress { accepted: Vec::new(), conflicting: lost }
                    .finish()
                    .err()
                    .unwrap_or_else(no_loser)
                    .into());
            }
            Ok((number, lost))
        })?;
        Ok(())
    }

    fn settle(&mut self, outcome: Result<()>) -> Option<Result<Written>> {
        let run = self.runs.pop_front().unwrap_or_default();
        let keys = || run.writes.iter().map(|write| &write.record.key);
        match outcome {
            Ok(()) => {
                let (number, lost) = std::mem::take(&mut self.current);
                self.versions.extend(run.writes.iter().map(|_| version(number)));
                self.progress.accepted.extend(keys().filter(|key| !lost.contains(key)).cloned());
                self.progress.conflicting.extend(lost);
            }
            Err(error) if self.atomic && error.kind() == ErrorKind::Conflict => return Some(Err(error)),
            Err(error) => {
                let conditional = run.writes.iter().any(|write| write.precondition.is_some());
                return Some(Err(std::mem::take(&mut self.progress).fail(error, keys(), conditional)));
            }
        }
        if !self.runs.is_empty() {
            return None;
        }
        let answers = self.answered_by.iter().map(|&at| self.versions.get(at).cloned()).collect();
        Some(std::mem::take(&mut self.progress).finish().map(|()| Written::new(answers)))
    }
}

/// Deletes by key, expired ones without counting them (WR-6, TT-2), a run at a time.
pub(crate) struct Remove {
    target: Target,
    now: Timestamp,
    runs: VecDeque<Vec<Delete>>,
    count: u64,
    /// How many existed in the run under way, and who lost in it.
    current: (u64, Vec<RecordKey>),
    progress: Progress,
}

impl Remove {
    pub(crate) fn new(target: Target, now: Timestamp, deletes: &[Delete]) -> Self {
        let runs = deletes.chunks(RUN).map(<[Delete]>::to_vec).collect();
        Self { target, now, runs, count: 0, current: (0, Vec::new()), progress: Progress::default() }
    }
}

impl Runs for Remove {
    type Answer = Deleted;

    fn size(&self) -> (usize, usize) {
        self.runs.front().map_or((0, 0), |run| (run.len(), run.len() * OVERHEAD))
    }

    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        let Some(run) = self.runs.front() else { return Ok(()) };
        let (target, now) = (&self.target, self.now);
        self.current = target.write_in(transaction, |transaction| {
            let (mut existed, mut lost) = (0, Vec::new());
            for delete in run {
                match delete_one(transaction, target, now, delete)? {
                    Some(live) => existed += u64::from(live),
                    None => lost.push(delete.key.clone()),
                }
            }
            Ok((existed, lost))
        })?;
        Ok(())
    }

    fn settle(&mut self, outcome: Result<()>) -> Option<Result<Deleted>> {
        let run = self.runs.pop_front().unwrap_or_default();
        let keys = || run.iter().map(|delete| &delete.key);
        if let Err(error) = outcome {
            let conditional = run.iter().any(|delete| delete.version.is_some());
            return Some(Err(std::mem::take(&mut self.progress).fail(error, keys(), conditional)));
        }
        let (existed, lost) = std::mem::take(&mut self.current);
        self.count += existed;
        self.progress.accepted.extend(keys().filter(|key| !lost.contains(key)).cloned());
        self.progress.conflicting.extend(lost);
        if !self.runs.is_empty() {
            return None;
        }
        Some(std::mem::take(&mut self.progress).finish().map(|()| Deleted::new(self.count)))
    }
}

/// Deletes what matches, in a transaction of its own, for how long it takes is not known before; counts the live ones (WR-6).
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

/// What is stored under a key, as far as conditions and answers need it.
struct Existing {
    row: i64,
    live: bool,
    version: Version,
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
    // A damaged record can be deleted, but nothing can be decided by what it says.
    let row = if conditional { Row::checked(found, 0)? } else { Row::read(found, 0)? };
    Ok(Some(Existing { row: found.get("row")?, live: row.is_live(now), version: version(row.version) }))
}

/// Whether the write was applied; if not, its condition does not hold.
fn put_one(
    transaction: &Transaction<'_>,
    target: &Target,
    now: Timestamp,
    write: &Write,
    number: i64,
) -> Result<bool, Failure> {
    let holds = match &write.precondition {
        None => true,
        Some(precondition) => {
            let old = existing(transaction, target, now, &write.record.key, true)?.filter(|old| old.live);
            match precondition {
                Precondition::Absent => old.is_none(),
                Precondition::Version(expected) => old.is_some_and(|old| old.version == *expected),
            }
        }
    };
    if holds {
        store(transaction, target, &write.record, number)?;
    }
    Ok(holds)
}

fn store(transaction: &Transaction<'_>, target: &Target, record: &Record, number: i64) -> Result<(), rusqlite::Error> {
    let encoded = Encoded::new(record);
    let Row { created_at, updated_at, expires_at, version, checksum, embedding, .. } = encoded.row(number);
    let (namespace, id, kind) = (record.key.namespace.key(), record.key.id.as_str(), record.kind.as_str());
    let sql = format!(
        "INSERT INTO {} ({COLUMNS}) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?) \
         ON CONFLICT (namespace, id) DO UPDATE SET kind = excluded.kind, created_at = excluded.created_at, \
         updated_at = excluded.updated_at, expires_at = excluded.expires_at, version = excluded.version, \
         checksum = excluded.checksum, record = excluded.record, embedding = excluded.embedding",
        target.tables.records
    );
    let json = encoded.json();
    let values = params![namespace, id, kind, created_at, updated_at, expires_at, version, checksum, json, embedding];
    transaction.prepare_cached(&sql)?.execute(values)?;
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
    remove(transaction, target, old.row)?;
    Ok(Some(old.live))
}

fn remove(transaction: &Transaction<'_>, target: &Target, row: i64) -> Result<(), rusqlite::Error> {
    transaction.prepare_cached(&format!("DELETE FROM {} WHERE row = ?", target.tables.records))?.execute([row])?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use memory_core::{CollectionName, CollectionSpec, Namespace};

    use super::*;

    fn put(batch: Batch, precondition: Option<Precondition>) -> Put {
        let namespace = Namespace::new(["n"]).unwrap();
        let writes: Vec<Write> = (0..10_001)
            .map(|n| {
                let record =
                    Record::draft(format!("r{n}")).content("x").build(Some(&namespace), Timestamp::MIN).unwrap();
                Write { record, precondition: precondition.clone() }
            })
            .collect();
        let spec = CollectionSpec::new(CollectionName::new("t").unwrap());
        Put::new(Target::new(spec), Timestamp::MIN, &writes, batch)
    }

    #[test]
    fn what_a_write_takes_grows_with_all_that_is_in_it() {
        let metadata = memory_core::Metadata::from_json(r#"{"ab":["x",null,{"cde":true}]}"#).unwrap();
        let plain = || Record::draft("r").namespace(Namespace::new(["n"]).unwrap());
        let of = |draft: memory_core::Draft| bytes(&draft.build(None, Timestamp::MIN).unwrap().into());
        assert_eq!(of(plain()), OVERHEAD);
        let full = plain().content("12345").tags(["t1", "t2"]).embedding([1.0, 0.0]).metadata(metadata);
        assert_eq!(of(full), OVERHEAD + 5 + 4 + 8 + (2 + 24 + 25 + 24 + 24 + 3 + 24));
    }

    #[test]
    fn batches_are_cut_into_runs_unless_atomic() {
        assert_eq!(put(Batch::atomic(), None).size().0, 10_001);
        let mut put = put(Batch::independent(), None);
        assert_eq!(put.size().0, 10_000);
        assert!(put.settle(Ok(())).is_none());
        assert_eq!(put.size().0, 1);
        assert_eq!(put.settle(Ok(())).unwrap().unwrap().versions.len(), 10_001);
    }

    #[test]
    fn a_commit_that_failed_leaves_its_run_unknown_if_it_may_be_there() {
        let failed = || Error::new(ErrorKind::Unavailable, "the flush failed");
        let mut open = put(Batch::independent(), None);
        assert!(open.settle(Ok(())).is_none());
        let error = open.settle(Err(failed().with_open_outcome(false))).unwrap().unwrap_err();
        assert_eq!((error.accepted().len(), error.unknown().len()), (10_000, 1));
        assert!(error.is_outcome_open() && error.is_retryable());
        let mut conditional = put(Batch::independent(), Some(Precondition::Absent));
        let error = conditional.settle(Err(failed().with_open_outcome(false))).unwrap().unwrap_err();
        assert_eq!((error.accepted().len(), error.unknown().len()), (0, 10_000));
        assert!(error.is_outcome_open() && !error.is_retryable());
        let error = put(Batch::atomic(), None).settle(Err(failed())).unwrap().unwrap_err();
        assert_eq!((error.accepted().len(), error.unknown().len(), error.is_outcome_open()), (0, 0, false));
    }
}
