//! Several processes on one file.

use std::process::Child;
use std::time::{Duration, Instant};

use memory_conformance::{Context, Needs, Outcome, ensure, ensure_eq, ensure_kind};
use memory_core::{CollectionName, Database, Facts, Namespace, Scope, Sharing};
use memory_sqlite::{SqliteBackend, SqliteConfig};

use super::child::{Server, command, draft, ids, notes};
use crate::harness::connection;

const SHARED: Needs = Needs::Fact("sharing by many processes", shared);

fn shared(facts: &Facts) -> bool {
    facts.sharing == Sharing::Many
}

memory_conformance::cases! {
    "WR-2": [(two_processes_see_each_others_last_write_at_once, SHARED)],
    "CD-2": [(a_database_that_is_dropped_lets_its_file_go, SHARED)],
    "CD-1": [
        (a_long_write_holds_up_writers_alone_and_no_longer_than_agreed, SHARED),
        (processes_make_the_same_file_at_once, SHARED),
        (processes_that_write_at_once_lose_nothing, SHARED),
    ],
}

async fn two_processes_see_each_others_last_write_at_once(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let mut other = Server::start(&path);
    for round in 0..50 {
        let (mine, theirs) = (format!("mine{round}"), format!("theirs{round}"));
        memory.put(draft("a", &mine)).await?;
        ensure_eq!(other.ask("get a"), mine, "round {round}: the other process reads what was put here");
        ensure_eq!(other.ask(&format!("text {mine}")), "a", "round {round}: finds it by text");
        ensure_eq!(other.ask(&format!("put b {theirs}")), "done", "round {round}");
        let read = memory.get("b").await?.map(|stored| stored.record.content.as_str().to_owned());
        ensure_eq!(read, Some(theirs.clone()), "round {round}: what was put there is read here");
        ensure_eq!(ids(memory.search_text(&theirs, 10).await?), "b", "round {round}: found by text");
        ensure_eq!(ids(memory.search_vector([1.0, 0.0, 0.0], 10).await?), "a b", "round {round}: and by vector");
        memory.delete("a").await?;
        ensure_eq!(other.ask("vector"), "b", "round {round}: what was deleted here is gone there");
    }
    other.stop();
    database.close().await?;
    Ok(())
}

async fn processes_make_the_same_file_at_once(_: Context) -> Outcome {
    for round in 0..5 {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("memory.db");
        let children: Vec<Child> = (0..6).map(|_| command("open", &path).spawn().unwrap()).collect();
        for child in children {
            let output = child.wait_with_output().unwrap();
            ensure_eq!(String::from_utf8(output.stdout).unwrap(), "ok\n", "round {round}");
        }
        let (database, memory) = notes(&path).await?;
        memory.put(draft("a", "x")).await?;
        ensure!(memory.get("a").await?.is_some(), "round {round}: the file works");
        database.close().await?;
    }
    Ok(())
}

async fn processes_that_write_at_once_lose_nothing(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    let writers: Vec<_> = (0..3)
        .map(|writer| {
            let mut server = Server::start(&path);
            std::thread::spawn(move || {
                let answers: Vec<String> = (0..40).map(|n| server.ask(&format!("put w{writer}-{n} common"))).collect();
                server.stop();
                answers
            })
        })
        .collect();
    for writer in writers {
        ensure!(writer.join().unwrap().iter().all(|answer| answer == "done"), "every write is accepted");
    }
    ensure_eq!(memory.count(&memory_core::Filter::all()).await?, 120, "all 3 times 40 records are there");
    ensure_eq!(memory.search_text("common", 500).await?.hits.len(), 120, "the text index has them too");
    database.close().await?;
    Ok(())
}

async fn a_database_that_is_dropped_lets_its_file_go(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("a", "x")).await?;
    drop((database, memory));
    // Whoever closes the last connection removes the log.
    let log = folder.path().join("memory.db-wal");
    for _ in 0..500 {
        if !log.exists() {
            break;
        }
        std::thread::sleep(Duration::from_millis(10));
    }
    ensure!(!log.exists(), "the threads have ended and closed their connections");
    let (database, memory) = notes(&path).await?;
    ensure!(memory.get("a").await?.is_some(), "what was accepted is there");
    database.close().await?;
    Ok(())
}

async fn a_long_write_holds_up_writers_alone_and_no_longer_than_agreed(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("a", "x")).await?;
    database.close().await?;
    let other = connection(&path);
    other.execute_batch("BEGIN IMMEDIATE; UPDATE _memory_versions SET last = last + 1;").unwrap();
    let config = SqliteConfig::new(&path).with_busy_deadline(Duration::from_millis(200));
    let database = Database::new(SqliteBackend::open(config).await?);
    let memory = database.open(&CollectionName::new("notes")?, Scope::exact(Namespace::new(["n"])?)).await?;
    let memory = database.create(memory.spec(), memory.scope().clone()).await?;
    ensure!(memory.get("a").await?.is_some(), "opening and reading wait for nobody");
    let start = Instant::now();
    let error = ensure_kind!(memory.put(draft("b", "x")).await, Timeout, "a write waits");
    ensure!(error.is_retryable() && !error.is_outcome_open(), "it can be repeated: {error}");
    ensure!(start.elapsed() >= Duration::from_millis(200), "as long as was agreed");
    ensure!(start.elapsed() < Duration::from_secs(10), "and not much longer");
    other.execute_batch("ROLLBACK").unwrap();
    memory.put(draft("b", "x")).await?;
    database.close().await?;
    Ok(())
}
