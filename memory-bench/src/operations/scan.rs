//! The baseline of the vector searches beside the best kernel known: it must not be an easy one to beat.

use std::sync::Arc;

use super::row;
use crate::Result;
use crate::handwritten::{Kernel, Scanner};
use crate::measure::{alternate, timed};
use crate::row::Row;
use crate::world::World;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let threads = world.scanner.threads();
    let simsimd = Scanner::new(Arc::clone(&world.workload.vectors), Kernel::simsimd(), threads);
    let questions = &world.workload.questions;
    let pair = alternate(
        &world.effort,
        |number| timed(|| Ok(world.scanner.nearest(&questions[number].vector))),
        |number| timed(|| Ok(simsimd.nearest(&questions[number].vector))),
    )?;
    Ok(vec![row(world, "(the flat scan itself)", "simsimd's kernel, as many threads", &pair, None)])
}
