//! Many at once (CD-1).

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use memory_core::{Database, ErrorKind, Facts, Filter, Memory, Metric, Record, Sharing, Switch};
use tokio::task::JoinSet;

use crate::child::{Child, add_one, numbered};
use crate::context::{Context, hits, listed};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

fn many(facts: &Facts) -> bool {
    facts.sharing == Sharing::Many
}

cases! {
    "CD-1": [
        handles_are_shared_by_tasks,
        sixty_four_tasks_write_the_same_records,
        readers_see_whole_records_while_tasks_write,
        tasks_do_everything_at_once,
        (increments_of_tasks_are_all_counted, Needs::Switch(Switch::ConditionalWrites)),
        (no_stale_answer_in_another_process, Needs::Fact("sharing by many processes", many)),
        (processes_write_at_once, Needs::Fact("sharing by many processes", many)),
        (
            increments_of_processes_are_all_counted,
            Needs::Capability("sharing by many processes and conditional writes", |capabilities| {
                many(&capabilities.facts) && capabilities.has(Switch::ConditionalWrites)
            })
        ),
    ],
}

async fn handles_are_shared_by_tasks(context: Context) -> Outcome {
    fn shareable<T: Clone + Send + Sync + 'static>(_: &T) {}
    let memory = context.home("a").await?;
    shareable::<Memory>(&memory);
    shareable::<Database>(&context.database);
    let clone = memory.clone();
    tokio::spawn(async move { clone.put(Record::draft("1")).await }).await.expect("no task panics")?;
    ensure!(memory.get("1").await?.is_some(), "a clone in another task is the same handle");
    Ok(())
}

/// A handle for each task: of its own where several may share the database.
async fn handles(context: &Context, count: usize) -> memory_core::Result<Vec<Memory>> {
    let first = context.home("a").await?;
    let mut connections = vec![first.clone()];
    for _ in 0..7 {
        connections.push(context.connect().await?.open(first.spec().name(), first.scope().clone()).await?);
    }
    Ok(connections.into_iter().cycle().take(count).collect())
}

