//! Writes that share transactions. To make it certain what is queued together, another connection holds the file meanwhile.

use std::path::Path;
use std::pin::Pin;
use std::task::{Context as Waking, Poll, Waker};

use futures_executor::block_on;
use memory_conformance::{Context, Needs, Outcome, ensure, ensure_eq, ensure_kind};
use memory_core::{
    Batch, Database, Facts, Filter, Memory, Place, Precondition, Record, Result, Timestamp, Version, Write,
};
use memory_sqlite::{Durability, SqliteBackend, SqliteConfig};
use rusqlite::Connection;

use super::child::{Server, draft, ids, notes};
use crate::harness::connection;

const FILE: Needs = Needs::Fact("place: file", file);

fn file(facts: &Facts) -> bool {
    facts.place == Place::File
}

memory_conformance::cases! {
    "CD-1": [
        (writes_that_wait_together_share_a_commit, FILE),
        (a_loser_fails_alone, FILE),
        (a_damaged_record_fails_its_writer_alone, FILE),
        (many_tasks_lose_nothing, FILE),
        (more_writes_than_the_queue_holds_are_all_done, FILE),
        (a_large_batch_lets_others_in_between, FILE),
    ],
    "WR-7": [
        (who_has_gone_is_skipped_and_the_others_are_written, FILE),
        (closing_waits_for_what_is_queued, FILE),
        (an_import_whose_caller_has_gone_overwrites_nothing_later, FILE),
    ],
    "CD-2": [(relaxed_durability_survives_kill, FILE)],
}

type Call<T> = Pin<Box<dyn Future<Output = Result<T>> + Send>>;

/// A call that has been begun.
fn begun<T>(call: impl Future<Output = Result<T>> + Send + 'static) -> Call<T> {
    let mut call: Call<T> = Box::pin(call);
    assert!(is_pending(&mut call));
    call
}

fn is_pending<T>(call: &mut Call<T>) -> bool {
    matches!(call.as_mut().poll(&mut Waking::from_waker(Waker::noop())), Poll::Pending)
}

/// A put of the record `id` that has been begun.
fn put(memory: &Memory, id: &str) -> Call<Option<Version>> {
    let (memory, draft) = (memory.clone(), draft(id, "word"));
    begun(async move { memory.put(draft).await })
}

/// Holds up who wants to write, until it is rolled back.
fn hold(path: &Path) -> Connection {
    let other = connection(path);
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    other
}

fn release(other: &Connection) {
    other.execute_batch("ROLLBACK").unwrap();
}

/// How many commits stand in the log: frames that say how many pages the file has then. A frame has a header of 24 bytes and a
/// page behind it; the log, a header of 32 bytes with the size of a page at its ninth.
fn commits(path: &Path) -> usize {
    let log = std::fs::read(path.with_extension("db-wal")).unwrap();
    let number = |at: usize| u32::from_be_bytes(log[at..at + 4].try_into().unwrap()) as usize;
    let salt = &log[16..24];
    (32..log.len())
        .step_by(24 + number(8))
        .filter(|&at| log[at + 8..at + 16] == *salt)
        .filter(|&at| number(at + 4) > 0)
        .count()
}

async fn writes_that_wait_together_share_a_commit(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    for n in 0..4 {
        memory.put(draft(&format!("old{n}"), "word")).await?;
    }
    let before = commits(&path);
    let other = hold(&path);
    let puts: Vec<_> = (0..8).map(|n| put(&memory, &format!("new{n}"))).collect();
    let deleting = memory.clone();
    let delete = begun(async move { deleting.delete_all(["old0", "old1"]).await });
    release(&other);
    let mut versions = Vec::new();
    for put in puts {
        versions.push(put.await?.unwrap().as_str().to_owned());
    }
    ensure_eq!(delete.await?, 2, "both existed");
    ensure_eq!(commits(&path) - before, 1, "nine writes, one commit");
    versions.sort_unstable();
    versions.dedup();
    ensure_eq!(versions.len(), 8, "each has a version of its own");
    ensure_eq!(memory.count(&Filter::all()).await?, 10, "4 and 8, less 2");
    ensure_eq!(memory.search_text("word", 20).await?.hits.len(), 10, "the text index has them");
    ensure_eq!(memory.search_vector([1.0, 4.0, 0.0], 20).await?.hits.len(), 10, "the vectors too");
    // Eight threads that do not wait for each other, as it is without anybody holding them up.
    let before = commits(&path);
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let memory = &memory;
            scope.spawn(move || block_on(memory.put(draft(&format!("more{thread}"), "word"))).unwrap());
        }
    });
    ensure!((1..=8).contains(&(commits(&path) - before)), "the counter counts");
    database.close().await?;
    Ok(())
}

