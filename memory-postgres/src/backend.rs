//! The database: connecting, and what is about whole collections.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use memory_core::connect::Migration;
use memory_core::kit::locks::RecordLocks;
use memory_core::{
    Analyser, Backend, Capabilities, Collection, CollectionName, CollectionSpec, CreateOptions, Error, ErrorKind,
    Health, Maintenance, MaintenanceReport, Result, Scope,
};

use crate::catalogue::Entry;
use crate::client::{Client, Lease};
use crate::collection::PostgresCollection;
use crate::config::{PostgresConfig, VectorIndex};
use crate::error::corrupt;
use crate::filter::Hints;
use crate::health;
use crate::mapping::{Types, column};
use crate::query::{Statement, visible};
use crate::reindex;
use crate::schema::{self, Names, Table};
use crate::setup::{Ready, Setup, grant, no_owner};
use crate::vectors::{self, Index, Wanted};

/// A database in a PostgreSQL server. Cheap to clone: clones share one pool of connections.
///
/// It lives in the tokio runtime in which it was connected, and a call is made inside one.
#[derive(Clone)]
pub struct PostgresBackend {
    shared: Arc<Shared>,
}

/// What the handles of one backend have in common.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) capabilities: Capabilities,
    pub(crate) client: Client,
    /// Under row-level security the connection of the tables' owner, if there is one.
    owner: Option<Client>,
    pub(crate) types: Types,
    pub(crate) names: Names,
    pub(crate) locks: RecordLocks,
    wanted: Wanted,
    /// The index of each table that a handle was opened on, or that was made since.
    indexes: Mutex<HashMap<String, Index>>,
}

impl Shared {
    /// Who makes, changes and drops collections.
    fn owner(&self) -> Result<&Client> {
        match &self.owner {
            Some(owner) => Ok(owner),
            None if self.names.reader.is_none() => Ok(&self.client),
            None => Err(no_owner()),
        }
    }

    /// The index for vectors that this table is known to have.
    pub(crate) fn index(&self, table: &Table) -> Option<Index> {
        self.indexes.lock().unwrap_or_else(PoisonError::into_inner).get(&table.records).copied()
    }

    /// Looks which index the table has. One that another process makes is known from the next handle on.
    async fn learn_index(&self, table: &Table) -> Result<()> {
        let index = Index::read(&self.client.read(&self.types, &vectors::question(table)).await?)?;
        let mut indexes = self.indexes.lock().unwrap_or_else(PoisonError::into_inner);
        match index.filter(|_| self.wanted.index != VectorIndex::None) {
            Some(index) => indexes.insert(table.records.clone(), index),
            None => indexes.remove(&table.records),
        };
        Ok(())
    }
}

/// How a pool stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct PoolStatus {
    /// The most connections that there may be.
    pub most: usize,
    /// How many there are.
    pub connections: usize,
    /// How many of them nobody uses.
    pub idle: usize,
    /// How many calls wait for one.
    pub waiting: usize,
}

impl PostgresBackend {
    /// Connects, and makes the extension, the schema and the tables of this program where they are absent, or brings them to the
    /// newest layout. Several processes may do so at once.
    ///
    /// # Errors
    /// `InvalidArgument` for a configuration that cannot work; `PermissionDenied` for a wrong password, a user that is not let in,
    /// a missing privilege and a certificate that is not trusted; `NotFound` for a database that is absent (or, where nothing may be
    /// made, the schema); `Unsupported` for a server or an extension that is too old, an extension that cannot be made, and a layout
    /// newer than this program; `Unavailable` or `Timeout` if the server is away.
    pub async fn connect(config: PostgresConfig) -> Result<Self> {
        let Ready { client, owner, types, names } = Setup::look(&config).await?.made_ready(&config).await?;
        let wanted = Wanted { index: config.vector_index, half: config.halfvec, from: config.index_from };
        let capabilities = schema::capabilities(config.limits, wanted.index != VectorIndex::None);
        let (locks, indexes) = (RecordLocks::new(), Mutex::default());
        Ok(Self { shared: Arc::new(Shared { capabilities, client, owner, types, names, locks, wanted, indexes }) })
    }

    /// What [`Self::connect`] would make or change in the database. Nothing is.
    ///
    /// # Errors
    /// As [`Self::connect`], but for those of making anything.
    pub async fn migration(config: PostgresConfig) -> Result<Migration> {
        Setup::look(&config).await?.migration()
    }

