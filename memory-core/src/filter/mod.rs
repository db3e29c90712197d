//! What records a call is about (SPEC 5): a closed tree of leaves, `And`, `Or`, `Not`. Two-valued: every record matches or not.

mod build;
mod check;
mod field;
mod json;
mod language;
mod matches;
#[cfg(test)]
mod tests {
    mod form;
    mod language;
    mod language_random;
    mod meaning;
}

use std::fmt;

pub use build::TagsField;

use crate::time::Timestamp;
use crate::value::Value;

/// A condition on records (SPEC 5). Closed: a backend translates it with exhaustive matches, or leaves it to
/// [`Filter::matches`].
///
/// ```
/// use memory_core::Filter;
///
/// let filter = Filter::and([
///     Filter::kind().eq("preference"),
///     !Filter::tags().contains("stale"),
///     Filter::metadata(["project", "stars"]).ge(3),
/// ]);
/// assert_eq!(
///     Filter::from_json(
///         r#"{"and": [{"field": "kind", "op": "eq", "value": "preference"},
///                     {"not": {"field": "tags", "op": "contains", "value": "stale"}},
///                     {"field": ["metadata", "project", "stars"], "op": "ge", "value": 3}]}"#
///     )?,
///     filter
/// );
/// # Ok::<(), memory_core::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Filter {
    /// Matches what all of them match; `And []` matches everything (FI-5).
    And(Vec<Filter>),
    /// Matches what any of them matches; `Or []` matches nothing (FI-5).
    Or(Vec<Filter>),
    /// The set complement (FI-4).
    Not(Box<Filter>),
    /// A question about one field.
    Leaf(Leaf),
}

/// A question about one field (FI-1). Each kind of field has the tests that it takes, so no other can be written down.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Leaf {
    /// About id, kind or content, which are always present.
    Text(TextField, TextTest),
    /// About one of the times; only expires_at can be absent.
    Time(TimeField, Comparison<Timestamp>),
    /// About the tags, which are always present, maybe empty.
    Tags(TagsTest),
    /// Whether there is an embedding: `Exists` with this operand.
    Embedding(bool),
    /// About the value at a path of metadata. Absent and null are the same (FI-3).
    Metadata(MetadataPath, ValueTest),
}

/// A field that is a string.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum TextField {
    /// The id within the namespace.
    Id,
    /// The kind.
    Kind,
    /// The content.
    Content,
}

/// A field that is a timestamp.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum TimeField {
    /// When the memory was made.
    CreatedAt,
    /// When it was last changed.
    UpdatedAt,
    /// When it expires; absent where it does not.
    ExpiresAt,
}

/// The keys that lead to a value of metadata, outermost first; a dot inside a key is data. It steps through objects only
/// (FI-7). 1 to 16 keys, else the filter is refused by [`Filter::check`].
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct MetadataPath(Vec<String>);

impl MetadataPath {
    /// The keys, outermost first.
    pub fn keys(&self) -> &[String] {
        &self.0
    }
}

/// The tests that text, times and metadata share. On an absent field all are false but `Ne`, `NotIn` and `Exists(false)`
/// (FI-3).
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Comparison<T> {
    /// Equal: text bytewise, values as [`Value::filter_eq`].
    Eq(T),
    /// `Not(Eq)`, so it matches absent fields (FI-4).
    Ne(T),
    /// Less. Order: text bytewise, values as [`Value::filter_cmp`]; false where there is none (FI-7).
    Lt(T),
    /// Less or equal.
    Le(T),
    /// Greater.
    Gt(T),
    /// Greater or equal.
    Ge(T),
    /// Equal to any of these; `In []` matches nothing.
    In(Vec<T>),
    /// `Not(In)`, so it matches absent fields; `NotIn []` matches everything.
    NotIn(Vec<T>),
    /// Whether the field is there and not null. [], {} and "" exist.
    Exists(bool),
}

/// The tests of text.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum TextTest {
    /// Equality, order, lists, presence.
    Compare(Comparison<String>),
    /// Begins with these bytes; "" begins everything.
    StartsWith(String),
}

/// The tests of tags.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum TagsTest {
    /// The same set; order and repetition in the operand do not count.
    Eq(Vec<String>),
    /// `Not(Eq)`.
    Ne(Vec<String>),
    /// This is one of the tags, whole.
    Contains(String),
    /// Any of these is one of the tags; `ContainsAny []` matches nothing.
    ContainsAny(Vec<String>),
    /// All of these are tags; `ContainsAll []` matches everything.
    ContainsAll(Vec<String>),
}

