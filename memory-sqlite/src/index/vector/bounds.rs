//! What the product of two codes says of a score: between which bounds it lies (the proof stands in decision 0017).
//!
//! The pre-scan compares closeness: the cosine, the inner product, or twice that less the square of the stored vector's length,
//! which orders as the distance does. Greater is nearer.

use memory_core::{Metric, similarity};

use super::codes::{Code, Coded, Fit, MIDDLE, SLACK, encode_query};
use super::kernel::Kernel;

/// How much a stored length's square may be above the true one, as a part of it.
const SQUARE_SLACK: f64 = 5e-7;

/// A query as the pre-scan needs it.
#[derive(Debug)]
pub(super) struct Bounds {
    metric: Metric,
    pub(super) code: Code,
    /// By the upper halves of the stored codes and the upper part of the query's.
    coarse: Weights,
    /// By the whole codes.
    fine: Weights,
    /// The weight of the square of the stored length in the closeness.
    square: f64,
    by_square: f64,
    /// |q|².
    query_square: f64,
}

/// What the interval of one kind of product depends on.
#[derive(Debug)]
struct Weights {
    /// The factor of scale · product.
    factor: f64,
    /// The weights in the radius of a code's error, and of the length.
    by_error: f64,
    by_length: f64,
}

impl Bounds {
    pub(super) fn new(metric: Metric, query: &[f32]) -> Self {
        let query_square = query.iter().fold(0.0, |sum, x| sum + f64::from(*x) * f64::from(*x));
        let unit = if metric == Metric::Cosine && query_square > 0.0 { 1.0 / query_square.sqrt() } else { 1.0 };
        let vector: Vec<f64> = query.iter().map(|x| f64::from(*x) * unit).collect();
        let Coded { code, scale, error, coarse } = encode_query(&vector);
        let length = query_square.sqrt() * unit * (1.0 + SLACK);
        let doubled = if metric == Metric::Euclidean { 2.0 } else { 1.0 };
        let weights = |scale: f64, error: f64| {
            let slack = 2.0 * SLACK * (length + error);
            let (by_error, by_length) = (doubled * (length + error + slack), doubled * (error + slack));
            Weights { factor: doubled * scale, by_error, by_length }
        };
        Self {
            metric,
            coarse: weights(128.0 * scale, coarse),
            fine: weights(scale, error),
            code,
            square: doubled - 1.0,
            by_square: (doubled - 1.0) * SQUARE_SLACK,
            query_square,
        }
    }

    /// The bounds of the closeness of a stored vector: of that which the core's arithmetic gives, its rounding included.
    pub(super) fn closeness(&self, fit: Fit, product: i32) -> (f64, f64) {
        self.within_radius(&self.fine, fit, fit.error, f64::from(product))
    }

    /// The upper bound, by the product of the upper half of the stored code with the upper part of the query's.
    #[inline(always)]
    pub(super) fn upper(&self, fit: Fit, product: i32) -> f64 {
        let product = 16.0 * f64::from(product) - MIDDLE * f64::from(self.code.high_sum);
        self.within_radius(&self.coarse, fit, fit.coarse, product).1
    }

    #[inline(always)]
    fn within_radius(&self, weights: &Weights, fit: Fit, error: f32, product: f64) -> (f64, f64) {
        let (scale, error, length) = (f64::from(fit.scale), f64::from(error), f64::from(fit.length));
        let square = length * length;
        let middle = weights.factor * (scale * product) - self.square * square;
        let radius = weights.by_error * error + weights.by_length * length + self.by_square * square;
        (middle - radius, middle + radius)
    }

    /// The least upper bound that a vector must have to be as good as one whose closeness is at least `lower`.
    pub(super) fn cut(&self, lower: f64) -> f64 {
        match self.metric {
            Metric::Cosine | Metric::Dot => lower,
            Metric::Euclidean => self.within((self.query_square * (1.0 + SLACK) - lower).max(0.0).sqrt()),
        }
    }

    /// The least upper bound that a vector must have to reach this score.
    pub(super) fn cut_of_score(&self, score: f64) -> f64 {
        match self.metric {
            Metric::Cosine | Metric::Dot => score,
            Metric::Euclidean if score > 0.0 => self.within(((1.0 + SLACK) / score - 1.0).max(0.0)),
            Metric::Euclidean => f64::NEG_INFINITY,
        }
    }

