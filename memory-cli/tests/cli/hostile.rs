//! Legal strings that programs get wrong, as ids, namespaces, kinds, tags, metadata and queries (ID-2, TX-3, FI-9).

use memory_conformance::hostile::STRINGS;
use serde_json::json;

use crate::tool::Tool;

/// Every byte but letters and digits percent-encoded.
fn encoded(segment: &str) -> String {
    let byte =
        |byte: u8| if byte.is_ascii_alphanumeric() { char::from(byte).to_string() } else { format!("%{byte:02x}") };
    segment.bytes().map(byte).collect()
}

#[test]
fn hostile_strings_are_data_everywhere() {
    let tool = Tool::new();
    for s in STRINGS {
        let quoted = json!(s).to_string();
        let kind = if s.len() <= 64 { s } else { "" };
        let (namespace, meta) = (encoded(s), format!("{quoted}={quoted}"));
        let added = tool.json(&[
            "add",
            &format!("--id={s}"),
            &format!("--kind={kind}"),
            &format!("--tag={s}"),
            &format!("--meta={meta}"),
            &format!("--namespace={namespace}"),
            "--",
            s,
        ]);
        assert_eq!(added, json!({"id": s, "namespace": [s]}));
        let got = &tool.json(&["get", &format!("--namespace={namespace}"), "--exact", "--", s])["records"];
        assert_eq!(got.as_array().unwrap().len(), 1, "{s:?}");
        let expected = (json!(s), json!([s]), json!(kind), json!([s]), json!({*s: s}), json!(s));
        let got = &got[0];
        let found = [&got["id"], &got["namespace"], &got["kind"], &got["tags"], &got["metadata"], &got["content"]];
        assert_eq!(found, [&expected.0, &expected.1, &expected.2, &expected.3, &expected.4, &expected.5], "{s:?}");
        let leaf = |field: serde_json::Value, op: &str| json!({"field": field, "op": op, "value": s});
        let filter = json!({"and": [
            leaf(json!("id"), "eq"), leaf(json!("tags"), "contains"), leaf(json!(["metadata", s]), "eq"), leaf(json!("content"), "starts_with"),
        ]});
        assert_eq!(tool.ids(&["list", "--filter", &filter.to_string()]), [*s]);
        let hits = tool.ids(&["search", &format!("--filter={filter}"), "--", s]);
        let has_word = s.chars().any(char::is_alphanumeric);
        assert!(hits == [*s] || (hits.is_empty() && !has_word), "{s:?} found {hits:?}");
    }
    assert_eq!(tool.ok(&["count"]), format!("{}\n", STRINGS.len()));
    let shown = tool.ok(&["list", "--limit", "1000"]) + &tool.ok(&["namespaces"]);
    assert!(shown.chars().all(|c| c == '\n' || !c.is_control()), "a terminal obeys nothing that is stored");
    let export = tool.ok(&["export", "-"]);
    let copy = Tool::new();
    assert_eq!(copy.piped(&["import", "-"], export.as_bytes()).code, 0);
    assert_eq!(copy.ok(&["export", "-"]), export);
    let all = [&["delete", "--"], STRINGS].concat();
    assert_eq!(tool.run(&all).code, 0);
    assert_eq!(tool.ok(&["count"]), "0\n");
}

#[test]
fn queries_are_never_operators_or_errors() {
    let tool = Tool::new();
    tool.ok(&["add", "alpha beta", "--id", "a"]);
    let long = "alpha ".repeat(17_000);
    for (query, found) in [
        ("", false),
        (" ", false),
        ("\"", false),
        ("\"alpha gamma\"", true),
        ("alpha AND gamma", true),
        ("NOT alpha", true),
        ("-alpha", true),
        ("NEAR(alpha, 1)", true),
        ("alp*", false),
        ("content:alpha", true),
        ("?", false),
        ("🙂", false),
        ("'; DROP TABLE records; --", false),
        (&long, true),
    ] {
        assert_eq!(!tool.ids(&["search", "--", query]).is_empty(), found, "{:?}", &query[..query.len().min(30)]);
    }
}

#[test]
fn errors_never_repeat_what_is_stored() {
    let tool = Tool::new();
    let line = r#"{"id":"a","namespace":["n"],"content":"CANARY","metadata":{"k":"CANARY"},"tags":["CANARY"],"embedding":[1]}"#;
    tool.ok(&["create"]);
    for text in [line.to_owned(), format!("{line}x"), line.replace("\"tags\"", "\"tagz\""), line.replace('1', "CANARY")]
    {
        let ran = tool.run(&["import", &tool.file("lines.jsonl", &text)]);
        assert!(ran.code == 1 && !ran.err.contains("CANARY"), "{ran:?}");
    }
}
