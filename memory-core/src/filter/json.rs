//! The JSON form of a filter (FI-10).

use std::collections::BTreeMap;

use super::field::{Field, string};
use super::{Comparison, Filter, Leaf, MetadataPath, Operand, Parts};
use crate::error::{Error, Result};
use crate::json::{write_string, write_value};
use crate::value::Value;

impl Filter {
    /// Reads the JSON form: `{"and":[…]}`, `{"or":[…]}`, `{"not":{…}}`, `{"field":F,"op":O,"value":V}` (FI-10). Strict, as
    /// [`Value::from_json`]; and the filter passes [`Filter::check`].
    ///
    /// # Errors
    /// `InvalidArgument` for text that is not JSON (with the offset), another key or word (named), an operand that the field
    /// does not take, and what [`Filter::check`] refuses.
    pub fn from_json(text: &str) -> Result<Self> {
        let filter = read(Value::from_json(text)?)?;
        filter.check()?;
        Ok(filter)
    }

    /// The JSON form in canonical layout (MO-1): the same filter always gives the same text.
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        write(&mut out, self);
        out
    }
}

/// The reader of values bounds the depth, so recursion is bounded here.
fn read(value: Value) -> Result<Filter> {
    let Value::Object(mut entries) = value else { return Err(Error::invalid("a filter is an object")) };
    let keys: Vec<&str> = entries.keys().map(String::as_str).collect();
    if let Some(other) = keys.iter().find(|key| !matches!(**key, "and" | "or" | "not" | "field" | "op" | "value")) {
        return Err(Error::invalid(format!("a filter has no key {}", shown(other))));
    }
    match keys[..] {
        ["and"] => children(entries).map(Filter::And),
        ["or"] => children(entries).map(Filter::Or),
        ["not"] => only(entries).and_then(read).map(|filter| Filter::Not(Box::new(filter))),
        ["field", "op", "value"] => {
            let mut take = |key| entries.remove(key).unwrap_or(Value::Null);
            read_leaf(take("field"), take("op"), take("value")).map(Filter::Leaf)
        }
        _ => Err(Error::invalid("a filter has the one key and, or, not, or the three keys field, op, value")),
    }
}

fn only(entries: BTreeMap<String, Value>) -> Result<Value> {
    entries.into_values().next().ok_or_else(|| Error::invalid("a filter is an object with a key"))
}

fn children(entries: BTreeMap<String, Value>) -> Result<Vec<Filter>> {
    match only(entries)? {
        Value::Array(items) => items.into_iter().map(read).collect(),
        _ => Err(Error::invalid("and and or take a list of filters")),
    }
}

fn read_leaf(field: Value, op: Value, operand: Value) -> Result<Leaf> {
    let Value::String(op) = op else { return Err(Error::invalid("a filter's op is a string")) };
    let field = match field {
        Value::String(name) if name == "metadata" => {
            return Err(Error::invalid("a filter's field of metadata is a list: \"metadata\" and the keys"));
        }
        Value::String(name) => {
            Field::named(&name).ok_or_else(|| Error::invalid(format!("a filter has no field {}", shown(&name))))?
        }
        Value::Array(keys) => Field::Metadata(read_path(keys)?),
        _ => return Err(Error::invalid("a filter's field is a string or a list")),
    };
    let name = field.name();
    let no_such_op = || Error::invalid(format!("a filter on {name} has no op {}", shown(&op)));
    field.leaf(&op, operand)?.ok_or_else(no_such_op)
}

/// A path is `["metadata", key, …]`.
fn read_path(keys: Vec<Value>) -> Result<MetadataPath> {
    let mut keys = keys.into_iter().map(string).collect::<Result<Vec<_>>>()?;
    match keys.first().map(String::as_str) {
        Some("metadata") => drop(keys.remove(0)),
        Some(other) => {
            return Err(Error::invalid(format!("a filter's path begins with metadata, not {}", shown(other))));
        }
        None => return Err(Error::invalid("a filter's path begins with metadata")),
    }
    Ok(MetadataPath(keys))
}

/// A word of the text, cut so that no error grows with its input.
pub(super) fn shown(word: &str) -> String {
    format!("{:?}", word.chars().take(64).collect::<String>())
}

fn write(out: &mut String, filter: &Filter) {
    match filter {
        Filter::And(filters) => write_list(out, r#"{"and":"#, filters, write),
        Filter::Or(filters) => write_list(out, r#"{"or":"#, filters, write),
        Filter::Not(filter) => {
            out.push_str(r#"{"not":"#);
            write(out, filter);
        }
        Filter::Leaf(leaf) => {
            out.push_str(r#"{"field":"#);
            write_leaf(out, leaf);
        }
    }
    out.push('}');
}

fn write_leaf(out: &mut String, leaf: &Leaf) {
    let text = |out: &mut String, text: &String| write_string(out, text);
    match leaf {
        Leaf::Text(field, test) => {
            write_string(out, field.name());
            write_test(out, test.parts(), text);
        }
        Leaf::Time(field, test) => {
            write_string(out, field.name());
            write_test(out, test.parts(), |out, time| write_string(out, &time.to_string()));
        }
        Leaf::Tags(test) => {
            write_string(out, "tags");
            write_test(out, test.parts(), text);
        }
        Leaf::Embedding(wanted) => {
            write_string(out, "embedding");
            write_test(out, Comparison::<String>::Exists(*wanted).parts(), text);
        }
        Leaf::Metadata(path, test) => {
            out.push_str(r#"["metadata""#);
            for key in path.keys() {
                out.push(',');
                write_string(out, key);
            }
            out.push(']');
            write_test(out, test.parts(), write_value);
        }
    }
}

fn write_test<T>(out: &mut String, (word, operand): Parts<'_, T>, one: impl Fn(&mut String, &T)) {
    out.push_str(",\"op\":");
    write_string(out, word);
    out.push_str(",\"value\":");
    match operand {
        Operand::One(operand) => one(out, operand),
        Operand::Many(operands) => write_list(out, "", operands, one),
        Operand::Flag(wanted) => out.push_str(if wanted { "true" } else { "false" }),
    }
}

fn write_list<T>(out: &mut String, before: &str, items: &[T], one: impl Fn(&mut String, &T)) {
    out.push_str(before);
    out.push('[');
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push(',');
        }
        one(out, item);
    }
    out.push(']');
}
