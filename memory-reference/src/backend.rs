//! The database: named collections behind one mutex.

use std::collections::BTreeMap;
use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use memory_core::{
    Backend, Bm25, Capabilities, ChangedWhileDeleting, Collection, CollectionName, CollectionSpec, Consistency,
    CreateOptions, Error, ErrorKind, Facts, Health, Limits, Maintenance, MaintenanceReport, Place, RecordKey, Result,
    Sharing, Stored, Switch,
};

use crate::collection::ReferenceCollection;

/// A database in this process's memory. A clone is the same database; two made apart share nothing (CO-3).
#[derive(Clone)]
pub struct ReferenceBackend {
    capabilities: Arc<Capabilities>,
    store: Arc<Mutex<Store>>,
}

/// All that is stored.
#[derive(Default)]
pub(crate) struct Store {
    pub(crate) closed: bool,
    pub(crate) tables: BTreeMap<CollectionName, Table>,
}

/// One collection.
pub(crate) struct Table {
    pub(crate) spec: CollectionSpec,
    /// A random number. It tells the collection from one of the same name before or after it, or in another database: handles
    /// (CO-5), cursors (LI-4) and versions (WR-5) hold it.
    pub(crate) incarnation: u64,
    /// How many versions were given out.
    pub(crate) versions: u64,
    /// Ordered by (namespace key, id), which is the order of ties and of the listing (VE-2, LI-3).
    pub(crate) records: BTreeMap<RecordKey, Stored>,
}

impl Table {
    fn new(spec: CollectionSpec) -> Self {
        // Each `RandomState` has new random keys, so even the hash of nothing differs.
        let incarnation = RandomState::new().build_hasher().finish();
        Self { spec, incarnation, versions: 0, records: BTreeMap::new() }
    }
}

impl ReferenceBackend {
    /// An empty database with generous limits.
    pub fn new() -> Self {
        let mut limits = Limits::default();
        limits.record_bytes = 16 * 1024 * 1024;
        limits.k = 10_000;
        limits.dimension = 65_536;
        Self::with_limits(limits)
    }

    /// An empty database with these limits. `read_records` is taken for `None`: nothing is ever read to a client (RE-8).
    pub fn with_limits(mut limits: Limits) -> Self {
        limits.read_records = None;
        let facts = Facts {
            place: Place::Memory,
            durable: false,
            sharing: Sharing::OneHandle,
            consistency: Consistency::Immediate,
            bm25: Bm25::Exact,
            approximate: false,
            changed_while_deleting: ChangedWhileDeleting::Kept,
        };
        let capabilities = Capabilities::new("reference", facts)
            .with_switches([Switch::ConditionalWrites, Switch::AtomicBatches])
            .with_limits(limits);
        Self { capabilities: Arc::new(capabilities), store: Arc::default() }
    }

    fn handle(&self, table: &Table) -> Arc<dyn Collection> {
        Arc::new(ReferenceCollection {
            spec: table.spec.clone(),
            incarnation: table.incarnation,
            capabilities: Arc::clone(&self.capabilities),
            store: Arc::clone(&self.store),
        })
    }
}

impl Default for ReferenceBackend {
    fn default() -> Self {
        Self::new()
    }
}

/// The name alone: records are nobody's business (ER-2).
impl fmt::Debug for ReferenceBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceBackend").finish_non_exhaustive()
    }
}

/// Locks the database for one whole call. That alone makes calls happen one after the other (CD-1) and, since none of them
/// awaits anything while it holds the lock, entirely or not at all (WR-7).
///
/// # Errors
/// `InvalidArgument` after `close` (ER-1).
pub(crate) fn lock(store: &Mutex<Store>) -> Result<MutexGuard<'_, Store>> {
    let store = store.lock().unwrap_or_else(PoisonError::into_inner);
    if store.closed { Err(Error::invalid("the database is closed")) } else { Ok(store) }
}

#[async_trait]
impl Backend for ReferenceBackend {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    /// CO-1: makes it, or finds one of the same spec. CO-7: hints change no answer, so they are not even kept.
    async fn create(&self, spec: &CollectionSpec, _options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        let mut store = lock(&self.store)?;
        let table = store.tables.entry(spec.name().clone()).or_insert_with(|| Table::new(spec.clone()));
        if table.spec != *spec {
            let message = format!("there is {} already; asked for was {spec}", table.spec);
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        Ok(self.handle(table))
    }

    /// CO-1: finds it, with the spec that it was made with.
    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        let store = lock(&self.store)?;
        store.tables.get(name).map(|table| self.handle(table)).ok_or_else(|| not_found(name))
    }

    /// CO-6: all, by name.
    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        let store = lock(&self.store)?;
        Ok(store.tables.values().map(|table| table.spec.clone()).collect())
    }

    /// CO-5: nothing stays, and what is absent is no error.
    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        Ok(lock(&self.store)?.tables.remove(name).is_some())
    }

    async fn health(&self) -> Result<Health> {
        drop(lock(&self.store)?);
        Ok(Health::new("memory-reference", env!("CARGO_PKG_VERSION")))
    }

    /// CA-2: no task is claimed.
    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        drop(lock(&self.store)?);
        Err(Error::unsupported(format!("the reference does not claim the switch {}", task.switch())))
    }

    /// ER-1: later calls are refused; a second close does nothing.
    async fn close(&self) -> Result<()> {
        let mut store = self.store.lock().unwrap_or_else(PoisonError::into_inner);
        *store = Store { closed: true, tables: BTreeMap::new() };
        Ok(())
    }
}

/// What a call to an absent collection gets (CO-1, CO-5).
pub(crate) fn not_found(name: &CollectionName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no collection {name}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_be_lowered_and_nothing_is_read_to_a_client() {
        let mut limits = ReferenceBackend::new().capabilities().limits.clone();
        assert_eq!((limits.record_bytes, limits.k, limits.dimension), (16_777_216, 10_000, 65_536));
        limits.k = 100;
        limits.read_records = Some(5);
        let lowered = ReferenceBackend::with_limits(limits);
        assert_eq!((lowered.capabilities().limits.k, lowered.capabilities().limits.read_records), (100, None));
    }
}
