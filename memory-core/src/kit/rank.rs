//! Exact ranking of candidates, wherever they come from.
//!
//! A search over candidates that are at hand is: a [`Gate`] says which count, [`vector_score`] or
//! [`TextRanking`](crate::kit::text::TextRanking) scores them, [`Top`] keeps the best.

use std::cmp::Ordering;
use std::collections::{BinaryHeap, HashSet};

use crate::filter::Filter;
use crate::names::RecordKey;
use crate::record::Record;
use crate::request::{Hit, SearchRequest, Stored, View};
use crate::score::{Metric, Score, similarity};

/// Which records a search may find, whatever the store has decided before: those that the view sees, that pass the filter,
/// and that [`SearchRequest::only`] names if it names any.
#[derive(Debug)]
pub struct Gate<'a> {
    view: &'a View,
    filter: &'a Filter,
    only: Option<HashSet<&'a RecordKey>>,
}

impl<'a> Gate<'a> {
    /// The gate of one search.
    pub fn new(view: &'a View, request: &'a SearchRequest) -> Self {
        let only = request.only.as_ref().map(|keys| keys.iter().collect());
        Self { view, filter: &request.filter, only }
    }

    /// Whether this record may be found.
    pub fn admits(&self, record: &Record) -> bool {
        self.only.as_ref().is_none_or(|only| only.contains(&record.key))
            && self.view.sees(record)
            && self.filter.matches(record)
    }
}

/// The score of a record for a query vector (VE-1); `None` for a record without an embedding, which no vector search finds
/// (RE-5).
pub fn vector_score(metric: Metric, query: &[f32], record: &Record) -> Option<Score> {
    let embedding = record.embedding.as_ref()?;
    Some(Score::new(similarity(metric, query, embedding.as_slice())))
}

/// The best skip + k of the candidates offered: score descending, equal scores by key (VE-2). Those below
/// [`SearchRequest::min_score`] are turned away. It holds no more than skip + k of them at a time.
#[derive(Debug)]
pub struct Top<T> {
    keep: usize,
    skip: usize,
    min_score: Option<Score>,
    /// The worst of those kept is on top.
    heap: BinaryHeap<Entry<T>>,
}

#[derive(Debug)]
struct Entry<T> {
    score: Score,
    key: RecordKey,
    item: T,
}

/// A candidate that was among the best.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Ranked<T> {
    /// What it is ordered by.
    pub score: Score,
    /// Its place from 1, counted before skip (VE-8).
    pub rank: u64,
    /// Which record.
    pub key: RecordKey,
    /// What came with it.
    pub item: T,
}

impl<T> Top<T> {
    /// Room for the skip + k best; none if k is 0 (VE-6).
    pub fn new(request: &SearchRequest) -> Self {
        let keep = if request.k == 0 { 0 } else { request.skip.saturating_add(request.k) };
        Self { keep, skip: request.skip, min_score: request.min_score.map(Score::new), heap: BinaryHeap::new() }
    }

    /// Offers a candidate; each record at most once.
    pub fn offer(&mut self, score: Score, key: RecordKey, item: T) {
        if !self.may_enter(score) {
            return;
        }
        self.heap.push(Entry { score, key, item });
        if self.heap.len() > self.keep {
            self.heap.pop();
        }
    }

    /// Whether a candidate of this score could still be kept: if not, it need not be read. A tie with the last one kept can,
    /// by its key.
    pub fn may_enter(&self, score: Score) -> bool {
        self.keep > 0 && self.threshold().is_none_or(|least| score >= least)
    }

    /// The least score that could still be kept, if there is such a bound yet.
    pub fn threshold(&self) -> Option<Score> {
        let last = if self.is_full() { self.heap.peek().map(|worst| worst.score) } else { None };
        last.max(self.min_score)
    }

    /// Whether skip + k candidates are held.
    pub fn is_full(&self) -> bool {
        self.heap.len() >= self.keep
    }

    /// The best, best first, without the first `skip`.
    pub fn into_ranked(self) -> Vec<Ranked<T>> {
        let best_first = self.heap.into_sorted_vec();
        let ranked = (1..).zip(best_first).map(|(rank, Entry { score, key, item })| Ranked { score, rank, key, item });
        ranked.skip(self.skip).collect()
    }
}

impl Top<Stored> {
    /// The best as hits, cut to what the request wants of each record.
    pub fn into_hits(self, request: &SearchRequest) -> Vec<Hit> {
        let ranked = self.into_ranked().into_iter();
        ranked.map(|r| Hit::new(r.item, r.score, r.rank, request.returns)).collect()
    }
}

impl Top<()> {
    /// The best as hits of which only keys were asked ([`Returns::Keys`](crate::request::Returns)).
    pub fn into_keys(self) -> Vec<Hit> {
        self.into_ranked().into_iter().map(|r| Hit::of_key(r.key, r.score, r.rank)).collect()
    }
}

/// Greater is worse: a lower score, or an equal one and a later key.
impl<T> Ord for Entry<T> {
    fn cmp(&self, other: &Self) -> Ordering {
        other.score.cmp(&self.score).then_with(|| self.key.cmp(&other.key))
    }
}

impl<T> PartialOrd for Entry<T> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl<T> PartialEq for Entry<T> {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other).is_eq()
    }
}

