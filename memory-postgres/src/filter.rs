//! Filters as SQL: what PostgreSQL decides exactly, and for the rest a condition that loses no match.
//!
//! Every condition is true or false and never NULL, since `NOT NULL` is no complement (FI-4).

use std::collections::BTreeSet;

use memory_core::{
    Comparison, Filter, Leaf, NumberKind, TagsTest, TextField, TextTest, TimeField, Timestamp, Value as Json, ValueTest,
};

use crate::mapping::Value;
use crate::query::{Condition, text};

/// A filter as a condition on rows.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Translated {
    pub(crate) condition: Condition,
    /// Whether it holds for the matches alone. If not, [`Filter::matches`] decides on each row for which it holds.
    pub(crate) exact: bool,
}

impl Translated {
    fn exact(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { condition: Condition::new(sql, values), exact: true }
    }

    fn superset(condition: Condition) -> Self {
        Self { condition, exact: false }
    }

    /// The complement of a superset may lack matches, so then nothing is ruled out.
    fn not(self) -> Self {
        if !self.exact {
            return Self::superset(Condition::constant(true));
        }
        Self::exact(format!("NOT ({})", self.condition.sql), self.condition.values)
    }
}

/// Metadata paths that have an index.
pub(crate) type Hints = BTreeSet<Vec<String>>;

/// The condition of a filter.
pub(crate) fn translate(filter: &Filter, hints: &Hints) -> Translated {
    let join = |filters: &[Filter], join: fn(Vec<Condition>) -> Condition| {
        let parts: Vec<Translated> = filters.iter().map(|filter| translate(filter, hints)).collect();
        let exact = parts.iter().all(|part| part.exact);
        Translated { condition: join(parts.into_iter().map(|part| part.condition).collect()), exact }
    };
    match filter {
        Filter::And(filters) => join(filters, Condition::all),
        Filter::Or(filters) => join(filters, Condition::any),
        Filter::Not(filter) => translate(filter, hints).not(),
        Filter::Leaf(Leaf::Text(field, test)) => text_test(*field, test),
        Filter::Leaf(Leaf::Time(field, test)) => time_test(*field, test),
        Filter::Leaf(Leaf::Tags(test)) => tags_test(test),
        Filter::Leaf(Leaf::Embedding(true)) => Translated::exact("(embedding IS NOT NULL)", []),
        Filter::Leaf(Leaf::Embedding(false)) => Translated::exact("(embedding IS NULL)", []),
        Filter::Leaf(Leaf::Metadata(path, test)) => metadata_test(&At::new(path.keys(), hints), test),
    }
}

/// `column` is NULL where the field is absent; `one` and `list` make the operands PostgreSQL's.
fn comparison<T>(
    column: &str,
    test: &Comparison<T>,
    one: impl Fn(&T) -> Value,
    list: impl Fn(&[T]) -> Value,
) -> Translated {
    let than = |operator, operand| Translated::exact(format!("coalesce({column} {operator} ?, FALSE)"), [one(operand)]);
    let any = |operands| Translated::exact(format!("coalesce({column} = ANY(?), FALSE)"), [list(operands)]);
    match test {
        Comparison::Eq(operand) => than("=", operand),
        Comparison::Ne(operand) => than("=", operand).not(),
        Comparison::Lt(operand) => than("<", operand),
        Comparison::Le(operand) => than("<=", operand),
        Comparison::Gt(operand) => than(">", operand),
        Comparison::Ge(operand) => than(">=", operand),
        Comparison::In(operands) => any(operands),
        Comparison::NotIn(operands) => any(operands).not(),
        Comparison::Exists(true) => Translated::exact(format!("({column} IS NOT NULL)"), []),
        Comparison::Exists(false) => Translated::exact(format!("({column} IS NULL)"), []),
    }
}

fn text_test(field: TextField, test: &TextTest) -> Translated {
    let column = match field {
        TextField::Id => "id",
        TextField::Kind => "kind",
        TextField::Content => "(record::json ->> 'content') COLLATE \"C\"",
    };
    match test {
        TextTest::Compare(test) => comparison(column, test, |operand| text(operand), |all| Value::Texts(all.to_vec())),
        TextTest::StartsWith(prefix) => Translated::exact(format!("starts_with({column}, ?)"), [text(prefix)]),
    }
}

