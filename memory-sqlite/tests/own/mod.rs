//! What only SQLite has: a file, and the processes that share it.

pub(crate) mod child;
mod crashes;
mod erasure;
mod files;
mod indexes;
mod processes;
mod teeth;
mod writes;

use memory_conformance::Case;

/// The cases of this crate.
pub(crate) fn cases() -> Vec<Case> {
    [crashes::CASES, erasure::CASES, files::CASES, indexes::CASES, processes::CASES, teeth::CASES, writes::CASES]
        .concat()
}
