//! Every verb does what it says.

use serde_json::json;

use crate::tool::{Tool, ran};

#[test]
fn add_makes_the_default_collection_and_answers_an_id() {
    let tool = Tool::new();
    let id = tool.ok(&["add", "Alice prefers tabs."]);
    assert_eq!((id.trim_end().len(), &id[14..15]), (36, "7"), "a UUID of version 7");
    let got = tool.json(&["get", id.trim_end()]);
    assert_eq!(got["records"][0]["content"], "Alice prefers tabs.");
    assert_eq!(got["records"][0]["namespace"], json!(["default"]));
    assert_eq!(
        tool.json(&["collections"]),
        json!({"collections": [{"name": "memories", "language": "english", "analyser": 1}]})
    );
}

#[test]
fn add_stores_every_field() {
    let tool = Tool::new();
    let added = tool.json(&[
        "add",
        "text",
        "--id",
        "a",
        "--kind",
        "fact",
        "--tag",
        "y",
        "--tag",
        "x",
        "--tag",
        "y",
        "--namespace",
        "u%2F1/v",
        "--meta",
        "n=18446744073709551615",
        "--meta",
        "f=1.0",
        "--meta",
        "project=\"apollo\"",
        "--vector",
        "[0.1,-0.25]",
    ]);
    assert_eq!(added, json!({"id": "a", "namespace": ["u/1", "v"]}));
    let out = tool.ok(&["get", "a", "--json"]);
    for part in [
        r#""content":"text""#,
        r#""embedding":[0.1,-0.25]"#,
        r#""kind":"fact""#,
        r#""metadata":{"f":1.0,"n":18446744073709551615,"project":"apollo"}"#,
        r#""namespace":["u/1","v"]"#,
        r#""tags":["x","y"]"#,
    ] {
        assert!(out.contains(part), "{part} in {out}");
    }
    assert_eq!(tool.json(&["collections"])["collections"][0]["dimension"], 2);
    let shown = tool.ok(&["get", "a"]);
    assert!(shown.contains("namespace   u%2F1/v\n") && shown.contains("embedding   2 components\n"), "{shown}");
}

#[test]
fn add_reads_standard_input_without_its_last_line_break() {
    let tool = Tool::new();
    for (args, input, content) in [
        (vec!["add", "--id", "a"], "one\ntwo\n", "one\ntwo"),
        (vec!["add", "--id", "b", "-"], "one\n\n", "one\n"),
        (vec!["add", "--id", "c", "-"], "one\r\n", "one"),
        (vec!["add", "--id", "d", "-"], "", ""),
    ] {
        assert_eq!(tool.piped(&args, input.as_bytes()).code, 0);
        assert_eq!(tool.json(&["get", args[2]])["records"][0]["content"], content);
    }
    assert_eq!(tool.piped(&["add"], b"").code, 2);
    assert_eq!(tool.piped(&["add"], b"\xff").code, 1);
}

#[test]
fn add_replaces_only_when_told() {
    let tool = Tool::new();
    tool.ok(&["add", "old", "--id", "a"]);
    let again = tool.run(&["add", "new", "--id", "a"]);
    assert_eq!((again.code, again.err.contains("--replace")), (1, true), "{again:?}");
    assert_eq!(tool.json(&["get", "a"])["records"][0]["content"], "old");
    tool.ok(&["add", "new", "--id", "a", "--replace"]);
    assert_eq!(tool.json(&["get", "a"])["records"][0]["content"], "new");
    tool.ok(&["add", "elsewhere", "--id", "a", "--namespace", "b"]);
    assert_eq!(tool.ok(&["count"]), "2\n");
}

#[test]
fn expired_records_are_absent() {
    let tool = Tool::new();
    tool.ok(&["add", "soon gone", "--id", "a", "--expires-in", "0s"]);
    tool.ok(&["add", "here for long", "--id", "b", "--expires-in", "30d"]);
    assert_eq!(tool.ok(&["count"]), "1\n");
    assert_eq!(tool.run(&["get", "a"]).code, 3);
    assert!(tool.json(&["get", "b"])["records"][0]["expires_at"].is_string());
    tool.ok(&["add", "back", "--id", "a"]);
}

