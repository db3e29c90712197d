//! Facts, switches, limits and waivers (SPEC 0).

use memory_core::{
    Batch, Bm25, Capabilities, CollectionName, CollectionSpec, Delete, Embedding, Exactness, Filter, ListRequest,
    Maintenance, Memory, Metric, NamespacesRequest, Order, Place, Precondition, Query, Record, Result, Scope,
    SearchRequest, Sharing, Switch, Version, Write,
};

use crate::child::Child;
use crate::context::{Context, hits, ids, key, listed, namespace};
use crate::harness::Settings;
use crate::waivers::{self, Waiver};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "CA-1": [
        facts_fit_together,
        every_handle_publishes_the_same,
        (durable_is_shown, Needs::Fact("durable", |facts| facts.durable)),
        (several_handles_of_a_process_are_shown, Needs::Fact("sharing by several handles", |facts| facts.sharing >= Sharing::OneProcess)),
        (several_processes_are_shown, Needs::Fact("sharing by many processes", |facts| facts.sharing == Sharing::Many)),
        (exact_bm25_is_shown, Needs::Fact("bm25: exact", |facts| facts.bm25 == Bm25::Exact)),
        (no_approximation_is_shown, Needs::Fact("no approximate search", |facts| !facts.approximate)),
        limits_are_published_and_lowered,
    ],
    "CA-2": [
        (conditional_writes_are_unsupported, Needs::NoSwitch(Switch::ConditionalWrites)),
        (conditional_writes_work, Needs::Switch(Switch::ConditionalWrites)),
        (atomic_batches_are_unsupported, Needs::NoSwitch(Switch::AtomicBatches)),
        (atomic_batches_work, Needs::Switch(Switch::AtomicBatches)),
        (verify_is_unsupported, Needs::NoSwitch(Switch::Verify)),
        (verify_works, Needs::Switch(Switch::Verify)),
        (compact_is_unsupported, Needs::NoSwitch(Switch::Compact)),
        (compact_works, Needs::Switch(Switch::Compact)),
        (reindex_is_unsupported, Needs::NoSwitch(Switch::Reindex)),
        (reindex_works, Needs::Switch(Switch::Reindex)),
    ],
    "CA-3": [one_program_has_one_answer],
    "CA-4": [waivers_are_data_that_ends],
}

/// A maintenance task for each switch of one that is claimed.
pub(super) fn claimed_tasks(capabilities: &Capabilities, name: &CollectionName) -> Vec<Maintenance> {
    let all = [Maintenance::Verify, Maintenance::Compact, Maintenance::Reindex(name.clone())];
    all.into_iter().filter(|task| capabilities.has(task.switch())).collect()
}

async fn facts_fit_together(context: Context) -> Outcome {
    let Capabilities { backend, facts, .. } = context.capabilities();
    ensure!(!backend.is_empty(), "a backend has a name");
    if facts.place == Place::Memory {
        ensure!(!facts.durable, "what is in this process's memory does not survive it");
        ensure!(facts.sharing < Sharing::Many, "and no other process shares it");
    }
    if facts.sharing == Sharing::Many {
        ensure!(context.test_database.location().is_some(), "what many processes share has a location");
    }
    Ok(())
}

async fn every_handle_publishes_the_same(context: Context) -> Outcome {
    let published = context.capabilities().clone();
    ensure_eq!(*context.connect().await?.capabilities(), published, "another connection");
    let memory = context.collection("a").await?;
    ensure_eq!(*memory.capabilities(), published, "a collection");
    let narrow = memory.narrow(Scope::exact(namespace(["n"])?))?;
    ensure_eq!(*narrow.capabilities(), published, "a narrower handle");
    Ok(())
}

