//! Scope (SPEC 6).

use futures_util::{StreamExt as _, TryStreamExt as _};
use memory_core::{Exactness, HybridRequest, ListRequest, Memory, Query, Record, Result, Scope, SearchRequest};

use crate::context::{ids, namespace};
use crate::{Failure, Outcome, ensure, ensure_eq};

pub(crate) mod bound;
pub(crate) mod isolation;
pub(crate) mod namespaces;
pub(crate) mod parts;

/// The namespace of these segments alone.
fn exact<const N: usize>(segments: [&str; N]) -> Result<Scope> {
    Ok(Scope::exact(namespace(segments)?))
}

/// The namespace of these segments with everything below it.
fn below<const N: usize>(segments: [&str; N]) -> Result<Scope> {
    Ok(Scope::subtree(namespace(segments)?))
}

/// A record in this namespace that the word `word` and the vector [1, 0, 0] find.
fn draft(segments: &[&str], id: &str) -> Result<memory_core::Draft> {
    let namespace = memory_core::Namespace::new(segments)?;
    Ok(Record::draft(id).namespace(namespace).content("word").embedding([1.0, 0.0, 0.0]))
}

/// Checks that the handle sees records of just these ids, by every way of reading; `expected` is sorted.
async fn sees(memory: &Memory, expected: &[&str], what: &str) -> Outcome {
    let listed: Result<Vec<_>> = memory.stream(ListRequest::new().with_limit(7)).take(1000).try_collect().await;
    let listed = listed.map_err(|error| Failure::assertion(format!("{what}: list: {error}")))?;
    ensure_eq!(sorted(ids(listed.iter().map(|stored| &stored.record))), expected, "{what}: list");
    let count = memory.count(&memory_core::Filter::all()).await;
    ensure_eq!(count.ok(), Some(expected.len() as u64), "{what}: count");
    let embedding: memory_core::Embedding = [1.0, 0.0, 0.0].try_into()?;
    let vector = Query::Vector { embedding: embedding.clone(), exactness: Exactness::Exact };
    for request in [SearchRequest::new(vector), memory.text("word")] {
        let response = memory.search(&request.clone().with_k(100)).await;
        let response = response.map_err(|error| Failure::assertion(format!("{what}: search: {error}")))?;
        let found = sorted(response.hits.iter().map(|hit| hit.key.id.as_str()).collect());
        ensure_eq!(found, expected, "{what}: search ({:?})", request.query);
    }
    let response = memory.hybrid(&HybridRequest::new("word", embedding).with_exactness(Exactness::Exact)).await;
    let response = response.map_err(|error| Failure::assertion(format!("{what}: hybrid: {error}")))?;
    ensure_eq!(response.hits.len(), expected.len().min(10), "{what}: hybrid");
    let stray = response.hits.iter().find(|hit| !expected.contains(&hit.key.id.as_str()));
    ensure!(stray.is_none(), "{what}: hybrid finds {stray:?}");
    Ok(())
}

fn sorted(mut ids: Vec<&str>) -> Vec<&str> {
    ids.sort_unstable();
    ids
}
