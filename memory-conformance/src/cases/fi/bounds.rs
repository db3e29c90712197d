//! How deep, wide and long a filter may be (FI-9).

use memory_core::{Filter, ListRequest, Metadata, Record, Timestamp};

use super::table::{Rows, deletes, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "FI-9": [
        thirty_two_levels_work_and_one_more_is_refused,
        nodes_up_to_1024_work_and_one_more_is_refused,
        lists_of_a_thousand_work_and_one_more_is_refused,
        wide_trees_of_every_leaf_work,
        more_operands_than_a_server_binds_work,
        the_largest_filters_search_and_delete_too,
    ],
}

const VALUES: [&str; 5] = ["absent", "1", "2", "1000", r#""a""#];

/// `levels` of nodes around a leaf that asks for 1: the leaf is the last level.
fn nested(levels: usize, open: &[&str], close: &[&str]) -> String {
    let mut json = leaf(super::table::V, "eq", "1");
    for at in 0..levels - 1 {
        json = format!("{}{json}{}", open[at % open.len()], close[at % open.len()]);
    }
    json
}

async fn thirty_two_levels_work_and_one_more_is_refused(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    // 31 `Not` around the leaf: an odd number.
    rows.finds_everywhere(&nested(32, &[r#"{"not":"#], &["}"]), "all but 1").await?;
    rows.finds_everywhere(&nested(31, &[r#"{"not":"#], &["}"]), "1").await?;
    rows.finds_everywhere(&nested(32, &[r#"{"and":["#], &["]}"]), "1").await?;
    rows.finds_everywhere(&nested(32, &[r#"{"or":["#], &["]}"]), "1").await?;
    // 11 of the 31 are `Not`.
    rows.finds_everywhere(&nested(32, &[r#"{"not":"#, r#"{"and":["#, r#"{"or":["#], &["}", "]}", "]}"]), "all but 1")
        .await?;
    let calls = context.calls.count();
    for (open, close) in [(r#"{"not":"#, "}"), (r#"{"and":["#, "]}"), (r#"{"or":["#, "]}")] {
        ensure_kind!(Filter::from_json(&nested(33, &[open], &[close])), InvalidArgument, "33 levels of {open}");
    }
    // A node without children is a level too.
    let empty = |levels: usize| (1..levels).fold(Filter::or([]), |filter, _| !filter);
    let mixed = |levels: usize| {
        (1..levels).fold(Filter::kind().eq("k"), |f, at| if at % 2 == 0 { !f } else { Filter::or([f]) })
    };
    for filter in [empty(33), mixed(33), Filter::or([Filter::all(), mixed(32)])] {
        ensure_kind!(rows.memory.count(&filter).await, InvalidArgument, "33 levels");
        ensure_kind!(
            rows.memory.list(&ListRequest::new().with_filter(filter.clone())).await,
            InvalidArgument,
            "33 levels"
        );
        ensure_kind!(rows.memory.delete_where(&filter).await, InvalidArgument, "33 levels");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    rows.finds_by(&empty(32), "32 levels around an empty or", "all").await
}

async fn nodes_up_to_1024_work_and_one_more_is_refused(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    let v = || Filter::metadata(["v"]);
    // The root and so many leaves, of which two find something.
    let or = |leaves: i64| {
        Filter::or((1..=leaves).map(|n| v().eq(if n == 7 { 1000 } else { n * 1001 })).chain([v().eq("a")]))
    };
    let and = |leaves: i64| Filter::and((1..=leaves).map(|n| v().ne(n)));
    // Pairs below the root: 3 nodes each, and the root is the last.
    let pairs = |count: i64| Filter::or((1..=count).map(|n| Filter::and([v().ge(n * 1000), !v().gt(n * 1000)])));
    rows.finds_by(&or(1022), "an or of 1,024 nodes", r#"1000 "a""#).await?;
    rows.finds_by(&and(1023), "an and of 1,024 nodes", r#"absent "a""#).await?;
    rows.finds_by(&pairs(255), "1,021 nodes in three levels", "1000").await?;
    let calls = context.calls.count();
    for (what, filter) in [("or", or(1023)), ("and", and(1024)), ("pairs", pairs(256)), ("not", !or(1022))] {
        ensure_kind!(rows.memory.count(&filter).await, InvalidArgument, "1,025 nodes: {what}");
        ensure_kind!(rows.memory.delete_where(&filter).await, InvalidArgument, "1,025 nodes: {what}");
        ensure_kind!(Filter::from_json(&filter.to_json()), InvalidArgument, "1,025 nodes in JSON: {what}");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn lists_of_a_thousand_work_and_one_more_is_refused(context: Context) -> Outcome {
    let start = Timestamp::parse("2020-01-01T00:00:00Z")?;
    let later = Timestamp::from_micros(start.micros() + 999)?;
    let memory = context.home("a").await?;
    let rows = Rows::of(
        memory,
        vec![
            Record::draft("s999")
                .kind("s999")
                .content("s0")
                .tags(["s0", "s999"])
                .created_at(later)
                .metadata(Metadata::from_json(r#"{"v":999,"s":"s999","a":[1,999],"all":["s0"]}"#)?),
            Record::draft("s1000")
                .kind("s1000")
                .content("s1000")
                .tags(["s1000"])
                .created_at(Timestamp::from_micros(start.micros() + 1000)?)
                .metadata(Metadata::from_json(r#"{"v":1000,"s":"s1000","a":[1000],"all":[]}"#)?),
        ],
    )
    .await?;
    let strings = |n: i64| (0..n).map(|at| format!("s{at}"));
    let times = |n: i64| (0..n).filter_map(move |at| Timestamp::from_micros(start.micros() + at).ok());
    let m = |key: &str| Filter::metadata([key]);
    let filters = |n: i64| {
        [
            ("id in", Filter::id().is_in(strings(n)), "s999"),
            ("id not in", Filter::id().not_in(strings(n)), "s1000"),
            ("kind in", Filter::kind().is_in(strings(n)), "s999"),
            ("content not in", Filter::content().not_in(strings(n)), "s1000"),
            ("created_at in", Filter::created_at().is_in(times(n)), "s999"),
            ("created_at not in", Filter::created_at().not_in(times(n)), "s1000"),
            ("numbers in", m("v").is_in(0..n), "s999"),
            ("numbers not in", m("v").not_in(0..n), "s1000"),
            ("strings in", m("s").is_in(strings(n)), "s999"),
            ("strings not in", m("s").not_in(strings(n)), "s1000"),
            ("contains any", m("a").contains_any(2..n + 2 - i64::from(n == 1000) * 2), "s999"),
            ("contains all", m("all").contains_all(vec!["s0"; usize::try_from(n).unwrap_or(0)]), "s999"),
            ("tags eq", Filter::tags().eq((0..n).map(|at| if at % 2 == 0 { "s0" } else { "s999" })), "s999"),
            ("tags ne", Filter::tags().ne((0..n).map(|at| if at % 2 == 0 { "s0" } else { "s999" })), "s1000"),
            ("tags contains any", Filter::tags().contains_any(strings(n)), "s999"),
            ("tags contains all", Filter::tags().contains_all(vec!["s0"; usize::try_from(n).unwrap_or(0)]), "s999"),
        ]
    };
    for (what, filter, expected) in filters(1000) {
        rows.finds_by(&filter, what, expected).await?;
    }
    let calls = context.calls.count();
    for (what, filter, _) in filters(1001) {
        ensure_kind!(rows.memory.count(&filter).await, InvalidArgument, "{what}: 1,001 operands");
        ensure_kind!(Filter::from_json(&filter.to_json()), InvalidArgument, "{what}: 1,001 operands in JSON");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn wide_trees_of_every_leaf_work(context: Context) -> Outcome {
    let rows =
        Rows::of_metadata(&context, &[("a", r#"{"k500":500,"s":"x500y","l":["e500"]}"#), ("b", r#"{"k5000":5000}"#)])
            .await?;
    let thousand = || 0..1000;
    for (what, filter, expected) in [
        ("paths", Filter::or(thousand().map(|n| Filter::metadata([format!("k{n}")]).exists(true))), "a"),
        ("prefixes", Filter::or(thousand().map(|n| Filter::metadata(["s"]).starts_with(format!("x{n}y")))), "a"),
        ("elements", Filter::or(thousand().map(|n| Filter::metadata(["l"]).contains(format!("e{n}")))), "a"),
        ("lists", Filter::or(thousand().map(|n| Filter::metadata(["l"]).contains_any([format!("e{n}")]))), "a"),
        ("absent", Filter::and(thousand().map(|n| Filter::metadata([format!("k{n}")]).exists(false))), "b"),
        ("ne", Filter::and(thousand().map(|n| Filter::metadata([format!("k{n}")]).ne(500))), "b"),
        ("ids", Filter::and(thousand().map(|n| Filter::id().ne(format!("i{n}"))).chain([Filter::id().ne("a")])), "b"),
        (
            "tags",
            Filter::and(thousand().map(|n| Filter::tags().ne([format!("t{n}")])).chain([Filter::id().eq("b")])),
            "b",
        ),
        ("nots", Filter::or((0..500).map(|n| !Filter::metadata(["s"]).ne(format!("x{}y", n + 1)))), "a"),
    ] {
        rows.finds_by(&filter, what, expected).await?;
    }
    Ok(())
}

async fn more_operands_than_a_server_binds_work(context: Context) -> Outcome {
    let rows = Rows::of_metadata(&context, &[("a", r#"{"v":65999}"#), ("b", r#"{"v":66000}"#), ("c", "{}")]).await?;
    // 66,000 numbers: more than 32,766 and more than 65,535 parameters.
    let lists = (0..66).map(|at| Filter::metadata(["v"]).is_in(at * 1000..(at + 1) * 1000));
    rows.finds_by(&Filter::or(lists), "66 lists of 1,000 numbers", "a").await?;
    let lists = (0..66).map(|at| Filter::metadata(["v"]).not_in(at * 1000..(at + 1) * 1000));
    rows.finds_by(&Filter::and(lists), "66 lists of 1,000 numbers, not in", "b c").await
}

async fn the_largest_filters_search_and_delete_too(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    let v = || Filter::metadata(["v"]);
    let deep = (1..32).fold(v().eq(1), |filter, _| !filter).to_json();
    let wide = Filter::or((0..1023).map(|n| v().eq(n * 1000))).to_json();
    let long = v().is_in(1..=1000).to_json();
    let hundred = Filter::or((0..100).map(|n| v().is_in(n * 1000..(n + 1) * 1000))).to_json();
    let filters = [
        (deep.as_str(), "all but 1"),
        (wide.as_str(), "1000"),
        (long.as_str(), "1 2 1000"),
        (hundred.as_str(), "1 2 1000"),
    ];
    for (json, expected) in filters {
        rows.finds_everywhere(json, expected).await?;
    }
    deletes(&context, &VALUES, &filters).await
}
