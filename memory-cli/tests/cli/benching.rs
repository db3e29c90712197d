//! The bench.

use serde_json::Value;

use crate::tool::Tool;

/// Some texts; the first have vectors, if any have.
fn lines(vectors: usize) -> String {
    let line = |n: usize| {
        let vector = format!(r#","embedding":[{n},1,{}]"#, n % 3);
        let vector = if n < vectors { vector.as_str() } else { "" };
        format!("{{\"id\":\"r{n}\",\"content\":\"one two word{n} three\",\"namespace\":[\"n{}\"]{vector}}}\n", n % 2)
    };
    (0..40).map(line).collect()
}

fn names(answer: &Value) -> Vec<&str> {
    answer["operations"].as_array().unwrap().iter().map(|one| one["operation"].as_str().unwrap()).collect()
}

#[test]
fn a_copy_is_measured_and_dropped() {
    let tool = Tool::new();
    tool.ok(&["import", &tool.file("records.jsonl", lines(30))]);
    let answer = tool.json(&["bench", "--times", "7"]);
    assert_eq!((&answer["collection"], &answer["records"]), (&"memories".into(), &40.into()));
    let expected = [
        "put 1000 records at once",
        "get one",
        "list the 10 newest",
        "search by any of three words",
        "search by vector, the 10 nearest",
        "search by both",
        "put one",
        "delete one",
    ];
    assert_eq!(names(&answer), expected);
    for one in answer["operations"].as_array().unwrap() {
        let (median, most) = (one["median_ms"].as_f64().unwrap(), one["p95_ms"].as_f64().unwrap());
        assert!(0.0 < median && median <= most, "{one}");
        assert_eq!(
            one["recall"].as_f64(),
            one["operation"].as_str().unwrap().contains("nearest").then_some(1.0),
            "{one}"
        );
        let samples = if one["operation"] == "put 1000 records at once" { 1 } else { 7 };
        // Three of four records have a vector.
        let range = if one["operation"].as_str().unwrap().contains("by vector") { 5..=6 } else { samples..=7 };
        assert!(range.contains(&one["samples"].as_u64().unwrap()) || one["operation"] == "search by both", "{one}");
    }
    assert_eq!(tool.json(&["collections"])["collections"].as_array().unwrap().len(), 1, "the copy is gone");
    assert_eq!(tool.json(&["count"])["count"], 40, "the collection is as it was");
    let table = tool.ok(&["bench", "--records", "10", "--times", "2", "--namespace", "n1"]);
    assert!(table.starts_with("10 records of collection memories, in sqlite:"), "{table}");
    assert_eq!(table.lines().count(), 10, "{table}");
}

#[test]
fn what_has_no_vectors_is_searched_by_words_alone() {
    let tool = Tool::new();
    tool.ok(&["import", &tool.file("records.jsonl", lines(0))]);
    let answer = tool.json(&["bench", "--times", "2"]);
    assert!(!names(&answer).iter().any(|name| name.contains("vector") || name.contains("both")), "{answer}");
    let ran = tool.run(&["bench", "--namespace", "nobody"]);
    assert_eq!((ran.code, ran.err.as_str()), (3, "memoryctl: collection memories has no records to measure with\n"));
    assert_eq!(tool.run(&["bench", "--times", "0"]).code, 2);
}
