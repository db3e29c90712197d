//! Counting (LI-5).

use memory_core::{Draft, Filter, Memory, Metadata, Record, Scope};

use super::{keys, listing, scan};
use crate::context::{Context, at, key, namespace};
use crate::{Failure, Outcome, cases, ensure_eq};

cases! {
    "LI-5": [
        count_is_the_length_of_the_list,
        count_follows_every_write,
        count_leaves_out_what_has_expired,
        count_is_not_bounded_by_a_page,
    ],
}

/// The count that is expected, which the list has to agree with.
async fn counts(memory: &Memory, filter: &Filter, expected: usize, what: &str) -> Outcome {
    let count =
        memory.count(filter).await.map_err(|error| Failure::assertion(format!("{what}: count failed: {error}")))?;
    ensure_eq!(count, expected as u64, "{what}: count");
    let found = scan(memory, listing(memory_core::Order::Unspecified, 7).with_filter(filter.clone())).await?;
    ensure_eq!(keys(&found).len(), expected, "{what}: list");
    Ok(())
}

fn row(n: usize) -> memory_core::Result<Draft> {
    let home = [namespace(["a"])?, namespace(["a", "b"])?, namespace(["ab"])?][n % 3].clone();
    let metadata = Metadata::from_json(&if n.is_multiple_of(4) { "{}".to_owned() } else { format!(r#"{{"n":{n}}}"#) })?;
    Ok(Record::draft(format!("{n}")).namespace(home).kind(if n < 10 { "early" } else { "late" }).metadata(metadata))
}

async fn count_is_the_length_of_the_list(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    all.put_all((0..30).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    let n = || Filter::metadata(["n"]);
    // In all, in `a` alone (0, 3, 6, …), below `a` (those with 1, 4, 7, … too), in `ab` (2, 5, 8, …).
    for (filter, expected) in [
        (Filter::all(), [30, 10, 20, 10]),
        (Filter::or([]), [0, 0, 0, 0]),
        (Filter::kind().eq("early"), [10, 4, 7, 3]),
        (!Filter::kind().eq("early"), [20, 6, 13, 7]),
        (n().exists(false), [8, 3, 6, 2]),
        (n().lt(10), [7, 3, 5, 2]),
        (!n().lt(10), [23, 7, 15, 8]),
        (n().is_in([1, 2, 3, 4]), [3, 1, 2, 1]),
        (Filter::id().starts_with("1"), [11, 3, 8, 3]),
        (Filter::and([n().ge(5), n().le(7)]), [3, 1, 2, 1]),
    ] {
        let scopes = [
            Scope::all(),
            Scope::exact(namespace(["a"])?),
            Scope::subtree(namespace(["a"])?),
            Scope::subtree(namespace(["ab"])?),
        ];
        for (scope, expected) in scopes.into_iter().zip(expected) {
            counts(&all.narrow(scope.clone())?, &filter, expected, &format!("{filter:?} in {scope:?}")).await?;
        }
    }
    Ok(())
}

async fn count_follows_every_write(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let every = Filter::all();
    counts(&all, &every, 0, "nothing yet").await?;
    all.put_all((0..6).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    counts(&all, &every, 6, "six put").await?;
    all.put_all((3..9).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    counts(&all, &every, 9, "three of them again, and three more").await?;
    all.put_all([row(1)?, row(1)?, row(9)?, row(9)?]).await?;
    counts(&all, &every, 10, "one new, twice in a batch").await?;
    all.put(row(1)?.namespace(namespace(["other"])?)).await?;
    counts(&all, &every, 11, "the same id elsewhere").await?;
    all.delete_all([key(["a"], "0")?, key(["a"], "0")?, key(["a"], "absent")?]).await?;
    counts(&all, &every, 10, "one deleted, asked twice").await?;
    all.delete_where(&Filter::id().is_in(["1", "2"])).await?;
    counts(&all, &every, 7, "1 in two namespaces, and 2").await?;
    all.put(row(3)?.kind("changed")).await?;
    counts(&all, &Filter::kind().eq("changed"), 1, "one changed").await?;
    counts(&all, &Filter::kind().eq("early"), 6, "that is not what it was").await?;
    all.clear().await?;
    counts(&all, &every, 0, "cleared").await
}

async fn count_leaves_out_what_has_expired(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for n in 0..10 {
        memory.put(Record::draft(n.to_string()).expires_at(at(n)?)).await?;
    }
    memory.put(Record::draft("never")).await?;
    for (now, expected) in [(-1, 11), (0, 10), (1, 9), (5, 5), (8, 2), (9, 1), (1_000_000, 1)] {
        context.set_clock(now)?;
        counts(&memory, &Filter::all(), expected, &format!("{now} microseconds later")).await?;
        counts(&memory, &Filter::expires_at().exists(true), expected - 1, &format!("those that will expire, at {now}"))
            .await?;
        counts(&memory, &Filter::expires_at().exists(false), 1, &format!("the one that will not, at {now}")).await?;
    }
    Ok(())
}

async fn count_is_not_bounded_by_a_page(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory
        .put_all((0..1234).map(|n| Record::draft(n.to_string()).kind(if n % 2 == 0 { "even" } else { "odd" })))
        .await?;
    counts(&memory, &Filter::all(), 1234, "more than a page").await?;
    counts(&memory, &Filter::kind().eq("odd"), 617, "half of them").await?;
    counts(&memory, &Filter::id().starts_with("12"), 45, "12, 120 to 129, 1200 to 1233").await
}
