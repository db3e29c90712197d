//! From a batch to the statements that write it, and what has become of each record (WR-3, WR-4).

use std::collections::{BTreeMap, HashMap, HashSet};

use memory_core::kit::batch::split;
use memory_core::{Analyser, Delete, Error, ErrorKind, Precondition, RecordKey, Result, Timestamp, Version, Write};

use tokio_postgres::Row;

use crate::mapping::{Columns, column, expected, key, version};
use crate::query::Statement;
use crate::schema::Table;
use crate::statements::{self, PutKind};

/// How many records one statement writes of a large batch, and about how many bytes of them.
const RUN: usize = 1_000;
const RUN_BYTES: usize = 8 << 20;

/// What a record takes beside its texts and numbers, roughly.
const OVERHEAD: usize = 256;

/// One statement of a batch, and the records that it writes.
#[derive(Debug)]
pub(crate) struct Run {
    pub(crate) statement: Statement,
    is_put: bool,
    items: Vec<Item>,
}

/// A record of a run.
#[derive(Debug)]
struct Item {
    /// Which of the batch it is.
    place: usize,
    key: RecordKey,
    /// Whether a condition may keep it from being written.
    conditional: bool,
}

impl Run {
    /// Which records lost, by what the statement answered.
    fn lost(&self, rows: &[Row]) -> Result<HashSet<RecordKey>> {
        let first = usize::from(self.is_put);
        let mut lost: HashSet<&RecordKey> =
            self.items.iter().filter(|item| item.conditional).map(|item| &item.key).collect();
        if !lost.is_empty() {
            for row in rows {
                lost.remove(&key(column(row, first)?, column(row, first + 1)?)?);
            }
        }
        Ok(lost.into_iter().cloned().collect())
    }
}

/// The statements of a put of records whose keys differ: those under one kind of condition together, each run in the order of keys,
/// in which everybody locks the rows. All of one kind are one run if `whole`.
pub(crate) fn puts(table: &Table, analyser: Analyser, now: Timestamp, writes: Vec<&Write>, whole: bool) -> Vec<Run> {
    let kind = |write: &Write| match write.precondition {
        None => PutKind::Always,
        Some(Precondition::Absent) => PutKind::IfAbsent,
        Some(Precondition::Version(_)) => PutKind::IfVersion,
    };
    let mut placed: Vec<(usize, &Write)> = writes.into_iter().enumerate().collect();
    placed.sort_by(|(_, a), (_, b)| kind(a).cmp(&kind(b)).then_with(|| a.record.key.cmp(&b.record.key)));
    let mut runs = Vec::new();
    for alike in placed.chunk_by(|(_, a), (_, b)| kind(a) == kind(b)) {
        let kind = kind(alike[0].1);
        let (count, most) = if whole { (usize::MAX, usize::MAX) } else { (RUN, RUN_BYTES) };
        for run in split(alike.to_vec(), count, most, |(_, write)| bytes(write)) {
            let (mut columns, mut versions, mut items) = (Columns::default(), Vec::new(), Vec::new());
            for (place, write) in run {
                columns.push(&write.record, analyser);
                versions.extend(expected(write));
                items.push(Item { place, key: write.record.key.clone(), conditional: kind != PutKind::Always });
            }
            let keys: Vec<RecordKey> = items.iter().map(|item: &Item| item.key.clone()).collect();
            let statement = statements::put(table, kind, columns, &keys, versions, now);
            runs.push(Run { statement, is_put: true, items });
        }
    }
    runs
}

fn bytes(write: &Write) -> usize {
    let record = &write.record;
    let embedding = record.embedding.as_ref().map_or(0, |embedding| embedding.dimension() * size_of::<f32>());
    OVERHEAD + record.content.as_str().len() + embedding + record.metadata.to_json().len()
}

