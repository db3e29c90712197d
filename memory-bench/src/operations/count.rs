//! How many records there are of a kind.

use memory_core::Filter;

use super::{mean, row};
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::wait;
use crate::row::Row;
use crate::workload::KINDS;
use crate::world::World;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let (memory, workload) = (world.ours()?.memory(), &world.workload);
    let kind = |number: usize| workload.questions[number].kind;
    let pair = alternate(
        &world.effort,
        |number| timed(|| wait(memory.count(&Filter::kind().eq(KINDS[kind(number)])))),
        |number| timed(|| world.table.count(KINDS[kind(number)])),
    )?;
    let recall = mean(&pair.answers, |number, count| {
        let wanted = workload.documents.iter().filter(|document| document.kind == kind(number)).count();
        f64::from(u8::from(*count == wanted as u64))
    });
    Ok(vec![row(world, "count of a kind", "rusqlite, with an index for it", &pair, recall)])
}
