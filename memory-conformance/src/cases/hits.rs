//! What the cases of the three kinds of search share.

use memory_core::{
    Bm25, CollectionSpec, Exactness, Hit, HybridHit, HybridRequest, HybridResponse, Language, Memory, Metric, Query,
    Result, Scope, SearchRequest, SearchResponse,
};

use crate::context::{Context, namespace};
use crate::{Failure, Needs, Outcome, ensure, ensure_eq};

/// For cases that compare the literal scores of texts.
pub(crate) const EXACT_TEXT: Needs = Needs::Fact("bm25: exact", |facts| facts.bm25 == Bm25::Exact);

/// A new collection of three dimensions under this metric, bound to `["n"]` with everything below.
pub(crate) async fn vectors(context: &Context, suffix: &str, metric: Metric) -> Result<Memory> {
    context.database.create(&context.spec(suffix, metric)?, Scope::subtree(namespace(["n"])?)).await
}

/// A new collection without vectors, with words of this language, bound to `["n"]` with everything below.
pub(crate) async fn texts(context: &Context, suffix: &str, language: Language) -> Result<Memory> {
    let spec = CollectionSpec::new(context.name(suffix)?).with_language(language);
    context.database.create(&spec, Scope::subtree(namespace(["n"])?)).await
}

/// The request for an exact search by this vector.
pub(crate) fn nearest(query: impl Into<Vec<f32>>) -> Result<SearchRequest> {
    Ok(SearchRequest::new(Query::Vector { embedding: query.into().try_into()?, exactness: Exactness::Exact }))
}

/// A search that has to succeed, and to be complete.
pub(crate) async fn search(memory: &Memory, request: &SearchRequest) -> Result<SearchResponse, Failure> {
    match memory.search(request).await {
        Ok(response) if response.complete => Ok(response),
        Ok(_) => Err(Failure::assertion("the search says that it is not complete")),
        Err(error) => Err(Failure::assertion(format!("the search failed: {error}"))),
    }
}

/// A text search that has to succeed, by this text as it is, for up to a hundred hits.
pub(crate) async fn by_text(memory: &Memory, text: &str) -> Result<SearchResponse, Failure> {
    search(memory, &memory.text(text).with_k(100)).await
}

/// A hybrid search that has to succeed.
pub(crate) async fn hybrid(memory: &Memory, request: &HybridRequest) -> Result<HybridResponse, Failure> {
    memory.hybrid(request).await.map_err(|error| Failure::assertion(format!("the search failed: {error}")))
}

/// What cases read of a hit of either kind.
pub(crate) trait Found {
    /// The id.
    fn id(&self) -> &str;
    /// The score.
    fn number(&self) -> f64;
    /// The place among all hits, from 1.
    fn place(&self) -> u64;
}

impl Found for Hit {
    fn id(&self) -> &str {
        self.key.id.as_str()
    }
    fn number(&self) -> f64 {
        self.score.value()
    }
    fn place(&self) -> u64 {
        self.rank
    }
}

impl Found for HybridHit {
    fn id(&self) -> &str {
        self.key.id.as_str()
    }
    fn number(&self) -> f64 {
        self.score.value()
    }
    fn place(&self) -> u64 {
        self.rank
    }
}

/// The ids of hits, in their order.
pub(crate) fn names<H: Found>(hits: &[H]) -> Vec<&str> {
    hits.iter().map(Found::id).collect()
}

/// The ids of hits, sorted: for sets of matches whose order another rule decides.
pub(crate) fn name_set<H: Found>(hits: &[H]) -> Vec<&str> {
    let mut names = names(hits);
    names.sort_unstable();
    names
}

/// The hits are these, in this order, with these scores to the bit, ranked from 1.
pub(crate) fn scored<H: Found>(hits: &[H], expected: &[(&str, f64)], message: &str) -> Outcome {
    ensure_eq!(
        names(hits),
        expected.iter().map(|(id, _)| *id).collect::<Vec<_>>(),
        "{message}: which hits, in which order"
    );
    for (at, (hit, (id, score))) in hits.iter().zip(expected).enumerate() {
        let observed = hit.number();
        ensure!(observed.to_bits() == score.to_bits(), "{message}: the score of {id} is {score:?}, not {observed:?}");
        ensure_eq!(hit.place(), at as u64 + 1, "{message}: the rank of {id}");
    }
    Ok(())
}

/// 0 to count - 1, each once, in an order that is neither up nor down.
pub(crate) fn shuffled(count: usize) -> impl Iterator<Item = usize> {
    // 7919 is a prime above every count that the cases use, so that it divides none of them.
    (0..count).map(move |at| (at * 7919 + 5) % count)
}
