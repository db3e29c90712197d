//! One record by its id, whole.

use super::{mean, row};
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::{key, wait};
use crate::row::Row;
use crate::workload::{id, user};
use crate::world::World;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let memory = world.ours()?.memory();
    let name = |number: usize| {
        let record = world.workload.questions[number].record;
        (user(world.workload.documents[record].user), id(record))
    };
    let pair = alternate(
        &world.effort,
        |number| {
            let (namespace, id) = name(number);
            timed(|| wait(memory.get(key(&namespace, &id)?)))
        },
        |number| {
            let (namespace, id) = name(number);
            timed(|| world.table.get(&namespace, &id))
        },
    )?;
    let recall = mean(&pair.answers, |number, found| {
        let embedding = found.as_ref().and_then(|stored| stored.record.embedding.as_ref());
        let wanted = world.workload.vector(world.workload.questions[number].record);
        f64::from(u8::from(embedding.is_some_and(|embedding| embedding.as_slice() == wanted)))
    });
    Ok(vec![row(world, "get by id", "rusqlite, whole record", &pair, recall)])
}
