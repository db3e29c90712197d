//! How applications write filters: `Filter::kind().eq("fact")`.

use std::ops::Not;

use super::{Comparison, Filter, Leaf, MetadataPath, TagsTest, TextField, TextTest, TimeField, ValueTest};
use crate::time::Timestamp;
use crate::value::Value;

impl Filter {
    /// Matches every record: `And []`.
    pub fn all() -> Self {
        Self::And(Vec::new())
    }

    /// Matches what all of these match.
    pub fn and(filters: impl IntoIterator<Item = Filter>) -> Self {
        Self::And(filters.into_iter().collect())
    }

    /// Matches what any of these matches.
    pub fn or(filters: impl IntoIterator<Item = Filter>) -> Self {
        Self::Or(filters.into_iter().collect())
    }

    /// Asks about the id within the namespace.
    pub fn id() -> TextField {
        TextField::Id
    }

    /// Asks about the kind.
    pub fn kind() -> TextField {
        TextField::Kind
    }

    /// Asks about the content.
    pub fn content() -> TextField {
        TextField::Content
    }

    /// Asks about the tags.
    pub fn tags() -> TagsField {
        TagsField(())
    }

    /// Asks when the memory was made.
    pub fn created_at() -> TimeField {
        TimeField::CreatedAt
    }

    /// Asks when the memory was last changed.
    pub fn updated_at() -> TimeField {
        TimeField::UpdatedAt
    }

    /// Asks when the memory expires.
    pub fn expires_at() -> TimeField {
        TimeField::ExpiresAt
    }

    /// Asks whether there is an embedding.
    pub fn has_embedding(wanted: bool) -> Self {
        Self::Leaf(Leaf::Embedding(wanted))
    }

    /// Asks about the value at this path of metadata, outermost key first.
    pub fn metadata<S: Into<String>>(path: impl IntoIterator<Item = S>) -> MetadataPath {
        MetadataPath(path.into_iter().map(Into::into).collect())
    }
}

/// `!filter` is the set complement (FI-4).
impl Not for Filter {
    type Output = Self;

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

/// The methods of a field with a [`Comparison`]; `$wrap` makes a filter of the field and the comparison.
macro_rules! comparisons {
    ($field:ty, $operand:ty, $wrap:expr) => {
        impl $field {
            /// Equal to this.
            pub fn eq(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Eq(operand.into()))
            }

            /// Not equal to this, or absent.
            pub fn ne(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Ne(operand.into()))
            }

            /// Less than this.
            pub fn lt(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Lt(operand.into()))
            }

            /// Less than this or equal to it.
            pub fn le(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Le(operand.into()))
            }

            /// Greater than this.
            pub fn gt(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Gt(operand.into()))
            }

            /// Greater than this or equal to it.
            pub fn ge(self, operand: impl Into<$operand>) -> Filter {
                $wrap(self, Comparison::Ge(operand.into()))
            }

            /// Equal to any of these.
            pub fn is_in<T: Into<$operand>>(self, operands: impl IntoIterator<Item = T>) -> Filter {
                $wrap(self, Comparison::In(collect(operands)))
            }

            /// Equal to none of these, or absent.
            pub fn not_in<T: Into<$operand>>(self, operands: impl IntoIterator<Item = T>) -> Filter {
                $wrap(self, Comparison::NotIn(collect(operands)))
            }

            /// Whether it is there and not null.
            pub fn exists(self, wanted: bool) -> Filter {
                $wrap(self, Comparison::Exists(wanted))
            }
        }
    };
}

fn collect<T, S: Into<T>>(operands: impl IntoIterator<Item = S>) -> Vec<T> {
    operands.into_iter().map(Into::into).collect()
}

comparisons!(TextField, String, |field, comparison| Filter::Leaf(Leaf::Text(field, TextTest::Compare(comparison))));
comparisons!(TimeField, Timestamp, |field, comparison| Filter::Leaf(Leaf::Time(field, comparison)));
comparisons!(MetadataPath, Value, |path, comparison| Filter::Leaf(Leaf::Metadata(
    path,
    ValueTest::Compare(comparison)
)));

impl TextField {
    /// Begins with this.
    pub fn starts_with(self, prefix: impl Into<String>) -> Filter {
        Filter::Leaf(Leaf::Text(self, TextTest::StartsWith(prefix.into())))
    }
}

impl MetadataPath {
    /// A string that begins with this.
    pub fn starts_with(self, prefix: impl Into<Value>) -> Filter {
        Filter::Leaf(Leaf::Metadata(self, ValueTest::StartsWith(prefix.into())))
    }

    /// An array that holds this.
    pub fn contains(self, item: impl Into<Value>) -> Filter {
        Filter::Leaf(Leaf::Metadata(self, ValueTest::Contains(item.into())))
    }

    /// An array that holds any of these.
    pub fn contains_any<T: Into<Value>>(self, items: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Metadata(self, ValueTest::ContainsAny(collect(items))))
    }

    /// An array that holds all of these.
    pub fn contains_all<T: Into<Value>>(self, items: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Metadata(self, ValueTest::ContainsAll(collect(items))))
    }
}

/// What [`Filter::tags`] answers: asks about the tags.
#[derive(Clone, Copy, Debug)]
pub struct TagsField(());

impl TagsField {
    /// Exactly this set.
    pub fn eq<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Tags(TagsTest::Eq(collect(tags))))
    }

    /// Any other set than this.
    pub fn ne<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Tags(TagsTest::Ne(collect(tags))))
    }

    /// This tag is there.
    pub fn contains(self, tag: impl Into<String>) -> Filter {
        Filter::Leaf(Leaf::Tags(TagsTest::Contains(tag.into())))
    }

    /// Any of these is there.
    pub fn contains_any<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Tags(TagsTest::ContainsAny(collect(tags))))
    }

    /// All of these are there.
    pub fn contains_all<T: Into<String>>(self, tags: impl IntoIterator<Item = T>) -> Filter {
        Filter::Leaf(Leaf::Tags(TagsTest::ContainsAll(collect(tags))))
    }
}