/// The statements of a deletion by key.
pub(crate) fn deletes(table: &Table, now: Timestamp, deletes: &[Delete]) -> Vec<Run> {
    let mut sorted: Vec<(usize, &Delete)> = deletes.iter().enumerate().collect();
    sorted.sort_by(|(_, a), (_, b)| a.key.cmp(&b.key));
    let item = |(place, delete): &(usize, &Delete)| Item {
        place: *place,
        key: delete.key.clone(),
        conditional: delete.version.is_some(),
    };
    let run = |run: &[(usize, &Delete)]| Run {
        statement: statements::delete(table, now, run.iter().map(|(_, delete)| *delete)),
        is_put: false,
        items: run.iter().map(item).collect(),
    };
    sorted.chunks(RUN).map(run).collect()
}

/// What has become of a batch so far.
#[derive(Debug, Default)]
pub(crate) struct Progress {
    /// By place in the batch, which may be another order than that of the runs.
    accepted: BTreeMap<usize, RecordKey>,
    conflicting: BTreeMap<usize, RecordKey>,
    versions: HashMap<usize, Version>,
    /// How many live records were deleted.
    pub(crate) deleted: u64,
}

impl Progress {
    /// Notes what a run's statement answered.
    pub(crate) fn done(&mut self, run: Run, rows: &[Row]) -> Result<()> {
        let lost = run.lost(rows)?;
        if run.is_put {
            // A statement gives one version to all that it writes.
            if let Some(row) = rows.first() {
                let version = version(column(row, 0)?);
                self.versions.extend(run.items.iter().map(|item| (item.place, version.clone())));
            }
        } else {
            for row in rows {
                self.deleted += u64::from(column::<bool>(row, 2)?);
            }
        }
        for Item { place, key, .. } in run.items {
            let list = if lost.contains(&key) { &mut self.conflicting } else { &mut self.accepted };
            list.insert(place, key);
        }
        Ok(())
    }

    /// The version of the record at this place.
    pub(crate) fn version(&self, place: usize) -> Option<Version> {
        self.versions.get(&place).cloned()
    }

    /// The error of a batch in which these runs failed.
    pub(crate) fn fail<'a>(self, error: Error, failed: impl IntoIterator<Item = &'a Run>) -> Error {
        let (accepted, conflicting) = self.into_lists();
        let error = error.with_accepted(accepted).with_conflicting(conflicting);
        if !error.is_outcome_open() {
            return error;
        }
        let items: Vec<&Item> = failed.into_iter().flat_map(|run| &run.items).collect();
        let conditional = items.iter().any(|item| item.conditional);
        error.with_unknown(items.iter().map(|item| item.key.clone()).collect()).with_open_outcome(conditional)
    }

    fn into_lists(self) -> (Vec<RecordKey>, Vec<RecordKey>) {
        (self.accepted.into_values().collect(), self.conflicting.into_values().collect())
    }

    /// The end of a batch that was run through; `Conflict` if a record lost a race.
    pub(crate) fn finish(self) -> Result<Self> {
        if self.conflicting.is_empty() {
            return Ok(self);
        }
        let (accepted, conflicting) = self.into_lists();
        let named = conflicting.iter().take(10).map(ToString::to_string).collect::<Vec<_>>().join(", ");
        let message = format!("{} lost a race, its condition does not hold: {named}", conflicting.len());
        Err(Error::new(ErrorKind::Conflict, message).with_accepted(accepted).with_conflicting(conflicting))
    }

    /// The end of a batch that is all or nothing: if one lost, none was accepted.
    pub(crate) fn finish_together(mut self) -> Result<Self> {
        if !self.conflicting.is_empty() {
            self.accepted.clear();
        }
        self.finish()
    }
}

/// Whether every condition of these runs held.
pub(crate) fn all_won(runs: &[Run], answers: &[Vec<Row>]) -> Result<bool> {
    for (run, rows) in runs.iter().zip(answers) {
        if !run.lost(rows)?.is_empty() {
            return Ok(false);
        }
    }
    Ok(true)
}
