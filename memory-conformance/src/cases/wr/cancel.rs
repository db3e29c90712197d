//! Calls that are dropped in the middle (WR-7).

use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{self, Poll, Wake};
use std::time::Duration;

use memory_core::{
    Batch, ChangedWhileDeleting, Draft, Filter, HybridRequest, ListRequest, Memory, Metadata, Order, Query, Record,
    Returns, SearchRequest, Switch, Write,
};
use tokio::sync::Notify;
use tokio::time::{sleep, timeout};

use crate::cases::state::{Must as _, everything};
use crate::context::Context;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

cases! {
    "WR-7": [
        a_dropped_put_is_old_or_new,
        a_later_put_waits_for_one_that_was_dropped,
        a_dropped_batch_leaves_each_record_old_or_new,
        (a_dropped_atomic_batch_is_all_or_nothing, Needs::Switch(Switch::AtomicBatches)),
        a_dropped_delete_is_done_or_not,
        a_dropped_delete_where_leaves_whole_records,
        a_dropped_read_leaves_the_collection_usable,
        many_dropped_puts_of_one_record,
    ],
}

/// No call of a case needs to be polled more often; one that does is not driven by its own wakers.
const MOST_POLLS: usize = 500;
/// How long a call may take before the collection counts as unusable.
const PATIENCE: Duration = Duration::from_secs(30);

struct Woken(Notify);

impl Wake for Woken {
    fn wake(self: Arc<Self>) {
        self.0.notify_one();
    }
}

/// Polls a call so often, each time after it has asked for it, and drops it then. Answers what it answered, if it did.
async fn polled<F: Future + Send>(call: F, polls: usize) -> Result<Option<F::Output>, Failure> {
    let woken = Arc::new(Woken(Notify::new()));
    let waker = Arc::clone(&woken).into();
    let mut call = pin!(call);
    for poll in 1..=polls {
        if let Poll::Ready(answer) = call.as_mut().poll(&mut task::Context::from_waker(&waker)) {
            return Ok(Some(answer));
        }
        if poll < polls && timeout(PATIENCE, woken.0.notified()).await.is_err() {
            return Err(Failure::assertion(format!("after poll {poll} the call is pending and asks for no other")));
        }
    }
    Ok(None)
}

/// A call after one that was dropped: it has to succeed, and soon.
async fn usable<T>(call: impl Future<Output = memory_core::Result<T>>, what: &str) -> Result<T, Failure> {
    match timeout(PATIENCE, call).await {
        Ok(result) => result.must(what),
        Err(_) => Err(Failure::assertion(format!("{what} hangs after a call was dropped"))),
    }
}

fn never_done(what: &str) -> Outcome {
    Err(Failure::assertion(format!("{what} is not done after {MOST_POLLS} polls")))
}

/// The state of a record: every field says which.
const STATES: [(&str, [f32; 3]); 3] = [("old", [1.0, 0.0, 0.0]), ("new", [0.0, 1.0, 0.0]), ("later", [0.0, 0.0, 1.0])];

