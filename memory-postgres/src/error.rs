//! From the driver's errors to kinds (ER-1). A driver's error is reduced to its code and class: its text may quote a
//! row or an address (ER-2).

use memory_core::Error;

/// What a call answers until it is written.
pub(crate) fn not_implemented(what: &str) -> Error {
    Error::internal(format!("not implemented: {what}"))
}
