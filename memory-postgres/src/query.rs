//! Statements and their parts. Values are always bound, never written into the text.

use std::collections::BTreeSet;

use memory_core::kit::cursor::{TimePosition, key_from_bytes, key_to_bytes};
use memory_core::{Order, Record, RecordKey, Result, Scope, ScopePart, Timestamp, Value as Json};

use crate::mapping::Value;
use crate::schema::Table;

/// A piece of SQL, and what each `?` in it stands for. As a condition it is true or false for every row, never NULL.
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
        Self::new(if holds { "TRUE" } else { "FALSE" }, [])
    }

    pub(crate) fn all(parts: Vec<Condition>) -> Self {
        Self::join(" AND ", parts).unwrap_or_else(|| Self::constant(true))
    }

    pub(crate) fn any(parts: Vec<Condition>) -> Self {
        Self::join(" OR ", parts).unwrap_or_else(|| Self::constant(false))
    }

    fn join(operator: &str, mut parts: Vec<Condition>) -> Option<Self> {
        if parts.len() < 2 {
            return parts.pop();
        }
        let sql = parts.iter().map(|part| part.sql.as_str()).collect::<Vec<_>>().join(operator);
        Some(Self::new(format!("({sql})"), parts.into_iter().flat_map(|part| part.values)))
    }
}

/// A whole statement, with its values numbered as PostgreSQL wants them.
#[derive(Debug)]
pub(crate) struct Statement {
    pub(crate) sql: String,
    pub(crate) values: Vec<Value>,
    /// Whether its text is one of a few, so that a connection may keep it prepared.
    pub(crate) kept: bool,
    /// Whether what it answers decides if it is to stay.
    pub(crate) conditional: bool,
    /// The namespaces to name to the server before it.
    pub(crate) scope: Option<Scope>,
}

impl Statement {
    /// One whose text depends on what was asked. `??` is the sign itself.
    pub(crate) fn new(sql: &str, values: Vec<Value>) -> Self {
        let mut numbered = String::with_capacity(sql.len() + 2 * values.len());
        let mut number = 0;
        let mut rest = sql.chars().peekable();
        while let Some(character) = rest.next() {
            if character != '?' {
                numbered.push(character);
            } else if rest.next_if_eq(&'?').is_some() {
                numbered.push('?');
            } else {
                number += 1;
                numbered.push('$');
                numbered.push_str(&number.to_string());
            }
        }
        Self { sql: numbered, values, kept: false, conditional: false, scope: None }
    }

    /// One of the few that a collection needs again and again.
    pub(crate) fn kept(sql: &str, values: Vec<Value>) -> Self {
        Self { kept: true, ..Self::new(sql, values) }
    }
}

impl Statement {
    /// As one about these namespaces, where the table shows only what is named.
    pub(crate) fn about(self, table: &Table, scope: &Scope) -> Self {
        if table.secured { Self { scope: Some(scope.clone()), ..self } } else { self }
    }

    /// As one about the namespaces of these keys.
    pub(crate) fn about_keys<'a>(self, table: &Table, keys: impl IntoIterator<Item = &'a RecordKey>) -> Self {
        if !table.secured {
            return self;
        }
        let namespaces: BTreeSet<_> = keys.into_iter().map(|key| &key.namespace).collect();
        Self { scope: Scope::union(namespaces.into_iter().cloned().map(Scope::exact)).ok(), ..self }
    }
}

/// Names the namespaces of a scope for the rest of the transaction: what row-level security shows (`schema/secured.sql`).
pub(crate) fn visible(scope: &Scope) -> Statement {
    // The last of all strings, bytewise.
    let everything = || (String::new(), char::MAX.to_string(), String::new());
    let (first, end, parts) = scope.parts().map_or_else(everything, |parts| {
        let pair = |part: &ScopePart| vec![part.namespace.key().to_owned(), last(part)];
        let pairs: Vec<Vec<String>> = parts.iter().map(pair).collect();
        let first = pairs.iter().map(|pair| pair[0].clone()).min().unwrap_or_default();
        let end = pairs.iter().map(|pair| pair[1].clone()).max().unwrap_or_default();
        (first, end, if pairs.len() == 1 { String::new() } else { Json::from(pairs).to_json() })
    });
    let sql = "SELECT set_config('memory.first', ?, TRUE), set_config('memory.last', ?, TRUE), set_config('memory.parts', ?, TRUE)";
    Statement::new(sql, vec![Value::Text(first), Value::Text(end), Value::Text(parts)])
}

/// Text to bind.
pub(crate) fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

/// More parts than this are not spelled out, so that the text of a statement stays short.
const MOST_PARTS: usize = 64;

