//! Listing namespaces (SC-4).

use memory_core::{Filter, Memory, Namespace, NamespacesRequest, Record, Scope};

use super::{below, exact};
use crate::context::{Context, at, key, namespace};
use crate::{Failure, Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "SC-4": [
        namespaces_at_every_depth_in_the_order_of_keys,
        after_is_exclusive_and_need_not_exist,
        pages_of_every_size_hold_each_namespace_once,
        a_cut_namespace_may_lie_above_the_scope,
        only_namespaces_with_live_records_are_listed,
        a_limit_of_nothing_and_depths_out_of_range_are_refused,
        a_namespace_with_many_records_is_listed_once,
        a_page_starts_after_a_path_that_is_deeper_than_the_cut,
    ],
}

const ROWS: [&[&str]; 13] = [
    &["a"],
    &["a", "b"],
    &["a", "b!"],
    &["a", "b", "c"],
    &["a", "b", "c", "d", "e", "f", "g", "h"],
    &["a!"],
    &["a!", "x"],
    &["a0"],
    &["a/b"],
    &["%"],
    &["A"],
    &["z", "only", "deep"],
    &["\u{e9}"],
];

/// Uncut, in the bytewise order of keys: `!` and `%` come before `/`, `0` comes after it.
const WHOLE: [&str; 13] = [
    "%25/",
    "A/",
    "a!/",
    "a!/x/",
    "a%2Fb/",
    "a/",
    "a/b!/",
    "a/b/",
    "a/b/c/",
    "a/b/c/d/e/f/g/h/",
    "a0/",
    "z/only/deep/",
    "é/",
];
const CUT_TO_1: [&str; 8] = ["%25/", "A/", "a!/", "a%2Fb/", "a/", "a0/", "z/", "é/"];
const CUT_TO_2: [&str; 11] = ["%25/", "A/", "a!/", "a!/x/", "a%2Fb/", "a/", "a/b!/", "a/b/", "a0/", "z/only/", "é/"];
const CUT_TO_3: [&str; 12] =
    ["%25/", "A/", "a!/", "a!/x/", "a%2Fb/", "a/", "a/b!/", "a/b/", "a/b/c/", "a0/", "z/only/deep/", "é/"];
const CUT_TO_7: [&str; 13] = [
    "%25/",
    "A/",
    "a!/",
    "a!/x/",
    "a%2Fb/",
    "a/",
    "a/b!/",
    "a/b/",
    "a/b/c/",
    "a/b/c/d/e/f/g/",
    "a0/",
    "z/only/deep/",
    "é/",
];

async fn filled(context: &Context) -> memory_core::Result<Memory> {
    let memory = context.collection("a").await?;
    let rows = ROWS.iter().rev().map(|segments| Ok(Record::draft("1").namespace(Namespace::new(*segments)?)));
    memory.put_all(rows.collect::<memory_core::Result<Vec<_>>>()?).await?;
    Ok(memory)
}

async fn keys(memory: &Memory, request: &NamespacesRequest) -> Result<Vec<String>, Failure> {
    let found = memory.namespaces(request).await;
    let found = found.map_err(|error| Failure::assertion(format!("namespaces failed: {error}")))?;
    Ok(found.iter().map(|namespace| namespace.key().to_owned()).collect())
}

fn request() -> NamespacesRequest {
    NamespacesRequest::new()
}

async fn namespaces_at_every_depth_in_the_order_of_keys(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    ensure_eq!(keys(&memory, &request()).await?, WHOLE, "whole");
    ensure_eq!(keys(&memory, &request().with_depth(Some(8))).await?, WHOLE, "depth 8");
    ensure_eq!(keys(&memory, &request().with_depth(Some(1))).await?, CUT_TO_1, "depth 1");
    ensure_eq!(keys(&memory, &request().with_depth(Some(2))).await?, CUT_TO_2, "depth 2");
    ensure_eq!(keys(&memory, &request().with_depth(Some(3))).await?, CUT_TO_3, "depth 3");
    ensure_eq!(keys(&memory, &request().with_depth(Some(7))).await?, CUT_TO_7, "depth 7");
    let found = memory.namespaces(&request().with_depth(Some(1))).await?;
    ensure_eq!(found.get(3).map(Namespace::segments), Some(vec!["a/b".to_owned()]), "a slash inside a segment is data");
    Ok(())
}

