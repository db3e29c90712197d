//! One database.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use futures_channel::oneshot;
use memory_core::{
    Backend, Bm25, Capabilities, ChangedWhileDeleting, Collection, CollectionName, CollectionSpec, Consistency,
    CreateOptions, Facts, Health, Maintenance, MaintenanceReport, Place, Result, Sharing, Switch,
};
use rusqlite::Connection;

use crate::collection::SqliteCollection;
use crate::config::SqliteConfig;
use crate::index::Indexes;
use crate::jobs::{Runs, Target, catalogue, maintain};
use crate::workers::{Access, Room, Workers, closed, gone};

/// An open database, a file or one in memory. Cheap to clone: clones share threads and connections.
///
/// Dropping the last clone, and the last collection opened through it, ends its threads after what they have begun;
/// [`close`](Backend::close) also waits for them and empties the log.
#[derive(Clone)]
pub struct SqliteBackend {
    shared: Arc<Shared>,
}

/// What the handles of one open database have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) capabilities: Capabilities,
    /// Also held by the jobs that search, which do not hold the threads that run them.
    pub(crate) indexes: Arc<Indexes>,
    workers: Workers,
}

impl Shared {
    /// Runs a job on a thread of the database and waits for it without blocking the caller's.
    pub(crate) async fn run<T: Send + 'static>(
        &self,
        access: Access,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let room = self.workers.room(access, 0).await.map_err(|_| closed())?;
        answer(self.workers.submit(access, room, work)?).await
    }

    /// Waits for a place in the queue of the thread that writes, for a job with so many bytes.
    pub(crate) async fn room(&self, bytes: usize) -> Result<Room> {
        self.workers.room(Access::Write, bytes).await.map_err(|_| closed())
    }

    /// Runs a write that shares its transactions with others, and waits for their commits.
    pub(crate) async fn share<R: Runs>(&self, room: Room, runs: R) -> Result<R::Answer> {
        answer(self.workers.share(room, runs)?).await
    }
}

async fn answer<T>(receiver: oneshot::Receiver<Result<T>>) -> Result<T> {
    receiver.await.unwrap_or_else(|_| Err(gone()))
}

impl SqliteBackend {
    /// Opens the database, and makes it if the file is absent or empty.
    ///
    /// # Errors
    /// `InvalidArgument` for limits that are raised; `NotFound` for a missing folder; `Conflict` for a folder and for another
    /// program's database; `Corrupt` for a file that is no SQLite database; `PermissionDenied` if the file or its folder
    /// cannot be written to; `Unsupported` for a file of a newer version of this program and for a file system that SQLite's
    /// log does not work on; `Unavailable` for a full or failing disk; `Timeout` if other processes keep it locked. What was
    /// there is left as it was.
    pub async fn open(config: SqliteConfig) -> Result<Self> {
        config.check()?;
        let (workers, opened) = Workers::start(&config)?;
        answer(opened).await?;
        let indexes = Arc::new(Indexes::new(config.path(), config.memory_budget(), config.kernel()));
        Ok(Self { shared: Arc::new(Shared { capabilities: capabilities(&config), indexes, workers }) })
    }

    /// Opens a database in this process's memory. Each is another one; it is gone when it is closed.
    ///
    /// # Errors
    /// `Unavailable` if the system has no thread or memory left.
    pub async fn memory() -> Result<Self> {
        Self::open(SqliteConfig::memory()).await
    }

    fn collection(&self, spec: CollectionSpec) -> Arc<dyn Collection> {
        Arc::new(SqliteCollection::new(Arc::clone(&self.shared), Target::new(spec)))
    }
}

