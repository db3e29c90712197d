//! Exit codes, wrong input and closed pipes.

use std::io::{BufRead as _, BufReader};
use std::process::{Command, Stdio};

use crate::tool::{Tool, ran};

/// Wrong on its face: refused before a store is opened or made.
#[test]
fn usage_errors_are_2_and_touch_nothing() {
    let tool = Tool::new();
    for args in [
        &["serach", "x"] as &[&str],
        &[],
        &["add", "x", "--colour"],
        &["add"],
        &["add", "x", "--id", ""],
        &["add", "x", "--id", &"x".repeat(513)],
        &["add", "x", "--replace"],
        &["add", "x", "--kind", &"x".repeat(65)],
        &["add", "x", "--meta", "project=apollo"],
        &["add", "x", "--meta", "project"],
        &["add", "x", "--meta", "a=1", "--meta", "a=2"],
        &["add", "x", "--expires-in", "soon"],
        &["add", "x", "--vector", "[1,"],
        &["add", "x", "--vector", "[]"],
        &["add", "x", "--exact"],
        &["add", "x", "--namespace", "a//b"],
        &["add", "x", "--namespace", "%zz"],
        &["add", "x", "--namespace", "%ff"],
        &["add", "x", "--collection", "Notes"],
        &["count", "--exact"],
        &["count", "--filter", "kind=fact"],
        &["count", "--filter", r#"{"field":"nothing","op":"eq","value":1}"#],
        &["collections", "--namespace", "a"],
        &["create", "x", "--namespace", "a"],
        &["create", "x", "--dimension", "0"],
        &["create", "x", "--metric", "dot"],
        &["create", "x", "--dimension", "2", "--metric", "manhattan"],
        &["create", "x", "--language", "klingon"],
        &["get"],
        &["search"],
        &["search", "--mode", "vector"],
        &["search", "x", "--embedder", "buitlin"],
        &["search", "x", "--store", "sqlite:x.db?path=y"],
        &["search", "x", "--mode", "text", "--vector", "[1]"],
        &["search", "x", "--vector", "[1]", "--like", "a"],
        &["search", "x", "--limit", "-1"],
        &["search", "x", "--mode", "fuzzy"],
        &["list", "--limit", "0"],
        &["list", "--order", "random"],
        &["namespaces", "--depth", "9"],
        &["delete"],
        &["delete", "a", "--filter", r#"{"field":"id","op":"eq","value":"a"}"#],
        &["import", "x", "--namespace", "a"],
        &["import"],
    ] {
        let ran = tool.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (2, ""), "{args:?}: {ran:?}");
        assert!(ran.err.starts_with("memoryctl: "), "{args:?}: {ran:?}");
        assert!(!tool.path("memories.db").exists(), "{args:?}");
    }
}

#[test]
fn stores_that_are_not_known_are_2_and_name_the_known_ones() {
    let tool = Tool::new();
    for store in ["oracle://host/db", "memories.db", "", "sqlite:", "reference:x"] {
        let flag = ran(tool.bare().args(["--store", store, "count"]));
        assert_eq!(flag.code, 2, "{store}: {flag:?}");
        if !store.is_empty() {
            let variable = ran(tool.bare().env("MEMORY_STORE", store).arg("count"));
            assert_eq!(variable.code, 2, "{store}: {variable:?}");
        }
    }
    let unknown = ran(tool.bare().args(["--store", "oracle://host/db", "count"]));
    assert!(unknown.err.contains("sqlite") && unknown.err.contains("reference"), "{unknown:?}");
}

#[test]
fn what_is_named_and_absent_is_3() {
    let tool = Tool::new();
    for args in
        [&["count"] as &[&str], &["search", "x"], &["collections"], &["export", "-"], &["drop", "memories", "--yes"]]
    {
        assert_eq!(tool.run(args).code, 3, "no database: {args:?}");
        assert!(!tool.path("memories.db").exists(), "{args:?}");
    }
    tool.ok(&["add", "x", "--id", "a"]);
    for args in [
        &["count", "--collection", "other"] as &[&str],
        &["add", "x", "--collection", "other"],
        &["get", "b"],
        &["get", "a", "--namespace", "other"],
        &["delete", "b"],
        &["search", "--like", "b"],
        &["search", "--vector", "absent.json"],
        &["import", "absent.jsonl"],
        &["drop", "other", "--yes"],
        &["export", "absent/file.jsonl"],
    ] {
        let ran = tool.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (3, ""), "{args:?}: {ran:?}");
        assert!(ran.err.contains("memoryctl: "), "{ran:?}");
    }
    assert_eq!(ran(tool.bare().args(["--store", &format!("sqlite:{}", tool.arg("absent/x.db")), "add", "x"])).code, 3);
}

