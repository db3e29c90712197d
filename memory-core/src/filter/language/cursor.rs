//! A place in the text, and what can stand there.

use super::is_word;
use crate::error::{Error, Result};
use crate::json::read_first;
use crate::number::Number;
use crate::value::Value;

/// A place in the text, never within a character: it moves over whole ASCII characters and whole JSON values.
pub(super) struct Cursor<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Cursor<'a> {
    /// The beginning of the text.
    pub(super) fn new(text: &'a str) -> Self {
        Self { text, at: 0 }
    }

    /// The offset of what comes next, after blanks.
    pub(super) fn next(&mut self) -> usize {
        self.at += self.run(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n')).len();
        self.at
    }

    /// What has not been read.
    pub(super) fn rest(&self) -> &'a str {
        &self.text[self.at..]
    }

    /// The bytes from here on that are such. ASCII ones, so that the run ends between characters.
    fn run(&self, such: impl Fn(u8) -> bool) -> &'a str {
        let rest = self.rest();
        &rest[..rest.bytes().take_while(|byte| byte.is_ascii() && such(*byte)).count()]
    }

    /// The word, or the run of signs of comparison, that stands here; "" for anything else.
    pub(super) fn word(&mut self) -> &'a str {
        self.next();
        let signs = self.run(|byte| matches!(byte, b'=' | b'!' | b'<' | b'>' | b'~' | b'&' | b'|'));
        if signs.is_empty() { self.run(is_word) } else { signs }
    }

    /// Steps over these words, in capitals or not, if they come next with blanks between them.
    pub(super) fn take_words(&mut self, words: &str) -> bool {
        let before = self.at;
        let taken = words.split(' ').all(|word| self.take_word(word));
        if !taken {
            self.at = before;
        }
        taken
    }

    fn take_word(&mut self, word: &str) -> bool {
        let found = self.word().eq_ignore_ascii_case(word);
        if found {
            self.at += word.len();
        }
        found
    }

    /// Steps over the word at this place.
    pub(super) fn skip(&mut self, word: &str) {
        self.at += word.len();
    }

    /// Steps over this sign, if it comes next.
    pub(super) fn take(&mut self, sign: char) -> bool {
        self.next();
        self.take_here(sign)
    }

    /// Steps over this sign, if it comes next without a blank before it.
    pub(super) fn take_here(&mut self, sign: char) -> bool {
        let found = self.rest().starts_with(sign);
        if found {
            self.at += sign.len_utf8();
        }
        found
    }

    /// A key of metadata at this very place: bare, or as a JSON string.
    pub(super) fn key(&mut self) -> Result<String> {
        let bare = self.run(is_word);
        self.at += bare.len();
        match (bare, self.rest().starts_with('"')) {
            ("", true) => match self.json()? {
                Value::String(key) => Ok(key),
                _ => Err(self.expected("a key")),
            },
            ("", false) => Err(self.expected(
                "a key of metadata: ASCII letters, digits, _ and -, or anything in double quotes, as in metadata.\"a key\"",
            )),
            (bare, _) => Ok(bare.to_owned()),
        }
    }

    /// An operand: a JSON value, and what follows it is left to the language.
    pub(super) fn value(&mut self) -> Result<Value> {
        let start = self.next();
        if self.rest().starts_with(['"', '[', '{']) {
            return self.json();
        }
        let literal = self.run(|byte| is_word(byte) || matches!(byte, b'+' | b'.'));
        let value = match literal {
            "true" => Value::Bool(true),
            "false" => Value::Bool(false),
            "null" => Value::Null,
            _ if literal.starts_with(|c: char| c == '-' || c.is_ascii_digit()) => {
                Value::Number(Number::from_literal(literal).map_err(|error| error.at_offset(start))?)
            }
            _ => return Err(self.expected("an operand: \"text\" in double quotes, a number, true, false or a [list]")),
        };
        self.at += literal.len();
        Ok(value)
    }

    /// The string, list or object that begins here.
    fn json(&mut self) -> Result<Value> {
        let start = self.at;
        let (value, length) = read_first(self.rest()).map_err(|error| {
            let message = format!("{}; keys and operands are written as in JSON", error.message());
            Error::invalid(message).at_offset(start + error.offset().unwrap_or(0))
        })?;
        self.at += length;
        Ok(value)
    }

    /// The error that something else is expected here.
    pub(super) fn expected(&self, what: &str) -> Error {
        let ends = if self.rest().is_empty() { "the text ends too early: " } else { "" };
        Error::invalid(format!("{ends}expected {what}")).at_offset(self.at)
    }
}
