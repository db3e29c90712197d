//! Hits that are good and differ from one another (HY-4).

use super::{HybridRequest, HybridResponse, Memory, check, hybrid};
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::mmr::{Candidate, select};
use crate::record::Record;
use crate::request::{Returns, SearchRequest, SearchResponse};
use crate::write::Version;

impl Memory {
    /// Picks `k` of the first max(100, 10 k) hits of a search by maximal marginal relevance. Hits stand as picked and keep
    /// their score and plain rank.
    ///
    /// `lambda` is from 0 (hits that differ) to 1 (the plain order).
    ///
    /// # Errors
    /// `InvalidArgument` for a skip; `LimitExceeded` for a k over a tenth of the published limit; as [`Self::search`].
    pub async fn search_mmr(&self, request: &SearchRequest, lambda: f64) -> Result<SearchResponse> {
        self.name("search", check_mmr(request.skip, lambda))?;
        self.name("search", check::search(self, request))?;
        self.name("search", self.check_mmr_depth(request.k))?;
        let deep = request.clone().with_k(hybrid::depth(0, request.k)).with_returns(Returns::Embeddings);
        let mut response = self.search_at(&self.view(), &deep).await?;
        let candidates: Vec<_> = response.hits.iter().map(|hit| candidate(hit.score.value(), &hit.record)).collect();
        let picked = select(&candidates, lambda, request.k);
        response.hits = pick(response.hits, &picked);
        response.hits.iter_mut().for_each(|hit| cut(&mut hit.record, &mut hit.version, request.returns));
        Ok(response)
    }

    /// As [`Self::search_mmr`], of the first hits of a hybrid search's fused list.
    ///
    /// # Errors
    /// As [`Self::hybrid`]; `InvalidArgument` for a skip.
    pub async fn hybrid_mmr(&self, request: &HybridRequest, lambda: f64) -> Result<HybridResponse> {
        self.name("hybrid", check_mmr(request.skip, lambda))?;
        let mut response = self.hybrid_candidates(request, hybrid::depth(0, request.k)).await?;
        let candidates: Vec<_> = response.hits.iter().map(|hit| candidate(hit.score.value(), &hit.record)).collect();
        let picked = select(&candidates, lambda, request.k);
        response.hits = pick(response.hits, &picked);
        response.hits.iter_mut().for_each(|hit| cut(&mut hit.record, &mut hit.version, request.returns));
        Ok(response)
    }

    fn check_mmr_depth(&self, k: usize) -> Result<()> {
        check::depth(self.capabilities().limits.k / 10, 0, k)
            .map_err(|error| Error::new(error.kind(), format!("{} with maximal marginal relevance", error.message())))
    }
}

/// What is wrong in itself, which comes before any limit (RE-7).
fn check_mmr(skip: usize, lambda: f64) -> Result<()> {
    if skip > 0 {
        return Err(Error::invalid("skip has no meaning with maximal marginal relevance"));
    }
    check::fraction("lambda", lambda)
}

fn candidate(score: f64, record: &Option<Record>) -> Candidate<'_> {
    let embedding = record.as_ref().and_then(|record| record.embedding.as_ref()).map(Embedding::as_slice);
    Candidate { score, embedding }
}

fn pick<H>(hits: Vec<H>, places: &[usize]) -> Vec<H> {
    let mut hits: Vec<Option<H>> = hits.into_iter().map(Some).collect();
    places.iter().filter_map(|&place| hits.get_mut(place).and_then(Option::take)).collect()
}

fn cut(record: &mut Option<Record>, version: &mut Option<Version>, returns: Returns) {
    match (returns, record.as_mut()) {
        (Returns::Keys, _) => (*record, *version) = (None, None),
        (Returns::Records, Some(record)) => record.embedding = None,
        (_, _) => {}
    }
}
