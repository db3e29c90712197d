//! Everything that an operation may use: the workload, the right answers, both sides with everything loaded.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Duration;

use crate::handwritten::{Scanner, Table};
use crate::machine::Machine;
use crate::measure::{Effort, timed};
use crate::ours::{Ours, Place};
use crate::row::{Row, Unit};
use crate::statistics::{Figure, median};
use crate::truth::Truth;
use crate::workload::{Fields, Workload};
use crate::{Failure, Result};

/// So many records are made at a time; making them is not measured.
const PART: usize = 10_000;

/// Both sides with all records, and what is asked of them.
#[derive(Debug)]
pub(crate) struct World {
    /// How long and how often is measured.
    pub(crate) effort: Effort,
    /// What is stored and asked.
    pub(crate) workload: Workload,
    /// The right answers.
    pub(crate) truth: Truth,
    /// The store; `None` only while an operation has closed it.
    ours: Option<Ours>,
    /// The hand-written rows with FTS5.
    pub(crate) table: Table,
    /// The hand-written scan.
    pub(crate) scanner: Scanner,
    /// Where ours is.
    place: Place,
    /// The folder of everything; ours is in `ours`, if it is in files, theirs in `theirs`.
    folder: PathBuf,
    /// How many records were saved beside the loaded ones: the next one's number.
    further: usize,
}

impl World {
    /// Makes the workload and loads both sides, as often as the effort says, in turn; the last ones stay.
    pub(crate) fn load(
        folder: &Path,
        place: Place,
        records: usize,
        effort: Effort,
        machine: &Machine,
    ) -> Result<(Self, Vec<Row>)> {
        let workload = Workload::new(records, effort.questions);
        let truth = Truth::new(&workload, machine.threads);
        let (mut our_times, mut their_times) = (Vec::new(), Vec::new());
        for _ in 0..effort.loads {
            place.clear()?;
            if let Place::Folder(ours) = &place {
                fs::create_dir(ours)?;
            }
            let theirs = folder.join("theirs");
            if theirs.exists() {
                fs::remove_dir_all(&theirs)?;
            }
            fs::create_dir(&theirs)?;
            our_times.push(load_ours(&place, &workload)?.as_secs_f64());
            their_times.push(load_theirs(&folder.join("theirs"), &workload)?.as_secs_f64());
        }
        let figure = |times: &[f64]| Figure::with_range(median(times), times.iter().copied());
        let loaded = Row {
            operation: "bulk load, text and vectors",
            records,
            ours: figure(&our_times),
            baseline: figure(&their_times),
            against: "rusqlite with FTS5, a transaction for each 10,000",
            unit: Unit::Seconds,
            recall: None,
            samples: effort.loads,
        };
        let table = Table::open(&folder.join("theirs/rows.db"))?;
        table.optimise()?;
        let query = workload.questions.first().map(|question| question.vector.clone()).unwrap_or_default();
        let scanner = Scanner::fastest(&workload.vectors, &query, machine.threads);
        let ours = Some(Ours::open(&place)?);
        let folder = folder.to_owned();
        Ok((Self { effort, workload, truth, ours, table, scanner, place, folder, further: 0 }, vec![loaded]))
    }

    /// The store.
    ///
    /// # Errors
    /// After an operation that failed while it was closed.
    pub(crate) fn ours(&self) -> Result<&Ours> {
        self.ours.as_ref().ok_or_else(|| Failure::from("the store is closed"))
    }

    /// Whether ours is in files, and so in this process.
    pub(crate) fn in_files(&self) -> bool {
        matches!(self.place, Place::Folder(_))
    }

    /// The folder of a store in files.
    pub(crate) fn our_folder(&self) -> PathBuf {
        self.folder.join("ours")
    }

    /// The folder of the hand-written rows.
    pub(crate) fn their_folder(&self) -> PathBuf {
        self.folder.join("theirs")
    }

    /// A new, empty folder beside the two.
    pub(crate) fn spare_folder(&self, name: &str) -> Result<PathBuf> {
        let folder = self.folder.join(name);
        fs::create_dir(&folder)?;
        Ok(folder)
    }

    /// Closes the store, runs something without it, and opens it again.
    pub(crate) fn without_ours<T>(&mut self, work: impl FnOnce(&Self) -> Result<T>) -> Result<T> {
        if let Some(ours) = self.ours.take() {
            ours.close()?;
        }
        let answer = work(self)?;
        self.ours = Some(Ours::open(&self.place)?);
        Ok(answer)
    }

    /// The number of a record that was not saved yet, and of the next `count - 1` ones.
    pub(crate) fn reserve(&mut self, count: usize) -> usize {
        self.further += count;
        self.further - count
    }

    /// Closes both sides and removes what ours has.
    pub(crate) fn close(self) -> Result<()> {
        if let Some(ours) = self.ours {
            ours.close()?;
        }
        self.place.clear()?;
        self.table.close()
    }
}

/// From the empty place to the closed store, without the making of the records.
fn load_ours(place: &Place, workload: &Workload) -> Result<Duration> {
    let (mut took, ours) = timed(|| Ours::open(place))?;
    for part in parts(workload) {
        took += timed(|| ours.load(&part))?.0;
    }
    Ok(took + timed(|| ours.close())?.0)
}

/// The same by hand.
fn load_theirs(folder: &Path, workload: &Workload) -> Result<Duration> {
    let (mut took, table) = timed(|| Table::create(&folder.join("rows.db"), true))?;
    for part in parts(workload) {
        took += timed(|| table.load(&part))?.0;
    }
    Ok(took + timed(|| table.close())?.0)
}

/// The records, a part at a time.
pub(crate) fn parts(workload: &Workload) -> impl Iterator<Item = Vec<Fields>> + '_ {
    let records = workload.records();
    (0..records).step_by(PART).map(move |first| {
        (first..records.min(first + PART)).filter_map(|row| workload.fields(row)).collect::<Vec<Fields>>()
    })
}
