//! Filters as SQL: what SQLite decides exactly, and for the rest a condition that loses no match.
//!
//! Every condition is 0 or 1 and never NULL, since `NOT NULL` is no complement (FI-4).

use memory_core::{Comparison, Filter, Leaf, NumberKind, TagsTest, TextField, TextTest, TimeField, ValueTest};
use memory_core::{Timestamp, Value as Json};
use rusqlite::types::Value;

use crate::query::{Condition, list, text};

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

    fn superset(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { condition: Condition::new(sql, values), exact: false }
    }

    fn anything() -> Self {
        Self::superset("1", [])
    }

    /// The complement of a superset may lack matches, so then nothing is ruled out.
    fn not(self) -> Self {
        if !self.exact {
            return Self::anything();
        }
        Self::exact(format!("NOT {}", self.condition.sql), self.condition.values)
    }
}

/// The condition of a filter.
pub(crate) fn translate(filter: &Filter) -> Translated {
    let join = |filters: &[Filter], join: fn(Vec<Condition>) -> Condition| {
        let parts: Vec<Translated> = filters.iter().map(translate).collect();
        let exact = parts.iter().all(|part| part.exact);
        Translated { condition: join(parts.into_iter().map(|part| part.condition).collect()), exact }
    };
    match filter {
        Filter::And(filters) => join(filters, Condition::all),
        Filter::Or(filters) => join(filters, Condition::any),
        Filter::Not(filter) => translate(filter).not(),
        Filter::Leaf(Leaf::Text(field, test)) => text_test(*field, test),
        Filter::Leaf(Leaf::Time(field, test)) => time_test(*field, test),
        Filter::Leaf(Leaf::Tags(test)) => tags_test(test),
        Filter::Leaf(Leaf::Embedding(wanted)) => present("embedding", *wanted),
        Filter::Leaf(Leaf::Metadata(path, test)) => match json_path(path.keys()) {
            Some(path) => metadata_test(&path, test),
            None => Translated::anything(),
        },
    }
}

fn present(column: &str, wanted: bool) -> Translated {
    Translated::exact(format!("({column} IS {}NULL)", if wanted { "NOT " } else { "" }), [])
}

/// `column` is an expression that is NULL where the field is absent; `bind` makes the operands SQLite's.
fn comparison<T>(
    column: &str,
    test: &Comparison<T>,
    bind: impl Fn(&T) -> Value,
    bind_list: impl Fn(&[T]) -> Value,
) -> Translated {
    let one = |operator, operand| Translated::exact(format!("ifnull({column} {operator} ?, 0)"), [bind(operand)]);
    let any = |operands| {
        let sql = format!("ifnull({column} IN (SELECT value FROM json_each(?)), 0)");
        Translated::exact(sql, [bind_list(operands)])
    };
    match test {
        Comparison::Eq(operand) => one("=", operand),
        Comparison::Ne(operand) => one("=", operand).not(),
        Comparison::Lt(operand) => one("<", operand),
        Comparison::Le(operand) => one("<=", operand),
        Comparison::Gt(operand) => one(">", operand),
        Comparison::Ge(operand) => one(">=", operand),
        Comparison::In(operands) => any(operands),
        Comparison::NotIn(operands) => any(operands).not(),
        Comparison::Exists(wanted) => present(column, *wanted),
    }
}

fn text_test(field: TextField, test: &TextTest) -> Translated {
    let column = match field {
        TextField::Id => "id",
        TextField::Kind => "kind",
        TextField::Content => "json_extract(record, '$.content')",
    };
    match test {
        TextTest::Compare(test) => {
            comparison(column, test, |operand| text(operand), |operands| list(operands.to_vec()))
        }
        TextTest::StartsWith(prefix) => starts_with(column, prefix),
    }
}

fn starts_with(column: &str, prefix: &str) -> Translated {
    let sql = format!("ifnull(substr({column}, 1, length(?)) = ?, 0)");
    Translated::exact(sql, [text(prefix), text(prefix)])
}

fn time_test(field: TimeField, test: &Comparison<Timestamp>) -> Translated {
    let column = match field {
        TimeField::CreatedAt => "created_at",
        TimeField::UpdatedAt => "updated_at",
        TimeField::ExpiresAt => "expires_at",
    };
    let micros = |times: &[Timestamp]| list(times.iter().map(|time| time.micros()).collect());
    comparison(column, test, |time| time.micros().into(), micros)
}

fn tags_test(test: &TagsTest) -> Translated {
    const TAGS: &str = "$.tags";
    let same = |tags: &[String]| {
        let different: std::collections::BTreeSet<&str> = tags.iter().map(String::as_str).collect();
        let count = i64::try_from(different.len()).unwrap_or(i64::MAX);
        let all = holds_all(TAGS, list(tags.to_vec()));
        let sql = format!("(json_array_length(record, '{TAGS}') = ? AND {})", all.sql);
        Translated::exact(sql, [Value::from(count)].into_iter().chain(all.values))
    };
    let exact = |condition| Translated { condition, exact: true };
    match test {
        TagsTest::Eq(tags) => same(tags),
        TagsTest::Ne(tags) => same(tags).not(),
        TagsTest::Contains(tag) => exact(holds_any(TAGS, list(vec![tag.clone()]))),
        TagsTest::ContainsAny(tags) => exact(holds_any(TAGS, list(tags.clone()))),
        TagsTest::ContainsAll(tags) => exact(holds_all(TAGS, list(tags.clone()))),
    }
}