async fn after_is_exclusive_and_need_not_exist(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for (after, depth, expected) in [
        (namespace(["a"])?, None, &WHOLE[6..]),
        (namespace(["a", "a"])?, None, &WHOLE[6..]),
        (namespace(["a", "b"])?, None, &WHOLE[8..]),
        (namespace(["a", "b", "a"])?, None, &WHOLE[8..]),
        (namespace(["a", "zzz"])?, None, &WHOLE[10..]),
        (namespace(["a!"])?, None, &WHOLE[3..]),
        (namespace(["a\""])?, None, &WHOLE[4..]),
        (namespace(["!"])?, None, &WHOLE[..]),
        (namespace(["é"])?, None, &[]),
        (namespace(["\u{10ffff}"])?, None, &[]),
        (namespace(["a"])?, Some(1), &CUT_TO_1[5..]),
        (namespace(["Z"])?, Some(1), &CUT_TO_1[2..]),
        (namespace(["y"])?, Some(1), &CUT_TO_1[6..]),
        (namespace(["a", "b"])?, Some(2), &CUT_TO_2[8..]),
        (namespace(["z"])?, Some(2), &CUT_TO_2[9..]),
        (namespace(["a", "b", "c", "d", "e", "f", "g"])?, Some(7), &CUT_TO_7[10..]),
    ] {
        let found = keys(&memory, &request().with_depth(depth).with_after(Some(after.clone()))).await?;
        ensure_eq!(found, expected, "after {after:?} at depth {depth:?}");
    }
    Ok(())
}

async fn a_page_starts_after_a_path_that_is_deeper_than_the_cut(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    // The keys that are greater than the path, of those that are listed: `a/` is not, though records below it are.
    let found = keys(&memory, &request().with_depth(Some(1)).with_after(Some(namespace(["a", "b"])?))).await?;
    ensure_eq!(found, ["a0/", "z/", "é/"], "after a/b/ at depth 1");
    let found = keys(&memory, &request().with_depth(Some(2)).with_after(Some(namespace(["a", "b", "c"])?))).await?;
    ensure_eq!(found, ["a0/", "z/only/", "é/"], "after a/b/c/ at depth 2");
    Ok(())
}

async fn pages_of_every_size_hold_each_namespace_once(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for (depth, expected) in
        [(None, &WHOLE[..]), (Some(1), &CUT_TO_1[..]), (Some(2), &CUT_TO_2[..]), (Some(7), &CUT_TO_7[..])]
    {
        for limit in [1, 2, 3, 7, 13, 1000] {
            let mut pages: Vec<Vec<String>> = Vec::new();
            let mut after = None;
            for _ in 0..=expected.len() {
                let found =
                    memory.namespaces(&request().with_depth(depth).with_limit(limit).with_after(after.clone())).await?;
                after = found.last().cloned().or(after);
                pages.push(found.iter().map(|namespace| namespace.key().to_owned()).collect());
            }
            ensure_eq!(pages.concat(), expected, "pages of {limit} at depth {depth:?}");
            // There is no cursor that says more is to come, so every page is full but the last.
            let full = pages.iter().take_while(|page| page.len() == limit).count();
            ensure_eq!(full, expected.len() / limit, "full pages of {limit} at depth {depth:?}");
        }
    }
    Ok(())
}

