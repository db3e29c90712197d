//! Records saved one by one, each on disk before the call returns: how many a second, and how often the disk is waited for.

use std::fs;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::{Duration, Instant};

use memory_core::Filter;

use crate::Result;
use crate::counting::syncs;
use crate::handwritten::Table;
use crate::measure::ROUNDS;
use crate::ours::{Ours, wait};
use crate::row::{Row, Unit};
use crate::statistics::Figure;
use crate::workload::Workload;
use crate::world::{World, parts};

const WRITERS: usize = 8;

/// No side saves more in a round than fit between two numbers of records.
const MOST_IN_A_ROUND: usize = 10_000_000;

/// What one side did in its rounds.
#[derive(Debug, Default)]
struct Side {
    rates: Vec<f64>,
    saved: usize,
    seconds: f64,
    syncs: u64,
}

pub(super) fn run(world: &mut World) -> Result<Vec<Row>> {
    let folder = world.spare_folder("bare")?;
    let bare = Table::create(&folder.join("rows.db"), false)?;
    for part in parts(&world.workload) {
        bare.load(&part)?;
    }
    let before = count(world)?;
    let [mut one, mut eight, mut by_hand] = [Side::default(), Side::default(), Side::default()];
    let time = world.effort.saving / ROUNDS as u32;
    for _ in 0..ROUNDS {
        let first = world.reserve(3 * MOST_IN_A_ROUND);
        one.add(|| save(world.ours()?, &world.workload, time, 1, first))?;
        by_hand.add(|| save_by_hand(&bare, &world.workload, time, first + MOST_IN_A_ROUND))?;
        eight.add(|| save(world.ours()?, &world.workload, time, WRITERS, first + 2 * MOST_IN_A_ROUND))?;
    }
    if count(world)? != before + (one.saved + eight.saved) as u64 {
        return Err("not every record that was saved is there".into());
    }
    bare.close()?;
    fs::remove_dir_all(folder)?;
    // A server waits for its disk in a process of its own.
    let counted = world.in_files() && syncs::calls().is_some();
    if !counted {
        println!("fsyncs cannot be counted here, so their two rows are missing");
    }
    Ok(rows(world.workload.records(), &one, &eight, &by_hand, counted))
}

fn rows(records: usize, one: &Side, eight: &Side, by_hand: &Side, counted: bool) -> Vec<Row> {
    let row = |operation, ours: Figure, baseline: Figure, against, unit| Row {
        operation,
        records,
        ours,
        baseline,
        against,
        unit,
        recall: None,
        samples: ROUNDS,
    };
    let (bare, alone) = ("bare INSERT and commit, no FTS5", "the same store, 1 writer");
    let mut rows = vec![
        row("durable save, 1 writer", one.rate(), by_hand.rate(), bare, Unit::PerSecond),
        row("durable save, 8 writers", eight.rate(), one.rate(), alone, Unit::PerSecond),
    ];
    if counted {
        let (one, eight, by_hand) = (one.syncs_a_write(), eight.syncs_a_write(), by_hand.syncs_a_write());
        rows.push(row("durable save, 1 writer, fsyncs counted", one, by_hand, bare, Unit::Syncs));
        rows.push(row("durable save, 8 writers, fsyncs counted", eight, one, alone, Unit::Syncs));
    }
    rows
}

impl Side {
    /// One round: the work answers how many it saved.
    fn add(&mut self, work: impl FnOnce() -> Result<usize>) -> Result<()> {
        let (syncs, start) = (syncs::calls(), Instant::now());
        let saved = work()?;
        let seconds = start.elapsed().as_secs_f64();
        self.rates.push(saved as f64 / seconds);
        self.saved += saved;
        self.seconds += seconds;
        self.syncs += syncs::calls().zip(syncs).map_or(0, |(after, before)| after - before);
        Ok(())
    }

    /// Records a second over all rounds, what was slow in one of them included.
    fn rate(&self) -> Figure {
        Figure::with_range(self.saved as f64 / self.seconds, self.rates.iter().copied())
    }

    fn syncs_a_write(&self) -> Figure {
        Figure::exact(self.syncs as f64 / self.saved as f64)
    }
}

fn count(world: &World) -> Result<u64> {
    wait(world.ours()?.memory().count(&Filter::all()))
}

/// So many threads, each with one save under way.
fn save(ours: &Ours, workload: &Workload, time: Duration, writers: usize, first: usize) -> Result<usize> {
    let (start, next) = (Instant::now(), AtomicUsize::new(first));
    let writer = || -> Result<()> {
        while start.elapsed() < time {
            let number = next.fetch_add(1, Ordering::Relaxed);
            ours.save(&workload.further(number).ok_or("there is no record")?)?;
        }
        Ok(())
    };
    thread::scope(|scope| {
        let writers: Vec<_> = (0..writers).map(|_| scope.spawn(writer)).collect();
        writers.into_iter().try_for_each(|writer| writer.join().map_err(|_| "a writer panicked")?)
    })?;
    Ok(next.into_inner() - first)
}

fn save_by_hand(bare: &Table, workload: &Workload, time: Duration, first: usize) -> Result<usize> {
    let (start, mut next) = (Instant::now(), first);
    while start.elapsed() < time {
        bare.save(&workload.further(next).ok_or("there is no record")?)?;
        next += 1;
    }
    Ok(next - first)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_throughput_is_over_all_rounds_and_a_sync_is_shared_among_its_writes() {
        let side = |rates: [f64; 2], saved, seconds, syncs| Side { rates: rates.to_vec(), saved, seconds, syncs };
        let (one, eight, by_hand) = (
            side([90.0, 110.0], 200, 2.0, 200),
            side([500.0, 300.0], 800, 2.0, 100),
            side([400.0, 400.0], 800, 2.0, 804),
        );
        assert_eq!(rows(1_000, &one, &eight, &by_hand, false).len(), 2);
        let rows = rows(1_000, &one, &eight, &by_hand, true);
        assert_eq!(rows[0].ours, Figure { value: 100.0, low: 90.0, high: 110.0 });
        assert_eq!((rows[0].ratio(), rows[1].ratio()), (Some(0.25), Some(4.0)));
        assert_eq!((rows[2].ours.value, rows[2].baseline.value), (1.0, 1.005));
        assert_eq!((rows[3].ours.value, rows[3].ratio()), (0.125, Some(8.0)));
    }
}
