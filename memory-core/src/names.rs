//! What things are called (SPEC 1): ids, namespaces, collections, and the key of a record.

use std::fmt;

use crate::error::{Error, Result};

/// A record's id within its namespace: UTF-8, 1 to 512 bytes, without NUL, compared bytewise (ID-2).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct RecordId(String);

impl RecordId {
    /// The greatest length, in bytes.
    pub const MAX_BYTES: usize = 512;

    /// Checks and takes an id. Nothing is trimmed, folded or normalised.
    ///
    /// # Errors
    /// `InvalidArgument` for an empty id, one of more than [`Self::MAX_BYTES`] bytes, and one with NUL.
    pub fn new(id: impl Into<String>) -> Result<Self> {
        let id = id.into();
        check_text("id", &id, 1, Self::MAX_BYTES)?;
        Ok(Self(id))
    }

    /// The id as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for RecordId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a record lives: a path of 1 to 8 segments (ID-4). Namespaces are ordered by their [keys](Self::key), bytewise.
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Namespace {
    /// The first field, so that the derived order is the order of keys. The key determines the segments.
    key: String,
}

impl Namespace {
    /// The greatest number of segments.
    pub const MAX_SEGMENTS: usize = 8;
    /// The greatest length of a segment, in bytes.
    pub const MAX_SEGMENT_BYTES: usize = 128;
    /// The greatest length of the key, in bytes.
    pub const MAX_KEY_BYTES: usize = 1536;

    /// Checks and takes the segments, outermost first. `/` inside a segment is data.
    ///
    /// # Errors
    /// `InvalidArgument` for no segment or more than 8, a segment that is empty, longer than 128 bytes or holds NUL, and a
    /// key of more than 1,536 bytes.
    pub fn new<S: AsRef<str>>(segments: impl IntoIterator<Item = S>) -> Result<Self> {
        let mut key = String::new();
        let mut count = 0;
        for segment in segments {
            check_text("namespace segment", segment.as_ref(), 1, Self::MAX_SEGMENT_BYTES)?;
            push_escaped(&mut key, segment.as_ref());
            key.push('/');
            count += 1;
        }
        if count == 0 || count > Self::MAX_SEGMENTS {
            return Err(Error::invalid(format!("a namespace has 1 to {} segments, not {count}", Self::MAX_SEGMENTS)));
        }
        if key.len() > Self::MAX_KEY_BYTES {
            return Err(Error::invalid(format!(
                "a namespace's key is at most {} bytes, not {}",
                Self::MAX_KEY_BYTES,
                key.len()
            )));
        }
        Ok(Self { key })
    }

    /// Reads a [key](Self::key) back.
    ///
    /// # Errors
    /// `InvalidArgument` for anything that [`Self::key`] does not answer.
    pub fn from_key(key: &str) -> Result<Self> {
        let invalid = || Error::invalid("this is not the key of a namespace");
        let body = key.strip_suffix('/').ok_or_else(invalid)?;
        let namespace = Self::new(body.split('/').map(unescape))?;
        if namespace.key == key { Ok(namespace) } else { Err(invalid()) }
    }

    /// The path as one string: each segment with `%` and `/` percent-encoded, then a `/`. `["a/b", "c"]` is `a%2Fb/c/`.
    pub fn key(&self) -> &str {
        &self.key
    }

    /// The segments, outermost first.
    pub fn segments(&self) -> Vec<String> {
        self.encoded_segments().map(unescape).collect()
    }

    /// The number of segments, 1 to 8.
    pub fn depth(&self) -> usize {
        self.encoded_segments().count()
    }

    /// Whether the other namespace is this one or lies below it. Whole segments count: `["foo"]` contains `["foo", "x"]`,
    /// never `["foobar"]` (ID-5).
    pub fn contains(&self, other: &Namespace) -> bool {
        other.key.starts_with(&self.key)
    }

    /// The namespace of the first `depth` segments, or this one where it has no more. `depth` counts from 1.
    pub fn truncated(&self, depth: usize) -> Namespace {
        let end = self.key.match_indices('/').nth(depth.max(1) - 1).map_or(self.key.len(), |(at, _)| at + 1);
        Self { key: self.key[..end].to_owned() }
    }

    /// This namespace with one more segment at its end.
    ///
    /// # Errors
    /// As [`Self::new`].
    pub fn child(&self, segment: &str) -> Result<Self> {
        Self::new(self.segments().iter().map(String::as_str).chain([segment]))
    }

