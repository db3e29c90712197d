//! The record (SPEC 3) and the draft that becomes one.

use std::collections::BTreeSet;
use std::convert::Infallible;
use std::fmt;
use std::time::Duration;

use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::names::{Namespace, RecordId, RecordKey, check_text};
use crate::time::Timestamp;

/// What kind of memory a record is, such as `preference`: 0 to 64 bytes of UTF-8 without NUL (RE-1).
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Kind(String);

impl Kind {
    /// The greatest length, in bytes.
    pub const MAX_BYTES: usize = 64;

    /// Checks and takes a kind; "" is one.
    ///
    /// # Errors
    /// `InvalidArgument` for more than [`Self::MAX_BYTES`] bytes, and for NUL.
    pub fn new(kind: impl Into<String>) -> Result<Self> {
        let kind = kind.into();
        check_text("kind", &kind, 0, Self::MAX_BYTES)?;
        Ok(Self(kind))
    }

    /// The kind as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// A record's text: UTF-8 without NUL, maybe "". Its length is bounded by the backend's record limit alone.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Content(String);

impl Content {
    /// Checks and takes a text.
    ///
    /// # Errors
    /// `InvalidArgument` for NUL.
    pub fn new(content: impl Into<String>) -> Result<Self> {
        let content = content.into();
        check_text("content", &content, 0, usize::MAX)?;
        Ok(Self(content))
    }

    /// The text as it was given.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// The length alone (ER-2).
impl fmt::Debug for Content {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Content({} bytes)", self.0.len())
    }
}

/// A set of up to 64 tags, each 1 to 256 bytes of UTF-8 without NUL, in bytewise order (RE-1).
#[derive(Clone, Default, PartialEq, Eq)]
pub struct Tags(BTreeSet<String>);

impl Tags {
    /// The greatest number of different tags.
    pub const MAX: usize = 64;
    /// The greatest length of one tag, in bytes.
    pub const MAX_BYTES: usize = 256;

    /// Checks and takes tags; a repeated one counts once.
    ///
    /// # Errors
    /// `InvalidArgument` for more than [`Self::MAX`] different tags, and for a tag that is empty, too long or holds NUL.
    pub fn new<S: Into<String>>(tags: impl IntoIterator<Item = S>) -> Result<Self> {
        let tags: BTreeSet<String> = tags.into_iter().map(Into::into).collect();
        if tags.len() > Self::MAX {
            return Err(Error::invalid(format!(
                "a record has at most {} different tags, not {}",
                Self::MAX,
                tags.len()
            )));
        }
        tags.iter().try_for_each(|tag| check_text("tag", tag, 1, Self::MAX_BYTES))?;
        Ok(Self(tags))
    }

    /// The tags, bytewise, each once.
    pub fn iter(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(String::as_str)
    }

    /// Whether this tag is among them.
    pub fn contains(&self, tag: &str) -> bool {
        self.0.contains(tag)
    }

    /// How many there are.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// The number alone (ER-2).
impl fmt::Debug for Tags {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Tags({})", self.0.len())
    }
}

/// One memory (RE-1). What was put is what is got, field by field. Each field's type keeps its own invariants.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Record {
    /// Namespace and id.
    pub key: RecordKey,
    /// What kind of memory it is.
    pub kind: Kind,
    /// The text that text search reads.
    pub content: Content,
    /// The vector that vector search reads; its dimension is the collection's.
    pub embedding: Option<Embedding>,
    /// A JSON object of the application's own.
    pub metadata: Metadata,
    /// A set of strings.
    pub tags: Tags,
    /// When the memory was made. Backends never stamp records themselves (RE-3).
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
    /// From when on it is absent to every operation (TT-1).
    pub expires_at: Option<Timestamp>,
}

impl Record {
    /// Starts a record with this id; [`Memory`](crate::Memory) fills in what the draft does not name.
    pub fn draft(id: impl Into<String>) -> Draft {
        Draft {
            id: id.into(),
            namespace: None,
            kind: Ok(Kind::default()),
            content: Ok(Content::default()),
            embedding: Ok(None),
            metadata: Ok(Metadata::default()),
            tags: Ok(Tags::default()),
            created_at: None,
            updated_at: None,
            expires: None,
        }
    }

    /// Whether it is present at this time: expires_at is after it, or there is none (TT-1).
    pub fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }
}

/// A record on its way in. Setters take plain values; what is wrong with one is said when the draft is put.
///
/// Fields that are not named: the namespace is the one that the [`Memory`](crate::Memory) is bound to, kind and content are
/// "", metadata and tags empty, both times the clock's, and there is neither embedding nor expiry.
#[derive(Debug)]
pub struct Draft {
    id: String,
    namespace: Option<Namespace>,
    kind: Result<Kind>,
    content: Result<Content>,
    embedding: Result<Option<Embedding>>,
    metadata: Result<Metadata>,
    tags: Result<Tags>,
    created_at: Option<Timestamp>,
    updated_at: Option<Timestamp>,
    expires: Option<Expiry>,
}