fn capabilities(config: &SqliteConfig) -> Capabilities {
    let file = config.path().is_some();
    let facts = Facts {
        place: if file { Place::File } else { Place::Memory },
        durable: file,
        sharing: if file { Sharing::Many } else { Sharing::OneHandle },
        consistency: Consistency::Immediate,
        bm25: Bm25::Exact,
        approximate: false,
        changed_while_deleting: ChangedWhileDeleting::Kept,
    };
    Capabilities::new("sqlite", facts).with_switches(Switch::ALL).with_limits(config.limits().clone())
}

impl fmt::Debug for SqliteBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteBackend").field("capabilities", &self.shared.capabilities).finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for SqliteBackend {
    fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        let (wanted, options) = (spec.clone(), options.clone());
        self.shared.run(Access::Write, move |connection| catalogue::create(connection, &wanted, &options)).await?;
        Ok(self.collection(spec.clone()))
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        let name = name.clone();
        let spec = self.shared.run(Access::Read, move |connection| catalogue::open(connection, &name)).await?;
        Ok(self.collection(spec))
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        self.shared.run(Access::Read, |connection| catalogue::list(connection)).await
    }

    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        let (wanted, indexes) = (name.clone(), &self.shared.indexes);
        let dropped = self.shared.run(Access::Write, move |connection| catalogue::remove(connection, &wanted)).await;
        indexes.forget(Some(name))?;
        dropped
    }

    async fn health(&self) -> Result<Health> {
        self.shared.run(Access::Read, maintain::health).await
    }

    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        match task {
            Maintenance::Verify => self.shared.run(Access::Read, maintain::verify).await,
            Maintenance::Compact => {
                let report = self.shared.run(Access::Write, maintain::compact).await;
                self.shared.indexes.forget(None)?;
                report
            }
            Maintenance::Reindex(name) => {
                let wanted = name.clone();
                let report =
                    self.shared.run(Access::Write, move |connection| maintain::reindex(connection, &wanted)).await;
                self.shared.indexes.forget(Some(name))?;
                report
            }
            _ => Err(memory_core::Error::unsupported("this version of memory-sqlite does not know the task")),
        }
    }

    async fn close(&self) -> Result<()> {
        let closed = match self.shared.workers.close()? {
            Some(closed) => answer(closed).await,
            None => Ok(()),
        };
        self.shared.indexes.clear();
        closed
    }
}

#[cfg(test)]
mod tests {
    use memory_core::{Database, ErrorKind, Metric, Namespace, Record, Scope};

    use super::*;

    #[test]
    fn stats_tell_of_the_whole_collection_alone() -> Result<()> {
        futures_executor::block_on(async {
            let database = Database::new(SqliteBackend::memory().await?);
            let spec = CollectionSpec::new(CollectionName::new("notes")?).with_vectors(2, Metric::Dot)?;
            let memory = database.create(&spec, Scope::all()).await?;
            let other = database.create(&CollectionSpec::new(CollectionName::new("other")?), Scope::all()).await?;
            let before = memory.stats().await?;
            // Two tables and five indexes, a page of 8 KiB each while they are empty.
            assert_eq!(before.bytes, Some(6 * 8192));
            let states: Vec<_> =
                before.indexes.iter().map(|index| (index.name.as_str(), index.state.as_str())).collect();
            let told = "not in memory: the next search reads all records, and keeps what it needs of them if the memory budget \
                        allows";
            assert_eq!(states, [("text", told), ("vector", told)]);
            let home = Namespace::new(["ada"])?;
            let long = "x ".repeat(1_000);
            let drafts = (0..200).map(|id| Record::draft(id.to_string()).namespace(home.clone()).content(&long));
            memory.put_all(drafts).await?;
            assert!(memory.stats().await?.bytes > Some(200 * 2_000));
            assert_eq!(other.stats().await?.bytes, Some(6 * 8192), "each collection has its own");
            let refused = memory.narrow(Scope::exact(home))?.stats().await.map_err(|error| error.kind());
            assert_eq!(refused, Err(ErrorKind::PermissionDenied), "it would tell of other tenants");
            database.close().await
        })
    }
}
