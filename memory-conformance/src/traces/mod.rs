//! Random traces: the same operations on the backend and on the reference, every answer compared, bit for bit (CA-3).
//!
//! Each trace comes from one seed. One that fails is shrunk and printed, and its seed is kept in `tests/traces.seeds` of the
//! backend's crate, whose seeds are run first from then on. `MEMORY_TRACES` says how many new ones are run, and
//! `MEMORY_TRACE_SEED` which comes first.

mod operation;
mod side;
mod world;

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;

use memory_core::{CollectionSpec, Database, Metric, Scope};
use memory_reference::ReferenceBackend;
use proptest::strategy::{Strategy as _, ValueTree as _};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};

use crate::context::Context;
use crate::{Failure, Outcome, cases};
use operation::Operation;
use side::{Answer, Compared, Side};

cases! {
    "CA-3": [random_traces_agree_with_the_reference],
}

/// The most operations of one trace.
const LENGTH: usize = 60;
/// How many traces are run in an ordinary test, and in a thorough one.
const ORDINARY: u64 = 100;
const THOROUGH: u64 = 2_000;
/// Where the seeds of traces that failed once are kept, from the crate's own folder.
const SEEDS: &str = "tests/traces.seeds";

/// proptest's trees stay on their thread, so the traces run on this one from first to last.
async fn random_traces_agree_with_the_reference(mut context: Context) -> Outcome {
    tokio::task::block_in_place(|| tokio::runtime::Handle::current().block_on(traces(&mut context)))
}

async fn traces(context: &mut Context) -> Outcome {
    let mut histogram = Histogram::default();
    for seed in kept_seeds() {
        run_seed(context, seed, &mut histogram).await?;
    }
    let first = number("MEMORY_TRACE_SEED").unwrap_or_else(|| u64::from(uuid::Uuid::new_v4().as_fields().0) << 20);
    let thorough = std::env::var_os("MEMORY_THOROUGH").is_some();
    let count = number("MEMORY_TRACES").unwrap_or(if thorough { THOROUGH } else { ORDINARY });
    for seed in first..first + count {
        if let Err(failure) = run_seed(context, seed, &mut histogram).await {
            keep_seed(seed);
            return Err(failure);
        }
    }
    eprintln!("{}: {count} traces from seed {first} agree; {histogram}", context.harness.name());
    histogram.check(count)
}

fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

