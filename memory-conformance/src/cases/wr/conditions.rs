//! Conditional writes: absent, version, losers, races (WR-5).

use std::collections::BTreeSet;
use std::time::Duration;

use memory_core::{Batch, Delete, Error, ErrorKind, Memory, Metadata, Precondition, Record, Value, Version, Write};

use crate::cases::state::{Must as _, everything, read, stored};
use crate::cases::wr::{CONDITIONAL, UNCONDITIONAL};
use crate::context::{Context, key};
use crate::{Failure, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "WR-5": [
        (only_if_absent, CONDITIONAL),
        (an_expired_record_is_absent_to_a_condition, CONDITIONAL),
        (only_on_the_version_read, CONDITIONAL),
        (a_delete_on_the_version_read, CONDITIONAL),
        (losers_are_listed_and_the_others_applied, CONDITIONAL),
        (losing_deletes_are_listed_and_the_others_applied, CONDITIONAL),
        (a_batch_with_a_condition_holds_no_record_twice, CONDITIONAL),
        (one_of_many_that_find_it_absent_wins, CONDITIONAL),
        (every_racing_increment_is_counted, CONDITIONAL),
        (conditions_are_a_switch, UNCONDITIONAL),
        an_open_conditional_write_is_not_retryable,
    ],
}

/// The version of a stored record.
async fn version(memory: &Memory, id: &str) -> Result<Version, Failure> {
    stored(memory, id).await?.version.ok_or_else(|| Failure::assertion("a read answers no version"))
}

fn names(keys: &[memory_core::RecordKey]) -> Vec<&str> {
    keys.iter().map(|key| key.id.as_str()).collect()
}

/// The call has lost a race over this one record, says so, and is not to be repeated as it is.
fn lost<T>(result: memory_core::Result<T>, id: &str, what: &str) -> Outcome {
    let error = ensure_kind!(result, Conflict, "{what}");
    ensure_eq!(names(error.conflicting()), [id], "{what}: the error lists the record");
    ensure!(error.to_string().contains(&format!("n/{id}")), "{what}: the error names the record: {error}");
    ensure!(error.accepted().is_empty() && error.unknown().is_empty(), "{what}: nothing was accepted, nothing is open");
    ensure!(!error.is_retryable(), "{what}: it is not retryable");
    Ok(())
}

async fn only_if_absent(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let first = memory
        .put_if(Record::draft("1").content("first"), Precondition::Absent)
        .await
        .must("a put of what is absent")?;
    ensure_eq!(stored(&memory, "1").await?.version, first, "it is answered with its version");
    let again = memory.put_if(Record::draft("1").content("second"), Precondition::Absent).await;
    lost(again, "1", "a put of what is there")?;
    let found = stored(&memory, "1").await?;
    ensure_eq!((found.record.content.as_str(), &found.version), ("first", &first), "nothing of it has changed");
    // The same id in another namespace is another record.
    let other = Record::draft("1").namespace(key(["n", "x"], "1")?.namespace);
    memory.put_if(other, Precondition::Absent).await.must("the same id in another namespace")?;
    memory.delete("1").await?;
    memory.put_if(Record::draft("1").content("third"), Precondition::Absent).await.must("a put of what was deleted")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "third", "it is there anew");
    Ok(())
}

async fn an_expired_record_is_absent_to_a_condition(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for id in ["1", "2", "3"] {
        memory.put(Record::draft(id).content("old").expires_in(Duration::from_secs(1))).await?;
    }
    let old = version(&memory, "2").await?;
    context.set_clock(999_999)?;
    let early = memory.put_if(Record::draft("1"), Precondition::Absent).await;
    lost(early, "1", "a microsecond before the expiry it is there")?;
    context.set_clock(1_000_000)?;
    let on_old = memory.put_if(Record::draft("2"), Precondition::Version(old.clone())).await;
    lost(on_old, "2", "an expired record has no version")?;
    let delete = Delete { key: key(["n"], "2")?, version: Some(old) };
    lost(memory.apply_deletes(&[delete]).await, "2", "nor to a delete")?;
    memory
        .put_if(Record::draft("1").content("new"), Precondition::Absent)
        .await
        .must("a put over an expired record")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "new", "the new one is there");
    ensure_eq!(memory.search_text("old", 10).await.must("a search")?.hits.len(), 0, "and nothing of the old");
    Ok(())
}

