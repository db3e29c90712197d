//! Maximal marginal relevance: hits that are good and differ from one another (HY-4).

use std::fmt;

use crate::fusion::share;
use crate::score::{cosine, dot};

/// One of the hits to pick from.
#[derive(Clone, Copy)]
pub struct Candidate<'a> {
    /// Its plain score, of a leg or fused.
    pub score: f64,
    /// Its stored embedding, where it has one. All have the same dimension.
    pub embedding: Option<&'a [f32]>,
}

impl fmt::Debug for Candidate<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // An embedding is never shown (ER-2), only its dimension.
        let dimension = self.embedding.map(<[f32]>::len);
        f.debug_struct("Candidate").field("score", &self.score).field("dimension", &dimension).finish()
    }
}

/// Picks up to `k` of the candidates, which stand in plain order, best first, and answers their places in that order as picked.
///
/// First the plain first; then, again and again, the one with the largest λ · r - (1 - λ) · max sim over those already picked,
/// equals by plain order. r is max(0, score) / best score, 0 if the best is not above 0; sim is max(0, cosine), whatever the
/// metric, 0 if one has no embedding or the zero vector. `lambda` is from 0 to 1; 1 is the plain order (HY-4).
pub fn select(candidates: &[Candidate<'_>], lambda: f64, k: usize) -> Vec<usize> {
    let Some(best) = candidates.first().map(|first| first.score) else { return Vec::new() };
    let mut open: Vec<Open<'_>> = candidates.iter().enumerate().map(|(place, c)| Open::new(place, c, best)).collect();
    let mut picked = Vec::with_capacity(k.min(open.len()));
    // The plain first one wins the first round: nothing is picked, so that every similarity is 0, and its r is the largest.
    let mut next = 0;
    while picked.len() < k && !open.is_empty() {
        // The order of the others stays the plain one.
        let chosen = open.remove(next);
        picked.push(chosen.place);
        next = 0;
        let mut largest = f64::NEG_INFINITY;
        for (at, candidate) in open.iter_mut().enumerate() {
            candidate.nearest = candidate.nearest.max(candidate.cosine(&chosen));
            let value = lambda * candidate.relevance - (1.0 - lambda) * candidate.nearest;
            if value > largest {
                (next, largest) = (at, value);
            }
        }
    }
    picked
}

/// A candidate that is not picked yet.
struct Open<'a> {
    place: usize,
    relevance: f64,
    embedding: &'a [f32],
    square: f64,
    /// The greatest cosine with one that is picked; it starts at 0, which cuts the negative ones.
    nearest: f64,
}

impl<'a> Open<'a> {
    fn new(place: usize, candidate: &Candidate<'a>, best: f64) -> Self {
        let embedding = candidate.embedding.unwrap_or(&[]);
        Self {
            place,
            relevance: share(Some(candidate.score), best),
            embedding,
            square: dot(embedding, embedding),
            nearest: 0.0,
        }
    }

    fn cosine(&self, other: &Open<'_>) -> f64 {
        cosine(dot(self.embedding, other.embedding), self.square, other.square)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn candidate(score: f64, embedding: Option<&[f32]>) -> Candidate<'_> {
        Candidate { score, embedding }
    }

    fn seven() -> [Candidate<'static>; 7] {
        [
            candidate(0.9, Some(&[1.0, 0.0])),
            candidate(0.89, Some(&[1.0, 0.01])),
            candidate(0.8, Some(&[0.0, 1.0])),
            candidate(0.7, None),
            candidate(0.6, Some(&[-1.0, 0.0])),
            candidate(0.5, Some(&[0.0, 0.0])),
            candidate(-0.2, Some(&[-1.0, -1.0])),
        ]
    }

    // The expected orders were computed by a second program, in Python, which tries every candidate against every picked one.

    #[test]
    fn the_more_lambda_the_plainer() {
        for (lambda, expected) in [
            (1.0, [0, 1, 2, 3, 4, 5, 6]),
            (0.7, [0, 2, 3, 4, 1, 5, 6]),
            (0.5, [0, 2, 3, 4, 5, 1, 6]),
            (0.3, [0, 2, 3, 4, 5, 1, 6]),
            (0.0, [0, 2, 3, 4, 5, 6, 1]),
        ] {
            assert_eq!(select(&seven(), lambda, 7), expected, "{lambda}");
        }
    }

    #[test]
    fn debug_shows_no_embedding() {
        let text = format!("{:?}", candidate(0.5, Some(&[0.25, 7.0])));
        assert_eq!(text, "Candidate { score: 0.5, dimension: Some(2) }");
    }

    #[test]
    fn k_cuts() {
        assert_eq!(select(&seven(), 0.7, 3), [0, 2, 3]);
        assert_eq!(select(&seven(), 0.7, 1), [0]);
        assert!(select(&seven(), 0.7, 0).is_empty());
        assert_eq!(select(&seven(), 0.7, 100).len(), 7);
        assert!(select(&[], 0.5, 5).is_empty());
    }

    #[test]
    fn opposite_vectors_are_not_better_than_unrelated_ones() {
        let hits =
            [candidate(1.0, Some(&[1.0, 0.0])), candidate(0.5, Some(&[0.0, 1.0])), candidate(0.4, Some(&[-1.0, 0.0]))];
        assert_eq!(select(&hits, 0.1, 3), [0, 1, 2]);
    }

    #[test]
    fn without_a_score_above_zero_only_the_embeddings_count() {
        let hits = [
            candidate(-0.1, Some(&[1.0, 0.0])),
            candidate(-0.2, Some(&[1.0, 0.0])),
            candidate(-9.0, Some(&[0.0, 1.0])),
        ];
        assert_eq!(select(&hits, 0.9, 3), [0, 2, 1]);
        assert_eq!(select(&hits, 1.0, 3), [0, 1, 2]);
    }
}
