//! How many records one call may read (RE-8).

use futures_util::TryStreamExt as _;
use memory_core::{
    Error, ErrorKind, Exactness, Filter, HybridRequest, ListRequest, Memory, NamespacesRequest, Order, Query, Record,
    Scope, SearchRequest,
};

use crate::cases::state::{Must as _, everything};
use crate::context::{Context, namespace};
use crate::harness::Settings;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

const PUBLISHED: Needs =
    Needs::Capability("a limit of records read", |capabilities| capabilities.limits.read_records.is_some());

cases! {
    "RE-8": [
        (reads_at_the_limit_answer_in_full, PUBLISHED),
        (one_record_more_is_refused_and_changes_nothing, PUBLISHED),
        (records_outside_the_scope_are_not_read, PUBLISHED),
        what_is_not_limited_works_at_any_size,
    ],
}

const LIMIT: u64 = 20;

/// A collection on a database that may read twenty records a call, seen whole.
async fn limited(context: &Context) -> memory_core::Result<Memory> {
    let context = context.with_settings(&Settings { read_records: Some(LIMIT), ..Settings::default() }).await?;
    context.collection("a").await
}

/// As [`limited`], seen from namespace `["n"]`, where so many records are. All match every question that [`ask`] asks.
async fn holding(context: &Context, records: u64) -> memory_core::Result<Memory> {
    let memory = limited(context).await?.narrow(Scope::subtree(namespace(["n"])?))?;
    memory.put_all((0..records).map(record)).await?;
    Ok(memory)
}

fn record(n: u64) -> memory_core::Draft {
    Record::draft(format!("{n:03}")).kind("old").content("word").embedding([1.0, n as f32, 0.0]).tags(["t"])
}

/// How many records a whole listing holds; a page may be short, so that it need not read too much (LI-2).
async fn listed(memory: &Memory, order: Order) -> Result<u64, Error> {
    let records: Vec<_> = memory.stream(ListRequest::new().with_order(order).with_limit(100)).try_collect().await?;
    Ok(records.len() as u64)
}

/// What may have to read records: each call answers how many it found.
async fn ask(memory: &Memory, what: &str) -> Result<u64, Error> {
    let exact = || -> Result<_, Error> {
        let query = Query::Vector { embedding: [1.0, 0.0, 0.0].try_into()?, exactness: Exactness::Exact };
        Ok(SearchRequest::new(query).with_k(100))
    };
    match what {
        "exact search" => Ok(memory.search(&exact()?).await?.hits.len() as u64),
        "filtered exact search" => {
            let request = exact()?.with_filter(Filter::kind().eq("old")).with_k(100);
            Ok(memory.search(&request).await?.hits.len() as u64)
        }
        "text ranking" => Ok(memory.search_text("word", 100).await?.hits.len() as u64),
        "hybrid search" => {
            let request = HybridRequest::new("word", [1.0, 0.0, 0.0].try_into()?).with_k(100);
            Ok(memory.hybrid(&request).await?.hits.len() as u64)
        }
        "listing by created_at" => listed(memory, Order::CreatedAscending).await,
        "listing by updated_at" => listed(memory, Order::UpdatedDescending).await,
        "count" => memory.count(&Filter::tags().contains("t")).await,
        "namespaces" => Ok(memory.namespaces(&NamespacesRequest::new()).await?.len() as u64),
        _ => memory.delete_where(&Filter::tags().contains("t")).await,
    }
}

/// `delete_where` comes last, for it leaves nothing to the others.
const CALLS: [&str; 9] = [
    "exact search",
    "filtered exact search",
    "text ranking",
    "hybrid search",
    "listing by created_at",
    "listing by updated_at",
    "count",
    "namespaces",
    "delete_where",
];

fn whole(what: &str, records: u64) -> u64 {
    if what == "namespaces" { 1 } else { records }
}

async fn reads_at_the_limit_answer_in_full(context: Context) -> Outcome {
    let memory = holding(&context, LIMIT).await?;
    ensure_eq!(memory.capabilities().limits.read_records, Some(LIMIT), "the limit is published as it was lowered");
    for what in CALLS {
        ensure_eq!(ask(&memory, what).await.must(what)?, whole(what, LIMIT), "{what} of as many as may be read");
    }
    ensure!(everything(&memory).await?.is_empty(), "delete_where has deleted them");
    Ok(())
}

async fn one_record_more_is_refused_and_changes_nothing(context: Context) -> Outcome {
    let memory = holding(&context, LIMIT + 1).await?;
    let before = everything(&memory).await?;
    ensure_eq!(before.len(), 21, "all are stored");
    let mut refused = 0;
    for what in CALLS {
        match ask(&memory, what).await {
            // What the server does by itself reads nothing to the client, and is whole.
            Ok(found) => ensure_eq!(found, whole(what, LIMIT + 1), "{what} never answers from a part"),
            Err(error) if error.kind() == ErrorKind::LimitExceeded => {
                refused += 1;
                ensure!(error.to_string().contains("20"), "{what}: the error names the limit: {error}");
                ensure!(everything(&memory).await? == before, "{what}: a refusal has changed nothing");
            }
            Err(error) => return Err(Failure::assertion(format!("{what}: expected LimitExceeded, but got {error}"))),
        }
    }
    ensure!(refused > 0, "a limit that no call meets is not to be published");
    Ok(())
}

async fn records_outside_the_scope_are_not_read(context: Context) -> Outcome {
    let wide = limited(&context).await?;
    for (segment, records) in [("m", 2 * LIMIT), ("n", LIMIT), ("nn", 2 * LIMIT)] {
        let memory = wide.narrow(Scope::exact(namespace([segment])?))?;
        memory.put_all((0..records).map(record)).await?;
    }
    let memory = wide.narrow(Scope::subtree(namespace(["n"])?))?;
    for what in CALLS {
        ensure_eq!(ask(&memory, what).await.must(what)?, whole(what, LIMIT), "{what} reads the scope alone");
    }
    ensure_eq!(everything(&wide).await?.len(), 80, "delete_where has deleted in its scope alone");
    Ok(())
}

async fn what_is_not_limited_works_at_any_size(context: Context) -> Outcome {
    let memory = holding(&context, 3 * LIMIT).await?;
    ensure_eq!(everything(&memory).await?.len(), 60, "a listing in the unspecified order reads a page at a time");
    let ids: Vec<String> = (0..60).map(|n| format!("{n:03}")).collect();
    let found = memory.get_all(ids.iter().map(String::as_str)).await.must("a read by ids")?;
    ensure_eq!(found.iter().flatten().count(), 60, "so does a read by ids");
    ensure_eq!(memory.delete_all(ids).await.must("a delete by ids")?, 60, "and a delete by ids");
    Ok(())
}
