//! A user's newest records.

use memory_core::{ListRequest, Order, Returns};

use super::row;
use crate::Result;
use crate::measure::{alternate, timed};
use crate::ours::wait;
use crate::row::Row;
use crate::workload::user;
use crate::world::World;

const PAGE: usize = 100;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let (ours, questions) = (world.ours()?, &world.workload.questions);
    let request = ListRequest::new().with_order(Order::CreatedDescending).with_limit(PAGE);
    let request = request.with_returns(Returns::Records);
    let pair = alternate(
        &world.effort,
        |number| {
            let memory = ours.of_user(&user(questions[number].user))?;
            timed(|| wait(memory.list(&request)))
        },
        |number| {
            let namespace = user(questions[number].user);
            timed(|| world.table.newest(&namespace, PAGE))
        },
    )?;
    Ok(vec![row(world, "list, a user's 100 newest", "rusqlite, with an index for it", &pair, None)])
}
