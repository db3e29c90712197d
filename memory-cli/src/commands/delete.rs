//! `memoryctl delete`

use memory_core::{Clock as _, Filter, RecordId, RecordKey, SystemClock};
use serde::Serialize;

use super::confirm;
use super::which::Which;
use crate::context::{Context, absent, record};
use crate::failure::{Failure, note};
use crate::output::{Output, text};
use crate::parse;

/// Delete records by id, by filter or by time
#[derive(clap::Args)]
#[group(skip)]
pub(crate) struct Delete {
    /// The ids. One that several namespaces hold needs --namespace
    #[arg(value_name = "ID", required_unless_present = "which", conflicts_with = "which", value_parser = parse::id)]
    ids: Vec<RecordId>,
    #[command(flatten)]
    which: Which,
    /// Only say how many it would be
    #[arg(long)]
    dry_run: bool,
    /// Do not ask; ids are never asked about
    #[arg(long, short)]
    yes: bool,
}

#[derive(Serialize)]
#[serde(rename_all = "snake_case")]
enum Answer {
    Deleted(u64),
    WouldDelete(u64),
}

/// Deletes, and says how many existed.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Delete) -> Result<(), Failure> {
    if args.which.is_asked() {
        let filter = args.which.filter(SystemClock.now())?;
        return by_filter(context, out, &filter, args.dry_run, args.yes).await;
    }
    by_id(context, out, args.ids, args.dry_run).await
}

async fn by_filter(
    context: &Context,
    out: &mut Output,
    filter: &Filter,
    dry_run: bool,
    yes: bool,
) -> Result<(), Failure> {
    if *filter == Filter::all() {
        let message = "the empty filter matches every record and is refused: to remove all, use memoryctl drop";
        return Err(Failure::Usage(message.to_owned()));
    }
    if !dry_run {
        confirm::possible(yes, "delete by filter")?;
    }
    let memory = context.memory().await?;
    if dry_run {
        return say(out, &Answer::WouldDelete(memory.count(filter).await?));
    }
    if !yes {
        let count = memory.count(filter).await?;
        let place = context.namespace().map_or_else(|| "all namespaces".to_owned(), text::path);
        confirm::ask(
            yes,
            &format!("Delete {} of collection {} in {place}?", text::records(count), memory.spec().name()),
        )?;
    }
    say(out, &Answer::Deleted(memory.delete_where(filter).await?))
}

/// Every id is looked up before the first record goes, so that a doubtful one leaves all of them there.
async fn by_id(context: &Context, out: &mut Output, ids: Vec<RecordId>, dry_run: bool) -> Result<(), Failure> {
    let memory = context.memory().await?;
    let (mut keys, mut missing): (Vec<RecordKey>, Vec<RecordId>) = (Vec::new(), Vec::new());
    for id in ids {
        match record(&memory, &id).await {
            Ok(record) if keys.contains(&record.key) => {}
            Ok(record) => keys.push(record.key),
            Err(Failure::Absent(_)) => missing.push(id),
            Err(other) => return Err(other),
        }
    }
    match dry_run {
        true => say(out, &Answer::WouldDelete(keys.len() as u64))?,
        false => say(out, &Answer::Deleted(memory.delete_all(&keys).await?))?,
    }
    if missing.is_empty() {
        return Ok(());
    }
    out.flush()?;
    Err(absent(&memory, &missing))
}

fn say(out: &mut Output, answer: &Answer) -> Result<(), Failure> {
    if out.is_json() {
        return out.json(answer);
    }
    match answer {
        Answer::Deleted(count) => note(&format!("deleted {}", text::records(*count))),
        Answer::WouldDelete(count) => note(&format!("would delete {}", text::records(*count))),
    }
    Ok(())
}