/// The rows of a scope.
pub(crate) fn scope(scope: &Scope) -> Condition {
    match scope.parts() {
        None => Condition::constant(true),
        Some(parts) if parts.len() <= MOST_PARTS => Condition::any(parts.iter().map(part).collect()),
        Some(parts) => {
            // No key of a namespace is the upper end of a subtree's range, for all end in `/`.
            let first = parts.iter().map(|part| part.namespace.key().to_owned()).collect();
            let last = parts.iter().map(last).collect();
            Condition::new(
                "EXISTS (SELECT 1 FROM unnest(?::text[], ?::text[]) AS p(first, last) \
                 WHERE namespace >= p.first AND namespace <= p.last)",
                [Value::Texts(first), Value::Texts(last)],
            )
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

/// The rows that are live at this time (TT-1).
pub(crate) fn live(now: Timestamp) -> Condition {
    Condition::new("(expires_at IS NULL OR expires_at > ?)", [Value::Int(now.micros())])
}

/// The rows that have expired.
pub(crate) fn expired(now: Timestamp) -> Condition {
    Condition::new("(expires_at IS NOT NULL AND expires_at <= ?)", [Value::Int(now.micros())])
}

/// The rows of these keys.
pub(crate) fn among(keys: &[RecordKey]) -> Condition {
    let (namespaces, ids) = names(keys);
    Condition::new("(namespace, id) IN (SELECT * FROM unnest(?::text[], ?::text[]))", [namespaces, ids])
}

/// The keys as two lists to bind.
pub(crate) fn names<'a>(keys: impl IntoIterator<Item = &'a RecordKey>) -> (Value, Value) {
    let names = keys.into_iter().map(|key| (key.namespace.key().to_owned(), key.id.as_str().to_owned()));
    let (namespaces, ids) = names.unzip();
    (Value::Texts(namespaces), Value::Texts(ids))
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

/// The bytes of a cursor for the place of a record in a listing of this order.
pub(crate) fn position(order: Order, record: &Record) -> Vec<u8> {
    let time = match order {
        Order::Unspecified => return key_to_bytes(&record.key),
        Order::CreatedAscending | Order::CreatedDescending => record.created_at,
        Order::UpdatedAscending | Order::UpdatedDescending => record.updated_at,
    };
    TimePosition { time, key: record.key.clone() }.to_bytes()
}

/// The rows behind a position.
///
/// # Errors
/// `InvalidArgument` for bytes that [`position`] did not make.
pub(crate) fn behind(order: Order, position: &[u8]) -> Result<Condition> {
    let (column, descending) = match order {
        Order::Unspecified => {
            let key = key_from_bytes(position)?;
            let values = [text(key.namespace.key()), text(key.id.as_str())];
            return Ok(Condition::new("(namespace, id) > (?, ?)", values));
        }
        Order::CreatedAscending => ("created_at", false),
        Order::CreatedDescending => ("created_at", true),
        Order::UpdatedAscending => ("updated_at", false),
        Order::UpdatedDescending => ("updated_at", true),
    };
    let TimePosition { time, key } = TimePosition::from_bytes(position)?;
    let (time, key) = (Value::Int(time.micros()), [text(key.namespace.key()), text(key.id.as_str())]);
    Ok(if descending {
        // The first half lets the server start in the index; the second breaks ties, which ascend in either direction.
        let values = [time.clone(), time].into_iter().chain(key);
        Condition::new(format!("({column} <= ? AND ({column} < ? OR (namespace, id) > (?, ?)))"), values)
    } else {
        Condition::new(format!("({column}, namespace, id) > (?, ?, ?)"), [time].into_iter().chain(key))
    })
}

#[cfg(test)]
mod tests {
    use memory_core::{Namespace, RecordId};

    use super::*;

    fn ns(key: &str) -> Namespace {
        Namespace::from_key(key).unwrap()
    }

    #[test]
    fn values_are_numbered_in_the_order_of_the_text() {
        assert_eq!(Statement::new("a ??| ?", vec![text("x")]).sql, "a ?| $1");
        let statement = Statement::new("a = ? AND b = ANY(?) AND c > ?", vec![text("x"), text("y"), Value::Int(1)]);
        assert_eq!(statement.sql, "a = $1 AND b = ANY($2) AND c > $3");
    }

    #[test]
    fn a_scope_is_ranges_of_keys() {
        assert_eq!(scope(&Scope::all()), Condition::new("TRUE", []));
        let two = Scope::union([Scope::subtree(ns("a/b/")), Scope::exact(ns("c/"))]).unwrap();
        let condition = scope(&two);
        assert_eq!(condition.sql, "((namespace >= ? AND namespace < ?) OR namespace = ?)");
        assert_eq!(condition.values, [text("a/b/"), text("a/b0"), text("c/")]);
    }

    #[test]
    fn many_parts_are_two_values() {
        let many = Scope::union((0..65).map(|n| Scope::subtree(ns(&format!("n{n:02}/"))))).unwrap();
        let condition = scope(&many);
        assert_eq!(condition.values.len(), 2);
        assert!(matches!(&condition.values[1], Value::Texts(last) if last[0] == "n000" && last.len() == 65));
    }

    #[test]
    fn what_is_visible_is_bounds_and_where_they_are_not_enough_pairs() {
        let one = visible(&Scope::subtree(ns("a/")));
        assert_eq!(one.values, [text("a/"), text("a0"), text("")]);
        assert_eq!(visible(&Scope::all()).values, [text(""), text("\u{10FFFF}"), text("")]);
        let two = visible(&Scope::union([Scope::exact(ns("c/")), Scope::subtree(ns("a/"))]).unwrap());
        assert_eq!(two.values, [text("a/"), text("c/"), text(r#"[["a/","a0"],["c/","c/"]]"#)]);
    }

    #[test]
    fn the_rows_behind_a_position() {
        let key = RecordKey::new(ns("a/"), RecordId::new("x").unwrap());
        let bytes = TimePosition { time: Timestamp::from_micros(2).unwrap(), key: key.clone() }.to_bytes();
        let condition = behind(Order::UpdatedDescending, &bytes).unwrap();
        assert_eq!(condition.sql, "(updated_at <= ? AND (updated_at < ? OR (namespace, id) > (?, ?)))");
        assert_eq!(condition.values, [Value::Int(2), Value::Int(2), text("a/"), text("x")]);
        let condition = behind(Order::CreatedAscending, &bytes).unwrap();
        assert_eq!(condition.sql, "(created_at, namespace, id) > (?, ?, ?)");
        assert_eq!(behind(Order::Unspecified, &key_to_bytes(&key)).unwrap().values, [text("a/"), text("x")]);
        assert!(behind(Order::CreatedAscending, &key_to_bytes(&key)).is_err());
    }
}
