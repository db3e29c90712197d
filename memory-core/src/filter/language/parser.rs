//! From text to tree, by recursive descent.

use super::cursor::Cursor;
use super::{Field, Filter, MAX_NESTING, TESTS};
use crate::error::{Error, Result};
use crate::filter::MetadataPath;
use crate::filter::json::shown;
use crate::value::Value;

/// Reads the whole text. The filter is not checked yet.
pub(super) fn read(text: &str) -> Result<Filter> {
    let mut parser = Parser(Cursor::new(text));
    let filter = parser.filter(MAX_NESTING)?;
    parser.0.next();
    match parser.0.rest() {
        "" => Ok(filter),
        _ => Err(parser.0.expected("and, or, or the end of the text")),
    }
}

struct Parser<'a>(Cursor<'a>);

impl Parser<'_> {
    /// `F or G or …`; `levels` is how much deeper it may be nested.
    fn filter(&mut self, levels: usize) -> Result<Filter> {
        self.chain("or", Filter::Or, |parser| parser.chain("and", Filter::And, |parser| parser.part(levels)))
    }

    /// Parts with this word between them: one node, or the only part itself.
    fn chain(
        &mut self,
        word: &str,
        join: impl Fn(Vec<Filter>) -> Filter,
        part: impl Fn(&mut Self) -> Result<Filter>,
    ) -> Result<Filter> {
        let first = part(self)?;
        if !self.0.take_words(word) {
            return Ok(first);
        }
        let mut parts = vec![first, part(self)?];
        while self.0.take_words(word) {
            parts.push(part(self)?);
        }
        Ok(join(parts))
    }

    fn part(&mut self, levels: usize) -> Result<Filter> {
        let start = self.0.next();
        let Some(levels) = levels.checked_sub(1) else {
            let message = format!("a filter is nested {MAX_NESTING} deep at most, parentheses among it");
            return Err(Error::invalid(message).at_offset(start));
        };
        if self.0.take('(') {
            let filter = self.filter(levels)?;
            self.close("and, or, or )")?;
            return Ok(filter);
        }
        if self.0.take_words("not") {
            return Ok(!self.part(levels)?);
        }
        for (word, join) in [("all", Filter::And as fn(Vec<Filter>) -> Filter), ("any", Filter::Or)] {
            if self.0.take_words(word) {
                return self.list(levels).map(join);
            }
        }
        for (word, wanted) in [("exists", true), ("absent", false)] {
            if self.0.take_words(word) {
                return self.presence(wanted);
            }
        }
        self.test()
    }

    /// `(F, G, …)` or `()`.
    fn list(&mut self, levels: usize) -> Result<Vec<Filter>> {
        self.open()?;
        let mut parts = Vec::new();
        if self.0.take(')') {
            return Ok(parts);
        }
        loop {
            parts.push(self.filter(levels)?);
            if !self.0.take(',') {
                self.close("and, or, a comma or )")?;
                return Ok(parts);
            }
        }
    }

    /// `(FIELD)`
    fn presence(&mut self, wanted: bool) -> Result<Filter> {
        self.open()?;
        let start = self.0.next();
        let field = self.field()?;
        let tests = takes(&field);
        self.close(")")?;
        match field.leaf("exists", Value::Bool(wanted))? {
            Some(leaf) => Ok(Filter::Leaf(leaf)),
            None => Err(Error::invalid(format!("this field is always there; {tests}")).at_offset(start)),
        }
    }

    /// `FIELD TEST OPERAND`
    fn test(&mut self) -> Result<Filter> {
        let field = self.field()?;
        let tests = takes(&field);
        let test_at = self.0.next();
        let op = self.op(&field)?;
        let operand_at = self.0.next();
        let operand = self.0.value()?;
        let leaf = field.leaf(op, operand).map_err(|error| error.at_offset(operand_at))?;
        let leaf = leaf.ok_or_else(|| Error::invalid(tests).at_offset(test_at))?;
        leaf.check().map_err(|error| error.at_offset(operand_at))?;
        Ok(Filter::Leaf(leaf))
    }

    fn field(&mut self) -> Result<Field> {
        let start = self.0.next();
        let word = self.0.word();
        if word == "metadata" {
            self.0.skip(word);
            let path = self.path()?;
            path.check().map_err(|error| error.at_offset(start))?;
            return Ok(Field::Metadata(path));
        }
        if let Some(field) = Field::named(word) {
            self.0.skip(word);
            return Ok(field);
        }
        if !super::is_bare(word) {
            return Err(self.0.expected("a field, not, all, any, exists, absent or ("));
        }
        let known = Field::NAMES;
        let hint = match nearest(word, &known) {
            _ if word == "namespace" => "which namespaces are seen is said beside the filter".to_owned(),
            Some(name) => format!("did you mean {name}?"),
            None => format!("the fields are {}, and a key of metadata is written metadata.KEY", known.join(", ")),
        };
        Err(Error::invalid(format!("a filter has no field {}; {hint}", shown(word))).at_offset(start))
    }

    /// The keys after `metadata`, each behind its dot.
    fn path(&mut self) -> Result<MetadataPath> {
        let mut keys = Vec::new();
        while self.0.take_here('.') {
            keys.push(self.0.key()?);
        }
        match keys.is_empty() {
            true => Err(self.0.expected(". and a key after metadata, as in metadata.priority")),
            false => Ok(MetadataPath(keys)),
        }
    }

    /// The test that stands here, as JSON calls it. What is none is not quoted: it may be an operand.
    fn op(&mut self, field: &Field) -> Result<&'static str> {
        let word = self.0.word();
        let found = match word.starts_with(|c: char| c.is_ascii_punctuation()) {
            true => TESTS.iter().find(|(test, _)| *test == word).inspect(|_| self.0.skip(word)),
            false => TESTS.iter().find(|(test, _)| self.0.take_words(test)),
        };
        let Some((_, op)) = found else {
            let near = nearest(&word.to_ascii_lowercase().replace(['_', '-'], " "), field.tests());
            let hint = near.map_or_else(String::new, |test| format!("; did you mean {test}?"));
            return Err(self.0.expected(&format!("a test: {}{hint}", takes(field))));
        };
        Ok(op)
    }

    fn open(&mut self) -> Result<()> {
        if self.0.take('(') { Ok(()) } else { Err(self.0.expected("(")) }
    }

    fn close(&mut self, expected: &str) -> Result<()> {
        if self.0.take(')') { Ok(()) } else { Err(self.0.expected(expected)) }
    }
}

