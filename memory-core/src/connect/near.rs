//! The known word that somebody may have meant.

/// Longer words are not compared: nobody misspells those, and the work grows with the square.
const LONGEST: usize = 64;

/// The text of an error about a word that is not known: names it, the nearest known one, and all known ones. `what` says of
/// what: `key of sqlite`.
pub fn unknown(what: &str, word: &str, known: &[&str]) -> String {
    let all = if known.is_empty() { "there is none".to_owned() } else { format!("known: {}", known.join(", ")) };
    match nearest(word, known) {
        Some(near) => format!("{} is no {what}; did you mean `{near}`? ({all})", shown(word)),
        None => format!("{} is no {what} ({all})", shown(word)),
    }
}

/// The word in quotes, if it looks like a word: what does not may be a value in the wrong place, even a secret.
pub(super) fn shown(word: &str) -> String {
    let plain = |c: char| c.is_alphanumeric() || "_-.".contains(c);
    if !word.is_empty() && word.len() <= LONGEST && word.chars().all(plain) {
        format!("`{word}`")
    } else {
        "what stands there".to_owned()
    }
}

/// The first of the known words with the fewest changes, if these are one in three letters at the most. Upper case, and `-`
/// for `_`, are no changes.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let fold = |text: &str| text.to_lowercase().replace('-', "_").chars().collect::<Vec<char>>();
    if word.len() > LONGEST {
        return None;
    }
    let word = fold(word);
    let near = known.iter().map(|known| (distance(&word, &fold(known)), *known)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= (word.len() / 3).max(1)).map(|(_, known)| known)
}

/// How many letters to insert, remove, replace or swap with the next (the optimal string alignment distance).
fn distance(a: &[char], b: &[char]) -> usize {
    let mut before: Vec<usize> = Vec::new();
    let mut above: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, y) in b.iter().enumerate() {
            let mut least = (above[j] + usize::from(x != y)).min(above[j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *x == b[j - 1] && a[i - 1] == *y {
                least = least.min(before[j - 1] + 1);
            }
            row.push(least);
        }
        before = std::mem::replace(&mut above, row);
    }
    above.last().copied().unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn distances_worked_by_hand() {
        for (a, b, expected) in [
            ("", "", 0),
            ("", "abc", 3),
            ("abc", "", 3),
            ("path", "path", 0),
            ("pth", "path", 1),
            ("paht", "path", 1),
            ("kitten", "sitting", 3),
            ("ca", "abc", 3),
        ] {
            let chars = |text: &str| text.chars().collect::<Vec<char>>();
            assert_eq!(distance(&chars(a), &chars(b)), expected, "{a} {b}");
        }
    }

    #[test]
    fn the_nearest_is_named_if_it_is_near() {
        let known = ["path", "busy_deadline", "k"];
        for (word, expected) in [
            ("pth", Some("path")),
            ("Busy-Deadline", Some("busy_deadline")),
            ("busy_dedlin", Some("busy_deadline")),
            ("kk", Some("k")),
            ("host", None),
            ("", Some("k")),
            ("çath", Some("path")),
        ] {
            assert_eq!(nearest(word, &known), expected, "{word}");
        }
        assert_eq!(nearest(&"x".repeat(65), &known), None);
    }

    #[test]
    fn the_error_names_the_word_and_what_is_known() {
        let text = unknown("key of sqlite", "pth", &["path", "k"]);
        assert_eq!(text, "`pth` is no key of sqlite; did you mean `path`? (known: path, k)");
        assert_eq!(unknown("key of it", "host", &[]), "`host` is no key of it (there is none)");
        assert_eq!(unknown("key of it", "pass word\n", &["a"]), "what stands there is no key of it (known: a)");
    }
}
