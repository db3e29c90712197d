//! The ten nearest among those that a filter keeps, against the scan of all.

use memory_core::Filter;

use super::vector::scan_for_keys;
use super::{mean, row};
use crate::Result;
use crate::measure::{Effort, alternate, alternate_once, timed};
use crate::ours::{nearest, rows, search};
use crate::row::Row;
use crate::truth::Keep;
use crate::workload::{KINDS, USERS, topic, user};
use crate::world::World;

const AGAINST: &str = "flat f32 scan of all";

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    Ok(vec![new_users(world)?, users(world)?, kinds(world)?, topics(world)?])
}

/// Each user is asked for once after the store was opened; a search of all vectors was made before.
fn new_users(world: &mut World) -> Result<Row> {
    world.without_ours(|_| Ok(()))?;
    let (ours, questions) = (world.ours()?, &world.workload.questions);
    if let Some(question) = questions.last() {
        search(ours.memory(), &nearest(&question.vector)?)?;
    }
    let effort = Effort { questions: questions.len().min(USERS), ..world.effort };
    let pair = alternate_once(
        &effort,
        |number| timed(|| search(&ours.of_user(&user(questions[number].user))?, &nearest(&questions[number].vector)?)),
        |number| timed(|| Ok(scan_for_keys(world, &questions[number].vector))),
    )?;
    let recall = |number, found: &_| world.truth.vector_recall(&world.workload, number, Keep::User, &rows(found));
    let recall = mean(&pair.answers, recall);
    let operation = "vector, filter keeps 1 %, value never asked before";
    Ok(row(world, operation, AGAINST, &pair, recall))
}

fn users(world: &World) -> Result<Row> {
    let (ours, questions) = (world.ours()?, &world.workload.questions);
    let pair = alternate(
        &world.effort,
        |number| timed(|| search(&ours.of_user(&user(questions[number].user))?, &nearest(&questions[number].vector)?)),
        |number| timed(|| Ok(scan_for_keys(world, &questions[number].vector))),
    )?;
    let recall = |number, found: &_| world.truth.vector_recall(&world.workload, number, Keep::User, &rows(found));
    let recall = mean(&pair.answers, recall);
    Ok(row(world, "vector, filter keeps 1 % (a user, by namespace)", AGAINST, &pair, recall))
}

fn kinds(world: &World) -> Result<Row> {
    let filter = |number: usize| Filter::kind().eq(KINDS[world.workload.questions[number].kind]);
    filtered(world, "vector, filter keeps 20 % (a kind)", Keep::Kind, filter)
}

fn topics(world: &World) -> Result<Row> {
    let filter = |number: usize| Filter::metadata(["topic"]).eq(topic(world.workload.questions[number].topic));
    filtered(world, "vector, filter on an unhinted metadata path, 5 %", Keep::Topic, filter)
}

fn filtered(world: &World, operation: &'static str, keep: Keep, filter: impl Fn(usize) -> Filter) -> Result<Row> {
    let (memory, questions) = (world.ours()?.memory(), &world.workload.questions);
    let pair = alternate(
        &world.effort,
        |number| timed(|| search(memory, &nearest(&questions[number].vector)?.with_filter(filter(number)))),
        |number| timed(|| Ok(scan_for_keys(world, &questions[number].vector))),
    )?;
    let recall = |number, found: &_| world.truth.vector_recall(&world.workload, number, keep, &rows(found));
    let recall = mean(&pair.answers, recall);
    Ok(row(world, operation, AGAINST, &pair, recall))
}
