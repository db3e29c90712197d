//! Values of metadata and of filters: JSON, with exact numbers.

use std::cmp::Ordering;
use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::json;
use crate::number::Number;

/// A JSON value. Closed: a backend matches it exhaustively.
///
/// `==` compares the representation (RE-2: 1 and 1.0 differ). How filters compare is [`Value::filter_eq`] and
/// [`Value::filter_cmp`].
#[derive(Clone, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Value {
    /// `null`. To a filter a field that holds it is absent (FI-3).
    Null,
    /// `false` or `true`.
    Bool(bool),
    /// An i64, a u64 or a finite f64.
    Number(Number),
    /// UTF-8 text.
    String(String),
    /// Values in order.
    Array(Vec<Value>),
    /// Values by key; the order of keys is not part of the value.
    Object(BTreeMap<String, Value>),
}

impl Value {
    /// Equality as filters see it (FI-6, FI-7): without coercion between types, numbers by exact value (1 equals 1.0),
    /// arrays element by element, objects key by key. Null equals null: whether a null counts as absent is asked before.
    pub fn filter_eq(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Null, Self::Null) => true,
            (Self::Bool(a), Self::Bool(b)) => a == b,
            (Self::Number(a), Self::Number(b)) => a.compare(b).is_eq(),
            (Self::String(a), Self::String(b)) => a == b,
            (Self::Array(a), Self::Array(b)) => a.len() == b.len() && a.iter().zip(b).all(|(a, b)| a.filter_eq(b)),
            (Self::Object(a), Self::Object(b)) => {
                a.len() == b.len() && a.iter().zip(b).all(|((ka, a), (kb, b))| ka == kb && a.filter_eq(b))
            }
            _ => false,
        }
    }

    /// Order as filters see it (FI-7): numbers by exact value, strings bytewise, false before true. Null, arrays, objects
    /// and values of two types have none.
    pub fn filter_cmp(&self, other: &Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Bool(a), Self::Bool(b)) => Some(a.cmp(b)),
            (Self::Number(a), Self::Number(b)) => Some(a.compare(b)),
            (Self::String(a), Self::String(b)) => Some(a.cmp(b)),
            _ => None,
        }
    }

    /// How deep arrays and objects are nested: 0 for a scalar, 1 for `[]` and `{}`, 2 for `[{}]`.
    pub fn levels(&self) -> usize {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) | Self::String(_) => 0,
            Self::Array(items) => 1 + items.iter().map(Self::levels).max().unwrap_or(0),
            Self::Object(entries) => 1 + entries.values().map(Self::levels).max().unwrap_or(0),
        }
    }

    /// The canonical JSON text (MO-1).
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write_value(&mut out, self);
        out
    }

    /// Reads JSON text strictly (RE-2): every number by its own digits, no key twice in an object.
    ///
    /// # Errors
    /// `InvalidArgument`, with the offset, for text that is not JSON, a key named twice, a number outside i64, u64 and f64,
    /// and more than 128 levels.
    pub fn from_json(text: &str) -> Result<Self> {
        json::read_text(text)
    }

    /// Refuses NUL in strings and keys, and more than `levels` levels. Looks no deeper than that, so the depth of what is
    /// checked cannot exhaust the stack. Answers the bytes of all strings and keys.
    pub(crate) fn check(&self, what: &str, levels: usize) -> Result<usize> {
        match self {
            Self::Null | Self::Bool(_) | Self::Number(_) => Ok(0),
            Self::String(text) => check_nul(what, text),
            Self::Array(_) | Self::Object(_) if levels == 0 => {
                Err(Error::invalid(format!("{what} has too many levels")))
            }
            Self::Array(items) => items.iter().try_fold(0, |sum, item| Ok(sum + item.check(what, levels - 1)?)),
            Self::Object(entries) => entries
                .iter()
                .try_fold(0, |sum, (key, item)| Ok(sum + check_nul(what, key)? + item.check(what, levels - 1)?)),
        }
    }
}

/// Refuses NUL; answers the bytes.
pub(crate) fn check_nul(what: &str, text: &str) -> Result<usize> {
    if text.contains('\0') { Err(Error::invalid(format!("{what} holds NUL"))) } else { Ok(text.len()) }
}