fn draft(id: &str, state: &str) -> memory_core::Result<Draft> {
    let vector = STATES.iter().find(|(name, _)| *name == state).map_or([1.0; 3], |(_, vector)| *vector);
    Ok(Record::draft(id)
        .kind(state)
        .content(format!("shared {state}"))
        .tags([state])
        .metadata(Metadata::from_json(&format!(r#"{{"state":"{state}"}}"#))?)
        .embedding(vector))
}

/// The state that every field of a record agrees on.
fn state_of(memory: &Memory, record: &Record) -> Result<&'static str, Failure> {
    for (state, _) in STATES {
        let whole = memory.record(draft(record.key.id.as_str(), state)?)?;
        if *record == whole {
            return Ok(state);
        }
    }
    Err(Failure::assertion(format!("record {} is half of one state and half of another", record.key)))
}

/// The records' states as one read finds them, `gone` for absent ones; and whatever a search answers meanwhile is whole and
/// true.
async fn observe(memory: &Memory, ids: &[String]) -> Result<Vec<&'static str>, Failure> {
    let mut states = Vec::new();
    for stored in usable(memory.get_all(ids.iter().map(String::as_str)), "a read").await? {
        states.push(stored.map_or(Ok("gone"), |stored| state_of(memory, &stored.record))?);
    }
    let these = || Filter::id().is_in(ids.iter().map(String::as_str));
    for (word, vector) in STATES {
        let text = memory.text(word).with_filter(these()).with_returns(Returns::Embeddings);
        for hit in usable(memory.search(&text), "a text search").await?.hits {
            let found = hit.record.map(|record| state_of(memory, &record)).transpose()?;
            ensure_eq!(found, Some(word), "a record is found by the words of another state");
        }
        let vector = SearchRequest::new(Query::vector(vector.try_into()?)).with_filter(these()).with_min_score(0.5);
        for hit in usable(memory.search(&vector.with_returns(Returns::Embeddings)), "a vector search").await?.hits {
            let found = hit.record.map(|record| state_of(memory, &record)).transpose()?;
            ensure_eq!(found, Some(word), "a record is found by the vector of another state");
        }
        let filter = Filter::and([these(), Filter::tags().contains(word)]);
        for stored in usable(memory.list(&ListRequest::new().with_filter(filter)), "a listing").await?.records {
            ensure_eq!(state_of(memory, &stored.record)?, word, "a record is found by the tag of another state");
        }
    }
    Ok(states)
}

/// Each of the records is in one of these states.
async fn ensure_each(memory: &Memory, ids: &[String], allowed: &[&str], what: &str) -> Outcome {
    for (id, state) in ids.iter().zip(observe(memory, ids).await?) {
        ensure!(allowed.contains(&state), "{what}: record {id} is {state}, not one of {allowed:?}");
    }
    Ok(())
}

/// Writes these records once more; that must win over whatever was dropped, now and afterwards.
async fn write_later(memory: &Memory, ids: &[String]) -> Outcome {
    usable(memory.put_all(drafts(ids, "later")?), "a later write").await?;
    ensure_each(memory, ids, &["later"], "a later write wins over one that was dropped").await
}

/// Gives what was dropped time to land, and looks again.
async fn stays_later(memory: &Memory) -> Outcome {
    sleep(Duration::from_millis(50)).await;
    for stored in everything(memory).await? {
        let state = state_of(memory, &stored.record)?;
        ensure_eq!(state, "later", "a dropped write of {} has landed after a later one", stored.record.key);
    }
    let old = usable(memory.search_text("old new", 100), "a text search").await?.hits;
    ensure!(old.is_empty(), "old words are found after a later write");
    Ok(())
}

async fn a_dropped_put_is_old_or_new(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for polls in 1..=MOST_POLLS {
        let what = format!("after poll {polls} of a put");
        let (known, unknown) = ([format!("{polls}")], [format!("{polls} first")]);
        memory.put(draft(&known[0], "old")?).await?;
        let done = polled(memory.put(draft(&known[0], "new")?), polls).await?;
        ensure_each(&memory, &known, if done.is_some() { &["new"] } else { &["old", "new"] }, &what).await?;
        // And of a record that was not there before.
        polled(memory.put(draft(&unknown[0], "new")?), polls).await?;
        ensure_each(&memory, &unknown, &["gone", "new"], &what).await?;
        write_later(&memory, &[known, unknown].concat()).await?;
        if let Some(result) = done {
            result.must("a put that is not dropped")?;
            return stays_later(&memory).await;
        }
    }
    never_done("a put")
}

/// How many records a batch holds here: more than one page, request or run of anything small.
const MANY: usize = 7;

async fn a_later_put_waits_for_one_that_was_dropped(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for polls in 1..=MOST_POLLS {
        let id = polls.to_string();
        memory.put(draft(&id, "old")?).await?;
        let done = polled(memory.put(draft(&id, "new")?), polls).await?;
        // At once: no read gives the dropped one time to land before.
        write_later(&memory, &[id]).await?;
        if let Some(result) = done {
            result.must("a put that is not dropped")?;
            return stays_later(&memory).await;
        }
    }
    never_done("a put")
}

fn many(polls: usize) -> Vec<String> {
    (0..MANY).map(|n| format!("{polls}-{n}")).collect()
}

fn drafts(ids: &[String], state: &str) -> memory_core::Result<Vec<Draft>> {
    ids.iter().map(|id| draft(id, state)).collect()
}

async fn a_dropped_batch_leaves_each_record_old_or_new(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for polls in 1..=MOST_POLLS {
        let ids = many(polls);
        memory.put_all(drafts(&ids, "old")?).await?;
        let done = polled(memory.put_all(drafts(&ids, "new")?), polls).await?;
        let allowed: &[&str] = if done.is_some() { &["new"] } else { &["old", "new"] };
        ensure_each(&memory, &ids, allowed, &format!("after poll {polls} of a batch")).await?;
        write_later(&memory, &ids).await?;
        if let Some(result) = done {
            result.must("a batch that is not dropped")?;
            return stays_later(&memory).await;
        }
    }
    never_done("a batch")
}

async fn a_dropped_atomic_batch_is_all_or_nothing(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for polls in 1..=MOST_POLLS {
        let ids = many(polls);
        memory.put_all(drafts(&ids, "old")?).await?;
        let mut writes = Vec::new();
        for new in drafts(&ids, "new")? {
            writes.push(Write::from(memory.record(new)?));
        }
        let done = polled(memory.apply_writes(&writes, Batch::atomic()), polls).await?;
        // A later write to one of them waits until the batch is settled.
        write_later(&memory, &ids[..1]).await?;
        let states = observe(&memory, &ids[1..]).await?;
        let alike = states.iter().all(|state| *state == states[0]) && matches!(states[0], "old" | "new");
        ensure!(alike, "after poll {polls} of an atomic batch its records are {states:?}");
        write_later(&memory, &ids).await?;
        if let Some(result) = done {
            result.must("an atomic batch that is not dropped")?;
            ensure_eq!(states[0], "new", "a batch that has returned is there");
            return stays_later(&memory).await;
        }
    }
    never_done("an atomic batch")
}

async fn a_dropped_delete_is_done_or_not(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for polls in 1..=MOST_POLLS {
        let ids = many(polls);
        memory.put_all(drafts(&ids, "old")?).await?;
        let done = polled(memory.delete_all(ids.iter().map(String::as_str)), polls).await?;
        let allowed: &[&str] = if done.is_some() { &["gone"] } else { &["old", "gone"] };
        ensure_each(&memory, &ids, allowed, &format!("after poll {polls} of a delete")).await?;
        write_later(&memory, &ids).await?;
        if let Some(result) = done {
            ensure_eq!(result.must("a delete that is not dropped")?, MANY as u64, "all existed");
            stays_later(&memory).await?;
            ensure_eq!(everything(&memory).await?.len(), MANY * polls, "no later write was deleted");
            return Ok(());
        }
    }
    never_done("a delete")
}

async fn a_dropped_delete_where_leaves_whole_records(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let kept = context.capabilities().facts.changed_while_deleting == ChangedWhileDeleting::Kept;
    for polls in 1..=MOST_POLLS {
        let what = format!("after poll {polls} of delete_where");
        let ids = many(polls);
        let (matching, others) = ids.split_at(4);
        memory.put_all(drafts(matching, "old")?).await?;
        memory.put_all(drafts(others, "new")?).await?;
        let filter = Filter::and([Filter::kind().eq("old"), Filter::id().starts_with(format!("{polls}-"))]);
        let done = polled(memory.delete_where(&filter), polls).await?;
        ensure_each(&memory, matching, &["old", "gone"], &what).await?;
        ensure_each(&memory, others, &["new"], &what).await?;
        usable(memory.delete_where(&filter), "delete_where, repeated").await?;
        ensure_each(&memory, matching, &["gone"], "repeated, delete_where is done").await?;
        ensure_each(&memory, others, &["new"], "repeated, delete_where is done").await?;
        if kept {
            write_later(&memory, &ids).await?;
        }
        if let Some(result) = done {
            ensure_eq!(result.must("delete_where that is not dropped")?, 4, "all that matched existed");
            if kept {
                stays_later(&memory).await?;
                ensure_eq!(everything(&memory).await?.len(), MANY * polls, "no later write was deleted");
            }
            return Ok(());
        }
    }
    never_done("delete_where")
}

/// A reading call, made ready and not yet polled; what it answers does not matter.
type Reading<'a> = Pin<Box<dyn Future<Output = memory_core::Result<()>> + Send + 'a>>;

fn reading<'a, T>(call: impl Future<Output = memory_core::Result<T>> + Send + 'a) -> Reading<'a> {
    Box::pin(async { call.await.map(drop) })
}

