//! The strict reader. serde_json splits the text; every number is read from its own digits, and no key may occur twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use serde::Deserializer;
use serde::de::{MapAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::error::{Error, Result};
use crate::number::Number;
use crate::value::Value;

/// How deep arrays and objects may be nested, so that no text exhausts the stack. What reads metadata and operands allows less.
pub(crate) const MAX_LEVELS: usize = 128;

/// Reads one value from the whole text.
pub(crate) fn read_text(text: &str) -> Result<Value> {
    let raw: &RawValue = serde_json::from_str(text).map_err(|error| convert(text, &error, "a value"))?;
    within(text, raw, read_value(raw))
}

/// Reads the string, array or object that the text begins with, and answers where it ends.
pub(crate) fn read_first(text: &str) -> Result<(Value, usize)> {
    let mut values = serde_json::Deserializer::from_str(text).into_iter::<&RawValue>();
    match values.next() {
        Some(Ok(raw)) => Ok((within(text, raw, read_value(raw))?, values.byte_offset())),
        Some(Err(error)) => Err(convert(text, &error, "a value")),
        None => Err(Error::invalid("expected a value").at_offset(0)),
    }
}

/// Reads a value.
pub(crate) fn read_value(raw: &RawValue) -> Result<Value> {
    Cursor { text: raw.get(), at: 0 }.value(MAX_LEVELS)
}

/// A place in text whose grammar serde_json has checked: all that can still be wrong is a number's size, half of a surrogate
/// pair, a key that occurs twice, and the depth. One pass, so that hostile text costs no more than its length.
struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl Cursor<'_> {
    fn value(&mut self, levels: usize) -> Result<Value> {
        let first = self.peek();
        let start = self.at;
        match first {
            Some(b'n') => Ok(self.skip(4, Value::Null)),
            Some(b't') => Ok(self.skip(4, Value::Bool(true))),
            Some(b'f') => Ok(self.skip(5, Value::Bool(false))),
            Some(b'"') => self.string().map(Value::String),
            Some(b'[' | b'{') if levels == 0 => Err(too_deep().at_offset(start)),
            Some(b'[') => self.array(levels - 1),
            Some(b'{') => self.object(levels - 1),
            _ => {
                let rest = &self.text[start..];
                let is_part = |c: char| matches!(c, '0'..='9' | '-' | '+' | '.' | 'e' | 'E');
                let literal = rest.find(|c| !is_part(c)).map_or(rest, |end| &rest[..end]);
                self.at += literal.len();
                Number::from_checked_literal(literal).map(Value::Number).map_err(|error| error.at_offset(start))
            }
        }
    }

    fn array(&mut self, levels: usize) -> Result<Value> {
        self.at += 1;
        let mut items = Vec::new();
        while self.peek() != Some(b']') {
            items.push(self.value(levels)?);
        }
        Ok(self.skip(1, Value::Array(items)))
    }

    fn object(&mut self, levels: usize) -> Result<Value> {
        self.at += 1;
        let mut entries = BTreeMap::new();
        while self.peek() != Some(b'}') {
            let start = self.at;
            let key = self.string()?;
            if entries.insert(key, self.value(levels)?).is_some() {
                return Err(key_twice().at_offset(start));
            }
        }
        Ok(self.skip(1, Value::Object(entries)))
    }

    /// The next byte that is neither blank nor a separator; where separators stand has been checked.
    fn peek(&mut self) -> Option<u8> {
        let rest = &self.text.as_bytes()[self.at..];
        self.at += rest.iter().take_while(|byte| matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | b',' | b':')).count();
        self.text.as_bytes().get(self.at).copied()
    }

    fn skip(&mut self, bytes: usize, value: Value) -> Value {
        self.at += bytes;
        value
    }

    fn string(&mut self) -> Result<String> {
        let start = self.at;
        let bytes = self.text.as_bytes();
        let mut end = start + 1;
        while bytes.get(end).is_some_and(|byte| *byte != b'"') {
            end += if bytes[end] == b'\\' { 2 } else { 1 };
        }
        self.at = end + 1;
        serde_json::from_str(&self.text[start..self.at]).map_err(|error| {
            let error = convert(self.text, &error, "a string");
            let offset = start + error.offset().unwrap_or(0);
            error.at_offset(offset)
        })
    }
}

