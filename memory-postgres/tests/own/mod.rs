//! The harness, and what only this backend can show.

mod calls;
mod refusals;
mod relay;
pub(crate) mod server;
mod tenancy;
mod vectors;

use memory_conformance::Case;

/// The crate's own cases.
pub(crate) fn cases() -> Vec<Case> {
    [calls::CASES, refusals::CASES, tenancy::CASES, vectors::CASES].concat()
}