#[derive(Debug)]
enum Expiry {
    At(Timestamp),
    In(Duration),
}

impl Draft {
    /// Sets the id.
    #[must_use]
    pub fn id(mut self, id: impl Into<String>) -> Self {
        self.id = id.into();
        self
    }

    /// Sets the namespace.
    #[must_use]
    pub fn namespace(mut self, namespace: Namespace) -> Self {
        self.namespace = Some(namespace);
        self
    }

    /// Sets the kind.
    #[must_use]
    pub fn kind(mut self, kind: impl Into<String>) -> Self {
        self.kind = Kind::new(kind);
        self
    }

    /// Sets the text.
    #[must_use]
    pub fn content(mut self, content: impl Into<String>) -> Self {
        self.content = Content::new(content);
        self
    }

    /// Sets the vector, from an [`Embedding`] or from its components.
    #[must_use]
    pub fn embedding<E: TryInto<Embedding, Error: Into<Error>>>(mut self, embedding: E) -> Self {
        self.embedding = embedding.try_into().map(Some).map_err(Into::into);
        self
    }

    /// Takes the vector away.
    #[must_use]
    pub fn without_embedding(mut self) -> Self {
        self.embedding = Ok(None);
        self
    }

    /// Sets the metadata, from [`Metadata`] or a JSON value that is an object.
    #[must_use]
    pub fn metadata<M: TryInto<Metadata, Error: Into<Error>>>(mut self, metadata: M) -> Self {
        self.metadata = metadata.try_into().map_err(Into::into);
        self
    }

    /// Sets the tags.
    #[must_use]
    pub fn tags<S: Into<String>>(mut self, tags: impl IntoIterator<Item = S>) -> Self {
        self.tags = Tags::new(tags);
        self
    }

    /// Sets the time of making.
    #[must_use]
    pub fn created_at(mut self, at: Timestamp) -> Self {
        self.created_at = Some(at);
        self
    }

    /// Sets the time of the last change.
    #[must_use]
    pub fn updated_at(mut self, at: Timestamp) -> Self {
        self.updated_at = Some(at);
        self
    }

    /// Lets the record expire at this time.
    #[must_use]
    pub fn expires_at(mut self, at: Timestamp) -> Self {
        self.expires = Some(Expiry::At(at));
        self
    }

    /// Lets the record expire this long after it is put.
    #[must_use]
    pub fn expires_in(mut self, after: Duration) -> Self {
        self.expires = Some(Expiry::In(after));
        self
    }

    /// Lets the record live on without an end.
    #[must_use]
    pub fn without_expiry(mut self) -> Self {
        self.expires = None;
        self
    }

    /// Leaves the time of the last change to the clock again.
    #[must_use]
    pub(crate) fn touched(mut self) -> Self {
        self.updated_at = None;
        self
    }

    /// The record, with `home` for a namespace that is not named and `now` for times that are not.
    ///
    /// # Errors
    /// `InvalidArgument` for the first field that is wrong, for a missing namespace, and for an expiry past the year 9999.
    pub fn build(self, home: Option<&Namespace>, now: Timestamp) -> Result<Record> {
        let namespace = match (self.namespace, home) {
            (Some(namespace), _) => namespace,
            (None, Some(home)) => home.clone(),
            (None, None) => return Err(no_home()),
        };
        let expires_at = match self.expires {
            None => None,
            Some(Expiry::At(at)) => Some(at),
            Some(Expiry::In(after)) => {
                Some(now.checked_add(after).ok_or_else(|| Error::invalid("expires_in leads past the year 9999"))?)
            }
        };
        Ok(Record {
            key: RecordKey::new(namespace, RecordId::new(self.id)?),
            kind: self.kind?,
            content: self.content?,
            embedding: self.embedding?,
            metadata: self.metadata?,
            tags: self.tags?,
            created_at: self.created_at.unwrap_or(now),
            updated_at: self.updated_at.unwrap_or(now),
            expires_at,
        })
    }
}

/// What an id without a namespace gets where the scope does not say which namespace is meant.
pub(crate) fn no_home() -> Error {
    Error::invalid(
        "this handle is not bound to one namespace: name the record's namespace, or narrow the handle to one",
    )
}

/// The record as it is: times included, so that putting it changes nothing.
impl From<Record> for Draft {
    fn from(record: Record) -> Self {
        Self {
            id: record.key.id.as_str().to_owned(),
            namespace: Some(record.key.namespace),
            kind: Ok(record.kind),
            content: Ok(record.content),
            embedding: Ok(record.embedding),
            metadata: Ok(record.metadata),
            tags: Ok(record.tags),
            created_at: Some(record.created_at),
            updated_at: Some(record.updated_at),
            expires: record.expires_at.map(Expiry::At),
        }
    }
}

impl From<Infallible> for Error {
    fn from(never: Infallible) -> Self {
        match never {}
    }
}
