//! Hybrid search: both legs, a second round for what one leg missed, and the fusion of both (SPEC 9).

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use futures_util::future::{OptionFuture, try_join};

use super::{Memory, check};
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::fusion::{fuse_ranks, fuse_scores};
use crate::names::RecordKey;
use crate::record::Record;
use crate::request::{Exactness, Query, Returns, SearchRequest, SearchResponse, View, WordMatch};
use crate::score::{FusedScore, Score};
use crate::write::Version;

/// How the two legs become one order (HY-1).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Fusion {
    /// By scores, each divided by its leg's best; what one leg missed is scored in a second round.
    #[default]
    Scores,
    /// By weighted reciprocal rank; what one leg missed adds nothing.
    Ranks,
}

/// A search by text and vector at once.
#[derive(Clone, PartialEq)]
#[non_exhaustive]
pub struct HybridRequest {
    /// The text; `None` leaves that leg out.
    pub text: Option<String>,
    /// The vector; `None` leaves that leg out.
    pub embedding: Option<Embedding>,
    /// Whether a record must hold every word to be found by the text leg.
    pub matching: WordMatch,
    /// Whether the vector leg must equal brute force.
    pub exactness: Exactness,
    /// Which records may be found.
    pub filter: Filter,
    /// At most so many hits, after `skip`; skip + k is at most a tenth of the published limit.
    pub k: usize,
    /// How many of the first hits to leave out.
    pub skip: usize,
    /// The weight of the text leg, from 0 to 1; the vector leg has the rest. A leg of weight 0 is checked, not run.
    pub weight: f64,
    /// How the legs are joined.
    pub fusion: Fusion,
    /// The least fused score, inclusive (HY-2).
    pub min_fused: Option<f64>,
    /// How much of each record to answer.
    pub returns: Returns,
}

impl HybridRequest {
    /// The ten best of all that the scope holds, both legs weighing the same.
    pub fn new(text: impl Into<String>, embedding: Embedding) -> Self {
        Self::of(Some(text.into()), Some(embedding))
    }

    /// As [`Self::new`], with a leg left out where it is `None`; the response says so (HY-3).
    pub fn of(text: Option<String>, embedding: Option<Embedding>) -> Self {
        Self {
            text,
            embedding,
            matching: WordMatch::default(),
            exactness: Exactness::default(),
            filter: Filter::all(),
            k: 10,
            skip: 0,
            weight: 0.5,
            fusion: Fusion::default(),
            min_fused: None,
            returns: Returns::default(),
        }
    }

    /// With this filter.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// At most so many hits.
    #[must_use]
    pub fn with_k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Without the first so many.
    #[must_use]
    pub fn with_skip(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// For records that hold any or all of the words.
    #[must_use]
    pub fn with_matching(mut self, matching: WordMatch) -> Self {
        self.matching = matching;
        self
    }

    /// With a vector leg that must equal brute force, or need not.
    #[must_use]
    pub fn with_exactness(mut self, exactness: Exactness) -> Self {
        self.exactness = exactness;
        self
    }

    /// With this weight of the text leg, from 0 to 1.
    #[must_use]
    pub fn with_weight(mut self, weight: f64) -> Self {
        self.weight = weight;
        self
    }

    /// With the legs joined so.
    #[must_use]
    pub fn with_fusion(mut self, fusion: Fusion) -> Self {
        self.fusion = fusion;
        self
    }

    /// With a least fused score, inclusive.
    #[must_use]
    pub fn with_min_fused(mut self, min_fused: f64) -> Self {
        self.min_fused = Some(min_fused);
        self
    }

    /// Answering so much of each record.
    #[must_use]
    pub fn with_returns(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }
}

/// No text (ER-2).
impl fmt::Debug for HybridRequest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HybridRequest")
            .field("text", &self.text.as_ref().map(String::len))
            .field("embedding", &self.embedding)
            .field("filter", &self.filter)
            .field("k", &self.k)
            .field("skip", &self.skip)
            .field("weight", &self.weight)
            .field("fusion", &self.fusion)
            .field("min_fused", &self.min_fused)
            .finish_non_exhaustive()
    }
}

