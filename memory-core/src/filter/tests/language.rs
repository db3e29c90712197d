//! The filter language: what each form means, what is refused where, and that every tree can be written and read back.

use crate::{Error, ErrorKind, Filter, Timestamp, Value};

fn refused(text: &str) -> Error {
    let error = Filter::parse(text).map(|_| text.to_owned()).expect_err("is refused");
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    error
}

fn value(json: &str) -> Value {
    Value::from_json(json).unwrap()
}

fn a() -> Filter {
    Filter::id().eq("a")
}

fn b() -> Filter {
    Filter::kind().eq("b")
}

fn c() -> Filter {
    Filter::tags().contains("c")
}

/// The texts are those that `to_text` writes.
#[test]
fn each_form_means_its_leaf() {
    let time = Timestamp::parse("2026-01-01T01:00:00+01:00").unwrap();
    let done = || Filter::metadata(["done"]);
    for (text, filter) in [
        (r#"id = "a\"b\\ü\n""#, Filter::id().eq("a\"b\\ü\n")),
        (r#"kind != """#, Filter::kind().ne("")),
        (r#"content < "é😀""#, Filter::content().lt("é😀")),
        (r#"kind <= "a""#, Filter::kind().le("a")),
        (r#"kind > "a""#, Filter::kind().gt("a")),
        (r#"kind >= "a""#, Filter::kind().ge("a")),
        (r#"kind in ["a", "b"]"#, Filter::kind().is_in(["a", "b"])),
        ("kind in []", Filter::kind().is_in(Vec::<String>::new())),
        (r#"kind not in ["a"]"#, Filter::kind().not_in(["a"])),
        (r#"content starts with "a""#, Filter::content().starts_with("a")),
        ("exists(id)", Filter::id().exists(true)),
        ("absent(expires_at)", Filter::expires_at().exists(false)),
        (r#"created_at >= "2026-01-01T00:00:00.000000Z""#, Filter::created_at().ge(time)),
        (r#"updated_at in ["2026-01-01T00:00:00.000000Z"]"#, Filter::updated_at().is_in([time])),
        ("exists(embedding)", Filter::has_embedding(true)),
        ("absent(embedding)", Filter::has_embedding(false)),
        (r#"tags = ["b", "a"]"#, Filter::tags().eq(["b", "a"])),
        (r#"tags != ["a"]"#, Filter::tags().ne(["a"])),
        (r#"tags contains "a""#, Filter::tags().contains("a")),
        (r#"tags contains any ["a", "b"]"#, Filter::tags().contains_any(["a", "b"])),
        (r#"tags contains all ["a"]"#, Filter::tags().contains_all(["a"])),
        ("metadata.priority >= 3", Filter::metadata(["priority"]).ge(3)),
        ("metadata.a.b-c.2_.and = true", Filter::metadata(["a", "b-c", "2_", "and"]).eq(true)),
        ("metadata.a != false", Filter::metadata(["a"]).ne(false)),
        (r#"metadata."a.b"."c d".""."ü"."\"" = 1"#, Filter::metadata(["a.b", "c d", "", "ü", "\""]).eq(1)),
        (r#"metadata.done starts with "x""#, done().starts_with("x")),
        ("metadata.done contains -0.0", done().contains(Value::try_from(-0.0).unwrap())),
        ("metadata.done = 1e300", done().eq(Value::try_from(1e300).unwrap())),
        ("metadata.done = 1.0", done().eq(Value::try_from(1.0).unwrap())),
        ("metadata.done = 18446744073709551615", done().eq(u64::MAX)),
        ("metadata.done = -9223372036854775808", done().eq(i64::MIN)),
        ("metadata.done = []", done().eq(value("[]"))),
        (r#"metadata.done != {"a":[1,null],"b":{}}"#, done().ne(value(r#"{"b":{},"a":[1,null]}"#))),
        (
            r#"metadata.done contains any [false, "a", [null]]"#,
            done().contains_any([false.into(), "a".into(), value("[null]")]),
        ),
        ("metadata.done contains all []", done().contains_all(Vec::<Value>::new())),
        (r#"metadata.done not in [1, "1"]"#, done().not_in([value("1"), "1".into()])),
        ("absent(metadata.done)", done().exists(false)),
    ] {
        assert!(Filter::parse(text).unwrap() == filter, "{text}");
        assert_eq!(filter.to_text(), text);
    }
}

#[test]
fn not_binds_before_and_before_or() {
    let abc = r#"id = "a" and kind = "b" and tags contains "c""#;
    let (x, y, z) = (r#"id = "a""#, r#"kind = "b""#, r#"tags contains "c""#);
    for (text, filter) in [
        (abc.to_owned(), Filter::and([a(), b(), c()])),
        (format!("{x} or {y} or {z}"), Filter::or([a(), b(), c()])),
        (format!("({x} and {y}) and {z}"), Filter::and([Filter::and([a(), b()]), c()])),
        (format!("{x} or ({y} or {z})"), Filter::or([a(), Filter::or([b(), c()])])),
        (format!("{x} or ({y} and {z})"), Filter::or([a(), Filter::and([b(), c()])])),
        (format!("({x} or {y}) and {z}"), Filter::and([Filter::or([a(), b()]), c()])),
        (format!("not {x} and {y}"), Filter::and([!a(), b()])),
        (format!("not ({x} and {y})"), !Filter::and([a(), b()])),
        (format!("not not {x}"), !!a()),
        ("all()".to_owned(), Filter::all()),
        ("any()".to_owned(), Filter::or([])),
        ("not all()".to_owned(), !Filter::all()),
        (format!("all({x})"), Filter::and([a()])),
        (format!("any(all(not {x}))"), Filter::or([Filter::and([!a()])])),
        (format!("all({x} or {y}) and any()"), Filter::and([Filter::and([Filter::or([a(), b()])]), Filter::or([])])),
    ] {
        assert!(Filter::parse(&text).unwrap() == filter, "{text}");
        assert_eq!(filter.to_text(), text);
    }
    // Other texts of the same trees.
    for (text, filter) in [
        (format!("{x} or {y} and {z}"), Filter::or([a(), Filter::and([b(), c()])])),
        (format!("{x} and {y} or {z}"), Filter::or([Filter::and([a(), b()]), c()])),
        (format!("not {x} or {y}"), Filter::or([!a(), b()])),
        (format!("((({x})))"), a()),
        (format!("all({x}, {y} or {z})"), Filter::and([a(), Filter::or([b(), c()])])),
        (format!("any ( {x} , {y} )"), Filter::or([a(), b()])),
    ] {
        assert!(Filter::parse(&text).unwrap() == filter, "{text}");
    }
}

#[test]
fn blanks_and_capitals_are_free_where_nothing_is_data() {
    let both = Filter::and([Filter::kind().not_in(["a"]), !Filter::metadata(["N"]).exists(true)]);
    for text in [
        r#"kind not in ["a"] and not exists(metadata.N)"#,
        "\n kind\tNot\r\nIN[\n\"a\" ]AND NOT(EXISTS ( metadata.N ) ) \n",
    ] {
        assert!(Filter::parse(text).unwrap() == both, "{text}");
    }
    assert!(Filter::parse(r#"id="a"and kind="b""#).unwrap() == Filter::and([a(), b()]));
    assert!(Filter::parse("metadata.n>=-3").unwrap() == Filter::metadata(["n"]).ge(-3));
    assert!(Filter::parse("metadata.Kind = 1").unwrap() != Filter::parse("metadata.kind = 1").unwrap());
}

#[test]
fn errors_point_at_the_place_and_say_what_is_expected() {
    for (text, offset, said) in [
        ("", 0, "the text ends too early: expected a field"),
        ("  ", 2, "ends too early"),
        (r#"knd = "a""#, 0, r#"no field "knd"; did you mean kind?"#),
        (r#"KIND = "a""#, 0, r#"no field "KIND""#),
        ("id = \"a\" or priority >= 3", 12, "a key of metadata is written metadata.KEY"),
        (r#"namespace = "a""#, 0, "beside the filter"),
        (r#""kind" = "a""#, 0, "expected a field"),
        ("= 3", 0, "expected a field"),
        ("metadata >= 3", 8, "expected . and a key"),
        ("metadata.", 9, "expected a key of metadata"),
        ("metadata.ü = 1", 9, "in double quotes"),
        ("metadata . a = 1", 8, "expected . and a key"),
        (r#"metadata."a = 1"#, 14, "ends too early"),
        ("kind", 4, "ends too early: expected a test: kind takes =, !=, <, <=, >, >=, in, not in, starts with"),
        (r#"kind == "a""#, 5, "expected a test: kind takes ="),
        (r#"kind <> "a""#, 5, "expected a test"),
        (r#"kind start with "a""#, 5, "expected a test"),
        (r#"kind starts_with "a""#, 5, "did you mean starts with?"),
        (r#"tags contain "a""#, 5, "did you mean contains?"),
        (r#"tags < ["a"]"#, 5, "tags takes =, !=, contains, contains any, contains all"),
        (r#"created_at starts with "a""#, 11, "created_at takes ="),
        ("embedding = 1", 10, "embedding takes exists(embedding) and absent(embedding) alone"),
        ("exists(tags)", 7, "tags takes"),
        ("exists metadata.a", 7, "expected ("),
        ("exists(metadata.a", 17, "ends too early: expected )"),
        ("exists(kind = 3)", 12, "expected )"),
        ("kind = preference", 7, "expected an operand: \"text\" in double quotes"),
        ("kind = 'a'", 7, "expected an operand"),
        ("kind =", 6, "ends too early: expected an operand"),
        ("kind = 3", 7, "kind: expected a string"),
        (r#"kind in "a""#, 8, "kind: expected a list"),
        (r#"tags = "a""#, 7, "tags: expected a list"),
        (r#"tags contains any "a""#, 18, "expected a list"),
        (r#"created_at > "2026-01-01""#, 13, "not a timestamp of RFC 3339"),
        ("metadata.a = null", 13, "null is no operand"),
        ("metadata.a in [1, null]", 14, "null is no operand"),
        ("metadata.a = TRUE", 13, "expected an operand"),
        ("metadata.a = 1e", 13, "not a number"),
        ("metadata.a = 01", 13, "not a number"),
        ("metadata.a = 3x", 13, "not a number"),
        ("metadata.a = 18446744073709551616", 13, "outside i64 and u64"),
        ("metadata.a = 1e400", 13, "too large"),
        ("metadata.a = [1,\n x]", 18, "as in JSON"),
        (r#"metadata.a = {"b":1,"b":2}"#, 20, "names a key twice"),
        (r#"metadata.a = "\é""#, 15, "as in JSON"),
        (r#"metadata.a = "\u00é0""#, 18, "as in JSON"),
        (r#"metadata.a = "\u0000""#, 13, "holds NUL"),
        (r#"metadata."\u0000" = 1"#, 0, "holds NUL"),
        (r#"metadata.a = "\ud800""#, 20, "as in JSON"),
        (r#"id = "a" kind = "b""#, 9, "expected and, or, or the end of the text"),
        (r#"id = "a" && kind = "b""#, 9, "expected and, or, or the end of the text"),
        (r#"(id = "a" kind"#, 10, "expected and, or, or )"),
        (r#"(id = "a""#, 9, "ends too early: expected and, or, or )"),
        (r#"all(id = "a"; id"#, 12, "expected and, or, a comma or )"),
        (r#"all(id = "a","#, 13, "ends too early: expected a field"),
        (r#"all(id = "a",)"#, 13, "expected a field"),
        ("all", 3, "ends too early: expected ("),
        (r#"id = "a" and"#, 12, "ends too early: expected a field"),
        (r#"not"#, 3, "ends too early"),
        ("()", 1, "expected a field"),
        (r#"id = "a")"#, 8, "expected and, or, or the end"),
        (r#"{"and":[]}"#, 0, "expected a field"),
        ("kind\u{a0}= \"a\"", 4, "expected a test"),
        ("😀", 0, "expected a field"),
    ] {
        let error = refused(text);
        assert_eq!(error.offset(), Some(offset), "{text}: {error}");
        assert!(error.message().contains(said), "{text}: {error}");
    }
}

#[test]
fn errors_hold_no_operand() {
    for text in [
        "kind = secret",
        "kind secret",
        "kind = \"secret",
        "kind = 'secret'",
        "kind = \"\\x secret\"",
        "kind = \"a\" \"secret\"",
        "\"secret\" = kind",
        "kind in [secret]",
        "kind in \"secret\"",
        "created_at < \"secret\"",
        "metadata.a = {\"secret\":1,\"secret\":2}",
        "metadata.a in [\"secret\", null]",
        "metadata.a = \"secret\\u0000\"",
        "metadata.a = 0secret",
        "embedding = \"secret\"",
    ] {
        let error = refused(text);
        let shown = format!("{error} {error:?}");
        assert!(!shown.contains("secret") && std::error::Error::source(&error).is_none(), "{text}: {shown}");
    }
}

/// Which field takes which test and which operand is written down once, for both forms; the words in errors follow it.
#[test]
fn the_language_takes_what_json_takes() {
    let tests = [
        ("=", "eq"),
        ("!=", "ne"),
        ("<", "lt"),
        ("<=", "le"),
        (">", "gt"),
        (">=", "ge"),
        ("in", "in"),
        ("not in", "not_in"),
        ("starts with", "starts_with"),
        ("contains", "contains"),
        ("contains any", "contains_any"),
        ("contains all", "contains_all"),
    ];
    let fields = ["id", "kind", "content", "tags", "created_at", "updated_at", "expires_at", "embedding", "metadata.a"];
    let operands = [
        "1",
        "true",
        "null",
        r#""a""#,
        r#""2026-01-01T00:00:00Z""#,
        r#"["2026-01-01T00:00:00Z"]"#,
        r#"["a"]"#,
        "[1]",
        "[]",
        "{}",
    ];
    let mut taken = 0;
    for field in fields {
        let json_field = if field == "metadata.a" { r#"["metadata","a"]"#.to_owned() } else { format!("\"{field}\"") };
        let list = Filter::parse(&format!("{field} ~ 1")).unwrap_err().message().to_owned();
        let listed: Vec<&str> = list.split(" takes ").nth(1).unwrap().split(", ").collect();
        for (test, op) in tests {
            let mut any = false;
            for operand in operands {
                let json = format!(r#"{{"field":{json_field},"op":"{op}","value":{operand}}}"#);
                let read = Filter::parse(&format!("{field} {test} {operand}"));
                assert_eq!(read.as_ref().ok(), Filter::from_json(&json).as_ref().ok(), "{json}");
                any |= read.is_ok();
            }
            assert_eq!(listed.contains(&test), any, "{field} {test}");
            taken += usize::from(any);
        }
    }
    // 9 for each text, 8 for each time, 5 for tags, none for the embedding, 12 for metadata.
    assert_eq!(taken, 3 * 9 + 3 * 8 + 5 + 12);
}

#[test]
fn fi_9_the_bounds_are_those_of_json() {
    let deep = |depth: usize| (1..depth).fold(Filter::all(), |inner, _| Filter::and([inner]));
    let nots = |depth: usize| (1..depth).fold(a(), |inner, _| !inner);
    let chains = |depth: usize| {
        (1..depth).fold(a(), |inner, at| if at % 2 == 0 { Filter::and([inner, b()]) } else { Filter::or([b(), inner]) })
    };
    let wide = |nodes: usize| Filter::or(vec![Filter::all(); nodes - 1]);
    let list = |length: usize| Filter::metadata(["a"]).is_in(vec![1; length]);
    let path = |keys: usize| Filter::metadata(vec!["a"; keys]).exists(true);
    let nested =
        |levels: usize| Filter::metadata(["a"]).eq((0..levels).fold(value("1"), |inner, _| vec![inner].into()));
    let bytes = |bytes: usize| Filter::id().eq("x".repeat(bytes));
    for (within, beyond) in [
        (deep(32), deep(33)),
        (nots(32), nots(33)),
        (chains(32), chains(33)),
        (wide(1024), wide(1025)),
        (list(1000), list(1001)),
        (path(16), path(17)),
        (nested(16), nested(17)),
        (bytes(1 << 20), bytes((1 << 20) + 1)),
    ] {
        assert!(Filter::parse(&within.to_text()).unwrap() == within);
        assert!(refused(&beyond.to_text()).message().contains("most") || beyond == nested(17));
    }
    let parentheses = |levels: usize| format!("{}id = \"a\"{}", "(".repeat(levels), ")".repeat(levels));
    assert!(Filter::parse(&parentheses(63)).unwrap() == a());
    assert_eq!(refused(&parentheses(64)).offset(), Some(64));
}

#[test]
fn hostile_nesting_is_an_error() {
    for open in ["(", "not ", "all(", "any(not (", "metadata.a = [", "metadata.a = {\"a\":[", "exists("] {
        refused(&open.repeat(50_000));
    }
    refused(&format!("metadata{} = 1", ".a".repeat(50_000)));
    refused(&format!("id = \"a\"{}", " and id = \"a\"".repeat(20_000)));
    refused(&"k".repeat(100_000));
}