/// Redacted: types and sizes, and the keys of objects (ER-2).
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("Null"),
            Self::Bool(_) => f.write_str("Bool"),
            Self::Number(number) => number.fmt(f),
            Self::String(text) => write!(f, "String({} bytes)", text.len()),
            Self::Array(items) => f.debug_list().entries(items).finish(),
            Self::Object(entries) => f.debug_map().entries(entries).finish(),
        }
    }
}

impl From<bool> for Value {
    fn from(value: bool) -> Self {
        Self::Bool(value)
    }
}

impl From<Number> for Value {
    fn from(value: Number) -> Self {
        Self::Number(value)
    }
}

impl From<i32> for Value {
    fn from(value: i32) -> Self {
        Self::Number(value.into())
    }
}

impl From<i64> for Value {
    fn from(value: i64) -> Self {
        Self::Number(value.into())
    }
}

impl From<u32> for Value {
    fn from(value: u32) -> Self {
        Self::Number(value.into())
    }
}

impl From<u64> for Value {
    fn from(value: u64) -> Self {
        Self::Number(value.into())
    }
}

impl From<&str> for Value {
    fn from(value: &str) -> Self {
        Self::String(value.to_owned())
    }
}

impl From<String> for Value {
    fn from(value: String) -> Self {
        Self::String(value)
    }
}

impl<T: Into<Value>> From<Vec<T>> for Value {
    fn from(items: Vec<T>) -> Self {
        Self::Array(items.into_iter().map(Into::into).collect())
    }
}

impl From<BTreeMap<String, Value>> for Value {
    fn from(entries: BTreeMap<String, Value>) -> Self {
        Self::Object(entries)
    }
}

