//! Pieces of `WHERE`: scope, expiry, and where a listing goes on. Values are always bound, never written into the text.

use memory_core::kit::cursor::{TimePosition, key_from_bytes, key_to_bytes};
use memory_core::{Order, RecordKey, Result, Scope, ScopePart, Timestamp, Value as Json};
use rusqlite::types::Value;

use crate::schema::Tables;

/// A condition that is true or false for every row, never NULL, and what its `?` stand for.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Condition {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
}

impl Condition {
    pub(crate) fn new(sql: impl Into<String>, values: impl IntoIterator<Item = Value>) -> Self {
        Self { sql: sql.into(), values: values.into_iter().collect() }
    }

    pub(crate) fn constant(holds: bool) -> Self {
        Self::new(if holds { "1" } else { "0" }, [])
    }

    pub(crate) fn all(parts: Vec<Condition>) -> Self {
        Self::join(" AND ", parts).unwrap_or_else(|| Self::constant(true))
    }

    pub(crate) fn any(parts: Vec<Condition>) -> Self {
        Self::join(" OR ", parts).unwrap_or_else(|| Self::constant(false))
    }

    /// As a balanced tree: SQLite refuses an expression deeper than 1,000, which a flat list of as many parts is.
    fn join(operator: &str, mut parts: Vec<Condition>) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let right = Self::join(operator, parts.split_off(parts.len() / 2))?;
        let left = Self::join(operator, parts)?;
        let sql = format!("({}{operator}{})", left.sql, right.sql);
        Some(Self { sql, values: left.values.into_iter().chain(right.values).collect() })
    }
}

/// Text to bind.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// A list of strings to bind as one JSON text, so that no list is too long for SQLite's number of parameters.
pub(crate) fn list<T: Into<Json>>(items: Vec<T>) -> Value {
    Value::Text(Json::from(items).to_json())
}

/// These rows.
pub(crate) fn among(rows: Vec<i64>) -> Condition {
    Condition::new("row IN (SELECT value FROM json_each(?))", [list(rows)])
}

/// More parts than this are not spelled out, so that the text of a statement stays short.
const MOST_PARTS: usize = 64;

/// The rows of a scope.
pub(crate) fn scope(scope: &Scope, tables: &Tables) -> Condition {
    match scope.parts() {
        None => Condition::constant(true),
        Some(parts) if parts.len() <= MOST_PARTS => Condition::any(parts.iter().map(part).collect()),
        Some(parts) => {
            // Parts do not overlap, and no key of a namespace is the upper end of a subtree's range, for all end in `/`.
            let ranges: Vec<Vec<String>> = parts.iter().map(|p| vec![p.namespace.key().to_owned(), last(p)]).collect();
            let sql = format!(
                "row IN (SELECT r.row FROM json_each(?) AS p CROSS JOIN {} AS r \
                 WHERE r.namespace BETWEEN p.value ->> 0 AND p.value ->> 1)",
                tables.records
            );
            Condition::new(sql, [list(ranges)])
        }
    }
}

fn part(part: &ScopePart) -> Condition {
    let key = text(part.namespace.key());
    if part.below {
        Condition::new("(namespace >= ? AND namespace < ?)", [key, Value::Text(last(part))])
    } else {
        Condition::new("namespace = ?", [key])
    }
}

/// The greatest string that a key of the part's range does not exceed: `a/b0` for `a/b/` and below (see
/// [`ScopePart::contains`]).
fn last(part: &ScopePart) -> String {
    let key = part.namespace.key();
    if part.below { format!("{}0", key.strip_suffix('/').unwrap_or(key)) } else { key.to_owned() }
}

/// The rows that are live at this time (TT-1). A single comparison, so that SQLite does not split it over indexes.
pub(crate) fn live(now: Timestamp) -> Condition {
    Condition::new("ifnull(expires_at, 9223372036854775807) > ?", [now.micros().into()])
}

/// The rows that have expired.
pub(crate) fn expired(now: Timestamp) -> Condition {
    Condition::new("ifnull(expires_at <= ?, 0)", [now.micros().into()])
}

/// How a listing is sorted.
pub(crate) fn order_by(order: Order) -> &'static str {
    match order {
        Order::Unspecified => "namespace, id",
        Order::CreatedAscending => "created_at, namespace, id",
        Order::CreatedDescending => "created_at DESC, namespace, id",
        Order::UpdatedAscending => "updated_at, namespace, id",
        Order::UpdatedDescending => "updated_at DESC, namespace, id",
    }
}