async fn durable_is_shown(mut context: Context) -> Outcome {
    context.home("a").await?.put(Record::draft("1").content("apple").embedding([1.0, 0.0, 0.0])).await?;
    if let Err(error) = context.restart().await {
        return Err(Failure::assertion(format!("durable, but it cannot be restarted: {error}")));
    }
    let memory = context.home("a").await?;
    ensure!(memory.get("1").await?.is_some(), "the record survived");
    ensure_eq!(hits(&memory.search_text("apple", 10).await?), ["n/1"], "and its words");
    ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 10).await?), ["n/1"], "and its vector");
    Ok(())
}

async fn several_handles_of_a_process_are_shown(context: Context) -> Outcome {
    let first = context.home("a").await?;
    let second = context.connect().await?.open(first.spec().name(), first.scope().clone()).await?;
    for (writer, reader, id) in [(&first, &second, "1"), (&second, &first, "2")] {
        writer.put(Record::draft(id).content("apple").embedding([1.0, 0.0, 0.0])).await?;
        ensure!(reader.get(id).await?.is_some(), "each sees what the other wrote");
        ensure!(hits(&reader.search_text("apple", 10).await?).contains(&format!("n/{id}")), "in a text search");
        let found = reader.search_vector([1.0, 0.0, 0.0], 10).await?;
        ensure!(hits(&found).contains(&format!("n/{id}")), "in a vector search");
    }
    Ok(())
}

async fn several_processes_are_shown(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut child = Child::start(&context, "put_get", memory.spec().name())?;
    child.expect("ready")?;
    ensure_eq!(child.ask("get")?, "none", "nothing is there yet");
    memory.put(crate::child::numbered("shared", 7)).await?;
    ensure_eq!(child.ask("get")?, "apple number7", "another process sees a write at once");
    ensure_eq!(child.ask("put 8")?, "done", "and writes itself");
    let content = memory.get("shared").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(content.as_deref(), Some("apple number8"), "which is seen here at once");
    Ok(())
}

async fn exact_bm25_is_shown(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let draft = |space: &str, id: &str| Ok::<_, memory_core::Error>(Record::draft(id).namespace(namespace([space])?));
    memory.put(draft("x", "1")?.content("apple")).await?;
    memory.put(draft("y", "2")?.content("apple apple pear")).await?;
    let x = memory.narrow(Scope::exact(namespace(["x"])?))?;
    let found = x.search_text("apple", 10).await?;
    let scores: Vec<_> = found.hits.iter().map(|hit| hit.score.value()).collect();
    // Of the scope alone: N 1, n 1, so ln(1 + 0.5 / 1.5), and the length is the mean one.
    ensure_eq!(scores, [0.287_682_072_451_780_9], "the score is the core's, over the scope");
    Ok(())
}

async fn no_approximation_is_shown(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    // The first component falls from record to record while the length does too: the cosine orders them by number.
    let drafts = (0..80_u16).map(|i| Record::draft(format!("{i:03}")).embedding([1.0, f32::from(i) / 100.0, 0.0]));
    memory.put_all(drafts).await?;
    let query = Embedding::new(vec![1.0, 0.0, 0.0])?;
    let expected: Vec<_> = (0..20).map(|i| format!("n/{i:03}")).collect();
    for exactness in [Exactness::Any, Exactness::Exact] {
        let query = Query::Vector { embedding: query.clone(), exactness };
        let found = memory.search(&SearchRequest::new(query).with_k(20)).await?;
        ensure_eq!(hits(&found), expected, "{exactness:?}");
        ensure!(found.complete, "{exactness:?} is complete");
    }
    Ok(())
}

async fn limits_are_published_and_lowered(context: Context) -> Outcome {
    let lower = Settings { record_bytes: Some(16_384), k: Some(100), dimension: Some(1_536), ..Settings::default() };
    let limits = &context.with_settings(&lower).await?.capabilities().limits.clone();
    ensure_eq!((limits.record_bytes, limits.k, limits.dimension), (16_384, 100, 1_536), "as configured");
    let full = &context.capabilities().limits;
    ensure!(full.record_bytes >= 16_384 && full.k >= 1_000 && full.dimension >= 1_536, "the least of RE-7: {full:?}");
    if full.read_records.is_some() {
        let lower = Settings { read_records: Some(100), ..Settings::default() };
        let lowered = context.with_settings(&lower).await?.capabilities().limits.read_records;
        ensure_eq!(lowered, Some(100), "records read");
    }
    Ok(())
}

