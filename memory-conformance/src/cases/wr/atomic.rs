//! Atomic batches (WR-4).

use memory_core::{Batch, Memory, Precondition, Record, Switch, Write};

use crate::cases::state::{Must as _, everything, read, stored};
use crate::context::{Context, namespace};
use crate::harness::Settings;
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

const ATOMIC: Needs = Needs::Switch(Switch::AtomicBatches);
const BOTH: Needs = Needs::Capability("the switches conditional writes and atomic batches", |capabilities| {
    capabilities.has(Switch::ConditionalWrites) && capabilities.has(Switch::AtomicBatches)
});

cases! {
    "WR-4": [
        (all_of_an_atomic_batch, ATOMIC),
        (nothing_of_an_atomic_batch_that_loses, BOTH),
        (an_atomic_batch_whose_conditions_hold, BOTH),
        (records_of_an_atomic_batch_at_the_limit, ATOMIC),
        (bytes_of_an_atomic_batch_at_the_limit, ATOMIC),
        (namespaces_of_an_atomic_batch, Needs::Capability("atomic batches over namespaces", |capabilities| {
            capabilities.has(Switch::AtomicBatches) && !capabilities.limits.atomic_one_namespace
        })),
        (one_namespace_in_an_atomic_batch, Needs::Capability("atomic batches of one namespace", |capabilities| {
            capabilities.has(Switch::AtomicBatches) && capabilities.limits.atomic_one_namespace
        })),
        (atomic_batches_are_a_switch, Needs::NoSwitch(Switch::AtomicBatches)),
    ],
}

fn writes<const N: usize>(memory: &Memory, ids: [&str; N], content: &str) -> memory_core::Result<Vec<Write>> {
    ids.iter()
        .map(|id| Ok(memory.record(Record::draft(*id).content(content).embedding([1.0, 0.0, 0.0]))?.into()))
        .collect()
}

async fn all_of_an_atomic_batch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("2").content("before").tags(["before"])).await?;
    let written = memory.apply_writes(&writes(&memory, ["1", "2", "3"], "after")?, Batch::atomic()).await;
    ensure_eq!(written.must("an atomic batch")?.versions.len(), 3, "each record is answered");
    let all = everything(&memory).await?;
    let contents: Vec<_> = all.iter().map(|stored| stored.record.content.as_str()).collect();
    ensure_eq!(contents, ["after", "after", "after"], "all of it is written");
    ensure_eq!(
        memory.search_text("before", 10).await.must("a search")?.hits.len(),
        0,
        "and nothing is left of the old"
    );
    let mut doubled = writes(&memory, ["1", "4", "1"], "doubled")?;
    doubled[2].record.kind = memory_core::Kind::new("last")?;
    memory.apply_writes(&doubled, Batch::atomic()).await.must("an atomic batch in which a record occurs twice")?;
    ensure_eq!(read(&memory, "1").await?.kind.as_str(), "last", "here too the last wins");
    memory.apply_writes(&[], Batch::atomic()).await.must("an empty atomic batch")?;
    Ok(())
}

async fn nothing_of_an_atomic_batch_that_loses(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for id in ["2", "4"] {
        memory.put(Record::draft(id).content("before").embedding([0.0, 1.0, 0.0])).await?;
    }
    let before = everything(&memory).await?;
    let stale = stored(&memory, "4").await?.version.map(Precondition::Version);
    memory.put(Record::draft("4").content("between").embedding([0.0, 1.0, 0.0])).await?;
    let between = everything(&memory).await?;
    ensure!(before != between, "record 4 has moved on");
    // The loser stands first, last, in the middle and last.
    for (ids, losers) in
        [(["2", "1", "3", "5"], vec!["2"]), (["1", "3", "5", "4"], vec!["4"]), (["1", "2", "3", "4"], vec!["2", "4"])]
    {
        let mut batch = writes(&memory, ids, "after")?;
        for write in &mut batch {
            write.precondition = match write.record.key.id.as_str() {
                "2" => Some(Precondition::Absent),
                "4" => stale.clone(),
                _ => None,
            };
        }
        let error =
            ensure_kind!(memory.apply_writes(&batch, Batch::atomic()).await, Conflict, "a condition that fails");
        let lost: Vec<_> = error.conflicting().iter().map(|key| key.id.as_str()).collect();
        ensure_eq!(lost, losers, "the error lists those that lost");
        ensure!(error.accepted().is_empty() && error.unknown().is_empty(), "nothing was accepted, nothing is open");
        ensure!(everything(&memory).await? == between, "nothing has changed, not even a version");
        ensure_eq!(memory.search_text("after", 10).await.must("a search")?.hits.len(), 0, "no word of it is found");
    }
    Ok(())
}

