//! Similarity of vectors and what scores are (VE-1, HY-2).

use std::cmp::Ordering;
use std::fmt;
use std::str::FromStr;

use crate::error::Error;

/// How two vectors are compared. Under each one a higher score is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Metric {
    /// The cosine of the angle, from -1 to 1.
    Cosine,
    /// The inner product, any number.
    Dot,
    /// 1 / (1 + distance), above 0 and at most 1.
    Euclidean,
}

impl Metric {
    /// Every metric.
    pub const ALL: [Self; 3] = [Self::Cosine, Self::Dot, Self::Euclidean];

    /// The name in lower case, as it stands in a stored spec.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Cosine => "cosine",
            Self::Dot => "dot",
            Self::Euclidean => "euclidean",
        }
    }
}

impl fmt::Display for Metric {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.as_str())
    }
}

impl FromStr for Metric {
    type Err = Error;

    /// Reads a name as [`Metric::as_str`] gives it.
    ///
    /// # Errors
    /// `InvalidArgument` for any other text.
    fn from_str(text: &str) -> Result<Self, Error> {
        Self::ALL
            .into_iter()
            .find(|metric| metric.as_str() == text)
            .ok_or_else(|| Error::invalid("unknown metric; the known ones are cosine, dot, euclidean"))
    }
}

/// The score of a stored vector for a query vector: f64 arithmetic over the f32 components, summed in order from +0.0 (VE-1).
///
/// Both vectors have the same dimension and lengths as RE-6 allows. Where one is the zero vector, which RE-6 refuses under
/// cosine, the cosine is 0.
pub fn similarity(metric: Metric, query: &[f32], stored: &[f32]) -> f64 {
    match metric {
        Metric::Cosine => cosine(dot(query, stored), dot(query, query), dot(stored, stored)),
        Metric::Dot => dot(query, stored),
        Metric::Euclidean => 1.0 / (1.0 + squared_distance(query, stored).sqrt()),
    }
}

/// Σqx.
pub(crate) fn dot(query: &[f32], stored: &[f32]) -> f64 {
    let mut sum = 0.0;
    for (q, x) in query.iter().zip(stored) {
        sum += f64::from(*q) * f64::from(*x);
    }
    sum
}

/// Σqx / √(Σq² · Σx²), cut to [-1, 1]; 0 if one of the squares is 0.
pub(crate) fn cosine(product: f64, query_square: f64, stored_square: f64) -> f64 {
    let square = query_square * stored_square;
    if square > 0.0 { (product / square.sqrt()).clamp(-1.0, 1.0) } else { 0.0 }
}

/// Σ(q - x)².
fn squared_distance(query: &[f32], stored: &[f32]) -> f64 {
    let mut sum = 0.0;
    for (q, x) in query.iter().zip(stored) {
        let difference = f64::from(*q) - f64::from(*x);
        sum += difference * difference;
    }
    sum
}

/// The ε of VE-2, max(1e-5, 1.2e-7 · dimension): how far the score of a server that computes in f32 may be from the true one.
///
/// Under cosine it bounds the score; under euclidean, times the distance, the distance; under dot, times the query's length and
/// the greatest length in the scope, the score.
pub fn candidate_epsilon(dimension: usize) -> f64 {
    // A dimension is far below 2^53, so that the conversion is exact.
    f64::max(1e-5, 1.2e-7 * dimension as f64)
}

macro_rules! score_type {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        ///
        /// Finite. Ordered as a number: -0.0 equals 0.0.
        #[derive(Clone, Copy, Debug)]
        pub struct $name(f64);

        impl $name {
            /// Wraps a number that the arithmetic of this crate gave. A number that is not finite is a defect of the caller; it
            /// still has a place in the order.
            pub fn new(value: f64) -> Self {
                Self(value)
            }

            /// The number.
            pub fn value(self) -> f64 {
                self.0
            }
        }

        impl Ord for $name {
            fn cmp(&self, other: &Self) -> Ordering {
                // Adding +0.0 makes -0.0 a +0.0 and changes nothing else.
                (self.0 + 0.0).total_cmp(&(other.0 + 0.0))
            }
        }

        impl PartialOrd for $name {
            fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
                Some(self.cmp(other))
            }
        }

        impl PartialEq for $name {
            fn eq(&self, other: &Self) -> bool {
                self.cmp(other).is_eq()
            }
        }

        impl Eq for $name {}

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