/// The number that all fields of the record tell.
fn whole(record: &Record) -> Result<u64, Failure> {
    let torn = || Failure::assertion(format!("{} is not whole: its fields are of different writes", record.key));
    let number: u64 =
        record.content.as_str().strip_prefix("apple number").and_then(|n| n.parse().ok()).ok_or_else(torn)?;
    let expected = [1.0, number as f32, 0.0];
    let same = record.kind.as_str() == format!("kind {number}")
        && record.tags.iter().eq([format!("tag {number}")])
        && record.embedding.as_ref().is_some_and(|embedding| embedding.as_slice() == expected)
        && record.metadata.to_json() == format!(r#"{{"number":{number}}}"#);
    if same { Ok(number) } else { Err(torn()) }
}

async fn finish(mut tasks: JoinSet<Outcome>) -> Outcome {
    while let Some(joined) = tasks.join_next().await {
        joined.map_err(|error| Failure::assertion(format!("a task ended badly: {error}")))??;
    }
    Ok(())
}

fn failed(what: &str) -> impl Fn(memory_core::Error) -> Failure {
    move |error| Failure::assertion(format!("{what} failed beside others: {error}"))
}

/// Task t puts record (t + i) mod 8 in its i-th write, with the number 100 t + i: its last write to each is known.
const ROUNDS: u64 = 10;

async fn write_overlapping(memory: Memory, task: u64) -> Outcome {
    for i in 0..ROUNDS {
        let draft = numbered(&format!("{}", (task + i) % 8), 100 * task + i);
        if i % 2 == 0 {
            memory.put(draft).await.map_err(failed("a put"))?;
        } else {
            memory.put_all([draft]).await.map_err(failed("a batch"))?;
        }
    }
    Ok(())
}

async fn sixty_four_tasks_write_the_same_records(context: Context) -> Outcome {
    let handles = handles(&context, 64).await?;
    let mut tasks = JoinSet::new();
    for (task, memory) in (0..).zip(handles.clone()) {
        tasks.spawn(write_overlapping(memory, task));
    }
    finish(tasks).await?;
    let mut agreed: BTreeMap<String, u64> = BTreeMap::new();
    for memory in &handles[..8] {
        let records = listed(memory, Filter::all()).await?;
        ensure_eq!(records.len(), 8, "eight records were written");
        for record in records {
            let (id, number) = (record.key.id.as_str().to_owned(), whole(&record)?);
            let (task, i) = (number / 100, number % 100);
            ensure!(i + 8 >= ROUNDS, "{id} holds write {i} of task {task}, which wrote it again later");
            ensure_eq!(id, ((task + i) % 8).to_string(), "the record holds a write to it");
            ensure_eq!(*agreed.entry(id.clone()).or_insert(number), number, "all handles agree on {id}");
            // Indexes hold the same version as the rows.
            let found = memory.search_text(&format!("number{number}"), 10).await?;
            ensure_eq!(hits(&found), [format!("n/{id}")], "its word finds it, and no older version of another");
        }
        ensure_eq!(memory.search_text("apple", 100).await?.hits.len(), 8, "a text search finds each once");
        ensure_eq!(memory.search_vector([1.0, 1.0, 0.0], 100).await?.hits.len(), 8, "a vector search finds each once");
    }
    Ok(())
}

async fn readers_see_whole_records_while_tasks_write(context: Context) -> Outcome {
    let handles = handles(&context, 16).await?;
    handles[0].put(numbered("0", 0)).await?;
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for memory in &handles[8..12] {
        let (memory, done) = (memory.clone(), Arc::clone(&done));
        readers.spawn(async move {
            while !done.load(Ordering::SeqCst) {
                let Some(stored) = memory.get("0").await.map_err(failed("a get"))? else {
                    return Err(Failure::assertion("a record vanished while it was replaced"));
                };
                whole(&stored.record)?;
                for record in listed(&memory, Filter::all()).await.map_err(failed("a listing"))? {
                    whole(&record)?;
                }
                let found = memory.search_text("apple", 100).await.map_err(failed("a text search"))?;
                ensure!(!found.hits.is_empty(), "a record vanished from text search while it was replaced");
                let found = memory.search_vector([1.0, 1.0, 0.0], 100).await.map_err(failed("a vector search"))?;
                ensure!(!found.hits.is_empty(), "a record vanished from vector search while it was replaced");
                tokio::task::yield_now().await;
            }
            Ok(())
        });
    }
    let mut writers = JoinSet::new();
    for (task, memory) in (0..).zip(handles.into_iter().take(8)) {
        writers.spawn(write_overlapping(memory, task));
    }
    let written = finish(writers).await;
    done.store(true, Ordering::SeqCst);
    finish(readers).await?;
    written
}

async fn tasks_do_everything_at_once(context: Context) -> Outcome {
    let handles = handles(&context, 64).await?;
    let mut tasks = JoinSet::new();
    for (task, memory) in (0_u64..).zip(handles) {
        let database = context.database.clone();
        let other = context.spec(&format!("b{}", task % 3), Metric::Dot)?;
        tasks.spawn(async move {
            let own = format!("own{task}");
            memory.put(numbered(&own, task)).await.map_err(failed("a put"))?;
            match task % 6 {
                0 => drop(memory.delete(format!("{}", task % 8)).await.map_err(failed("a delete"))?),
                1 => drop(memory.delete_where(&Filter::kind().eq("kind 0")).await.map_err(failed("a delete_where"))?),
                2 => drop(memory.purge_expired().await.map_err(failed("a purge"))?),
                3 => drop(database.create(&other, memory.scope().clone()).await.map_err(failed("a create"))?),
                4 => drop(database.collections().await.map_err(failed("collections"))?),
                _ => match memory.update_last_write_wins(own.as_str(), |_, draft| draft.kind("changed")).await {
                    Ok(_) => {}
                    Err(error) if error.kind() == ErrorKind::NotFound => {}
                    Err(error) => return Err(failed("an update")(error)),
                },
            }
            let found = memory.search_text(&format!("number{task}"), 10).await.map_err(failed("a text search"))?;
            ensure!(task == 0 || hits(&found) == [format!("n/{own}")], "each task finds its own record at once");
            Ok(())
        });
    }
    finish(tasks).await?;
    let left = context.home("a").await?.count(&Filter::id().starts_with("own")).await?;
    ensure!((63..=64).contains(&left), "no acknowledged write vanished but record 0, which matches a delete: {left}");
    Ok(())
}

async fn increments_of_tasks_are_all_counted(context: Context) -> Outcome {
    let handles = handles(&context, 8).await?;
    handles[0].put(Record::draft("counter").content("0")).await?;
    let mut tasks = JoinSet::new();
    for memory in handles.clone() {
        tasks.spawn(async move {
            for _ in 0..8 {
                add_one(&memory, "counter").await.map_err(failed("an increment"))?;
            }
            Ok(())
        });
    }
    finish(tasks).await?;
    let counter = handles[0].get("counter").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(counter.as_deref(), Some("64"), "8 tasks counted to 8");
    Ok(())
}

async fn no_stale_answer_in_another_process(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut child = Child::start(&context, "put_get", memory.spec().name())?;
    child.expect("ready")?;
    for round in 0..10 {
        // Each asks before the other writes, so that whatever it keeps in memory is filled and then out of date.
        let (here, there) = (2 * round + 1, 2 * round + 2);
        memory.put(numbered("shared", here)).await?;
        ensure_eq!(child.ask("get")?, format!("apple number{here}"), "get over there");
        ensure_eq!(child.ask(&format!("nearest {here}"))?, "n/shared", "the new vector over there");
        ensure_eq!(child.ask(&format!("nearest {}", here - 1))?, "", "not the old vector");
        ensure_eq!(child.ask(&format!("word number{here}"))?, "n/shared", "the new word over there");
        ensure_eq!(child.ask(&format!("word number{}", here - 1))?, "", "not the old word");
        ensure_eq!(child.ask(&format!("put {there}"))?, "done", "put over there");
        let content = memory.get("shared").await?.map(|stored| stored.record.content.as_str().to_owned());
        ensure_eq!(content, Some(format!("apple number{there}")), "get here");
        let nearest = memory.search_vector([1.0, there as f32, 0.0], 10).await?;
        ensure_eq!(nearest.hits.first().map(|hit| hit.score.value()), Some(1.0), "the new vector here");
        ensure_eq!(hits(&memory.search_text(&format!("number{there}"), 10).await?), ["n/shared"], "the new word here");
        ensure_eq!(hits(&memory.search_text(&format!("number{here}"), 10).await?).len(), 0, "not the old word here");
    }
    ensure_eq!(child.ask("delete")?, "true", "deleted over there");
    ensure!(memory.get("shared").await?.is_none(), "and gone here");
    ensure_eq!(memory.search_vector([1.0, 20.0, 0.0], 10).await?.hits.len(), 0, "from vector search too");
    ensure_eq!(memory.search_text("apple", 10).await?.hits.len(), 0, "and from text search");
    Ok(())
}

async fn processes_write_at_once(context: Context) -> Outcome {
    let handles = handles(&context, 8).await?;
    let name = handles[0].spec().name();
    let mut children = Vec::new();
    for _ in 0..2 {
        children.push(Child::start(&context, "write", name)?);
    }
    for child in &mut children {
        // A child that fails says so in its first line.
        child.expect("+single0 0")?;
    }
    let mut tasks = JoinSet::new();
    for (task, memory) in (0..).zip(handles.clone()) {
        tasks.spawn(write_overlapping(memory, task));
    }
    let written = finish(tasks).await;
    tokio::time::sleep(Duration::from_millis(50)).await;
    for child in children {
        let said = child.kill()?;
        let bad = said.iter().find(|line| !line.starts_with(['+', '-', '~']));
        ensure!(bad.is_none(), "a process failed beside others: {bad:?}");
    }
    written?;
    for record in listed(&handles[0], Filter::all()).await? {
        whole(&record)?;
    }
    ensure_eq!(
        handles[1].count(&!Filter::id().starts_with("single")).await? >= 9,
        true,
        "all that were written are there"
    );
    Ok(())
}

async fn increments_of_processes_are_all_counted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("counter").content("0")).await?;
    let mut children = Vec::new();
    for _ in 0..3 {
        let mut child = Child::start(&context, "increment", memory.spec().name())?;
        child.expect("ready")?;
        children.push(child);
    }
    for child in &mut children {
        child.say("10")?;
    }
    for _ in 0..10 {
        add_one(&memory, "counter").await.map_err(failed("an increment"))?;
    }
    for child in &mut children {
        child.expect("done")?;
    }
    let counter = memory.get("counter").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(counter.as_deref(), Some("40"), "four processes counted to 10");
    Ok(())
}