async fn only_on_the_version_read(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let on = |version: &Version| Precondition::Version(version.clone());
    memory.put_all(["1", "2"].map(Record::draft)).await?;
    let (first, of_another) = (version(&memory, "1").await?, version(&memory, "2").await?);
    ensure!(version(&memory, "1").await? == first, "reading does not change it");
    let written = memory.put_if(Record::draft("1").content("b"), on(&first)).await.must("a put on the version read")?;
    let second = version(&memory, "1").await?;
    ensure_eq!(written.as_ref(), Some(&second), "the put answers the version that is read next");
    lost(memory.put_if(Record::draft("1").content("c"), on(&first)).await, "1", "a stale version")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "b", "nothing of it has changed");
    lost(memory.put_if(Record::draft("1"), on(&Version::new("no such"))).await, "1", "a version that never was")?;
    if of_another != second {
        lost(memory.put_if(Record::draft("1"), on(&of_another)).await, "1", "another record's version")?;
    }
    memory.delete("1").await?;
    lost(memory.put_if(Record::draft("1"), on(&second)).await, "1", "the version of what was deleted")?;
    ensure!(memory.get("1").await?.is_none(), "and nothing has come back");
    memory.put(Record::draft("1").content("b")).await?;
    lost(
        memory.put_if(Record::draft("1"), on(&second)).await,
        "1",
        "the version from before it was deleted and put anew",
    )?;
    lost(memory.put_if(Record::draft("3"), on(&first)).await, "3", "a record that never was")?;
    ensure!(memory.get("3").await?.is_none(), "and it has not been made");
    Ok(())
}

async fn a_delete_on_the_version_read(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let delete = |version: &Version| -> memory_core::Result<[Delete; 1]> {
        Ok([Delete { key: key(["n"], "1")?, version: Some(version.clone()) }])
    };
    memory.put(Record::draft("1").content("first")).await?;
    let stale = version(&memory, "1").await?;
    memory.put(Record::draft("1").content("second")).await?;
    lost(memory.apply_deletes(&delete(&stale)?).await, "1", "a stale version")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "second", "it is still there");
    let current = version(&memory, "1").await?;
    ensure_eq!(memory.apply_deletes(&delete(&current)?).await.must("a delete on the version read")?, 1, "it existed");
    ensure!(memory.get("1").await?.is_none(), "it is gone");
    lost(memory.apply_deletes(&delete(&current)?).await, "1", "what is absent has no version")?;
    Ok(())
}

async fn losers_are_listed_and_the_others_applied(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory
        .put_all(["b", "d", "e", "f"].map(|id| Record::draft(id).content("before").embedding([1.0, 0.0, 0.0])))
        .await?;
    let (stale, current, kept) =
        (version(&memory, "d").await?, version(&memory, "e").await?, version(&memory, "b").await?);
    memory.put(Record::draft("d").content("between")).await?;
    let conditions = [
        ("a", Some(Precondition::Absent)),
        ("b", Some(Precondition::Absent)),
        ("c", None),
        ("d", Some(Precondition::Version(stale))),
        ("e", Some(Precondition::Version(current))),
        ("f", None),
    ];
    let mut writes = Vec::new();
    for (id, precondition) in conditions {
        let record = memory.record(Record::draft(id).content("after").embedding([0.0, 1.0, 0.0]))?;
        writes.push(Write { record, precondition });
    }
    let error = ensure_kind!(memory.apply_writes(&writes, Batch::independent()).await, Conflict, "two of six lose");
    let sorted = |keys| names(keys).into_iter().collect::<BTreeSet<_>>();
    ensure_eq!(sorted(error.conflicting()), BTreeSet::from(["b", "d"]), "the losers are listed");
    ensure_eq!(error.conflicting().len(), 2, "each once");
    ensure_eq!(sorted(error.accepted()), BTreeSet::from(["a", "c", "e", "f"]), "those that were accepted too (WR-4)");
    ensure!(error.unknown().is_empty(), "nothing is open");
    let all = everything(&memory).await?;
    let contents: Vec<_> = all.iter().map(|stored| stored.record.content.as_str()).collect();
    ensure_eq!(contents, ["after", "before", "after", "between", "after", "after"], "each condition stands alone");
    ensure!(version(&memory, "b").await? == kept, "a loser keeps its version");
    ensure_eq!(memory.search_text("after", 10).await.must("a search")?.hits.len(), 4, "words follow");
    ensure_eq!(
        memory.search_vector([0.0, 1.0, 0.0], 10).await.must("a search")?.hits.len(),
        5,
        "vectors follow: d has none"
    );
    Ok(())
}

