//! What `search` finds and how it says so.

use serde_json::json;

use crate::tool::{Tool, ran};

/// Four records in two dimensions. Cosines with [1,0]: east 1, north-east 0.8, north 0; the fourth has no vector.
fn compass() -> Tool {
    let tool = Tool::new();
    for (id, text, vector) in [
        ("east", "The sun rises in the east.", "[1,0]"),
        ("north-east", "Wind from north and east.", "[0.8,0.6]"),
        ("north", "The compass points north.", "[0,1]"),
    ] {
        tool.ok(&["add", text, "--id", id, "--vector", vector, "--tag", "place"]);
    }
    tool.ok(&["add", "No direction at all, said the sun.", "--id", "lost"]);
    tool
}

#[test]
fn by_text() {
    let tool = compass();
    assert_eq!(tool.ids(&["search", "sunrise compass"]), ["north"]);
    assert_eq!(tool.ids(&["search", "SUNS"]), ["east", "lost"]);
    assert_eq!(tool.ids(&["search", "SUNS", "--limit", "1"]), ["east"]);
    assert_eq!(tool.ids(&["search", "SUNS", "--skip", "1"]), ["lost"]);
    assert_eq!(
        tool.ids(&["search", "sun", "--filter", r#"{"field":"tags","op":"contains","value":"place"}"#]),
        ["east"]
    );
    let nothing = tool.run(&["search", "moon"]);
    assert_eq!((nothing.code, nothing.out.as_str()), (0, ""));
    // The words, their number and the lengths by hand, BM25 by a second program (Python's math.log1p).
    let hit = &tool.json(&["search", "compass"])["hits"][0];
    assert_eq!(hit["score"].as_f64(), Some(SCORE));
    assert_eq!(
        (&hit["rank"], &hit["namespace"], &hit["record"]["id"]),
        (&json!(1), &json!(["default"]), &json!("north"))
    );
}

/// One of four records holds the word, once, among 4 words; the mean length is (6 + 5 + 4 + 7) / 4.
const SCORE: f64 = 1.355_169_389_055_239_9;

#[test]
fn by_vector_and_by_example() {
    let tool = compass();
    let found = tool.json(&["search", "--vector", "[1,0]"]);
    let hits: Vec<_> =
        found["hits"].as_array().unwrap().iter().map(|h| (h["id"].clone(), h["score"].as_f64().unwrap())).collect();
    assert_eq!(json!(hits[0]), json!(["east", 1.0]));
    assert_eq!((hits[1].0.as_str(), hits[2].0.as_str(), hits.len()), (Some("north-east"), Some("north"), 3));
    assert!((hits[1].1 - 0.8).abs() < 1e-7, "{hits:?}");
    let file = tool.file("query.json", "[0, 1]\n");
    assert_eq!(tool.ids(&["search", "--mode", "vector", "--vector", &file, "--limit", "2"]), ["north", "north-east"]);
    assert_eq!(tool.ids(&["search", "--like", "north-east"]), ["north-east", "east", "north"]);
    assert_eq!(tool.ids(&["search", "--like", "east", "--namespace", "default", "--limit", "1"]), ["east"]);
    assert_eq!(tool.run(&["search", "--like", "lost"]).code, 1);
    assert_eq!(tool.run(&["search", "--like", "nobody"]).code, 3);
    tool.ok(&["add", "another", "--id", "east", "--namespace", "other"]);
    let doubtful = tool.run(&["search", "--like", "east"]);
    assert!(doubtful.code == 1 && doubtful.err.contains("--namespace"), "{doubtful:?}");
}

#[test]
fn by_both_with_what_became_of_each_leg() {
    let tool = compass();
    let found = tool.json(&["search", "compass", "--vector", "[1,0]"]);
    assert_eq!(found["legs"], json!({"text": "ran", "vector": "ran"}));
    // compass alone: w · 1 + (1 - w) · max(0, 0) / 1 for north, (1 - w) · 1 for east; equal scores by id.
    let hits: Vec<_> =
        found["hits"].as_array().unwrap().iter().map(|h| (h["id"].clone(), h["score"].clone())).collect();
    assert_eq!(json!(hits[..2]), json!([["east", 0.5], ["north", 0.5]]));
    assert_eq!(found["hits"][0]["vector"], json!({"rank": 1, "score": 1.0}));
    assert!(found["hits"][0]["text"].is_null());
    let half = tool.run(&["search", "compass", "--mode", "hybrid", "--json"]);
    assert!(
        half.out.contains(r#""vector":"no embedding in the query""#) && half.err.contains("vector leg did not run"),
        "{half:?}"
    );
    let half = tool.run(&["search", "?!", "--vector", "[1,0]", "--json"]);
    assert!(half.out.contains(r#""text":"no words""#) && half.err.contains("text leg did not run"), "{half:?}");
}

#[test]
fn hits_that_differ() {
    let tool = compass();
    tool.ok(&["add", "Again.", "--id", "east2", "--vector", "[1,0.1]"]);
    assert_eq!(tool.ids(&["search", "--vector", "[1,0]", "--limit", "2"]), ["east", "east2"]);
    // With lambda 0.1 the second is the one least like the first: north, whose cosine with east is 0.
    assert_eq!(tool.ids(&["search", "--vector", "[1,0]", "--limit", "2", "--mmr", "0.1"]), ["east", "north"]);
    assert_eq!(tool.ids(&["search", "--vector", "[1,0]", "--limit", "2", "--mmr", "1"]), ["east", "east2"]);
    assert_eq!(tool.run(&["search", "x", "--mmr", "0.5", "--skip", "1"]).code, 2);
    assert_eq!(tool.run(&["search", "x", "--mmr", "2"]).code, 2);
}

#[test]
fn people_see_id_score_kind_time_and_the_words_marked() {
    let tool = Tool::new();
    let record = r#"{"id":"a","namespace":["u"],"kind":"fact","content":"Flaky tests, in a suite.","created_at":"2026-03-01T09:30:00Z"}"#;
    tool.ok(&["import", &tool.file("one.jsonl", record)]);
    // One record, one of its five words: ln(4/3) · 2.2 / 2.2, from Python.
    let plain = "1. a  0.2877  fact  2026-03-01 09:30  u\n   Flaky *tests*, in a suite.\n";
    assert_eq!(tool.ok(&["search", "testing"]), plain);
    let coloured = ran(tool.command(&["search", "testing"]).env("CLICOLOR_FORCE", "1"));
    assert!(coloured.out.contains("Flaky \u{1b}[") && !coloured.out.contains('*'), "{coloured:?}");
    assert_eq!(ran(tool.command(&["search", "testing"]).env("NO_COLOR", "1")).out, plain);
    assert_eq!(ran(tool.command(&["search", "testing"]).env("CLICOLOR_FORCE", "1").env("NO_COLOR", "1")).out, plain);
}
