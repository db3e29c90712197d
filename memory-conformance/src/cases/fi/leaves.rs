//! What each leaf means (FI-2).

use memory_core::Record;

use super::table::{Rows, V, deletes, leaf};
use crate::context::Context;
use crate::{Outcome, cases};

cases! {
    "FI-2": [
        each_leaf_on_metadata,
        each_leaf_on_tags,
        each_leaf_on_text,
        greater_and_greater_or_equal_differ_everywhere,
        every_search_keeps_to_the_filter,
        delete_where_keeps_to_the_filter,
        longer_and_shorter_strings_are_no_prefixes,
    ],
}

/// One value of each kind, and neighbours that a careless comparison takes for it.
#[rustfmt::skip]
const VALUES: [&str; 19] = [
    "absent", "null", "false", "true", "1", "2", "3", r#""a""#, r#""ab""#, r#""b""#, r#""""#, "[]", r#"["a"]"#, r#"["ab"]"#,
    r#"["a","b"]"#, "[1,2]", "[[1]]", r#"["a",["a"]]"#, r#"{"a":1}"#,
];

#[rustfmt::skip]
const ON_VALUES: &[(&str, &str, &str)] = &[
    ("eq", "2", "2"),
    ("ne", "2", "all but 2"),
    ("lt", "2", "1"),
    ("le", "2", "1 2"),
    ("gt", "2", "3"),
    ("ge", "2", "2 3"),
    ("in", r#"[1,3,"a"]"#, r#"1 3 "a""#),
    ("not_in", r#"[1,3,"a"]"#, r#"all but 1 3 "a""#),
    ("eq", r#""a""#, r#""a""#),
    ("ne", r#""a""#, r#"all but "a""#),
    ("lt", r#""ab""#, r#""" "a""#),
    ("le", r#""ab""#, r#""" "a" "ab""#),
    ("gt", r#""ab""#, r#""b""#),
    ("ge", r#""ab""#, r#""ab" "b""#),
    ("eq", "true", "true"),
    ("ne", "true", "all but true"),
    ("lt", "true", "false"),
    ("le", "true", "false true"),
    ("gt", "false", "true"),
    ("ge", "false", "false true"),
    ("eq", r#"["a"]"#, r#"["a"]"#),
    ("ne", r#"["a"]"#, r#"all but ["a"]"#),
    ("eq", r#"{"a":1}"#, r#"{"a":1}"#),
    ("ne", r#"{"a":1}"#, r#"all but {"a":1}"#),
    ("exists", "true", "all but absent null"),
    ("exists", "false", "absent null"),
    ("contains", r#""a""#, r#"["a"] ["a","b"] ["a",["a"]]"#),
    ("contains", r#""ab""#, r#"["ab"]"#),
    ("contains", r#""""#, ""),
    ("contains", "1", "[1,2]"),
    ("contains", "[1]", "[[1]]"),
    ("contains", r#"["a"]"#, r#"["a",["a"]]"#),
    ("contains_any", r#"["b","ab"]"#, r#"["ab"] ["a","b"]"#),
    ("contains_any", r#"[1,"b"]"#, r#"[1,2] ["a","b"]"#),
    ("contains_all", r#"["a","b"]"#, r#"["a","b"]"#),
    ("contains_all", r#"["b","a"]"#, r#"["a","b"]"#),
    ("contains_all", r#"["a","a"]"#, r#"["a"] ["a","b"] ["a",["a"]]"#),
    ("contains_all", r#"["a",["a"]]"#, r#"["a",["a"]]"#),
    ("contains_all", "[1,2,3]", ""),
    ("starts_with", r#""a""#, r#""a" "ab""#),
    ("starts_with", r#""ab""#, r#""ab""#),
    ("starts_with", r#""b""#, r#""b""#),
    ("starts_with", r#""""#, r#""" "a" "ab" "b""#),
];

async fn each_leaf_on_metadata(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (op, operand, expected) in ON_VALUES {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn each_leaf_on_tags(context: Context) -> Outcome {
    let tags: [(&str, &[&str]); 6] =
        [("0", &[]), ("a", &["a"]), ("ab", &["ab"]), ("a+b", &["b", "a"]), ("a,b", &["a,b"]), ("A", &["A"])];
    let memory = context.home("a").await?;
    let rows =
        Rows::of(memory, tags.iter().map(|(id, tags)| Record::draft(*id).tags(tags.iter().copied())).collect()).await?;
    for (op, operand, expected) in [
        ("eq", r#"["a"]"#, "a"),
        ("eq", r#"["b","a"]"#, "a+b"),
        ("eq", r#"["a","b","a"]"#, "a+b"),
        ("eq", r#"["a,b"]"#, "a,b"),
        ("eq", "[]", "0"),
        ("eq", r#"["a","ab"]"#, ""),
        ("ne", r#"["a"]"#, "all but a"),
        ("ne", r#"["b","a"]"#, "all but a+b"),
        ("ne", "[]", "all but 0"),
        ("contains", r#""a""#, "a a+b"),
        ("contains", r#""b""#, "a+b"),
        ("contains", r#""ab""#, "ab"),
        ("contains", r#""A""#, "A"),
        ("contains", r#""a,b""#, "a,b"),
        ("contains", r#""""#, ""),
        ("contains_any", r#"["b","ab"]"#, "ab a+b"),
        ("contains_any", r#"["A","x"]"#, "A"),
        ("contains_all", r#"["a","b"]"#, "a+b"),
        ("contains_all", r#"["a","a"]"#, "a a+b"),
        ("contains_all", r#"["a","x"]"#, ""),
    ] {
        rows.splits(&leaf(r#""tags""#, op, operand), expected).await?;
    }
    Ok(())
}

async fn each_leaf_on_text(context: Context) -> Outcome {
    for field in ["id", "kind", "content"] {
        let memory = context.home(field).await?;
        let draft = |text: &str| match field {
            "id" => Record::draft(text).kind("k").content("c"),
            "kind" => Record::draft(text).kind(text).content("c"),
            _ => Record::draft(text).kind("k").content(text),
        };
        let rows = Rows::of(memory, ["a", "ab", "b", "B", "ba"].into_iter().map(draft).collect()).await?;
        for (op, operand, expected) in [
            ("eq", r#""ab""#, "ab"),
            ("ne", r#""ab""#, "all but ab"),
            ("lt", r#""ab""#, "B a"),
            ("le", r#""ab""#, "B a ab"),
            ("gt", r#""ab""#, "b ba"),
            ("ge", r#""ab""#, "ab b ba"),
            ("in", r#"["a","b","x"]"#, "a b"),
            ("not_in", r#"["a","b","x"]"#, "all but a b"),
            ("exists", "true", "all"),
            ("exists", "false", ""),
            ("starts_with", r#""a""#, "a ab"),
            ("starts_with", r#""b""#, "b ba"),
            ("starts_with", r#""""#, "all"),
        ] {
            rows.splits(&leaf(&format!("{field:?}"), op, operand), expected).await?;
        }
    }
    Ok(())
}

async fn greater_and_greater_or_equal_differ_everywhere(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (op, expected) in [("lt", "1"), ("le", "1 2"), ("gt", "3"), ("ge", "2 3"), ("eq", "2")] {
        rows.finds_everywhere(&leaf(V, op, "2"), expected).await?;
    }
    Ok(())
}

async fn every_search_keeps_to_the_filter(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &VALUES).await?;
    for (op, operand, expected) in ON_VALUES {
        rows.finds_everywhere(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn delete_where_keeps_to_the_filter(context: Context) -> Outcome {
    let filters: Vec<(String, &str)> =
        ON_VALUES.iter().map(|(op, operand, expected)| (leaf(V, op, operand), *expected)).collect();
    let filters: Vec<(&str, &str)> = filters.iter().map(|(json, expected)| (json.as_str(), *expected)).collect();
    deletes(&context, &VALUES, &filters).await
}

async fn longer_and_shorter_strings_are_no_prefixes(context: Context) -> Outcome {
    let values = [r#""foo""#, r#""foobar""#, r#""fo""#, r#""Foo""#, r#""f%o""#, r#""f_o""#, r#""foo%""#, r#""xfoo""#];
    let rows = Rows::of_values(&context, &values).await?;
    for (operand, expected) in [
        (r#""foo""#, r#""foo" "foobar" "foo%""#),
        (r#""f%""#, r#""f%o""#),
        (r#""f_o""#, r#""f_o""#),
        (r#""%""#, ""),
        (r#""foo%""#, r#""foo%""#),
        (r#""foobarx""#, ""),
        (r#""*""#, ""),
    ] {
        rows.splits(&leaf(V, "starts_with", operand), expected).await?;
    }
    Ok(())
}