async fn an_atomic_batch_whose_conditions_hold(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("before")).await?;
    let read_version = stored(&memory, "1").await?.version.map(Precondition::Version);
    let mut batch = writes(&memory, ["1", "2", "3"], "after")?;
    batch[0].precondition = read_version;
    batch[1].precondition = Some(Precondition::Absent);
    memory.apply_writes(&batch, Batch::atomic()).await.must("an atomic batch whose conditions hold")?;
    let all = everything(&memory).await?;
    ensure!(
        all.iter().all(|stored| stored.record.content.as_str() == "after") && all.len() == 3,
        "all of it is written"
    );
    ensure_kind!(memory.apply_writes(&batch, Batch::atomic()).await, Conflict, "the same conditions, a second time");
    ensure!(everything(&memory).await? == all, "nothing has changed");
    Ok(())
}

async fn records_of_an_atomic_batch_at_the_limit(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { atomic_records: Some(5), ..Settings::default() }).await?;
    let memory = context.home("a").await?;
    let ids = ["1", "2", "3", "4", "5", "6"];
    let calls = context.calls.count();
    let error = ensure_kind!(
        memory.apply_writes(&writes(&memory, ids, "after")?, Batch::atomic()).await,
        LimitExceeded,
        "six records where five are published"
    );
    ensure!(error.to_string().contains('5'), "the error names the limit: {error}");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    memory.apply_writes(&writes(&memory, ids, "alone")?, Batch::independent()).await.must("six that stand alone")?;
    let five = writes(&memory, ["1", "2", "3", "4", "5"], "after")?;
    memory.apply_writes(&five, Batch::atomic()).await.must("five records")?;
    let all = everything(&memory).await?;
    let contents: Vec<_> = all.iter().map(|stored| stored.record.content.as_str()).collect();
    ensure_eq!(contents, ["after", "after", "after", "after", "after", "alone"], "the five are written");
    Ok(())
}

async fn bytes_of_an_atomic_batch_at_the_limit(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { atomic_bytes: Some(1_000), ..Settings::default() }).await?;
    let memory = context.home("a").await?;
    // Each has 161 bytes and its content (RE-7): 3 x 161 + 517 is 1,000. The embedding is not counted.
    let batch = |bytes: usize| -> memory_core::Result<Vec<Write>> {
        let mut batch = writes(&memory, ["1", "2", "3"], "")?;
        batch[1].record.content = memory_core::Content::new("x".repeat(bytes))?;
        Ok(batch)
    };
    let calls = context.calls.count();
    let error = ensure_kind!(memory.apply_writes(&batch(518)?, Batch::atomic()).await, LimitExceeded, "1,001 bytes");
    ensure!(error.to_string().contains("1000"), "the error names the limit: {error}");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    memory.apply_writes(&batch(518)?, Batch::independent()).await.must("as many bytes, each record alone")?;
    memory.apply_writes(&batch(517)?, Batch::atomic()).await.must("1,000 bytes")?;
    ensure_eq!(read(&memory, "2").await?.content.as_str().len(), 517, "they are written");
    Ok(())
}

fn two_namespaces(memory: &Memory) -> memory_core::Result<Vec<Write>> {
    let mut batch = writes(memory, ["1", "2"], "after")?;
    batch[1].record.key.namespace = namespace(["n", "x"])?;
    Ok(batch)
}

async fn namespaces_of_an_atomic_batch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory
        .apply_writes(&two_namespaces(&memory)?, Batch::atomic())
        .await
        .must("an atomic batch over two namespaces")?;
    ensure_eq!(everything(&memory).await?.len(), 2, "both are written");
    Ok(())
}

async fn one_namespace_in_an_atomic_batch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let calls = context.calls.count();
    let batch = two_namespaces(&memory)?;
    ensure_kind!(memory.apply_writes(&batch, Batch::atomic()).await, LimitExceeded, "two namespaces");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    memory.apply_writes(&batch, Batch::independent()).await.must("two namespaces, each record alone")?;
    ensure_eq!(everything(&memory).await?.len(), 2, "both are written");
    Ok(())
}

async fn atomic_batches_are_a_switch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let calls = context.calls.count();
    let error = ensure_kind!(
        memory.apply_writes(&writes(&memory, ["1", "2"], "after")?, Batch::atomic()).await,
        Unsupported,
        "an atomic batch"
    );
    ensure!(error.to_string().contains("atomic batches"), "the error names the switch: {error}");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    Ok(())
}