    /// The least upper bound of what lies within this distance, or further but with the same score after rounding.
    fn within(&self, distance: f64) -> f64 {
        let distance = distance * (1.0 + 3.0 * SLACK) + 3.0 * SLACK;
        self.query_square * (1.0 - SLACK) - distance * distance * (1.0 + SLACK)
    }
}

/// A query as the second step needs it, which looks at the vectors themselves.
#[derive(Debug)]
pub(super) struct Exact<'a> {
    metric: Metric,
    query: &'a [f32],
    query_square: f64,
    kernel: Kernel,
}

impl<'a> Exact<'a> {
    pub(super) fn new(metric: Metric, query: &'a [f32], kernel: Kernel) -> Self {
        Self { metric, query, query_square: kernel.product_and_square(query, query).1, kernel }
    }

    /// The bounds of the score that the core's arithmetic gives, which sums in another order.
    pub(super) fn score(&self, stored: &[f32]) -> (f64, f64) {
        let (product, square) = self.kernel.product_and_square(self.query, stored);
        let lengths = (self.query_square * square).sqrt();
        match self.metric {
            Metric::Cosine if lengths > 0.0 => {
                let cosine = product / lengths;
                (cosine - SLACK, cosine + SLACK)
            }
            Metric::Dot => (product - SLACK * lengths, product + SLACK * lengths),
            // Differences would cancel in this form, so the distance is left to the core.
            Metric::Cosine | Metric::Euclidean => {
                let score = similarity(self.metric, self.query, stored);
                (score, score)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::codes::{Codes, chunks, encode};
    use super::*;

    /// The bounds by the whole codes, and the upper one by the upper halves.
    fn bounds(metric: Metric, query: &[f32], stored: &[f32]) -> (f64, f64, f64) {
        let bounds = Bounds::new(metric, query);
        let mut codes = Codes::default();
        codes.resize(chunks(stored.len()));
        let length = stored.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt();
        let factor = if metric == Metric::Cosine { 1.0 / length } else { 1.0 };
        let fit = encode(stored, factor, &mut codes, 0);
        let kernel = Kernel::best();
        let mut half = [0];
        kernel.products(&codes.upper, &bounds.code.high, &[0], &mut half);
        let mut whole = [0];
        kernel.whole(&codes, &bounds.code, &[0], &mut whole);
        let (low, high) = bounds.closeness(fit, whole[0]);
        (low, high, bounds.upper(fit, half[0]))
    }

    #[test]
    fn bounds_hold_the_closeness_and_are_narrow() {
        let (q, x) = ([0.6, 0.8, 0.0], [3.0, 4.0, 12.0]);
        // 5 / 13; the code's steps are 12 / 13 / 127 wide.
        let (low, high, upper) = bounds(Metric::Cosine, &q, &x);
        assert!(low <= 5.0 / 13.0 && 5.0 / 13.0 <= high && high - low < 0.02, "{low} {high}");
        assert!((5.0 / 13.0..0.6).contains(&upper), "{upper}");
        let (low, high, upper) = bounds(Metric::Dot, &q, &x);
        assert!(low <= 5.0 && 5.0 <= high && high - low < 0.25, "{low} {high}");
        assert!((5.0..8.0).contains(&upper), "{upper}");
        // 2 · 5 - 169
        let (low, high, upper) = bounds(Metric::Euclidean, &q, &x);
        assert!(low <= -159.0 && -159.0 <= high && high - low < 0.5, "{low} {high}");
        assert!((-159.0..-153.0).contains(&upper), "{upper}");
    }

    #[test]
    fn a_cut_keeps_what_is_as_good() {
        for metric in Metric::ALL {
            let bounds = Bounds::new(metric, &[1.0, 0.0]);
            assert!(bounds.cut(0.5) <= 0.5);
            assert!(bounds.cut(0.5) > 0.5 - 1e-9, "{metric}");
        }
        let bounds = Bounds::new(Metric::Euclidean, &[1.0, 0.0]);
        // A score of 0.5 is a distance of 1: 1 - 1 = 0.
        assert!((-1e-9..=0.0).contains(&bounds.cut_of_score(0.5)));
        assert_eq!(bounds.cut_of_score(0.0), f64::NEG_INFINITY);
        assert!((1.0 - 1e-9..=1.0).contains(&bounds.cut_of_score(2.0)));
    }
}
