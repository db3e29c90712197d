//! A process that is killed while it writes.

use std::collections::BTreeMap;
use std::io::Read as _;
use std::path::Path;
use std::time::Duration;

use futures_executor::block_on;
use memory_conformance::{Context, Failure, Needs, Outcome, ensure, ensure_eq};
use memory_core::{Batch, Facts, ListRequest, Maintenance, Memory, Namespace, Place, Result, Timestamp, Write};
use memory_sqlite::SqliteConfig;

use super::child::{command, configured, draft, notes, say};

const FILE: Needs = Needs::Fact("place: file", |facts: &Facts| facts.place == Place::File);

memory_conformance::cases! {
    "CD-2": [(what_was_accepted_outlives_kills_at_any_instant, FILE)],
}

/// How often a process is killed: in the short form, and in the long one.
const KILLS: [usize; 2] = [30, 1_000];

/// So many kills fall on one file; then comes a new one, so that looking at all of it stays short.
const A_FILE: usize = 50;

/// How many threads of the process write.
const WRITERS: usize = 4;

/// How many records an atomic batch has.
const BATCH: usize = 5;

/// The child's part: writes single records and atomic batches until it is killed, and says what was accepted: the id of a record, or
/// what the ids of a batch begin with.
pub(super) async fn write(path: &Path) {
    let (_database, memory) = notes(path).await.unwrap();
    let process = std::process::id();
    std::thread::scope(|scope| {
        for writer in 0..WRITERS {
            let memory = memory.clone();
            scope.spawn(move || {
                for number in 0.. {
                    let name = format!("{process} {writer} {number}");
                    if number % 3 == 0 {
                        let writes: Result<Vec<Write>> = (0..BATCH).map(|part| write_of(&name, part)).collect();
                        block_on(memory.apply_writes(&writes.unwrap(), Batch::atomic())).unwrap();
                        say(&format!("batch {name}"));
                    } else {
                        block_on(memory.put(draft(&name, word(number)))).unwrap();
                        say(&name);
                    }
                }
            });
        }
    });
}

fn write_of(name: &str, part: usize) -> Result<Write> {
    let home = Namespace::new(["n"])?;
    Ok(draft(&format!("{name} of {part}"), word(part)).build(Some(&home), Timestamp::from_micros(1)?)?.into())
}

fn word(number: usize) -> &'static str {
    ["tea", "milk", "sugar", "cake"][number % 4]
}

/// What a child says until it is killed, after so long. A line that it did not end was not said.
fn killed_after(path: &Path, time: Duration) -> Vec<String> {
    let mut child = command("write", path).spawn().unwrap();
    let mut output = child.stdout.take().unwrap();
    let said = std::thread::spawn(move || {
        let mut text = String::new();
        output.read_to_string(&mut text).unwrap();
        text
    });
    std::thread::sleep(time);
    child.kill().unwrap();
    child.wait().unwrap();
    let text = said.join().unwrap();
    let whole = text.rfind('\n').map_or("", |end| &text[..end]);
    whole.lines().map(str::to_owned).collect()
}

/// The ids of a line that a child has said.
fn ids_of(line: &str) -> Vec<String> {
    match line.strip_prefix("batch ") {
        Some(name) => (0..BATCH).map(|part| format!("{name} of {part}")).collect(),
        None => vec![line.to_owned()],
    }
}

/// Searches through the index answer as those that read every record.
async fn index_agrees(memory: &Memory, path: &Path) -> Outcome {
    let (rows, plain) = configured(SqliteConfig::new(path).with_memory_budget(0)).await?;
    for word in ["tea", "milk cake"] {
        ensure_eq!(memory.search_text(word, 50).await?, plain.search_text(word, 50).await?, "a search for {word}");
    }
    let query = [1.0, 4.0, 0.5];
    ensure_eq!(memory.search_vector(query, 50).await?, plain.search_vector(query, 50).await?, "a vector search");
    rows.close().await?;
    Ok(())
}

/// How many records there are of each atomic batch, whether it was accepted or not.
async fn batches(memory: &Memory) -> std::result::Result<BTreeMap<String, usize>, Failure> {
    let (mut batches, mut request) = (BTreeMap::new(), ListRequest::new().with_limit(1_000));
    loop {
        let page = memory.list(&request).await?;
        for stored in &page.records {
            if let Some((name, _)) = stored.record.key.id.as_str().split_once(" of ") {
                *batches.entry(name.to_owned()).or_default() += 1;
            }
        }
        if page.cursor.is_none() {
            return Ok(batches);
        }
        request = request.with_cursor(page.cursor);
    }
}

#[allow(clippy::print_stdout, reason = "how much was at stake is said, since a count of nothing would prove nothing")]
async fn what_was_accepted_outlives_kills_at_any_instant(_: Context) -> Outcome {
    let kills = KILLS[usize::from(std::env::var_os("MEMORY_THOROUGH").is_some())];
    let (mut accepted, mut in_batches) = (0, 0);
    for first in (0..kills).step_by(A_FILE) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        for kill in first..kills.min(first + A_FILE) {
            let said = killed_after(&path, Duration::from_millis(kill as u64 * 53 % 211));
            // The next open needs nobody's help.
            let (database, memory) = notes(&path).await?;
            let ids: Vec<String> = said.iter().flat_map(|line| ids_of(line)).collect();
            let found = memory.get_all(ids.iter().map(String::as_str)).await?;
            ensure!(found.iter().all(Option::is_some), "kill {kill}: an accepted record is lost");
            accepted += ids.len();
            let batches = batches(&memory).await?;
            let halved = batches.iter().find(|(_, count)| **count != BATCH);
            ensure!(halved.is_none(), "kill {kill}: a batch is there in part: {halved:?}");
            in_batches += said.iter().filter(|line| line.starts_with("batch ")).count();
            index_agrees(&memory, &path).await?;
            let report = database.maintain(&Maintenance::Verify).await?;
            ensure!(report.findings.is_empty(), "kill {kill}: {:?}", report.findings);
            database.close().await?;
        }
    }
    ensure!(accepted > 20 * kills, "too little was written: {accepted}");
    println!("{kills} kills: {accepted} accepted records, {in_batches} batches among them, none lost, none halved");
    Ok(())
}
