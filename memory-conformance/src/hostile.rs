//! Strings that are legal and that stores get wrong.

/// Legal as an id, a segment of a namespace, a tag, a key or value of metadata, a content and a query: no NUL, 1 to 128
/// bytes. All differ, many only by what a store might trim, fold, normalise or unescape.
#[rustfmt::skip]
pub const STRINGS: &[&str] = &[
    // Blanks, at either end and alone.
    "a", " a", "a ", " a ", "a\t", "a\n", "a\r\n", " ", "\t", "\n", "\u{a0}", "\u{3000}a", "\u{feff}a", "\u{200b}",
    // Case, also where upper and lower case have another length.
    "A", "é", "É", "ß", "SS", "ẞ", "ss", "İ", "i\u{307}", "I", "ı", "σ", "ς", "Σ", "K", "\u{212a}", "ǆ", "ǅ", "Ǆ",
    // The same to the eye or to a normal form: composed and not, ligature, full width, Cyrillic.
    "e\u{301}", "ﬁ", "fi", "Ａ", "а", "Å", "\u{212b}", "가", "\u{1100}\u{1161}", "½", "①", "1",
    // Quotes, comments and fragments of query languages.
    "'", "''", "\"", "`", "\\", "\\\\", "\\'", "\\n", "\\u0041", "' OR 1=1 --", "'; DROP TABLE records; --", "a/*b*/",
    "$1", "?", "?1", ":a", "@a", "$$", "${HOME}", "{{a}}", "#{a}", "{}", "[]", "{\"$ne\":null}", "{\"id\":\"a\"}",
    "}){records{id}}", "[\"a\"]", "a\",\"b", "a,b", "a;b", "a|b", "(a)", "<a>", "<![CDATA[a]]>", "&amp;", "&",
    "a AND b", "a OR b", "NOT a", "NEAR(a b)", "a*", "-a", "+a", "a^2", "a~1", "\"a b\"", "content:a",
    // Patterns.
    "%", "_", "*", "a%", "a_", "%%", ".*", "[a-z]", "^a$", "a?", "ab", "aXb", "a_b", "a.b", "$a", "a[0]",
    // Paths, URLs and escapes of them.
    "/", "//", "a/b", "a/", "/a", ".", "..", "../..", "../../etc/passwd", "C:\\a", "~", "file:///a?b=c#d", "a%2Fb", "%2F",
    "%25", "%00", "a+b", "a=b&c=d", "#", "CON", "nul",
    // What looks like something else.
    "null", "NULL", "nil", "undefined", "true", "false", "NaN", "Infinity", "0", "00", "-0", "1.0", "1e3", "01",
    "9007199254740993", "18446744073709551616", "2026-01-02T03:04:05Z", "00000000-0000-0000-0000-000000000000",
    "\u{1}", "\u{7f}", "\u{1b}[31m", "id", "_id", "rowid", "embedding", "__proto__", "constructor",
    // Unicode's far ends: emoji, joiners, directions, a lone mark, noncharacters, private use, tags.
    "🙂", "👩\u{200d}💻", "👩💻", "👍🏽", "👍", "🇩🇪", "\u{202e}abc", "\u{200f}a", "אב", "a\u{200d}b", "\u{301}", "\u{fdd0}",
    "\u{fffe}", "\u{ffff}", "\u{10ffff}", "\u{fffd}", "\u{e000}", "\u{d7ff}", "\u{e0041}", "\u{2028}", "\u{85}", "Z͑ͫ̓ͪ̂ͫ̽͏̴̙̤̞͉͚",
    "漢字かな交じり文", "สวัสดี", "𝒳", "𐐀", "𐐨",
    // Long, in one byte a character and in four.
    concat!(
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
        "xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
    ),
    "🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂🙂",
];

/// A string of exactly this many bytes, at least 8: long in the middle, so that a store which cuts makes two of them one.
pub fn long(bytes: usize, last: &str) -> String {
    format!("{:é<width$}{last}", "", width = (bytes - last.len()) / 2)
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn strings_are_legal_everywhere_and_differ() {
        let different: BTreeSet<_> = STRINGS.iter().collect();
        assert_eq!(different.len(), STRINGS.len());
        assert!(STRINGS.iter().all(|s| (1..=128).contains(&s.len()) && !s.contains('\0')));
        assert_eq!(STRINGS.iter().map(|s| s.len()).max(), Some(128));
        assert_eq!(long(512, "ab").len(), 512);
    }
}
