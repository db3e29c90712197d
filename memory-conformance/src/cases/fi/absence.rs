//! Absent and null (FI-3).

use memory_core::{Filter, ListRequest, Record, Timestamp, Value};

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "FI-3": [
        absent_and_null_are_the_same_to_a_leaf,
        a_path_that_leads_nowhere_is_absent,
        an_expiry_may_be_absent,
        null_is_no_operand,
        null_inside_a_list_of_operands_is_refused_before_any_call,
        searches_and_deletes_see_absence_alike,
    ],
}

/// The JSON texts are ids: see [`Rows::of_values`].
#[rustfmt::skip]
const VALUES: [&str; 12] =
    ["absent", "null", "false", "0", "1", r#""""#, r#""null""#, "[]", "[null]", "{}", r#"{"x":null}"#, r#"{"x":1}"#];

#[rustfmt::skip]
const ON_V: &[(&str, &str, &str)] = &[
    ("exists", "true", "all but absent null"),
    ("exists", "false", "absent null"),
    ("eq", "0", "0"),
    ("ne", "0", "all but 0"),
    ("ne", "7", "all"),
    ("lt", "1", "0"),
    ("le", "0", "0"),
    ("gt", "0", "1"),
    ("ge", "0", "0 1"),
    ("lt", r#""z""#, r#""" "null""#),
    ("ge", "false", "false"),
    ("in", "[0,1]", "0 1"),
    ("not_in", "[0,1]", "all but 0 1"),
    ("not_in", "[7]", "all"),
    ("eq", r#""null""#, r#""null""#),
    ("eq", r#""""#, r#""""#),
    ("eq", "[null]", "[null]"),
    ("eq", r#"{"x":null}"#, r#"{"x":null}"#),
    ("starts_with", r#""""#, r#""" "null""#),
    ("contains_all", "[]", "[] [null]"),
    ("contains_any", "[0,1]", ""),
];

async fn absent_and_null_are_the_same_to_a_leaf(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (op, operand, expected) in ON_V {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn a_path_that_leads_nowhere_is_absent(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for path in [r#"["metadata","w"]"#, r#"["metadata","v","y"]"#, r#"["metadata","v","x","z"]"#, r#"["metadata","V"]"#]
    {
        for (op, operand, expected) in [
            ("exists", "true", ""),
            ("exists", "false", "all"),
            ("eq", "0", ""),
            ("ne", "0", "all"),
            ("lt", "1", ""),
            ("le", "1", ""),
            ("gt", "-1", ""),
            ("ge", "0", ""),
            ("in", "[0,1]", ""),
            ("in", "[]", ""),
            ("not_in", "[0,1]", "all"),
            ("not_in", "[]", "all"),
            ("starts_with", r#""""#, ""),
            ("contains", "0", ""),
            ("contains_any", "[0]", ""),
            ("contains_any", "[]", ""),
            ("contains_all", "[0]", ""),
            ("contains_all", "[]", ""),
        ] {
            rows.finds(&leaf(path, op, operand), expected).await?;
        }
    }
    let x = r#"["metadata","v","x"]"#;
    for (op, operand, expected) in [
        ("exists", "true", r#"{"x":1}"#),
        ("exists", "false", r#"all but {"x":1}"#),
        ("eq", "1", r#"{"x":1}"#),
        ("ne", "1", r#"all but {"x":1}"#),
        ("ne", "2", "all"),
        ("le", "1", r#"{"x":1}"#),
        ("not_in", "[1]", r#"all but {"x":1}"#),
    ] {
        rows.splits(&leaf(x, op, operand), expected).await?;
    }
    Ok(())
}

async fn an_expiry_may_be_absent(context: Context) -> Outcome {
    let at = |text: &str| Timestamp::parse(text);
    let drafts = vec![
        Record::draft("never"),
        Record::draft("2030").expires_at(at("2030-01-01T00:00:00Z")?),
        Record::draft("2040").expires_at(at("2040-01-01T00:00:00Z")?),
    ];
    let rows = Rows::of(context.home("a").await?, drafts).await?;
    for (op, operand, expected) in [
        ("exists", "true", "2030 2040"),
        ("exists", "false", "never"),
        ("eq", r#""2030-01-01T00:00:00Z""#, "2030"),
        ("ne", r#""2030-01-01T00:00:00Z""#, "never 2040"),
        ("lt", r#""2040-01-01T00:00:00Z""#, "2030"),
        ("le", r#""2040-01-01T00:00:00Z""#, "2030 2040"),
        ("gt", r#""2030-01-01T00:00:00Z""#, "2040"),
        ("ge", r#""2030-01-01T00:00:00Z""#, "2030 2040"),
        ("ge", r#""0001-01-01T00:00:00Z""#, "2030 2040"),
        ("le", r#""9999-12-31T23:59:59.999999Z""#, "2030 2040"),
        ("in", r#"["2030-01-01T00:00:00Z"]"#, "2030"),
        ("not_in", r#"["2030-01-01T00:00:00Z"]"#, "never 2040"),
        ("in", "[]", ""),
        ("not_in", "[]", "all"),
    ] {
        rows.splits(&leaf(r#""expires_at""#, op, operand), expected).await?;
    }
    Ok(())
}

async fn null_is_no_operand(_context: Context) -> Outcome {
    for op in [
        "eq",
        "ne",
        "lt",
        "le",
        "gt",
        "ge",
        "in",
        "not_in",
        "exists",
        "contains",
        "contains_any",
        "contains_all",
        "starts_with",
    ] {
        for field in [V, r#""id""#, r#""created_at""#, r#""expires_at""#, r#""tags""#, r#""embedding""#] {
            let json = leaf(field, op, "null");
            ensure_kind!(Filter::from_json(&json), InvalidArgument, "null is no operand: {json}");
        }
    }
    for op in ["in", "not_in", "contains_any", "contains_all"] {
        for list in ["[null]", "[1,null]", "[null,1]"] {
            let json = leaf(V, op, list);
            ensure_kind!(Filter::from_json(&json), InvalidArgument, "null is no member of a list: {json}");
        }
    }
    Ok(())
}

async fn null_inside_a_list_of_operands_is_refused_before_any_call(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let v = || Filter::metadata(["v"]);
    let null = || [Value::Null];
    let calls = context.calls.count();
    for filter in [
        v().eq(Value::Null),
        v().ne(Value::Null),
        v().lt(Value::Null),
        v().ge(Value::Null),
        v().is_in(null()),
        v().not_in(null()),
        v().contains(Value::Null),
        v().contains_any(null()),
        v().contains_all(null()),
        v().starts_with(Value::Null),
        !v().eq(Value::Null),
        Filter::or([Filter::kind().eq("a"), v().not_in([Value::from(1), Value::Null])]),
    ] {
        ensure_kind!(memory.count(&filter).await, InvalidArgument, "count by {filter:?}");
        ensure_kind!(
            memory.list(&ListRequest::new().with_filter(filter.clone())).await,
            InvalidArgument,
            "list by {filter:?}"
        );
        ensure_kind!(memory.delete_where(&filter).await, InvalidArgument, "delete_where {filter:?}");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn searches_and_deletes_see_absence_alike(context: Context) -> Outcome {
    let filters: Vec<(String, &str)> =
        ON_V.iter().map(|(op, operand, expected)| (leaf(V, op, operand), *expected)).collect();
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (json, expected) in &filters {
        rows.finds_everywhere(json, expected).await?;
    }
    let filters: Vec<(&str, &str)> = filters.iter().map(|(json, expected)| (json.as_str(), *expected)).collect();
    super::table::deletes(&context, &VALUES, &filters).await
}
