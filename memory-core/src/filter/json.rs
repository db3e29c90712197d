//! The JSON form of a filter (FI-10).

use std::collections::BTreeMap;

use super::{
    Comparison, Filter, Leaf, MetadataPath, Operand, Parts, TagsTest, TextField, TextTest, TimeField, ValueTest,
};
use crate::error::{Error, Result};
use crate::json::{write_string, write_value};
use crate::time::Timestamp;
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
    let name = match field {
        Value::String(name) => name,
        Value::Array(keys) => {
            let path = read_path(keys)?;
            let test = read_value_test(&op, operand)?;
            return test.map(|test| Leaf::Metadata(path, test)).ok_or_else(|| no_such_op("metadata", &op));
        }
        _ => return Err(Error::invalid("a filter's field is a string or a list")),
    };
    let leaf = match name.as_str() {
        "id" => read_text_leaf(TextField::Id, &op, operand),
        "kind" => read_text_leaf(TextField::Kind, &op, operand),
        "content" => read_text_leaf(TextField::Content, &op, operand),
        "created_at" => read_time_leaf(TimeField::CreatedAt, &op, operand),
        "updated_at" => read_time_leaf(TimeField::UpdatedAt, &op, operand),
        "expires_at" => read_time_leaf(TimeField::ExpiresAt, &op, operand),
        "tags" => read_tags_test(&op, operand).map(|test| test.map(Leaf::Tags)),
        "embedding" if op == "exists" => flag(operand).map(|wanted| Some(Leaf::Embedding(wanted))),
        "embedding" => Ok(None),
        "metadata" => return Err(Error::invalid("a filter's field of metadata is a list: \"metadata\" and the keys")),
        _ => return Err(Error::invalid(format!("a filter has no field {}", shown(&name)))),
    };
    leaf.map_err(|error| Error::invalid(format!("{name}: {}", error.message())))?.ok_or_else(|| no_such_op(&name, &op))
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

/// None where the op is not one of a comparison.
fn read_comparison<T>(op: &str, operand: Value, one: impl Fn(Value) -> Result<T>) -> Result<Option<Comparison<T>>> {
    Ok(Some(match op {
        "eq" => Comparison::Eq(one(operand)?),
        "ne" => Comparison::Ne(one(operand)?),
        "lt" => Comparison::Lt(one(operand)?),
        "le" => Comparison::Le(one(operand)?),
        "gt" => Comparison::Gt(one(operand)?),
        "ge" => Comparison::Ge(one(operand)?),
        "in" => Comparison::In(list(operand, one)?),
        "not_in" => Comparison::NotIn(list(operand, one)?),
        "exists" => Comparison::Exists(flag(operand)?),
        _ => return Ok(None),
    }))
}

fn read_text_leaf(field: TextField, op: &str, operand: Value) -> Result<Option<Leaf>> {
    let test = match op {
        "starts_with" => Some(TextTest::StartsWith(string(operand)?)),
        _ => read_comparison(op, operand, string)?.map(TextTest::Compare),
    };
    Ok(test.map(|test| Leaf::Text(field, test)))
}

fn read_time_leaf(field: TimeField, op: &str, operand: Value) -> Result<Option<Leaf>> {
    Ok(read_comparison(op, operand, timestamp)?.map(|test| Leaf::Time(field, test)))
}

fn read_tags_test(op: &str, operand: Value) -> Result<Option<TagsTest>> {
    Ok(Some(match op {
        "eq" => TagsTest::Eq(list(operand, string)?),
        "ne" => TagsTest::Ne(list(operand, string)?),
        "contains" => TagsTest::Contains(string(operand)?),
        "contains_any" => TagsTest::ContainsAny(list(operand, string)?),
        "contains_all" => TagsTest::ContainsAll(list(operand, string)?),
        _ => return Ok(None),
    }))
}

fn read_value_test(op: &str, operand: Value) -> Result<Option<ValueTest>> {
    Ok(Some(match op {
        "starts_with" => ValueTest::StartsWith(operand),
        "contains" => ValueTest::Contains(operand),
        "contains_any" => ValueTest::ContainsAny(list(operand, Ok)?),
        "contains_all" => ValueTest::ContainsAll(list(operand, Ok)?),
        _ => return Ok(read_comparison(op, operand, Ok)?.map(ValueTest::Compare)),
    }))
}

fn string(value: Value) -> Result<String> {
    match value {
        Value::String(text) => Ok(text),
        _ => Err(Error::invalid("expected a string")),
    }
}

fn timestamp(value: Value) -> Result<Timestamp> {
    Timestamp::parse(&string(value)?)
}

fn flag(value: Value) -> Result<bool> {
    match value {
        Value::Bool(wanted) => Ok(wanted),
        _ => Err(Error::invalid("exists takes true or false")),
    }
}

fn list<T>(value: Value, one: impl Fn(Value) -> Result<T>) -> Result<Vec<T>> {
    match value {
        Value::Array(items) => items.into_iter().map(one).collect(),
        _ => Err(Error::invalid("expected a list")),
    }
}

fn no_such_op(field: &str, op: &str) -> Error {
    Error::invalid(format!("a filter on {field} has no op {}", shown(op)))
}

/// A word of the text, cut so that no error grows with its input.
fn shown(word: &str) -> String {
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
