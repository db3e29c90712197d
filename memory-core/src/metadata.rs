//! A record's metadata: a JSON object within bounds.

use std::collections::BTreeMap;
use std::fmt;

use crate::error::{Error, Result};
use crate::json;
use crate::value::{Value, check_nul};

/// A JSON object of at most 16 levels without NUL (RE-1, RE-2). Numbers keep their type; the order of keys does not count.
///
/// ```
/// use memory_core::{Metadata, Value};
///
/// let metadata = Metadata::from_json(r#"{"plan":"pro","seats":{"used":3}}"#)?;
/// assert_eq!(metadata.get(&["seats", "used"]), Some(&Value::from(3)));
/// # Ok::<(), memory_core::Error>(())
/// ```
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct Metadata(BTreeMap<String, Value>);

impl Metadata {
    /// The greatest depth. `{}` is level 1; each array or object inside adds one.
    pub const MAX_LEVELS: usize = 16;

    /// The empty object.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads the text of a JSON object, strictly: see [`Value::from_json`].
    ///
    /// # Errors
    /// `InvalidArgument` as there, and for anything but an object, more than 16 levels and NUL.
    pub fn from_json(text: &str) -> Result<Self> {
        Self::try_from(json::read_text(text)?)
    }

    /// The canonical JSON text (MO-1).
    pub fn to_json(&self) -> String {
        let mut out = String::new();
        json::write_object(&mut out, &self.0);
        out
    }

    /// The value at the end of a path of keys, or none. A path steps through objects only (FI-7); the empty one leads nowhere.
    pub fn get(&self, path: &[impl AsRef<str>]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        rest.iter().try_fold(self.0.get(first.as_ref())?, |value, key| match value {
            Value::Object(entries) => entries.get(key.as_ref()),
            _ => None,
        })
    }

    /// The entries of the outermost object, keys in bytewise order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Value)> {
        self.0.iter().map(|(key, value)| (key.as_str(), value))
    }

    /// The number of entries of the outermost object.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether this is `{}`.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// The entries, by key.
    pub(crate) fn as_map(&self) -> &BTreeMap<String, Value> {
        &self.0
    }

    /// The entries themselves.
    pub fn into_inner(self) -> BTreeMap<String, Value> {
        self.0
    }
}

impl TryFrom<BTreeMap<String, Value>> for Metadata {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` for more than 16 levels and for NUL in a key or string.
    fn try_from(entries: BTreeMap<String, Value>) -> Result<Self> {
        for (key, value) in &entries {
            check_nul("metadata", key)?;
            value.check("metadata", Self::MAX_LEVELS - 1)?;
        }
        Ok(Self(entries))
    }
}

impl TryFrom<Value> for Metadata {
    type Error = Error;

    /// # Errors
    /// `InvalidArgument` for anything but an object, more than 16 levels, and NUL in a key or string.
    fn try_from(value: Value) -> Result<Self> {
        match value {
            Value::Object(entries) => entries.try_into(),
            _ => Err(Error::invalid("metadata is an object")),
        }
    }
}

impl TryFrom<serde_json::Value> for Metadata {
    type Error = Error;

    /// As [`Value`]'s conversion from the same type.
    ///
    /// # Errors
    /// `InvalidArgument` for anything but an object, more than 16 levels, NUL, and a number that no f64 holds.
    fn try_from(value: serde_json::Value) -> Result<Self> {
        Value::try_from(value)?.try_into()
    }
}

/// Redacted: keys, types and sizes (ER-2).
impl fmt::Debug for Metadata {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(&self.0).finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object of this many levels: `{"a":{"a":{}}}` is 3.
    fn nested(levels: usize) -> String {
        format!("{}{{}}{}", r#"{"a":"#.repeat(levels - 1), "}".repeat(levels - 1))
    }

    #[test]
    fn sixteen_levels_and_no_more() {
        assert!(Metadata::from_json(&nested(16)).is_ok());
        assert!(Metadata::from_json(&nested(17)).is_err());
        assert!(Metadata::from_json(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(15), "]".repeat(15))).is_ok());
        assert!(Metadata::from_json(&format!(r#"{{"a":{}1{}}}"#, "[".repeat(16), "]".repeat(16))).is_err());
    }

    #[test]
    fn only_objects_without_nul() {
        assert!(Metadata::from_json("{}").unwrap().is_empty());
        for bad in ["[]", "null", "1", r#"{"a":"\u0000"}"#, r#"{"a\u0000":1}"#, r#"{"a":[{"\u0000":1}]}"#] {
            assert!(Metadata::from_json(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn a_path_steps_through_objects_only() {
        let metadata = Metadata::from_json(r#"{"a":{"b":[{"c":1}],"":2},"a.b":3}"#).unwrap();
        assert_eq!(metadata.get(&["a", ""]), Some(&Value::from(2)));
        assert_eq!(metadata.get(&["a.b"]), Some(&Value::from(3)));
        assert_eq!(metadata.get(&["a", "b", "c"]), None);
        assert_eq!(metadata.get(&["a", "b", "0"]), None);
        assert_eq!(metadata.get(&["b"]), None);
        assert_eq!(metadata.get(&[""; 0]), None);
        assert_eq!((metadata.len(), metadata.iter().map(|(key, _)| key).collect::<Vec<_>>()), (2, vec!["a", "a.b"]));
    }

    #[test]
    fn text_is_canonical_and_debug_redacted() {
        let metadata = Metadata::from_json(" { \"b\" : 1.50 , \"a\" : \"\\u00e9\\/\" } ").unwrap();
        assert_eq!(metadata.to_json(), r#"{"a":"é/","b":1.5}"#);
        assert_eq!(format!("{metadata:?}"), r#"{"a": String(3 bytes), "b": Number}"#);
    }
}
