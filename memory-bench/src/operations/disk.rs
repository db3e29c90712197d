//! What lies on disk when both sides are closed.

use crate::row::{Row, Unit};
use crate::statistics::Figure;
use crate::world::World;
use crate::{Result, folder_bytes};

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    world.table.checkpoint()?;
    let sizes = |world: &World| {
        let theirs = std::fs::metadata(world.their_folder().join("rows.db"))?.len();
        Ok((folder_bytes(&world.our_folder())?, theirs))
    };
    let (ours, baseline) = world.without_ours(sizes)?;
    Ok(vec![Row {
        operation: "disk size",
        records: world.workload.records(),
        ours: Figure::exact(ours as f64),
        baseline: Figure::exact(baseline as f64),
        against: "rusqlite's rows and FTS5",
        unit: Unit::Bytes,
        recall: None,
        samples: 1,
    }])
}
