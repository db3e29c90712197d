//! Text for people: what a terminal would obey is written out, so that no stored text steers it.

use std::borrow::Cow;

use memory_core::{Namespace, Timestamp};

/// Whether a terminal or an editor might act on the character instead of showing it: controls, line separators, marks that
/// turn the direction of writing, and the tag characters that show as nothing.
fn acts(c: char) -> bool {
    c.is_control()
        || matches!(c, '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        || matches!(c, '\u{e0000}'..='\u{e007f}')
}

/// The text with what a terminal would obey written as `\u{1b}`.
pub(crate) fn safe(text: &str) -> Cow<'_, str> {
    replaced(text, acts)
}

/// As [`safe`], with line breaks and tabs left in.
pub(crate) fn safe_lines(text: &str) -> Cow<'_, str> {
    replaced(text, |c| acts(c) && !matches!(c, '\n' | '\t'))
}

fn replaced(text: &str, acts: impl Fn(char) -> bool) -> Cow<'_, str> {
    if !text.contains(&acts) {
        return Cow::Borrowed(text);
    }
    let shown = |c: char| if acts(c) { c.escape_unicode().to_string() } else { c.to_string() };
    Cow::Owned(text.chars().map(shown).collect())
}

/// The namespace as `--namespace` takes it, on one line.
pub(crate) fn path(namespace: &Namespace) -> String {
    let mut path = String::new();
    for c in namespace.key().trim_end_matches('/').chars() {
        if acts(c) {
            c.encode_utf8(&mut [0; 4]).bytes().for_each(|byte| path.push_str(&format!("%{byte:02X}")));
        } else {
            path.push(c);
        }
    }
    path
}

/// Day and minute, in UTC.
pub(crate) fn when(at: Timestamp) -> String {
    at.to_string().chars().take(16).collect::<String>().replace('T', " ")
}

/// A number of bytes, in the unit that fits.
pub(crate) fn bytes(count: u64) -> String {
    let units = ["B", "KiB", "MiB", "GiB", "TiB"];
    let (mut value, mut unit) = (count as f64, 0);
    while value >= 1024.0 && unit + 1 < units.len() {
        (value, unit) = (value / 1024.0, unit + 1);
    }
    if unit == 0 { format!("{count} B") } else { format!("{value:.1} {}", units[unit]) }
}

/// A number of records, in words.
pub(crate) fn records(count: u64) -> String {
    match count {
        1 => "1 record".to_owned(),
        count => format!("{count} records"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_terminal_is_not_steered() {
        assert_eq!(safe("a\u{1b}[31m\r\n\u{9b}é🙂"), "a\\u{1b}[31m\\u{d}\\u{a}\\u{9b}é🙂");
        assert_eq!(safe("\u{202e}abc\u{2028}"), "\\u{202e}abc\\u{2028}");
        assert_eq!(safe_lines("a\n\tb\u{7}"), "a\n\tb\\u{7}");
    }

    #[test]
    fn a_path_can_be_typed_again() {
        let namespace = Namespace::new(["a/b", "100%", "\u{1b}[31m\n", "\u{202e}é"]).unwrap();
        assert_eq!(path(&namespace), "a%2Fb/100%25/%1B[31m%0A/%E2%80%AEé");
        assert_eq!(crate::parse::namespace(&path(&namespace)), Ok(namespace));
    }

    #[test]
    fn times_are_cut_to_the_minute() {
        assert_eq!(when(Timestamp::parse("2026-03-01T09:30:59.999999Z").unwrap()), "2026-03-01 09:30");
    }
}
