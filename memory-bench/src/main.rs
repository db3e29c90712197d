//! Measures a store against what one would write by hand: `cargo xtask bench`. The README says how to read what it prints.
#![allow(clippy::print_stdout, reason = "a command talks on its standard streams")]

mod args;
mod counting;
mod handwritten;
mod machine;
mod measure;
mod operations;
mod ours;
mod output;
mod random;
mod row;
mod statistics;
mod truth;
mod workload;
mod world;

use std::fs;
use std::path::Path;

use clap::Parser as _;
use memory_core::CollectionName;

use crate::args::Args;
use crate::machine::{Limits, Machine};
use crate::operations::Operation;
use crate::ours::Place;
use crate::row::Row;
use crate::world::World;

#[global_allocator]
static HEAP: counting::heap::Counting = counting::heap::Counting;

/// Whatever stops a measurement; the text is for the person at the terminal.
pub(crate) type Failure = Box<dyn std::error::Error + Send + Sync>;

/// What measuring answers.
pub(crate) type Result<T> = std::result::Result<T, Failure>;

fn main() -> Result<()> {
    let args = Args::parse();
    fs::create_dir_all(&args.out).map_err(|error| format!("{}: {error}", args.out.display()))?;
    let machine = Machine::of_this_process();
    println!("{machine}\n");
    let (mut rows, mut limits) = (Vec::new(), Vec::new());
    for &records in &args.records {
        let (measured, limit) = one_size(&args, records, &machine)?;
        rows.extend(measured);
        limits.push(limit);
    }
    output::write(&args.out, &machine, &rows, &limits)?;
    println!("\n{}", args.out.join("index.html").display());
    Ok(())
}

/// Every operation at one number of records, in a folder of its own that is gone afterwards.
fn one_size(args: &Args, records: usize, machine: &Machine) -> Result<(Vec<Row>, Limits)> {
    let folder = tempfile::Builder::new().prefix("data-").tempdir_in(&args.out)?;
    let effort = args.effort();
    let place = match &args.store {
        None => Place::Folder(folder.path().join("ours")),
        Some(url) => Place::Url(url.clone(), CollectionName::new(format!("bench_{}_{records}", std::process::id()))?),
    };
    let (mut world, loaded) = World::load(folder.path(), place, records, effort, machine)?;
    let limits = Limits::measure(folder.path(), &world.workload, &world.scanner)?;
    println!("{limits}\n\n{}", output::table::head());
    let mut rows = Vec::new();
    let mut take = |measured: Vec<Row>| {
        for row in measured {
            println!("{}", output::table::line(&row));
            rows.push(row);
        }
    };
    take(loaded);
    for Operation { name, of_files, run } in operations::ALL {
        if *of_files && !world.in_files() {
            println!("{name}: left out, for it is about the files and the memory of a store in this process");
        } else if args.wants(name) {
            take(run(&mut world).map_err(|error| format!("{name} at {records} records: {error}"))?);
        }
    }
    world.close()?;
    println!();
    Ok((rows, limits))
}

/// How many bytes a folder's files have, those of folders in it included.
pub(crate) fn folder_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let kind = entry.metadata()?;
        bytes += if kind.is_dir() { folder_bytes(&entry.path())? } else { kind.len() };
    }
    Ok(bytes)
}
