//! The vector index: the vectors of a collection in this process's memory, and how a search is answered from them, exactly.
//!
//! It is derived from the records and caught up with them before each search (`changes.rs`). What it may hold is bounded; beyond
//! that, and where a record is damaged, a search reads the records themselves (`rows.rs`).

mod bounds;
mod codes;
mod filters;
mod helpers;
mod holder;
mod kernel;
mod load;
mod rows;
mod scan;
mod search;
mod select;
mod vectors;

pub(crate) use holder::Indexes;
pub(crate) use kernel::Kernel;
pub(crate) use search::search;
