//! Exact text scores (TX-2, TX-4) from whole numbers that the store's own text index gives.

use crate::bm25::{self, TextStatistics};
use crate::request::WordMatch;
use crate::score::Score;

/// What one record holds of a query: its length and, for each word of [`TextRanking::words`], how often.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Occurrences {
    /// How many words the record has, with repeats.
    pub length: u64,
    /// How often it holds each of the query's words, in their bytewise order; one number for each.
    pub counts: Vec<u64>,
}

/// The ranking of one text query: its words, and what the scope's live records hold of them.
///
/// A backend makes it with [`Self::new`], asks its index for [`Self::words`], gives the numbers to [`Self::counted`], and scores
/// each record that holds any of the words with [`Self::score`]. The numbers are those of the live records of the scope, whether
/// they pass the filter or not.
#[derive(Clone, Debug)]
pub struct TextRanking {
    words: Vec<String>,
    matching: WordMatch,
    statistics: TextStatistics,
    holding: Vec<u64>,
}

impl TextRanking {
    /// The ranking of a query, before anything is counted.
    pub fn new(words: &[String], matching: WordMatch) -> Self {
        let mut words = words.to_vec();
        // Scores are summed in this order (TX-4).
        words.sort();
        words.dedup();
        let holding = vec![0; words.len()];
        Self { words, matching, statistics: TextStatistics::default(), holding }
    }

    /// With the statistics of the scope's live records, and for each of [`Self::words`], in their order, how many of them
    /// hold it.
    #[must_use]
    pub fn counted(mut self, statistics: TextStatistics, holding: Vec<u64>) -> Self {
        self.statistics = statistics;
        self.holding = holding;
        self
    }

    /// The query's words, each once, bytewise.
    pub fn words(&self) -> &[String] {
        &self.words
    }

    /// The exact score of a record, or `None` if it does not match: holds no word, or under [`WordMatch::All`] not every
    /// one.
    pub fn score(&self, record: &Occurrences) -> Option<Score> {
        let held = record.counts.iter().filter(|count| **count > 0).count();
        let matches = match self.matching {
            WordMatch::Any => held > 0,
            WordMatch::All => held > 0 && held == self.words.len(),
        };
        let words = record.counts.iter().zip(&self.holding).map(|(&tf, &holding)| bm25::WordMatch { tf, holding });
        matches.then(|| Score::new(bm25::score(self.statistics, record.length, words)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<String> {
        text.split_whitespace().map(str::to_owned).collect()
    }

    /// Of three records: `a b`, `b b c`, and one without words. The query is `b a`. Expected scores were computed by a second
    /// program, in Python, with the logarithm of FreeBSD in it.
    fn scores(matching: WordMatch) -> Vec<Option<f64>> {
        let statistics = TextStatistics { records: 3, total_length: 5 };
        let ranking = TextRanking::new(&words("b a"), matching).counted(statistics, vec![1, 2]);
        let records = [(2, vec![1, 1]), (3, vec![0, 2]), (0, vec![0, 0])];
        records.map(|(length, counts)| ranking.score(&Occurrences { length, counts }).map(Score::value)).to_vec()
    }

    #[test]
    fn scores_are_those_of_the_contract() {
        assert_eq!(scores(WordMatch::Any), [Some(1.3411060256161416), Some(0.5275550940513358), None]);
        assert_eq!(scores(WordMatch::All), [Some(1.3411060256161416), None, None]);
    }

    #[test]
    fn words_are_a_set_in_bytewise_order() {
        let ranking = TextRanking::new(&words("b \u{e4} a b Z"), WordMatch::Any);
        assert_eq!(ranking.words(), ["Z", "a", "b", "\u{e4}"]);
    }

    #[test]
    fn no_words_match_nothing() {
        for matching in [WordMatch::Any, WordMatch::All] {
            let nothing = Occurrences { length: 2, counts: Vec::new() };
            assert_eq!(TextRanking::new(&[], matching).score(&nothing), None);
        }
    }
}
