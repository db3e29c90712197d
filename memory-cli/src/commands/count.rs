//! `memoryctl count`

use memory_core::Filter;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::parse;

/// Count records
#[derive(clap::Args)]
pub(crate) struct Count {
    /// Only those that match this filter
    #[arg(long, value_name = "JSON", value_parser = parse::filter)]
    filter: Option<Filter>,
}

#[derive(Serialize)]
struct Answer {
    count: u64,
}

/// Writes the number.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Count) -> Result<(), Failure> {
    let count = context.memory().await?.count(&args.filter.unwrap_or_else(Filter::all)).await?;
    if out.is_json() { out.json(&Answer { count }) } else { out.line(count) }
}
