//! Answers that are cut short (ER-3).

use memory_core::{Error, ErrorKind, ListRequest};

use super::{RECORDS, Site, id, is_whole, soon, sorted_ids};
use crate::cases::state::Must as _;
use crate::context::{Context, hits};
use crate::proxy::Link;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

cases! {
    "ER-3": [
        (an_answer_that_is_cut_short_is_no_answer, Needs::Server),
    ],
}

/// Where answers are cut: in a header, in a row, between rows. The whole answer is longer than 10 KiB.
const CUTS: [u64; 12] = [0, 1, 4, 5, 9, 33, 100, 500, 1_500, 3_000, 5_000, 9_000];

async fn an_answer_that_is_cut_short_is_no_answer(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    let memory = &site.memory;
    let list = ListRequest::new();
    let mut failed = 0;
    for cut in CUTS {
        for call in ["list", "get", "search", "count"] {
            // A connection that is there, so that the answer is cut and not the greeting.
            site.proxy.set(Link::Open);
            soon("a get", memory.get("00")).await?.must("a get through an open link")?;
            site.proxy.set(Link::Cut(cut));
            let outcome = match call {
                "list" => soon(call, memory.list(&list)).await?.map(|page| is_whole(&sorted_ids(&page))),
                "get" => soon(call, memory.get_all((0..RECORDS).map(id))).await?.map(|found| {
                    ensure!(found.len() == RECORDS && found.iter().all(Option::is_some), "a get finds a part");
                    Ok(())
                }),
                "search" => soon(call, memory.search_text("shared", RECORDS)).await?.map(|found| {
                    ensure_eq!(hits(&found).len(), RECORDS, "a search finds a part");
                    Ok(())
                }),
                _ => soon(call, memory.count(&memory_core::Filter::kind().eq(""))).await?.map(|count| {
                    ensure_eq!(count, RECORDS as u64, "a count of a part");
                    Ok(())
                }),
            };
            failed += usize::from(outcome.is_err());
            judge(call, cut, outcome)?;
        }
    }
    ensure!(failed >= CUTS.len(), "answers were cut: {failed} calls failed");
    site.recovers().await
}

/// The whole answer, or an error of the right kind.
fn judge(call: &str, cut: u64, outcome: Result<Outcome, Error>) -> Outcome {
    match outcome {
        Ok(whole) => whole,
        Err(error) if error.kind() == ErrorKind::Unavailable => Ok(()),
        Err(error) => {
            Err(Failure::assertion(format!("{call}, cut after {cut} bytes: expected Unavailable, got {error}")))
        }
    }
}
