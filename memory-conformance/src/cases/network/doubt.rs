//! Writes whose answer is lost: the caller is told what may have been written (WR-4, WR-5).

use memory_core::{ErrorKind, Precondition, Record, Switch, Version};

use super::{Site, soon};
use crate::cases::state::Must as _;
use crate::context::{Context, key};
use crate::proxy::Link;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_kind};

cases! {
    "WR-4": [
        (a_batch_whose_answer_is_lost_says_what_is_in_doubt, Needs::Server),
    ],
    "WR-5": [
        (a_conditional_write_whose_answer_is_lost_is_nobodys_to_repeat, Needs::Server),
    ],
}

/// Where the connection is cut, counted in what the server says: at the write's answer, or at something said before it. The last lets
/// everything through that is said of a few records.
const CUTS: [u64; 11] = [0, 3, 6, 12, 25, 50, 100, 200, 400, 2_000, 1 << 20];

async fn a_batch_whose_answer_is_lost_says_what_is_in_doubt(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    let memory = &site.memory;
    let mut landed = 0;
    for cut in CUTS {
        let names: Vec<String> = (0..20).map(|number| format!("batch {cut} {number}")).collect();
        // What a connection says once, when it is new or hears this kind of call for the first time, has been said before the cut.
        let others = (0..20).map(|number| Record::draft(format!("before {number}")));
        soon("a batch before", memory.put_all(others)).await?.must("a batch before the cut")?;
        site.proxy.set(Link::Cut(cut));
        let written = soon("a batch", memory.put_all(names.iter().map(|name| Record::draft(name.as_str())))).await?;
        site.proxy.set(Link::Open);
        let found =
            soon("a get", memory.get_all(names.iter().map(String::as_str))).await?.must("a get of the batch")?;
        landed += found.iter().flatten().count();
        for (name, found) in names.iter().zip(&found) {
            let name = key(["n"], name)?;
            let (is_there, has_failed) = (found.is_some(), written.as_ref().err());
            let accepted = has_failed.is_none_or(|error| error.accepted().contains(&name));
            let unknown = has_failed.is_some_and(|error| error.unknown().contains(&name));
            ensure!(is_there || !accepted, "cut after {cut} bytes: {name} was accepted and is not there");
            ensure!(!is_there || accepted || unknown, "cut after {cut} bytes: {name} is there and was not listed");
        }
    }
    ensure!(landed > 0, "some of the writes have landed");
    site.recovers().await
}

async fn a_conditional_write_whose_answer_is_lost_is_nobodys_to_repeat(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    let memory = &site.memory;
    if !site.context.capabilities().has(Switch::ConditionalWrites) {
        site.proxy.set(Link::Refused);
        let refused = soon("a conditional put", memory.put_if(Record::draft("00"), Precondition::Absent)).await?;
        ensure_kind!(refused, Unsupported, "a conditional put while the server is away (CA-2)");
        return site.recovers().await;
    }
    for cut in CUTS {
        let before = version(&site).await?;
        let content = format!("changed at {cut}");
        // Open again at once, so that a call which somebody repeats would come through.
        site.proxy.set(Link::CutOnce(cut));
        let change = Record::draft("counter").content(content.as_str());
        let condition = before.clone().map_or(Precondition::Absent, Precondition::Version);
        let put = soon("a conditional put", memory.put_if(change, condition)).await?;
        site.proxy.set(Link::Open);
        let after = soon("a get", memory.get("counter")).await?.must("a get of the counter")?;
        let landed = after.is_some_and(|stored| stored.record.content.as_str() == content);
        match put {
            Ok(_) => ensure!(landed, "cut after {cut} bytes: it was acknowledged and is not there"),
            Err(error) if landed => {
                ensure!(!error.is_retryable(), "cut after {cut} bytes: it landed, and was to be tried again: {error}");
                ensure!(
                    error.kind() != ErrorKind::Conflict,
                    "cut after {cut} bytes: it landed, and was repeated: {error}"
                );
            }
            Err(error) => {
                ensure!(
                    error.kind() == ErrorKind::Unavailable,
                    "cut after {cut} bytes: expected Unavailable, got {error}"
                );
            }
        }
    }
    site.recovers().await
}

/// The counter's version, if it is there.
async fn version(site: &Site) -> Result<Option<Version>, Failure> {
    let found = soon("a get", site.memory.get("counter")).await?.must("a get of the counter")?;
    Ok(found.and_then(|stored| stored.version))
}
