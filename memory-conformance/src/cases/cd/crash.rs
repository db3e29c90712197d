//! What survives (CD-2, CD-3) and what does not (CD-4).

use std::collections::BTreeMap;
use std::time::Duration;

use memory_core::{ErrorKind, Facts, Filter, ListRequest, Maintenance, Memory, Place, Record, Scope, Switch};

use crate::child::{Child, numbered};
use crate::context::{Context, hits, ids, key, listed, namespace};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

fn file(facts: &Facts) -> bool {
    facts.place == Place::File && facts.durable
}

const FILE: Needs = Needs::Fact("place: file", file);
const DURABLE: Needs = Needs::Fact("durable", |facts| facts.durable);

cases! {
    "CD-2": [(what_was_acknowledged_survives_kill, FILE), (what_was_acknowledged_survives_a_restart, DURABLE)],
    "CD-3": [
        (after_kill_the_indexes_agree_with_the_records, FILE),
        (after_kill_writing_goes_on, FILE),
        (after_a_restart_the_indexes_agree_with_the_records, DURABLE),
    ],
    "CD-4": [
        (a_damaged_record_is_corrupt_wherever_it_is_returned, FILE),
        (other_records_are_readable_beside_a_damaged_one, FILE),
        (a_damaged_record_can_be_replaced, FILE),
        (
            the_deep_check_finds_a_damaged_record,
            Needs::Capability("place: file, and the switch verify", |capabilities| {
                file(&capabilities.facts) && capabilities.has(Switch::Verify)
            })
        ),
    ],
}

/// What is known of each id from what the writer said: `Some(n)` is put with that number, `None` is deleted, and an id in
/// neither state was being changed when the writer died.
#[derive(Debug, Default)]
struct Acknowledged {
    state: BTreeMap<String, Option<u64>>,
}

impl Acknowledged {
    fn read(lines: &[String]) -> Result<Self, Failure> {
        let mut state = BTreeMap::new();
        for line in lines {
            let unknown = || Failure::assertion(format!("the writer says {line:?}"));
            let (mark, rest) = line.split_at_checked(1).ok_or_else(unknown)?;
            match (mark, rest.split_once(' ')) {
                ("+", Some((id, number))) => state.insert(id.to_owned(), Some(number.parse().map_err(|_| unknown())?)),
                ("-", None) => state.insert(rest.to_owned(), None),
                ("~", None) => state.remove(rest),
                _ => return Err(unknown()),
            };
        }
        Ok(Self { state })
    }
}

/// Writes in another process until it is killed, at another instant each time, and opens the database again.
async fn crash(context: &mut Context) -> Result<(Memory, Acknowledged), Failure> {
    let name = context.home("a").await?.spec().name().clone();
    context.database.close().await?;
    let mut child = Child::start(context, "write", &name)?;
    let mut lines = vec![child.line()?];
    let random = uuid::Uuid::new_v4().as_bytes()[0];
    tokio::time::sleep(Duration::from_micros(u64::from(random) * 200)).await;
    lines.extend(child.kill()?);
    let opened = async {
        context.database = context.connect().await?;
        context.database.open(&name, Scope::subtree(namespace(["n"])?)).await
    };
    match opened.await {
        Ok(memory) => Ok((memory, Acknowledged::read(&lines)?)),
        Err(error) => Err(Failure::assertion(format!("the next open after kill -9 fails: {error}"))),
    }
}

async fn what_was_acknowledged_survives_kill(mut context: Context) -> Outcome {
    let mut seen = 0;
    for _ in 0..8 {
        let (memory, acknowledged) = crash(&mut context).await?;
        ensure!(!acknowledged.state.is_empty(), "the writer wrote something before it died");
        for (id, expected) in &acknowledged.state {
            let stored = memory.get(id.as_str()).await?;
            let content = stored.as_ref().map(|stored| stored.record.content.as_str().to_owned());
            match expected {
                // The write after the last acknowledged one may have been applied too.
                Some(number) if id == "hot" => {
                    let either = [format!("apple number{number}"), format!("apple number{}", number + 1)];
                    ensure!(content.is_some_and(|content| either.contains(&content)), "{id} lost write {number}");
                }
                Some(number) => {
                    ensure_eq!(content, Some(format!("apple number{number}")), "{id} was acknowledged");
                    let tags: Vec<_> = stored.iter().flat_map(|stored| stored.record.tags.iter()).collect();
                    ensure_eq!(tags, [format!("tag {number}")], "{id} is whole");
                }
                None => ensure_eq!(content, None, "the deletion of {id} was acknowledged"),
            }
        }
        seen += acknowledged.state.len();
        context.database.drop_collection(memory.spec().name()).await?;
    }
    ensure!(seen > 16, "eight writers acknowledged more than {seen} records");
    Ok(())
}

