//! `memoryctl get`

use memory_core::RecordId;
use serde::Serialize;
use serde_json::value::RawValue;

use crate::context::{Context, absent, records};
use crate::failure::Failure;
use crate::output::{Output, hits, json};
use crate::parse;

/// Show records by id, whole, in the order of the ids; where several namespaces hold an id, each of them
#[derive(clap::Args)]
pub(crate) struct Get {
    /// The ids
    #[arg(required = true, value_name = "ID", value_parser = parse::id)]
    ids: Vec<RecordId>,
}

#[derive(Serialize)]
struct Answer {
    records: Vec<Box<RawValue>>,
}

/// Writes the records that there are; then fails if one is absent.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Get) -> Result<(), Failure> {
    let memory = context.memory().await?;
    let (mut found, mut missing) = (Vec::new(), Vec::new());
    for id in args.ids {
        let records = records(&memory, &id).await?;
        if records.is_empty() {
            missing.push(id);
        }
        found.extend(records);
    }
    if out.is_json() {
        let records: Result<_, Failure> = found.iter().map(json::record).collect();
        out.json(&Answer { records: records? })?;
    } else {
        for (at, record) in found.iter().enumerate() {
            if at > 0 {
                out.line("")?;
            }
            hits::whole(out, record)?;
        }
    }
    if missing.is_empty() {
        return Ok(());
    }
    out.flush()?;
    Err(absent(&memory, &missing))
}
