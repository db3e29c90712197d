//! `memoryctl list`

use clap::ValueEnum;
use memory_core::{Clock as _, Cursor, ListRequest, Order, Record, Returns, SystemClock};
use serde::Serialize;
use serde_json::value::RawValue;

use super::which::Which;
use crate::context::Context;
use crate::failure::{Failure, note};
use crate::output::{Output, hits, json};

/// List records, page by page
#[derive(clap::Args)]
pub(crate) struct List {
    #[command(flatten)]
    which: Which,
    /// In which order
    #[arg(long, value_enum, default_value = "unspecified")]
    order: By,
    /// At most so many
    #[arg(long, value_name = "N", default_value = "20", value_parser = clap::value_parser!(u32).range(1..))]
    limit: u32,
    /// Go on where the page before ended; filter, times, order and namespace as they were
    #[arg(long, value_name = "CURSOR")]
    cursor: Option<String>,
}

/// The orders of LI-3.
#[derive(Clone, Copy, ValueEnum)]
enum By {
    /// As the store likes
    Unspecified,
    /// Oldest first
    CreatedAscending,
    /// Newest first
    CreatedDescending,
    /// Least recently changed first
    UpdatedAscending,
    /// Most recently changed first
    UpdatedDescending,
}

impl From<By> for Order {
    fn from(by: By) -> Self {
        match by {
            By::Unspecified => Self::Unspecified,
            By::CreatedAscending => Self::CreatedAscending,
            By::CreatedDescending => Self::CreatedDescending,
            By::UpdatedAscending => Self::UpdatedAscending,
            By::UpdatedDescending => Self::UpdatedDescending,
        }
    }
}

#[derive(Serialize)]
struct Answer<'a> {
    records: Vec<Box<RawValue>>,
    cursor: Option<&'a str>,
}

/// Writes a page, and on standard error how to get the next.
pub(crate) async fn run(context: &Context, out: &mut Output, args: List) -> Result<(), Failure> {
    if args.cursor.is_some() && args.which.is_counted_from_now() {
        let message =
            "with --cursor, --since and --until are the times that the page before named, not counted from now";
        return Err(Failure::Usage(message.to_owned()));
    }
    let now = SystemClock.now();
    let filter = args.which.filter(now)?;
    let memory = context.memory().await?;
    let mut request = ListRequest::new()
        .with_filter(filter)
        .with_order(args.order.into())
        .with_cursor(args.cursor.map(Cursor::new))
        .with_returns(Returns::Records);
    let limit = args.limit as usize;
    let mut records: Vec<Record> = Vec::new();
    // A store's page may be shorter than asked, also empty (LI-2).
    loop {
        let page = memory.list(&request.clone().with_limit(limit - records.len())).await?;
        records.extend(page.records.into_iter().map(|stored| stored.record));
        request = request.with_cursor(page.cursor);
        if request.cursor.is_none() || records.len() >= limit {
            break;
        }
    }
    let cursor = request.cursor.as_ref().map(Cursor::as_str);
    let times = args.which.times_from(now)?;
    if out.is_json() {
        let records: Result<_, Failure> = records.iter().map(json::record).collect();
        out.json(&Answer { records: records?, cursor })?;
    } else {
        records.iter().try_for_each(|record| hits::listed(out, record))?;
    }
    out.flush()?;
    // A document holds the cursor itself, but not the times that a page counted from now was of.
    if let Some(cursor) = cursor
        && (!out.is_json() || args.which.is_counted_from_now())
    {
        note(&format!("more with --cursor={cursor}{times}"));
    }
    Ok(())
}