/// Reads an object's entries in the order of the text. A key that occurs twice, after unescaping, is refused.
pub(crate) fn read_object(text: &str) -> Result<Vec<(String, &RawValue)>> {
    let mut parser = serde_json::Deserializer::from_str(text);
    let entries = parser.deserialize_map(Entries).map_err(|error| convert(text, &error, "an object"))?;
    parser.end().map_err(|error| convert(text, &error, "an object"))?;
    let mut keys = BTreeSet::new();
    for (key, raw) in &entries {
        if !keys.insert(key.as_str()) {
            return within(text, raw, Err(key_twice()));
        }
    }
    Ok(entries)
}

struct Entries;

impl<'de> Visitor<'de> for Entries {
    type Value = Vec<(String, &'de RawValue)>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = map.next_entry()? {
            entries.push(entry);
        }
        Ok(entries)
    }
}

/// Reads the items of an array.
pub(crate) fn read_list(raw: &RawValue) -> Result<Vec<&RawValue>> {
    parse(raw, "a list")
}

/// Reads a string.
pub(crate) fn read_string(raw: &RawValue) -> Result<String> {
    parse(raw, "a string")
}

/// Reads the components of an embedding, each straight from its digits to the nearest f32 (MO-1), so `-0` is -0.0 here. One
/// that is infinite as an f32 is refused.
pub(crate) fn read_f32s(raw: &RawValue) -> Result<Vec<f32>> {
    let read = |item: &&RawValue| {
        let literal = item.get();
        let is_number = literal.starts_with(|c: char| c == '-' || c.is_ascii_digit());
        let component = if is_number { literal.parse::<f32>().ok() } else { None };
        let component = component.ok_or_else(|| Error::invalid("expected a number"));
        let component = component.and_then(|component| match component.is_finite() {
            true => Ok(component),
            false => Err(Error::invalid("a component is too large for an f32")),
        });
        within(raw.get(), item, component)
    };
    read_list(raw)?.iter().map(read).collect()
}

fn parse<'a, T: serde::Deserialize<'a>>(raw: &'a RawValue, expected: &str) -> Result<T> {
    serde_json::from_str(raw.get()).map_err(|error| convert(raw.get(), &error, expected))
}

/// Makes the offset of an error in `part`, which is a part of `text`, one in `text`.
pub(crate) fn within<T>(text: &str, part: &RawValue, result: Result<T>) -> Result<T> {
    result.map_err(|error| {
        let start = (part.get().as_ptr() as usize).saturating_sub(text.as_ptr() as usize);
        let offset = start + error.offset().unwrap_or(0);
        error.at_offset(offset)
    })
}

fn key_twice() -> Error {
    Error::invalid("an object names a key twice")
}

/// The error for text that is nested deeper than [`MAX_LEVELS`].
pub(crate) fn too_deep() -> Error {
    Error::invalid(format!("a value has more than {MAX_LEVELS} levels"))
}