/// Whether the array at the path holds any of these strings.
fn holds_any(path: &str, wanted: Value) -> Condition {
    let sql = "EXISTS (SELECT 1 FROM json_each(record, ?) AS e \
               WHERE e.type = 'text' AND e.value IN (SELECT value FROM json_each(?)))";
    Condition::new(sql, [text(path), wanted])
}

/// Whether the array at the path holds all of these strings.
fn holds_all(path: &str, wanted: Value) -> Condition {
    let sql = "NOT EXISTS (SELECT 1 FROM json_each(?) AS w WHERE NOT EXISTS \
               (SELECT 1 FROM json_each(record, ?) AS e WHERE e.type = 'text' AND e.value = w.value))";
    Condition::new(sql, [wanted, text(path)])
}

/// The path in SQLite's notation, for keys that need no escape there; how SQLite reads others differs between its versions.
pub(crate) fn json_path(keys: &[String]) -> Option<String> {
    let plain = |key: &String| !key.is_empty() && !key.contains(|c: char| c < ' ' || c == '"' || c == '\\');
    keys.iter().all(plain).then(|| keys.iter().fold("$.metadata".to_owned(), |path, key| path + ".\"" + key + "\""))
}

fn metadata_test(path: &str, test: &ValueTest) -> Translated {
    let array = || Translated::superset("ifnull(json_type(record, ?) = 'array', 0)", [text(path)]);
    let contains = |holds: Condition| {
        let sql = format!("(ifnull(json_type(record, ?) = 'array', 0) AND {})", holds.sql);
        Translated::exact(sql, [text(path)].into_iter().chain(holds.values))
    };
    match test {
        ValueTest::Compare(test) => metadata_comparison(path, test),
        ValueTest::StartsWith(Json::String(prefix)) => {
            let sql = "ifnull(json_type(record, ?) = 'text' AND substr(json_extract(record, ?), 1, length(?)) = ?, 0)";
            Translated::exact(sql, [text(path), text(path), text(prefix), text(prefix)])
        }
        ValueTest::StartsWith(_) => Translated::exact("0", []),
        ValueTest::Contains(Json::String(wanted)) => contains(holds_any(path, list(vec![wanted.clone()]))),
        ValueTest::Contains(_) => array(),
        ValueTest::ContainsAny(wanted) => strings(wanted).map_or_else(array, |list| contains(holds_any(path, list))),
        ValueTest::ContainsAll(wanted) => strings(wanted).map_or_else(array, |list| contains(holds_all(path, list))),
    }
}

/// The operands, if all are strings.
fn strings(operands: &[Json]) -> Option<Value> {
    operands.iter().all(|operand| matches!(operand, Json::String(_))).then(|| list(operands.to_vec()))
}

fn metadata_comparison(path: &str, test: &Comparison<Json>) -> Translated {
    match test {
        Comparison::Eq(operand) => scalar(path, "=", operand),
        Comparison::Ne(operand) => scalar(path, "=", operand).not(),
        Comparison::Lt(operand) => scalar(path, "<", operand),
        Comparison::Le(operand) => scalar(path, "<=", operand),
        Comparison::Gt(operand) => scalar(path, ">", operand),
        Comparison::Ge(operand) => scalar(path, ">=", operand),
        Comparison::In(operands) => any_of(path, operands),
        Comparison::NotIn(operands) => any_of(path, operands).not(),
        Comparison::Exists(wanted) => {
            let operator = if *wanted { "<>" } else { "=" };
            Translated::exact(format!("(ifnull(json_type(record, ?), 'null') {operator} 'null')"), [text(path)])
        }
    }
}

fn any_of(path: &str, operands: &[Json]) -> Translated {
    match strings(operands) {
        Some(wanted) => {
            let sql = "ifnull(json_type(record, ?) = 'text' \
                       AND json_extract(record, ?) IN (SELECT value FROM json_each(?)), 0)";
            Translated::exact(sql, [text(path), text(path), wanted])
        }
        None => Translated::anything(),
    }
}

fn scalar(path: &str, operator: &str, operand: &Json) -> Translated {
    match operand {
        Json::String(operand) => {
            let sql = format!("ifnull(json_type(record, ?) = 'text' AND json_extract(record, ?) {operator} ?, 0)");
            Translated::exact(sql, [text(path), text(path), text(operand)])
        }
        Json::Bool(operand) if operator == "=" => {
            let wanted = text(if *operand { "true" } else { "false" });
            Translated::exact("ifnull(json_type(record, ?) = ?, 0)", [text(path), wanted])
        }
        Json::Number(number) => match number.kind() {
            // An integer beyond i64 reads as a float of at least 2^63, so it compares rightly with any i64. What SQLite makes
            // of the digits of other floats is left to the re-check.
            NumberKind::I64(operand) => {
                let sql = format!(
                    "ifnull((json_type(record, ?) = 'integer' AND json_extract(record, ?) {operator} ?) \
                     OR json_type(record, ?) = 'real', 0)"
                );
                Translated::superset(sql, [text(path), text(path), operand.into(), text(path)])
            }
            NumberKind::U64(_) | NumberKind::F64(_) => {
                Translated::superset("ifnull(json_type(record, ?) IN ('integer', 'real'), 0)", [text(path)])
            }
        },
        Json::Null | Json::Bool(_) | Json::Array(_) | Json::Object(_) => Translated::anything(),
    }
}

#[cfg(test)]
mod tests;
