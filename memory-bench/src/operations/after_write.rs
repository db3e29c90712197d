//! A search right after a put or a delete, in turn, against one with nothing before it.

use std::time::Duration;

use memory_core::Returns;

use super::{mean, row};
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::{key, nearest, search, wait};
use crate::row::Row;
use crate::workload::Fields;
use crate::world::World;

const AGAINST: &str = "the same store, nothing written before";

/// A search made from a record; answers whether that record is among the hits.
type Search = fn(&World, &Fields) -> Result<bool>;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let operation = "search right after a put or delete";
    let vector = measure(world, operation, by_vector, by_vector)?;
    let text = measure(world, "search right after a put or delete, text", by_three_words, by_text)?;
    Ok(vec![vector, text])
}

/// `ask` is measured; `look` says whether the write shows, which is the row's recall.
fn measure(world: &mut World, operation: &'static str, ask: Search, look: Search) -> Result<Row> {
    let first = world.reserve(world.effort.questions);
    let pair = alternate(
        &world.effort,
        |number| written_then(world, first + number, ask, look),
        |number| ordinary(world, first + number, ask),
    )?;
    let recall = mean(&pair.answers, |_, shown| f64::from(u8::from(*shown)));
    Ok(row(world, operation, AGAINST, &pair, recall))
}

/// An even number puts a record, the odd one after it deletes that. Only the search is measured.
fn written_then(world: &World, number: usize, ask: Search, look: Search) -> Result<(Duration, bool)> {
    let put = number.is_multiple_of(2);
    let fields = further(world, number)?;
    if put {
        world.ours()?.save(&fields)?;
    } else {
        wait(world.ours()?.memory().delete(key(&fields.namespace, &fields.id)?))?;
    }
    let (took, _) = timed(|| ask(world, &fields))?;
    Ok((took, look(world, &fields)? == put))
}

/// The same question, after one that nobody measures: the write before it is no part of an ordinary search.
fn ordinary(world: &World, number: usize, ask: Search) -> Result<(Duration, bool)> {
    let fields = further(world, number)?;
    ask(world, &fields)?;
    timed(|| ask(world, &fields))
}

/// An even number and the odd one after it have the same record.
fn further(world: &World, number: usize) -> Result<Fields> {
    Ok(world.workload.further(number - number % 2).ok_or("there is no record")?)
}

fn by_vector(world: &World, fields: &Fields) -> Result<bool> {
    let found = search(world.ours()?.memory(), &nearest(&fields.vector)?)?;
    Ok(found.hits.iter().any(|hit| hit.key.id.as_str() == fields.id))
}

/// As every text search here.
fn by_three_words(world: &World, fields: &Fields) -> Result<bool> {
    by_words(world, fields, 3)
}

/// All its words: no record ranks higher but the one that it is a copy of, which ranks the same.
fn by_text(world: &World, fields: &Fields) -> Result<bool> {
    by_words(world, fields, usize::MAX)
}

fn by_words(world: &World, fields: &Fields, count: usize) -> Result<bool> {
    let memory = world.ours()?.memory();
    let words: Vec<&str> = fields.content.split(' ').take(count).collect();
    let found = search(memory, &memory.text(&words.join(" ")).with_returns(Returns::Keys))?;
    Ok(found.hits.iter().any(|hit| hit.key.id.as_str() == fields.id))
}
