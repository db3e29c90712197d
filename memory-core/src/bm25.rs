//! BM25 from whole numbers, with the same bits everywhere (TX-4).

/// k1 of TX-4: how soon further occurrences of a word stop to count.
pub const K1: f64 = 1.2;

/// b of TX-4: how much a long record is held against it.
pub const B: f64 = 0.75;

/// What the ranking knows of the live records of a scope, those without words included (TX-4).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub struct TextStatistics {
    /// N: how many there are.
    pub records: u64,
    /// How many words they have, with repeats, all together.
    pub total_length: u64,
}

/// What the ranking knows of one query word in one record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct WordMatch {
    /// tf: how often the record holds the word.
    pub tf: u64,
    /// n: how many live records of the scope hold the word.
    pub holding: u64,
}

/// ln(1 + (N - n + 0.5) / (n + 0.5)), with N the live records of the scope and n those that hold the word.
///
/// `ln` is that of crate libm, for the platform's own differs from one machine to the next.
pub fn idf(records: u64, holding: u64) -> f64 {
    let (records, holding) = (records as f64, holding as f64);
    libm::log(1.0 + (records - holding + 0.5) / (holding + 0.5))
}

/// k1 · (1 - b + b · length / mean length): how much a record of `length` words, with repeats, is held to.
pub fn norm(statistics: TextStatistics, length: u64) -> f64 {
    let mean_length = statistics.total_length as f64 / statistics.records as f64;
    K1 * (1.0 - B + B * length as f64 / mean_length)
}

/// idf · tf · (k1 + 1) / (tf + norm): what one word adds to the score of a record that holds it `tf` times.
pub fn weight(idf: f64, tf: u64, norm: f64) -> f64 {
    let tf = tf as f64;
    idf * tf * (K1 + 1.0) / (tf + norm)
}

/// The score of one record: the sum of the [weights](weight) of the query's words, which come in bytewise order.
///
/// `length` counts the record's words. A word that the record does not hold adds nothing, given with `tf` 0 or left out.
pub fn score(statistics: TextStatistics, length: u64, words: impl IntoIterator<Item = WordMatch>) -> f64 {
    let norm = norm(statistics, length);
    let held = words.into_iter().filter(|word| word.tf > 0);
    held.fold(0.0, |sum, word| sum + weight(idf(statistics.records, word.holding), word.tf, norm))
}

#[cfg(test)]
mod tests {
    use super::*;

    // The expected numbers were computed by a second program, in Python, with a port of the `log` that libm has.

    fn bm25(records: u64, total_length: u64, length: u64, words: &[(u64, u64)]) -> f64 {
        let words = words.iter().map(|&(tf, holding)| WordMatch { tf, holding });
        score(TextStatistics { records, total_length }, length, words)
    }

    #[test]
    fn idf_literals() {
        // In the first and the third one the platform's own `ln` often gives another last digit.
        assert_eq!(idf(1, 1), 0.2876820724517809);
        assert_eq!(idf(5, 2), 0.8754687373538999);
        assert_eq!(idf(3, 1), 0.9808292530117264);
        assert_eq!(idf(5183, 7), 6.5384292174898455);
        assert_eq!(idf(1_000_000, 1), 13.41004644985561);
        assert_eq!(idf(100, 100), 0.004962789342129097);
        assert_eq!(idf(10, 0), 3.091042453358316);
    }

    #[test]
    fn score_literals() {
        assert_eq!(bm25(1, 1, 1, &[(1, 1)]), 0.2876820724517809);
        assert_eq!(bm25(2, 3, 1, &[(1, 1)]), 0.8025914722273051);
        // Grouped otherwise, or with the platform's `ln`, these come out different in the last digit.
        assert_eq!(bm25(4230, 118_443, 221, &[(2, 306), (3, 1728), (7, 850)]), 3.5115613118865876);
        assert_eq!(bm25(4230, 118_443, 221, &[(7, 850), (3, 1728), (2, 306)]), 3.511561311886587);
    }

    #[test]
    fn what_is_not_held_adds_nothing() {
        assert_eq!(bm25(2, 3, 1, &[(0, 2), (1, 1), (0, 0)]), 0.8025914722273051);
        assert_eq!(bm25(2, 3, 1, &[]).to_bits(), 0.0_f64.to_bits());
        assert_eq!(bm25(5, 0, 0, &[(0, 0)]).to_bits(), 0.0_f64.to_bits());
    }
}