/// The tests of metadata. A value of another type than the test is about is no error: the test is false (FI-1).
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum ValueTest {
    /// Equality, order, lists, presence.
    Compare(Comparison<Value>),
    /// A string that begins with the operand's bytes; false for an operand that is no string.
    StartsWith(Value),
    /// An array with an element that equals this, as [`Value::filter_eq`].
    Contains(Value),
    /// An array with an element that equals any of these; `ContainsAny []` matches nothing.
    ContainsAny(Vec<Value>),
    /// An array with an element for each of these; `ContainsAll []` matches every array.
    ContainsAll(Vec<Value>),
}

impl TextField {
    /// The name in JSON, such as `kind` (FI-10).
    pub fn name(self) -> &'static str {
        match self {
            Self::Id => "id",
            Self::Kind => "kind",
            Self::Content => "content",
        }
    }
}

impl TimeField {
    /// The name in JSON, such as `created_at` (FI-10).
    pub fn name(self) -> &'static str {
        match self {
            Self::CreatedAt => "created_at",
            Self::UpdatedAt => "updated_at",
            Self::ExpiresAt => "expires_at",
        }
    }
}

/// A test's operand, whichever test it is.
#[derive(Clone, Copy)]
enum Operand<'a, T> {
    One(&'a T),
    Many(&'a [T]),
    Flag(bool),
}

/// A test as its word in JSON and its operand, for what treats all tests alike.
type Parts<'a, T> = (&'static str, Operand<'a, T>);

impl<T> Comparison<T> {
    fn parts(&self) -> Parts<'_, T> {
        match self {
            Self::Eq(operand) => ("eq", Operand::One(operand)),
            Self::Ne(operand) => ("ne", Operand::One(operand)),
            Self::Lt(operand) => ("lt", Operand::One(operand)),
            Self::Le(operand) => ("le", Operand::One(operand)),
            Self::Gt(operand) => ("gt", Operand::One(operand)),
            Self::Ge(operand) => ("ge", Operand::One(operand)),
            Self::In(operands) => ("in", Operand::Many(operands)),
            Self::NotIn(operands) => ("not_in", Operand::Many(operands)),
            Self::Exists(wanted) => ("exists", Operand::Flag(*wanted)),
        }
    }
}

impl TextTest {
    fn parts(&self) -> Parts<'_, String> {
        match self {
            Self::Compare(comparison) => comparison.parts(),
            Self::StartsWith(prefix) => ("starts_with", Operand::One(prefix)),
        }
    }
}

impl TagsTest {
    fn parts(&self) -> Parts<'_, String> {
        match self {
            Self::Eq(tags) => ("eq", Operand::Many(tags)),
            Self::Ne(tags) => ("ne", Operand::Many(tags)),
            Self::Contains(tag) => ("contains", Operand::One(tag)),
            Self::ContainsAny(tags) => ("contains_any", Operand::Many(tags)),
            Self::ContainsAll(tags) => ("contains_all", Operand::Many(tags)),
        }
    }
}

impl ValueTest {
    fn parts(&self) -> Parts<'_, Value> {
        match self {
            Self::Compare(comparison) => comparison.parts(),
            Self::StartsWith(prefix) => ("starts_with", Operand::One(prefix)),
            Self::Contains(item) => ("contains", Operand::One(item)),
            Self::ContainsAny(items) => ("contains_any", Operand::Many(items)),
            Self::ContainsAll(items) => ("contains_all", Operand::Many(items)),
        }
    }
}

/// Redacted: the field, the word, and `?` for an operand (ER-2).
impl fmt::Debug for Leaf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(field, test) => write!(f, "{} {test:?}", field.name()),
            Self::Time(field, test) => write!(f, "{} {test:?}", field.name()),
            Self::Tags(test) => write!(f, "tags {test:?}"),
            Self::Embedding(wanted) => write!(f, "embedding exists {wanted}"),
            Self::Metadata(path, test) => write!(f, "metadata{:?} {test:?}", path.0),
        }
    }
}

fn redacted<T>(f: &mut fmt::Formatter<'_>, (word, operand): Parts<'_, T>) -> fmt::Result {
    match operand {
        Operand::One(_) => write!(f, "{word} ?"),
        Operand::Many(operands) => write!(f, "{word} [{} operands]", operands.len()),
        Operand::Flag(wanted) => write!(f, "{word} {wanted}"),
    }
}

/// Redacted: the word, and `?` for an operand (ER-2).
impl<T> fmt::Debug for Comparison<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, self.parts())
    }
}

/// Redacted: the word, and `?` for an operand (ER-2).
impl fmt::Debug for TextTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, self.parts())
    }
}

/// Redacted: the word, and `?` for an operand (ER-2).
impl fmt::Debug for TagsTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, self.parts())
    }
}

/// Redacted: the word, and `?` for an operand (ER-2).
impl fmt::Debug for ValueTest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        redacted(f, self.parts())
    }
}
