//! YAML 1.2 with its core schema to the tree: tables of texts, numbers, true and false. Anchors, aliases, tags and a second
//! document are refused: nobody needs them here, and with them a short file can stand for an endless one.

use memory_core::connect::Written;
use saphyr_parser::{Event, Parser, ScalarStyle, StrInput};

use super::tree::{Entry, Flaw, Table, Value};

/// A configuration is three deep.
const DEEPEST: usize = 16;

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Table, Flaw> {
    // The parser takes the end of the text for a line of its own.
    let last = text.lines().count().max(1);
    document(text).map_err(|flaw| Flaw { line: flaw.line.min(last), ..flaw })
}

fn document(text: &str) -> Result<Table, Flaw> {
    let mut reader = Reader { parser: Parser::new_from_str(text), line: 1 };
    loop {
        match reader.next()? {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd => return Ok(Table::new()),
            first => {
                let flaw = reader.flaw("a configuration is made of lines `key: value`");
                let value = reader.value(first, 0)?;
                reader.end()?;
                return match value {
                    Value::Table(table) => Ok(table),
                    Value::Plain(Written::Other("nothing")) => Ok(Table::new()),
                    Value::Plain(_) => Err(flaw),
                };
            }
        }
    }
}

struct Reader<'a> {
    parser: Parser<'a, StrInput<'a>>,
    /// Of the last event.
    line: usize,
}

impl<'a> Reader<'a> {
    fn flaw(&self, message: &str) -> Flaw {
        Flaw { line: self.line, message: message.to_owned() }
    }

    fn next(&mut self) -> Result<Event<'a>, Flaw> {
        match self.parser.next() {
            Some(Ok((event, span))) => {
                self.line = span.start.line();
                Ok(event)
            }
            // Its messages name at most one character of the text.
            Some(Err(error)) => {
                Err(Flaw { line: error.marker().line(), message: format!("this is no YAML: {}", error.info()) })
            }
            None => Ok(Event::StreamEnd),
        }
    }

    /// The value that begins with this event.
    fn value(&mut self, event: Event<'a>, depth: usize) -> Result<Value, Flaw> {
        match event {
            Event::Scalar(text, style, anchor, tag) => {
                self.bare(anchor, tag.is_some())?;
                let text = text.into_owned();
                Ok(Value::Plain(if style == ScalarStyle::Plain { plain(text) } else { Written::Text(text) }))
            }
            Event::MappingStart(anchor, tag) => {
                self.bare(anchor, tag.is_some())?;
                self.table(depth + 1).map(Value::Table)
            }
            Event::SequenceStart(anchor, tag) => {
                self.bare(anchor, tag.is_some())?;
                self.list(depth + 1)
            }
            Event::Alias(_) => Err(self.flaw("an alias (*name) is not read here; write the value out")),
            _ => Err(self.flaw("this is no YAML: a value is missing")),
        }
    }

    fn bare(&self, anchor: usize, tag: bool) -> Result<(), Flaw> {
        match (anchor, tag) {
            (0, false) => Ok(()),
            (_, true) => Err(self.flaw("a tag (!name) is not read here")),
            (_, false) => Err(self.flaw("an anchor (&name) is not read here")),
        }
    }

    fn deeper(&self, depth: usize) -> Result<(), Flaw> {
        if depth > DEEPEST { Err(self.flaw("this is nested too deeply")) } else { Ok(()) }
    }

    fn table(&mut self, depth: usize) -> Result<Table, Flaw> {
        self.deeper(depth)?;
        let mut table = Table::new();
        loop {
            let event = self.next()?;
            if event == Event::MappingEnd {
                return Ok(table);
            }
            let line = self.line;
            let Value::Plain(Written::Text(key)) = self.value(event, depth)? else {
                return Err(Flaw { line, message: "a key is a text; put it in quotes if it is one".to_owned() });
            };
            if let Some(first) = table.iter().find(|entry| entry.key == key) {
                let message = format!("{key:?} stands twice, first in line {}", first.line);
                return Err(Flaw { line, message });
            }
            let event = self.next()?;
            let value = self.value(event, depth)?;
            table.push(Entry { key, line, value });
        }
    }

    /// Lists mean nothing in a configuration: their items are only passed by.
    fn list(&mut self, depth: usize) -> Result<Value, Flaw> {
        self.deeper(depth)?;
        loop {
            let event = self.next()?;
            if event == Event::SequenceEnd {
                return Ok(Value::Plain(Written::Other("a list")));
            }
            self.value(event, depth)?;
        }
    }

    /// Sees that nothing follows the first document.
    fn end(&mut self) -> Result<(), Flaw> {
        loop {
            match self.next()? {
                Event::StreamEnd => return Ok(()),
                Event::DocumentStart(_) => return Err(self.flaw("a second document is not read here")),
                _ => {}
            }
        }
    }
}

/// What a scalar without quotes is (YAML 1.2.2, 10.3.2).
fn plain(text: String) -> Written {
    let digits = text.trim_start_matches(['+', '-']);
    let based = |prefix: &str, radix| text.strip_prefix(prefix).map(|digits| u64::from_str_radix(digits, radix));
    let number = match (based("0x", 16), based("0o", 8)) {
        (Some(number), _) | (_, Some(number)) => number.ok(),
        _ => text.strip_prefix('+').unwrap_or(&text).parse().ok(),
    };
    match text.as_str() {
        "" | "~" | "null" | "Null" | "NULL" => Written::Other("nothing"),
        "true" | "True" | "TRUE" => Written::Switch(true),
        "false" | "False" | "FALSE" => Written::Switch(false),
        ".nan" | ".NaN" | ".NAN" => Written::Other("a number with a fraction"),
        _ => match number {
            Some(number) => Written::Whole(number),
            None if !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                Written::Other("a number below zero or beyond 64 bits")
            }
            None if is_fraction(digits) => Written::Other("a number with a fraction"),
            None => Written::Text(text),
        },
    }
}

/// `1.5`, `.5`, `1e9`, `.inf`: without its sign, a number that is not whole.
fn is_fraction(text: &str) -> bool {
    let legal = |c: char| c.is_ascii_digit() || ".eE+-".contains(c);
    let starts = text.starts_with(|c: char| c.is_ascii_digit() || c == '.');
    matches!(text, ".inf" | ".Inf" | ".INF") || (starts && text.chars().all(legal) && text.parse::<f64>().is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_are_read_by_the_core_schema() {
        let shown = |text: &str| match plain(text.to_owned()) {
            Written::Text(text) => format!("text {text}"),
            Written::Whole(number) => format!("whole {number}"),
            Written::Switch(on) => format!("switch {on}"),
            Written::Other(what) => what.to_owned(),
        };
        for (text, expected) in [
            ("abc", "text abc"),
            ("yes", "text yes"),
            ("5s", "text 5s"),
            ("1.2.3.4", "text 1.2.3.4"),
            ("-", "text -"),
            ("", "nothing"),
            ("~", "nothing"),
            ("TRUE", "switch true"),
            ("false", "switch false"),
            ("0", "whole 0"),
            ("007", "whole 7"),
            ("+5", "whole 5"),
            ("0x1F", "whole 31"),
            ("0o17", "whole 15"),
            ("-5", "a number below zero or beyond 64 bits"),
            ("99999999999999999999", "a number below zero or beyond 64 bits"),
            ("1.5", "a number with a fraction"),
            ("-.5e3", "a number with a fraction"),
            (".inf", "a number with a fraction"),
            (".nan", "a number with a fraction"),
        ] {
            assert_eq!(shown(text), expected, "{text}");
        }
    }
}
