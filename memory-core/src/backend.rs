//! The two traits that a backend implements. Applications use [`Database`](crate::Database) and [`Memory`](crate::Memory).

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::capabilities::{Capabilities, Switch};
use crate::error::Result;
use crate::filter::Filter;
use crate::names::{CollectionName, Namespace, RecordKey};
use crate::request::{ListRequest, NamespacesRequest, Page, SearchRequest, SearchResponse, Stored, View};
use crate::spec::{CollectionSpec, CreateOptions};
use crate::time::Timestamp;
use crate::write::{Batch, Delete, Deleted, Write, Written};

/// One database: a file, a server's database, an account.
///
/// For implementers; calling it directly skips the checks that [`Database`](crate::Database) makes. What has been checked
/// before a method is called: names and specs are legal by their types, the dimension is within the published limit, the
/// analyser is one that this core has, index paths are legal, the switch of a maintenance task is claimed.
#[async_trait]
pub trait Backend: Debug + Send + Sync {
    /// Facts, switches and limits. They do not change while the object lives.
    fn capabilities(&self) -> &Capabilities;

    /// Makes the collection, or finds one of the same spec, and adds the indexes that the options name (CO-1, CO-4, CO-7).
    ///
    /// # Errors
    /// `Conflict` if the name is held by a collection of another spec (names both) or by something that is not ours.
    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>>;

    /// Finds a collection, with the spec that it was made with (CO-1).
    ///
    /// # Errors
    /// `NotFound` if there is none; `Conflict` if the name is held by something that is not ours, or the collection was
    /// written with another analyser or version (TX-1; names what rebuilds the text index).
    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>>;

    /// The specs of all collections of this project in the database, by name (CO-6).
    ///
    /// # Errors
    /// Those of the store.
    async fn collections(&self) -> Result<Vec<CollectionSpec>>;

    /// Removes the collection and every trace of it; answers whether there was one (CO-5).
    ///
    /// # Errors
    /// `Conflict` if the name is held by something that is not ours.
    async fn drop_collection(&self, name: &CollectionName) -> Result<bool>;

    /// Server, version, schema state, and what to do about each finding.
    ///
    /// # Errors
    /// Those of the store.
    async fn health(&self) -> Result<Health>;

    /// Runs one maintenance task; its switch is claimed.
    ///
    /// # Errors
    /// Those of the store; `Unsupported` for a task that this version of the backend does not know.
    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport>;

    /// Flushes, checkpoints, joins threads. Every later call, through any handle, is `InvalidArgument` (ER-1), but a second
    /// `close`, which does nothing.
    ///
    /// # Errors
    /// Those of the store.
    async fn close(&self) -> Result<()>;
}

/// One collection: records and search over them.
///
/// For implementers; calling it directly skips the checks that [`Memory`](crate::Memory) makes. What has been checked before
/// a method is called: every key and record is inside the caller's scope and within the published limits; embeddings have
/// the collection's dimension and suit its metric; a record with a precondition occurs once in its batch; switches that are
/// asked for are claimed; filters are within their bounds ([`Filter::check`]); skip + k and page sizes are legal.
///
/// A backend has no clock: now comes with each call (TT-1). Once a call has returned, every handle of every process that may
/// share the database sees what it did (WR-2). If the future is dropped, each record is old or new and the collection stays
/// usable (WR-7). After the collection is dropped, calls are `NotFound`, or act on one of the same spec made since (CO-5).
#[async_trait]
pub trait Collection: Debug + Send + Sync {
    /// What the collection was made with.
    fn spec(&self) -> &CollectionSpec;

    /// Those of the backend.
    fn capabilities(&self) -> &Capabilities;

    /// Upserts whole records (WR-1 to WR-5). A batch of any size; of a record that occurs twice the last wins.
    ///
    /// # Errors
    /// `Conflict` lists the writes whose precondition did not hold; any failure lists what was accepted and what is unknown.
    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written>;

    /// The live records of these keys, in the order asked; absent ones are `None` (LI-1).
    ///
    /// # Errors
    /// Those of the store; `Corrupt` names the record.
    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>>;

    /// Deletes by key, expired ones too; counts the live ones that existed, each once (WR-6, TT-2).
    ///
    /// # Errors
    /// As `put`.
    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted>;

    /// Deletes what `list` returns, and the expired ones that match; counts the live ones (WR-6, TT-2).
    ///
    /// # Errors
    /// Those of the store; `LimitExceeded` under RE-8, with nothing changed. It is repeatable after an error.
    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted>;

    /// One leg of a search (SPEC 7 and 8).
    ///
    /// # Errors
    /// Those of the store; `LimitExceeded` under RE-8.
    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse>;

    /// One page of a listing (LI-2 to LI-4).
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor that is damaged or belongs elsewhere; `LimitExceeded` under RE-8.
    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page>;

    /// How many records `list` would return in all (LI-5).
    ///
    /// # Errors
    /// Those of the store; `LimitExceeded` under RE-8.
    async fn count(&self, view: &View, filter: &Filter) -> Result<u64>;