async fn a_cut_namespace_may_lie_above_the_scope(context: Context) -> Outcome {
    let all = filled(&context).await?;
    for (scope, depth, expected) in [
        (below(["a", "b"])?, None, &["a/b/", "a/b/c/", "a/b/c/d/e/f/g/h/"] as &[&str]),
        (below(["a", "b"])?, Some(1), &["a/"]),
        (below(["a", "b"])?, Some(2), &["a/b/"]),
        (below(["a", "b"])?, Some(3), &["a/b/", "a/b/c/"]),
        (exact(["a", "b", "c"])?, Some(1), &["a/"]),
        (exact(["a"])?, None, &["a/"]),
        (below(["a"])?, Some(2), &["a/", "a/b!/", "a/b/"]),
        (below(["z"])?, None, &["z/only/deep/"]),
        (below(["z", "only"])?, Some(1), &["z/"]),
        (exact(["z"])?, None, &[]),
        (below(["a", "b", "x"])?, Some(1), &[]),
        (Scope::union([exact(["a", "b", "c"])?, below(["z"])?, exact(["a"])?])?, Some(1), &["a/", "z/"]),
        (Scope::union([exact(["é"])?, below(["a!"])?, exact(["a!", "x"])?])?, None, &["a!/", "a!/x/", "é/"]),
    ] {
        let found = keys(&all.narrow(scope.clone())?, &request().with_depth(depth)).await?;
        ensure_eq!(found, expected, "{scope:?} at depth {depth:?}");
    }
    // A page goes on after one that lies above or outside the scope.
    let memory = all.narrow(below(["a", "b"])?)?;
    let found = keys(&memory, &request().with_after(Some(namespace(["a"])?))).await?;
    ensure_eq!(found, ["a/b/", "a/b/c/", "a/b/c/d/e/f/g/h/"], "after a path above the scope");
    let found = keys(&memory, &request().with_after(Some(namespace(["b"])?))).await?;
    ensure_eq!(found, [""; 0], "after a path behind the scope");
    Ok(())
}

async fn only_namespaces_with_live_records_are_listed(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    ensure_eq!(keys(&memory, &request()).await?, [""; 0], "nothing yet");
    memory.put(Record::draft("1").namespace(namespace(["live"])?)).await?;
    memory.put(Record::draft("1").namespace(namespace(["dying", "x"])?).expires_at(at(10)?)).await?;
    memory.put(Record::draft("1").namespace(namespace(["mixed"])?).expires_at(at(10)?)).await?;
    memory.put(Record::draft("2").namespace(namespace(["mixed"])?)).await?;
    memory.put(Record::draft("1").namespace(namespace(["dead"])?).expires_at(at(0)?)).await?;
    ensure_eq!(keys(&memory, &request()).await?, ["dying/x/", "live/", "mixed/"], "one was dead when it came");
    context.set_clock(9)?;
    ensure_eq!(
        keys(&memory, &request().with_depth(Some(1))).await?,
        ["dying/", "live/", "mixed/"],
        "a microsecond before"
    );
    context.set_clock(10)?;
    ensure_eq!(keys(&memory, &request()).await?, ["live/", "mixed/"], "one has expired");
    ensure_eq!(
        keys(&memory, &request().with_depth(Some(1)).with_limit(1)).await?,
        ["live/"],
        "an expired one takes no place"
    );
    memory.delete(key(["mixed"], "2")?).await?;
    ensure_eq!(keys(&memory, &request()).await?, ["live/"], "the last live one was deleted");
    memory.put(Record::draft("1").namespace(namespace(["dying", "x"])?)).await?;
    ensure_eq!(keys(&memory, &request()).await?, ["dying/x/", "live/"], "revived");
    memory.narrow(below(["live"])?)?.clear().await?;
    ensure_eq!(keys(&memory, &request()).await?, ["dying/x/"], "cleared");
    Ok(())
}

async fn a_limit_of_nothing_and_depths_out_of_range_are_refused(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let calls = context.calls.count();
    ensure_kind!(memory.namespaces(&request().with_limit(0)).await, InvalidArgument, "limit 0");
    for depth in [0, 9, usize::MAX] {
        ensure_kind!(memory.namespaces(&request().with_depth(Some(depth))).await, InvalidArgument, "depth {depth}");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn a_namespace_with_many_records_is_listed_once(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let row = |n: usize| Ok(Record::draft(n.to_string()).namespace(namespace(["t", &format!("{:03}", n / 4), "x"])?));
    memory.put_all((0..600).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 600, "four in each of 150");
    let found = keys(&memory, &request().with_depth(Some(2)).with_limit(1000)).await?;
    let expected: Vec<String> = (0..150).map(|n| format!("t/{n:03}/")).collect();
    ensure_eq!(found, expected, "each once, in order");
    ensure_eq!(keys(&memory, &request()).await?.len(), 100, "the default page");
    ensure_eq!(keys(&memory, &request().with_depth(Some(1))).await?, ["t/"], "all in one");
    Ok(())
}
