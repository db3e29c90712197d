//! Dropping (CO-5).

use memory_core::{
    Bm25, CollectionSpec, ErrorKind, Filter, HybridRequest, ListRequest, Memory, Metric, NamespacesRequest, Order,
    Record, Result, Scope,
};

use crate::context::{Context, at, hits, key, namespace};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "CO-5": [
        dropping_says_whether_there_was_one,
        nothing_is_left_after_a_drop,
        nothing_is_left_for_another_spec,
        (dropping_survives_a_restart, Needs::Fact("durable", |facts| facts.durable)),
        a_handle_from_before_finds_nothing_and_makes_nothing,
        a_handle_from_before_never_acts_on_another_spec,
        a_handle_from_before_may_act_on_a_successor_alone,
    ],
}

async fn fill(memory: &Memory) -> Result<()> {
    let records = (0..20).map(|i| {
        Record::draft(format!("{i}")).kind("fact").content("apple pear apple").tags(["t"]).embedding([1.0, 0.0, 0.0])
    });
    memory.put_all(records).await?;
    memory.put(Record::draft("expired").content("apple").expires_at(at(-1)?)).await?;
    Ok(())
}

async fn dropping_says_whether_there_was_one(context: Context) -> Outcome {
    let name = context.name("a")?;
    ensure_eq!(context.database.drop_collection(&name).await.map_err(kind), Ok(false), "absent");
    context.collection("a").await?;
    context.collection("ab").await?;
    ensure_eq!(context.database.drop_collection(&name).await.map_err(kind), Ok(true), "there");
    ensure_eq!(context.database.drop_collection(&name).await.map_err(kind), Ok(false), "absent again");
    ensure_kind!(context.database.open(&name, Scope::all()).await, NotFound, "a dropped one is not found");
    let other = context.connect().await?;
    ensure_kind!(other.open(&name, Scope::all()).await, NotFound, "nor by another handle");
    let neighbour = context.database.open(&context.name("ab")?, Scope::all()).await;
    ensure!(neighbour.is_ok(), "one whose name begins the same is still there");
    Ok(())
}

fn kind(error: memory_core::Error) -> ErrorKind {
    error.kind()
}

async fn nothing_is_left_after_a_drop(context: Context) -> Outcome {
    for _ in 0..2 {
        let memory = context.home("a").await?;
        ensure_eq!(memory.count(&Filter::all()).await?, 0, "count");
        ensure_eq!(memory.list(&ListRequest::new()).await?.records, [], "list");
        let by_time = ListRequest::new().with_order(Order::CreatedDescending);
        ensure_eq!(memory.list(&by_time).await?.records, [], "list by time");
        ensure_eq!(memory.get_all(["1", "expired"]).await?, [None, None], "get");
        ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 10).await?).len(), 0, "vector search");
        ensure_eq!(hits(&memory.search_text("apple", 10).await?).len(), 0, "text search");
        ensure_eq!(memory.namespaces(&NamespacesRequest::new()).await?, [], "namespaces");
        ensure_eq!(memory.purge_expired().await?, 0, "purge");
        ensure_eq!(memory.delete_all(["1", "expired"]).await?, 0, "delete");
        memory.put(Record::draft("new").content("apple")).await?;
        let found = memory.search_text("apple", 10).await?;
        ensure_eq!(hits(&found), ["n/new"], "the new record alone is found");
        if memory.capabilities().facts.bm25 == Bm25::Exact {
            // One record of one word, which matches: ln(1 + 0.5 / 1.5).
            ensure_eq!(found.hits[0].score.value(), 0.287_682_072_451_780_9, "statistics start anew");
        }
        fill(&memory).await?;
        ensure!(context.database.drop_collection(memory.spec().name()).await?, "dropped");
    }
    Ok(())
}

async fn nothing_is_left_for_another_spec(context: Context) -> Outcome {
    fill(&context.home("a").await?).await?;
    context.database.drop_collection(&context.name("a")?).await?;
    let spec = CollectionSpec::new(context.name("a")?).with_vectors(2, Metric::Euclidean)?;
    let made = context.database.create(&spec, Scope::exact(namespace(["n"])?)).await;
    ensure!(made.is_ok(), "another spec may follow a drop: {made:?}");
    let memory = made?;
    ensure_eq!(memory.count(&Filter::all()).await?, 0, "it is empty");
    memory.put(Record::draft("new").embedding([1.0, 1.0])).await?;
    ensure_eq!(hits(&memory.search_vector([1.0, 1.0], 30).await?), ["n/new"], "only the new vector is found");
    ensure_eq!(hits(&memory.search_text("apple", 30).await?).len(), 0, "no old word is found");
    Ok(())
}

async fn dropping_survives_a_restart(mut context: Context) -> Outcome {
    fill(&context.home("a").await?).await?;
    fill(&context.home("b").await?).await?;
    context.database.drop_collection(&context.name("a")?).await?;
    context.restart().await?;
    ensure_kind!(context.database.open(&context.name("a")?, Scope::all()).await, NotFound, "it is gone for good");
    let memory = context.home("a").await?;
    ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 30).await?).len(), 0, "so are its vectors");
    ensure_eq!(hits(&memory.search_text("apple", 30).await?).len(), 0, "so are its words");
    let other = context.database.open(&context.name("b")?, Scope::all()).await?;
    ensure_eq!(other.count(&Filter::all()).await?, 20, "the other collection is still there");
    Ok(())
}

