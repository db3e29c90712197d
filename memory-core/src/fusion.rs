//! How the scores or ranks of a text and a vector search become one (HY-1).

use crate::score::FusedScore;

/// The 60 of weighted reciprocal rank (HY-1).
pub const RANK_OFFSET: u64 = 60;

/// w · (t / T) + (1 - w) · (max(0, s) / S), where T and S are the best scores of the first round.
///
/// `weight` is that of the text leg, from 0 to 1. A leg that does not match the record (`None`), or whose best is not above 0,
/// adds 0; the weight is not rescaled.
pub fn fuse_scores(
    weight: f64,
    text: Option<f64>,
    best_text: f64,
    vector: Option<f64>,
    best_vector: f64,
) -> FusedScore {
    FusedScore::new(weight * share(text, best_text) + (1.0 - weight) * share(vector, best_vector))
}

/// max(0, score) / best, and 0 where there is no score or the best is not above 0.
pub(crate) fn share(score: Option<f64>, best: f64) -> f64 {
    match score {
        Some(score) if score > 0.0 && best > 0.0 => score / best,
        _ => 0.0,
    }
}

/// Weighted reciprocal rank: w / (60 + text rank) + (1 - w) / (60 + vector rank), ranks from 1, an absent leg adding 0.
///
/// `weight` is that of the text leg, from 0 to 1.
pub fn fuse_ranks(weight: f64, text_rank: Option<u64>, vector_rank: Option<u64>) -> FusedScore {
    let part = |weight: f64, rank: Option<u64>| rank.map_or(0.0, |rank| weight / (RANK_OFFSET + rank) as f64);
    FusedScore::new(part(weight, text_rank) + part(1.0 - weight, vector_rank))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers were computed by a second program, in Python.

    #[test]
    fn scores() {
        for (weight, text, best_text, vector, best_vector, expected) in [
            (0.5, Some(2.0), 3.0, Some(0.7), 0.9, 0.7222222222222221),
            (0.3, Some(1.1), 3.7, Some(0.2), 0.95, 0.2365576102418208),
            (0.3, None, 3.7, Some(0.2), 0.95, 0.1473684210526316),
            (0.3, Some(1.1), 0.0, Some(0.2), 0.95, 0.1473684210526316),
            (0.3, Some(1.1), 3.7, None, 0.95, 0.0891891891891892),
            (0.3, Some(1.1), 3.7, Some(-0.2), 0.95, 0.0891891891891892),
            (0.3, Some(1.1), 3.7, Some(-0.2), -0.1, 0.0891891891891892),
            (0.5, None, 0.0, Some(-0.0), 0.0, 0.0),
            (0.5, Some(-0.0), 1.0, Some(-0.0), 1.0, 0.0),
            (1.0, Some(3.0), 3.0, Some(1.0), 1.0, 1.0),
            (0.0, Some(3.0), 3.0, Some(0.5), 1.0, 0.5),
        ] {
            let fused = fuse_scores(weight, text, best_text, vector, best_vector).value();
            assert_eq!(fused.to_bits(), f64::to_bits(expected), "{fused} is not {expected}");
        }
    }

    #[test]
    fn ranks() {
        for (weight, text, vector, expected) in [
            (0.5, Some(1), Some(1), 0.01639344262295082),
            (0.5, Some(3), None, 0.007936507936507936),
            (0.3, Some(2), Some(7), 0.015286470871449204),
            (0.3, None, Some(7), 0.01044776119402985),
            (0.3, None, None, 0.0),
        ] {
            assert_eq!(fuse_ranks(weight, text, vector).value(), expected);
        }
    }
}