/// The call is `Unsupported` and reaches nothing, whether the database is open or not.
async fn check_unsupported<T, F: Future<Output = Result<T>>>(context: &Context, call: impl Fn() -> F) -> Outcome {
    let before = context.calls.count();
    let open = ensure_kind!(call().await, Unsupported, "an unclaimed switch");
    ensure_eq!(context.calls.count(), before, "before any I/O");
    ensure!(!open.is_retryable(), "trying again is of no use");
    context.database.close().await?;
    let before = context.calls.count();
    let closed = ensure_kind!(call().await, Unsupported, "an unclaimed switch, with the database closed");
    ensure_eq!(context.calls.count(), before, "before any I/O");
    ensure_eq!(open.to_string(), closed.to_string(), "the same error");
    Ok(())
}

async fn conditional_writes_are_unsupported(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    ensure_eq!(memory.put(Record::draft("1")).await?, None, "a put answers no version");
    let version = memory.get("1").await?.map(|stored| stored.version);
    ensure_eq!(version, Some(None), "nor does a get");
    let page = memory.list(&ListRequest::new()).await?;
    ensure!(page.records.iter().all(|stored| stored.version.is_none()), "nor does a listing");
    let before = context.calls.count();
    for condition in [Precondition::Absent, Precondition::Version(Version::new("1"))] {
        ensure_kind!(memory.put_if(Record::draft("2"), condition).await, Unsupported, "put on a condition");
    }
    let delete = [Delete { key: key(["n"], "1")?, version: Some(Version::new("1")) }];
    ensure_kind!(memory.apply_deletes(&delete).await, Unsupported, "delete on a condition");
    ensure_eq!(context.calls.count(), before, "before any I/O");
    check_unsupported(&context, || memory.update("1", |_, draft| draft)).await
}

async fn conditional_writes_work(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let Some(version) = memory.put_if(Record::draft("1"), Precondition::Absent).await? else {
        return Err(Failure::assertion("a put answers a version"));
    };
    ensure_eq!(memory.get("1").await?.map(|stored| stored.version), Some(Some(version.clone())), "so does a get");
    ensure_kind!(memory.put_if(Record::draft("1"), Precondition::Absent).await, Conflict, "it is there");
    let on_version = memory.put_if(Record::draft("1"), Precondition::Version(version.clone())).await;
    ensure!(on_version.is_ok(), "on the version read it is written: {on_version:?}");
    let again = memory.put_if(Record::draft("1"), Precondition::Version(version)).await;
    ensure_kind!(again, Conflict, "but not on one that is gone");
    Ok(())
}

async fn atomic_batches_are_unsupported(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let writes = [Write::from(memory.record(Record::draft("1"))?)];
    ensure_kind!(memory.apply_writes(&writes, Batch::atomic()).await, Unsupported, "an atomic batch");
    ensure_eq!(memory.count(&Filter::all()).await?, 0, "nothing was written");
    check_unsupported(&context, || memory.apply_writes(&writes, Batch::atomic())).await
}

async fn atomic_batches_work(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let writes = ["1", "2"].map(|id| memory.record(Record::draft(id)).map(Write::from));
    let [one, two] = writes;
    let written = memory.apply_writes(&[one?, two?], Batch::atomic()).await;
    ensure!(written.is_ok(), "an atomic batch is written: {written:?}");
    ensure_eq!(memory.count(&Filter::all()).await?, 2, "whole");
    if memory.capabilities().has(Switch::ConditionalWrites) {
        let [new, old] = ["3", "1"].map(|id| {
            Ok::<_, memory_core::Error>(Write {
                record: memory.record(Record::draft(id))?,
                precondition: Some(Precondition::Absent),
            })
        });
        let lost = memory.apply_writes(&[new?, old?], Batch::atomic()).await;
        ensure_kind!(lost, Conflict, "one of the two is there already");
        ensure!(memory.get("3").await?.is_none(), "so the other was not written either");
    }
    Ok(())
}