impl<T> Eq for Entry<T> {}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::embedding::Embedding;
    use crate::kit::fixture::{key, stored};
    use crate::names::Namespace;
    use crate::request::{Query, Returns};
    use crate::scope::Scope;
    use crate::time::Timestamp;

    fn request() -> SearchRequest {
        SearchRequest::new(Query::vector(Embedding::new(vec![1.0]).unwrap()))
    }

    fn ranks(request: &SearchRequest, offers: &[(f64, &str)]) -> Vec<(String, u64)> {
        let mut top = Top::new(request);
        offers.iter().for_each(|(score, id)| top.offer(Score::new(*score), key("a/", id), ()));
        top.into_ranked().into_iter().map(|r| (r.key.id.as_str().to_owned(), r.rank)).collect()
    }

    fn named(expected: &[(&str, u64)]) -> Vec<(String, u64)> {
        expected.iter().map(|(id, rank)| ((*id).to_owned(), *rank)).collect()
    }

    #[test]
    fn ties_are_broken_by_key_also_at_the_cut() {
        let offers = [(0.5, "d"), (0.5, "b"), (0.9, "z"), (0.5, "a"), (0.1, "q"), (0.5, "c")];
        assert_eq!(ranks(&request().with_k(3), &offers), named(&[("z", 1), ("a", 2), ("b", 3)]));
        assert_eq!(ranks(&request().with_k(1).with_skip(2), &offers), named(&[("b", 3)]));
        assert_eq!(ranks(&request().with_k(9).with_skip(4), &offers), named(&[("d", 5), ("q", 6)]));
        assert_eq!(ranks(&request().with_k(0).with_skip(4), &offers), named(&[]));
    }

    #[test]
    fn negative_zero_is_zero() {
        assert_eq!(ranks(&request(), &[(0.0, "b"), (-0.0, "a")]), named(&[("a", 1), ("b", 2)]));
        assert_eq!(ranks(&request().with_min_score(0.0), &[(-0.0, "a"), (-0.1, "b")]), named(&[("a", 1)]));
    }

    #[test]
    fn min_score_is_inclusive_and_bounds_what_may_enter() {
        let offers = [(0.5, "a"), (0.49, "b"), (0.7, "c")];
        assert_eq!(ranks(&request().with_min_score(0.5), &offers), named(&[("c", 1), ("a", 2)]));
        let mut top = Top::new(&request().with_k(2).with_min_score(0.2));
        assert_eq!(top.threshold(), Some(Score::new(0.2)));
        top.offer(Score::new(0.5), key("a/", "a"), ());
        assert!(!top.is_full());
        top.offer(Score::new(0.6), key("a/", "b"), ());
        assert!(top.is_full());
        assert_eq!(top.threshold(), Some(Score::new(0.5)));
        assert!(top.may_enter(Score::new(0.5)), "its key may be less");
        assert!(!top.may_enter(Score::new(0.4)));
    }

    #[test]
    fn hits_hold_what_was_asked() {
        let request = request().with_returns(Returns::Embeddings).with_k(1);
        let mut keys = Top::new(&request);
        keys.offer(Score::new(2.0), key("a/", "a"), ());
        let keys = keys.into_keys();
        assert_eq!((keys.len(), keys[0].rank, &keys[0].key, &keys[0].record), (1, 1, &key("a/", "a"), &None));
        let mut top = Top::new(&request);
        let one = stored("a", "fact", &[2.0]);
        top.offer(Score::new(2.0), one.record.key.clone(), one.clone());
        let hits = top.into_hits(&request);
        assert_eq!(hits.len(), 1);
        assert_eq!((hits[0].rank, hits[0].record.as_ref()), (1, Some(&one.record)));
    }

    #[test]
    fn the_gate_checks_scope_expiry_filter_and_only() {
        let mut record = stored("a", "fact", &[]).record;
        let view = |ns: &str, now| {
            View::new(Scope::exact(Namespace::from_key(ns).unwrap()), Timestamp::from_micros(now).unwrap())
        };
        let admits = |view: &View, request: &SearchRequest, record: &Record| Gate::new(view, request).admits(record);
        assert!(admits(&view("a/", 0), &request(), &record));
        assert!(!admits(&view("b/", 0), &request(), &record));
        assert!(!admits(&view("a/", 0), &request().with_filter(Filter::kind().eq("else")), &record));
        assert!(!admits(&view("a/", 0), &request().with_only(vec![key("a/", "b")]), &record));
        assert!(!admits(&view("a/", 0), &request().with_only(Vec::new()), &record));
        assert!(admits(&view("a/", 0), &request().with_only(vec![key("a/", "a")]), &record));
        record.expires_at = Some(Timestamp::from_micros(5).unwrap());
        assert!(admits(&view("a/", 4), &request(), &record));
        assert!(!admits(&view("a/", 5), &request(), &record));
    }

    #[test]
    fn a_record_without_an_embedding_has_no_score() {
        assert_eq!(vector_score(Metric::Dot, &[2.0], &stored("a", "", &[]).record), None);
        assert_eq!(vector_score(Metric::Dot, &[2.0], &stored("a", "", &[3.0]).record), Some(Score::new(6.0)));
    }
}
