//! What the store holds in memory once it has searched: bytes on Rust's heap and bytes of its folder's files that are mapped.

use crate::Result;
use crate::counting::{heap, mapped};
use crate::ours::{Ours, Place, nearest, search};
use crate::row::{Row, Unit};
use crate::statistics::Figure;
use crate::workload::DIMENSION;
use crate::world::World;

/// So many searches of a kind, lest something is only built by the second.
const SEARCHES: usize = 3;

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let (both, vectors, text) = world
        .without_ours(|world| Ok((held(world, true, true)?, held(world, true, false)?, held(world, false, true)?)))?;
    let records = world.workload.records();
    let flat = records * (DIMENSION * size_of::<f32>() + size_of::<i64>());
    let fts5 = world.table.text_bytes()? as usize;
    let row = |operation, ours: usize, baseline: usize, against| {
        let (ours, baseline) = (Figure::exact(ours as f64), Figure::exact(baseline as f64));
        Row { operation, records, ours, baseline, against, unit: Unit::Bytes, recall: None, samples: 1 }
    };
    Ok(vec![
        row("memory for searching", both, flat + fts5, "f32 vectors, a row number each, FTS5's bytes"),
        row("memory for searching, vectors and maps", vectors, flat, "f32 vectors and a row number each"),
        row("memory for searching, postings and maps", text, fts5, "FTS5's bytes, which are on disk"),
    ])
}

/// Opens the store, searches, and says by how much the program has grown. Nothing else happens meanwhile.
fn held(world: &World, vector: bool, text: bool) -> Result<usize> {
    let folder = world.our_folder();
    let before = heap::held() + mapped::bytes(&folder);
    let ours = Ours::open(&Place::Folder(folder.clone()))?;
    for question in world.workload.questions.iter().take(SEARCHES) {
        if vector {
            search(ours.memory(), &nearest(&question.vector)?)?;
        }
        if text {
            search(ours.memory(), &ours.memory().text(&question.text()))?;
        }
    }
    let after = heap::held() + mapped::bytes(&folder);
    ours.close()?;
    Ok(after.saturating_sub(before))
}