    /// The different namespaces that hold a live record in the scope, cut to the depth asked, by key (SC-4).
    ///
    /// # Errors
    /// Those of the store; `LimitExceeded` under RE-8.
    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>>;

    /// Removes the expired records of the scope and says how many (TT-2).
    ///
    /// # Errors
    /// Those of the store.
    async fn purge_expired(&self, view: &View) -> Result<Deleted>;

    /// What the collection takes up and the state of its indexes, for people: it may take as long as reading all of it.
    ///
    /// # Errors
    /// Those of the store.
    async fn stats(&self) -> Result<Stats>;
}

/// What a collection takes up, as far as the store can tell. How many records there are is [`Collection::count`].
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Stats {
    /// Bytes of the records and of the indexes that are stored; `None` if the store does not say.
    pub bytes: Option<u64>,
    /// The state of each index, by name.
    pub indexes: Vec<IndexState>,
}

impl Stats {
    /// So many bytes, no index named.
    pub fn new(bytes: Option<u64>) -> Self {
        Self { bytes, indexes: Vec::new() }
    }

    /// With one more index.
    #[must_use]
    pub fn with_index(mut self, name: impl Into<String>, state: impl Into<String>) -> Self {
        self.indexes.push(IndexState { name: name.into(), state: state.into() });
        self
    }
}

/// One index and how it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct IndexState {
    /// Such as `text`.
    pub name: String,
    /// Such as `current`, or what it lacks.
    pub state: String,
}

/// The state of a backend and what to do about it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct Health {
    /// What answered, such as `SQLite`.
    pub server: String,
    /// Its version.
    pub version: String,
    /// The state of what this project keeps there, such as `layout 1, current`; empty where there is none to speak of.
    pub schema: String,
    /// What is worth knowing; empty when all is well.
    pub findings: Vec<Finding>,
}

impl Health {
    /// A server of this version, without findings.
    pub fn new(server: impl Into<String>, version: impl Into<String>) -> Self {
        Self { server: server.into(), version: version.into(), ..Self::default() }
    }

    /// With the state of the schema.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }
}

/// Something that a check found, and the next step.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Finding {
    /// What is so.
    pub what: String,
    /// What to do about it.
    pub advice: String,
}

impl Finding {
    /// Puts the two together.
    pub fn new(what: impl Into<String>, advice: impl Into<String>) -> Self {
        Self { what: what.into(), advice: advice.into() }
    }
}

/// A maintenance task; each has a switch.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Maintenance {
    /// A deep check of the whole database: every record against its checksum, every index against the rows (CD-4).
    Verify,
    /// Gives back the space of what was deleted, and leaves no trace of it behind.
    Compact,
    /// Rebuilds every derived index of this collection from its rows, the text index with this core's analyser (TX-1).
    Reindex(CollectionName),
}

impl Maintenance {
    /// The switch that a backend claims if it can do this.
    pub fn switch(&self) -> Switch {
        match self {
            Self::Verify => Switch::Verify,
            Self::Compact => Switch::Compact,
            Self::Reindex(_) => Switch::Reindex,
        }
    }
}

/// What a maintenance task did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct MaintenanceReport {
    /// How many records were looked at.
    pub records: u64,
    /// What is wrong; empty when all is well.
    pub findings: Vec<Finding>,
}

impl MaintenanceReport {
    /// So many records, nothing wrong.
    pub fn new(records: u64) -> Self {
        Self { records, findings: Vec::new() }
    }
}

macro_rules! forward_backend {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<T: Backend + ?Sized> Backend for $pointer {
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
                (**self).create(spec, options).await
            }
            async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
                (**self).open(name).await
            }
            async fn collections(&self) -> Result<Vec<CollectionSpec>> {
                (**self).collections().await
            }
            async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
                (**self).drop_collection(name).await
            }
            async fn health(&self) -> Result<Health> {
                (**self).health().await
            }
            async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
                (**self).maintain(task).await
            }
            async fn close(&self) -> Result<()> {
                (**self).close().await
            }
        }
    )*};
}

macro_rules! forward_collection {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<T: Collection + ?Sized> Collection for $pointer {
            fn spec(&self) -> &CollectionSpec {
                (**self).spec()
            }
            fn capabilities(&self) -> &Capabilities {
                (**self).capabilities()
            }
            async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
                (**self).put(now, writes, batch).await
            }
            async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
                (**self).get(now, keys).await
            }
            async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
                (**self).delete(now, deletes).await
            }
            async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
                (**self).delete_where(view, filter).await
            }
            async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
                (**self).search(view, request).await
            }
            async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
                (**self).list(view, request).await
            }
            async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
                (**self).count(view, filter).await
            }
            async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
                (**self).namespaces(view, request).await
            }
            async fn purge_expired(&self, view: &View) -> Result<Deleted> {
                (**self).purge_expired(view).await
            }
            async fn stats(&self) -> Result<Stats> {
                (**self).stats().await
            }
        }
    )*};
}

forward_backend!(Arc<T>, Box<T>);
forward_collection!(Arc<T>, Box<T>);