async fn a_loser_fails_alone(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("old", "word")).await?;
    ensure_eq!(ids(memory.search_vector([1.0, 4.0, 0.0], 10).await?), "old", "the vectors are in memory now");
    let before = commits(&path);
    let other = hold(&path);
    let first = put(&memory, "a");
    let losing = memory.clone();
    let alone = begun(async move { losing.put_if(draft("a", "lost"), Precondition::Absent).await });
    let losing = memory.clone();
    let atomic = begun(async move {
        let built = |id: &str| draft(id, "lost").build(losing.scope().home(), Timestamp::MIN);
        let refused = Write { record: built("old")?, precondition: Some(Precondition::Absent) };
        losing.apply_writes(&[built("b")?.into(), refused], Batch::atomic()).await
    });
    let last = put(&memory, "c");
    release(&other);
    first.await?;
    let error = ensure_kind!(alone.await, Conflict, "the one before it in the group has made it");
    ensure_eq!(error.conflicting().len(), 1, "it names the loser");
    let error = ensure_kind!(atomic.await, Conflict, "its condition does not hold");
    ensure!(!error.is_outcome_open() && error.accepted().is_empty(), "all or nothing: {error}");
    last.await?;
    ensure_eq!(commits(&path) - before, 1, "all four shared it");
    ensure_eq!(ids(memory.search_vector([1.0, 4.0, 0.0], 10).await?), "a c old", "b is not among the vectors");
    ensure_eq!(memory.search_text("lost", 10).await?.hits.len(), 0, "nor in the text index");
    ensure!(memory.get("b").await?.is_none(), "nothing of the batch is there");
    database.close().await?;
    Ok(())
}

async fn a_damaged_record_fails_its_writer_alone(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("old", "word")).await?;
    let other = connection(&path);
    other.execute_batch("UPDATE \"records.notes\" SET checksum = checksum + 1; BEGIN IMMEDIATE").unwrap();
    let first = put(&memory, "a");
    let damaged = memory.clone();
    let condition = Precondition::Version(Version::new("1"));
    let damaged = begun(async move { damaged.put_if(draft("old", "new"), condition).await });
    let last = put(&memory, "b");
    release(&other);
    first.await?;
    let error = ensure_kind!(damaged.await, Corrupt, "nothing can be decided by it");
    ensure!(error.message().contains("old"), "it names the record: {error}");
    last.await?;
    ensure!(memory.get("a").await?.is_some() && memory.get("b").await?.is_some(), "its neighbours are there");
    database.close().await?;
    Ok(())
}

async fn many_tasks_lose_nothing(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let (other_database, other) = notes(&path).await?;
    std::thread::scope(|scope| {
        for task in 0..64 {
            let (memory, other) = (&memory, &other);
            scope.spawn(move || {
                for round in 0..6 {
                    let name = format!("t{task}-{round}");
                    block_on(memory.put(draft(&name, "word"))).unwrap();
                    assert!(block_on(other.get(name.as_str())).unwrap().is_some(), "{name} is seen at once");
                    if round % 3 == 2 {
                        assert!(block_on(memory.delete(name.as_str())).unwrap(), "{name} existed");
                        assert!(block_on(other.get(name.as_str())).unwrap().is_none(), "{name} is gone at once");
                    }
                }
            });
        }
    });
    ensure_eq!(memory.count(&Filter::all()).await?, 64 * 4, "two of each task's six are deleted");
    ensure_eq!(other.search_text("word", 500).await?.hits.len(), 64 * 4, "the text index agrees");
    ensure_eq!(other.search_vector([1.0, 4.0, 0.0], 500).await?.hits.len(), 64 * 4, "the vectors too");
    other_database.close().await?;
    database.close().await?;
    Ok(())
}