async fn what_was_acknowledged_survives_a_restart(mut context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for round in 0..3_u64 {
        memory_round(&context, round).await?;
        // No close, no flush: the end comes at once.
        context.restart().await?;
        let memory = context.database.open(memory.spec().name(), memory.scope().clone()).await?;
        for number in 0..=round {
            for id in [format!("one{number}"), format!("many{number}_1")] {
                let content = memory.get(id.as_str()).await?.map(|stored| stored.record.content.as_str().to_owned());
                ensure_eq!(content, Some(format!("apple number{number}")), "{id} after restart {round}");
            }
            ensure!(memory.get(format!("many{number}_0")).await?.is_none(), "what was deleted stays deleted");
        }
        let found = memory.search_vector([1.0, 1.0, 0.0], 100).await?;
        ensure_eq!(found.hits.len() as u64, 5 * (round + 1), "all vectors are found");
        ensure_eq!(memory.search_text("apple", 100).await?.hits.len() as u64, 5 * (round + 1), "and all words");
    }
    Ok(())
}

/// Puts one record, then five, and deletes one of these: five more are there.
async fn memory_round(context: &Context, number: u64) -> memory_core::Result<()> {
    let memory = context.database.open(&context.name("a")?, Scope::subtree(namespace(["n"])?)).await?;
    memory.put(numbered(&format!("one{number}"), number)).await?;
    memory.put_all((0..5).map(|i| numbered(&format!("many{number}_{i}"), number))).await?;
    memory.delete(format!("many{number}_0")).await?;
    Ok(())
}

async fn after_kill_the_indexes_agree_with_the_records(mut context: Context) -> Outcome {
    for _ in 0..3 {
        let (memory, _) = crash(&mut context).await?;
        check_agreement(&memory).await?;
        context.database.drop_collection(memory.spec().name()).await?;
    }
    Ok(())
}

async fn after_a_restart_the_indexes_agree_with_the_records(mut context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for round in 0..2 {
        memory_round(&context, round).await?;
    }
    context.restart().await?;
    check_agreement(&context.database.open(memory.spec().name(), memory.scope().clone()).await?).await
}

/// Listing, count, get, text search and vector search show the same records.
async fn check_agreement(memory: &Memory) -> Outcome {
    let records = listed(memory, Filter::all()).await?;
    ensure!(!records.is_empty(), "the writer's first record is there");
    ensure_eq!(memory.count(&Filter::all()).await?, records.len() as u64, "count and list");
    let got = memory.get_all(records.iter().map(|record| &record.key)).await?;
    for (record, stored) in records.iter().zip(got) {
        ensure_eq!(stored.map(|stored| stored.record).as_ref(), Some(record), "get and list");
    }
    // Every number has a few records: those that a word finds are those whose content holds it.
    let mut by_word: BTreeMap<&str, Vec<String>> = BTreeMap::new();
    for record in &records {
        let word = record.content.as_str().strip_prefix("apple ").unwrap_or_default();
        by_word.entry(word).or_default().push(record.key.to_string());
    }
    let first_of_each = by_word.iter().take(100);
    for (word, keys) in first_of_each {
        let mut found = hits(&memory.search_text(word, 100).await?);
        found.sort_unstable();
        ensure_eq!(&found, keys, "text search for {word} and list");
        let number: f32 = word.strip_prefix("number").and_then(|n| n.parse().ok()).unwrap_or(-1.0);
        let nearest = memory.search_vector([1.0, number, 0.0], keys.len()).await?;
        let mut found = hits(&nearest);
        found.sort_unstable();
        ensure_eq!(&found, keys, "vector search for {number} and list");
    }
    let limit = usize::try_from(memory.capabilities().limits.k).unwrap_or(usize::MAX).min(1_000);
    let all = records.len().min(limit);
    ensure_eq!(memory.search_text("apple", limit).await?.hits.len(), all, "text search finds every record once");
    ensure_eq!(memory.search_vector([1.0; 3], limit).await?.hits.len(), all, "vector search finds every record once");
    Ok(())
}

async fn after_kill_writing_goes_on(mut context: Context) -> Outcome {
    let (memory, _) = crash(&mut context).await?;
    memory.put(numbered("hot", 1_000_000)).await?;
    memory.put(Record::draft("late").content("quince").embedding([0.0, 0.0, 1.0])).await?;
    ensure_eq!(hits(&memory.search_text("quince", 10).await?), ["n/late"], "a new record is found by its word");
    ensure_eq!(hits(&memory.search_vector([0.0, 0.0, 1.0], 1).await?), ["n/late"], "and by its vector");
    ensure_eq!(hits(&memory.search_text("number1000000", 10).await?), ["n/hot"], "an old one has its new word");
    ensure!(memory.delete("single0").await? || memory.get("single0").await?.is_none(), "deleting works");
    check_agreement_but(&memory, "n/late").await?;
    if memory.capabilities().has(Switch::Verify) {
        let report = context.database.maintain(&Maintenance::Verify).await?;
        ensure_eq!(report.findings, [], "the deep check finds nothing wrong");
    }
    Ok(())
}

