//! The JSON form (FI-10), and that its text is read as metadata is (RE-2).

use memory_core::{Filter, Timestamp, Value};

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "FI-10": [
        each_form_is_read,
        the_form_goes_there_and_back,
        another_key_or_word_is_refused_and_named,
        what_has_not_the_form_is_refused,
    ],
    "RE-2": [a_filters_text_is_read_by_its_own_digits],
}

async fn each_form_is_read(_context: Context) -> Outcome {
    let time = Timestamp::parse("2026-01-01T00:00:00Z")?;
    let at = r#""2026-01-01T01:00:00+01:00""#;
    let v = || Filter::metadata(["v"]);
    let array = |items: &[i64]| Value::Array(items.iter().map(|n| Value::from(*n)).collect());
    for (json, expected) in [
        (r#"{"and":[]}"#.to_owned(), Filter::all()),
        (r#"{"or":[]}"#.to_owned(), Filter::or([])),
        (r#"{"not":{"or":[]}}"#.to_owned(), !Filter::or([])),
        (r#" { "or" : [ {"and":[]} , {"and":[]} ] } "#.to_owned(), Filter::or([Filter::all(), Filter::all()])),
        (r#"{"value":"a","op":"eq","field":"id"}"#.to_owned(), Filter::id().eq("a")),
        (leaf(r#""kind""#, "ne", r#""a""#), Filter::kind().ne("a")),
        (leaf(r#""content""#, "lt", r#""\u0061\n""#), Filter::content().lt("a\n")),
        (leaf(r#""id""#, "le", r#""a""#), Filter::id().le("a")),
        (leaf(r#""id""#, "gt", r#""a""#), Filter::id().gt("a")),
        (leaf(r#""id""#, "ge", r#""a""#), Filter::id().ge("a")),
        (leaf(r#""id""#, "in", r#"["a","b"]"#), Filter::id().is_in(["a", "b"])),
        (leaf(r#""id""#, "not_in", "[]"), Filter::id().not_in::<&str>([])),
        (leaf(r#""id""#, "starts_with", r#""a""#), Filter::id().starts_with("a")),
        (leaf(r#""kind""#, "exists", "true"), Filter::kind().exists(true)),
        (leaf(r#""created_at""#, "eq", at), Filter::created_at().eq(time)),
        (leaf(r#""updated_at""#, "in", &format!("[{at}]")), Filter::updated_at().is_in([time])),
        (leaf(r#""expires_at""#, "exists", "false"), Filter::expires_at().exists(false)),
        (leaf(r#""tags""#, "eq", r#"["a"]"#), Filter::tags().eq(["a"])),
        (leaf(r#""tags""#, "ne", "[]"), Filter::tags().ne::<&str>([])),
        (leaf(r#""tags""#, "contains", r#""a""#), Filter::tags().contains("a")),
        (leaf(r#""tags""#, "contains_any", r#"["a"]"#), Filter::tags().contains_any(["a"])),
        (leaf(r#""tags""#, "contains_all", r#"["a"]"#), Filter::tags().contains_all(["a"])),
        (leaf(r#""embedding""#, "exists", "true"), Filter::has_embedding(true)),
        (leaf(V, "eq", "1"), v().eq(1)),
        (leaf(V, "eq", "1.0"), v().eq(Value::from_json("1.0")?)),
        (leaf(V, "in", "[1,[2]]"), v().is_in([Value::from(1), array(&[2])])),
        (leaf(V, "starts_with", "1"), v().starts_with(1)),
        (leaf(V, "contains", "[1]"), v().contains(array(&[1]))),
        (leaf(V, "contains_any", r#"["a"]"#), v().contains_any(["a"])),
        (leaf(V, "contains_all", "[true]"), v().contains_all([true])),
        (
            leaf(r#"["metadata","a.b","","metadata"]"#, "exists", "true"),
            Filter::metadata(["a.b", "", "metadata"]).exists(true),
        ),
    ] {
        let read = Filter::from_json(&json);
        ensure_eq!(read.as_ref().ok(), Some(&expected), "{json}: {read:?}");
    }
    Ok(())
}

async fn the_form_goes_there_and_back(_context: Context) -> Outcome {
    // As `to_json` writes: canonical, so that the text is also the one that was read.
    for json in [
        r#"{"and":[]}"#,
        r#"{"not":{"or":[{"and":[]},{"or":[]}]}}"#,
        r#"{"field":"id","op":"eq","value":"a\"\\\n\u0001é🙂"}"#,
        r#"{"field":"created_at","op":"in","value":["0001-01-01T00:00:00.000000Z","2026-01-01T00:00:00.000001Z"]}"#,
        r#"{"field":"tags","op":"contains_all","value":["a","b"]}"#,
        r#"{"field":"embedding","op":"exists","value":false}"#,
        r#"{"field":["metadata","","a.b"],"op":"not_in","value":[1,1.0,-0.0,18446744073709551615,-9223372036854775808,1e16,[],{}]}"#,
        r#"{"field":["metadata","v"],"op":"eq","value":{"a":null,"b":[true,{"c":1e-7}]}}"#,
        r#"{"field":["metadata","v"],"op":"starts_with","value":""}"#,
    ] {
        let read = Filter::from_json(json);
        ensure_eq!(read.map(|filter| filter.to_json()).ok().as_deref(), Some(json), "there and back");
    }
    Ok(())
}

async fn another_key_or_word_is_refused_and_named(_context: Context) -> Outcome {
    for (json, word) in [
        (r#"{"xor":[]}"#, "xor"),
        (r#"{"AND":[]}"#, "AND"),
        (r#"{"$and":[]}"#, "$and"),
        (r#"{"field":"id","op":"eq","value":"a","boost":2}"#, "boost"),
        (r#"{"and":[],"comment":""}"#, "comment"),
        (r#"{"and":[{"or":[{"not":{"nor":[]}}]}]}"#, "nor"),
        (r#"{"field":"ids","op":"eq","value":"a"}"#, "ids"),
        (r#"{"field":"Id","op":"eq","value":"a"}"#, "Id"),
        (r#"{"field":"namespace","op":"eq","value":"a"}"#, "namespace"),
        (r#"{"field":"score","op":"ge","value":1}"#, "score"),
        (r#"{"field":"v","op":"eq","value":"a"}"#, "\"v\""),
        (r#"{"field":["meta","v"],"op":"eq","value":1}"#, "meta"),
        (r#"{"field":["id"],"op":"eq","value":"a"}"#, "id"),
        (r#"{"field":"id","op":"like","value":"a"}"#, "like"),
        (r#"{"field":"id","op":"EQ","value":"a"}"#, "EQ"),
        (r#"{"field":"id","op":"=","value":"a"}"#, "\"=\""),
        (r#"{"field":"tags","op":"startsWith","value":"a"}"#, "startsWith"),
        (r#"{"field":"created_at","op":"between","value":[]}"#, "between"),
        (r#"{"field":"embedding","op":"near","value":[]}"#, "near"),
        (r#"{"field":["metadata","v"],"op":"nin","value":[]}"#, "nin"),
        (r#"{"field":["metadata","v"],"op":"contains-any","value":[]}"#, "contains-any"),
    ] {
        let error = ensure_kind!(Filter::from_json(json), InvalidArgument, "{json}");
        ensure!(error.to_string().contains(word), "{json}: the error does not name {word}: {error}");
    }
    Ok(())
}

async fn what_has_not_the_form_is_refused(_context: Context) -> Outcome {
    #[rustfmt::skip]
    let refused = [
        "", " ", "null", "true", "1", "[]", r#""id""#, "{}", "{", r#"{"and":[]"#, r#"{"and":[]} {}"#, r#"{"and":[]},"#, "{'and':[]}",
        r#"{"and":[],}"#, r#"{and:[]}"#, r#"{"and":{}}"#, r#"{"and":null}"#, r#"{"or":{"or":[]}}"#, r#"{"or":[[]]}"#, r#"{"or":[null]}"#,
        r#"{"not":[]}"#, r#"{"not":null}"#, r#"{"not":{}}"#, r#"{"not":[{"and":[]}]}"#, r#"{"and":[],"or":[]}"#, r#"{"and":[],"not":{"and":[]}}"#,
        r#"{"and":[],"field":"id","op":"eq","value":"a"}"#, r#"{"field":"id","op":"eq"}"#, r#"{"field":"id","value":"a"}"#,
        r#"{"op":"eq","value":"a"}"#, r#"{"field":"id"}"#, r#"{"field":"","op":"eq","value":"a"}"#, r#"{"field":[],"op":"eq","value":"a"}"#,
        r#"{"field":{"metadata":"v"},"op":"eq","value":"a"}"#, r#"{"field":null,"op":"eq","value":"a"}"#, r#"{"field":1,"op":"eq","value":1}"#,
        r#"{"field":["metadata",1],"op":"eq","value":1}"#, r#"{"field":["metadata",["v"]],"op":"eq","value":1}"#,
        r#"{"field":["metadata",null],"op":"eq","value":1}"#, r#"{"field":"metadata","op":"eq","value":1}"#,
        r#"{"field":"metadata.v","op":"eq","value":1}"#, r#"{"field":"id","op":["eq"],"value":"a"}"#, r#"{"field":"id","op":null,"value":"a"}"#,
        r#"{"field":"id","op":"","value":"a"}"#, r#"{"field":"id","op":1,"value":"a"}"#,
    ];
    for json in refused {
        ensure_kind!(Filter::from_json(json), InvalidArgument, "{json:?}");
    }
    Ok(())
}

async fn a_filters_text_is_read_by_its_own_digits(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = ["0", "-0.0", "9007199254740993", "18446744073709551615", "18446744073709551616.0", "-9223372036854775808", "0.1"];
    let rows = Rows::of_values(&context, &values).await?;
    for (operand, expected) in [
        ("-0", "0 -0.0"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", ""),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551615.0", "18446744073709551616.0"),
        ("-9223372036854775808", "-9223372036854775808"),
        ("0.1000000000000000055511151231257827", "0.1"),
    ] {
        rows.finds(&leaf(V, "eq", operand), expected).await?;
    }
    for operand in
        ["18446744073709551616", "-9223372036854775809", "1e400", "-1e400", "NaN", "Infinity", "01", "+1", "1.", ".5"]
    {
        ensure_kind!(Filter::from_json(&leaf(V, "eq", operand)), InvalidArgument, "{operand}");
        ensure_kind!(
            Filter::from_json(&leaf(V, "in", &format!("[1,{operand}]"))),
            InvalidArgument,
            "{operand} in a list"
        );
    }
    for json in [
        r#"{"field":"id","op":"eq","value":"a","value":"b"}"#,
        r#"{"and":[],"and":[]}"#,
        r#"{"field":["metadata","v"],"op":"eq","value":{"a":1,"a":1}}"#,
        r#"{"field":["metadata","v"],"op":"in","value":[{"a":{"b":1,"b":2}}]}"#,
    ] {
        ensure_kind!(Filter::from_json(json), InvalidArgument, "a key twice: {json}");
    }
    Ok(())
}