async fn verify_is_unsupported(context: Context) -> Outcome {
    check_unsupported(&context, || context.database.maintain(&Maintenance::Verify)).await
}

async fn compact_is_unsupported(context: Context) -> Outcome {
    check_unsupported(&context, || context.database.maintain(&Maintenance::Compact)).await
}

async fn reindex_is_unsupported(context: Context) -> Outcome {
    let task = Maintenance::Reindex(context.collection("a").await?.spec().name().clone());
    check_unsupported(&context, || context.database.maintain(&task)).await
}

async fn verify_works(context: Context) -> Outcome {
    let memory = three_records(&context).await?;
    match context.database.maintain(&Maintenance::Verify).await {
        Ok(report) => {
            ensure!(report.records >= 3, "at least the three records of this case were looked at: {report:?}");
            ensure_eq!(report.findings, [], "nothing is wrong");
        }
        Err(error) => return Err(Failure::assertion(format!("verify is claimed, but: {error}"))),
    }
    check_three(&memory).await
}

async fn compact_works(context: Context) -> Outcome {
    let memory = three_records(&context).await?;
    if let Err(error) = context.database.maintain(&Maintenance::Compact).await {
        return Err(Failure::assertion(format!("compact is claimed, but: {error}")));
    }
    check_three(&memory).await
}

async fn reindex_works(context: Context) -> Outcome {
    let memory = three_records(&context).await?;
    let task = Maintenance::Reindex(memory.spec().name().clone());
    if let Err(error) = context.database.maintain(&task).await {
        return Err(Failure::assertion(format!("reindex is claimed, but: {error}")));
    }
    check_three(&memory).await?;
    let absent = Maintenance::Reindex(context.name("absent")?);
    ensure_kind!(context.database.maintain(&absent).await, NotFound, "there is no such collection");
    Ok(())
}

async fn three_records(context: &Context) -> Result<Memory> {
    let memory = context.home("a").await?;
    for (id, content, embedding) in [
        ("1", "apple", [1.0, 0.0, 0.0]),
        ("2", "pear", [0.0, 1.0, 0.0]),
        ("3", "fig", [0.0, 0.0, 1.0]),
        ("4", "plum", [1.0; 3]),
    ] {
        memory.put(Record::draft(id).content("kiwi").embedding([0.5; 3])).await?;
        memory.put(Record::draft(id).content(content).embedding(embedding)).await?;
    }
    memory.delete("4").await?;
    Ok(memory)
}

async fn check_three(memory: &Memory) -> Outcome {
    ensure_eq!(ids(&listed(memory, Filter::all()).await?), ["1", "2", "3"], "the records are there");
    for (query, found) in [("apple", &["n/1"][..]), ("pear fig", &["n/2", "n/3"]), ("kiwi", &[]), ("plum", &[])] {
        ensure_eq!(hits(&memory.search_text(query, 10).await?), found, "text search for {query}");
    }
    let found = memory.search_vector([1.0, 0.5, 0.0], 10).await?;
    ensure_eq!(hits(&found), ["n/1", "n/2", "n/3"], "vector search");
    memory.put(Record::draft("5").content("quince").embedding([1.0, 0.5, 0.0])).await?;
    ensure_eq!(hits(&memory.search_text("quince", 10).await?), ["n/5"], "what is written afterwards is found");
    ensure_eq!(hits(&memory.search_vector([1.0, 0.5, 0.0], 1).await?), ["n/5"], "by its vector too");
    Ok(())
}

