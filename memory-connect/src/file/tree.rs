//! What a configuration file says, in whichever language it is written.

use memory_core::connect::Written;

/// A table's entries, in the order of the file. No key stands twice.
pub(crate) type Table = Vec<Entry>;

/// A key and its value.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) key: String,
    /// Where the key stands, from 1.
    pub(crate) line: usize,
    pub(crate) value: Value,
}

/// What a key is given.
#[derive(Debug)]
pub(crate) enum Value {
    /// One value.
    Plain(Written),
    /// Keys and values.
    Table(Table),
}

/// Why a text cannot be read; the text itself is not in it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Flaw {
    pub(crate) line: usize,
    pub(crate) message: String,
}
