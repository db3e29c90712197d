//! The program as it is run, on few records: every operation runs, finds what is right and says what it should.

use std::process::Command;

use serde_json::Value;

/// The operations that have a floor, as the floors' table calls them.
const WITH_A_FLOOR: [&str; 14] = [
    "vector top-10, exact",
    "vector, filter keeps 1 % (a user, by namespace)",
    "vector, filter keeps 20 % (a kind)",
    "vector, filter on an unhinted metadata path, 5 %",
    "text, any of three words, exact BM25",
    "text, all words",
    "hybrid",
    "durable save, 1 writer",
    "durable save, 8 writers",
    "bulk load, text and vectors",
    "open to first answer",
    "search right after a put or delete",
    "memory for searching",
    "get by id",
];

#[test]
fn every_operation_runs_and_its_answers_are_right() {
    let out = tempfile::tempdir().unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_memory-bench"));
    let output = command.args(["--quick", "--records", "100", "--out"]).arg(out.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    let json = std::fs::read_to_string(out.path().join("bench.json")).unwrap();
    let rows: Vec<Value> = serde_json::from_str(&json).unwrap();
    for operation in WITH_A_FLOOR {
        assert_eq!(rows.iter().filter(|row| row["operation"] == operation).count(), 1, "{operation}");
    }
    for row in &rows {
        let operation = row["operation"].as_str().unwrap();
        assert!(printed.contains(operation), "{row}");
        assert!(operation.len() <= 62, "{operation}: too long for the head of a plot");
        assert!(row["records"] == 100 && row["ours"].is_number() && row["baseline"].as_f64().unwrap() > 0.0, "{row}");
        assert!(row["recall"].is_null() || row["recall"] == 1.0, "{row}");
        assert!(row["ratio"].is_null() || row["ratio"].as_f64().unwrap() > 0.0, "{row}");
    }
    assert!(rows.iter().filter(|row| row["recall"] == 1.0).count() >= 12);
    let left: Vec<_> = std::fs::read_dir(out.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 3, "bench.json, index.html and plots, and no data: {left:?}");
}

#[test]
fn another_store_is_measured_by_its_url_and_keeps_nothing() {
    let out = tempfile::tempdir().unwrap();
    let url = format!("sqlite:{}", out.path().join("theirs.db").display());
    let mut command = Command::new(env!("CARGO_BIN_EXE_memory-bench"));
    let arguments = ["--quick", "--records", "100", "--only", "vector,open,get", "--store", &url, "--out"];
    let output = command.args(arguments).arg(out.path()).output().unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    assert!(output.status.success(), "{printed}{}", String::from_utf8_lossy(&output.stderr));
    assert!(printed.contains("vector top-10, exact") && printed.contains("get by id"), "{printed}");
    assert!(printed.contains("open: left out"), "{printed}");
    let left = futures_executor::block_on(async {
        let store = memory_sqlite::SqliteBackend::open(memory_sqlite::SqliteConfig::new(out.path().join("theirs.db")));
        memory_core::Database::new(store.await.unwrap()).collections().await.unwrap()
    });
    assert!(left.is_empty(), "{left:?}");
    let output = Command::new(env!("CARGO_BIN_EXE_memory-bench"))
        .args(["--quick", "--records", "100", "--store", "sqlight:x", "--out"])
        .arg(out.path())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("sqlite"), "{said}");
}

#[test]
fn a_number_that_makes_no_sense_is_refused() {
    let output =
        Command::new(env!("CARGO_BIN_EXE_memory-bench")).args(["--out", "x", "--records", "7"]).output().unwrap();
    assert_eq!(output.status.code(), Some(2));
}
