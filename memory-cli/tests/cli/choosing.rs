//! Which records a verb is about: the filter language, and the times.

use serde_json::json;

use crate::tool::{Tool, ran};

/// Five records with times of their own, and one made now.
fn dated() -> Tool {
    let tool = Tool::new();
    let lines = [
        ("old", "fact", "2025-12-31T23:59:59.999999Z", r#"{"priority":1}"#, "[]"),
        ("new-year", "fact", "2026-01-01T00:00:00Z", r#"{"priority":3,"done":true}"#, r#"["rust"]"#),
        ("january", "preference", "2026-01-15T12:00:00Z", r#"{"priority":3.5}"#, r#"["rust","cli"]"#),
        ("end", "preference", "2026-01-31T23:59:59Z", r#"{"a.b":{"c d":{"x":[1,null]}}}"#, r#"["cli"]"#),
        ("february", "fact", "2026-02-01T00:00:00Z", r#"{"project":{"name":"apollo"}}"#, "[]"),
    ]
    .map(|(id, kind, at, metadata, tags)| {
        format!(r#"{{"id":"{id}","namespace":["n"],"kind":"{kind}","content":"sun","metadata":{metadata},"tags":{tags},"created_at":"{at}"}}"#)
    });
    tool.ok(&["import", &tool.file("dated.jsonl", lines.join("\n"))]);
    tool.ok(&["add", "sun", "--id", "now"]);
    tool
}

fn sorted(mut ids: Vec<String>) -> Vec<String> {
    ids.sort();
    ids
}

/// The README's table, with what each form finds.
const FORMS: [(&str, &[&str]); 14] = [
    (r#"kind = "fact" and metadata.priority >= 3"#, &["new-year"]),
    (r#"kind != "fact" or content < "a""#, &["end", "january", "now"]),
    (r#"kind in ["preference", "task"] and id not in ["end"]"#, &["january"]),
    (r#"content starts with "su""#, &["end", "february", "january", "new-year", "now", "old"]),
    (r#"tags contains "rust" and not exists(metadata.done)"#, &["january"]),
    (r#"tags contains any ["rust", "go"]"#, &["january", "new-year"]),
    (r#"tags contains all ["rust", "cli"]"#, &["january"]),
    (r#"tags = ["cli", "rust"]"#, &["january"]),
    ("absent(expires_at) and exists(embedding)", &[]),
    (r#"created_at >= "2026-01-15T13:00:00+01:00""#, &["end", "february", "january", "now"]),
    (r#"metadata.project.name = "apollo" or metadata."a.b"."c d" = {"x":[1,null]}"#, &["end", "february"]),
    (r#"not (kind = "fact" or kind = "preference")"#, &["now"]),
    ("all()", &["end", "february", "january", "new-year", "now", "old"]),
    (r#"any(kind = "task", metadata.done = true)"#, &["new-year"]),
];

#[test]
fn each_form_finds_what_it_says() {
    let tool = dated();
    for (filter, found) in FORMS {
        assert!(include_str!("../../README.md").contains(&format!("\n| `{filter}` |")), "{filter}");
        assert_eq!(sorted(tool.ids(&["list", "--filter", filter])), found, "{filter}");
        assert_eq!(sorted(tool.ids(&["search", "sun", "--filter", filter])), found, "{filter}");
        assert_eq!(tool.json(&["count", "--filter", filter]), json!({"count": found.len()}), "{filter}");
    }
    let table = include_str!("../../README.md").split("| a filter |").nth(1).unwrap();
    assert_eq!(table.lines().skip(2).take_while(|line| line.starts_with("| ")).count(), FORMS.len());
}

#[test]
fn an_error_in_a_filter_shows_the_place() {
    let tool = Tool::new();
    for (filter, shown) in [
        (
            r#"kind = "größe" and metdata.priority >= 3"#,
            "memoryctl: --filter: a filter has no field \"metdata\"; did you mean metadata?
    kind = \"größe\" and metdata.priority >= 3
                       ^
a filter is kind = \"fact\" and metadata.priority >= 3 and not tags contains \"old\"
",
        ),
        (
            "kind = \"a\"\n\tand tags contain \"b\"",
            "memoryctl: --filter: expected a test: tags takes =, !=, contains, contains any, contains all; did you mean contains?
     and tags contain \"b\"
              ^
a filter is kind = \"fact\" and metadata.priority >= 3 and not tags contains \"old\"
",
        ),
        (
            r#"kind = "a" and"#,
            "memoryctl: --filter: the text ends too early: expected a field, not, all, any, exists, absent or (
    kind = \"a\" and
                  ^
a filter is kind = \"fact\" and metadata.priority >= 3 and not tags contains \"old\"
",
        ),
        (
            r#" {"field":"kind","op":"eq" "value":"a"}"#,
            "memoryctl: --filter: this is not JSON
     {\"field\":\"kind\",\"op\":\"eq\" \"value\":\"a\"}
                               ^
a filter in JSON is {\"field\":\"kind\",\"op\":\"eq\",\"value\":\"fact\"}, also within \"and\", \"or\" and \"not\"
",
        ),
    ] {
        let ran = tool.run(&["count", "--filter", filter]);
        assert_eq!((ran.code, ran.out.as_str(), ran.err.as_str()), (2, "", shown));
    }
}

#[test]
fn since_and_until_hold_half_of_their_ends() {
    let tool = dated();
    let ids = |args: &[&str]| sorted(tool.ids(&[&["list"], args].concat()));
    assert_eq!(ids(&["--since", "2026-01-01", "--until", "2026-02-01"]), ["end", "january", "new-year"]);
    assert_eq!(ids(&["--until", "2026-01-01"]), ["old"]);
    assert_eq!(ids(&["--since", "2026-01-31T23:59:59Z", "--until", "2026-02-01T01:00:00+01:00"]), ["end"]);
    assert_eq!(ids(&["--since", "1h"]), ["now"]);
    assert_eq!(ids(&["--since", "1h", "--until", "1m"]), [""; 0]);
    assert_eq!(ids(&["--until", "2026-02-01", "--filter", r#"kind = "fact""#]), ["new-year", "old"]);
    assert_eq!(ids(&["--since", "2026-01-01", "--until", "2026-01-01"]), [""; 0]);
    assert_eq!(tool.ids(&["search", "sun", "--until", "2026-01-01"]), ["old"]);
    assert_eq!(tool.ok(&["count", "--since", "2026-02-01"]), "2\n");
    for args in [
        &["--since", "2026-01-02", "--until", "2026-01-01"] as &[&str],
        &["--since", "1d", "--until", "2d"],
        &["--since", "yesterday"],
        &["--until", "2026-02-30"],
        &["--since", "999999w"],
    ] {
        let ran = tool.run(&[&["count"], args].concat());
        assert!(ran.code == 2 && ran.err.starts_with("memoryctl: "), "{args:?}: {ran:?}");
    }
}

#[test]
fn a_page_is_followed_by_one_of_the_same_times() {
    let tool = dated();
    tool.ok(&["add", "sun", "--id", "now2"]);
    let page = tool.run(&["list", "--since", "1h", "--limit", "1", "--order", "created-ascending"]);
    let more: Vec<&str> = page.err.trim().strip_prefix("more with ").unwrap().split(' ').collect();
    assert!(more.len() == 2 && more[1].starts_with("--since=2"), "{page:?}");
    assert_eq!(tool.ids(&[&["list", "--order", "created-ascending"], &more[..]].concat()), ["now2"]);
    let refused = tool.run(&["list", "--order", "created-ascending", more[0], "--since", "1h"]);
    assert!(refused.code == 2 && refused.err.contains("not counted from now"), "{refused:?}");
    let page = tool.run(&["list", "--json", "--since", "1h", "--limit", "1"]);
    assert!(page.out.contains("\"cursor\":\"") && page.err.contains(" --since=2"), "{page:?}");
    let page = tool.run(&["list", "--json", "--since", "2026-01-01", "--limit", "1"]);
    assert!(page.out.contains("\"cursor\":\"") && page.err.is_empty(), "{page:?}");
}

#[test]
fn delete_by_time_is_delete_by_filter() {
    let tool = dated();
    assert_eq!(tool.run(&["delete", "--until", "2026-01-01"]).code, 2, "no terminal, no --yes");
    assert_eq!(tool.run(&["delete", "old", "--until", "2026-01-01"]).code, 2);
    assert_eq!(tool.run(&["delete", "--since", "2026-01-02", "--until", "2026-01-01", "--yes"]).code, 2);
    assert_eq!(tool.run(&["delete", "--filter", "all()", "--yes"]).code, 2);
    assert_eq!(tool.ok(&["count"]), "6\n");
    assert_eq!(tool.json(&["delete", "--until", "2026-01-01", "--dry-run"]), json!({"would_delete": 1}));
    assert_eq!(tool.json(&["delete", "--until", "2026-01-01", "--yes"]), json!({"deleted": 1}));
    let both = ["delete", "--since", "2026-01-01", "--filter", r#"tags contains "cli""#, "--yes"];
    assert_eq!(tool.json(&both), json!({"deleted": 2}));
    assert_eq!(sorted(tool.ids(&["list"])), ["february", "new-year", "now"]);
}

#[test]
fn completions_know_verbs_and_options() {
    let tool = Tool::new();
    for shell in ["bash", "zsh", "fish", "elvish", "powershell"] {
        let script = tool.ok(&["completions", shell]);
        assert!(script.contains("namespaces") && script.contains("dry-run"), "{shell}");
    }
    for args in
        [&["completions"] as &[&str], &["completions", "tcsh"], &["completions", "bash", "--json"], &["man", "--exact"]]
    {
        assert_eq!(tool.run(args).code, 2, "{args:?}");
    }
    assert!(!tool.path("memories.db").exists());
}

#[cfg(unix)]
#[test]
fn bash_completes_verbs_options_and_values() {
    let tool = Tool::new();
    let script = tool.file("completions", tool.ok(&["completions", "bash"]));
    for (words, completed) in [
        ("memoryctl expo", "export\n"),
        ("memoryctl delete --dry", "--dry-run\n"),
        ("memoryctl list --order created-d", "created-descending\n"),
    ] {
        let complete = format!(
            r#". "$0" && COMP_WORDS=({words}) && COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)) &&
            _memoryctl memoryctl "${{COMP_WORDS[COMP_CWORD]}}" "${{COMP_WORDS[COMP_CWORD - 1]}}" && echo "${{COMPREPLY[@]}}""#
        );
        let ran = ran(std::process::Command::new("bash").args(["-c", &complete, &script]));
        assert_eq!((ran.code, ran.out.as_str()), (0, completed), "{words}: {ran:?}");
    }
}

#[test]
fn the_manual_has_a_page_for_each_verb() {
    let tool = Tool::new();
    let page = tool.ok(&["man"]);
    let help = tool.ok(&["--help"]);
    let verbs = help.lines().skip_while(|line| *line != "Commands:").skip(1).take_while(|line| !line.is_empty());
    let verbs: Vec<&str> =
        verbs.filter_map(|line| line.split_whitespace().next()).filter(|verb| *verb != "help").collect();
    assert!(verbs.len() > 12 && verbs.contains(&"search") && verbs.contains(&"man"), "{verbs:?}");
    std::fs::create_dir(tool.path("man")).unwrap();
    assert_eq!(tool.ok(&["man", &tool.arg("man")]), "");
    for verb in &verbs {
        assert!(page.contains(&format!("memoryctl\\-{verb}(1)")), "{verb}");
        let own = std::fs::read_to_string(tool.path("man").join(format!("memoryctl-{verb}.1"))).unwrap();
        assert!(own.starts_with(".ie") && own.contains(".SH SYNOPSIS"), "{own}");
    }
    for page in ["memoryctl", "memoryctl-config-show", "memoryctl-config-check"] {
        assert!(tool.path("man").join(format!("{page}.1")).exists(), "{page}");
    }
    assert_eq!(std::fs::read_dir(tool.path("man")).unwrap().count(), verbs.len() + 3);
    assert!(page.contains("Exit codes: 0 done"));
    assert_eq!(tool.run(&["man", &tool.arg("absent")]).code, 3);
}
