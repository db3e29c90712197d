//! `memoryctl bench`

mod measure;

use std::time::{SystemTime, UNIX_EPOCH};

use futures_util::TryStreamExt as _;
use memory_core::{CollectionName, CollectionSpec, ListRequest, Memory, Record, Returns, Scope};
use serde::Serialize;

use self::measure::Measured;
use crate::context::Context;
use crate::failure::{Failure, note};
use crate::interrupt::Interrupt;
use crate::output::{Output, text};

/// How many records are listed at once.
const PAGE: usize = 1_000;

/// Say how long each operation takes on a copy of a collection, and whether vector searches find the nearest. The copy is made
/// beside the collection, and dropped at the end
#[derive(clap::Args)]
pub(crate) struct Bench {
    /// How many records are copied at most
    #[arg(long, value_name = "N", default_value_t = 10_000, value_parser = clap::value_parser!(u64).range(1..))]
    records: u64,
    /// How often each operation is done
    #[arg(long, value_name = "N", default_value_t = 50, value_parser = clap::value_parser!(u64).range(1..=100_000))]
    times: u64,
}

#[derive(Serialize)]
struct Answer<'a> {
    collection: &'a str,
    records: usize,
    operations: &'a [Measured],
}

/// Copies, measures, and drops the copy, whatever has come of it.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Bench) -> Result<(), Failure> {
    let source = context.memory().await?;
    let records = copied(&source, usize::try_from(args.records).unwrap_or(usize::MAX)).await?;
    if records.is_empty() {
        return Err(Failure::Absent(format!("collection {} has no records to measure with", source.spec().name())));
    }
    let spec = beside(source.spec())?;
    let database = context.database(false).await?;
    let memory = database.create(&spec, Scope::all()).await?;
    let times = usize::try_from(args.times).unwrap_or(usize::MAX);
    let measured = Interrupt::new().or(measure::all(&memory, &records, times)).await;
    if let Err(error) = database.drop_collection(spec.name()).await {
        note(&format!("the copy could not be dropped: `memoryctl drop {}` does so", spec.name()));
        measured?;
        return Err(error.into());
    }
    let measured = measured?.ok_or_else(|| Failure::Interrupted("interrupted; the copy is dropped".to_owned()))?;
    let name = source.spec().name();
    if out.is_json() {
        return out.json(&Answer { collection: name.as_str(), records: records.len(), operations: &measured });
    }
    out.line(format!("{} of collection {name}, in {}", text::records(records.len() as u64), context.store()))?;
    out.line(format!("{:<34} {:>10} {:>10} {:>8}", "operation", "median", "95 %", "recall"))?;
    measured.iter().try_for_each(|measured| out.line(line(measured)))
}

/// The first live records of the scope, whole.
async fn copied(source: &Memory, most: usize) -> Result<Vec<Record>, Failure> {
    let mut stored =
        std::pin::pin!(source.stream(ListRequest::new().with_limit(PAGE).with_returns(Returns::Embeddings)));
    let mut records = Vec::new();
    while records.len() < most
        && let Some(stored) = stored.try_next().await?
    {
        records.push(stored.record);
    }
    Ok(records)
}

/// The spec of a collection like this one, with a name that none has.
fn beside(spec: &CollectionSpec) -> Result<CollectionSpec, Failure> {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |time| time.as_nanos());
    let copy = CollectionSpec::new(CollectionName::new(format!("bench_{now:x}"))?).with_analyser(spec.analyser());
    Ok(match spec.vectors() {
        Some(vectors) => copy.with_vectors(vectors.dimension, vectors.metric)?,
        None => copy,
    })
}

fn line(measured: &Measured) -> String {
    let Measured { operation, median_ms, p95_ms, recall, .. } = measured;
    let recall = recall.map_or_else(String::new, |recall| format!("{recall:.4}"));
    format!("{operation:<34} {median_ms:>7.2} ms {p95_ms:>7.2} ms {recall:>8}").trim_end().to_owned()
}

#[cfg(test)]
mod tests {
    use memory_core::Metric;

    use super::*;

    #[test]
    fn a_copy_is_like_its_source_but_for_its_name() {
        let notes = CollectionSpec::new(CollectionName::new("notes").unwrap());
        let copy = beside(&notes.clone().with_vectors(3, Metric::Dot).unwrap()).unwrap();
        assert!(copy.name().as_str().starts_with("bench_") && copy.analyser() == notes.analyser());
        assert_eq!(copy.vectors().map(|vectors| (vectors.dimension, vectors.metric)), Some((3, Metric::Dot)));
        assert!(beside(&notes).unwrap().vectors().is_none());
    }

    #[test]
    fn a_line_has_columns() {
        let measured = |recall| Measured { operation: "get", samples: 9, median_ms: 0.125, p95_ms: 12.0, recall };
        assert_eq!(line(&measured(None)), "get                                   0.12 ms   12.00 ms");
        assert_eq!(line(&measured(Some(1.0))), "get                                   0.12 ms   12.00 ms   1.0000");
    }
}