async fn losing_deletes_are_listed_and_the_others_applied(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all(["a", "b", "c", "d"].map(Record::draft)).await?;
    let (of_a, stale) = (version(&memory, "a").await?, version(&memory, "b").await?);
    memory.put(Record::draft("b").content("between")).await?;
    let delete = |id: &str, version| -> memory_core::Result<Delete> { Ok(Delete { key: key(["n"], id)?, version }) };
    let deletes = [
        delete("a", Some(of_a))?,
        delete("b", Some(stale.clone()))?,
        delete("c", None)?,
        delete("absent", Some(stale))?,
    ];
    let error = ensure_kind!(memory.apply_deletes(&deletes).await, Conflict, "two of four lose");
    ensure_eq!(names(error.conflicting()), ["b", "absent"], "the losers are listed");
    ensure_eq!(names(error.accepted()), ["a", "c"], "those that were accepted too (WR-4)");
    let all = everything(&memory).await?;
    let left: Vec<_> = all.iter().map(|stored| stored.record.key.id.as_str()).collect();
    ensure_eq!(left, ["b", "d"], "each condition stands alone");
    Ok(())
}

async fn a_batch_with_a_condition_holds_no_record_twice(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("before")).await?;
    let current = version(&memory, "1").await?;
    let write = |id: &str, precondition| -> memory_core::Result<Write> {
        Ok(Write { record: memory.record(Record::draft(id).content("after"))?, precondition })
    };
    let on = || Some(Precondition::Version(current.clone()));
    let calls = context.calls.count();
    for batch in [
        vec![write("1", on())?, write("1", on())?],
        vec![write("1", None)?, write("1", on())?],
        vec![write("1", on())?, write("2", None)?, write("1", None)?],
        // The condition is on another record than the one that occurs twice.
        vec![write("2", Some(Precondition::Absent))?, write("1", None)?, write("1", None)?],
    ] {
        ensure_kind!(memory.apply_writes(&batch, Batch::independent()).await, InvalidArgument, "a record twice");
    }
    let delete = |version| -> memory_core::Result<Delete> { Ok(Delete { key: key(["n"], "1")?, version }) };
    let twice = [delete(Some(current.clone()))?, delete(None)?];
    ensure_kind!(memory.apply_deletes(&twice).await, InvalidArgument, "a record twice in a delete");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "before", "nothing has changed");
    ensure!(memory.get("2").await?.is_none(), "nothing was written");
    Ok(())
}