/// What one leg says of a hit.
#[derive(Clone, Copy, Debug, PartialEq)]
#[allow(clippy::exhaustive_structs)]
pub struct LegScore {
    /// Its place in the leg's own order, from 1; `None` if only the second round scored it.
    pub rank: Option<u64>,
    /// The leg's score.
    pub score: Score,
}

/// One record that a hybrid search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HybridHit {
    /// Which record.
    pub key: RecordKey,
    /// The fused score; comparable within one response alone.
    pub score: FusedScore,
    /// Its place among all hits, from 1, counted before `skip`.
    pub rank: u64,
    /// What the text leg says of it; `None` if it does not match the text, or the leg did not run.
    pub text: Option<LegScore>,
    /// What the vector leg says of it; `None` if it has no embedding, or the leg did not run.
    pub vector: Option<LegScore>,
    /// The record, as [`HybridRequest::returns`] asks.
    pub record: Option<Record>,
    /// The record's version, where it is answered and the switch is claimed.
    pub version: Option<Version>,
}

impl HybridHit {
    /// The record's text; "" where only keys were asked.
    pub fn content(&self) -> &str {
        self.record.as_ref().map_or("", |record| record.content.as_str())
    }
}

/// What became of one leg (HY-3).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Leg {
    /// Its weight was 0.
    NotAsked,
    /// The text leg: no text, or one without a word.
    NoWords,
    /// The vector leg: no embedding in the query.
    NoEmbedding,
    /// It ran and found nothing.
    FoundNothing,
    /// It ran.
    Ran,
}

/// What a hybrid search answers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct HybridResponse {
    /// Fused score descending; equal scores by (namespace key, id).
    pub hits: Vec<HybridHit>,
    /// What became of the text leg.
    pub text: Leg,
    /// What became of the vector leg.
    pub vector: Leg,
    /// Whether the vector leg was complete (VE-4).
    pub complete: bool,
}

/// A candidate before its record is read.
struct Fused {
    key: RecordKey,
    score: FusedScore,
    text: Option<LegScore>,
    vector: Option<LegScore>,
}

impl Memory {
    /// Searches by text and vector at once (HY-1 to HY-3). Nothing is replaced silently: the response says what became of
    /// each leg. With an [embedder](Self::with_embedder), a request that has a text and no vector gets the text's.
    ///
    /// # Errors
    /// `InvalidArgument` and `LimitExceeded` before any I/O; those of the store.
    pub async fn hybrid(&self, request: &HybridRequest) -> Result<HybridResponse> {
        let view = self.view();
        let (mut fused, mut response) = self.fused(&view, request).await?;
        fused.truncate(request.skip.saturating_add(request.k));
        let page = fused.into_iter().enumerate().skip(request.skip);
        response.hits = self.read(&view, page.collect(), request.returns).await?;
        Ok(response)
    }

