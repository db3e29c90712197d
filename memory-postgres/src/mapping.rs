//! A record to what Postgres stores, and back. No I/O.

use memory_core::{Record, Result};

use crate::error::not_implemented;

/// A record as Postgres stores it.
pub(crate) struct Row;

/// The row of a record: what is put is what is got, field by field (RE-1).
///
/// # Errors
/// `Internal` until it is written.
pub(crate) fn to_row(_record: &Record) -> Result<Row> {
    Err(not_implemented("mapping a record"))
}
