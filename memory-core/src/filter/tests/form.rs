//! Which filters there are: bounds, JSON, what is refused, and what shows.

use crate::{Filter, Timestamp, Value};

fn refused(json: &str) -> String {
    let error = Filter::from_json(json).map(|_| json.to_owned()).expect_err("is refused");
    assert_eq!(error.kind(), crate::ErrorKind::InvalidArgument);
    error.message().to_owned()
}

fn leaf(field: &str, op: &str, operand: &str) -> String {
    format!(r#"{{"field":{field},"op":"{op}","value":{operand}}}"#)
}

#[test]
fn fi_10_builders_and_json_say_the_same() {
    let time = Timestamp::parse("2026-01-01T01:00:00+01:00").unwrap();
    let at = r#""2026-01-01T00:00:00.000000Z""#;
    for (filter, json) in [
        (Filter::all(), r#"{"and":[]}"#.to_owned()),
        (Filter::or([!Filter::all()]), r#"{"or":[{"not":{"and":[]}}]}"#.to_owned()),
        (Filter::id().eq("a\"b"), leaf(r#""id""#, "eq", r#""a\"b""#)),
        (Filter::kind().ne("a"), leaf(r#""kind""#, "ne", r#""a""#)),
        (Filter::content().lt("a"), leaf(r#""content""#, "lt", r#""a""#)),
        (Filter::content().starts_with("a"), leaf(r#""content""#, "starts_with", r#""a""#)),
        (Filter::created_at().le(time), leaf(r#""created_at""#, "le", at)),
        (Filter::updated_at().gt(time), leaf(r#""updated_at""#, "gt", at)),
        (Filter::expires_at().ge(time), leaf(r#""expires_at""#, "ge", at)),
        (Filter::expires_at().is_in([time, time]), leaf(r#""expires_at""#, "in", &format!("[{at},{at}]"))),
        (Filter::kind().not_in(["a", "b"]), leaf(r#""kind""#, "not_in", r#"["a","b"]"#)),
        (Filter::id().exists(true), leaf(r#""id""#, "exists", "true")),
        (Filter::has_embedding(false), leaf(r#""embedding""#, "exists", "false")),
        (Filter::tags().eq(["b", "a"]), leaf(r#""tags""#, "eq", r#"["b","a"]"#)),
        (Filter::tags().ne(["a"]), leaf(r#""tags""#, "ne", r#"["a"]"#)),
        (Filter::tags().contains("a"), leaf(r#""tags""#, "contains", r#""a""#)),
        (Filter::tags().contains_any(["a"]), leaf(r#""tags""#, "contains_any", r#"["a"]"#)),
        (Filter::tags().contains_all(["a"]), leaf(r#""tags""#, "contains_all", r#"["a"]"#)),
        (Filter::metadata(["a.b", ""]).eq(1), leaf(r#"["metadata","a.b",""]"#, "eq", "1")),
        (
            Filter::metadata(["metadata"]).is_in([Value::try_from(1.0).unwrap(), "x".into(), vec![1, 2].into()]),
            leaf(r#"["metadata","metadata"]"#, "in", r#"[1.0,"x",[1,2]]"#),
        ),
        (Filter::metadata(["a"]).contains(true), leaf(r#"["metadata","a"]"#, "contains", "true")),
        (
            Filter::metadata(["a"]).contains_any([u64::MAX]),
            leaf(r#"["metadata","a"]"#, "contains_any", "[18446744073709551615]"),
        ),
        (Filter::metadata(["a"]).contains_all(["b"]), leaf(r#"["metadata","a"]"#, "contains_all", r#"["b"]"#)),
        (Filter::metadata(["a"]).starts_with("b"), leaf(r#"["metadata","a"]"#, "starts_with", r#""b""#)),
    ] {
        assert_eq!(filter.to_json(), json);
        assert!(Filter::from_json(&json).unwrap() == filter, "{json}");
    }
    let blanks = Filter::from_json(" { \"value\" : \"a\" , \"op\" : \"eq\" , \"field\" : \"\\u006bind\" } ").unwrap();
    assert!(blanks == Filter::kind().eq("a"));
}

#[test]
fn fi_10_other_keys_and_words_are_named() {
    for (json, word) in [
        (r#"{"nand":[]}"#.to_owned(), "\"nand\""),
        (r#"{"field":"id","op":"eq","value":"a","valeu":1}"#.to_owned(), "\"valeu\""),
        (leaf(r#""namespace""#, "eq", r#""a""#), "\"namespace\""),
        (leaf(r#""id""#, "like", r#""a""#), "\"like\""),
        (leaf(r#"["metadata","a"]"#, "EQ", "1"), "\"EQ\""),
        (leaf(r#"["meta","a"]"#, "eq", "1"), "\"meta\""),
    ] {
        assert!(refused(&json).contains(word), "{json}");
    }
    for json in [
        "",
        "[]",
        "null",
        "{}",
        r#"{"and":[],"or":[]}"#,
        r#"{"and":{}}"#,
        r#"{"or":[1]}"#,
        r#"{"not":[]}"#,
        r#"{"not":{"and":[]},"field":"id"}"#,
        r#"{"field":"id","op":"exists"}"#,
        r#"{"field":"id","op":1,"value":true}"#,
        r#"{"field":1,"op":"exists","value":true}"#,
        r#"{"field":"id","op":"eq","op":"eq","value":"a"}"#,
        r#"{"field":"metadata","op":"exists","value":true}"#,
        r#"{"field":[],"op":"exists","value":true}"#,
        r#"{"field":["metadata"],"op":"exists","value":true}"#,
        r#"{"field":["metadata",1],"op":"exists","value":true}"#,
        r#"{"field":["metadata","a"],"op":"eq","value":18446744073709551616}"#,
        r#"{"field":["metadata","a"],"op":"eq","value":{"b":1,"b":1}}"#,
    ] {
        refused(json);
    }
}

#[test]
fn fi_1_tests_that_a_field_does_not_take() {
    let time = r#""2026-01-01T00:00:00Z""#;
    for field in [r#""id""#, r#""kind""#, r#""content""#] {
        for (op, operand) in [("contains", r#""a""#), ("contains_any", r#"["a"]"#), ("contains_all", r#"["a"]"#)] {
            refused(&leaf(field, op, operand));
        }
        for operand in ["1", "null", "true", "[]", "{}"] {
            for op in ["eq", "ne", "lt", "le", "gt", "ge", "starts_with"] {
                refused(&leaf(field, op, operand));
            }
        }
        refused(&leaf(field, "in", "[1]"));
        refused(&leaf(field, "in", r#""a""#));
        refused(&leaf(field, "not_in", "[null]"));
    }
    for field in [r#""created_at""#, r#""updated_at""#, r#""expires_at""#] {
        for (op, operand) in
            [("contains", time), ("starts_with", time), ("in", time), ("in", "[0]"), ("eq", "0"), ("lt", "\"\"")]
        {
            refused(&leaf(field, op, operand));
        }
        refused(&leaf(field, "ge", r#""2016-12-31T23:59:60Z""#));
        refused(&leaf(field, "ge", r#""10000-01-01T00:00:00Z""#));
        refused(&leaf(field, "eq", "null"));
    }
    for (op, operand) in
        [("lt", "[]"), ("in", r#"["a"]"#), ("not_in", "[]"), ("exists", "true"), ("starts_with", r#""a""#)]
    {
        refused(&leaf(r#""tags""#, op, operand));
    }
    for (op, operand) in [
        ("eq", r#""a""#),
        ("ne", "[1]"),
        ("contains", "1"),
        ("contains", "[]"),
        ("contains_any", r#""a""#),
        ("contains_all", "[null]"),
    ] {
        refused(&leaf(r#""tags""#, op, operand));
    }
    for (op, operand) in [("eq", "[1.0]"), ("contains", "1"), ("exists", "1")] {
        refused(&leaf(r#""embedding""#, op, operand));
    }
    for (op, operand) in [
        ("in", "1"),
        ("not_in", r#""a""#),
        ("contains_any", "{}"),
        ("contains_all", "1"),
        ("exists", "1"),
        ("exists", r#""true""#),
    ] {
        refused(&leaf(r#"["metadata","a"]"#, op, operand));
    }
}

#[test]
fn fi_3_null_is_no_operand() {
    for op in ["eq", "ne", "lt", "le", "gt", "ge", "contains", "starts_with"] {
        refused(&leaf(r#"["metadata","a"]"#, op, "null"));
    }
    for op in ["in", "not_in", "contains_any", "contains_all"] {
        refused(&leaf(r#"["metadata","a"]"#, op, "[1,null]"));
        assert!(Filter::from_json(&leaf(r#"["metadata","a"]"#, op, "[[null]]")).is_ok());
    }
    assert!(Filter::metadata(["a"]).eq(Value::Null).check().is_err());
}

#[test]
fn fi_9_bounds_at_n_and_one_more() {
    let deep = |depth: usize| (1..depth).fold(Filter::all(), |inner, _| Filter::and([inner]));
    let wide = |nodes: usize| Filter::or(vec![Filter::all(); nodes - 1]);
    let list = |length: usize| Filter::metadata(["a"]).is_in(vec![1; length]);
    let tags = |length: usize| Filter::tags().eq(vec!["a"; length]);
    let times = |length: usize| Filter::created_at().not_in(vec![Timestamp::MIN; length]);
    let path = |keys: usize| Filter::metadata(vec!["a"; keys]).exists(true);
    let nested = |levels: usize| (0..levels).fold(Value::from(1), |inner, _| vec![inner].into());
    // Two leaves: a path of 2 bytes, then an operand with the rest.
    let bytes = |bytes: usize| Filter::or([Filter::metadata(["é"]).eq(1), Filter::id().eq("x".repeat(bytes - 2))]);
    for (within, beyond) in [
        (deep(32), deep(33)),
        (wide(1024), wide(1025)),
        (list(1000), list(1001)),
        (tags(1000), tags(1001)),
        (times(1000), times(1001)),
        (path(16), path(17)),
        (path(1), path(0)),
        (Filter::metadata(["a"]).eq(nested(16)), Filter::metadata(["a"]).eq(nested(17))),
        (Filter::metadata(["a"]).contains_any([nested(16)]), Filter::metadata(["a"]).contains_any([nested(17)])),
        (bytes(1 << 20), bytes((1 << 20) + 1)),
        (Filter::id().eq("a"), Filter::id().eq("\0")),
        (Filter::tags().contains("a"), Filter::tags().contains("a\0")),
        (Filter::metadata(["a"]).eq(1), Filter::metadata(["a\0"]).eq(1)),
        (Filter::metadata(["a"]).eq("a"), Filter::metadata(["a"]).eq("\0")),
    ] {
        assert!(within.check().is_ok(), "{:.60}", format!("{within:?}"));
        assert!(beyond.check().is_err(), "{:.60}", format!("{beyond:?}"));
        assert!(Filter::from_json(&within.to_json()).unwrap() == within);
        assert!(Filter::from_json(&beyond.to_json()).is_err());
    }
    // The deepest legal tree with the deepest legal operand passes the reader too.
    let deepest = (1..32).fold(Filter::metadata(["a"]).contains_any([nested(16)]), |inner, _| Filter::and([inner]));
    assert!(Filter::from_json(&deepest.to_json()).unwrap() == deepest);
}

#[test]
fn hostile_nesting_is_an_error() {
    for (open, close) in [(r#"{"not":"#, "}"), (r#"{"and":["#, "]}"), ("[", "]")] {
        refused(&format!("{}{{\"and\":[]}}{}", open.repeat(150_000), close.repeat(150_000)));
        refused(&open.repeat(150_000));
    }
}

#[test]
fn operands_never_show() {
    let filter = Filter::and([
        Filter::content().eq("secret"),
        Filter::tags().contains_any(["secret", "secret"]),
        Filter::metadata(["a", "b"]).eq(vec!["secret"]),
        !Filter::created_at().ge(Timestamp::MIN),
        Filter::has_embedding(true),
    ]);
    assert_eq!(
        format!("{filter:?}"),
        r#"And([Leaf(content eq ?), Leaf(tags contains_any [2 operands]), Leaf(metadata["a", "b"] eq ?), Not(Leaf(created_at ge ?)), Leaf(embedding exists true)])"#
    );
    for json in [
        leaf(r#""created_at""#, "eq", r#""secret""#),
        leaf(r#""tags""#, "eq", r#""secret""#),
        leaf(r#""id""#, "exists", r#""secret""#),
        leaf(r#"["metadata","a"]"#, "in", r#""secret""#),
        leaf(r#"["metadata","a"]"#, "eq", r#"{"secret":1,"secret":1}"#),
        leaf(r#"["metadata","a"]"#, "in", r#"["secret",null]"#),
    ] {
        assert!(!refused(&json).contains("secret"), "{json}");
    }
}

#[test]
fn fi_10_the_error_says_which_part_is_wrong() {
    for (json, said) in [
        (leaf(r#""embedding""#, "eq", "true"), "embedding"),
        (leaf(r#""embedding""#, "contains", "true"), "contains"),
        (leaf(r#""metadata""#, "eq", "1"), "is a list"),
        (leaf(r#""colour""#, "eq", "1"), "has no field"),
    ] {
        let message = refused(&json);
        assert!(message.contains(said), "{json}: {message}");
        assert_eq!(message.contains("has no field"), said == "has no field", "{json}: {message}");
    }
}