score_type! {
    /// The score of a hit of a vector or text search; higher is better (VE-1, TX-4).
    Score
}

score_type! {
    /// The score of a hit of a hybrid search; higher is better. A type of its own, since no score of one leg compares with it (HY-2).
    FusedScore
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers were computed by a second program, in Python.

    fn check(metric: Metric, q: &[f32], x: &[f32], expected: f64) {
        assert_eq!(similarity(metric, q, x).to_bits(), expected.to_bits(), "{metric}");
        assert_eq!(similarity(metric, x, q).to_bits(), expected.to_bits(), "{metric}, the other way round");
    }

    #[test]
    fn literals() {
        let (q, x) = ([0.1, 0.2, -0.7], [3.5, -1.25, 0.3]);
        check(Metric::Cosine, &q, &x, -0.04014665559170876);
        check(Metric::Dot, &q, &x, -0.11000000327825532);
        check(Metric::Euclidean, &q, &x, 0.20707516192667155);
        let (q, x) = ([1.0, 2.0, 3.0], [4.0, 5.0, 6.0]);
        check(Metric::Cosine, &q, &x, 0.9746318461970762);
        check(Metric::Dot, &q, &x, 32.0);
        check(Metric::Euclidean, &q, &x, 0.16139047779640892);
    }

    #[test]
    fn sums_are_in_f64_and_start_at_plus_zero() {
        check(Metric::Dot, &[1e8, 1.0, -1e8], &[1.0, 1.0, 1.0], 1.0);
        check(Metric::Dot, &[0.0], &[-1.0], 0.0);
    }

    #[test]
    fn a_vector_scores_exactly_one_against_itself() {
        for v in [&[0.1, 0.2, -0.7][..], &[1e-15, 1e-15], &[1e15, -3e14], &[f32::MIN_POSITIVE, 1.0]] {
            check(Metric::Cosine, v, v, 1.0);
            check(Metric::Euclidean, v, v, 1.0);
        }
        check(Metric::Cosine, &[0.1, 0.1, 0.1], &[-0.1, -0.1, -0.1], -1.0);
    }

    #[test]
    fn the_shortest_and_the_longest_vectors_work() {
        check(Metric::Cosine, &[1e-15, 0.0], &[1e-15, 3e-15], 0.31622777606141333);
        let (q, x) = ([1e15, 0.0], [-1e15, 3e15]);
        check(Metric::Cosine, &q, &x, -0.3162277596503321);
        check(Metric::Dot, &q, &x, -9.999999739822082e29);
        check(Metric::Euclidean, &q, &x, 2.7735009742540614e-16);
        check(Metric::Cosine, &[0.0, 0.0], &[1.0, 0.0], 0.0);
        check(Metric::Euclidean, &[0.0, 0.0], &[0.0, 1.0], 0.5);
    }

    #[test]
    fn a_cosine_is_cut() {
        assert_eq!((cosine(1.5, 1.0, 1.0), cosine(-1.5, 1.0, 1.0)), (1.0, -1.0));
    }

    #[test]
    fn epsilon() {
        assert_eq!((candidate_epsilon(1), candidate_epsilon(83)), (1e-5, 1e-5));
        assert_eq!((candidate_epsilon(84), candidate_epsilon(1536)), (1.0079999999999998e-5, 0.00018431999999999997));
    }

    #[test]
    fn scores_order_as_numbers() {
        assert_eq!(Score::new(-0.0), Score::new(0.0));
        assert!(Score::new(-0.0).value().is_sign_negative());
        assert!(Score::new(-1.0) < Score::new(-0.5) && Score::new(-1e-300) < Score::new(-0.0));
        assert!(FusedScore::new(0.2) > FusedScore::new(0.1) && FusedScore::new(0.0) < FusedScore::new(5e-324));
    }

    #[test]
    fn metric_names_go_there_and_back() {
        for (metric, name) in [(Metric::Cosine, "cosine"), (Metric::Dot, "dot"), (Metric::Euclidean, "euclidean")] {
            assert_eq!(metric.to_string(), name);
            assert_eq!(name.parse::<Metric>().unwrap(), metric);
        }
        assert!("Cosine".parse::<Metric>().is_err());
    }
}
