//! From the closed store to the first answer: with what it left beside its file, and without. The files are in the page cache.

use std::fs;
use std::path::Path;
use std::sync::Arc;

use super::row;
use crate::Result;
use crate::handwritten::{Kernel, Scanner, Table};
use crate::measure::{Effort, Pair, alternate, alternate_once, timed};
use crate::ours::{Ours, Place, nearest, search};
use crate::row::Row;
use crate::world::World;

/// Opening is slow enough that fewer times say enough.
const TIMES: usize = 10;

const AGAINST: &str = "rusqlite, all vectors read, flat f32 scan";

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let effort = Effort { questions: world.effort.questions.min(TIMES), ..world.effort };
    let (warm, rebuilt) = world.without_ours(|world| {
        let folder = world.our_folder();
        let warm = alternate(&effort, |number| first_answer(world, &folder, number), |number| by_hand(world, number))?;
        // The database file alone, in a folder of its own: whatever is derived and stands beside it has to be made again.
        let spare = world.spare_folder("alone")?;
        let rebuild = |number| {
            fs::remove_dir_all(&spare)?;
            fs::create_dir(&spare)?;
            fs::copy(folder.join("ours.db"), spare.join("ours.db"))?;
            first_answer(world, &spare, number)
        };
        let rebuilt: Pair<()> = alternate_once(&effort, rebuild, |number| by_hand(world, number))?;
        fs::remove_dir_all(&spare)?;
        Ok((warm, rebuilt))
    })?;
    let operation = "open to first answer, rebuilt from the database file alone";
    Ok(vec![row(world, "open to first answer", AGAINST, &warm, None), row(world, operation, AGAINST, &rebuilt, None)])
}

/// Closing is not measured.
fn first_answer(world: &World, folder: &Path, number: usize) -> Result<(std::time::Duration, ())> {
    let (took, ours) = timed(|| {
        let ours = Ours::open(&Place::Folder(folder.to_owned()))?;
        search(ours.memory(), &nearest(&world.workload.questions[number].vector)?)?;
        Ok(ours)
    })?;
    Ok((took, ours.close()?))
}

fn by_hand(world: &World, number: usize) -> Result<(std::time::Duration, Vec<(f32, usize)>)> {
    timed(|| {
        let table = Table::open(&world.their_folder().join("rows.db"))?;
        let vectors = Arc::new(table.vectors(world.workload.records())?);
        let kernel = Kernel::own().pop().unwrap_or(Kernel::simsimd());
        Ok(Scanner::new(vectors, kernel, 1).nearest(&world.workload.questions[number].vector))
    })
}
