//! What the writing methods of the trait [`Collection`](crate::Collection) are asked, and what they answer (SPEC 4).

use crate::names::RecordKey;
use crate::record::Record;

/// An opaque mark of one state of one record, compared for equality alone (WR-5). A backend never uses one twice for the same
/// record, also after delete and put.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Version(String);

impl Version {
    /// For backends: any string that the record never had before.
    pub fn new(version: impl Into<String>) -> Self {
        Self(version.into())
    }

    /// For backends: the string that it was made of.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// What must hold of the stored record for a write to be applied (WR-5).
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Precondition {
    /// There is none; an expired one counts as none.
    Absent,
    /// It is live and has this version.
    Version(Version),
}

/// One record to put.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Write {
    /// The whole record; it replaces what is stored.
    pub record: Record,
    /// When to apply it; `None` is always.
    pub precondition: Option<Precondition>,
}

/// An unconditional write.
impl From<Record> for Write {
    fn from(record: Record) -> Self {
        Self { record, precondition: None }
    }
}

/// How the writes of one call belong together.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Batch {
    /// All or nothing (switch: atomic batches). Without it each record stands alone (WR-4).
    pub atomic: bool,
}

impl Batch {
    /// Each record stands alone.
    pub fn independent() -> Self {
        Self { atomic: false }
    }

    /// All or nothing.
    pub fn atomic() -> Self {
        Self { atomic: true }
    }
}

/// What `put` answers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Written {
    /// One for each write, in the order given; a record given twice has the last one's version twice (WR-3). `None` where
    /// the switch conditional writes is not claimed.
    pub versions: Vec<Option<Version>>,
    /// The records whose vector the embedder made of the beginning of the text alone, or may have, in the order given. It is
    /// [`Memory`](crate::Memory) that says so; a backend leaves it empty.
    pub cut: Vec<RecordKey>,
}

impl Written {
    /// With these versions, one for each write in order.
    pub fn new(versions: Vec<Option<Version>>) -> Self {
        Self { versions, cut: Vec::new() }
    }
}

/// One record to delete.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Delete {
    /// Which one.
    pub key: RecordKey,
    /// Delete only if the stored record is live and has this version (WR-5).
    pub version: Option<Version>,
}

/// An unconditional delete.
impl From<RecordKey> for Delete {
    fn from(key: RecordKey) -> Self {
        Self { key, version: None }
    }
}

/// What the deleting calls answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Deleted {
    /// How many records existed and are gone. Expired ones count for `purge_expired` alone (TT-2).
    pub count: u64,
}

impl Deleted {
    /// So many.
    pub fn new(count: u64) -> Self {
        Self { count }
    }
}
