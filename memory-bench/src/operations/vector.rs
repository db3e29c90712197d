//! The ten nearest of all vectors.

use memory_core::Returns;

use super::{mean, row};
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::{nearest, rows, search};
use crate::row::Row;
use crate::truth::Keep;
use crate::workload::{id, user};
use crate::world::World;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    Ok(vec![keys(world)?, records(world)?])
}

fn keys(world: &World) -> Result<Row> {
    let (memory, questions) = (world.ours()?.memory(), &world.workload.questions);
    let pair = alternate(
        &world.effort,
        |number| timed(|| search(memory, &nearest(&questions[number].vector)?)),
        |number| timed(|| Ok(scan_for_keys(world, &questions[number].vector))),
    )?;
    let recall = |number, found: &_| world.truth.vector_recall(&world.workload, number, Keep::All, &rows(found));
    let recall = mean(&pair.answers, recall);
    Ok(row(world, "vector top-10, exact", "flat f32 scan", &pair, recall))
}

fn records(world: &World) -> Result<Row> {
    let (memory, questions) = (world.ours()?.memory(), &world.workload.questions);
    let pair = alternate(
        &world.effort,
        |number| timed(|| search(memory, &nearest(&questions[number].vector)?.with_returns(Returns::Records))),
        |number| {
            timed(|| {
                let found = world.scanner.nearest(&questions[number].vector);
                world.table.records_at(found.into_iter().map(|(_, row)| row))
            })
        },
    )?;
    let recall = |number, found: &_| world.truth.vector_recall(&world.workload, number, Keep::All, &rows(found));
    let recall = mean(&pair.answers, recall);
    Ok(row(world, "vector top-10, exact, whole records", "flat f32 scan, then ten rows", &pair, recall))
}

/// The baseline: namespace, id and score of the ten nearest.
pub(super) fn scan_for_keys(world: &World, vector: &[f32]) -> Vec<(String, String, f32)> {
    let found = world.scanner.nearest(vector).into_iter();
    let documents = &world.workload.documents;
    found.map(|(score, row)| (user(documents[row].user), id(row), score)).collect()
}
