//! One record deleted, durably. It is put back afterwards, unmeasured.

use super::{mean, row};
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::{key, wait};
use crate::row::Row;
use crate::world::World;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let (ours, workload) = (world.ours()?, &world.workload);
    let fields = |number: usize| workload.fields(workload.questions[number].record).ok_or("there is no record");
    let pair = alternate(
        &world.effort,
        |number| {
            let fields = fields(number)?;
            let key = key(&fields.namespace, &fields.id)?;
            let (took, deleted) = timed(|| wait(ours.memory().delete(&key)))?;
            ours.save(&fields)?;
            Ok((took, deleted))
        },
        |number| {
            let fields = fields(number)?;
            let (took, deleted) = timed(|| world.table.delete(&fields.namespace, &fields.id))?;
            world.table.save(&fields)?;
            Ok((took, deleted))
        },
    )?;
    let recall = mean(&pair.answers, |_, deleted| f64::from(u8::from(*deleted)));
    Ok(vec![row(world, "delete by id", "rusqlite with FTS5", &pair, recall)])
}