/// Calls every method of the handle, and gives what each came to.
async fn every_call(memory: &Memory) -> Result<Vec<(&'static str, Result<()>)>> {
    let key = key(["n"], "1")?;
    let vector = [1.0, 0.0, 0.0];
    let hybrid = HybridRequest::new("apple", memory_core::Embedding::new(vector.to_vec())?);
    Ok(vec![
        ("put", memory.put(Record::draft("1").content("late").embedding(vector)).await.map(drop)),
        ("put_all", memory.put_all([Record::draft("1").content("late")]).await.map(drop)),
        ("get", memory.get(&key).await.map(drop)),
        ("delete", memory.delete(&key).await.map(drop)),
        ("delete_where", memory.delete_where(&Filter::kind().eq("")).await.map(drop)),
        ("clear", memory.clear().await.map(drop)),
        ("vector search", memory.search_vector(vector, 10).await.map(drop)),
        ("text search", memory.search_text("apple", 10).await.map(drop)),
        ("hybrid search", memory.hybrid(&hybrid).await.map(drop)),
        ("list", memory.list(&ListRequest::new()).await.map(drop)),
        ("count", memory.count(&Filter::all()).await.map(drop)),
        ("namespaces", memory.namespaces(&NamespacesRequest::new()).await.map(drop)),
        ("purge_expired", memory.purge_expired().await.map(drop)),
        ("update", memory.update_last_write_wins(&key, |_, draft| draft).await.map(drop)),
    ])
}

async fn all_not_found(memory: &Memory) -> Outcome {
    for (call, result) in every_call(memory).await? {
        ensure_kind!(result, NotFound, "{call} through a handle from before the drop");
    }
    Ok(())
}

/// Handles from before, of the connection that drops and of another.
async fn handles(context: &Context) -> Result<Vec<Memory>> {
    let first = context.home("a").await?;
    fill(&first).await?;
    let other = context.connect().await?.open(first.spec().name(), Scope::subtree(namespace(["n"])?)).await?;
    other.get("1").await?;
    Ok(vec![first, other])
}

async fn a_handle_from_before_finds_nothing_and_makes_nothing(context: Context) -> Outcome {
    let handles = handles(&context).await?;
    let name = context.name("a")?;
    context.database.drop_collection(&name).await?;
    for memory in &handles {
        all_not_found(memory).await?;
        ensure_kind!(context.database.open(&name, Scope::all()).await, NotFound, "no call made it anew");
        let listed = context.database.collections().await?.iter().any(|spec| *spec.name() == name);
        ensure!(!listed, "and it is not listed");
    }
    let memory = context.home("a").await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 0, "no late write waits for a successor");
    Ok(())
}

async fn a_handle_from_before_never_acts_on_another_spec(context: Context) -> Outcome {
    let handles = handles(&context).await?;
    let name = context.name("a")?;
    context.database.drop_collection(&name).await?;
    // The same dimension: what is written or asked would fit.
    let spec = CollectionSpec::new(name).with_vectors(3, Metric::Dot)?;
    let successor = context.database.create(&spec, Scope::exact(namespace(["n"])?)).await?;
    successor.put(Record::draft("1").content("apple").embedding([3.0, 0.0, 0.0])).await?;
    for memory in &handles {
        all_not_found(memory).await?;
    }
    let stored = successor.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(stored.as_deref(), Some("apple"), "the successor's record is as it was");
    ensure_eq!(successor.count(&Filter::all()).await?, 1, "nothing was added to it");
    Ok(())
}

async fn a_handle_from_before_may_act_on_a_successor_alone(context: Context) -> Outcome {
    let handles = handles(&context).await?;
    context.database.drop_collection(&context.name("a")?).await?;
    let successor = context.home("a").await?;
    for memory in &handles {
        successor.put(Record::draft("own").content("pear").embedding([0.0, 1.0, 0.0])).await?;
        // Either is right; what is wrong is another error, an answer from the dropped collection, or a write nowhere.
        match memory.put(Record::draft("late").content("late")).await {
            Ok(_) => {
                let (old, new) = (memory.count(&Filter::all()).await?, successor.count(&Filter::all()).await?);
                ensure_eq!((old, new), (2, 2), "both handles see the successor, with both records");
                ensure_eq!(hits(&memory.search_text("apple", 30).await?).len(), 0, "no word of the dropped one");
                ensure_eq!(hits(&memory.search_text("pear", 30).await?), ["n/own"], "the words of the successor");
                ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 30).await?), ["n/own"], "and its vectors");
            }
            Err(error) if error.kind() == ErrorKind::NotFound => {
                all_not_found(memory).await?;
                ensure_eq!(successor.count(&Filter::all()).await?, 1, "and the successor is as it was");
            }
            Err(error) => return Err(Failure::assertion(format!("expected NotFound or success, but got {error}"))),
        }
        successor.clear().await?;
    }
    Ok(())
}