#[test]
fn create_is_repeatable_and_conflicts_with_another_spec() {
    let tool = Tool::new();
    let made = tool.json(&["create", "notes", "--dimension", "3", "--metric", "dot", "--language", "german"]);
    let spec = json!({"name": "notes", "dimension": 3, "metric": "dot", "language": "german", "analyser": 1});
    assert_eq!(made, json!({"collection": spec}));
    tool.ok(&["create", "notes", "--dimension", "3", "--metric", "dot", "--language", "german"]);
    assert_eq!(tool.run(&["create", "notes"]).code, 1);
    tool.ok(&["create"]);
    tool.ok(&["create", "--collection", "other"]);
    assert_eq!(tool.run(&["create", "one", "--collection", "two"]).code, 2);
    let lines = "memories (text only, english/1, embedder none)\n\
                 notes (3 dimensions, dot, german/1, embedder none)\n\
                 other (text only, english/1, embedder none)\n";
    assert_eq!(tool.ok(&["collections"]), lines);
}

#[test]
fn drop_removes_a_collection_and_nothing_else() {
    let tool = Tool::new();
    tool.ok(&["add", "one"]);
    tool.ok(&["create", "other"]);
    assert_eq!(tool.run(&["drop", "memories"]).code, 2, "no terminal, no --yes");
    assert_eq!(tool.run(&["drop", "--yes"]).code, 2, "no name");
    assert_eq!(tool.ok(&["count"]), "1\n");
    assert_eq!(tool.json(&["drop", "memories", "--yes"]), json!({"dropped": "memories"}));
    assert_eq!(tool.run(&["drop", "memories", "--yes"]).code, 3);
    assert_eq!(tool.run(&["count"]).code, 3);
    assert_eq!(tool.ok(&["--collection", "other", "count"]), "0\n");
}

fn three() -> Tool {
    let tool = Tool::new();
    for (id, namespace, kind) in [("a", "u", "fact"), ("b", "u/x", "fact"), ("c", "ux", "other"), ("a", "v", "other")] {
        tool.ok(&["add", "text", "--id", id, "--namespace", namespace, "--kind", kind]);
    }
    tool
}