impl TryFrom<f64> for Value {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` for NaN and infinity.
    fn try_from(value: f64) -> Result<Self> {
        Number::try_from(value).map(Self::Number)
    }
}

impl TryFrom<serde_json::Value> for Value {
    type Error = Error;

    /// Takes numbers as serde_json made them, and the same whether its features `arbitrary_precision` and `preserve_order`
    /// are on or not: what its default reads as a float (`-0`, integers outside i64 and u64) is a float here. Where the text
    /// is at hand, [`Value::from_json`] is stricter.
    ///
    /// # Errors
    /// `InvalidArgument` for a number that no f64 holds and for more than 128 levels.
    fn try_from(value: serde_json::Value) -> Result<Self> {
        from_serde(value, json::MAX_LEVELS)
    }
}

fn from_serde(value: serde_json::Value, levels: usize) -> Result<Value> {
    use serde_json::Value as Json;
    Ok(match value {
        Json::Null => Value::Null,
        Json::Bool(value) => Value::Bool(value),
        Json::Number(number) => Value::Number(from_serde_number(&number.to_string())?),
        Json::String(text) => Value::String(text),
        Json::Array(_) | Json::Object(_) if levels == 0 => return Err(json::too_deep()),
        Json::Array(items) => {
            Value::Array(items.into_iter().map(|item| from_serde(item, levels - 1)).collect::<Result<_>>()?)
        }
        Json::Object(entries) => Value::Object(
            entries.into_iter().map(|(key, item)| Ok((key, from_serde(item, levels - 1)?))).collect::<Result<_>>()?,
        ),
    })
}

fn from_serde_number(literal: &str) -> Result<Number> {
    match Number::from_checked_literal(literal) {
        Ok(number) if literal != "-0" => Ok(number),
        _ => literal.parse::<f64>().map_err(|_| Error::invalid("this is not a number of JSON"))?.try_into(),
    }
}

impl From<Value> for serde_json::Value {
    fn from(value: Value) -> Self {
        match value {
            Value::Null => Self::Null,
            Value::Bool(value) => value.into(),
            Value::Number(number) => match number.kind() {
                crate::NumberKind::I64(n) => n.into(),
                crate::NumberKind::U64(n) => n.into(),
                crate::NumberKind::F64(f) => f.into(),
            },
            Value::String(text) => text.into(),
            Value::Array(items) => Self::Array(items.into_iter().map(Into::into).collect()),
            Value::Object(entries) => Self::Object(entries.into_iter().map(|(key, item)| (key, item.into())).collect()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn value(text: &str) -> Value {
        Value::from_json(text).unwrap()
    }

    #[test]
    fn filter_equality_is_numeric_and_deep() {
        for (a, b) in [
            ("1", "1.0"),
            ("-0.0", "0"),
            ("[1,[2.0]]", "[1.0,[2]]"),
            (r#"{"a":1,"b":[null]}"#, r#"{"b":[null],"a":1.0}"#),
            ("null", "null"),
        ] {
            assert!(value(a).filter_eq(&value(b)), "{a} {b}");
        }
        for (a, b) in [
            ("1", r#""1""#),
            ("1", "true"),
            ("0", "false"),
            ("0", "null"),
            (r#""""#, "null"),
            ("[]", "{}"),
            ("[1,2]", "[2,1]"),
            ("[1]", "[1,2]"),
            (r#"{"a":null}"#, "{}"),
            (r#"{"a":1}"#, r#"{"b":1}"#),
            (r#"{"a":1}"#, r#"{"a":1,"b":1}"#),
            (r#""A""#, r#""a""#),
        ] {
            assert!(!value(a).filter_eq(&value(b)) && !value(b).filter_eq(&value(a)), "{a} {b}");
        }
    }

    #[test]
    fn filter_order_stays_within_a_type() {
        for (a, b) in [
            ("1", "1.5"),
            ("false", "true"),
            (r#""Z""#, r#""a""#),
            (r#""a""#, r#""ab""#),
            ("\"\u{ffff}\"", "\"\u{10000}\""),
        ] {
            assert_eq!(value(a).filter_cmp(&value(b)), Some(Ordering::Less), "{a} {b}");
            assert_eq!(value(b).filter_cmp(&value(a)), Some(Ordering::Greater), "{a} {b}");
        }
        for (a, b) in [("1", r#""2""#), ("null", "null"), ("[1]", "[2]"), ("{}", "{}"), ("false", "1")] {
            assert_eq!(value(a).filter_cmp(&value(b)), None, "{a} {b}");
        }
    }

    #[test]
    fn levels_count_arrays_and_objects() {
        for (text, levels) in [("1", 0), ("[]", 1), ("{}", 1), (r#"{"a":[1]}"#, 2), (r#"[[],{"a":{"b":"c"}}]"#, 3)] {
            assert_eq!(value(text).levels(), levels, "{text}");
            assert!(value(text).check("it", levels).is_ok());
            assert!(levels == 0 || value(text).check("it", levels - 1).is_err());
        }
        assert_eq!(value(r#"{"ab":["c",{"é":1}]}"#).check("it", 9).unwrap(), 5);
        for nul in [r#""\u0000""#, r#"[{"\u0000":1}]"#] {
            assert!(value(nul).check("it", 9).is_err_and(|e| e.message() == "it holds NUL"));
        }
    }

    #[test]
    fn debug_is_redacted() {
        let shown = format!("{:?}", value(r#"{"key":["secret",4711,true,null]}"#));
        assert_eq!(shown, r#"{"key": [String(6 bytes), Number, Bool, Null]}"#);
    }

    /// Run once more with serde_json's `arbitrary_precision` and `preserve_order` turned on: the same literals must hold.
    #[test]
    fn serde_json_values_read_the_same_with_any_of_its_features() {
        let text = r#"{"z":1,"a":[1.0,-0.0,0,9223372036854775807,18446744073709551615,-9223372036854775808,1e16,5e-324,0.1,1.5e-7],"n":null}"#;
        let json: serde_json::Value = serde_json::from_str(text).unwrap();
        let read = Value::try_from(json).unwrap();
        assert_eq!(
            read.to_json(),
            r#"{"a":[1.0,-0.0,0,9223372036854775807,18446744073709551615,-9223372036854775808,1e16,5e-324,0.1,1.5e-7],"n":null,"z":1}"#
        );
        assert!(Value::try_from(serde_json::Value::from(read.clone())).unwrap() == read);
        let lossy: serde_json::Value = serde_json::from_str("[-0,18446744073709551616]").unwrap();
        assert_eq!(Value::try_from(lossy).unwrap().to_json(), "[-0.0,1.8446744073709552e19]");
        let nested =
            |levels| (0..levels).fold(serde_json::Value::Null, |inner, _| serde_json::Value::Array(vec![inner]));
        assert!(Value::try_from(nested(128)).is_ok());
        assert!(Value::try_from(nested(129)).is_err());
    }
}
