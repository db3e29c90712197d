//! Exact text scores (TX-2, TX-4) from whole numbers, counted here from the records or given by the store's own index.

use std::collections::HashMap;

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
/// A store without a text index makes two passes over the live records of the scope, whether they pass the filter or not:
/// [`Self::count`] for each, then [`Self::score`] for those that may be found. A store with an index gives the numbers to
/// [`Self::counted`].
#[derive(Clone, Debug)]
pub struct TextRanking {
    words: Vec<String>,
    matching: WordMatch,
    statistics: TextStatistics,
    holding: Vec<u64>,
}

impl TextRanking {
    /// The ranking of a query over records that are still to be counted.
    pub fn new(words: &[String], matching: WordMatch) -> Self {
        let mut words = words.to_vec();
        // Scores are summed in this order (TX-4).
        words.sort();
        words.dedup();
        let holding = vec![0; words.len()];
        Self { words, matching, statistics: TextStatistics::default(), holding }
    }

    /// The ranking of a query over records that the store has counted: the statistics of the scope's live records, and for
    /// each of [`Self::words`], in their order, how many of them hold it.
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

    /// What a record of these words, in order and with repeats, holds of the query.
    pub fn occurrences(&self, record_words: &[String]) -> Occurrences {
        let mut counts: HashMap<&str, u64> = self.words.iter().map(|word| (word.as_str(), 0)).collect();
        for word in record_words {
            if let Some(count) = counts.get_mut(word.as_str()) {
                *count += 1;
            }
        }
        let counts = self.words.iter().map(|word| counts.get(word.as_str()).copied().unwrap_or(0)).collect();
        Occurrences { length: record_words.len() as u64, counts }
    }

    /// Counts one live record of the scope into the statistics; one without words too.
    pub fn count(&mut self, record: &Occurrences) {
        self.statistics.records += 1;
        self.statistics.total_length += record.length;
        for (holding, count) in self.holding.iter_mut().zip(&record.counts) {
            *holding += u64::from(*count > 0);
        }
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

    /// Three records: `a b`, `b b c`, and one without words. Expected scores were computed by a second program, in Python, with the logarithm of FreeBSD in it.
    fn ranking(matching: WordMatch) -> (TextRanking, Vec<Option<f64>>) {
        let mut ranking = TextRanking::new(&words("b a"), matching);
        let records = ["a b", "b b c", ""].map(|text| ranking.occurrences(&words(text)));
        records.iter().for_each(|record| ranking.count(record));
        let scores = records.iter().map(|record| ranking.score(record).map(Score::value)).collect();
        (ranking, scores)
    }

    #[test]
    fn scores_of_records_counted_here() {
        assert_eq!(ranking(WordMatch::Any).1, [Some(1.3411060256161416), Some(0.5275550940513358), None]);
        assert_eq!(ranking(WordMatch::All).1, [Some(1.3411060256161416), None, None]);
    }

    #[test]
    fn numbers_of_a_store_give_the_same() {
        let statistics = TextStatistics { records: 3, total_length: 5 };
        let ranking = TextRanking::new(&words("b a"), WordMatch::Any).counted(statistics, vec![1, 2]);
        let record = Occurrences { length: 2, counts: vec![1, 1] };
        assert_eq!(ranking.score(&record).map(Score::value), Some(1.3411060256161416));
    }

    #[test]
    fn words_are_a_set_in_bytewise_order() {
        let ranking = TextRanking::new(&words("b ä a b Z"), WordMatch::Any);
        assert_eq!(ranking.words(), ["Z", "a", "b", "ä"]);
        let record = ranking.occurrences(&words("b c a b"));
        assert_eq!(record, Occurrences { length: 4, counts: vec![0, 1, 2, 0] });
    }

    #[test]
    fn no_words_match_nothing() {
        for matching in [WordMatch::Any, WordMatch::All] {
            let ranking = TextRanking::new(&[], matching);
            assert_eq!(ranking.score(&ranking.occurrences(&words("a b"))), None);
        }
    }
}
