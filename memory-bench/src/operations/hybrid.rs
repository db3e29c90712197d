//! Both legs and their fusion, against one vector and one text search as deep as the legs go.

use memory_core::{Embedding, Exactness, HybridRequest, Returns};

use super::row;
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::{nearest, search, wait};
use crate::row::Row;
use crate::world::World;

/// How deep each leg of a hybrid search for ten hits goes (HY-1).
const DEPTH: usize = 100;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let (memory, questions) = (world.ours()?.memory(), &world.workload.questions);
    let pair = alternate(
        &world.effort,
        |number| {
            timed(|| {
                let question = &questions[number];
                let request = HybridRequest::new(question.text(), Embedding::new(question.vector.as_slice())?);
                let request = request.with_exactness(Exactness::Exact).with_returns(Returns::Keys);
                wait(memory.hybrid(&request))
            })
        },
        |number| {
            timed(|| {
                let question = &questions[number];
                search(memory, &nearest(&question.vector)?.with_k(DEPTH))?;
                search(memory, &memory.text(&question.text()).with_k(DEPTH).with_returns(Returns::Keys))
            })
        },
    )?;
    Ok(vec![row(world, "hybrid", "the same store, vector then text, 100 hits each", &pair, None)])
}