fn time_test(field: TimeField, test: &Comparison<Timestamp>) -> Translated {
    let column = match field {
        TimeField::CreatedAt => "created_at",
        TimeField::UpdatedAt => "updated_at",
        TimeField::ExpiresAt => "expires_at",
    };
    let list = |times: &[Timestamp]| Value::Ints(times.iter().map(|time| Some(time.micros())).collect());
    comparison(column, test, |time| Value::Int(time.micros()), list)
}

fn tags_test(test: &TagsTest) -> Translated {
    // Tags are stored in order and once each.
    let same = |tags: &[String]| {
        let set: BTreeSet<&String> = tags.iter().collect();
        Translated::exact("tags = ?", [Value::Texts(set.into_iter().cloned().collect())])
    };
    match test {
        TagsTest::Eq(tags) => same(tags),
        TagsTest::Ne(tags) => same(tags).not(),
        TagsTest::Contains(tag) => Translated::exact("tags @> ?", [Value::Texts(vec![tag.clone()])]),
        TagsTest::ContainsAny(tags) => Translated::exact("tags && ?", [Value::Texts(tags.clone())]),
        TagsTest::ContainsAll(tags) => Translated::exact("tags @> ?", [Value::Texts(tags.clone())]),
    }
}

/// A metadata path as an expression, NULL where a step is absent: `->` with a text steps through objects alone (FI-7).
struct At {
    sql: String,
    keys: Vec<Value>,
    /// Whether an index has it, which takes `@>` alone.
    hinted: bool,
}

impl At {
    fn new(keys: &[String], hints: &Hints) -> Self {
        Self {
            sql: format!("(metadata{})", " -> ?".repeat(keys.len())),
            keys: keys.iter().map(|key| text(key)).collect(),
            hinted: hints.contains(keys),
        }
    }

    /// A condition in which each `@` is the value at the path, and what its `?` stand for follows from the second `@` on.
    fn test(&self, sql: &str, operand: Option<Value>) -> Condition {
        // Paths before the operand's place bind before it.
        let (mut values, mut operand) = (Vec::new(), operand);
        for character in sql.chars() {
            match character {
                '@' => values.extend(self.keys.iter().cloned()),
                '?' => values.extend(operand.take()),
                _ => {}
            }
        }
        Condition::new(sql.replace('@', &self.sql), values)
    }

    fn exact(&self, sql: &str, operand: Option<Value>) -> Translated {
        Translated { condition: self.test(sql, operand), exact: true }
    }

    /// With what the index can answer, where there is one: that the value holds this, which follows from the test.
    fn through_index(&self, test: Translated, held: &Json) -> Translated {
        if !self.hinted {
            return test;
        }
        let values = self.keys.iter().cloned().chain([Value::Text(held.to_json())]);
        let held = Condition::new(format!("{} @> ?::jsonb", self.sql), values);
        Translated { condition: Condition::all(vec![held, test.condition]), exact: test.exact }
    }

    fn superset(&self, sql: &str) -> Translated {
        Translated::superset(self.test(sql, None))
    }
}

/// Whether the value is as it was written where it stands in a jsonb, which keeps numbers as decimals: of a float beyond 2^53 the
/// shortest digits are another number than the float, and beside integers that shows.
fn is_plain(value: &Json) -> bool {
    const LIMIT: f64 = 9_007_199_254_740_992.0;
    match value {
        Json::Null | Json::Bool(_) | Json::String(_) => true,
        Json::Number(number) => match number.kind() {
            NumberKind::I64(number) => number.unsigned_abs() <= 1 << 53,
            NumberKind::U64(number) => number <= 1 << 53,
            NumberKind::F64(number) => number.abs() <= LIMIT,
        },
        Json::Array(items) => items.iter().all(is_plain),
        Json::Object(fields) => fields.values().all(is_plain),
    }
}

const IS_ARRAY: &str = "coalesce(jsonb_typeof(@) = 'array', FALSE)";

