//! A field by its name, and its leaf from the word of a test and an operand: what the JSON form and the language share.

use super::{Comparison, Leaf, MetadataPath, TagsTest, TextField, TextTest, TimeField, ValueTest};
use crate::error::{Error, Result};
use crate::time::Timestamp;
use crate::value::Value;

/// What a leaf asks about.
pub(super) enum Field {
    Text(TextField),
    Time(TimeField),
    Tags,
    Embedding,
    Metadata(MetadataPath),
}

impl Field {
    /// The names of all fields, as a person would look for them.
    pub(super) const NAMES: [&str; 9] =
        ["id", "kind", "content", "tags", "created_at", "updated_at", "expires_at", "embedding", "metadata"];

    /// The field of this name; those of metadata have none.
    pub(super) fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" => Self::Text(TextField::Id),
            "kind" => Self::Text(TextField::Kind),
            "content" => Self::Text(TextField::Content),
            "tags" => Self::Tags,
            "created_at" => Self::Time(TimeField::CreatedAt),
            "updated_at" => Self::Time(TimeField::UpdatedAt),
            "expires_at" => Self::Time(TimeField::ExpiresAt),
            "embedding" => Self::Embedding,
            _ => return None,
        })
    }

    /// Its name; `metadata` for all paths of metadata.
    pub(super) fn name(&self) -> &'static str {
        match self {
            Self::Text(field) => field.name(),
            Self::Time(field) => field.name(),
            Self::Tags => "tags",
            Self::Embedding => "embedding",
            Self::Metadata(_) => "metadata",
        }
    }

    /// The leaf of the test that JSON calls `op`; none where the field does not take it (FI-1, FI-10).
    ///
    /// # Errors
    /// `InvalidArgument`, with the field's name, for an operand that the test does not take.
    pub(super) fn leaf(self, op: &str, operand: Value) -> Result<Option<Leaf>> {
        let name = self.name();
        let leaf = match self {
            Self::Text(field) => text_test(op, operand).map(|test| test.map(|test| Leaf::Text(field, test))),
            Self::Time(field) => {
                comparison(op, operand, timestamp).map(|test| test.map(|test| Leaf::Time(field, test)))
            }
            Self::Tags => tags_test(op, operand).map(|test| test.map(Leaf::Tags)),
            Self::Embedding if op == "exists" => flag(operand).map(|wanted| Some(Leaf::Embedding(wanted))),
            Self::Embedding => Ok(None),
            Self::Metadata(path) => value_test(op, operand).map(|test| test.map(|test| Leaf::Metadata(path, test))),
        };
        leaf.map_err(|error| Error::invalid(format!("{name}: {}", error.message())))
    }
}

/// None where the op is not one of a comparison.
fn comparison<T>(op: &str, operand: Value, one: impl Fn(Value) -> Result<T>) -> Result<Option<Comparison<T>>> {
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

fn text_test(op: &str, operand: Value) -> Result<Option<TextTest>> {
    Ok(match op {
        "starts_with" => Some(TextTest::StartsWith(string(operand)?)),
        _ => comparison(op, operand, string)?.map(TextTest::Compare),
    })
}

fn tags_test(op: &str, operand: Value) -> Result<Option<TagsTest>> {
    Ok(Some(match op {
        "eq" => TagsTest::Eq(list(operand, string)?),
        "ne" => TagsTest::Ne(list(operand, string)?),
        "contains" => TagsTest::Contains(string(operand)?),
        "contains_any" => TagsTest::ContainsAny(list(operand, string)?),
        "contains_all" => TagsTest::ContainsAll(list(operand, string)?),
        _ => return Ok(None),
    }))
}

fn value_test(op: &str, operand: Value) -> Result<Option<ValueTest>> {
    Ok(Some(match op {
        "starts_with" => ValueTest::StartsWith(operand),
        "contains" => ValueTest::Contains(operand),
        "contains_any" => ValueTest::ContainsAny(list(operand, Ok)?),
        "contains_all" => ValueTest::ContainsAll(list(operand, Ok)?),
        _ => return Ok(comparison(op, operand, Ok)?.map(ValueTest::Compare)),
    }))
}

pub(super) fn string(value: Value) -> Result<String> {
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
