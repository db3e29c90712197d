//! The orders of a listing (LI-3).

use memory_core::{Filter, Memory, Namespace, Order, Record, Scope, Timestamp};

use super::{ORDERS, keys, listing, scan};
use crate::context::{Context, at, namespace};
use crate::{Outcome, cases, ensure_eq};

cases! {
    "LI-3": [
        each_order_is_by_its_time_and_ties_by_key,
        an_order_is_kept_within_scope_and_filter,
        many_equal_times_are_ordered_by_id,
        a_new_time_moves_a_record,
        times_differ_by_a_microsecond,
    ],
}

const T0: &str = "1969-12-31T23:59:59.999999Z";
const T1: &str = "1970-01-01T00:00:00Z";
const T2: &str = "2026-01-01T00:00:00.000001Z";
const T3: &str = "2026-01-01T00:00:00.000002Z";
const T4: &str = "9999-12-31T23:59:59.999999Z";

/// Namespace, id, created_at, updated_at; by key, which is not the order of segments: `a!/` comes before `a/`.
const ROWS: [(&[&str], &str, &str, &str); 9] = [
    (&["a!"], "z", T2, T1),
    (&["a"], "10", T1, T2),
    (&["a"], "9", T2, T2),
    (&["a"], "B", T2, T3),
    (&["a"], "b", T0, T2),
    (&["a"], "\u{e9}", T2, T0),
    (&["a"], "\u{10000}", T2, T2),
    (&["a", "b"], "0", T2, T2),
    (&["ab"], "0", T1, T4),
];

async fn filled(context: &Context) -> memory_core::Result<Memory> {
    let memory = context.collection("a").await?;
    // Neither in the order of keys nor of any time.
    for n in [4, 8, 1, 6, 3, 0, 7, 2, 5] {
        let (segments, id, created, updated) = ROWS[n];
        let draft =
            Record::draft(id).namespace(Namespace::new(segments)?).kind(if n % 2 == 0 { "even" } else { "odd" });
        memory.put(draft.created_at(Timestamp::parse(created)?).updated_at(Timestamp::parse(updated)?)).await?;
    }
    Ok(memory)
}

/// What the four orders by time answer.
const EXPECTED: [(Order, [&str; 9]); 4] = [
    (Order::CreatedAscending, ["a/b", "a/10", "ab/0", "a!/z", "a/9", "a/B", "a/é", "a/\u{10000}", "a/b/0"]),
    (Order::CreatedDescending, ["a!/z", "a/9", "a/B", "a/é", "a/\u{10000}", "a/b/0", "a/10", "ab/0", "a/b"]),
    (Order::UpdatedAscending, ["a/é", "a!/z", "a/10", "a/9", "a/b", "a/\u{10000}", "a/b/0", "a/B", "ab/0"]),
    (Order::UpdatedDescending, ["ab/0", "a/B", "a/10", "a/9", "a/b", "a/\u{10000}", "a/b/0", "a!/z", "a/é"]),
];

async fn each_order_is_by_its_time_and_ties_by_key(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    for (order, expected) in EXPECTED {
        for limit in [1, 2, 3, 4, 7, 9, 1000] {
            ensure_eq!(keys(&scan(&memory, listing(order, limit)).await?), expected, "{order:?} in pages of {limit}");
        }
    }
    Ok(())
}

