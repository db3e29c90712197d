//! What somebody who knows SQLite and processors well would write for this one workload, and nothing more general.

mod kernel;
mod scan;
mod search;
mod store;

pub(crate) use kernel::Kernel;
pub(crate) use scan::Scanner;
pub(crate) use store::Table;
