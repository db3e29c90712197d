//! Whether a record matches: the meaning of a filter, which every translation to a server's language must keep.

use std::cmp::Ordering;
use std::collections::BTreeSet;

use super::{Comparison, Filter, Leaf, TagsTest, TextField, TextTest, TimeField, ValueTest};
use crate::record::{Record, Tags};
use crate::time::Timestamp;
use crate::value::Value;

impl Filter {
    /// Whether the record matches (FI-3 to FI-8). The filter is one that passes [`Filter::check`]. Scope and expiry are not
    /// part of it.
    pub fn matches(&self, record: &Record) -> bool {
        match self {
            Self::And(filters) => filters.iter().all(|filter| filter.matches(record)),
            Self::Or(filters) => filters.iter().any(|filter| filter.matches(record)),
            Self::Not(filter) => !filter.matches(record),
            Self::Leaf(leaf) => leaf.matches(record),
        }
    }
}

impl Leaf {
    /// Whether the record matches this leaf alone.
    pub fn matches(&self, record: &Record) -> bool {
        match self {
            Self::Text(field, test) => test.matches(text(record, *field)),
            Self::Time(field, test) => test.matches(time(record, *field)),
            Self::Tags(test) => test.matches(&record.tags),
            Self::Embedding(wanted) => record.embedding.is_some() == *wanted,
            Self::Metadata(path, test) => test.matches(record.metadata.get(path.keys())),
        }
    }
}

fn text(record: &Record, field: TextField) -> &str {
    match field {
        TextField::Id => record.key.id.as_str(),
        TextField::Kind => record.kind.as_str(),
        TextField::Content => record.content.as_str(),
    }
}

fn time(record: &Record, field: TimeField) -> Option<&Timestamp> {
    match field {
        TimeField::CreatedAt => Some(&record.created_at),
        TimeField::UpdatedAt => Some(&record.updated_at),
        TimeField::ExpiresAt => record.expires_at.as_ref(),
    }
}

impl<T> Comparison<T> {
    /// Whether this holds for what the field holds; none is an absent field.
    fn holds<A: ?Sized>(
        &self,
        actual: Option<&A>,
        equal: impl Fn(&A, &T) -> bool,
        order: impl Fn(&A, &T) -> Option<Ordering>,
    ) -> bool {
        let equals = |operand: &T| actual.is_some_and(|actual| equal(actual, operand));
        let orders = |operand: &T, wanted: fn(Ordering) -> bool| {
            actual.and_then(|actual| order(actual, operand)).is_some_and(wanted)
        };
        match self {
            Self::Eq(operand) => equals(operand),
            Self::Ne(operand) => !equals(operand),
            Self::Lt(operand) => orders(operand, Ordering::is_lt),
            Self::Le(operand) => orders(operand, Ordering::is_le),
            Self::Gt(operand) => orders(operand, Ordering::is_gt),
            Self::Ge(operand) => orders(operand, Ordering::is_ge),
            Self::In(operands) => operands.iter().any(equals),
            Self::NotIn(operands) => !operands.iter().any(equals),
            Self::Exists(wanted) => actual.is_some() == *wanted,
        }
    }
}

impl Comparison<Timestamp> {
    /// Whether this holds for a time of a record; none is an absent one.
    pub fn matches(&self, actual: Option<&Timestamp>) -> bool {
        self.holds(actual, Timestamp::eq, |a, b| Some(a.cmp(b)))
    }
}

impl TextTest {
    /// Whether this holds for the field's text. Rust compares strings bytewise (FI-8).
    pub fn matches(&self, actual: &str) -> bool {
        match self {
            Self::Compare(comparison) => comparison.holds(Some(actual), |a, b| a == b, |a, b| Some(a.cmp(b.as_str()))),
            Self::StartsWith(prefix) => actual.starts_with(prefix.as_str()),
        }
    }
}

impl TagsTest {
    /// Whether this holds for a record's tags.
    pub fn matches(&self, actual: &Tags) -> bool {
        let same = |tags: &[String]| actual.iter().eq(tags.iter().map(String::as_str).collect::<BTreeSet<_>>());
        match self {
            Self::Eq(tags) => same(tags),
            Self::Ne(tags) => !same(tags),
            Self::Contains(tag) => actual.contains(tag),
            Self::ContainsAny(tags) => tags.iter().any(|tag| actual.contains(tag)),
            Self::ContainsAll(tags) => tags.iter().all(|tag| actual.contains(tag)),
        }
    }
}

impl ValueTest {
    /// Whether this holds for what stands at a path of metadata, if anything does. Null counts as absent (FI-3).
    pub fn matches(&self, actual: Option<&Value>) -> bool {
        let actual = actual.filter(|value| **value != Value::Null);
        // The elements of an array; for anything else the whole Contains family is false.
        let items = match actual {
            Some(Value::Array(items)) => Some(items),
            _ => None,
        };
        let holds = |items: &[Value], wanted: &Value| items.iter().any(|item| item.filter_eq(wanted));
        match self {
            Self::Compare(comparison) => comparison.holds(actual, Value::filter_eq, Value::filter_cmp),
            Self::StartsWith(prefix) => match (actual, prefix) {
                (Some(Value::String(text)), Value::String(prefix)) => text.starts_with(prefix.as_str()),
                _ => false,
            },
            Self::Contains(wanted) => items.is_some_and(|items| holds(items, wanted)),
            Self::ContainsAny(wanted) => items.is_some_and(|items| wanted.iter().any(|wanted| holds(items, wanted))),
            Self::ContainsAll(wanted) => items.is_some_and(|items| wanted.iter().all(|wanted| holds(items, wanted))),
        }
    }
}
