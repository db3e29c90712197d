//! Changing a record: read, change, write on the version read (WR-8).

use memory_core::{Draft, Memory, Metadata, Record, Scope};

use crate::cases::state::{Must as _, everything, read, same, stored};
use crate::cases::wr::{CONDITIONAL, UNCONDITIONAL};
use crate::context::{Context, at, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "WR-8": [
        (fields_not_named_stay, CONDITIONAL),
        (what_is_absent_cannot_be_changed, CONDITIONAL),
        (a_change_keeps_the_key, CONDITIONAL),
        (a_change_that_is_not_legal_is_refused, CONDITIONAL),
        (a_lost_race_is_run_again_on_what_is_stored_now, CONDITIONAL),
        (the_number_of_tries_is_bounded, CONDITIONAL),
        (a_record_deleted_meanwhile_is_not_found, CONDITIONAL),
        (update_is_unsupported_without_conditional_writes, UNCONDITIONAL),
        last_write_wins_is_asked_for_by_name,
    ],
}

fn full() -> memory_core::Result<Draft> {
    Ok(Record::draft("1")
        .kind("fact")
        .content("walnut")
        .embedding([1.0, -0.0, 0.1])
        .tags(["a", "b"])
        .metadata(Metadata::from_json(r#"{"n":1.0}"#)?)
        .created_at(at(-20)?)
        .updated_at(at(-10)?)
        .expires_at(at(60_000_000)?))
}

async fn fields_not_named_stay(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    context.set_clock(5)?;
    let answered = memory.update("1", |_, draft| draft.kind("outcome")).await.must("a change of one field")?;
    let expected = memory.record(full()?.kind("outcome").updated_at(at(5)?))?;
    same(&read(&memory, "1").await?, &expected, "kind is new, updated_at the clock's, all else as it was")?;
    same(&answered, &expected, "the record is answered as it was written")?;

    context.set_clock(6)?;
    let change = |record: &Record, draft: Draft| draft.content(format!("{} pepper", record.content.as_str()));
    memory.update("1", change).await.must("a change that reads the record")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "walnut pepper", "the change sees what is stored");
    ensure_eq!(memory.search_text("pepper", 10).await.must("a search")?.hits.len(), 1, "the new word is found");
    let hits = memory.search_vector([1.0, 0.0, 0.1], 10).await.must("a search")?.hits;
    ensure_eq!(hits.len(), 1, "its vector has stayed");

    memory.update("1", |_, draft| draft).await.must("a change of nothing")?;
    let found = read(&memory, "1").await?;
    ensure_eq!((found.created_at, found.updated_at), (at(-20)?, at(6)?), "created_at stays, updated_at is the clock's");

    let (made, changed) = (at(1)?, at(2)?);
    let change = |_: &Record, draft: Draft| {
        draft.without_embedding().without_expiry().tags([""; 0]).created_at(made).updated_at(changed)
    };
    memory.update("1", change).await.must("a change of many fields")?;
    let found = read(&memory, "1").await?;
    ensure_eq!((found.created_at, found.updated_at), (made, changed), "times that the change sets are set");
    ensure!(
        found.embedding.is_none() && found.expires_at.is_none() && found.tags.is_empty(),
        "what it takes away is gone"
    );
    ensure_eq!(memory.search_vector([1.0, 0.0, 0.1], 10).await.must("a search")?.hits.len(), 0, "also from search");
    Ok(())
}

async fn what_is_absent_cannot_be_changed(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut asked = 0;
    let error = ensure_kind!(
        memory
            .update("absent", |_, draft| {
                asked += 1;
                draft
            })
            .await,
        NotFound,
        "a record that is absent"
    );
    ensure!(error.to_string().contains("absent"), "the error names the record: {error}");
    ensure_eq!(asked, 0, "nothing is there to change");
    memory.put(Record::draft("1").expires_at(at(10)?)).await?;
    context.set_clock(10)?;
    ensure_kind!(memory.update("1", |_, draft| draft.without_expiry()).await, NotFound, "an expired record");
    ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    Ok(())
}

async fn a_change_keeps_the_key(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let before = everything(&memory).await?;
    let elsewhere = namespace(["n", "x"])?;
    ensure_kind!(memory.update("1", |_, draft| draft.id("2")).await, InvalidArgument, "another id");
    let moved = memory.update("1", |_, draft| draft.namespace(elsewhere.clone())).await;
    ensure_kind!(moved, InvalidArgument, "another namespace");
    ensure!(everything(&memory).await? == before, "nothing has changed");
    let wide = memory.narrow(Scope::subtree(namespace(["n"])?))?;
    let other = crate::context::key(["m"], "1")?;
    ensure_kind!(wide.update(&other, |_, draft| draft).await, PermissionDenied, "a record outside the scope");
    Ok(())
}

async fn a_change_that_is_not_legal_is_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let before = everything(&memory).await?;
    ensure_kind!(memory.update("1", |_, draft| draft.kind("\0")).await, InvalidArgument, "NUL");
    ensure_kind!(memory.update("1", |_, draft| draft.embedding([1.0])).await, InvalidArgument, "a wrong dimension");
    ensure_kind!(memory.update("1", |_, draft| draft.embedding([0.0; 3])).await, InvalidArgument, "the zero vector");
    ensure!(everything(&memory).await? == before, "nothing has changed");
    Ok(())
}