    /// How many connections there are, and who waits for one.
    pub fn pool_status(&self) -> PoolStatus {
        let status = self.shared.client.pool.status();
        PoolStatus { most: status.max_size, connections: status.size, idle: status.available, waiting: status.waiting }
    }

    async fn handle(&self, entry: Entry) -> Result<Arc<dyn Collection>> {
        let table = self.shared.names.table(entry.spec.name(), entry.number);
        if entry.spec.vectors().is_some() {
            self.shared.learn_index(&table).await?;
        }
        Ok(Arc::new(PostgresCollection {
            table,
            shared: Arc::clone(&self.shared),
            spec: entry.spec,
            incarnation: entry.incarnation,
            hints: entry.index_paths,
        }))
    }

    /// Rebuilds what is derived from the records: the words with this program's analyser, and the index for vectors as the
    /// configuration has it (TX-1). Writers wait meanwhile, readers do not until the index is made.
    async fn reindex(&self, name: &CollectionName) -> Result<MaintenanceReport> {
        let names = &self.shared.names;
        let lease = self.shared.owner()?.patient_lease().await?;
        let entry = self.find_locked(&lease, name).await?;
        let entry = entry.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no collection {name}")))?;
        let mut table = names.table(name, entry.number);
        lease.batch(&reindex::begin(&table)).await?;
        self.rows(&lease, &visible(&Scope::all())).await?;
        let (mut records, mut embeddings, mut last) = (0, 0, None);
        loop {
            let page = self.rows(&lease, &reindex::page(&table, last.as_ref())).await?;
            let Some(words) = reindex::words(&page, entry.spec.analyser().language())? else { break };
            (records, embeddings) = (records + words.records, embeddings + words.embeddings);
            last = Some(words.last.clone());
            self.rows(&lease, &reindex::update(&table, words)).await?;
        }
        if !entry.spec.analyser().is_current() {
            // Handles that count words in the old way find no table any more.
            let number = self.rows(&lease, &names.renumber(&entry)).await?;
            let number = number.first().map_or(Ok(entry.number), |row| column(row, 0))?;
            let new = names.table(name, number);
            lease.batch(&reindex::rename(&table, name, number)).await?;
            table = new;
        }
        let indexes = self.rows(&lease, &vectors::question(&table)).await?;
        lease.batch(&reindex::drop(names, &indexes)?).await?;
        if let Some(sql) = vectors::create(&table, &entry.spec, self.shared.wanted, embeddings) {
            lease.batch(&sql).await?;
        }
        let committed = lease.batch("COMMIT").await;
        lease.settle(committed)?;
        self.shared.client.pool.manager().statement_caches.clear();
        self.shared.learn_index(&table).await?;
        Ok(MaintenanceReport::new(records))
    }

    /// The entry of this name.
    async fn find(&self, name: &CollectionName) -> Result<Option<Entry>> {
        let rows = self.shared.client.read(&self.shared.types, &self.shared.names.entry(name)).await?;
        found(&rows, name)
    }

    /// The same in a transaction in which nobody else changes the catalogue.
    async fn find_locked(&self, lease: &Lease<'_>, name: &CollectionName) -> Result<Option<Entry>> {
        lease.batch(&format!("BEGIN; {}", self.shared.names.lock())).await?;
        found(&self.rows(lease, &self.shared.names.entry(name)).await?, name)
    }

    /// Makes the indexes of these paths (CO-7).
    async fn index_paths(&self, lease: &Lease<'_>, entry: &Entry, paths: &[Vec<String>]) -> Result<()> {
        let table = self.shared.names.table(entry.spec.name(), entry.number);
        for path in paths {
            // The server itself writes the keys as literals, for what makes an index binds no values.
            for row in self.rows(lease, &schema::index_path(&table, path)).await? {
                lease.batch(column(&row, 0)?).await?;
            }
        }
        Ok(())
    }

    async fn rows(&self, lease: &Lease<'_>, statement: &Statement) -> Result<Vec<tokio_postgres::Row>> {
        Ok(lease.rows(&self.shared.types, statement).await?)
    }
}

/// What `create` is told where a collection of another spec has the name (CO-1).
fn another_spec(entry: &Entry, spec: &CollectionSpec) -> Error {
    let message = format!("a collection of another spec has this name: it is {}, asked for {spec}", entry.spec);
    Error::new(ErrorKind::Conflict, message)
}

