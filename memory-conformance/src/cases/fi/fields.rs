//! Which fields there are, and what may be asked of each (FI-1).

use memory_core::{Filter, HybridRequest, ListRequest, Query, Record, SearchRequest, Timestamp, Value};

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "FI-1": [
        every_field_can_be_asked,
        another_leaf_or_operand_on_a_named_field_is_refused,
        another_operand_on_metadata_is_false,
        what_is_no_list_or_flag_is_refused_everywhere,
        paths_and_operands_are_bounded,
        strings_and_keys_sum_up_to_a_mebibyte,
        nul_is_refused,
        a_refused_filter_reaches_no_call,
    ],
}

async fn every_field_can_be_asked(context: Context) -> Outcome {
    let at = |text: &str| Timestamp::parse(text);
    let rows = Rows::of(
        context.home("a").await?,
        vec![
            Record::draft("a").created_at(at("2020-01-01T00:00:00Z")?).updated_at(at("2024-01-01T00:00:00Z")?),
            Record::draft("b")
                .kind("fact")
                .content("green tea")
                .tags(["x"])
                .embedding([1.0, 0.0, 0.0])
                .metadata(memory_core::Metadata::from_json(r#"{"id":"a","kind":"note","a":{"b.c":[1]}}"#)?)
                .created_at(at("2021-01-01T00:00:00Z")?)
                .updated_at(at("2023-01-01T00:00:00Z")?)
                .expires_at(at("2030-01-01T00:00:00Z")?),
            Record::draft("c")
                .kind("note")
                .content("tea")
                .tags(["y", "x"])
                .metadata(memory_core::Metadata::from_json(r#"{"tags":["x"],"embedding":true,"a":{"b":{"c":[1]}}}"#)?)
                .created_at(at("2022-01-01T00:00:00Z")?)
                .updated_at(at("2022-01-01T00:00:00Z")?)
                .expires_at(at("2031-01-01T00:00:00Z")?),
        ],
    )
    .await?;
    for (field, op, operand, expected) in [
        (r#""id""#, "eq", r#""a""#, "a"),
        (r#""id""#, "in", r#"["c","a"]"#, "a c"),
        (r#""kind""#, "eq", r#""note""#, "c"),
        (r#""kind""#, "eq", r#""""#, "a"),
        (r#""kind""#, "gt", r#""""#, "b c"),
        (r#""kind""#, "exists", "true", "all"),
        (r#""content""#, "eq", r#""tea""#, "c"),
        (r#""content""#, "starts_with", r#""green ""#, "b"),
        (r#""content""#, "exists", "false", ""),
        (r#""tags""#, "contains", r#""y""#, "c"),
        (r#""tags""#, "eq", r#"["x","y"]"#, "c"),
        (r#""tags""#, "contains_any", r#"["x"]"#, "b c"),
        (r#""tags""#, "ne", "[]", "b c"),
        (r#""created_at""#, "lt", r#""2021-01-01T00:00:00Z""#, "a"),
        (r#""created_at""#, "ge", r#""2021-01-01T00:00:00Z""#, "b c"),
        (r#""created_at""#, "exists", "true", "all"),
        (r#""updated_at""#, "lt", r#""2023-01-01T00:00:00Z""#, "c"),
        (r#""updated_at""#, "ge", r#""2023-01-01T00:00:00Z""#, "a b"),
        (r#""updated_at""#, "not_in", r#"["2023-01-01T01:00:00+01:00"]"#, "a c"),
        (r#""expires_at""#, "le", r#""2030-01-01T00:00:00Z""#, "b"),
        (r#""expires_at""#, "exists", "false", "a"),
        (r#""embedding""#, "exists", "true", "b"),
        (r#""embedding""#, "exists", "false", "a c"),
        (r#"["metadata","id"]"#, "eq", r#""a""#, "b"),
        (r#"["metadata","kind"]"#, "exists", "true", "b"),
        (r#"["metadata","tags"]"#, "contains", r#""x""#, "c"),
        (r#"["metadata","embedding"]"#, "exists", "true", "c"),
        (r#"["metadata","a","b.c"]"#, "contains", "1", "b"),
        (r#"["metadata","a","b","c"]"#, "contains", "1", "c"),
        (r#"["metadata","created_at"]"#, "exists", "true", ""),
    ] {
        rows.splits(&leaf(field, op, operand), expected).await?;
    }
    Ok(())
}

async fn another_leaf_or_operand_on_a_named_field_is_refused(_context: Context) -> Outcome {
    let time = r#""2026-01-01T00:00:00Z""#;
    #[rustfmt::skip]
    let refused: &[(&str, &[(&str, &str)])] = &[
        ("id", &[("contains", r#""a""#), ("contains_any", r#"["a"]"#), ("contains_all", r#"["a"]"#), ("eq", "1"), ("ne", "true"),
            ("lt", "1"), ("ge", "[]"), ("in", "[1]"), ("in", r#"["a",1]"#), ("not_in", "[[]]"), ("starts_with", "1"), ("eq", r#"["a"]"#)]),
        ("kind", &[("contains", r#""a""#), ("contains_all", "[]"), ("eq", "{}"), ("in", "[null]"), ("starts_with", r#"["a"]"#)]),
        ("content", &[("contains", r#""a""#), ("contains_any", "[]"), ("eq", "1"), ("gt", "1.5"), ("in", "[true]"), ("starts_with", "{}")]),
        ("tags", &[("exists", "true"), ("lt", r#""a""#), ("gt", r#"["a"]"#), ("in", r#"["a"]"#), ("not_in", "[]"), ("in", r#"[["a"]]"#),
            ("starts_with", r#""a""#), ("eq", r#""a""#), ("ne", r#""a""#), ("eq", "[1]"), ("ne", r#"["a",true]"#), ("contains", "1"),
            ("contains", r#"["a"]"#), ("contains_any", "[1]"), ("contains_all", r#"["a",[]]"#), ("contains_any", r#""a""#)]),
        ("created_at", &[("starts_with", r#""2026""#), ("contains", time), ("contains_any", "[]"), ("eq", "1"), ("lt", "true"),
            ("eq", r#""2026-01-01""#), ("eq", r#""2026-01-01 00:00:00Z""#), ("eq", r#""2026-01-01T00:00:00""#), ("ge", r#""""#),
            ("eq", r#""2026-01-01T00:00:60Z""#), ("eq", r#""2026-02-30T00:00:00Z""#), ("le", r#""10000-01-01T00:00:00Z""#),
            ("le", r#""0001-01-01T00:00:00+01:00""#), ("in", r#"["2026-01-01"]"#), ("in", "[0]"), ("not_in", time)]),
        ("updated_at", &[("starts_with", r#""""#), ("contains_all", "[]"), ("eq", r#""now""#), ("gt", "1767225600"), ("in", r#"["",1]"#)]),
        ("expires_at", &[("starts_with", r#""2""#), ("contains", time), ("ne", "false"), ("lt", r#""tomorrow""#), ("not_in", "[1]")]),
        ("embedding", &[("eq", "[1,0,0]"), ("ne", "[1,0,0]"), ("lt", "1"), ("in", "[]"), ("contains", "1"), ("starts_with", r#""1""#),
            ("exists", "1"), ("exists", r#""true""#)]),
    ];
    for (field, leaves) in refused {
        for (op, operand) in *leaves {
            let json = leaf(&format!("{field:?}"), op, operand);
            ensure_kind!(Filter::from_json(&json), InvalidArgument, "{json}");
            ensure_kind!(Filter::from_json(&format!(r#"{{"not":{json}}}"#)), InvalidArgument, "not {json}");
        }
    }
    Ok(())
}

async fn another_operand_on_metadata_is_false(context: Context) -> Outcome {
    let values = ["absent", "null", "1", "true", r#""1""#, r#""a""#, r#"["a"]"#, "[1]", r#"{"a":1}"#];
    let rows = Rows::of_values(&context, &values).await?;
    for (op, operand, expected) in [
        ("starts_with", "1", ""),
        ("starts_with", "true", ""),
        ("starts_with", r#"["a"]"#, ""),
        ("starts_with", "{}", ""),
        ("starts_with", r#""1""#, r#""1""#),
        ("lt", "[2]", ""),
        ("ge", "{}", ""),
        ("lt", "2", "1"),
        ("eq", "1", "1"),
        ("eq", "[1]", "[1]"),
        ("ne", "[2]", "all"),
        ("ne", r#"{"a":1}"#, r#"all but {"a":1}"#),
        ("in", r#"["1",[1],{}]"#, r#""1" [1]"#),
        ("not_in", r#"[{"a":1},true]"#, r#"all but {"a":1} true"#),
        ("contains", r#""a""#, r#"["a"]"#),
        ("contains", "{}", ""),
        ("contains_any", r#"[{},"a"]"#, r#"["a"]"#),
    ] {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn what_is_no_list_or_flag_is_refused_everywhere(_context: Context) -> Outcome {
    for (field, operand) in
        [(r#""id""#, r#""a""#), (r#""expires_at""#, r#""2026-01-01T00:00:00Z""#), (V, r#""a""#), (V, "1"), (V, "{}")]
    {
        for op in ["in", "not_in"] {
            ensure_kind!(
                Filter::from_json(&leaf(field, op, operand)),
                InvalidArgument,
                "{op} takes a list: {field} {operand}"
            );
        }
    }
    for op in ["contains_any", "contains_all"] {
        for (field, operand) in [(r#""tags""#, r#""a""#), (V, r#""a""#), (V, "1"), (V, r#"{"0":1}"#), (V, "true")] {
            ensure_kind!(
                Filter::from_json(&leaf(field, op, operand)),
                InvalidArgument,
                "{op} takes a list: {field} {operand}"
            );
        }
    }
    for field in [r#""id""#, r#""kind""#, r#""created_at""#, r#""expires_at""#, r#""embedding""#, V] {
        for operand in ["1", "0", r#""true""#, r#""""#, "[]", "[true]", "{}", "null"] {
            let json = leaf(field, "exists", operand);
            ensure_kind!(Filter::from_json(&json), InvalidArgument, "exists takes a bool: {json}");
        }
    }
    Ok(())
}

async fn paths_and_operands_are_bounded(context: Context) -> Outcome {
    let path = |keys: usize| vec!["k"; keys];
    // 16 levels of metadata, `{}` being the first; below `v` there are 15.
    let deep = format!("{}1{}", r#"{"k":"#.repeat(16), "}".repeat(16));
    let list = |levels: usize| format!("{}1{}", "[".repeat(levels), "]".repeat(levels));
    let rows = Rows::of_metadata(
        &context,
        &[("deep", deep.as_str()), ("list", &format!(r#"{{"v":{}}}"#, list(15))), ("bare", "{}")],
    )
    .await?;
    let keys = |count: usize| format!(r#"["metadata"{}]"#, r#","k""#.repeat(count));
    rows.splits(&leaf(&keys(16), "eq", "1"), "deep").await?;
    rows.splits(&leaf(&keys(15), "exists", "true"), "deep").await?;
    rows.splits(&leaf(V, "eq", &list(15)), "list").await?;
    rows.splits(&leaf(V, "eq", &list(16)), "").await?;
    rows.splits(&leaf(V, "in", &format!("[{},{}]", list(16), list(15))), "list").await?;
    rows.splits(&leaf(V, "contains", &list(14)), "list").await?;
    rows.splits(&leaf(V, "contains_any", &format!("[{},{}]", list(16), list(14))), "list").await?;
    let calls = context.calls.count();
    ensure_kind!(Filter::from_json(&leaf(&keys(17), "eq", "1")), InvalidArgument, "a path of 17 keys in JSON");
    ensure_kind!(rows.memory.count(&Filter::metadata(path(17)).eq(1)).await, InvalidArgument, "a path of 17 keys");
    for (op, operand) in [
        ("eq", list(17)),
        ("ne", format!(r#"{{"a":{}}}"#, list(16))),
        ("lt", list(17)),
        ("contains", list(17)),
        ("starts_with", list(17)),
        ("in", format!("[{}]", list(17))),
        ("not_in", format!("[1,{}]", list(17))),
        ("contains_any", format!("[{}]", list(17))),
        ("contains_all", format!("[{}]", list(17))),
    ] {
        ensure_kind!(Filter::from_json(&leaf(V, op, &operand)), InvalidArgument, "{op} with 17 levels");
    }
    let value = Value::from_json(&list(17))?;
    ensure_kind!(rows.memory.count(&Filter::metadata(["v"]).is_in([value])).await, InvalidArgument, "17 levels");
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

/// A filter whose strings and keys are so many bytes, and which matches nothing here.
type Sized = fn(usize) -> Filter;

const SIZED: [(&str, Sized); 7] = [
    ("one operand", |n| Filter::content().eq("x".repeat(n))),
    ("four bytes a character", |n| Filter::content().eq(format!("{}{}", "🙂".repeat(n / 4), "x".repeat(n % 4)))),
    ("a list", |n| Filter::kind().is_in(halves(n))),
    ("tags", |n| Filter::tags().contains_all(halves(n))),
    ("a path", |n| Filter::metadata(halves(n)).exists(true)),
    ("an object's key and value", |n| {
        let [key, value] = halves(n - 1);
        Filter::metadata(["w"]).eq(Value::Object([(key, Value::from(value))].into()))
    }),
    ("several leaves", |n| {
        let [one, two] = halves(n);
        Filter::or([Filter::id().eq(one), Filter::and([Filter::kind().starts_with(two)])])
    }),
];

fn halves(bytes: usize) -> [String; 2] {
    ["x".repeat(bytes / 2), "y".repeat(bytes - bytes / 2)]
}

async fn strings_and_keys_sum_up_to_a_mebibyte(context: Context) -> Outcome {
    const MEBIBYTE: usize = 1 << 20;
    let rows = Rows::of_metadata(&context, &[("a", r#"{"v":"a"}"#), ("b", r#"{"v":"b"}"#)]).await?;
    let time = Timestamp::parse("2020-01-01T00:00:00Z")?;
    for (what, sized) in SIZED {
        // The path `v` and the operand `a` are two bytes more; timestamps do not count.
        let found = Filter::metadata(["v"]).eq("a");
        let filter = |n: usize| Filter::or([found.clone(), sized(n), Filter::created_at().is_in([time; 1000])]);
        rows.finds_by(&filter(MEBIBYTE - 2), what, "a").await?;
        let calls = context.calls.count();
        let more = filter(MEBIBYTE - 1);
        ensure_kind!(rows.memory.count(&more).await, InvalidArgument, "{what}, a byte more");
        ensure_kind!(rows.memory.delete_where(&more).await, InvalidArgument, "{what}, a byte more");
        ensure_kind!(Filter::from_json(&more.to_json()), InvalidArgument, "{what}, a byte more, in JSON");
        ensure_eq!(context.calls.count(), calls, "{what}: refused before any call");
    }
    Ok(())
}

async fn nul_is_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let calls = context.calls.count();
    for filter in [
        Filter::id().eq("a\0"),
        Filter::kind().starts_with("\0"),
        Filter::content().is_in(["a", "a\0b"]),
        Filter::tags().contains("\0a"),
        Filter::tags().eq(["a", "\0"]),
        Filter::metadata(["a\0"]).exists(true),
        Filter::metadata(["a", "\0"]).ne(1),
        Filter::metadata(["v"]).ne("\0"),
        Filter::metadata(["v"]).eq(Value::Array(vec!["\0".into()])),
        Filter::metadata(["v"]).eq(Value::Object([("\0".to_owned(), 1.into())].into())),
        Filter::metadata(["v"]).contains_any(["a", "\0"]),
        !Filter::metadata(["v"]).starts_with("\0"),
    ] {
        ensure_kind!(memory.count(&filter).await, InvalidArgument, "NUL in {filter:?}");
    }
    for json in [
        leaf(r#""id""#, "eq", r#""\u0000""#),
        leaf(V, "in", r#"["a\u0000"]"#),
        leaf(r#"["metadata","\u0000"]"#, "eq", "1"),
    ] {
        ensure_kind!(Filter::from_json(&json), InvalidArgument, "NUL in {json}");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn a_refused_filter_reaches_no_call(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("a").content("word").embedding([1.0, 0.0, 0.0])).await?;
    let calls = context.calls.count();
    let bad = Filter::or([Filter::all(), Filter::metadata(["v"]).eq(Value::Null)]);
    let embedding: memory_core::Embedding = [1.0, 0.0, 0.0].try_into()?;
    let vector = SearchRequest::new(Query::vector(embedding.clone())).with_filter(bad.clone());
    ensure_kind!(memory.search(&vector).await, InvalidArgument, "vector search");
    ensure_kind!(memory.search(&memory.text("word").with_filter(bad.clone())).await, InvalidArgument, "text search");
    let hybrid = HybridRequest::new("word", embedding).with_filter(bad.clone());
    ensure_kind!(memory.hybrid(&hybrid).await, InvalidArgument, "hybrid search");
    ensure_kind!(memory.list(&ListRequest::new().with_filter(bad.clone())).await, InvalidArgument, "list");
    ensure_kind!(memory.count(&bad).await, InvalidArgument, "count");
    ensure_kind!(memory.delete_where(&bad).await, InvalidArgument, "delete_where");
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    ensure_eq!(memory.count(&Filter::all()).await?, 1, "the record is still there");
    Ok(())
}