    fn encoded_segments(&self) -> impl Iterator<Item = &str> {
        self.key.split_terminator('/')
    }
}

impl fmt::Debug for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Namespace").field(&self.key).finish()
    }
}

/// The [key](Namespace::key).
impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.key)
    }
}

fn push_escaped(key: &mut String, segment: &str) {
    for c in segment.chars() {
        match c {
            '%' => key.push_str("%25"),
            '/' => key.push_str("%2F"),
            c => key.push(c),
        }
    }
}

/// The inverse of [`push_escaped`]; any other `%` stays, and is found by the comparison in [`Namespace::from_key`].
fn unescape(segment: &str) -> String {
    segment.replace("%2F", "/").replace("%25", "%")
}

/// A collection's name: `[a-z][a-z0-9_]{0,47}` (ID-6).
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct CollectionName(String);

impl CollectionName {
    /// Checks and takes a name.
    ///
    /// # Errors
    /// `InvalidArgument` for anything else than a lower-case ASCII letter and up to 47 of those, digits and `_`.
    pub fn new(name: impl Into<String>) -> Result<Self> {
        let name = name.into();
        let mut bytes = name.bytes();
        let legal = bytes.next().is_some_and(|b| b.is_ascii_lowercase())
            && bytes.all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
            && name.len() <= 48;
        if !legal {
            return Err(Error::invalid(format!(
                "a collection's name is a lower-case letter and up to 47 of a-z, 0-9 and _, not {name:?}"
            )));
        }
        Ok(Self(name))
    }

    /// The name as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for CollectionName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What identifies a record within its collection (ID-1). Ordered by (namespace key, id), bytewise: the order that breaks ties.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)]
pub struct RecordKey {
    /// Where the record lives.
    pub namespace: Namespace,
    /// Its id there.
    pub id: RecordId,
}

impl RecordKey {
    /// Puts the two together.
    pub fn new(namespace: Namespace, id: RecordId) -> Self {
        Self { namespace, id }
    }
}

/// The namespace's key and the id: `a%2Fb/c/id`.
impl fmt::Display for RecordKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.namespace, self.id)
    }
}

/// Refuses a string that is too short, too long (in bytes) or holds NUL. `what` names it in the error.
pub(crate) fn check_text(what: &str, text: &str, min: usize, max: usize) -> Result<()> {
    if text.len() < min || text.len() > max {
        return Err(Error::invalid(format!("{what} has {min} to {max} bytes, not {}", text.len())));
    }
    if text.contains('\0') {
        return Err(Error::invalid(format!("{what} holds NUL")));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn key_escapes_and_reads_back() {
        let namespace = Namespace::new(["a/b", "c%2F"]).unwrap();
        assert_eq!(namespace.key(), "a%2Fb/c%252F/");
        assert_eq!(namespace.segments(), ["a/b", "c%2F"]);
        assert_eq!(Namespace::from_key("a%2Fb/c%252F/").unwrap(), namespace);
        for bad in ["", "/", "a", "a//", "a%/", "a%2f/", "a%41/"] {
            assert!(Namespace::from_key(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn prefixes_are_whole_segments() {
        let foo = Namespace::new(["foo"]).unwrap();
        assert!(foo.contains(&Namespace::new(["foo", "x"]).unwrap()));
        assert!(foo.contains(&foo));
        assert!(!foo.contains(&Namespace::new(["foobar"]).unwrap()));
        assert_eq!(Namespace::new(["foo", "x", "y"]).unwrap().truncated(1), foo);
        assert_eq!(foo.truncated(8), foo);
    }

    #[test]
    fn limits_at_n_and_one_more() {
        assert!(RecordId::new("x".repeat(512)).is_ok());
        assert!(RecordId::new("x".repeat(513)).is_err());
        assert!(RecordId::new("").is_err());
        assert!(RecordId::new("a\0b").is_err());
        assert!(Namespace::new(["x"; 8]).is_ok());
        assert!(Namespace::new(["x"; 9]).is_err());
        assert!(
            Namespace::new(vec!["/".repeat(128); 4]).is_err_and(|e| e.message().contains("1536")),
            "4 x (384 + 1) > 1536"
        );
        assert!(CollectionName::new("a".repeat(48)).is_ok());
        assert!(CollectionName::new("a".repeat(49)).is_err());
        for bad in ["", "A", "1a", "_a", "a-b", "ä", "a b"] {
            assert!(CollectionName::new(bad).is_err(), "{bad}");
        }
    }
}