#[test]
fn reads_see_a_namespace_with_what_is_below_or_alone_or_all() {
    let tool = three();
    assert_eq!(tool.ok(&["count"]), "4\n");
    assert_eq!(tool.ok(&["count", "--namespace", "u"]), "2\n");
    assert_eq!(tool.ok(&["count", "--namespace", "u", "--exact"]), "1\n");
    assert_eq!(tool.ok(&["count", "--namespace", "w"]), "0\n");
    assert_eq!(tool.json(&["count", "--filter", r#"{"field":"kind","op":"eq","value":"fact"}"#]), json!({"count": 2}));
    assert_eq!(tool.ok(&["namespaces"]), "u\nu/x\nux\nv\n");
    assert_eq!(tool.ok(&["namespaces", "--depth", "1"]), "u\nux\nv\n");
    assert_eq!(tool.json(&["namespaces", "--namespace", "u"]), json!({"namespaces": [["u"], ["u", "x"]]}));
    assert_eq!(tool.ids(&["search", "text", "--namespace", "u"]), ["a", "b"]);
}

#[test]
fn get_shows_each_record_of_an_id_and_names_what_is_absent() {
    let tool = three();
    let got = tool.json(&["get", "c", "a", "c"]);
    let keys: Vec<_> =
        got["records"].as_array().unwrap().iter().map(|r| (r["id"].clone(), r["namespace"][0].clone())).collect();
    assert_eq!(json!(keys), json!([["c", "ux"], ["a", "u"], ["a", "v"], ["c", "ux"]]));
    let partly = tool.run(&["get", "b", "nobody", "--json"]);
    assert_eq!((partly.code, partly.err.contains("nobody"), partly.out.contains(r#""id":"b""#)), (3, true, true));
    assert_eq!(tool.run(&["get", "b", "--namespace", "u", "--exact"]).code, 3);
}

#[test]
fn lists_are_ordered_filtered_and_paged() {
    let tool = Tool::new();
    for id in ["c", "a", "b"] {
        tool.ok(&["add", id, "--id", id]);
    }
    assert_eq!(tool.ids(&["list", "--order", "created-ascending"]), ["c", "a", "b"]);
    assert_eq!(tool.ids(&["list", "--order", "updated-descending"]), ["b", "a", "c"]);
    assert_eq!(
        tool.ids(&["list", "--filter", r#"{"field":"id","op":"gt","value":"a"}"#, "--order", "created-ascending"]),
        ["c", "b"]
    );
    let first = tool.json(&["list", "--limit", "2", "--order", "created-descending"]);
    let cursor = format!("--cursor={}", first["cursor"].as_str().unwrap());
    assert_eq!(tool.ids(&["list", "--limit", "2", "--order", "created-descending", &cursor]), ["c"]);
    assert_eq!(tool.run(&["list", &cursor]).code, 1, "a cursor of another order");
    let human = tool.run(&["list", "--limit", "1"]);
    assert!(human.err.contains("--cursor=") && human.out.lines().count() == 2, "{human:?}");
    assert!(tool.json(&["list"])["cursor"].is_null());
}

#[test]
fn delete_takes_ids_or_a_filter() {
    let tool = three();
    let doubtful = tool.run(&["delete", "b", "a"]);
    assert_eq!(doubtful.code, 1, "a is in two namespaces: {doubtful:?}");
    assert_eq!(tool.ok(&["count"]), "4\n", "so nothing is deleted");
    assert_eq!(tool.json(&["delete", "b", "b", "--dry-run"]), json!({"would_delete": 1}));
    assert_eq!(tool.json(&["delete", "a", "--namespace", "v"]), json!({"deleted": 1}));
    let partly = tool.run(&["delete", "a", "nobody", "--json"]);
    assert_eq!((partly.code, partly.out.as_str()), (3, "{\"deleted\":1}\n"), "{partly:?}");
    let filter = r#"{"field":"kind","op":"eq","value":"other"}"#;
    assert_eq!(tool.run(&["delete", "--filter", filter]).code, 2, "no terminal, no --yes");
    assert_eq!(tool.json(&["delete", "--filter", filter, "--dry-run"]), json!({"would_delete": 1}));
    assert_eq!(tool.json(&["delete", "--filter", filter, "--yes", "--namespace", "u"]), json!({"deleted": 0}));
    assert_eq!(tool.ok(&["count"]), "2\n");
    assert_eq!(tool.json(&["delete", "--filter", filter, "--yes"]), json!({"deleted": 1}));
    assert_eq!(tool.ids(&["list"]), ["b"]);
    assert_eq!(tool.run(&["delete", "--filter", r#"{"and":[]}"#, "--yes"]).code, 2);
    assert_eq!(tool.ok(&["count"]), "1\n");
}

#[test]
fn the_store_comes_from_the_option_the_environment_or_the_data_directory() {
    let tool = Tool::new();
    let data = tool.path("data");
    let count = |command: &mut std::process::Command| ran(command.arg("count")).out;
    let add = ran(tool.bare().env("XDG_DATA_HOME", &data).env("HOME", tool.path("home")).args(["add", "x"]));
    assert_eq!(add.code, 0, "{add:?}");
    assert!(data.join("memoryctl").join("memories.db").is_file());
    assert_eq!(count(tool.bare().env("XDG_DATA_HOME", &data)), "1\n");
    tool.ok(&["add", "x"]);
    tool.ok(&["add", "y"]);
    assert_eq!(count(tool.bare().env("MEMORY_STORE", format!("sqlite:{}", tool.arg("memories.db")))), "2\n");
    let option = ["--store", &format!("sqlite:{}", tool.arg("memories.db"))].map(str::to_owned);
    assert_eq!(count(tool.bare().env("MEMORY_STORE", "reference:").args(option)), "2\n");
    assert_eq!(ran(tool.bare().args(["--store", "reference:", "add", "x", "--id", "a"])).out, "a\n");
}

#[test]
fn migrate_has_nothing_to_do_for_a_file() {
    let tool = Tool::new();
    tool.ok(&["add", "tea"]);
    let nothing = json!({"backend": "sqlite", "what": null, "from": null, "to": null, "steps": [], "done": false});
    assert_eq!(tool.json(&["migrate"]), nothing);
    assert_eq!(tool.json(&["migrate", "--dry-run"]), nothing);
    assert!(tool.ok(&["migrate"]).contains("nothing to do"));
}