async fn one_program_has_one_answer(context: Context) -> Outcome {
    let spec = CollectionSpec::new(context.name("a")?).with_vectors(2, Metric::Euclidean)?;
    let memory = context.database.create(&spec, Scope::all()).await?;
    let draft = |space: &[&str], id: &str| {
        Ok::<_, memory_core::Error>(Record::draft(id).namespace(memory_core::Namespace::new(space)?))
    };
    memory
        .put_all([
            draft(&["ann"], "1")?.kind("fact").content("Tea, not coffee").tags(["drink"]).embedding([3.0, 4.0]),
            draft(&["ann", "work"], "2")?.kind("fact").content("Coffee at work; coffee at noon").embedding([0.0, 0.0]),
            draft(&["bob"], "1")?.kind("rule").content("No meetings").metadata(serde_json::json!({ "stars": 3 })),
            draft(&["bob"], "2")?.kind("rule").content("Lost").embedding([9.0, 9.0]),
        ])
        .await?;
    memory.put(draft(&["bob"], "2")?.kind("rule").content("Coffees").embedding([0.0, 1.0])).await?;
    ensure_eq!(memory.delete_all([key(["bob"], "1")?, key(["bob"], "3")?]).await?, 1, "one of two existed");
    ensure_eq!(memory.count(&Filter::all()).await?, 3, "three records are left");

    let found = memory.search_vector([0.0, 0.0], 10).await?;
    let scores: Vec<_> = found.hits.iter().map(|hit| (hit.key.to_string(), hit.score.value())).collect();
    let expected =
        [("ann/work/2", 1.0), ("bob/2", 0.5), ("ann/1", 1.0 / 6.0)].map(|(key, score)| (key.to_owned(), score));
    ensure_eq!(scores, expected, "vector search");
    ensure_eq!(hits(&memory.search_text("lost meeting", 10).await?).len(), 0, "what was replaced or deleted is gone");
    let ann = memory.narrow(Scope::subtree(namespace(["ann"])?))?;
    ensure_eq!(hits(&ann.search_text("tea", 10).await?), ["ann/1"], "text search in a scope");
    let fact = Filter::and([Filter::kind().eq("fact"), !Filter::tags().contains("drink")]);
    ensure_eq!(ids(&listed(&memory, fact.clone()).await?), ["2"], "a filter");
    ensure_eq!(hits(&memory.search(&memory.text("coffee").with_filter(fact)).await?), ["ann/work/2"], "in a search");
    let newest = memory.list(&ListRequest::new().with_order(Order::CreatedDescending).with_limit(2)).await?;
    ensure_eq!(
        ids(newest.records.iter().map(|stored| &stored.record)),
        ["1", "2"],
        "a page in time order, equal times"
    );
    let spaces: Vec<_> = memory
        .namespaces(&NamespacesRequest::new().with_depth(Some(1)))
        .await?
        .iter()
        .map(ToString::to_string)
        .collect();
    ensure_eq!(spaces, ["ann/", "bob/"], "namespaces");
    ensure_eq!(ann.clear().await?, 2, "clear");
    ensure_eq!(memory.count(&Filter::all()).await?, 1, "count");
    Ok(())
}

async fn waivers_are_data_that_ends(_context: Context) -> Outcome {
    let waiver = Waiver {
        rule: "FI-6",
        case: "numbers",
        backend: "other",
        reason: "its numbers are floats",
        until: "2026-12-31",
    };
    let fails = || Err(Failure::assertion("1 is 1.5"));
    ensure!(waivers::judge(&waiver, "2026-12-31", fails()).is_ok(), "a failure is borne until the last day");
    ensure!(waivers::judge(&waiver, "2027-01-01", fails()).is_err(), "but not after it");
    ensure!(waivers::judge(&waiver, "2026-12-31", Ok(())).is_err(), "one that is not needed any more fails");
    for waiver in waivers::WAIVERS {
        let known = crate::all().any(|case| case.rule == waiver.rule && case.name == waiver.case);
        ensure!(known && !waiver.reason.is_empty() && waiver.until.len() == 10, "a waiver is whole: {waiver:?}");
    }
    Ok(())
}
