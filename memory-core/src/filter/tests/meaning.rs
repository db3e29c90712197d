//! What matches. Every expected answer is worked by hand from SPEC 5.

use crate::record::{Content, Kind, Record, Tags};
use crate::{Embedding, Filter, Metadata, Namespace, RecordId, RecordKey, Timestamp};

const METADATA: &str = r#"{"null":null,"false":false,"true":true,"five":5,"float":5.0,"seven":7,"negative":-1,
    "big":18446744073709551615,"odd":9007199254740993,"b":"b","digit":"5","empty":"","array":[5,"b",[1],null],"[]":[],
    "object":{"a":null,"b":{"c":1}},"{}":{},"a.b":1}"#;

/// The keys above without `a.b`, in the order of the answers below, and one that is not there.
const KEYS: [&str; 17] = [
    "absent", "null", "false", "true", "five", "float", "seven", "negative", "big", "odd", "b", "digit", "empty",
    "array", "[]", "object", "{}",
];

fn time(text: &str) -> Timestamp {
    Timestamp::parse(text).unwrap()
}

fn record() -> Record {
    Record {
        key: RecordKey::new(Namespace::new(["n"]).unwrap(), RecordId::new("r/1").unwrap()),
        kind: Kind::new("fact").unwrap(),
        content: Content::new("").unwrap(),
        embedding: None,
        metadata: Metadata::from_json(METADATA).unwrap(),
        tags: Tags::new(["b", "a"]).unwrap(),
        created_at: time("2026-01-01T00:00:00.000001Z"),
        updated_at: time("1969-12-31T23:59:59.999999Z"),
        expires_at: None,
    }
}

fn matches(json: &str) -> bool {
    Filter::from_json(json).unwrap().matches(&record())
}