/// The entry in the catalogue's answer.
///
/// # Errors
/// `Conflict` if there is none, and the name is held by something that is not ours.
fn found(rows: &[tokio_postgres::Row], name: &CollectionName) -> Result<Option<Entry>> {
    let row = rows.first().ok_or_else(|| Error::internal("the catalogue says nothing"))?;
    let entry = Entry::read(row, 1)?;
    if entry.is_none() && column::<bool>(row, 0)? {
        let message = format!("the schema has a table or view {name} that is not this program's; it is left alone");
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    Ok(entry)
}

impl fmt::Debug for PostgresBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresBackend").field("capabilities", &self.shared.capabilities).finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for PostgresBackend {
    fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        let paths: Hints = options.index_paths.iter().cloned().collect();
        // So that finding a collection does not wait for who changes the catalogue.
        match self.find(spec.name()).await? {
            Some(entry) if entry.spec != *spec => return Err(another_spec(&entry, spec)),
            Some(entry) if paths.is_subset(&entry.index_paths) => return self.handle(entry).await,
            _ => {}
        }
        let names = &self.shared.names;
        let lease = self.shared.owner()?.lease().await?;
        let entry = match self.find_locked(&lease, spec.name()).await? {
            Some(entry) if entry.spec != *spec => return Err(another_spec(&entry, spec)),
            Some(mut entry) => {
                let new: Vec<_> = paths.difference(&entry.index_paths).cloned().collect();
                self.index_paths(&lease, &entry, &new).await?;
                entry.index_paths.extend(new);
                self.rows(&lease, &names.set_paths(entry.number, &entry.index_paths)).await?;
                entry
            }
            None => {
                let rows = self.rows(&lease, &names.insert(spec, &paths)).await?;
                let entry = rows.first().map_or(Ok(None), |row| Entry::read(row, 0))?;
                let entry = entry.ok_or_else(|| Error::internal("the catalogue did not take an entry"))?;
                lease.batch(&names.create(spec, entry.number)).await?;
                let table = names.table(spec.name(), entry.number).records;
                grant(&lease, &self.shared.types, names, &[table]).await?;
                self.index_paths(&lease, &entry, &paths.iter().cloned().collect::<Vec<_>>()).await?;
                entry
            }
        };
        let committed = lease.batch("COMMIT").await;
        lease.settle(committed)?;
        self.handle(entry).await
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        let entry = self.find(name).await?;
        let entry = entry.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no collection {name}")))?;
        if !entry.spec.analyser().is_current() {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!(
                    "the text index of {} was made with another version of the analyser, this program has version {}: \
                     the maintenance task reindex of {name} (Maintenance::Reindex) rebuilds it",
                    entry.spec,
                    Analyser::VERSION
                ),
            ));
        }
        self.handle(entry).await
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        let rows = self.shared.client.read(&self.shared.types, &self.shared.names.entries()).await?;
        let spec = |row| Entry::read(row, 0)?.map(|entry| entry.spec).ok_or_else(|| corrupt("an entry has no number"));
        rows.iter().map(spec).collect()
    }

    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        self.shared.client.check_open()?;
        let lease = self.shared.owner()?.lease().await?;
        let entry = self.find_locked(&lease, name).await?;
        if let Some(entry) = &entry {
            lease.batch(&self.shared.names.remove(entry)).await?;
        }
        let committed = lease.batch("COMMIT").await;
        lease.settle(committed)?;
        // What connections keep prepared for its table is of no more use.
        self.shared.client.pool.manager().statement_caches.clear();
        Ok(entry.is_some())
    }

    async fn health(&self) -> Result<Health> {
        let rows = self
            .shared
            .client
            .read(&self.shared.types, &health::question(&self.shared.names, self.shared.wanted))
            .await?;
        let mut health = health::answer(&rows)?;
        if self.shared.names.reader.is_some() {
            let unsecured = self.shared.client.read(&self.shared.types, &self.shared.names.unsecured()).await?;
            health.findings.extend(health::unsecured(&unsecured)?);
        }
        Ok(health)
    }

    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        self.shared.client.check_open()?;
        match task {
            Maintenance::Reindex(name) => self.reindex(name).await,
            _ => Err(Error::unsupported(format!("memory-postgres does not claim the switch {}", task.switch()))),
        }
    }

    async fn close(&self) -> Result<()> {
        self.shared.client.pool.close();
        if let Some(owner) = &self.shared.owner {
            owner.pool.close();
        }
        Ok(())
    }
}
