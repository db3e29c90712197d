//! `memoryctl count`

use memory_core::{Clock as _, SystemClock};
use serde::Serialize;

use super::which::Which;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Count records
#[derive(clap::Args)]
pub(crate) struct Count {
    #[command(flatten)]
    which: Which,
}

#[derive(Serialize)]
struct Answer {
    count: u64,
}

/// Writes the number.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Count) -> Result<(), Failure> {
    let filter = args.which.filter(SystemClock.now())?;
    let count = context.memory().await?.count(&filter).await?;
    if out.is_json() { out.json(&Answer { count }) } else { out.line(count) }
}