/// The time that a listing is sorted by, and whether the greatest comes first.
fn sort_column(order: Order) -> Option<(&'static str, bool)> {
    match order {
        Order::Unspecified => None,
        Order::CreatedAscending => Some(("created_at", false)),
        Order::CreatedDescending => Some(("created_at", true)),
        Order::UpdatedAscending => Some(("updated_at", false)),
        Order::UpdatedDescending => Some(("updated_at", true)),
    }
}

/// The bytes of a cursor for the place of a record with these times in a listing of this order.
pub(crate) fn position(order: Order, key: &RecordKey, created_at: Timestamp, updated_at: Timestamp) -> Vec<u8> {
    match sort_column(order) {
        None => key_to_bytes(key),
        Some((column, _)) => {
            let time = if column == "created_at" { created_at } else { updated_at };
            TimePosition { time, key: key.clone() }.to_bytes()
        }
    }
}

/// The rows behind a position.
///
/// # Errors
/// `InvalidArgument` for bytes that [`position`] did not make.
pub(crate) fn behind(order: Order, position: &[u8]) -> Result<Condition> {
    let key = |key: &RecordKey| [text(key.namespace.key()), text(key.id.as_str())];
    Ok(match sort_column(order) {
        None => Condition::new("(namespace, id) > (?, ?)", key(&key_from_bytes(position)?)),
        Some((column, descending)) => {
            let position = TimePosition::from_bytes(position)?;
            let time = Value::from(position.time.micros());
            let values = [time.clone(), time].into_iter().chain(key(&position.key));
            // The first half lets SQLite start in the index; the second breaks ties, which ascend in either direction.
            let sql = if descending {
                format!("{column} <= ? AND ({column} < ? OR (namespace, id) > (?, ?))")
            } else {
                format!("{column} >= ? AND ({column} > ? OR (namespace, id) > (?, ?))")
            };
            Condition::new(format!("({sql})"), values)
        }
    })
}

#[cfg(test)]
mod tests {
    use memory_core::{CollectionName, Namespace, RecordId};

    use super::*;

    fn ns(key: &str) -> Namespace {
        Namespace::from_key(key).unwrap()
    }

    fn tables() -> Tables {
        Tables::new(&CollectionName::new("t").unwrap())
    }

    #[test]
    fn a_scope_is_ranges_of_keys() {
        assert_eq!(scope(&Scope::all(), &tables()), Condition::new("1", []));
        let two = Scope::union([Scope::subtree(ns("a/b/")), Scope::exact(ns("c/"))]).unwrap();
        let condition = scope(&two, &tables());
        assert_eq!(condition.sql, "((namespace >= ? AND namespace < ?) OR namespace = ?)");
        assert_eq!(condition.values, [text("a/b/"), text("a/b0"), text("c/")]);
    }

    #[test]
    fn many_parts_are_one_value() {
        let many = Scope::union((0..65).map(|n| Scope::subtree(ns(&format!("n{n:02}/"))))).unwrap();
        let condition = scope(&many, &tables());
        assert_eq!(condition.values.len(), 1);
        assert!(matches!(&condition.values[0], Value::Text(t) if t.starts_with(r#"[["n00/","n000"],["n01/","n010"]"#)));
    }

    #[test]
    fn joins_are_balanced() {
        let deep = Condition::any((0..1000).map(|_| Condition::constant(true)).collect()).sql;
        let depth = deep.chars().scan(0, |depth, c| {
            *depth += i32::from(c == '(') - i32::from(c == ')');
            Some(*depth)
        });
        assert_eq!(depth.max(), Some(10));
    }

    #[test]
    fn a_position_is_behind_itself() {
        let key = RecordKey::new(ns("a/"), RecordId::new("x").unwrap());
        let time = |micros| Timestamp::from_micros(micros).unwrap();
        let bytes = position(Order::UpdatedDescending, &key, time(1), time(2));
        let condition = behind(Order::UpdatedDescending, &bytes).unwrap();
        assert_eq!(condition.sql, "(updated_at <= ? AND (updated_at < ? OR (namespace, id) > (?, ?)))");
        assert_eq!(condition.values, [2.into(), 2.into(), text("a/"), text("x")]);
        let bytes = position(Order::Unspecified, &key, time(1), time(2));
        assert_eq!(behind(Order::Unspecified, &bytes).unwrap().values, [text("a/"), text("x")]);
        assert!(behind(Order::CreatedAscending, &bytes).is_err());
    }
}
