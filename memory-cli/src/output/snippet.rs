//! The part of a record's text that shows why it was found.

use std::collections::HashSet;

use memory_core::Analyser;

use super::text::safe;

/// How far into a text a word is looked for. A snippet is for the eye; the search has looked at all of it.
const LOOKED_AT: usize = 20_000;

/// The longest piece that is tried as one word, in characters: more than the analyser keeps of a word (TX-1), with punctuation.
const LONGEST: usize = 80;

/// What is longer is cut at the end of a snippet, in characters.
const LONG_WORD: usize = 24;

/// How many characters at most stand before the first word that was searched for.
const BEFORE: usize = 40;

/// A part of a snippet.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// Whether it is one of the words that were searched for.
    pub(crate) marked: bool,
}

/// At most about `width` characters of the text, blanks made one space, with the first of the wanted words, which are stems as
/// the analyser makes them; from the beginning if it is in reach from there, or there is none.
pub(crate) fn snippet(content: &str, analyser: Analyser, wanted: &[String], width: usize) -> Vec<Part> {
    let wanted: HashSet<&str> = wanted.iter().map(String::as_str).collect();
    let end = content.char_indices().nth(LOOKED_AT).map_or(content.len(), |(at, _)| at);
    let mut parts: Vec<Part> = Vec::new();
    for chunk in content[..end].split_whitespace() {
        if !parts.is_empty() {
            parts.push(Part { text: " ".to_owned(), marked: false });
        }
        cut(chunk, analyser, &wanted, &mut parts);
    }
    window(parts, width, end < content.len())
}

/// Cuts text without blanks into pieces that hold one word each, and marks the wanted ones.
fn cut(chunk: &str, analyser: Analyser, wanted: &HashSet<&str>, parts: &mut Vec<Part>) {
    let words = analyser.words(chunk);
    if !words.iter().any(|word| wanted.contains(word.as_str())) {
        parts.push(Part { text: safe(chunk).into_owned(), marked: false });
    } else if words.len() == 1 {
        mark(chunk, parts);
    } else {
        let mut rest = chunk;
        while !rest.is_empty() {
            let (piece, after) = rest.split_at(first_piece(rest, analyser));
            let words = analyser.words(piece);
            match words.iter().any(|word| wanted.contains(word.as_str())) {
                true => mark(piece, parts),
                false => parts.push(Part { text: safe(piece).into_owned(), marked: false }),
            }
            rest = after;
        }
    }
}

/// Where the longest beginning ends that holds at most one word, in bytes; at least one character.
fn first_piece(text: &str, analyser: Analyser) -> usize {
    let ends = text.char_indices().map(|(at, c)| at + c.len_utf8()).take(LONGEST);
    let first = text.chars().next().map_or(0, char::len_utf8);
    ends.take_while(|end| *end == first || analyser.words(&text[..*end]).len() <= 1).last().unwrap_or(first)
}

/// Marks a piece without the punctuation around it.
fn mark(piece: &str, parts: &mut Vec<Part>) {
    let core = piece.trim_matches(is_edge);
    let start = piece.len() - piece.trim_start_matches(is_edge).len();
    let (before, after) = (&piece[..start.min(piece.len())], piece.get(start + core.len()..).unwrap_or_default());
    for (text, marked) in [(before, false), (core, true), (after, false)] {
        if !text.is_empty() {
            parts.push(Part { text: safe(text).into_owned(), marked });
        }
    }
}

fn is_edge(c: char) -> bool {
    c.is_ascii_punctuation()
        || c.is_control()
        || matches!(c, '\u{2010}'..='\u{2027}' | '«' | '»' | '¡' | '¿' | '\u{3001}'..='\u{3003}' | '\u{3008}'..='\u{3011}')
}

/// The parts that fit into the width, with the first marked one among them.
fn window(parts: Vec<Part>, width: usize, more: bool) -> Vec<Part> {
    let length = |part: &Part| part.text.chars().count();
    let first = parts.iter().position(|part| part.marked).unwrap_or(0);
    // From the beginning where the word is in reach from there; else from a little before it.
    let in_reach = parts.iter().take(first + 1).map(length).sum::<usize>() <= width;
    let mut start = if in_reach { 0 } else { first };
    let mut room = BEFORE.min(width / 2);
    while start > 0 && length(&parts[start - 1]) <= room {
        start -= 1;
        room -= length(&parts[start]);
    }
    let total = parts.len();
    let mut shown: Vec<Part> = Vec::new();
    let mut left = width;
    for mut part in parts.into_iter().skip(start) {
        let length = length(&part);
        if length > left {
            // A word stays whole or goes; a text without blanks would then never be shown.
            if length > LONG_WORD {
                part.text = part.text.chars().take(left).collect();
                shown.push(part);
            }
            return dotted(shown, start > 0, true);
        }
        left -= length;
        shown.push(part);
    }
    let cut = start + shown.len() < total;
    dotted(shown, start > 0, cut || more)
}

fn dotted(mut shown: Vec<Part>, before: bool, after: bool) -> Vec<Part> {
    let dots = || Part { text: "…".to_owned(), marked: false };
    if before {
        shown.insert(0, dots());
    }
    if after {
        shown.push(dots());
    }
    shown
}

#[cfg(test)]
mod tests {
    use super::*;

    fn marked(content: &str, query: &str, width: usize) -> String {
        let analyser = Analyser::default();
        let parts = snippet(content, analyser, &analyser.query_words(query), width);
        parts.iter().map(|part| if part.marked { format!("<{}>", part.text) } else { part.text.clone() }).collect()
    }

    #[test]
    fn words_are_marked_by_their_stems() {
        for (content, query, shown) in [
            ("Flaky tests, and a test.", "testing", "Flaky <tests>, and a <test>."),
            ("(deadlock)", "DEADLOCKS", "(<deadlock>)"),
            ("a,test,b", "test", "a,<test>,b"),
            ("retry-policy", "policy", "retry-<policy>"),
            ("Don\u{2019}t panic", "don't", "<Don\u{2019}t> panic"),
            ("東京都と京都", "京都", "東<京><都>と<京><都>"),
            ("one\n\ttwo  three", "none", "one two three"),
            ("", "test", ""),
            ("test\u{1b}[31m", "test", "<test>\\u{1b}[31m"),
        ] {
            assert_eq!(marked(content, query, 100), shown, "{content:?}");
        }
    }

    #[test]
    fn the_window_lies_around_the_first_word() {
        let content = format!("{}needle {}", "hay ".repeat(50), "hay ".repeat(50));
        let shown = marked(&content, "needle", 60);
        assert_eq!(shown, "… hay hay hay hay hay hay hay <needle> hay hay hay hay hay hay …");
        assert_eq!(marked(&content, "other", 10), "hay hay …");
        assert_eq!(marked("some hay and a needle and hay", "needle", 21), "some hay and a <needle>…");
        assert_eq!(marked("some hay and a needle and hay", "needle", 20), "…hay and a <needle> and…");
    }

    #[test]
    fn long_and_hostile_texts_are_cut_in_time() {
        assert_eq!(marked(&"x".repeat(1_000_000), "y", 10), "xxxxxxxxxx…");
        let shown = marked(&("y,".repeat(1_000_000)), "y", 10);
        assert!(shown.starts_with("<y>,<y>,") && shown.ends_with('…'), "{shown}");
        assert!(marked(&("漢".repeat(1_000_000)), "漢", 10).starts_with("<漢><漢>"));
    }
}