/// Checks which keys of metadata a test matches, and that its complement matches the others.
fn check(op: &str, operand: &str, expected: &[&str]) {
    let leaf = |key: &str| format!(r#"{{"field":["metadata","{key}"],"op":"{op}","value":{operand}}}"#);
    let matched: Vec<&str> = KEYS.into_iter().filter(|key| matches(&leaf(key))).collect();
    assert_eq!(matched, expected, "{op} {operand}");
    for key in KEYS {
        assert_ne!(matches(&format!(r#"{{"not":{}}}"#, leaf(key))), matches(&leaf(key)), "not {op} {operand}");
    }
}

fn check_negation(op: &str, negation: &str, operand: &str, expected: &[&str]) {
    check(op, operand, expected);
    let others: Vec<&str> = KEYS.into_iter().filter(|key| !expected.contains(key)).collect();
    check(negation, operand, &others);
}

#[test]
fn fi_3_absent_and_null_are_the_same() {
    let there = &KEYS[2..];
    check("exists", "true", there);
    check("exists", "false", &["absent", "null"]);
    assert!(matches(r#"{"field":["metadata","object","a"],"op":"exists","value":false}"#));
    assert!(matches(r#"{"field":["metadata","object","a"],"op":"ne","value":1}"#));
}

#[test]
fn fi_4_equality_and_its_negation() {
    check_negation("eq", "ne", "5", &["five", "float"]);
    check_negation("eq", "ne", "5.0", &["five", "float"]);
    check_negation("eq", "ne", "9007199254740992.0", &[]);
    check_negation("eq", "ne", "9007199254740993", &["odd"]);
    check_negation("eq", "ne", "18446744073709551615", &["big"]);
    check_negation("eq", "ne", "18446744073709551616.0", &[]);
    check_negation("eq", "ne", "1", &[]);
    check_negation("eq", "ne", "true", &["true"]);
    check_negation("eq", "ne", "\"b\"", &["b"]);
    check_negation("eq", "ne", "\"B\"", &[]);
    check_negation("eq", "ne", "\"5\"", &["digit"]);
    check_negation("eq", "ne", "\"\"", &["empty"]);
    check_negation("eq", "ne", r#"[5.0,"b",[1.0],null]"#, &["array"]);
    check_negation("eq", "ne", r#"["b",5,[1],null]"#, &[]);
    check_negation("eq", "ne", "[]", &["[]"]);
    check_negation("eq", "ne", "{}", &["{}"]);
    check_negation("eq", "ne", r#"{"b":{"c":1.0},"a":null}"#, &["object"]);
    check_negation("eq", "ne", r#"{"b":{"c":1}}"#, &[]);
}

#[test]
fn fi_7_order_within_a_type() {
    check("lt", "7", &["five", "float", "negative"]);
    check("le", "7", &["five", "float", "seven", "negative"]);
    check("gt", "5", &["seven", "big", "odd"]);
    check("ge", "5.0", &["five", "float", "seven", "big", "odd"]);
    check("gt", "9007199254740992.0", &["big", "odd"]);
    check("ge", "18446744073709551616.0", &[]);
    check("lt", "-0.5", &["negative"]);
    check("lt", "true", &["false"]);
    check("le", "true", &["false", "true"]);
    check("gt", "false", &["true"]);
    check("ge", "false", &["false", "true"]);
    check("gt", "true", &[]);
    check("lt", "\"b\"", &["digit", "empty"]);
    check("le", "\"b\"", &["b", "digit", "empty"]);
    check("gt", "\"5\"", &["b"]);
    check("ge", "\"5\"", &["b", "digit"]);
    check("ge", "\"\"", &["b", "digit", "empty"]);
    for op in ["lt", "le", "gt", "ge"] {
        check(op, "[]", &[]);
        check(op, "{}", &[]);
        check(op, r#"[5,"b",[1],null]"#, &[]);
    }
}

#[test]
fn fi_5_lists() {
    check_negation("in", "not_in", "[]", &[]);
    check_negation("in", "not_in", r#"[5,"b",true]"#, &["true", "five", "float", "b"]);
    check_negation("in", "not_in", "[[],{}]", &["[]", "{}"]);
    check_negation("in", "not_in", "[8]", &[]);
}

#[test]
fn fi_2_contains_looks_at_elements() {
    check("contains", "5.0", &["array"]);
    check("contains", "\"b\"", &["array"]);
    check("contains", "[1.0]", &["array"]);
    check("contains", "1", &[]);
    check("contains", "\"\"", &[]);
    check("contains_any", "[9,5]", &["array"]);
    check("contains_any", "[9]", &[]);
    check("contains_any", "[]", &[]);
    check("contains_all", r#"[5,"b"]"#, &["array"]);
    check("contains_all", "[5,9]", &[]);
    check("contains_all", "[]", &["array", "[]"]);
    check("starts_with", "\"\"", &["b", "digit", "empty"]);
    check("starts_with", "\"b\"", &["b"]);
    check("starts_with", "\"bb\"", &[]);
    check("starts_with", "5", &[]);
}

#[test]
fn fi_7_paths_step_through_objects() {
    for (path, there) in [
        (r#""object","b","c""#, true),
        (r#""a.b""#, true),
        (r#""a","b""#, false),
        (r#""array","0""#, false),
        (r#""object","b","c","d""#, false),
        (r#""b","b""#, false),
    ] {
        assert_eq!(matches(&format!(r#"{{"field":["metadata",{path}],"op":"exists","value":true}}"#)), there, "{path}");
    }
}

#[test]
fn fi_1_text_fields() {
    for (field, op, operand, expected) in [
        ("id", "eq", r#""r/1""#, true),
        ("id", "eq", r#""R/1""#, false),
        ("id", "eq", r#""""#, false),
        ("id", "ne", r#""r/1""#, false),
        ("id", "ne", r#""r""#, true),
        ("id", "starts_with", r#""r/""#, true),
        ("id", "starts_with", r#""/""#, false),
        ("kind", "in", r#"["x","fact"]"#, true),
        ("kind", "in", r#"["facts"]"#, false),
        ("kind", "in", "[]", false),
        ("kind", "not_in", r#"["x","fact"]"#, false),
        ("kind", "not_in", "[]", true),
        ("kind", "lt", r#""fact""#, false),
        ("kind", "lt", r#""facts""#, true),
        ("kind", "le", r#""fact""#, true),
        ("kind", "le", r#""fac""#, false),
        ("kind", "gt", r#""fact""#, false),
        ("kind", "gt", r#""Fact""#, true),
        ("kind", "ge", r#""fact""#, true),
        ("kind", "ge", r#""facts""#, false),
        ("content", "exists", "true", true),
        ("content", "exists", "false", false),
        ("content", "eq", r#""""#, true),
        ("content", "starts_with", r#""""#, true),
    ] {
        let json = format!(r#"{{"field":"{field}","op":"{op}","value":{operand}}}"#);
        assert_eq!(matches(&json), expected, "{json}");
    }
}

#[test]
fn fi_1_times() {
    for (field, op, operand, expected) in [
        ("created_at", "eq", r#""2026-01-01T01:00:00.0000019+01:00""#, true),
        ("created_at", "eq", r#""2026-01-01T00:00:00Z""#, false),
        ("created_at", "ne", r#""2026-01-01T00:00:00Z""#, true),
        ("created_at", "ne", r#""2026-01-01T00:00:00.000001Z""#, false),
        ("created_at", "lt", r#""2026-01-01T00:00:00.000002Z""#, true),
        ("created_at", "lt", r#""2026-01-01T00:00:00.000001Z""#, false),
        ("created_at", "le", r#""2026-01-01T00:00:00.000001Z""#, true),
        ("created_at", "le", r#""2026-01-01T00:00:00Z""#, false),
        ("created_at", "gt", r#""2026-01-01T00:00:00Z""#, true),
        ("created_at", "gt", r#""2026-01-01T00:00:00.000001Z""#, false),
        ("created_at", "ge", r#""2026-01-01T00:00:00.000001Z""#, true),
        ("created_at", "ge", r#""2026-01-01T00:00:00.000002Z""#, false),
        ("updated_at", "lt", r#""1970-01-01T00:00:00Z""#, true),
        ("updated_at", "in", r#"["1969-12-31T23:59:59.9999999Z"]"#, true),
        ("updated_at", "in", "[]", false),
        ("updated_at", "not_in", r#"["1969-12-31T23:59:59.9999999Z"]"#, false),
        ("updated_at", "not_in", "[]", true),
        ("updated_at", "exists", "true", true),
        ("expires_at", "exists", "true", false),
        ("expires_at", "exists", "false", true),
        ("expires_at", "eq", r#""2026-01-01T00:00:00Z""#, false),
        ("expires_at", "ne", r#""2026-01-01T00:00:00Z""#, true),
        ("expires_at", "lt", r#""2026-01-01T00:00:00Z""#, false),
        ("expires_at", "ge", r#""2026-01-01T00:00:00Z""#, false),
        ("expires_at", "in", r#"["2026-01-01T00:00:00Z"]"#, false),
        ("expires_at", "not_in", r#"["2026-01-01T00:00:00Z"]"#, true),
    ] {
        let json = format!(r#"{{"field":"{field}","op":"{op}","value":{operand}}}"#);
        assert_eq!(matches(&json), expected, "{json}");
    }
}

#[test]
fn fi_1_tags_and_embedding() {
    for (op, operand, expected) in [
        ("eq", r#"["b","a","b"]"#, true),
        ("eq", r#"["a"]"#, false),
        ("eq", r#"["a","b","c"]"#, false),
        ("ne", r#"["a","b"]"#, false),
        ("ne", "[]", true),
        ("contains", r#""a""#, true),
        ("contains", r#""A""#, false),
        ("contains", r#""""#, false),
        ("contains_any", r#"["x","b"]"#, true),
        ("contains_any", r#"["x"]"#, false),
        ("contains_any", "[]", false),
        ("contains_all", r#"["a","b","a"]"#, true),
        ("contains_all", r#"["a","x"]"#, false),
        ("contains_all", "[]", true),
    ] {
        let json = format!(r#"{{"field":"tags","op":"{op}","value":{operand}}}"#);
        assert_eq!(matches(&json), expected, "{json}");
    }
    let untagged = Record { tags: Tags::new([""; 0]).unwrap(), ..record() };
    assert!(Filter::tags().eq([""; 0]).matches(&untagged));
    assert!(Filter::tags().contains_all([""; 0]).matches(&untagged));

    assert!(Filter::has_embedding(false).matches(&record()));
    assert!(!Filter::has_embedding(true).matches(&record()));
    let embedded = Record { embedding: Some(Embedding::new(vec![1.0]).unwrap()), ..record() };
    assert!(Filter::has_embedding(true).matches(&embedded));
}

#[test]
fn fi_5_trees() {
    let (yes, no) = (Filter::kind().eq("fact"), Filter::kind().eq("other"));
    for (filter, expected) in [
        (Filter::all(), true),
        (Filter::or([]), false),
        (!Filter::all(), false),
        (!Filter::or([]), true),
        (Filter::and([yes.clone(), yes.clone()]), true),
        (Filter::and([yes.clone(), no.clone()]), false),
        (Filter::or([no.clone(), yes.clone()]), true),
        (Filter::or([no.clone(), no.clone()]), false),
        (!no, true),
        (!yes, false),
    ] {
        assert_eq!(filter.matches(&record()), expected, "{filter:?}");
    }
}
