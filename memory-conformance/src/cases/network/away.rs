//! A server that is absent, cut off, silent, slow or mad (ER-3).

use std::time::Duration;

use futures_util::future::join_all;
use memory_core::ErrorKind::{Corrupt, Timeout, Unavailable};
use memory_core::{Database, ErrorKind, ListRequest, Record};

use super::{Site, is_whole, soon, sorted_ids};
use crate::cases::state::Must as _;
use crate::context::{Context, hits};
use crate::proxy::Link;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

cases! {
    "ER-3": [
        (an_absent_server_is_unavailable_until_it_is_back, Needs::Server),
        (reset_connections_are_unavailable_and_replaced, Needs::Server),
        (a_silent_server_is_a_timeout_within_the_configured_time, Needs::Server),
        (a_server_slower_than_the_configured_time_is_a_timeout, Needs::Server),
        (a_server_that_closes_before_it_answers_is_unavailable, Needs::Server),
        (nonsense_is_an_error, Needs::Server),
        (a_server_that_is_slow_within_the_time_is_waited_for, Needs::Server),
        (connecting_to_a_server_that_is_away_ends_within_the_time, Needs::Server),
        (calls_dropped_while_the_server_is_silent_cost_nothing, Needs::Server),
    ],
}

/// Every call fails with one of these kinds, twice: on the connections that are there, and when new ones are needed. Then
/// the same handle works.
async fn fails_and_recovers(context: Context, link: Link, kinds: &[ErrorKind]) -> Outcome {
    let site = Site::new(&context).await?;
    let backend = site.context.capabilities().backend.clone();
    site.proxy.set(link);
    for round in ["at first", "again"] {
        for (operation, result) in site.call_everything().await? {
            let Err(error) = result else {
                return Err(Failure::assertion(format!("{link:?}: {operation} succeeds without its server")));
            };
            ensure!(
                kinds.contains(&error.kind()),
                "{link:?}, {operation} {round}: expected {kinds:?}, but got {error}"
            );
            ensure_eq!(error.operation(), Some(operation), "the operation of {error}");
            ensure_eq!(error.backend(), Some(backend.as_str()), "the backend of {error}");
            let may_pass = matches!(error.kind(), Unavailable | Timeout);
            ensure_eq!(error.is_retryable(), may_pass, "whether to try again after {error}");
        }
    }
    site.recovers().await
}

async fn an_absent_server_is_unavailable_until_it_is_back(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Refused, &[Unavailable]).await
}

async fn reset_connections_are_unavailable_and_replaced(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Reset, &[Unavailable]).await
}

async fn a_silent_server_is_a_timeout_within_the_configured_time(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Stalled, &[Timeout]).await
}

async fn a_server_slower_than_the_configured_time_is_a_timeout(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Slow(Duration::from_secs(20)), &[Timeout]).await
}

async fn a_server_that_closes_before_it_answers_is_unavailable(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Cut(0), &[Unavailable]).await
}

/// What the bytes happen to say to the client is open: that they are none of its own, that the connection is useless, or
/// that so much more is to come.
async fn nonsense_is_an_error(context: Context) -> Outcome {
    fails_and_recovers(context, Link::Garbled, &[Corrupt, Timeout, Unavailable]).await
}

async fn a_server_that_is_slow_within_the_time_is_waited_for(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    let memory = &site.memory;
    site.proxy.set(Link::Slow(Duration::from_millis(30)));
    soon("a slow put", memory.put(Record::draft("slowly").content("unhurried"))).await?.must("a slow put")?;
    let page = soon("a slow list", memory.list(&ListRequest::new())).await?.must("a slow list")?;
    is_whole(&sorted_ids(&page))?;
    let found = soon("a slow search", memory.search_text("unhurried", 10)).await?.must("a slow search")?;
    ensure_eq!(hits(&found), ["n/slowly"], "a slow search");
    site.recovers().await
}

async fn connecting_to_a_server_that_is_away_ends_within_the_time(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    for (link, kind) in [(Link::Refused, Unavailable), (Link::Reset, Unavailable), (Link::Stalled, Timeout)] {
        site.proxy.set(link);
        // A backend may connect with the first call only.
        let attempt = async {
            let backend = site.context.test_database.connect().await?;
            Database::new(backend).collections().await
        };
        match soon("connecting", attempt).await? {
            Ok(_) => return Err(Failure::assertion(format!("{link:?}: connecting succeeds without a server"))),
            Err(error) => ensure_eq!(error.kind(), kind, "{link:?}, connecting: {error}"),
        }
    }
    site.recovers().await
}

async fn calls_dropped_while_the_server_is_silent_cost_nothing(context: Context) -> Outcome {
    let site = Site::new(&context).await?;
    let memory = &site.memory;
    site.proxy.set(Link::Stalled);
    let calls = join_all((0..100).map(|number| async move {
        if number % 2 == 0 {
            memory.put(Record::draft(format!("doubt{number}"))).await.map(drop)
        } else {
            memory.get("00").await.map(drop)
        }
    }));
    let dropped = tokio::time::timeout(Duration::from_millis(200), calls).await;
    ensure!(dropped.is_err(), "calls were under way when they were dropped");
    site.recovers().await
}