/// Keeps what serde_json says of the place and drops its words, for they may quote the text (ER-2).
fn convert(text: &str, error: &serde_json::Error, expected: &str) -> Error {
    let message = match error.classify() {
        Category::Eof => "the JSON text ends too early".to_owned(),
        Category::Data => format!("expected {expected}"),
        Category::Syntax | Category::Io => "this is not JSON".to_owned(),
    };
    // Lines count from 1, columns are bytes: the one before the offending byte is column - 1.
    let lines = text.split_inclusive('\n').take(error.line().saturating_sub(1));
    let offset = lines.map(str::len).sum::<usize>() + error.column().saturating_sub(1);
    // A wrong escape may end within a character.
    Error::invalid(message).at_offset(text.floor_char_boundary(offset))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn raw(text: &str) -> &RawValue {
        serde_json::from_str(text).unwrap()
    }

    fn refused(text: &str) -> (String, usize) {
        let error = read_text(text).unwrap_err();
        (error.message().to_owned(), error.offset().unwrap())
    }

    #[test]
    fn numbers_are_read_from_their_digits() {
        let read = read_text("[-0,-0.0,1,1.0,1E2,18446744073709551615,9007199254740993,1e-400]").unwrap();
        assert_eq!(read.to_json(), "[0,-0.0,1,1.0,100.0,18446744073709551615,9007199254740993,0.0]");
        assert_eq!(refused(r#"{"a": [1, 18446744073709551616]}"#), ("an integer lies outside i64 and u64".into(), 10));
        assert_eq!(refused(r#" [1e400]"#), ("a number is too large for an f64".into(), 2));
    }

    #[test]
    fn a_key_twice_is_refused_after_unescaping() {
        let twice = "an object names a key twice".to_owned();
        assert_eq!(refused(r#"{"a":1,"a":1}"#), (twice.clone(), 7));
        assert_eq!(refused(r#"{"a":1,"\u0061":2}"#), (twice.clone(), 7));
        assert_eq!(refused("[{\"b\":\n{\"\":1,\"\":2}}]"), (twice, 13));
        assert!(read_text(r#"{"a":{"a":1},"A":2}"#).is_ok());
    }

    #[test]
    fn what_is_not_json_is_refused_with_its_place() {
        assert_eq!(refused("[1,\n2,x]"), ("this is not JSON".into(), 6));
        assert_eq!(refused(r#"{"a":1"#).0, "the JSON text ends too early");
        for bad in [
            "",
            " ",
            "01",
            "1.",
            "+1",
            "nul",
            "[1,]",
            "{\"a\":1,}",
            "{a:1}",
            "'a'",
            "\"\n\"",
            "1 2",
            "NaN",
            "//",
            r#""\ud800""#,
            r#"{"\udc00":1}"#,
            "\u{feff}1",
        ] {
            assert!(read_text(bad).is_err(), "{bad}");
        }
        assert_eq!(read_text(r#"["\ud83d\ude00\u00e9\n"]"#).unwrap().to_json(), r#"["😀é\n"]"#);
        assert_eq!(read_text(r#"{"a\"":"b\\","[,":"]"}"#).unwrap().to_json(), r#"{"[,":"]","a\"":"b\\"}"#);
    }

    #[test]
    fn hostile_nesting_is_an_error() {
        let nested = |open: &str, close: &str, levels: usize| open.repeat(levels) + "1" + &close.repeat(levels);
        assert!(read_text(&nested("[", "]", 128)).is_ok());
        assert!(read_text(&nested("[", "]", 129)).is_err());
        assert!(read_text(&nested("[", "]", 1_000_000)).is_err());
        assert!(read_text(&nested(r#"{"a":"#, "}", 200_000)).is_err());
        assert!(read_text(&"[".repeat(1_000_000)).is_err());
    }

    #[test]
    fn errors_never_quote_the_text() {
        for bad in [r#"{"a":"secret","a":"secret"}"#, "secret", r#"["secret"#, r#""secret\x""#] {
            let error = read_text(bad).unwrap_err();
            assert!(
                !format!("{error} {error:?}").contains("secret") && std::error::Error::source(&error).is_none(),
                "{bad}"
            );
        }
        let error = read_object(r#""secret""#).unwrap_err();
        assert_eq!((error.message(), format!("{error:?}").contains("secret")), ("expected an object", false));
    }

    #[test]
    fn components_go_straight_to_f32() {
        // 1 + 2^-24 + 2^-60 lies above the middle of 1 and its successor; by way of f64 it would round to the middle, then to 1.
        let read = read_f32s(raw("[-0, 1.000000059604644776257986380, 3.4028235e38, 18446744073709551616]")).unwrap();
        let bits: Vec<u32> = read.iter().map(|component| component.to_bits()).collect();
        assert_eq!(bits, [0x8000_0000, 0x3f80_0001, 0x7f7f_ffff, 0x5f80_0000]);
        for bad in ["[1e39]", "[\"1\"]", "[null]", "[[1]]", "1", "{}", "[true]"] {
            assert!(read_f32s(raw(bad)).is_err(), "{bad}");
        }
    }
}
