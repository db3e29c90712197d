//! Text search against FTS5's `ORDER BY rank LIMIT 10`.

use memory_core::{Memory, Returns, WordMatch};

use super::{mean, row};
use crate::Result;
use crate::measure::{Pair, alternate, timed};
use crate::ours::{rows, search};
use crate::row::Row;
use crate::truth::Words;
use crate::workload::user;
use crate::world::World;

const AGAINST: &str = "FTS5, ORDER BY rank LIMIT 10";

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let keys = Returns::Keys;
    let any = alternate(
        &world.effort,
        |number| timed(|| ask(world, world.ours()?.memory(), number, WordMatch::Any, keys)),
        |number| timed(|| world.table.ranked(&text(world, number), false)),
    )?;
    let records = alternate(
        &world.effort,
        |number| timed(|| ask(world, world.ours()?.memory(), number, WordMatch::Any, Returns::Records)),
        |number| timed(|| world.table.ranked_records(&text(world, number))),
    )?;
    let user = alternate(
        &world.effort,
        |number| timed(|| ask(world, &of_user(world, number)?, number, WordMatch::Any, keys)),
        |number| timed(|| ask(world, world.ours()?.memory(), number, WordMatch::Any, keys)),
    )?;
    let all = alternate(
        &world.effort,
        |number| timed(|| ask(world, world.ours()?.memory(), number, WordMatch::All, keys)),
        |number| timed(|| world.table.ranked(&text(world, number), true)),
    )?;
    let recall = |pair: &Pair<Vec<usize>>, words| {
        mean(&pair.answers, |number, found| world.truth.text_recall(&world.workload, number, words, found))
    };
    let operation = "text, any of three words, exact BM25";
    let of_user = "text, any of three words, exact BM25, the scope of one user";
    Ok(vec![
        row(world, operation, AGAINST, &any, recall(&any, Words::Any)),
        row(world, "text, any of three words, whole records", AGAINST, &records, recall(&records, Words::Any)),
        row(world, of_user, "the same store, all users", &user, recall(&user, Words::AnyOfUser)),
        row(world, "text, all words", AGAINST, &all, recall(&all, Words::All)),
    ])
}

fn text(world: &World, number: usize) -> String {
    world.workload.questions[number].text()
}

fn of_user(world: &World, number: usize) -> Result<Memory> {
    world.ours()?.of_user(&user(world.workload.questions[number].user))
}

fn ask(world: &World, memory: &Memory, number: usize, matching: WordMatch, returns: Returns) -> Result<Vec<usize>> {
    let request = memory.text_matching(&text(world, number), matching).with_returns(returns);
    Ok(rows(&search(memory, &request)?))
}
