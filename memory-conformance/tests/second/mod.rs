//! The second store: the contract once more, built as differently from the reference as possible, so that the suite cannot be
//! fitted to one implementation and the backend kit is proven before a real server meets it. It ships nowhere.
//!
//! All that a database holds is one ordered map of bytes in a pretended [server](server::Server). A call pauses several times
//! on its way; a write is taken in at one poll and lands at a later one, also when nobody waits for it any more, and writes
//! under way may overtake one another. The server decides scope, expiry, and an id or a kind, and nothing else of a filter; its scores are
//! noisy; it answers three records at a time; its own order is by (id, namespace). A [`Fault`] breaks it at one place.

mod bytes;
mod collection;
mod fault;
mod harness;
mod query;
mod reading;
mod rows;
mod selection;
mod server;
mod store;
mod writing;

pub(crate) use fault::{FAULTS, Faults};
pub(crate) use harness::SecondHarness;
pub(crate) use store::Profile;