    /// The fused list at the depth of HY-1, without records, and a response without hits.
    async fn fused(&self, view: &View, request: &HybridRequest) -> Result<(Vec<Fused>, HybridResponse)> {
        self.name("hybrid", self.check_hybrid(request))?;
        let request = &*self.embed_request(request).await?;
        let depth = depth(request.skip, request.k);
        let text = self.text_leg(request, depth);
        let vector = vector_leg(request, depth);
        let (found_text, found_vector) =
            try_join(self.leg(view, text.as_ref().ok()), self.leg(view, vector.as_ref().ok())).await?;
        let response = HybridResponse {
            hits: Vec::new(),
            text: state(&text, &found_text),
            vector: state(&vector, &found_vector),
            complete: found_vector.as_ref().is_none_or(|found| found.complete),
        };
        let best_text = best(&found_text);
        let best_vector = best(&found_vector);
        let mut candidates: BTreeMap<RecordKey, (Option<LegScore>, Option<LegScore>)> = BTreeMap::new();
        let mut order = Vec::new();
        for hit in found_text.into_iter().flat_map(|found| found.hits) {
            order.push(hit.key.clone());
            candidates.entry(hit.key).or_default().0 = Some(LegScore { rank: Some(hit.rank), score: hit.score });
        }
        for hit in found_vector.into_iter().flat_map(|found| found.hits) {
            order.push(hit.key.clone());
            candidates.entry(hit.key).or_default().1 = Some(LegScore { rank: Some(hit.rank), score: hit.score });
        }
        if let (Fusion::Scores, Ok(text), Ok(vector)) = (request.fusion, text, vector) {
            self.second_round(view, text, vector, &mut candidates).await?;
        }
        let fuse = |text: Option<LegScore>, vector: Option<LegScore>| match request.fusion {
            Fusion::Scores => fuse_scores(request.weight, value(text), best_text, value(vector), best_vector),
            Fusion::Ranks => fuse_ranks(request.weight, text.and_then(|t| t.rank), vector.and_then(|v| v.rank)),
        };
        let to_fused = |(key, (text, vector)): (RecordKey, (Option<LegScore>, Option<LegScore>))| Fused {
            score: fuse(text, vector),
            key,
            text,
            vector,
        };
        let mut fused: Vec<Fused> = if request.weight == 0.0 || request.weight == 1.0 {
            // One leg alone was asked: its order stands, also where all fused scores are equal.
            order.into_iter().filter_map(|key| candidates.remove_entry(&key)).map(to_fused).collect()
        } else {
            // The map is in the order of keys and the sort is stable, so equal scores stand by (namespace key, id).
            let mut fused: Vec<Fused> = candidates.into_iter().map(to_fused).collect();
            fused.sort_by(|a, b| b.score.partial_cmp(&a.score).unwrap_or(Ordering::Equal));
            fused
        };
        if let Some(least) = request.min_fused {
            fused.retain(|candidate| candidate.score.value() >= least);
        }
        Ok((fused, response))
    }

    /// Scores in each leg exactly those candidates that only the other one found.
    async fn second_round(
        &self,
        view: &View,
        text: SearchRequest,
        vector: SearchRequest,
        candidates: &mut BTreeMap<RecordKey, (Option<LegScore>, Option<LegScore>)>,
    ) -> Result<()> {
        let missed = |one: fn(&(Option<LegScore>, Option<LegScore>)) -> bool, request: SearchRequest| {
            let keys: Vec<RecordKey> =
                candidates.iter().filter(|(_, legs)| one(legs)).map(|(key, _)| key.clone()).collect();
            (!keys.is_empty()).then(|| request.with_k(keys.len()).with_only(keys))
        };
        let text = missed(|legs| legs.0.is_none(), text);
        let vector = missed(|legs| legs.1.is_none(), exact(vector));
        let (text, vector) = try_join(self.leg(view, text.as_ref()), self.leg(view, vector.as_ref())).await?;
        for hit in text.into_iter().flat_map(|found| found.hits) {
            candidates.entry(hit.key).or_default().0 = Some(LegScore { rank: None, score: hit.score });
        }
        for hit in vector.into_iter().flat_map(|found| found.hits) {
            candidates.entry(hit.key).or_default().1 = Some(LegScore { rank: None, score: hit.score });
        }
        Ok(())
    }

    async fn leg(&self, view: &View, request: Option<&SearchRequest>) -> Result<Option<SearchResponse>> {
        OptionFuture::from(request.map(|request| self.search_at(view, request))).await.transpose()
    }

