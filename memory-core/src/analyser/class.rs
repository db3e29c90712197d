//! What a code point is to the analyser, by its own tables of Unicode 16.0.0.

use super::tables::RUNS;

/// The classes of TX-1. Their numbers stand in the generated table.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Class {
    /// General category Cn: becomes a space before anything else is done.
    Unassigned,
    /// Assigned, and not part of any word.
    Other,
    /// General category L.
    Letter,
    /// General category M.
    Mark,
    /// General category Nd.
    Digit,
    /// L, M or Nd of Han, Hiragana, Katakana, Thai, Lao, Khmer or Myanmar: a word of its own.
    Single,
}

impl Class {
    pub(super) fn of(c: char) -> Self {
        // Most text is ASCII; the table says the same.
        match c {
            'a'..='z' | 'A'..='Z' => return Self::Letter,
            '0'..='9' => return Self::Digit,
            '\0'..='\x7F' => return Self::Other,
            _ => {}
        }
        let after = RUNS.partition_point(|run| run >> 3 <= u32::from(c));
        // The first run starts at U+0000, so there always is one at or before `c`.
        match RUNS.get(after.wrapping_sub(1)).map_or(0, |run| run & 7) {
            0 => Self::Unassigned,
            2 => Self::Letter,
            3 => Self::Mark,
            4 => Self::Digit,
            5 => Self::Single,
            _ => Self::Other,
        }
    }
}
