//! Empty lists (FI-5).

use memory_core::{Filter, Record};

use super::table::{Rows, V, deletes, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq};

cases! {
    "FI-5": [
        empty_lists_on_metadata,
        empty_lists_on_named_fields,
        empty_and_and_or,
        empty_lists_in_searches_and_deletes,
        a_search_with_the_empty_or_finds_nothing,
    ],
}

const VALUES: [&str; 9] = ["absent", "null", "1", r#""a""#, "[]", "[1]", "[[]]", "{}", "false"];

const ON_V: &[(&str, &str, &str)] = &[
    ("in", "[]", ""),
    ("not_in", "[]", "all"),
    ("contains_any", "[]", ""),
    ("contains_all", "[]", "[] [1] [[]]"),
    ("eq", "[]", "[]"),
    ("ne", "[]", "all but []"),
    ("contains", "[]", "[[]]"),
    ("in", "[[]]", "[]"),
    ("contains_any", "[[]]", "[[]]"),
    ("contains_all", "[[]]", "[[]]"),
];

async fn empty_lists_on_metadata(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (op, operand, expected) in ON_V {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn empty_lists_on_named_fields(context: Context) -> Outcome {
    let rows = Rows::of(
        context.home("a").await?,
        vec![
            Record::draft("bare"),
            Record::draft("full").kind("k").content("c").tags(["t"]).expires_in(std::time::Duration::from_secs(60)),
        ],
    )
    .await?;
    for field in ["id", "kind", "content", "created_at", "updated_at", "expires_at"] {
        rows.splits(&leaf(&format!("{field:?}"), "in", "[]"), "").await?;
        rows.splits(&leaf(&format!("{field:?}"), "not_in", "[]"), "all").await?;
    }
    for (op, expected) in [("eq", "bare"), ("ne", "full"), ("contains_any", ""), ("contains_all", "all")] {
        rows.splits(&leaf(r#""tags""#, op, "[]"), expected).await?;
    }
    Ok(())
}

#[rustfmt::skip]
const TREES: &[(&str, &str)] = &[
    (r#"{"and":[]}"#, "all"),
    (r#"{"or":[]}"#, ""),
    (r#"{"not":{"and":[]}}"#, ""),
    (r#"{"not":{"or":[]}}"#, "all"),
    (r#"{"and":[{"or":[]}]}"#, ""),
    (r#"{"or":[{"and":[]}]}"#, "all"),
    (r#"{"and":[{"and":[]},{"field":["metadata","v"],"op":"eq","value":1}]}"#, "1"),
    (r#"{"or":[{"or":[]},{"field":["metadata","v"],"op":"eq","value":1}]}"#, "1"),
    (r#"{"and":[{"or":[]},{"field":["metadata","v"],"op":"eq","value":1}]}"#, ""),
    (r#"{"or":[{"and":[]},{"field":["metadata","v"],"op":"eq","value":1}]}"#, "all"),
    (r#"{"and":[{"not":{"or":[]}},{"field":["metadata","v"],"op":"ne","value":1}]}"#, "all but 1"),
    (r#"{"and":[{"field":["metadata","v"],"op":"not_in","value":[]},{"field":["metadata","v"],"op":"exists","value":true}]}"#, "all but absent null"),
];

async fn empty_and_and_or(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (json, expected) in TREES {
        rows.splits(json, expected).await?;
        rows.finds_everywhere(json, expected).await?;
    }
    Ok(())
}

async fn empty_lists_in_searches_and_deletes(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    let leaves: Vec<(String, &str)> =
        ON_V.iter().map(|(op, operand, expected)| (leaf(V, op, operand), *expected)).collect();
    for (json, expected) in &leaves {
        rows.finds_everywhere(json, expected).await?;
    }
    // The empty `And` alone is refused by delete_where (WR-6).
    let filters: Vec<(&str, &str)> =
        leaves.iter().map(|(json, expected)| (json.as_str(), *expected)).chain(TREES[1..].iter().copied()).collect();
    deletes(&context, &VALUES, &filters).await
}

async fn a_search_with_the_empty_or_finds_nothing(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    let nothing = Filter::or([]);
    let found = rows.memory.search(&rows.memory.text("word").with_filter(nothing)).await;
    ensure_eq!(found.map(|response| response.hits.len()).ok(), Some(0), "no hit");
    let everything = Filter::and([]);
    let found = rows.memory.search(&rows.memory.text("word").with_filter(everything)).await;
    ensure_eq!(found.map(|response| response.hits.len()).ok(), Some(9), "all nine rows");
    Ok(())
}