async fn an_order_is_kept_within_scope_and_filter(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let below = memory.narrow(Scope::subtree(namespace(["a"])?))?;
    let alone = memory.narrow(Scope::exact(namespace(["a"])?))?;
    // The keys of two namespaces in turn, which a scan part by part would tear apart.
    let parts = Scope::union([
        Scope::exact(namespace(["a!"])?),
        Scope::exact(namespace(["a", "b"])?),
        Scope::exact(namespace(["ab"])?),
    ])?;
    let parts = memory.narrow(parts)?;
    for limit in [1, 2, 3, 1000] {
        let order = listing(Order::CreatedAscending, limit);
        let found = keys(&scan(&below, order.clone()).await?);
        ensure_eq!(found, ["a/b", "a/10", "a/9", "a/B", "a/é", "a/\u{10000}", "a/b/0"], "below a in pages of {limit}");
        let found = keys(&scan(&alone, order.clone()).await?);
        ensure_eq!(found, ["a/b", "a/10", "a/9", "a/B", "a/é", "a/\u{10000}"], "in a in pages of {limit}");
        ensure_eq!(
            keys(&scan(&parts, order.clone()).await?),
            ["ab/0", "a!/z", "a/b/0"],
            "three parts in pages of {limit}"
        );
        let found = keys(&scan(&memory, order.with_filter(Filter::kind().eq("even"))).await?);
        ensure_eq!(found, ["a/b", "ab/0", "a!/z", "a/9", "a/\u{10000}"], "the even ones in pages of {limit}");
        let backwards = listing(Order::UpdatedDescending, limit);
        ensure_eq!(keys(&scan(&parts, backwards.clone()).await?), ["ab/0", "a/b/0", "a!/z"], "backwards, three parts");
        let found = keys(&scan(&memory, backwards.with_filter(!Filter::kind().eq("even"))).await?);
        ensure_eq!(found, ["a/B", "a/10", "a/b/0", "a/é"], "backwards, the odd ones in pages of {limit}");
    }
    Ok(())
}

async fn many_equal_times_are_ordered_by_id(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let row = |n: usize| Ok(Record::draft(format!("{n:02}")).created_at(at(5)?).updated_at(at(5)?));
    // Put backwards, and in two batches.
    memory.put_all((0..60).rev().filter(|n| n % 2 == 0).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    memory.put_all((0..60).rev().filter(|n| n % 2 == 1).map(row).collect::<memory_core::Result<Vec<_>>>()?).await?;
    let expected: Vec<String> = (0..60).map(|n| format!("n/{n:02}")).collect();
    for order in &ORDERS[1..] {
        for limit in [1, 7, 59, 60] {
            ensure_eq!(keys(&scan(&memory, listing(*order, limit)).await?), expected, "{order:?} in pages of {limit}");
        }
    }
    Ok(())
}

async fn a_new_time_moves_a_record(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (id, created, updated) in [("a", 1, 1), ("b", 2, 2), ("c", 3, 3)] {
        memory.put(Record::draft(id).created_at(at(created)?).updated_at(at(updated)?)).await?;
    }
    memory.put(Record::draft("a").created_at(at(1)?).updated_at(at(9)?)).await?;
    for (order, expected) in [
        (Order::CreatedAscending, ["n/a", "n/b", "n/c"]),
        (Order::CreatedDescending, ["n/c", "n/b", "n/a"]),
        (Order::UpdatedAscending, ["n/b", "n/c", "n/a"]),
        (Order::UpdatedDescending, ["n/a", "n/c", "n/b"]),
    ] {
        ensure_eq!(keys(&scan(&memory, listing(order, 2)).await?), expected, "{order:?}");
    }
    Ok(())
}

async fn times_differ_by_a_microsecond(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    // Against the order of ids, and at both ends of what a time can be.
    let times =
        [253_402_300_799_999_999, 253_402_300_799_999_998, 1, 0, -1, -62_135_596_799_999_999, -62_135_596_800_000_000];
    for (n, micros) in times.into_iter().enumerate() {
        let time = Timestamp::from_micros(micros)?;
        memory.put(Record::draft(n.to_string()).created_at(time).updated_at(time)).await?;
    }
    for limit in [1, 2, 1000] {
        for order in [Order::CreatedAscending, Order::UpdatedAscending] {
            let found = keys(&scan(&memory, listing(order, limit)).await?);
            ensure_eq!(found, ["n/6", "n/5", "n/4", "n/3", "n/2", "n/1", "n/0"], "{order:?} in pages of {limit}");
        }
        for order in [Order::CreatedDescending, Order::UpdatedDescending] {
            let found = keys(&scan(&memory, listing(order, limit)).await?);
            ensure_eq!(found, ["n/0", "n/1", "n/2", "n/3", "n/4", "n/5", "n/6"], "{order:?} in pages of {limit}");
        }
    }
    Ok(())
}
