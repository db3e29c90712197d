//! Arrays, objects and paths (FI-7).

use memory_core::{Filter, ListRequest};

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "FI-7": [
        arrays_and_objects_compare_part_by_part,
        a_path_steps_through_objects_only,
        any_key_can_be_named,
        an_empty_path_is_refused,
        empty_values_exist,
    ],
}

async fn arrays_and_objects_compare_part_by_part(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        "absent", "null", "1", r#""a""#, "[1,2]", "[2,1]", "[1.0,2.0]", "[1,2,3]", "[1,null]", "[1]", r#"["1"]"#, "[]", "[null]",
        "[[]]", "[[1]]", r#"["a"]"#, r#"["a,b"]"#, r#"["a","b"]"#, "{}", r#"{"a":1}"#, r#"{"a":1.0}"#, r#"{"a":null}"#, r#"{"b":null}"#,
        r#"{"a":1,"b":2}"#, r#"{"b":2,"a":1}"#, r#"{"a":{"b":[1,{}]}}"#, r#"{"A":1}"#, r#"[{"a":1,"b":2}]"#, r#"{"a":1,"c":null}"#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    for (op, operand, expected) in [
        ("eq", "[1,2]", "[1,2] [1.0,2.0]"),
        ("eq", "[2,1]", "[2,1]"),
        ("eq", "[1]", "[1]"),
        ("eq", "1", "1"),
        ("eq", r#""a""#, r#""a""#),
        ("eq", "[1,null]", "[1,null]"),
        ("eq", "[null]", "[null]"),
        ("eq", "[]", "[]"),
        ("eq", "[[]]", "[[]]"),
        ("eq", r#"["a,b"]"#, r#"["a,b"]"#),
        ("eq", "{}", "{}"),
        ("eq", r#"{"a":null}"#, r#"{"a":null}"#),
        ("eq", r#"{"a":1.0}"#, r#"{"a":1} {"a":1.0}"#),
        ("eq", r#"{"b":2.0,"a":1}"#, r#"{"a":1,"b":2} {"b":2,"a":1}"#),
        ("eq", r#"{"a":{"b":[1.0,{}]}}"#, r#"{"a":{"b":[1,{}]}}"#),
        ("eq", r#"{"a":{"b":[1]}}"#, ""),
        ("eq", r#"{"c":null,"a":1}"#, r#"{"a":1,"c":null}"#),
        ("eq", r#"[{"b":2,"a":1}]"#, r#"[{"a":1,"b":2}]"#),
        ("ne", "[1,2]", "all but [1,2] [1.0,2.0]"),
        ("ne", r#"{"a":1}"#, r#"all but {"a":1} {"a":1.0}"#),
        ("ne", "{}", "all but {}"),
        ("in", "[[1,2],{}]", "[1,2] [1.0,2.0] {}"),
        ("not_in", "[[1,2],{}]", "all but [1,2] [1.0,2.0] {}"),
        ("contains", "1", "[1,2] [2,1] [1.0,2.0] [1,2,3] [1,null] [1]"),
        ("contains", r#""a""#, r#"["a"] ["a","b"]"#),
        ("contains", r#"{"b":2,"a":1.0}"#, r#"[{"a":1,"b":2}]"#),
        ("contains", r#"{"a":1}"#, ""),
        ("contains", "[]", "[[]]"),
        ("contains", "[1]", "[[1]]"),
        ("contains_any", "[3,[1]]", "[1,2,3] [[1]]"),
        ("contains_all", "[2,1]", "[1,2] [2,1] [1.0,2.0] [1,2,3]"),
        ("starts_with", "[1]", ""),
        ("starts_with", r#""a""#, r#""a""#),
        ("exists", "false", "absent null"),
    ] {
        rows.splits(&leaf(V, op, operand), expected).await?;
        rows.finds_everywhere(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn a_path_steps_through_objects_only(context: Context) -> Outcome {
    let rows = Rows::of_metadata(
        &context,
        &[
            ("dotted", r#"{"a.b":1}"#),
            ("nested", r#"{"a":{"b":1}}"#),
            ("both", r#"{"a":{"b":1},"a.b":2}"#),
            ("deep", r#"{"a":{"b":{"c":1}}}"#),
            ("array", r#"{"a":[{"b":1}]}"#),
            ("elements", r#"{"a":[1,2],"b":1}"#),
            ("index", r#"{"a":{"0":1}}"#),
            ("text", r#"{"a":"b"}"#),
            ("json", r#"{"a":"{\"b\":1}"}"#),
            ("null", r#"{"a":null}"#),
            ("empty", "{}"),
        ],
    )
    .await?;
    for (path, op, operand, expected) in [
        (r#""a","b""#, "eq", "1", "nested both"),
        (r#""a.b""#, "eq", "1", "dotted"),
        (r#""a.b""#, "exists", "true", "dotted both"),
        (r#""a","b""#, "exists", "true", "nested both deep"),
        (r#""a","b""#, "exists", "false", "all but nested both deep"),
        (r#""a","b""#, "ne", "1", "all but nested both"),
        (r#""a","b","c""#, "eq", "1", "deep"),
        (r#""a","b.c""#, "exists", "true", ""),
        (r#""a.b","c""#, "exists", "true", ""),
        (r#""a","0""#, "eq", "1", "index"),
        (r#""a","0""#, "exists", "true", "index"),
        (r#""a[0]""#, "exists", "true", ""),
        (r#""a","*""#, "exists", "true", ""),
        (r#""a","length""#, "exists", "true", ""),
        (r#""a","0","b""#, "exists", "true", ""),
        (r#""a""#, "exists", "true", "all but dotted null empty"),
        (r#""a""#, "eq", r#"{"b":1}"#, "nested both"),
        (r#""a""#, "eq", r#"[{"b":1.0}]"#, "array"),
        (r#""a""#, "contains", "2", "elements"),
        (r#""a""#, "contains", r#"{"b":1}"#, "array"),
        (r#""A","b""#, "exists", "true", ""),
    ] {
        rows.splits(&leaf(&format!(r#"["metadata",{path}]"#), op, operand), expected).await?;
    }
    Ok(())
}

async fn any_key_can_be_named(context: Context) -> Outcome {
    // Each row holds one key; each key is one that a path language reads otherwise.
    #[rustfmt::skip]
    let keys = [
        ("empty", r#""""#), ("quote", r#""a'b""#), ("double", r#""a\"b""#), ("backslash", r#""a\\b""#), ("both", r#""a\\\"b""#),
        ("escape", r#""a\\u0062""#), ("bracket", r#""a[0]""#), ("closing", r#""]""#), ("dollar", r#""$""#), ("root", r#""$.a""#),
        ("last", r##""#-1""##), ("hash", r##""#""##), ("star", r#""*""#), ("dot", r#"".""#), ("dots", r#""..""#), ("slash", r#""/""#),
        ("tilde", r#""~1""#), ("blank", r#""\u0020""#), ("blanks", r#""\u0020a\u0020""#), ("a", r#""a""#), ("upper", r#""A""#),
        ("arrow", r#""->>""#), ("braces", r#""{}""#), ("comma", r#""a,b""#), ("percent", r#""%""#), ("underscore", r#""_""#),
        ("composed", r#""é""#), ("decomposed", r#""e\u0301""#), ("metadata", r#""metadata""#), ("id", r#""id""#), ("tags", r#""tags""#),
        ("number", r#""0""#), ("minus", r#""-1""#), ("null", r#""null""#), ("true", r#""true""#), ("emoji", r#""🙂""#), ("line", r#""\n""#),
        ("syntax", r#""v') OR 1=1 --""#), ("mongo", r#""$gt""#), ("colon", r#""a:b""#), ("question", r#""?""#), ("prototype", r#""__proto__""#),
    ];
    let rows: Vec<(&str, String)> =
        keys.iter().map(|(id, key)| (*id, format!(r#"{{{key}:1,"o":{{{key}:[2]}}}}"#))).collect();
    let rows: Vec<(&str, &str)> = rows.iter().map(|(id, metadata)| (*id, metadata.as_str())).collect();
    let rows = Rows::of_metadata(&context, &rows).await?;
    for (id, key) in keys {
        rows.finds(&leaf(&format!(r#"["metadata",{key}]"#), "eq", "1"), id).await?;
        rows.finds(&leaf(&format!(r#"["metadata",{key}]"#), "exists", "false"), &format!("all but {id}")).await?;
        rows.finds(&leaf(&format!(r#"["metadata","o",{key}]"#), "contains", "2"), id).await?;
        rows.finds(&leaf(&format!(r#"["metadata","o",{key}]"#), "ne", "[2]"), &format!("all but {id}")).await?;
    }
    Ok(())
}

async fn an_empty_path_is_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let calls = context.calls.count();
    ensure_kind!(
        Filter::from_json(&leaf(r#"["metadata"]"#, "exists", "true")),
        InvalidArgument,
        "an empty path in JSON"
    );
    let empty = || Filter::metadata::<&str>([]);
    for filter in
        [empty().exists(true), empty().ne(1), !empty().eq(1), Filter::or([Filter::all(), empty().contains(1)])]
    {
        ensure_kind!(memory.count(&filter).await, InvalidArgument, "count by {filter:?}");
        ensure_kind!(
            memory.list(&ListRequest::new().with_filter(filter.clone())).await,
            InvalidArgument,
            "list by {filter:?}"
        );
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    Ok(())
}

async fn empty_values_exist(context: Context) -> Outcome {
    let values = ["absent", "null", "[]", "{}", r#""""#, "0", "false", "-0.0"];
    let rows = Rows::of_values(&context, &values).await?;
    for (op, operand, expected) in [
        ("exists", "true", r#"[] {} "" 0 false -0.0"#),
        ("exists", "false", "absent null"),
        ("eq", "[]", "[]"),
        ("eq", "{}", "{}"),
        ("eq", r#""""#, r#""""#),
        ("eq", "0", "0 -0.0"),
        ("eq", "false", "false"),
    ] {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}