async fn more_writes_than_the_queue_holds_are_all_done(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let other = hold(&path);
    let mut puts: Vec<_> = (0..1_200).map(|n| put(&memory, &format!("n{n}"))).collect();
    // One that waits outside the queue, and one in it.
    drop(puts.remove(1_100));
    drop(puts.remove(100));
    release(&other);
    for put in puts {
        put.await?;
    }
    memory.put(draft("last", "word")).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 1_199, "all but the two whose callers have gone");
    database.close().await?;
    Ok(())
}

async fn a_large_batch_lets_others_in_between(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let other = hold(&path);
    let importing = memory.clone();
    let import = begun(async move {
        importing.put_all((0..20_001).map(|n| Record::draft(format!("i{n}")).content("x").without_embedding())).await
    });
    let small = put(&memory, "small");
    release(&other);
    let number = |version: &Option<Version>| version.as_ref().unwrap().as_str().parse::<u64>().unwrap();
    let small = number(&small.await?);
    let import: Vec<u64> = import.await?.versions.iter().map(number).collect();
    ensure_eq!(import.len(), 20_001, "all of the batch");
    let first = import[0];
    let order = [import[9_999], small, import[10_000], import[20_000]];
    ensure_eq!(order, [first, first + 1, first + 2, first + 3], "the small one comes after the first run");
    ensure_eq!(memory.count(&Filter::all()).await?, 20_002, "all are there");
    database.close().await?;
    Ok(())
}

async fn who_has_gone_is_skipped_and_the_others_are_written(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let other = hold(&path);
    let (first, gone, last) = (put(&memory, "a"), put(&memory, "gone"), put(&memory, "b"));
    drop(gone);
    release(&other);
    first.await?;
    last.await?;
    ensure!(memory.get("gone").await?.is_none(), "it had not begun");
    ensure_eq!(memory.count(&Filter::all()).await?, 2, "the others are there");
    database.close().await?;
    Ok(())
}

async fn an_import_whose_caller_has_gone_overwrites_nothing_later(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let other = hold(&path);
    let importing = memory.clone();
    let import = begun(async move {
        importing.put_all((0..6_001).map(|n| Record::draft(format!("i{n}")).content("x").without_embedding())).await
    });
    let small = put(&memory, "small");
    release(&other);
    small.await?;
    drop(import);
    memory.put(draft("i6000", "later")).await?;
    // Whatever is left of the import has had its turn when the database is closed.
    database.close().await?;
    let (database, memory) = notes(&path).await?;
    let last = memory.get("i6000").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(last, Some("later".to_owned()), "the later write is the last");
    ensure_eq!(memory.count(&Filter::all()).await? % 2_000, 2, "whole runs, the small one and the later one");
    database.close().await?;
    Ok(())
}

async fn closing_waits_for_what_is_queued(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let other = hold(&path);
    let puts: Vec<_> = (0..5).map(|n| put(&memory, &format!("n{n}"))).collect();
    let importing = memory.clone();
    let import = begun(async move {
        importing.put_all((0..2_001).map(|n| Record::draft(format!("i{n}")).content("x").without_embedding())).await
    });
    let closing = database.clone();
    let close = begun(async move { closing.close().await });
    ensure_kind!(memory.put(draft("late", "word")).await, InvalidArgument, "the database is closed");
    release(&other);
    for put in puts {
        put.await?;
    }
    ensure_eq!(import.await?.versions.len(), 2_001, "all its runs");
    close.await?;
    let (database, memory) = notes(&path).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 2_006, "all is in the file");
    database.close().await?;
    Ok(())
}

async fn relaxed_durability_survives_kill(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let config = SqliteConfig::new(&path).with_durability(Durability::Relaxed);
    let database = Database::new(SqliteBackend::open(config).await?);
    ensure!(database.capabilities().facts.durable, "what it may lose takes more than a restart");
    database.close().await?;
    let mut server = Server::relaxed(&path);
    for n in 0..20 {
        ensure_eq!(server.ask(&format!("put n{n} word")), "done", "put {n}");
    }
    server.kill();
    let (database, memory) = notes(&path).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 20, "all that was acknowledged");
    ensure_eq!(memory.search_text("word", 50).await?.hits.len(), 20, "the text index agrees");
    database.close().await?;
    Ok(())
}