#[test]
fn other_errors_are_1() {
    let tool = Tool::new();
    let file =
        tool.file("no.db", "this is no database, but it is long enough to be looked at as if it were one".repeat(20));
    assert_eq!(ran(tool.bare().args(["--store", &format!("sqlite:{file}"), "count"])).code, 1);
    tool.ok(&["add", "x", "--id", "a"]);
    let wrong = tool.file("query.json", "{}");
    for args in [
        &["search", "--vector", "[1]"] as &[&str],
        &["add", "x", "--vector", "[1]"],
        &["search", "--vector", &wrong],
        &["list", "--cursor=nonsense"],
        &["search", "x", "--limit", "1000000"],
        &["import", "."],
        &["export", "."],
    ] {
        let ran = tool.run(args);
        assert_eq!((ran.code, ran.out.as_str()), (1, ""), "{args:?}: {ran:?}");
    }
}

/// A limit on the size of files stands for a full disk. The signal that comes with it is ignored, as a server would do.
#[cfg(unix)]
#[test]
fn a_store_that_is_away_is_4_and_the_old_data_stays() {
    let tool = Tool::new();
    tool.ok(&["add", "old", "--id", "a"]);
    let text = tool.file("text", "long ".repeat(400_000));
    let mut full = Command::new("sh");
    full.args(["-c", r#"trap "" XFSZ; ulimit -f 200; exec "$0" "$@" < "$TEXT""#, env!("CARGO_BIN_EXE_memoryctl")]);
    full.args(["--store", &format!("sqlite:{}", tool.arg("memories.db")), "add", "--id", "b"]).env("TEXT", text);
    let full = ran(&mut full);
    assert_eq!(full.code, 4, "{full:?}");
    assert_eq!(tool.ids(&["list"]), ["a"]);
}

#[test]
fn a_closed_pipe_is_no_error() {
    let tool = Tool::new();
    let lines: String = (0..3_000)
        .map(|n| format!("{{\"id\":\"{n}\",\"namespace\":[\"n\"],\"content\":\"{}\"}}\n", "x ".repeat(100)))
        .collect();
    tool.ok(&["import", &tool.file("many.jsonl", lines)]);
    for args in [&["list", "--limit", "3000"] as &[&str], &["list", "--limit", "3000", "--json"], &["export", "-"]] {
        let mut child = tool.command(args).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
        let mut first = String::new();
        BufReader::with_capacity(1, child.stdout.take().unwrap()).read_line(&mut first).unwrap_or_default();
        let ended = child.wait_with_output().unwrap();
        let err = String::from_utf8(ended.stderr).unwrap();
        assert_eq!(
            (ended.status.code(), err.contains("panicked"), err.contains("memoryctl:")),
            (Some(0), false, false),
            "{args:?} {err}"
        );
    }
}

#[test]
fn help_and_version_are_data() {
    let tool = Tool::new();
    let help = ran(tool.bare().arg("--help"));
    assert_eq!((help.code, help.err.as_str()), (0, ""));
    for verb in [
        "create",
        "drop",
        "add",
        "get",
        "search",
        "list",
        "count",
        "delete",
        "collections",
        "namespaces",
        "export",
        "import",
        "embed",
        "health",
        "migrate",
        "stats",
        "bench",
        "init",
        "config",
    ] {
        assert!(help.out.contains(&format!("\n  {verb} ")), "{verb}");
        assert_eq!(ran(tool.bare().args([verb, "--help"])).code, 0);
    }
    assert_eq!(ran(tool.bare().arg("--version")).out, format!("memoryctl {}\n", env!("CARGO_PKG_VERSION")));
}
