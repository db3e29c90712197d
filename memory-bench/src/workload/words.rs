//! Words as they occur in texts: the n-th most frequent one 1/n as often as the first (Zipf).

use crate::random::Random;

const VOCABULARY: usize = 50_000;

const CONSONANTS: &[u8; 13] = b"bdfgklmnprtvz";
const VOWELS: &[u8; 4] = b"aiou";
const SYLLABLES: usize = CONSONANTS.len() * VOWELS.len();

/// The sums of the first n frequencies.
#[derive(Debug)]
pub(super) struct Zipf(Vec<f64>);

impl Zipf {
    pub(super) fn new() -> Self {
        let mut sum = 0.0;
        let sums = (1..=VOCABULARY).map(|rank| {
            sum += 1.0 / rank as f64;
            sum
        });
        Self(sums.collect())
    }

    /// The rank of a random word, from 0.
    pub(super) fn draw(&self, random: &mut Random) -> u32 {
        let point = random.fraction() * self.0.last().copied().unwrap_or_default();
        self.0.partition_point(|sum| *sum <= point) as u32
    }
}

/// The word of a rank: three syllables and a k, which no stemmer shortens. Neighbours in rank are none in the alphabet.
pub(super) fn word(rank: u32) -> String {
    // 7919 has no divisor in common with 52³, so no two ranks have the same word.
    let mut number = rank as usize * 7_919 % SYLLABLES.pow(3);
    let mut word = String::with_capacity(7);
    for _ in 0..3 {
        let syllable = number % SYLLABLES;
        number /= SYLLABLES;
        let consonant = CONSONANTS.get(syllable / VOWELS.len()).copied().unwrap_or_default();
        let vowel = VOWELS.get(syllable % VOWELS.len()).copied().unwrap_or_default();
        word.extend([char::from(consonant), char::from(vowel)]);
    }
    word.push('k');
    word
}

/// The first three different words of a text, ascending. They are drawn as all its words are, since a text's words do not
/// depend on one another.
pub(super) fn first_three(words: &[u32]) -> Option<[u32; 3]> {
    let mut found = Vec::with_capacity(3);
    for word in words {
        if !found.contains(word) {
            found.push(*word);
        }
        if let [first, second, third] = found[..] {
            let mut three = [first, second, third];
            three.sort_unstable();
            return Some(three);
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_word_is_another_one_and_survives_the_analyser() {
        let analyser = memory_core::Analyser::new(memory_core::Language::default());
        let words: BTreeSet<String> = (0..VOCABULARY as u32).map(word).collect();
        assert_eq!(words.len(), VOCABULARY);
        assert!(words.iter().all(|word| analyser.words(word) == [word.clone()]));
    }

    #[test]
    fn frequencies_fall_as_one_over_the_rank() {
        let (zipf, mut random) = (Zipf::new(), Random::new(3));
        let mut counts = vec![0_u32; VOCABULARY];
        (0..1_000_000).for_each(|_| counts[zipf.draw(&mut random) as usize] += 1);
        let (first, tenth) = (f64::from(counts[0]), f64::from(counts[9]));
        assert!((first / tenth - 10.0).abs() < 0.5, "{first} {tenth}");
        // The sum of 1/n up to 50,000 is 11.397, so the first word is 8.77 % of all.
        assert!((first / 1e6 - 0.0877).abs() < 0.002);
    }

    #[test]
    fn three_words_are_different_and_in_order() {
        assert_eq!(first_three(&[9, 9, 2, 9, 5, 1]), Some([2, 5, 9]));
        assert_eq!(first_three(&[9, 9, 2]), None);
    }
}