async fn a_dropped_read_leaves_the_collection_usable(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let ids = many(0);
    memory.put_all(drafts(&ids, "later")?).await?;
    let (all, first) = (Filter::all(), ListRequest::new().with_limit(3));
    let ordered = first.clone().with_order(Order::UpdatedDescending);
    let text = memory.text("shared");
    let vector = SearchRequest::new(Query::vector([0.0, 0.0, 1.0].try_into()?));
    let hybrid = HybridRequest::new("shared", [0.0, 0.0, 1.0].try_into()?);
    for kind in 0..7 {
        let mut finished = false;
        for polls in 1..=MOST_POLLS {
            let call = match kind {
                0 => reading(memory.get_all(ids.iter().map(String::as_str))),
                1 => reading(memory.list(&first)),
                2 => reading(memory.list(&ordered)),
                3 => reading(memory.count(&all)),
                4 => reading(memory.search(&text)),
                5 => reading(memory.search(&vector)),
                _ => reading(memory.hybrid(&hybrid)),
            };
            let done = polled(call, polls).await?;
            if let Some(result) = done {
                result.must("a read that is not dropped")?;
                finished = true;
                break;
            }
            usable(memory.put(draft("0-0", "later")?), "a put after a dropped read").await?;
            ensure_eq!(
                usable(memory.count(&all), "a count").await?,
                MANY as u64,
                "everything is there after a dropped read"
            );
        }
        ensure!(finished, "read {kind} is not done after {MOST_POLLS} polls");
    }
    stays_later(&memory).await
}

async fn many_dropped_puts_of_one_record(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let one = ["1".to_owned()];
    memory.put(draft("1", "old")?).await?;
    for round in 0..30 {
        for polls in [1, 1, 2] {
            polled(memory.put(draft("1", "new")?), polls).await?;
            polled(memory.delete("1"), polls).await?;
            polled(memory.put(draft("1", "old")?), polls).await?;
        }
        ensure_each(&memory, &one, &["old", "new", "gone"], &format!("in round {round}")).await?;
    }
    write_later(&memory, &one).await?;
    stays_later(&memory).await?;
    ensure_eq!(everything(&memory).await?.len(), 1, "there is one record");
    Ok(())
}
