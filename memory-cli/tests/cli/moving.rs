//! Export and import.

use std::fs;

use serde_json::json;

use crate::tool::{Tool, ran};

/// Two records by their canonical form, which an export holds; the order of the file is not that of their keys.
const RECORDS: &str = concat!(
    r#"{"content":"b\n\u0001é","created_at":"2026-01-02T03:04:05.000006Z","embedding":[0.1,-0.0],"id":"b","kind":"k","metadata":{"":[],"f":1.0,"n":18446744073709551615,"z":-0.0},"namespace":["n"],"tags":["a,b","x"],"updated_at":"0001-01-01T00:00:00.000000Z"}"#,
    "\n",
    r#"{"content":"","created_at":"2026-01-02T03:04:05.000000Z","expires_at":"9999-12-31T23:59:59.999999Z","id":"a","kind":"","metadata":{},"namespace":["n"],"tags":[],"updated_at":"2026-01-02T03:04:05.000000Z"}"#,
    "\n",
);

const HEADER: &str = "{\"collection\":{\"analyser\":1,\"dimension\":2,\"language\":\"english\",\"metric\":\"cosine\"},\
                      \"format\":\"memory-export\",\"version\":1}\n";

/// An export of [`RECORDS`]: its path and its text.
fn exported(tool: &Tool) -> (String, String) {
    tool.ok(&["import", &tool.file("records.jsonl", RECORDS)]);
    let path = tool.arg("export.jsonl");
    assert_eq!(tool.json(&["export", &path]), json!({"exported": 2, "collection": "memories"}));
    let text = fs::read_to_string(&path).unwrap();
    (path, text)
}

#[test]
fn an_export_is_a_header_records_by_key_and_a_trailer() {
    let tool = Tool::new();
    let (_, text) = exported(&tool);
    let (second, first) = RECORDS.trim_end().split_once('\n').unwrap();
    let body = format!("{HEADER}{first}\n{second}\n");
    // By Python: xxhash.xxh3_128_hexdigest of the body.
    assert_eq!(text, format!("{body}{{\"checksum\":\"xxh3-128:{CHECKSUM}\",\"count\":2}}\n"));
    assert_eq!(tool.ok(&["export", "-"]), text);
}

const CHECKSUM: &str = "8ac411f9f769eef9c035644fadfbe65a";

#[test]
fn export_import_export_is_identical_into_any_collection() {
    let tool = Tool::new();
    let (path, text) = exported(&tool);
    let copy = Tool::new();
    assert_eq!(copy.json(&["import", &path]), json!({"imported": 2, "collection": "memories"}));
    assert_eq!(copy.ok(&["export", "-"]), text);
    assert_eq!(copy.piped(&["--collection", "other", "import", "-"], text.as_bytes()).code, 0);
    assert_eq!(copy.ok(&["--collection", "other", "export", "-"]), text);
    copy.ok(&["import", &path]);
    assert_eq!(copy.ok(&["count"]), "2\n", "a record replaces itself");
}

#[test]
fn an_export_holds_what_the_scope_sees() {
    let tool = Tool::new();
    for (id, namespace) in [("1", "a"), ("2", "a/b"), ("3", "ab")] {
        tool.ok(&["add", "x", "--id", id, "--namespace", namespace]);
    }
    let ids = |args: &[&str]| {
        let text = tool.ok(args);
        let records =
            text.lines().filter_map(|line| line.split_once("\"id\":\"")).map(|(_, rest)| rest[..1].to_owned());
        records.collect::<String>()
    };
    assert_eq!(ids(&["export", "-"]), "123");
    assert_eq!(ids(&["export", "-", "--namespace", "a"]), "12");
    assert_eq!(ids(&["export", "-", "--namespace", "a", "--exact"]), "1");
}

#[test]
fn exporting_replaces_a_file_whole_or_not_at_all() {
    let tool = Tool::new();
    let (path, text) = exported(&tool);
    tool.ok(&["delete", "a"]);
    tool.ok(&["export", &path]);
    assert_ne!(fs::read_to_string(&path).unwrap(), text);
    let before = fs::read_to_string(&path).unwrap();
    assert_eq!(tool.run(&["--collection", "absent", "export", &path]).code, 3);
    assert_eq!(fs::read_to_string(&path).unwrap(), before);
    let left: Vec<_> = fs::read_dir(tool.path("")).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert!(left.iter().all(|name| !name.to_str().unwrap().starts_with(".tmp")), "{left:?}");
}

#[test]
fn changed_cut_and_unknown_files_are_refused_before_anything_is_written() {
    let tool = Tool::new();
    let (_, text) = exported(&tool);
    let lines: Vec<&str> = text.split_inclusive('\n').collect();
    let cases = [
        ("a record changed", text.replace("\"kind\":\"k\"", "\"kind\":\"l\"")),
        ("a record left out", [lines[0], lines[1], lines[3]].concat()),
        ("records swapped", [lines[0], lines[2], lines[1], lines[3]].concat()),
        ("the header changed", text.replace("cosine", "dot")),
        ("another version", text.replace("\"version\":1", "\"version\":2")),
        ("no header", lines[1..].concat()),
        ("no trailer", lines[..3].concat()),
        ("half a trailer", text[..text.len() - 10].to_owned()),
        ("no last line break", text[..text.len() - 1].to_owned()),
        ("another count", text.replace("\"count\":2", "\"count\":3")),
        ("more after the trailer", format!("{text}{}", lines[1])),
        ("two exports", format!("{text}{text}")),
        ("no JSON", "hello\n".to_owned()),
        ("another program's", "{\"format\":\"other\",\"version\":1}\n".to_owned()),
    ];
    for (what, changed) in cases {
        assert_ne!(changed, text, "{what}");
        let fresh = Tool::new();
        let ran = fresh.run(&["import", &fresh.file("changed.jsonl", &changed)]);
        assert_eq!(ran.code, 1, "{what}: {ran:?}");
        assert!(ran.err.contains("line ") && ran.err.contains("nothing was written"), "{what}: {ran:?}");
        assert!(!fresh.path("memories.db").exists(), "{what}");
        assert_eq!(fresh.piped(&["import", "-"], changed.as_bytes()).code, 1, "{what}, by a pipe");
    }
}