    /// Reads the records of these hits, each with its place. One that was deleted since its leg ran is left out.
    async fn read(&self, view: &View, page: Vec<(usize, Fused)>, returns: Returns) -> Result<Vec<HybridHit>> {
        let keys: Vec<RecordKey> = page.iter().map(|(_, fused)| fused.key.clone()).collect();
        let stored = match returns {
            Returns::Keys => vec![None; keys.len()],
            _ if keys.is_empty() => Vec::new(),
            _ => self.name("hybrid", self.collection.get(view.now, &keys).await)?,
        };
        let hits = page.into_iter().zip(stored).map(|((place, fused), stored)| {
            let Fused { key, score, text, vector } = fused;
            let rank = place as u64 + 1;
            match (returns, stored) {
                (Returns::Keys, _) => Some(HybridHit { key, score, rank, text, vector, record: None, version: None }),
                (_, None) => None,
                (_, Some(mut stored)) => {
                    if returns == Returns::Records {
                        stored.record.embedding = None;
                    }
                    let (record, version) = (Some(stored.record), stored.version);
                    Some(HybridHit { key, score, rank, text, vector, record, version })
                }
            }
        });
        Ok(hits.flatten().collect())
    }

    /// The hits that MMR picks from: the fused list cut to `depth`, whole records.
    pub(super) async fn hybrid_candidates(&self, request: &HybridRequest, depth: usize) -> Result<HybridResponse> {
        let view = self.view();
        let (mut fused, mut response) = self.fused(&view, request).await?;
        fused.truncate(depth);
        response.hits = self.read(&view, fused.into_iter().enumerate().collect(), Returns::Embeddings).await?;
        Ok(response)
    }

    fn check_hybrid(&self, request: &HybridRequest) -> Result<()> {
        request.filter.check()?;
        if let Some(embedding) = &request.embedding {
            check::embedding(self.spec(), embedding, || "the query".to_owned())?;
        }
        check::fraction("weight", request.weight)?;
        check::threshold("min_fused", request.min_fused)?;
        check::depth(self.capabilities().limits.k / 10, request.skip, request.k)
            .map_err(|error| Error::new(error.kind(), format!("{} in a hybrid search", error.message())))
    }

    /// The request of the text leg, or why it does not run.
    fn text_leg(&self, request: &HybridRequest, depth: usize) -> Result<SearchRequest, Leg> {
        if request.weight == 0.0 {
            return Err(Leg::NotAsked);
        }
        let query = Query::text(self.spec().analyser(), request.text.as_deref().unwrap_or_default(), request.matching);
        match &query {
            Query::Text { words, .. } if words.is_empty() => Err(Leg::NoWords),
            _ => Ok(leg_request(query, request, depth)),
        }
    }
}

/// The request of the vector leg, or why it does not run.
fn vector_leg(request: &HybridRequest, depth: usize) -> Result<SearchRequest, Leg> {
    if request.weight == 1.0 {
        return Err(Leg::NotAsked);
    }
    let Some(embedding) = request.embedding.clone() else { return Err(Leg::NoEmbedding) };
    Ok(leg_request(Query::Vector { embedding, exactness: request.exactness }, request, depth))
}

fn leg_request(query: Query, request: &HybridRequest, depth: usize) -> SearchRequest {
    SearchRequest::new(query).with_filter(request.filter.clone()).with_k(depth).with_returns(Returns::Keys)
}

fn exact(mut request: SearchRequest) -> SearchRequest {
    if let Query::Vector { exactness, .. } = &mut request.query {
        *exactness = Exactness::Exact;
    }
    request
}

/// How deep each leg goes, and how many hits MMR picks from (HY-1, HY-4).
pub(super) fn depth(skip: usize, k: usize) -> usize {
    skip.saturating_add(k).saturating_mul(10).max(100)
}

fn state(request: &Result<SearchRequest, Leg>, found: &Option<SearchResponse>) -> Leg {
    match (request, found) {
        (Err(leg), _) => *leg,
        (Ok(_), Some(found)) if !found.hits.is_empty() => Leg::Ran,
        (Ok(_), _) => Leg::FoundNothing,
    }
}

fn best(found: &Option<SearchResponse>) -> f64 {
    found.as_ref().and_then(|found| found.hits.first()).map_or(0.0, |hit| hit.score.value())
}

fn value(leg: Option<LegScore>) -> Option<f64> {
    leg.map(|leg| leg.score.value())
}
