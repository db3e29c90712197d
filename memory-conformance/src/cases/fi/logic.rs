//! `Not` is the set complement, with no third value (FI-4). The ids expected come from a second program, in Python.

use memory_core::{Filter, Record};

use super::table::{Rows, deletes, leaf};
use crate::context::Context;
use crate::{Outcome, cases};

cases! {
    "FI-4": [
        not_is_the_set_complement,
        ne_and_not_in_match_what_is_absent,
        the_complement_of_every_leaf_on_named_fields,
        trees_over_named_fields,
        searches_take_the_complement_too,
        delete_where_takes_the_complement_too,
        operators_of_the_builder_negate_alike,
    ],
}

/// The rows hold `a` and `b`, in this order, each absent (-), null (n), 1 or 2; none holds `c`.
#[rustfmt::skip]
const ROWS: [(&str, &str); 16] = [
    ("--", r#"{}"#), ("-n", r#"{"b":null}"#), ("-1", r#"{"b":1}"#), ("-2", r#"{"b":2}"#),
    ("n-", r#"{"a":null}"#), ("nn", r#"{"a":null,"b":null}"#), ("n1", r#"{"a":null,"b":1}"#), ("n2", r#"{"a":null,"b":2}"#),
    ("1-", r#"{"a":1}"#), ("1n", r#"{"a":1,"b":null}"#), ("11", r#"{"a":1,"b":1}"#), ("12", r#"{"a":1,"b":2}"#),
    ("2-", r#"{"a":2}"#), ("2n", r#"{"a":2,"b":null}"#), ("21", r#"{"a":2,"b":1}"#), ("22", r#"{"a":2,"b":2}"#),
];

#[rustfmt::skip]
const TREES: &[(&str, &str)] = &[
    (r#"{"not":{"field":["metadata","a"],"op":"eq","value":1}}"#, "all but 1- 1n 11 12"),
    (r#"{"not":{"field":["metadata","a"],"op":"ne","value":1}}"#, "1- 1n 11 12"),
    (r#"{"not":{"field":["metadata","a"],"op":"lt","value":2}}"#, "all but 1- 1n 11 12"),
    (r#"{"not":{"field":["metadata","a"],"op":"le","value":1}}"#, "all but 1- 1n 11 12"),
    (r#"{"not":{"field":["metadata","a"],"op":"gt","value":1}}"#, "all but 2- 2n 21 22"),
    (r#"{"not":{"field":["metadata","a"],"op":"ge","value":2}}"#, "all but 2- 2n 21 22"),
    (r#"{"not":{"field":["metadata","a"],"op":"in","value":[1,2]}}"#, "-- -n -1 -2 n- nn n1 n2"),
    (r#"{"not":{"field":["metadata","a"],"op":"not_in","value":[1]}}"#, "1- 1n 11 12"),
    (r#"{"not":{"field":["metadata","a"],"op":"exists","value":true}}"#, "-- -n -1 -2 n- nn n1 n2"),
    (r#"{"not":{"field":["metadata","a"],"op":"exists","value":false}}"#, "1- 1n 11 12 2- 2n 21 22"),
    (r#"{"not":{"field":["metadata","a"],"op":"contains","value":1}}"#, "all"),
    (r#"{"not":{"field":["metadata","a"],"op":"starts_with","value":"1"}}"#, "all"),
    (r#"{"not":{"field":["metadata","c"],"op":"eq","value":1}}"#, "all"),
    (r#"{"not":{"field":["metadata","c"],"op":"lt","value":1}}"#, "all"),
    (r#"{"not":{"field":["metadata","c"],"op":"ne","value":1}}"#, ""),
    (r#"{"not":{"not":{"field":["metadata","a"],"op":"lt","value":2}}}"#, "1- 1n 11 12"),
    (r#"{"not":{"not":{"not":{"field":["metadata","a"],"op":"lt","value":2}}}}"#, "all but 1- 1n 11 12"),
    (r#"{"not":{"and":[{"field":["metadata","a"],"op":"eq","value":1},{"field":["metadata","b"],"op":"eq","value":1}]}}"#, "all but 11"),
    (r#"{"not":{"and":[{"field":["metadata","a"],"op":"ge","value":1},{"field":["metadata","b"],"op":"lt","value":2}]}}"#, "all but 11 21"),
    (r#"{"not":{"or":[{"field":["metadata","a"],"op":"eq","value":1},{"field":["metadata","b"],"op":"eq","value":1}]}}"#, "all but -1 n1 1- 1n 11 12 21"),
    (r#"{"not":{"or":[{"field":["metadata","a"],"op":"lt","value":2},{"field":["metadata","b"],"op":"gt","value":1}]}}"#, "all but -2 n2 1- 1n 11 12 22"),
    (r#"{"and":[{"not":{"field":["metadata","a"],"op":"eq","value":1}},{"not":{"field":["metadata","b"],"op":"eq","value":1}}]}"#, "all but -1 n1 1- 1n 11 12 21"),
    (r#"{"or":[{"not":{"field":["metadata","a"],"op":"eq","value":1}},{"not":{"field":["metadata","b"],"op":"eq","value":1}}]}"#, "all but 11"),
    (r#"{"and":[{"field":["metadata","a"],"op":"ne","value":1},{"field":["metadata","b"],"op":"ne","value":1}]}"#, "all but -1 n1 1- 1n 11 12 21"),
    (r#"{"or":[{"field":["metadata","a"],"op":"ne","value":1},{"field":["metadata","b"],"op":"ne","value":1}]}"#, "all but 11"),
    (r#"{"and":[{"field":["metadata","a"],"op":"not_in","value":[1]},{"not":{"field":["metadata","b"],"op":"in","value":[1,2]}}]}"#, "-- -n n- nn 2- 2n"),
    (r#"{"and":[{"field":["metadata","a"],"op":"eq","value":1},{"not":{"field":["metadata","b"],"op":"lt","value":2}}]}"#, "1- 1n 12"),
    (r#"{"or":[{"field":["metadata","a"],"op":"eq","value":2},{"not":{"field":["metadata","b"],"op":"ge","value":1}}]}"#, "all but -1 -2 n1 n2 11 12"),
    (r#"{"not":{"and":[{"field":["metadata","a"],"op":"ne","value":1},{"field":["metadata","b"],"op":"ne","value":2}]}}"#, "-2 n2 1- 1n 11 12 22"),
    (r#"{"not":{"or":[{"field":["metadata","a"],"op":"ne","value":1},{"field":["metadata","b"],"op":"ne","value":2}]}}"#, "12"),
    (r#"{"not":{"and":[{"not":{"field":["metadata","a"],"op":"eq","value":1}},{"or":[{"field":["metadata","b"],"op":"eq","value":2},{"not":{"field":["metadata","c"],"op":"eq","value":1}}]}]}}"#, "1- 1n 11 12"),
    (r#"{"not":{"or":[{"not":{"field":["metadata","a"],"op":"lt","value":2}},{"and":[{"field":["metadata","b"],"op":"exists","value":false},{"field":["metadata","a"],"op":"exists","value":true}]}]}}"#, "11 12"),
    (r#"{"and":[{"not":{"or":[{"field":["metadata","a"],"op":"eq","value":2},{"field":["metadata","b"],"op":"eq","value":2}]}},{"not":{"and":[{"field":["metadata","a"],"op":"eq","value":1},{"field":["metadata","b"],"op":"eq","value":1}]}},{"field":["metadata","c"],"op":"exists","value":false}]}"#, "-- -n -1 n- nn n1 1- 1n"),
    (r#"{"not":{"and":[{"field":["metadata","c"],"op":"eq","value":1},{"field":["metadata","a"],"op":"eq","value":1}]}}"#, "all"),
    (r#"{"not":{"or":[{"field":["metadata","c"],"op":"eq","value":1},{"field":["metadata","a"],"op":"eq","value":1}]}}"#, "all but 1- 1n 11 12"),
    (r#"{"not":{"and":[{"not":{"field":["metadata","c"],"op":"lt","value":1}},{"not":{"field":["metadata","a"],"op":"ge","value":1}}]}}"#, "1- 1n 11 12 2- 2n 21 22"),
    (r#"{"not":{"or":[{"and":[]},{"field":["metadata","a"],"op":"eq","value":1}]}}"#, ""),
    (r#"{"not":{"and":[{"or":[]},{"field":["metadata","a"],"op":"eq","value":1}]}}"#, "all"),
];

async fn not_is_the_set_complement(context: Context) -> Outcome {
    let rows = Rows::of_metadata(&context, &ROWS).await?;
    for (json, expected) in TREES {
        rows.splits(json, expected).await?;
    }
    Ok(())
}

async fn ne_and_not_in_match_what_is_absent(context: Context) -> Outcome {
    let rows = Rows::of_metadata(&context, &ROWS).await?;
    let a = r#"["metadata","a"]"#;
    for (op, operand, expected) in [
        ("eq", "1", "1- 1n 11 12"),
        ("ne", "1", "all but 1- 1n 11 12"),
        ("ne", "3", "all"),
        ("ne", r#""1""#, "all"),
        ("ne", "[1]", "all"),
        ("in", "[1,3]", "1- 1n 11 12"),
        ("not_in", "[1,3]", "all but 1- 1n 11 12"),
        ("not_in", "[1,2]", "-- -n -1 -2 n- nn n1 n2"),
        ("not_in", "[3]", "all"),
    ] {
        rows.splits(&leaf(a, op, operand), expected).await?;
    }
    Ok(())
}

async fn the_complement_of_every_leaf_on_named_fields(context: Context) -> Outcome {
    let at = |text: &str| memory_core::Timestamp::parse(text);
    let rows = Rows::of(
        context.home("a").await?,
        vec![
            Record::draft("a").created_at(at("2020-01-01T00:00:00Z")?),
            Record::draft("b").kind("k").content("word").tags(["t"]).expires_at(at("2030-01-01T00:00:00Z")?),
            Record::draft("c")
                .kind("l")
                .tags(["t", "u"])
                .embedding([1.0, 0.0, 0.0])
                .expires_at(at("2040-01-01T00:00:00Z")?),
        ],
    )
    .await?;
    for (field, op, operand, expected) in [
        ("id", "eq", r#""a""#, "a"),
        ("id", "gt", r#""a""#, "b c"),
        ("kind", "ne", r#""k""#, "a c"),
        ("kind", "lt", r#""k""#, "a"),
        ("kind", "not_in", r#"["k","l"]"#, "a"),
        ("content", "starts_with", r#""w""#, "b"),
        ("tags", "contains", r#""t""#, "b c"),
        ("tags", "ne", r#"["t"]"#, "a c"),
        ("tags", "contains_all", r#"["t","u"]"#, "c"),
        ("created_at", "lt", r#""2026-01-01T00:00:00Z""#, "a"),
        ("created_at", "ge", r#""2026-01-01T00:00:00Z""#, "b c"),
        ("expires_at", "lt", r#""2035-01-01T00:00:00Z""#, "b"),
        ("expires_at", "ge", r#""2035-01-01T00:00:00Z""#, "c"),
        ("expires_at", "ne", r#""2030-01-01T00:00:00Z""#, "a c"),
        ("expires_at", "not_in", r#"["2030-01-01T00:00:00Z"]"#, "a c"),
        ("expires_at", "exists", "true", "b c"),
        ("embedding", "exists", "true", "c"),
        ("embedding", "exists", "false", "a b"),
    ] {
        rows.splits(&leaf(&format!("{field:?}"), op, operand), expected).await?;
    }
    Ok(())
}

/// A backend that has columns for these fields, and sends the server what it can of a tree, must not send too much.
async fn trees_over_named_fields(context: Context) -> Outcome {
    let drafts = vec![
        Record::draft("a"),
        Record::draft("b").kind("k").tags(["t"]),
        Record::draft("c").kind("l").tags(["t", "u"]),
        Record::draft("d").kind("k").content("word"),
    ];
    let rows = Rows::of(context.home("a").await?, drafts).await?;
    let kind = |kind: &str| leaf(r#""kind""#, "eq", &format!("{kind:?}"));
    let id = |id: &str| leaf(r#""id""#, "eq", &format!("{id:?}"));
    let tag = |tag: &str| leaf(r#""tags""#, "contains", &format!("{tag:?}"));
    let any = |parts: &[String]| format!(r#"{{"or":[{}]}}"#, parts.join(","));
    let all = |parts: &[String]| format!(r#"{{"and":[{}]}}"#, parts.join(","));
    let not = |part: String| format!(r#"{{"not":{part}}}"#);
    for (json, expected) in [
        (any(&[kind("k"), kind("l")]), "b c d"),
        (any(&[kind("k"), id("a")]), "a b d"),
        (any(&[id("c"), kind("k")]), "b c d"),
        (any(&[all(&[kind("k"), tag("t")]), id("a")]), "a b"),
        (all(&[any(&[kind("k"), kind("l")]), tag("t")]), "b c"),
        (all(&[any(&[kind("k"), tag("u")]), any(&[kind("l"), id("d")])]), "c d"),
        (all(&[kind("k"), kind("l")]), ""),
        (all(&[not(kind("k")), kind("l")]), "c"),
        (any(&[not(kind("k")), kind("k")]), "all"),
        (not(all(&[kind("k"), tag("t")])), "a c d"),
        (any(&[kind("k")]), "b d"),
    ] {
        rows.splits(&json, expected).await?;
    }
    Ok(())
}

async fn searches_take_the_complement_too(context: Context) -> Outcome {
    let rows = Rows::of_metadata(&context, &ROWS).await?;
    for (json, expected) in TREES {
        rows.finds_everywhere(json, expected).await?;
    }
    Ok(())
}

async fn delete_where_takes_the_complement_too(context: Context) -> Outcome {
    let values = ["absent", "null", "1", "2", r#""1""#, "[1]"];
    let v = |op: &str, operand: &str| leaf(super::table::V, op, operand);
    let not = |json: String| format!(r#"{{"not":{json}}}"#);
    let filters = [
        (not(v("eq", "1")), "all but 1"),
        (not(v("lt", "2")), "all but 1"),
        (not(v("ge", "2")), "all but 2"),
        (not(v("in", "[1,2]")), "all but 1 2"),
        (not(v("contains", "1")), "all but [1]"),
        (not(v("starts_with", r#""1""#)), r#"all but "1""#),
        (not(not(v("lt", "2"))), "1"),
        (v("ne", "1"), "all but 1"),
        (v("not_in", "[1,2]"), "all but 1 2"),
        (not(v("ne", "1")), "1"),
        (not(v("exists", "true")), "absent null"),
    ];
    let filters: Vec<(&str, &str)> = filters.iter().map(|(json, expected)| (json.as_str(), *expected)).collect();
    deletes(&context, &values, &filters).await
}

async fn operators_of_the_builder_negate_alike(context: Context) -> Outcome {
    let rows = Rows::of_metadata(&context, &ROWS).await?;
    let (a, b) = (|| Filter::metadata(["a"]), || Filter::metadata(["b"]));
    for (filter, expected) in [
        (!a().eq(1), "all but 1- 1n 11 12"),
        (a().ne(1), "all but 1- 1n 11 12"),
        (!a().lt(2), "all but 1- 1n 11 12"),
        (!!a().lt(2), "1- 1n 11 12"),
        (!Filter::and([a().eq(1), b().eq(1)]), "all but 11"),
        (!Filter::or([a().eq(1), b().eq(1)]), "-- -n -2 n- nn n2 2- 2n 22"),
        (Filter::and([!a().eq(1), !b().eq(1)]), "-- -n -2 n- nn n2 2- 2n 22"),
        (!Filter::all(), ""),
        (!Filter::or([]), "all"),
    ] {
        rows.finds_by(&filter, &filter.to_json(), expected).await?;
    }
    Ok(())
}
