//! What is left in the files of what was deleted.

use std::fs;
use std::path::Path;

use memory_conformance::{Context, Needs, Outcome, ensure, ensure_eq};
use memory_core::{Facts, Maintenance, Place, Record};

use super::child::notes;

const A_FILE: Needs = Needs::Fact("a file", in_a_file);

fn in_a_file(facts: &Facts) -> bool {
    facts.place == Place::File
}

memory_conformance::cases! {
    "CO-5": [
        (nothing_of_deleted_records_is_left_after_compact, A_FILE),
        (nothing_of_a_dropped_collection_is_left_after_compact, A_FILE),
    ],
}

const RECORDS: usize = 4_000;

/// Of every three records one is kept. So the pages of the file stay in use, and SQLite moves what is on them about.
fn word(n: usize) -> &'static str {
    if n.is_multiple_of(3) { "robin" } else { "canary" }
}

/// Of very different lengths, and in no order.
fn id(n: usize) -> String {
    format!("{}-{:x}{}", word(n), n * 2_654_435_761 % 4_294_967_291, format!("-{}", word(n)).repeat(n % 40))
}

/// The record's word stands in every field.
fn record(n: usize) -> memory_core::Draft {
    let word = word(n);
    let metadata = memory_core::Metadata::from_json(&format!(r#"{{"{word} key":"{word} {n}"}}"#)).unwrap();
    Record::draft(id(n))
        .content(format!("{word} content {n} ").repeat(1 + n * 7 % 20))
        .kind(word)
        .tags([format!("{word} tag {n}")])
        .metadata(metadata)
}

/// How often the word stands in the files of the folder, in any case.
fn canaries(folder: &Path) -> usize {
    let count = |path| {
        let bytes = fs::read(path).unwrap().to_ascii_lowercase();
        bytes.windows(6).filter(|window| window == b"canary").count()
    };
    fs::read_dir(folder).unwrap().map(|entry| count(entry.unwrap().path())).sum()
}

async fn nothing_of_deleted_records_is_left_after_compact(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    memory.put_all((0..RECORDS).map(record)).await?;
    ensure!(canaries(folder.path()) > RECORDS, "the search for canaries finds those that are there");
    let words = |text: &'static str| memory.search_text(text, 1);
    ensure_eq!(words("canary").await?.hits.len(), 1, "the words are in an index, and it has a file");
    // 1,597 has no divisor in common with 4,000: each comes once, in an order that jumps about.
    let order = (0..RECORDS).map(|n| n * 1_597 % RECORDS).filter(|n| word(*n) == "canary");
    let order: Vec<String> = order.map(id).collect();
    for ids in order.chunks(150) {
        ensure_eq!(memory.delete_all(ids.iter().map(String::as_str)).await?, ids.len() as u64, "each existed");
    }
    database.maintain(&Maintenance::Compact).await?;
    ensure_eq!(canaries(folder.path()), 0, "with the database still open");
    ensure_eq!(words("robin").await?.hits.len(), 1, "the index is made anew, and its file");
    ensure_eq!(canaries(folder.path()), 0, "without them");
    database.close().await?;
    ensure_eq!(canaries(folder.path()), 0, "after close");
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    ensure_eq!(memory.count(&memory_core::Filter::kind().eq("robin")).await?, 1_334, "what was not deleted is there");
    ensure!(database.maintain(&Maintenance::Verify).await?.findings.is_empty(), "and sound");
    database.close().await?;
    Ok(())
}

async fn nothing_of_a_dropped_collection_is_left_after_compact(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let (database, memory) = notes(&folder.path().join("memory.db")).await?;
    memory.put_all((0..RECORDS).map(record)).await?;
    memory.delete_where(&memory_core::Filter::id().ge("canary-5")).await?;
    ensure!(database.drop_collection(memory.spec().name()).await?, "it was there");
    database.maintain(&Maintenance::Compact).await?;
    database.close().await?;
    ensure_eq!(canaries(folder.path()), 0, "in any file");
    Ok(())
}
