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

/// A name for `--only`, and what it measures.
type Operation = (&'static str, fn(&mut World) -> Result<Vec<Row>>);

/// In this order: what reads first, for what writes leaves more records behind.
pub(crate) const ALL: &[Operation] = &[
    ("scan", scan::run),
    ("vector", vector::run),
    ("vector-filtered", vector_filtered::run),
    ("text", text::run),
    ("hybrid", hybrid::run),
    ("get", get::run),
    ("list", list::run),
    ("count", count::run),
    ("open", open::run),
    ("memory", memory::run),
    ("disk", disk::run),
    ("after-write", after_write::run),
    ("delete", delete::run),
    ("save", save::run),
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