async fn one_of_many_that_find_it_absent_wins(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut tasks = Vec::new();
    for task in 0..16 {
        let database = if task % 4 == 0 { context.connect().await? } else { context.database.clone() };
        let handle = database.open(memory.spec().name(), memory.scope().clone()).await?;
        tasks.push(tokio::spawn(async move {
            let draft = Record::draft("1").content(format!("task {task}")).kind(task.to_string());
            (task, handle.put_if(draft, Precondition::Absent).await)
        }));
    }
    let mut winners = Vec::new();
    for task in tasks {
        match task.await.map_err(|error| Failure::assertion(format!("a task failed: {error}")))? {
            (task, Ok(_)) => winners.push(task),
            (_, lost_race) => lost(lost_race, "1", "all others lose")?,
        }
    }
    ensure_eq!(winners.len(), 1, "exactly one wins");
    let found = read(&memory, "1").await?;
    ensure_eq!(found.kind.as_str(), winners[0].to_string(), "what is stored is the winner's");
    ensure_eq!(found.content.as_str(), format!("task {}", winners[0]), "and whole");
    Ok(())
}

async fn every_racing_increment_is_counted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").metadata(Metadata::from_json(r#"{"n":0}"#)?)).await?;
    let mut tasks = Vec::new();
    for task in 0..32 {
        let database = if task % 8 == 0 { context.connect().await? } else { context.database.clone() };
        let handle = database.open(memory.spec().name(), memory.scope().clone()).await?;
        tasks.push(tokio::spawn(async move {
            handle
                .update("1", |record, draft| {
                    let n = match record.metadata.get(&["n"]) {
                        Some(Value::Number(number)) => number.as_i64().unwrap_or(-1_000),
                        _ => -1_000,
                    };
                    let entries: std::collections::BTreeMap<_, _> = [("n".to_owned(), Value::from(n + 1))].into();
                    draft.metadata(entries)
                })
                .await
        }));
    }
    for task in tasks {
        let updated = task.await.map_err(|error| Failure::assertion(format!("a task failed: {error}")))?;
        updated.must("an increment, retried on a conflict")?;
    }
    ensure_eq!(read(&memory, "1").await?.metadata.to_json(), r#"{"n":32}"#, "each of 32 increments is counted");
    Ok(())
}

async fn conditions_are_a_switch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("before")).await?;
    ensure_eq!(stored(&memory, "1").await?.version, None, "there is no version to read");
    let hits = memory.search_text("before", 1).await.must("a search")?.hits;
    ensure!(hits.iter().all(|hit| hit.version.is_none()), "nor in a hit");
    let calls = context.calls.count();
    for condition in [Precondition::Absent, Precondition::Version(Version::new("1"))] {
        let error =
            ensure_kind!(memory.put_if(Record::draft("1"), condition.clone()).await, Unsupported, "a condition");
        ensure!(error.to_string().contains("conditional writes"), "the error names the switch: {error}");
        let record = memory.record(Record::draft("2"))?;
        let batch = [Write::from(memory.record(Record::draft("3"))?), Write { record, precondition: Some(condition) }];
        ensure_kind!(memory.apply_writes(&batch, Batch::independent()).await, Unsupported, "one condition in a batch");
    }
    let delete = [Delete { key: key(["n"], "1")?, version: Some(Version::new("1")) }];
    ensure_kind!(memory.apply_deletes(&delete).await, Unsupported, "a delete with a condition");
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    let all = everything(&memory).await?;
    ensure_eq!(all.iter().map(|s| s.record.content.as_str()).collect::<Vec<_>>(), ["before"], "nothing has changed");
    Ok(())
}

async fn an_open_conditional_write_is_not_retryable(_context: Context) -> Outcome {
    for kind in [ErrorKind::Timeout, ErrorKind::Unavailable, ErrorKind::RateLimited] {
        let conditional = Error::new(kind, "the outcome is open").with_open_outcome(true);
        ensure!(conditional.is_outcome_open() && !conditional.is_retryable(), "{kind}: the caller reads and decides");
        let plain = Error::new(kind, "the outcome is open").with_open_outcome(false);
        ensure!(plain.is_outcome_open() && plain.is_retryable(), "{kind}: an unconditional write can be repeated");
    }
    ensure!(!Error::new(ErrorKind::Conflict, "lost").is_retryable(), "a lost race is lost when repeated unchanged");
    Ok(())
}