/// Which tests the field takes, in words.
fn takes(field: &Field) -> String {
    match field.tests() {
        [] => format!("{0} takes exists({0}) and absent({0}) alone", field.name()),
        tests => format!("{} takes {}", field.name(), tests.join(", ")),
    }
}

/// The known word that the fewest letters tell from this one, if that is at most one in three.
fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    // What is longer than this is no name, and would take long to compare.
    if word.len() > 32 {
        return None;
    }
    let most = word.len() / 3;
    let near = known.iter().map(|name| (distance(word, name), *name)).filter(|(distance, _)| *distance <= most);
    near.min_by_key(|(distance, _)| *distance).map(|(_, name)| name)
}

/// How many letters must be put in, left out or replaced to make one word of the other (Levenshtein), row by row.
fn distance(a: &str, b: &str) -> usize {
    let mut row: Vec<usize> = (0..=b.len()).collect();
    for (i, x) in a.bytes().enumerate() {
        let mut diagonal = std::mem::replace(&mut row[0], i + 1);
        for (j, y) in b.bytes().enumerate() {
            let replaced = diagonal + usize::from(x != y);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word() {
        for (a, b, apart) in [
            ("", "abc", 3),
            ("kind", "kind", 0),
            ("kitten", "sitting", 3),
            ("ab", "ba", 2),
            ("abc", "", 3),
            ("abcd", "bcde", 2),
        ] {
            assert_eq!((distance(a, b), distance(b, a)), (apart, apart), "{a} {b}");
        }
        for (word, near) in [
            ("knd", Some("kind")),
            ("tag", Some("tags")),
            ("create_at", Some("created_at")),
            ("metdata", Some("metadata")),
            ("ud", None),
            ("colour", None),
        ] {
            assert_eq!(nearest(word, &Field::NAMES), near, "{word}");
        }
        // Of 32 bytes and of 33, two off.
        let name = "k".repeat(32);
        assert_eq!(nearest(&format!("{}xx", "k".repeat(30)), &[&name]), Some(name.as_str()));
        assert_eq!(nearest(&format!("{}x", "k".repeat(32)), &[&name]), None);
    }
}
