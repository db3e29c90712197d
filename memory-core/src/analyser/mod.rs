//! The one analyser: text to words, the same for every backend, for records and for queries (TX-1).

mod class;
mod language;
mod tables;

use std::borrow::Cow;
use std::collections::HashSet;

use rust_stemmers::Stemmer;
use unicode_normalization::UnicodeNormalization;

use self::class::Class;
pub use self::language::Language;

/// Cuts text into words and words to stems: a language, and the version of everything else (TX-1).
///
/// Version 1 is Unicode 16.0.0 and the stemmers of crate rust-stemmers 1.2.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Analyser {
    language: Language,
    version: u32,
}

impl Default for Analyser {
    fn default() -> Self {
        Self::new(Language::default())
    }
}

impl Analyser {
    /// The version that this program implements.
    pub const VERSION: u32 = 1;

    /// How many different words of a query count (TX-2).
    pub const MAX_QUERY_WORDS: usize = 256;

    /// A word is cut to this many code points before it is stemmed (TX-1).
    pub const MAX_WORD_CODE_POINTS: usize = 64;

    /// The analyser of this program for a language.
    pub fn new(language: Language) -> Self {
        Self::stored(language, Self::VERSION)
    }

    /// The analyser that a stored spec names, of whatever version. Only a [current](Self::is_current) one can give words that
    /// agree with the stored ones, so a collection with another one opens as `Conflict`.
    pub fn stored(language: Language, version: u32) -> Self {
        Self { language, version }
    }

    /// The language that words are stemmed in.
    pub fn language(&self) -> Language {
        self.language
    }

    /// The version of the rules and tables.
    pub fn version(&self) -> u32 {
        self.version
    }

    /// Whether this program implements that version.
    pub fn is_current(&self) -> bool {
        self.version == Self::VERSION
    }

    /// All words of a text, stemmed, in order, with repeats. Always those of [`Analyser::VERSION`].
    pub fn words(&self, text: &str) -> Vec<String> {
        let mut words = Vec::new();
        self.each_word(text, |word| {
            words.push(word.into_owned());
            true
        });
        words
    }

    /// The words of a query: the different ones, in order of first appearance, at most [`Analyser::MAX_QUERY_WORDS`] (TX-2).
    pub fn query_words(&self, text: &str) -> Vec<String> {
        let mut seen = HashSet::new();
        let mut words = Vec::new();
        self.each_word(text, |word| {
            if !seen.contains(word.as_ref()) {
                seen.insert(word.to_string());
                words.push(word.into_owned());
            }
            words.len() < Self::MAX_QUERY_WORDS
        });
        words
    }

    /// Hands over word after word until `take` answers false.
    fn each_word(&self, text: &str, mut take: impl FnMut(Cow<'_, str>) -> bool) {
        let stemmer = self.language.algorithm().map(Stemmer::create);
        let text = fold(text);
        let mut rest = text.as_str();
        while let Some((word, after)) = next_word(rest) {
            rest = after;
            let word = first_code_points(word, Self::MAX_WORD_CODE_POINTS);
            let stem = match &stemmer {
                Some(stemmer) => stemmer.stem(word),
                None => Cow::Borrowed(word),
            };
            if !stem.is_empty() && !take(stem) {
                return;
            }
        }
    }
}

/// Unassigned to space, NFKC, U+2019 to ', lower case without context: the steps of TX-1 that come before cutting.
fn fold(text: &str) -> String {
    if text.is_ascii() {
        return text.to_ascii_lowercase();
    }
    text.chars()
        .map(|c| if Class::of(c) == Class::Unassigned { ' ' } else { c })
        .nfkc()
        .map(|c| if c == '\u{2019}' { '\'' } else { c })
        .flat_map(char::to_lowercase)
        .collect()
}

/// The first word of a folded text, and what comes after it.
fn next_word(text: &str) -> Option<(&str, &str)> {
    let mut chars = text.char_indices().map(|(at, c)| (at, c, Class::of(c)));
    let (start, first, class) =
        chars.find(|(_, _, class)| matches!(class, Class::Letter | Class::Mark | Class::Digit | Class::Single))?;
    let mut end = start + first.len_utf8();
    if class != Class::Single {
        // Whether what stands before the current character is a letter with its marks.
        let mut after_letter = class == Class::Letter;
        let mut chars = chars.peekable();
        while let Some((at, c, class)) = chars.next() {
            match class {
                Class::Letter => after_letter = true,
                Class::Mark => {}
                Class::Digit => after_letter = false,
                Class::Other if c == '\'' && after_letter => {
                    if chars.peek().is_none_or(|(_, _, next)| *next != Class::Letter) {
                        break;
                    }
                }
                Class::Other | Class::Single | Class::Unassigned => break,
            }
            end = at + c.len_utf8();
        }
    }
    Some((&text[start..end], &text[end..]))
}

fn first_code_points(word: &str, count: usize) -> &str {
    word.char_indices().nth(count).map_or(word, |(end, _)| &word[..end])
}

#[cfg(test)]
mod tests;