fn metadata_test(at: &At, test: &ValueTest) -> Translated {
    let plain = |operands: &[Json]| operands.iter().all(is_plain);
    match test {
        ValueTest::Compare(test) => metadata_comparison(at, test),
        ValueTest::StartsWith(Json::String(prefix)) => at.exact(
            "coalesce(jsonb_typeof(@) = 'string' AND starts_with(@ #>> '{}', ?), FALSE)",
            Some(text(prefix)),
        ),
        ValueTest::StartsWith(_) => Translated::exact("FALSE", []),
        ValueTest::Contains(wanted) if is_plain(wanted) => {
            let test = holds_any(at, std::slice::from_ref(wanted));
            at.through_index(test, &Json::Array(vec![wanted.clone()]))
        }
        ValueTest::ContainsAny(wanted) if plain(wanted) => holds_any(at, wanted),
        ValueTest::ContainsAll(wanted) if plain(wanted) => at.exact(
            "CASE WHEN jsonb_typeof(@) = 'array' THEN NOT EXISTS (SELECT 1 FROM unnest(?::text[]::jsonb[]) AS w(wanted) \
             WHERE NOT EXISTS (SELECT 1 FROM jsonb_array_elements(@) AS e(item) WHERE e.item = w.wanted)) ELSE FALSE END",
            Some(list(wanted)),
        ),
        ValueTest::Contains(_) | ValueTest::ContainsAny(_) | ValueTest::ContainsAll(_) => at.superset(IS_ARRAY),
    }
}

fn holds_any(at: &At, wanted: &[Json]) -> Translated {
    at.exact(
        "CASE WHEN jsonb_typeof(@) = 'array' THEN EXISTS (SELECT 1 FROM jsonb_array_elements(@) AS e(item) \
         WHERE e.item = ANY(?::text[]::jsonb[])) ELSE FALSE END",
        Some(list(wanted)),
    )
}

/// Values to bind, each as JSON text.
fn list(values: &[Json]) -> Value {
    Value::Texts(values.iter().map(Json::to_json).collect())
}

fn metadata_comparison(at: &At, test: &Comparison<Json>) -> Translated {
    match test {
        Comparison::Eq(operand) => any_of(at, std::slice::from_ref(operand)),
        Comparison::Ne(operand) => any_of(at, std::slice::from_ref(operand)).not(),
        Comparison::Lt(operand) => ordered(at, "<", operand),
        Comparison::Le(operand) => ordered(at, "<=", operand),
        Comparison::Gt(operand) => ordered(at, ">", operand),
        Comparison::Ge(operand) => ordered(at, ">=", operand),
        Comparison::In(operands) => any_of(at, operands),
        Comparison::NotIn(operands) => any_of(at, operands).not(),
        Comparison::Exists(true) => at.exact("(coalesce(jsonb_typeof(@), 'null') <> 'null')", None),
        Comparison::Exists(false) => at.exact("(coalesce(jsonb_typeof(@), 'null') = 'null')", None),
    }
}

fn any_of(at: &At, operands: &[Json]) -> Translated {
    match operands {
        [operand] if is_plain(operand) => {
            let test = at.exact("coalesce(@ = ?::jsonb, FALSE)", Some(Value::Text(operand.to_json())));
            at.through_index(test, operand)
        }
        _ if operands.iter().all(is_plain) => {
            at.exact("coalesce(@ = ANY(?::text[]::jsonb[]), FALSE)", Some(list(operands)))
        }
        _ => at.superset("(@ IS NOT NULL)"),
    }
}

fn ordered(at: &At, operator: &str, operand: &Json) -> Translated {
    let compared = |kind: &str, value: &str, operand| {
        let sql = format!("CASE WHEN jsonb_typeof(@) = '{kind}' THEN {value} ELSE FALSE END");
        at.exact(&sql.replace('<', operator), Some(operand))
    };
    match operand {
        Json::String(operand) => compared("string", "(@ #>> '{}') COLLATE \"C\" < ?", text(operand)),
        Json::Bool(operand) => compared("boolean", "(@)::boolean < ?", Value::Bool(*operand)),
        Json::Number(_) if is_plain(operand) => {
            compared("number", "(@)::numeric < ?::numeric", Value::Text(operand.to_json()))
        }
        Json::Number(_) => at.superset("coalesce(jsonb_typeof(@) = 'number', FALSE)"),
        // They have no order (FI-7).
        Json::Null | Json::Array(_) | Json::Object(_) => Translated::exact("FALSE", []),
    }
}

#[cfg(test)]
mod tests;
