//! A place in a text that the user typed, shown.

use crate::output::text::safe;

/// How many characters of a long line are shown before the place, and from it on.
const AROUND: usize = 60;

/// The line of the text in which the offset lies, and under it a caret at the place. Of a long line, what is near. Each
/// character counts as one column; the few that take two move the caret to the left of its place.
pub(crate) fn pointed(text: &str, offset: usize) -> String {
    let (before, after) = text.split_at(text.floor_char_boundary(offset));
    let before = shown(before.rsplit('\n').next().unwrap_or_default());
    let after = shown(after.split(['\r', '\n']).next().unwrap_or_default());
    let skipped = before.chars().count().saturating_sub(AROUND);
    let dots = if skipped > 0 { "…" } else { "" };
    let before: String = dots.chars().chain(before.chars().skip(skipped)).collect();
    let dots = if after.chars().count() > AROUND { "…" } else { "" };
    let after: String = after.chars().take(AROUND).chain(dots.chars()).collect();
    format!("    {before}{after}\n    {}^", " ".repeat(before.chars().count()))
}

/// As a terminal shows it in as many columns.
fn shown(text: &str) -> String {
    safe(&text.replace('\t', " ")).into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_caret_stands_under_the_place() {
        for (text, offset, line, columns) in [
            ("", 0, "", 0),
            ("kind", 4, "kind", 4),
            ("kind", 99, "kind", 4),
            ("größe = 1", 9, "größe = 1", 7),
            ("größe", 3, "größe", 2),
            ("a\n\tb c\r\nd", 5, " b c", 3),
            ("a\nb", 1, "a", 1),
            ("a\nb", 2, "b", 0),
            ("a\u{1b}b", 2, "a\\u{1b}b", 7),
        ] {
            assert_eq!(pointed(text, offset), format!("    {line}\n    {}^", " ".repeat(columns)), "{text:?} {offset}");
        }
        let long = format!("{}!{}", "x".repeat(70), "y".repeat(70));
        let line = format!("…{}!{}…", "x".repeat(60), "y".repeat(59));
        assert_eq!(pointed(&long, 70), format!("    {line}\n    {}^", " ".repeat(61)));
    }
}