/// As [`check_agreement`], once the record that is not the writer's is gone.
async fn check_agreement_but(memory: &Memory, other: &str) -> Outcome {
    ensure!(
        listed(memory, Filter::all()).await?.iter().any(|record| record.key.to_string() == other),
        "{other} is listed"
    );
    memory.delete("late").await?;
    check_agreement(memory).await
}

/// Four records, of which `bad` is damaged on the disk.
async fn damaged(context: &mut Context) -> Result<Memory, Failure> {
    let memory = context.home("a").await?;
    for (id, content, embedding) in [
        ("a", "plum", [1.0, 0.0, 0.0]),
        ("bad", "apple pear fig quince kiwi", [0.0, 1.0, 0.0]),
        ("c", "plum", [0.0, 0.0, 1.0]),
        ("d", "plum", [1.0, 0.0, 1.0]),
    ] {
        memory.put(Record::draft(id).content(content).embedding(embedding)).await?;
    }
    context.database.close().await?;
    let name = context.name("a")?;
    if let Err(error) = context.test_database.damage(&name, &key(["n"], "bad")?).await {
        return Err(Failure::assertion(format!("the harness cannot damage a record: {error}")));
    }
    context.database = context.connect().await?;
    Ok(context.database.open(&name, memory.scope().clone()).await?)
}

async fn a_damaged_record_is_corrupt_wherever_it_is_returned(mut context: Context) -> Outcome {
    let memory = damaged(&mut context).await?;
    for (what, result) in [
        ("get", memory.get("bad").await.map(drop)),
        ("get beside others", memory.get_all(["a", "bad"]).await.map(drop)),
        ("list", memory.list(&ListRequest::new()).await.map(drop)),
        ("text search", memory.search_text("apple pear fig quince kiwi", 10).await.map(drop)),
        ("vector search", memory.search_vector([0.0, 1.0, 0.0], 10).await.map(drop)),
    ] {
        let error = ensure_kind!(result, Corrupt, "{what} of a damaged record");
        ensure!(error.to_string().contains("n/bad"), "{what}: the error names the record: {error}");
        ensure!(!error.is_retryable(), "{what}: trying again is of no use");
    }
    Ok(())
}

async fn other_records_are_readable_beside_a_damaged_one(mut context: Context) -> Outcome {
    let memory = damaged(&mut context).await?;
    let found = memory.get_all(["a", "c", "d"]).await;
    ensure!(found.is_ok(), "get: {found:?}");
    ensure_eq!(found?.iter().flatten().count(), 3, "get");
    // A search that does not return it may refuse all the same: a record that cannot be believed might be a better hit. It
    // never answers wrongly.
    for (what, found, expected) in [
        ("vector search", memory.search_vector([1.0, 0.0, 0.0], 2).await, &["n/a", "n/d"][..]),
        ("text search", memory.search_text("plum", 10).await, &["n/a", "n/c", "n/d"]),
    ] {
        match found {
            Ok(found) => ensure_eq!(hits(&found), expected, "{what}"),
            Err(error) => {
                let error = ensure_kind!(Err::<(), _>(error), Corrupt, "{what}");
                ensure!(error.to_string().contains("n/bad"), "{what}: the error names the damaged record: {error}");
            }
        }
    }
    let put = memory.put(Record::draft("e").content("plum")).await;
    ensure!(put.is_ok(), "writing goes on: {put:?}");
    Ok(())
}

async fn a_damaged_record_can_be_replaced(mut context: Context) -> Outcome {
    let memory = damaged(&mut context).await?;
    let put = memory.put(Record::draft("bad").content("apple").embedding([0.0, 1.0, 0.0])).await;
    ensure!(put.is_ok(), "a whole new record: {put:?}");
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), ["a", "bad", "c", "d"], "all are listed again");
    ensure_eq!(hits(&memory.search_text("apple", 10).await?), ["n/bad"], "it is found by its new word");
    ensure_eq!(hits(&memory.search_text("pear", 10).await?).len(), 0, "and not by an old one");
    Ok(())
}

async fn the_deep_check_finds_a_damaged_record(mut context: Context) -> Outcome {
    damaged(&mut context).await?;
    match context.database.maintain(&Maintenance::Verify).await {
        Ok(report) => {
            let named = report.findings.iter().any(|finding| finding.what.contains("n/bad"));
            ensure!(named, "a finding names the record: {report:?}");
            ensure!(
                report.findings.iter().all(|finding| !finding.advice.is_empty()),
                "and says what to do: {report:?}"
            );
        }
        // A check may also end with its first finding.
        Err(error) => {
            ensure!(error.kind() == ErrorKind::Corrupt && error.to_string().contains("n/bad"), "it is named: {error}");
        }
    }
    Ok(())
}
