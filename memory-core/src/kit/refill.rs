//! Searches over a server whose scores or filters are not exact: candidates are fetched, re-checked and scored exactly, and
//! more are fetched until no other record can be among the best (VE-2, VE-4, TX-4).

use std::collections::HashSet;
use std::future::Future;

use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::kit::rank::Top;
use crate::request::{SearchRequest, SearchResponse, Stored};
use crate::score::{Metric, Score, candidate_epsilon};

/// How far a server's score may be from the exact one. A server's score is higher for a better record.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Margin {
    /// By at most this much. 0 for a server whose scores are the exact ones.
    Absolute(f64),
    /// By at most this share of the exact score, which is not negative.
    Relative(f64),
    /// The server's score is the negated distance, and the distance is off by at most this share of itself.
    Distance(f64),
}

impl Margin {
    /// The margin that VE-2 gives a server which computes in f32: what the server calls the score is the cosine, the inner
    /// product, or the negated euclidean distance. `greatest_length` is that of any embedding in the scope, or more; only dot
    /// asks for it.
    pub fn vector(metric: Metric, query: &Embedding, greatest_length: f64) -> Self {
        let epsilon = candidate_epsilon(query.dimension());
        match metric {
            Metric::Cosine => Self::Absolute(epsilon),
            Metric::Dot => Self::Absolute(epsilon * query.length() * greatest_length),
            Metric::Euclidean => Self::Distance(epsilon),
        }
    }

    /// The margin that TX-4 gives a server which computes BM25 in f64: 1e-9 of the score.
    pub fn text() -> Self {
        Self::Relative(1e-9)
    }

    /// The best exact score that a record may have whose score from the server is at most this.
    pub fn ceiling(self, server_score: f64) -> Score {
        Score::new(match self {
            Self::Absolute(error) => server_score + error,
            Self::Relative(share) => server_score / (1.0 - share),
            // In scores and not in distances: two distances that differ may round to the same score, which is a tie.
            Self::Distance(share) => 1.0 / (1.0 + (-server_score * (1.0 - share)).max(0.0)),
        })
    }
}

/// What a server answers when asked for its n best candidates.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Candidates<T> {
    /// The server's scores, descending, and what belongs to each.
    pub ranked: Vec<(f64, T)>,
    /// Whether there are, or may be, others behind them. A server that cannot tell is asked for one more, which is then left
    /// out here.
    pub more: bool,
}

/// How one search refills.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Refill<'a> {
    /// The search.
    pub request: &'a SearchRequest,
    /// How far the server's scores may be off.
    pub margin: Margin,
    /// Whether the answer must equal brute force, also in what makes the cut. If not, the first skip + k matches will do.
    pub exact: bool,
    /// How many candidates one call may read (RE-8).
    pub read_limit: Option<u64>,
}

impl Refill<'_> {
    /// Runs the search.
    ///
    /// `fetch(n)` answers the server's n best candidates, always from the first one on, and fewer only if there are no more.
    /// The server may have applied a weaker filter than the request's, never one that loses a match. `score` re-checks one of
    /// them and gives its exact score, or `None` if it is no match. A record that comes twice counts once.
    ///
    /// # Errors
    /// Those of `fetch` and `score`; `LimitExceeded` where an exact answer needs more than `read_limit` candidates (an
    /// approximate one is then answered as not complete); `Internal` if the server holds candidates back.
    pub async fn run<T, F, Fut>(
        &self,
        mut fetch: F,
        mut score: impl FnMut(T) -> Result<Option<(Score, Stored)>>,
    ) -> Result<SearchResponse>
    where
        F: FnMut(usize) -> Fut,
        Fut: Future<Output = Result<Candidates<T>>>,
    {
        if self.request.k == 0 {
            return Ok(SearchResponse::new(Vec::new()));
        }
        let limit = self.read_limit.map_or(usize::MAX, |limit| usize::try_from(limit).unwrap_or(usize::MAX));
        let wanted = self.request.skip.saturating_add(self.request.k);
        // A few more than wanted, since the cut is decided only by what lies below it.
        let mut n = wanted.saturating_add(wanted / 8).saturating_add(8).min(limit);
        loop {
            let candidates = fetch(n).await?;
            let (fetched, more) = (candidates.ranked.len(), candidates.more);
            if more && fetched < n {
                return Err(Error::internal("the store has more candidates than it answered"));
            }
            let last = candidates.ranked.last().map(|(server_score, _)| *server_score);
            let mut seen = HashSet::with_capacity(fetched);
            let mut top = Top::new(self.request);
            for (_, candidate) in candidates.ranked {
                if let Some((score, stored)) = score(candidate)?
                    && seen.insert(stored.record.key.clone())
                {
                    top.offer(score, stored.record.key.clone(), stored);
                }
            }
            let complete = !more || last.is_some_and(|last| self.is_decided(&top, last));
            if complete || (n >= limit && !self.exact) {
                let mut response = SearchResponse::new(top.into_hits(self.request));
                response.complete = complete;
                return Ok(response);
            }
            if n >= limit {
                let limit = self.read_limit.unwrap_or(u64::MAX);
                return Err(Error::limit("read_records", limit, limit.saturating_add(1)));
            }
            n = n.saturating_mul(2).min(limit);
        }
    }

    /// Whether no record whose score from the server is at most `last` can still change the answer.
    fn is_decided(&self, top: &Top<Stored>, last: f64) -> bool {
        (!self.exact && top.is_full()) || !top.may_enter(self.margin.ceiling(last))
    }
}

#[cfg(test)]
mod tests;
