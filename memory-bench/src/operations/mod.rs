//! What is measured: one file each, a function from the world to rows of the table. A new operation is a new file and a line here.

mod after_write;
mod count;
mod delete;
mod disk;
mod get;
mod hybrid;
mod list;
mod memory;
mod open;
mod save;
mod scan;
mod text;
mod vector;
mod vector_filtered;

use crate::Result;
use crate::measure::Pair;
use crate::row::{Row, Unit};
use crate::world::World;

/// What is measured.
pub(crate) struct Operation {
    /// For `--only`.
    pub(crate) name: &'static str,
    /// Whether it is about the files and the memory of a store that runs in this process.
    pub(crate) of_files: bool,
    pub(crate) run: fn(&mut World) -> Result<Vec<Row>>,
}

const fn of_any(name: &'static str, run: fn(&mut World) -> Result<Vec<Row>>) -> Operation {
    Operation { name, of_files: false, run }
}

const fn of_files(name: &'static str, run: fn(&mut World) -> Result<Vec<Row>>) -> Operation {
    Operation { name, of_files: true, run }
}

/// In this order: what reads first, for what writes leaves more records behind.
pub(crate) const ALL: &[Operation] = &[
    of_any("scan", scan::run),
    of_any("vector", vector::run),
    of_any("vector-filtered", vector_filtered::run),
    of_any("text", text::run),
    of_any("hybrid", hybrid::run),
    of_any("get", get::run),
    of_any("list", list::run),
    of_any("count", count::run),
    of_files("open", open::run),
    of_files("memory", memory::run),
    of_files("disk", disk::run),
    of_any("after-write", after_write::run),
    of_any("delete", delete::run),
    of_any("save", save::run),
];

/// A row of times of one call.
fn row<T>(
    world: &World,
    operation: &'static str,
    against: &'static str,
    pair: &Pair<T>,
    recall: impl Into<Option<f64>>,
) -> Row {
    let (ours, baseline, samples) = (pair.ours, pair.baseline, pair.samples);
    let (records, recall) = (world.workload.records(), recall.into());
    Row { operation, records, ours, baseline, against, unit: Unit::Milliseconds, recall, samples }
}

/// The mean over all answers.
fn mean<T>(answers: &[(usize, T)], part: impl Fn(usize, &T) -> f64) -> f64 {
    answers.iter().map(|(question, answer)| part(*question, answer)).sum::<f64>() / answers.len() as f64
}