#[test]
fn from_a_pipe_it_says_how_far_it_came() {
    let tool = Tool::new();
    let (_, text) = exported(&tool);
    let cut = &text[..text.len() - 10];
    let fresh = Tool::new();
    let ran = fresh.piped(&["import", "-"], cut.as_bytes());
    assert!(ran.code == 1 && ran.err.contains("line 4") && ran.err.contains("written before it: 2 records"), "{ran:?}");
    assert_eq!(fresh.ok(&["count"]), "2\n");
}

#[test]
fn an_export_conflicts_with_a_collection_of_another_spec() {
    let tool = Tool::new();
    let (path, _) = exported(&tool);
    let other = Tool::new();
    other.ok(&["add", "x"]);
    assert_eq!(other.run(&["import", &path]).code, 1);
    assert_eq!(other.ok(&["count"]), "1\n");
}

#[test]
fn records_without_a_header_fill_in_what_is_missing() {
    let tool = Tool::new();
    let lines =
        "{\"id\":\"a\",\"namespace\":[\"x\",\"y\"]}\n\n{\"namespace\":[\"x\"],\"id\":\"b\",\"embedding\":[1,2,3]}";
    tool.ok(&["import", &tool.file("lines.jsonl", lines)]);
    assert_eq!(tool.json(&["collections"])["collections"][0]["dimension"], 3);
    let got = &tool.json(&["get", "a"])["records"][0];
    assert_eq!(
        (&got["namespace"], &got["kind"], &got["metadata"], &got["tags"]),
        (&json!(["x", "y"]), &json!(""), &json!({}), &json!([]))
    );
    assert!(got["created_at"].as_str().unwrap() >= "2025");
}

#[test]
fn foreign_lines_become_records_of_the_default_namespace() {
    let tool = Tool::new();
    let lines = "{\"_id\":\"1\",\"title\":\"Cats\",\"text\":\"purr\",\"year\":1999}\n{\"_id\":2,\"text\":\"bark\",\"year\":null}\n";
    let file = tool.file("foreign.jsonl", lines);
    let fields = ["--id-field", "_id", "--content-field", "title", "--content-field", "text"];
    assert_eq!(tool.json(&[&["import", &file], &fields[..]].concat())["imported"], 2);
    let got = tool.json(&["get", "1", "2"]);
    assert_eq!(got["records"][0]["content"], "Cats\npurr");
    assert_eq!(got["records"][0]["metadata"], json!({"year": 1999}));
    assert_eq!(got["records"][0]["namespace"], json!(["default"]));
    assert_eq!(got["records"][1]["content"], "bark");
    tool.ok(&[&["import", &file, "--namespace", "pets"], &fields[..]].concat());
    assert_eq!(tool.ok(&["namespaces"]), "default\npets\n");
    tool.ok(&["import", &file, "--content-field", "text"]);
    assert_eq!(tool.ok(&["count"]), "6\n");
}

#[test]
fn a_bad_line_is_named_and_what_came_before_it_is_told() {
    let good: String = (0..1_500).map(|n| format!("{{\"id\":\"{n}\",\"namespace\":[\"n\"]}}\n")).collect();
    let bad = format!("{good}{{\"id\":\"x\",\"namespace\":[\"n\"],\"embedding\":[1]}}\n{good}");
    let tool = Tool::new();
    tool.ok(&["create"]);
    // Only the store can tell: the collection takes no vectors.
    let ran = tool.run(&["import", &tool.file("bad.jsonl", &bad)]);
    assert!(
        ran.code == 1 && ran.err.contains("line 1501:") && ran.err.contains("written before it: 1500 records"),
        "{ran:?}"
    );
    assert_eq!(tool.ok(&["count"]), "1500\n");
    let fresh = Tool::new();
    let nonsense = format!("{good}nonsense\n");
    let ran = fresh.run(&["import", &fresh.file("bad.jsonl", &nonsense)]);
    assert!(ran.code == 1 && ran.err.contains("line 1501:") && ran.err.contains("nothing was written"), "{ran:?}");
    let ran = fresh.piped(&["import", "-"], nonsense.as_bytes());
    assert!(
        ran.code == 1 && ran.err.contains("line 1501:") && ran.err.contains("written before it: 1500 records"),
        "{ran:?}"
    );
    assert_eq!(fresh.ok(&["count"]), "1500\n");
}

#[test]
fn the_empty_file_and_the_empty_collection_are_fine() {
    let tool = Tool::new();
    assert_eq!(tool.json(&["import", &tool.file("empty", "")])["imported"], 0);
    let text = tool.ok(&["export", "-"]);
    assert_eq!(text.lines().count(), 2);
    let copy = Tool::new();
    assert_eq!(copy.piped(&["import", "-"], text.as_bytes()).code, 0);
    assert_eq!(copy.ok(&["export", "-"]), text);
    let reference = ran(copy.bare().args(["--store", "reference:", "import", &copy.file("e", &text)]));
    assert_eq!(reference.code, 0, "{reference:?}");
}
