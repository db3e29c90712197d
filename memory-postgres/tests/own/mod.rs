//! The harness, and what only this backend can show.

mod calls;
mod outage;
mod refusals;
mod relay;
pub(crate) mod server;
mod tenancy;
mod tls;
mod vectors;

use memory_conformance::Case;

/// The crate's own cases.
pub(crate) fn cases() -> Vec<Case> {
    [calls::CASES, outage::CASES, refusals::CASES, tenancy::CASES, tls::CASES, vectors::CASES].concat()
}
