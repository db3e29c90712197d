//! Pages of a listing that nothing disturbs (LI-2).

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _};
use memory_core::{Draft, Filter, ListRequest, Memory, Metadata, Order, Record, Returns};

use super::{ORDERS, keys, listing, page, scan};
use crate::context::{Context, at, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "LI-2": [
        a_full_scan_holds_each_record_once_at_any_page_size,
        a_full_scan_with_a_filter_holds_each_match_once,
        a_page_without_a_cursor_is_the_last,
        pages_of_changing_sizes_join,
        a_page_size_of_nothing_is_refused,
        a_stream_is_the_whole_listing,
        pages_hold_whole_records,
        a_selective_filter_ends_the_listing,
    ],
}

/// 25 records, the same ids in two namespaces; three share each time, and the orders by the two times differ.
fn rows() -> memory_core::Result<Vec<Draft>> {
    (0..25_i64)
        .map(|n| {
            let home = if n % 2 == 0 { namespace(["n"])? } else { namespace(["n", "x"])? };
            Ok(Record::draft(format!("r{:02}", n / 2))
                .namespace(home)
                .kind(if n % 5 == 0 { "fifth" } else { "" })
                .content(format!("text {n}"))
                .created_at(at(n / 3)?)
                .updated_at(at((25 - n) / 3)?))
        })
        .collect()
}

async fn filled(context: &Context) -> memory_core::Result<Memory> {
    let memory = context.home("a").await?;
    memory.put_all(rows()?).await?;
    Ok(memory)
}

/// The keys of the 25 records, sorted.
fn all_keys() -> Vec<String> {
    let mut keys: Vec<String> =
        (0..25).map(|n| format!("n/{}r{:02}", if n % 2 == 0 { "" } else { "x/" }, n / 2)).collect();
    keys.sort();
    keys
}

fn sorted(mut keys: Vec<String>) -> Vec<String> {
    keys.sort();
    keys
}

async fn a_full_scan_holds_each_record_once_at_any_page_size(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for order in ORDERS {
        for limit in [1, 2, 3, 7, 24, 25, 26, 1000] {
            let found = scan(&memory, listing(order, limit)).await?;
            ensure_eq!(sorted(keys(&found)), all_keys(), "{order:?} in pages of {limit}");
        }
    }
    Ok(())
}

async fn a_full_scan_with_a_filter_holds_each_match_once(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for order in ORDERS {
        for limit in [1, 2, 3, 5, 1000] {
            let request = listing(order, limit).with_filter(Filter::kind().eq("fifth"));
            let found = sorted(keys(&scan(&memory, request).await?));
            ensure_eq!(found, ["n/r00", "n/r05", "n/r10", "n/x/r02", "n/x/r07"], "{order:?} in pages of {limit}");
            let request = listing(order, limit).with_filter(!Filter::kind().eq("fifth"));
            ensure_eq!(scan(&memory, request).await?.len(), 20, "the others, {order:?} in pages of {limit}");
        }
    }
    Ok(())
}

async fn a_page_without_a_cursor_is_the_last(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for order in ORDERS {
        // Before the 25 are seen there is a cursor on every page, however full or empty it is.
        for limit in [1, 2, 3, 5, 7, 12, 24] {
            let mut request = listing(order, limit);
            let mut seen = 0;
            while seen < 25 {
                let page = page(&memory, &request).await?;
                seen += page.records.len();
                ensure!(seen == 25 || page.cursor.is_some(), "{order:?}, {limit}: the last page, and {seen} seen");
                match page.cursor {
                    Some(cursor) => request = request.with_cursor(Some(cursor)),
                    None => break,
                }
            }
        }
    }
    let empty = context.collection("empty").await?;
    ensure_eq!(scan(&empty, ListRequest::new()).await?.len(), 0, "an empty collection");
    Ok(())
}