/// Runs another call to its end from within a change, on a thread of its own.
fn meanwhile<T: Send>(call: impl Future<Output = memory_core::Result<T>> + Send) -> memory_core::Result<T> {
    let runtime = tokio::runtime::Handle::current();
    std::thread::scope(|scope| match scope.spawn(|| runtime.block_on(call)).join() {
        Ok(result) => result,
        Err(panic) => std::panic::resume_unwind(panic),
    })
}

async fn a_lost_race_is_run_again_on_what_is_stored_now(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let other: Memory = context.connect().await?.open(memory.spec().name(), memory.scope().clone()).await?;
    let mut tries = Vec::new();
    let mut interfered = Ok(None);
    let updated = memory
        .update("1", |record, draft| {
            if tries.len() < 3 {
                let content = format!("other {}", tries.len());
                let put = other.put(Draft::from(record.clone()).content(content));
                interfered = meanwhile(put);
            }
            tries.push(record.content.as_str().to_owned());
            draft.kind("changed")
        })
        .await;
    interfered.must("the other's put")?;
    updated.must("a change that lost three races")?;
    ensure_eq!(tries, ["walnut", "other 0", "other 1", "other 2"], "each try starts from what is stored then");
    let found = read(&memory, "1").await?;
    ensure_eq!((found.content.as_str(), found.kind.as_str()), ("other 2", "changed"), "no change is lost");
    Ok(())
}

async fn the_number_of_tries_is_bounded(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let other = memory.clone();
    let mut tries = 0_u32;
    let updated = memory
        .update("1", |record, draft| {
            tries += 1;
            let put = other.put(Draft::from(record.clone()).content(format!("other {tries}")));
            match meanwhile(put) {
                Ok(_) if tries < 1_000 => draft.kind("changed"),
                _ => draft.id("stop"),
            }
        })
        .await;
    let error = ensure_kind!(updated, Conflict, "a change that loses every race");
    ensure!(error.to_string().contains("n/1"), "the error names the record: {error}");
    ensure!(tries > 1, "it was tried more than once");
    let found = read(&memory, "1").await?;
    ensure_eq!(found.kind.as_str(), "fact", "the change that lost is not there");
    ensure_eq!(found.content.as_str(), format!("other {tries}"), "the other's is");
    Ok(())
}

async fn a_record_deleted_meanwhile_is_not_found(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let other = memory.clone();
    let mut deleted = Ok(false);
    let updated = memory
        .update("1", |_, draft| {
            deleted = meanwhile(other.delete("1"));
            draft.kind("changed")
        })
        .await;
    ensure!(deleted.must("the other's delete")?, "it existed");
    ensure_kind!(updated, NotFound, "a record that another has deleted meanwhile");
    ensure!(everything(&memory).await?.is_empty(), "the change has not brought it back");
    Ok(())
}

async fn update_is_unsupported_without_conditional_writes(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    let before = everything(&memory).await?;
    let calls = context.calls.count();
    let error = ensure_kind!(memory.update("1", |_, draft| draft.kind("changed")).await, Unsupported, "a change");
    ensure!(error.to_string().contains("conditional writes"), "the error names the switch: {error}");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    ensure!(everything(&memory).await? == before, "nothing has changed");
    Ok(())
}

async fn last_write_wins_is_asked_for_by_name(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(full()?).await?;
    context.set_clock(5)?;
    let mut tries = 0;
    let change = |record: &Record, draft: Draft| {
        tries += 1;
        let interfered = meanwhile(memory.put(Draft::from(record.clone()).content("other")));
        draft.kind(if interfered.is_ok() { "changed" } else { "the other's put failed" })
    };
    memory.update_last_write_wins("1", change).await.must("a change without a condition")?;
    ensure_eq!(tries, 1, "it is tried once");
    let expected = memory.record(full()?.kind("changed").updated_at(at(5)?))?;
    same(&stored(&memory, "1").await?.record, &expected, "the last write has won, fields not named stay")?;
    let absent = memory.update_last_write_wins("absent", |_, draft| draft).await;
    ensure_kind!(absent, NotFound, "a record that is absent");
    let moved = memory.update_last_write_wins("1", |_, draft| draft.id("2")).await;
    ensure_kind!(moved, InvalidArgument, "another id");
    ensure_eq!(everything(&memory).await?.len(), 1, "nothing else was written");
    Ok(())
}
