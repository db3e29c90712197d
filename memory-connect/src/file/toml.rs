//! TOML to the tree.

use memory_core::connect::Written;
use toml::de::{DeString, DeTable, DeValue};

use super::tree::{Entry, Flaw, Table, Value};

/// Reads a text.
pub(super) fn parse(text: &str) -> Result<Table, Flaw> {
    let line = |offset: usize| text.bytes().take(offset).filter(|byte| *byte == b'\n').count() + 1;
    match DeTable::parse(text) {
        Ok(table) => Ok(entries(table.into_inner(), &line)),
        Err(error) => {
            let span = error.span().unwrap_or_default();
            // Its messages say what was expected, and hold nothing of the text.
            Err(Flaw { line: line(span.start), message: format!("this is no TOML: {}", error.message()) })
        }
    }
}

fn entries(table: DeTable<'_>, line: &dyn Fn(usize) -> usize) -> Table {
    let mut pairs: Vec<_> = table.into_iter().collect();
    // The parser sorts them by name.
    pairs.sort_by_key(|(key, _)| key.span().start);
    let entry = |(key, value): (toml::Spanned<DeString<'_>>, toml::Spanned<DeValue<'_>>)| {
        let at = line(key.span().start);
        Entry { key: key.into_inner().into_owned(), line: at, value: read(value.into_inner(), line) }
    };
    pairs.into_iter().map(entry).collect()
}

fn read(value: DeValue<'_>, line: &dyn Fn(usize) -> usize) -> Value {
    Value::Plain(match value {
        DeValue::Table(table) => return Value::Table(entries(table, line)),
        DeValue::String(text) => Written::Text(text.into_owned()),
        DeValue::Integer(number) => u64::from_str_radix(number.as_str(), number.radix())
            .map_or(Written::Other("a number below zero or beyond 64 bits"), Written::Whole),
        DeValue::Boolean(on) => Written::Switch(on),
        DeValue::Float(_) => Written::Other("a number with a fraction"),
        DeValue::Datetime(_) => Written::Other("a time"),
        DeValue::Array(_) => Written::Other("a list"),
    })
}