async fn pages_of_changing_sizes_join(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for order in ORDERS {
        let whole = keys(&scan(&memory, listing(order, 1000)).await?);
        let mut request = listing(order, 1);
        let mut found = Vec::new();
        for limit in [1, 5, 2, 1, 9, 3, 1000, 1, 1, 1].into_iter().cycle().take(100) {
            let page = page(&memory, &request.clone().with_limit(limit)).await?;
            found.extend(keys(&page.records));
            let Some(cursor) = page.cursor else { break };
            request = request.with_cursor(Some(cursor));
        }
        ensure_eq!(sorted(found.clone()), all_keys(), "{order:?}: each once");
        ensure!(order == Order::Unspecified || found == whole, "{order:?}: {found:?} is not {whole:?}");
    }
    Ok(())
}

async fn a_page_size_of_nothing_is_refused(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let cursor = page(&memory, &listing(Order::Unspecified, 1)).await?.cursor;
    let calls = context.calls.count();
    for order in ORDERS {
        ensure_kind!(memory.list(&listing(order, 0)).await, InvalidArgument, "page size 0");
    }
    let request = listing(Order::Unspecified, 0).with_cursor(cursor);
    ensure_kind!(memory.list(&request).await, InvalidArgument, "page size 0 with a cursor");
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn a_stream_is_the_whole_listing(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for order in ORDERS {
        for limit in [1, 4, 25, 1000] {
            let found: Vec<_> = memory.stream(listing(order, limit)).take(1000).try_collect().await?;
            ensure_eq!(sorted(keys(&found)), all_keys(), "{order:?} by {limit}");
        }
        let from = page(&memory, &listing(order, 10)).await?;
        let rest: Vec<_> = memory.stream(listing(order, 4).with_cursor(from.cursor)).take(1000).try_collect().await?;
        let both: Vec<String> = keys(&from.records).into_iter().chain(keys(&rest)).collect();
        ensure_eq!(sorted(both), all_keys(), "{order:?}: a page, and a stream of the rest");
    }
    let refused: memory_core::Result<Vec<_>> = memory.stream(listing(Order::Unspecified, 0)).try_collect().await;
    ensure_kind!(refused, InvalidArgument, "a stream by pages of nothing");
    Ok(())
}

async fn pages_hold_whole_records(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let metadata = || Metadata::from_json(r#"{"a":[1,1.0,-0.0,null,9007199254740993],"b":{"":""}}"#);
    for n in 0..5 {
        let draft = Record::draft(n.to_string()).kind("k").content("word").tags(["b", "a"]).metadata(metadata()?);
        let draft = draft.embedding([0.1, -0.2, 1e-7]).created_at(at(n)?).updated_at(at(n + 1)?).expires_at(at(100)?);
        memory.put(draft).await?;
    }
    for order in ORDERS {
        for returns in [Returns::Embeddings, Returns::Records, Returns::Keys] {
            for stored in scan(&memory, listing(order, 2).with_returns(returns)).await? {
                let read = memory.get(&stored.record.key).await?;
                let whole = read.ok_or_else(|| crate::Failure::assertion("a listed record is not there"))?;
                ensure_eq!(stored.version, whole.version, "{order:?}, {returns:?}: version");
                let mut expected = whole.record;
                ensure_eq!(expected.embedding.is_some(), true, "get answers the embedding");
                if returns != Returns::Embeddings {
                    expected.embedding = None;
                }
                ensure_eq!(stored.record, expected, "{order:?}, {returns:?}: record");
            }
        }
    }
    Ok(())
}

async fn a_selective_filter_ends_the_listing(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory
        .put_all((0..300).map(|n| Record::draft(format!("{n:03}")).kind(if n % 100 == 50 { "rare" } else { "usual" })))
        .await?;
    for order in ORDERS {
        for limit in [1, 2, 1000] {
            let found = keys(&scan(&memory, listing(order, limit).with_filter(Filter::kind().eq("rare"))).await?);
            let different: BTreeSet<&String> = found.iter().collect();
            ensure_eq!(sorted(found.clone()), ["n/050", "n/150", "n/250"], "{order:?} in pages of {limit}");
            ensure_eq!(different.len(), found.len(), "each once");
            let none = scan(&memory, listing(order, limit).with_filter(Filter::kind().eq("none"))).await?;
            ensure_eq!(none.len(), 0, "a filter that nothing matches");
        }
    }
    Ok(())
}
