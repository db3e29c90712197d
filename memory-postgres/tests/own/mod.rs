//! The harness, and what only this backend can show.

pub(crate) mod server;

use memory_conformance::Case;

/// The crate's own cases.
pub(crate) fn cases() -> Vec<Case> {
    Vec::new()
}
