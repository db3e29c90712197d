//! Versions are never used twice (WR-5).

use std::collections::HashSet;

use memory_core::{Filter, Memory, Metadata, Record, Version};

use crate::cases::state::{Must as _, everything, stored};
use crate::cases::wr::CONDITIONAL;
use crate::context::{Context, at};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

cases! {
    "WR-5": [
        (no_version_is_used_twice, CONDITIONAL),
        (nor_after_everything_was_deleted, CONDITIONAL),
        (nor_after_a_restart, Needs::Capability("conditional writes, and durable", |capabilities| {
            capabilities.has(memory_core::Switch::ConditionalWrites) && capabilities.facts.durable
        })),
        (every_read_answers_the_same_version, CONDITIONAL),
        (a_put_of_the_same_record_has_a_new_version, CONDITIONAL),
    ],
}

/// Notes a version that must not have been seen before.
fn fresh(seen: &mut HashSet<Version>, version: Option<Version>, what: &str) -> Outcome {
    let Some(version) = version else {
        return Err(Failure::assertion(format!("{what}: a put answers no version")));
    };
    ensure!(seen.insert(version), "{what}: a version is used a second time");
    Ok(())
}

async fn put(memory: &Memory) -> Result<Option<Version>, Failure> {
    memory.put(Record::draft("1")).await.must("a put")
}

async fn no_version_is_used_twice(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let other = context.connect().await?.open(memory.spec().name(), memory.scope().clone()).await?;
    let mut seen = HashSet::new();
    for cycle in 0..40 {
        let (first, second) = if cycle % 2 == 0 { (&memory, &other) } else { (&other, &memory) };
        fresh(&mut seen, put(first).await?, "after delete and put")?;
        fresh(&mut seen, put(second).await?, "a put over it")?;
        fresh(&mut seen, stored_after_batch(first).await?, "a batch over it")?;
        ensure!(second.delete("1").await.must("a delete")?, "it existed");
    }
    ensure_eq!(seen.len(), 120, "three versions in each of forty cycles");
    Ok(())
}

async fn stored_after_batch(memory: &Memory) -> Result<Option<Version>, Failure> {
    memory.put_all(["0", "1", "2"].map(Record::draft)).await.must("a batch")?;
    Ok(stored(memory, "1").await?.version)
}

async fn nor_after_everything_was_deleted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut seen = HashSet::new();
    fresh(&mut seen, put(&memory).await?, "the first")?;
    ensure_eq!(memory.clear().await.must("clear")?, 1, "it existed");
    fresh(&mut seen, put(&memory).await?, "after clear")?;
    ensure_eq!(memory.delete_where(&Filter::id().eq("1")).await.must("delete_where")?, 1, "it existed");
    fresh(&mut seen, put(&memory).await?, "after delete_where")?;
    let expired = memory.put(Record::draft("1").expires_at(at(-1)?)).await.must("a put of an expired record")?;
    fresh(&mut seen, expired, "a put that is expired already")?;
    ensure_eq!(memory.purge_expired().await.must("a purge")?, 1, "it was there, expired");
    fresh(&mut seen, put(&memory).await?, "after a purge")?;
    // A collection made anew under the name has other records; still, a version that somebody kept must not fit them.
    ensure!(context.database.drop_collection(memory.spec().name()).await.must("a drop")?, "the collection existed");
    let anew = context.database.create(memory.spec(), memory.scope().clone()).await.must("to make it anew")?;
    for _ in 0..6 {
        fresh(&mut seen, put(&anew).await?, "in a collection made anew")?;
    }
    Ok(())
}

async fn nor_after_a_restart(mut context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut seen = HashSet::new();
    fresh(&mut seen, put(&memory).await?, "the first")?;
    fresh(&mut seen, put(&memory).await?, "the second")?;
    let kept = stored(&memory, "1").await?.version;
    let (name, scope) = (memory.spec().name().clone(), memory.scope().clone());
    drop(memory);
    context.restart().await?;
    let memory = context.database.open(&name, scope.clone()).await?;
    ensure_eq!(stored(&memory, "1").await?.version, kept, "a restart does not change it");
    ensure!(memory.delete("1").await.must("a delete")?, "it existed");
    drop(memory);
    context.restart().await?;
    let memory = context.database.open(&name, scope).await?;
    for _ in 0..4 {
        fresh(&mut seen, put(&memory).await?, "after a restart")?;
    }
    Ok(())
}

async fn every_read_answers_the_same_version(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let put = memory.put(Record::draft("1").content("word").embedding([1.0, 0.0, 0.0])).await.must("a put")?;
    ensure!(put.is_some(), "a put answers a version");
    ensure_eq!(stored(&memory, "1").await?.version, put, "get");
    let listed: Vec<_> = everything(&memory).await?.into_iter().map(|stored| stored.version).collect();
    ensure_eq!(listed, std::slice::from_ref(&put), "list");
    let text = memory.search_text("word", 1).await.must("a search")?.hits;
    ensure_eq!(text.first().map(|hit| hit.version.clone()), Some(put.clone()), "text search");
    let vector = memory.search_vector([1.0, 0.0, 0.0], 1).await.must("a search")?.hits;
    ensure_eq!(vector.first().map(|hit| hit.version.clone()), Some(put), "vector search");
    Ok(())
}

async fn a_put_of_the_same_record_has_a_new_version(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let record = memory.record(Record::draft("1").content("same").metadata(Metadata::from_json(r#"{"a":1}"#)?))?;
    let mut seen = HashSet::new();
    for _ in 0..20 {
        fresh(&mut seen, memory.put(record.clone()).await.must("a put")?, "the same record, the same instant")?;
    }
    Ok(())
}
