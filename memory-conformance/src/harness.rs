//! What the suite needs to know of a backend: how to get a database, and what may happen to one.

use std::fmt::Debug;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use memory_core::connect::Connector;
use memory_core::{Backend, CollectionName, Error, Limits, RecordKey, Result};

/// A backend, as the suite meets it. The crate's `tests/conformance.rs` implements it, in some fifteen lines for a server.
///
/// The hooks with a body are needed only where the backend's facts say so; a case that needs one and gets `Unsupported` fails.
#[async_trait]
pub trait Harness: Debug + Send + Sync + 'static {
    /// The name of the column in the report, such as `sqlite` or `sqlite :memory:`.
    fn name(&self) -> String;

    /// What was tested, such as `("SQLite", "3.50.4")`, for the report.
    fn versions(&self) -> Vec<(String, String)>;

    /// A database for one case. A file or volatile backend makes a new one; a server may answer the same each time, for
    /// the suite keeps its collections apart by their names.
    ///
    /// # Errors
    /// A missing server is an error that says how to start it.
    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>>;

    /// What opens the backend from a URL or a configuration (ER-4); `None` if nothing does.
    fn connector(&self) -> Option<Arc<dyn Connector>> {
        None
    }

    /// The database at a [location](TestDatabase::location), in another process (sharing: many; durable).
    ///
    /// # Errors
    /// `Unsupported` unless implemented.
    async fn attach(&self, location: &str) -> Result<Arc<dyn TestDatabase>> {
        let _ = location;
        Err(missing("attach"))
    }

    /// Where the backend's server listens, so that the suite can put a [fault proxy](crate::proxy::Proxy) before it (ER-3);
    /// `None` without a server.
    fn server(&self) -> Option<SocketAddr> {
        None
    }

    /// A database on that server, which is reached at this address and no other: it is the proxy's. Its time-outs are such
    /// that every call ends within this time, all waiting together: for a connection, for an answer, for a free place.
    ///
    /// # Errors
    /// `Unsupported` unless implemented. The way is open when it is called.
    async fn through(&self, address: SocketAddr, deadline: Duration) -> Result<Arc<dyn TestDatabase>> {
        let _ = (address, deadline);
        Err(missing("through"))
    }
}

/// What a case asks of its database. Each limit that is given lowers the published one (RE-8).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Settings {
    /// For [`Limits::record_bytes`].
    pub record_bytes: Option<u64>,
    /// For [`Limits::k`].
    pub k: Option<u64>,
    /// For [`Limits::dimension`].
    pub dimension: Option<u64>,
    /// For [`Limits::read_records`]; only where the backend publishes one.
    pub read_records: Option<u64>,
    /// For [`Limits::atomic_records`].
    pub atomic_records: Option<u64>,
    /// For [`Limits::atomic_bytes`].
    pub atomic_bytes: Option<u64>,
}

impl Settings {
    /// The backend's limits, lowered as asked; a limit that it does not publish stays unpublished but for atomic batches,
    /// which every backend can bound.
    pub fn lower(&self, mut limits: Limits) -> Limits {
        limits.record_bytes = self.record_bytes.map_or(limits.record_bytes, |asked| asked.min(limits.record_bytes));
        limits.k = self.k.map_or(limits.k, |asked| asked.min(limits.k));
        limits.dimension = self.dimension.map_or(limits.dimension, |asked| asked.min(limits.dimension));
        limits.read_records = limits.read_records.map(|own| self.read_records.map_or(own, |asked| asked.min(own)));
        limits.atomic_records = least(limits.atomic_records, self.atomic_records);
        limits.atomic_bytes = least(limits.atomic_bytes, self.atomic_bytes);
        limits
    }
}

fn least(own: Option<u64>, asked: Option<u64>) -> Option<u64> {
    own.into_iter().chain(asked).min()
}

/// One database, and what may happen to it.
#[async_trait]
pub trait TestDatabase: Debug + Send + Sync {
    /// A backend object on it: a new one at each call, or clones of one where `sharing` is one handle.
    ///
    /// # Errors
    /// Those of the store.
    async fn connect(&self) -> Result<Arc<dyn Backend>>;

    /// Where another process finds it, for [`Harness::attach`]; `None` if none can.
    fn location(&self) -> Option<String> {
        None
    }

    /// Ends every handle and starts the database anew, as after the end of the process or a restart of the server (durable).
    ///
    /// # Errors
    /// `Unsupported` unless implemented.
    async fn restart(&self) -> Result<()> {
        Err(missing("restart"))
    }

    /// Puts something that is not this project's where the collection of this name would stand (CO-1).
    ///
    /// # Errors
    /// `Unsupported` if nothing foreign can hold a name there: the case then has nothing to show.
    async fn occupy(&self, name: &CollectionName) -> Result<()> {
        let _ = name;
        Err(missing("occupy"))
    }

    /// Whether what [`Self::occupy`] put there is still as it was.
    ///
    /// # Errors
    /// Those of the store.
    async fn is_occupied(&self, name: &CollectionName) -> Result<bool> {
        let _ = name;
        Err(missing("is_occupied"))
    }

    /// Flips one bit of the stored content of this record, behind the backend's back (CD-4; place: file). No handle is open.
    ///
    /// # Errors
    /// `Unsupported` unless implemented.
    async fn damage(&self, collection: &CollectionName, key: &RecordKey) -> Result<()> {
        let _ = (collection, key);
        Err(missing("damage"))
    }
}

fn missing(hook: &str) -> Error {
    Error::unsupported(format!("the harness has no hook `{hook}`"))
}
