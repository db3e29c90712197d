//! What was written is seen at once, through any handle (WR-2).

use memory_core::{
    Database, Exactness, Filter, HybridRequest, ListRequest, Memory, NamespacesRequest, Query, Record, Scope,
    SearchRequest,
};

use crate::cases::state::Must as _;
use crate::context::{Context, namespace};
use crate::{Failure, Outcome, cases, ensure, ensure_eq};

cases! {
    "WR-2": [
        every_operation_sees_a_put_at_once,
        every_operation_sees_a_delete_at_once,
        a_handle_that_has_read_before_sees_the_next_write,
        handles_take_turns,
    ],
}

/// Two handles of two connections, both opened before anything is written, and both having looked.
async fn handles(context: &Context) -> Result<(Memory, Memory, Database), Failure> {
    let first = context.home("a").await?;
    let database = context.connect().await?;
    let second = database.open(first.spec().name(), Scope::subtree(namespace(["n"])?)).await.must("to open it")?;
    for handle in [&first, &second] {
        ensure_sees(handle, &[], "empty").await?;
    }
    Ok((first, second, database))
}

/// Every kind of reading sees exactly these ids. Each record has the word `shared` and a vector.
async fn ensure_sees(memory: &Memory, expected: &[&str], what: &str) -> Result<(), Failure> {
    let sorted = |mut found: Vec<String>| {
        found.sort();
        found
    };
    let page = memory.list(&ListRequest::new()).await.must("a listing")?;
    let listed = page.records.iter().map(|stored| stored.record.key.id.as_str().to_owned()).collect();
    let mut seen = vec![("list", sorted(listed))];
    let vector = |exactness| -> memory_core::Result<_> {
        Ok(SearchRequest::new(Query::Vector { embedding: [1.0, 0.0, 0.0].try_into()?, exactness }).with_k(100))
    };
    for (name, request) in [
        ("text search", memory.text("shared").with_k(100)),
        ("vector search", vector(Exactness::Any)?),
        ("exact vector search", vector(Exactness::Exact)?),
        ("filtered search", vector(Exactness::Any)?.with_filter(Filter::tags().contains("t"))),
    ] {
        let hits = memory.search(&request).await.must(name)?.hits;
        seen.push((name, sorted(hits.iter().map(|hit| hit.key.id.as_str().to_owned()).collect())));
    }
    let hybrid = HybridRequest::new("shared", [1.0, 0.0, 0.0].try_into()?).with_k(100);
    let hits = memory.hybrid(&hybrid).await.must("hybrid search")?.hits;
    seen.push(("hybrid search", sorted(hits.iter().map(|hit| hit.key.id.as_str().to_owned()).collect())));
    for (name, found) in seen {
        if found != expected {
            return Err(Failure::assertion(format!("{what}: {name} sees {found:?}, not {expected:?}")));
        }
    }
    let count = memory.count(&Filter::tags().contains("t")).await.must("a count")?;
    let namespaces = memory.namespaces(&NamespacesRequest::new()).await.must("the namespaces")?.len();
    if (count, namespaces) != (expected.len() as u64, usize::from(!expected.is_empty())) {
        return Err(Failure::assertion(format!(
            "{what}: counted {count} in {namespaces} namespaces, not {expected:?}"
        )));
    }
    for id in expected {
        if memory.get(*id).await.must("a read")?.is_none() {
            return Err(Failure::assertion(format!("{what}: get does not see {id}")));
        }
    }
    Ok(())
}

fn record(id: &str) -> memory_core::Draft {
    Record::draft(id).content(format!("shared {id}")).embedding([1.0, 0.5, 0.0]).tags(["t"])
}

async fn every_operation_sees_a_put_at_once(context: Context) -> Outcome {
    let (first, second, _database) = handles(&context).await?;
    first.put(record("1")).await.must("a put")?;
    ensure_sees(&second, &["1"], "the other handle, after a put").await?;
    ensure_sees(&first, &["1"], "the same handle, after a put").await?;
    second.put_all([record("2"), record("3")]).await.must("a batch")?;
    ensure_sees(&first, &["1", "2", "3"], "the other handle, after a batch").await?;
    let third = context.connect().await?.open(first.spec().name(), first.scope().clone()).await.must("to open it")?;
    ensure_sees(&third, &["1", "2", "3"], "a handle opened after the writes").await
}

async fn every_operation_sees_a_delete_at_once(context: Context) -> Outcome {
    let (first, second, _database) = handles(&context).await?;
    first.put_all(["1", "2", "3", "4", "5"].map(record)).await.must("a batch")?;
    ensure!(second.delete("3").await.must("a delete")?, "the record existed");
    ensure_sees(&first, &["1", "2", "4", "5"], "the other handle, after a delete").await?;
    ensure!(second.get("3").await.must("a read")?.is_none(), "the same handle does not read it");
    ensure!(first.get("3").await.must("a read")?.is_none(), "nor does the other");
    ensure_eq!(first.delete_where(&Filter::id().le("2")).await.must("delete_where")?, 2, "1 and 2 existed");
    ensure_sees(&second, &["4", "5"], "the other handle, after delete_where").await?;
    ensure_eq!(second.clear().await.must("clear")?, 2, "4 and 5 existed");
    ensure_sees(&first, &[], "the other handle, after clear").await?;
    first.put(record("3")).await.must("a put of what was deleted")?;
    ensure_sees(&second, &["3"], "the other handle, after a put of what was deleted").await
}

async fn a_handle_that_has_read_before_sees_the_next_write(context: Context) -> Outcome {
    let (first, second, _database) = handles(&context).await?;
    for version in 0..20_u8 {
        let word = format!("shared w{version}");
        let vector = [1.0, f32::from(version), 0.0];
        first.put(Record::draft("1").content(&word).embedding(vector).tags(["t"])).await.must("a put")?;
        let found = second.get("1").await.must("a read")?.map(|stored| stored.record.content.as_str().to_owned());
        ensure_eq!(found.as_deref(), Some(word.as_str()), "the other handle reads version {version}");
        let hits = second.search_vector(vector, 1).await.must("a vector search")?.hits;
        ensure_eq!(hits.first().map(|hit| hit.content()), Some(word.as_str()), "and finds it by its vector");
        ensure_eq!(hits.first().map(|hit| hit.score.value() > 0.999_999), Some(true), "which is the new one");
        let hits = second.search_text(&format!("w{version}"), 10).await.must("a text search")?.hits;
        ensure_eq!(hits.len(), 1, "and by its new word");
    }
    Ok(())
}

async fn handles_take_turns(context: Context) -> Outcome {
    let (first, second, _database) = handles(&context).await?;
    for turn in 0..20_u64 {
        let (writer, reader) = if turn % 2 == 0 { (&first, &second) } else { (&second, &first) };
        writer.put(record(&format!("{turn:02}"))).await.must("a put")?;
        ensure_eq!(reader.count(&Filter::all()).await.must("a count")?, turn + 1, "each turn is seen by the other");
        let hits = reader.search_text("shared", 100).await.must("a text search")?.hits;
        ensure_eq!(hits.len() as u64, turn + 1, "each turn is found by the other");
    }
    ensure_eq!(first.delete_all((0..20).map(|turn| format!("{turn:02}"))).await.must("a delete")?, 20, "all existed");
    ensure_sees(&second, &[], "after the last turn").await
}