fn kept_seeds() -> Vec<u64> {
    let text = fs::read_to_string(SEEDS).unwrap_or_default();
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

fn keep_seed(seed: u64) {
    let file = fs::OpenOptions::new().create(true).append(true).open(SEEDS);
    match file.and_then(|mut file| writeln!(file, "{seed}")) {
        Ok(()) => eprintln!("seed {seed} is kept in {SEEDS}"),
        Err(error) => eprintln!("seed {seed} could not be kept in {SEEDS}: {error}"),
    }
}

/// Runs the trace of one seed, and if it fails shrinks it to a trace of which no part can be left out.
async fn run_seed(context: &mut Context, seed: u64, histogram: &mut Histogram) -> Outcome {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let mut runner = TestRunner::new_with_rng(Config::default(), TestRng::from_seed(RngAlgorithm::ChaCha, &bytes));
    let metric = Metric::ALL[(seed % Metric::ALL.len() as u64) as usize];
    let mut tree = world::trace(context.capabilities(), LENGTH)
        .new_tree(&mut runner)
        .map_err(|reason| Failure::assertion(format!("no trace could be made: {reason}")))?;
    let Err(mut difference) = run_trace(context, metric, &tree.current(), Some(histogram)).await else { return Ok(()) };
    let mut smallest = tree.current();
    while tree.simplify() {
        loop {
            match run_trace(context, metric, &tree.current(), None).await {
                Err(smaller) => {
                    (difference, smallest) = (smaller, tree.current());
                    break;
                }
                Ok(()) if tree.complicate() => {}
                Ok(()) => break,
            }
        }
    }
    Err(Failure::assertion(format!(
        "seed {seed}, metric {metric}: {difference}\nthe trace, run again by MEMORY_TRACE_SEED={seed} MEMORY_TRACES=1:\n{}",
        printed(&smallest)?
    )))
}

/// A trace as JSON, an operation a line.
fn printed(trace: &[Operation]) -> Result<String, Failure> {
    let lines: Result<Vec<String>, _> = trace.iter().map(serde_json::to_string).collect();
    lines
        .map(|lines| lines.join("\n"))
        .map_err(|reason| Failure::assertion(format!("a trace could not be printed: {reason}")))
}

/// Runs one trace on both sides. The error says where they differ.
async fn run_trace(
    context: &mut Context,
    metric: Metric,
    trace: &[Operation],
    mut histogram: Option<&mut Histogram>,
) -> Result<(), String> {
    let error = |error: memory_core::Error| format!("the trace could not be run: {error}");
    let suffix = format!("trace{}", &uuid::Uuid::new_v4().simple().to_string()[..12]);
    let spec = CollectionSpec::new(context.name(&suffix).map_err(error)?).with_vectors(2, metric).map_err(error)?;
    let limits = context.capabilities().limits.clone();
    let reference = Database::new(ReferenceBackend::with_limits(limits)).with_clock(context.clock.clone());
    let compared = Compared::new(context.capabilities());
    let mut expected = Side::new(reference.create(&spec, Scope::all()).await.map_err(error)?);
    let mut observed = Side::new(context.database.create(&spec, Scope::all()).await.map_err(error)?);
    context.set_clock(0).map_err(error)?;
    for (at, operation) in trace.iter().enumerate() {
        let (left, right) = match operation {
            Operation::Clock { offset } => {
                context.set_clock(*offset).map_err(error)?;
                continue;
            }
            Operation::Recreate => {
                for database in [&reference, &context.database] {
                    database.drop_collection(spec.name()).await.map_err(error)?;
                }
                expected.memory = reference.create(&spec, Scope::all()).await.map_err(error)?;
                observed.memory = context.database.create(&spec, Scope::all()).await.map_err(error)?;
                continue;
            }
            Operation::Restart => {
                context.restart().await.map_err(error)?;
                observed.memory = context.database.open(spec.name(), Scope::all()).await.map_err(error)?;
                continue;
            }
            Operation::Ask(ask) => (expected.ask(ask, &compared).await, observed.ask(ask, &compared).await),
        };
        if let Some(histogram) = histogram.as_deref_mut() {
            histogram.count(operation, &left);
        }
        if left.text != right.text {
            return Err(format!("operation {at} differs\n  reference: {}\n  backend:   {}", left.text, right.text));
        }
    }
    context.database.drop_collection(spec.name()).await.map_err(error)?;
    Ok(())
}

/// How often each operation was run, and how often a read answered something.
#[derive(Debug, Default)]
struct Histogram {
    operations: BTreeMap<&'static str, u64>,
    reads: u64,
    reads_with_something: u64,
}

impl Histogram {
    fn count(&mut self, operation: &Operation, answer: &Answer) {
        *self.operations.entry(operation.name()).or_default() += 1;
        if operation.is_read() {
            self.reads += 1;
            self.reads_with_something += u64::from(answer.something);
        }
    }

    /// Traces that read nothing show nothing.
    fn check(&self, traces: u64) -> Outcome {
        crate::ensure!(
            traces < ORDINARY || self.reads_with_something * 2 >= self.reads,
            "less than half of the reads answered something: {self}"
        );
        Ok(())
    }
}

impl std::fmt::Display for Histogram {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} of {} reads answered something;", self.reads_with_something, self.reads)?;
        self.operations.iter().try_for_each(|(name, count)| write!(f, " {name} {count}"))
    }
}

#[cfg(test)]
mod tests {
    use super::operation::{Ask, Key, Operation};

    #[test]
    fn a_trace_prints_as_json() {
        let get = Operation::Ask(Ask::Get { keys: vec![Key { namespace: 1, id: 2 }] });
        let printed = super::printed(&[Operation::Clock { offset: -1 }, Operation::Recreate, get]).unwrap();
        assert_eq!(
            printed,
            "{\"clock\":{\"offset\":-1}}\n\"recreate\"\n{\"ask\":{\"get\":{\"keys\":[{\"namespace\":1,\"id\":2}]}}}"
        );
    }
}
