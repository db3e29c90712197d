//! The second store as a backend.

use std::collections::hash_map::RandomState;
use std::fmt;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use memory_core::kit::locks::RecordLocks;
use memory_core::{
    Analyser, Backend, Bm25, Capabilities, ChangedWhileDeleting, Collection, CollectionName, CollectionSpec,
    Consistency, CreateOptions, Error, ErrorKind, Facts, Finding, Health, Limits, Maintenance, MaintenanceReport,
    Place, Result, Sharing, Switch,
};

use super::bytes;
use super::collection::Handle;
use super::fault::{Fault, Faults};
use super::rows::{self, Rows, Upsert};
use super::server::Server;

/// The two forms in which the suite is run on the store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Profile {
    /// Every switch and the strongest facts.
    Strong,
    /// No switch, the weakest facts, the smallest limits.
    Weak,
}

impl Profile {
    fn facts(self) -> Facts {
        match self {
            Self::Strong => Facts {
                place: Place::Server,
                durable: true,
                sharing: Sharing::OneProcess,
                consistency: Consistency::Immediate,
                bm25: Bm25::Exact,
                approximate: false,
                changed_while_deleting: ChangedWhileDeleting::Kept,
            },
            Self::Weak => Facts {
                place: Place::Memory,
                durable: false,
                sharing: Sharing::OneHandle,
                consistency: Consistency::Waited,
                bm25: Bm25::Ordered,
                approximate: true,
                changed_while_deleting: ChangedWhileDeleting::MayBeDeleted,
            },
        }
    }

    pub(super) fn limits(self) -> Limits {
        let mut limits = Limits::default();
        limits.read_records = Some(100_000);
        if self == Self::Strong {
            limits.record_bytes = 1024 * 1024;
            limits.k = 10_000;
            limits.dimension = 4_096;
        }
        limits
    }

    pub(super) fn switches(self) -> &'static [Switch] {
        match self {
            Self::Strong => &Switch::ALL,
            Self::Weak => &[],
        }
    }
}

/// One client of a pretended server. Clones are the same client.
#[derive(Clone)]
pub(super) struct SecondStore(Arc<Client>);

pub(super) struct Client {
    pub(super) server: Arc<Server>,
    pub(super) capabilities: Capabilities,
    pub(super) profile: Profile,
    pub(super) locks: RecordLocks,
    pub(super) faults: Faults,
    closed: AtomicBool,
}

impl Client {
    /// # Errors
    /// `InvalidArgument` after `close` (ER-1).
    pub(super) fn check_open(&self) -> Result<()> {
        if self.closed.load(Ordering::SeqCst) { Err(Error::invalid("the store is closed")) } else { Ok(()) }
    }
}

impl SecondStore {
    pub(super) fn connect(server: Arc<Server>, profile: Profile, limits: Limits, faults: Faults) -> Self {
        let capabilities = Capabilities::new("second", profile.facts())
            .with_switches(profile.switches().iter().copied())
            .with_limits(limits);
        let locks = RecordLocks::new();
        Self(Arc::new(Client { server, capabilities, profile, locks, faults, closed: AtomicBool::new(false) }))
    }

    fn handle(&self, spec: CollectionSpec) -> Arc<dyn Collection> {
        Arc::new(Handle { store: Arc::clone(&self.0), spec })
    }

    async fn call<T>(&self, work: impl FnOnce(&mut Rows) -> Result<T>) -> Result<T> {
        self.0.check_open()?;
        self.0.server.call(work).await
    }
}

/// The profile alone (ER-2).
impl fmt::Debug for SecondStore {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("SecondStore").field(&self.0.profile).finish()
    }
}

#[async_trait]
impl Backend for SecondStore {
    fn capabilities(&self) -> &Capabilities {
        &self.0.capabilities
    }

    async fn create(&self, spec: &CollectionSpec, _options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        self.call(|rows| match rows::collection(rows, spec.name())? {
            Some((_, found)) if found != *spec => {
                let message = format!("there is {found} already; asked for was {spec}");
                Err(Error::new(ErrorKind::Conflict, message))
            }
            Some(_) => Ok(()),
            None => {
                rows::write_collection(rows, new_incarnation(), spec);
                Ok(())
            }
        })
        .await?;
        Ok(self.handle(spec.clone()))
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        let found = self.call(|rows| rows::collection(rows, name)).await?;
        let (_, spec) = found.ok_or_else(|| not_found(name))?;
        if !spec.analyser().is_current() {
            let message =
                format!("{spec} was written with another analyser: Maintenance::Reindex rebuilds its text index");
            return Err(Error::new(ErrorKind::Conflict, message));
        }
        Ok(self.handle(spec))
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        self.call(|rows| Ok(own_collections(rows))).await
    }

    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        let faults = &self.0.faults;
        self.call(|rows| {
            if rows::collection(rows, name)?.is_none() {
                return Ok(false);
            }
            rows.remove(&rows::named(b'C', name));
            let namesakes = own_collections(rows).iter().any(|spec| spec.name().as_str().starts_with(name.as_str()));
            for kind in [b'R', b'W', b'T', b'U'] {
                let mut prefix = rows::named(kind, name);
                if namesakes && faults.hit(Fault::DropTakesNamesakes) {
                    prefix.pop();
                }
                let gone: Vec<Vec<u8>> = rows::under(rows, &prefix).map(|(rest, _)| [&prefix, rest].concat()).collect();
                if gone.is_empty() || !faults.hit(Fault::DropLeavesRows) {
                    gone.iter().for_each(|row| drop(rows.remove(row)));
                }
            }
            Ok(true)
        })
        .await
    }

    async fn health(&self) -> Result<Health> {
        self.call(|_| Ok(Health::new("second store", "1"))).await
    }

    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        match task {
            Maintenance::Verify => self.call(|rows| verify(rows)).await,
            // A map keeps nothing of what was removed from it.
            Maintenance::Compact => self.call(|_| Ok(MaintenanceReport::new(0))).await,
            Maintenance::Reindex(name) => self.call(|rows| reindex(rows, name)).await,
            other => Err(Error::unsupported(format!("this store does not know the task {}", other.switch()))),
        }
    }

    async fn close(&self) -> Result<()> {
        self.0.closed.store(true, Ordering::SeqCst);
        Ok(())
    }
}

fn own_collections(rows: &Rows) -> Vec<CollectionSpec> {
    let names = rows::under(rows, b"C").filter_map(|(rest, _)| {
        let name = std::str::from_utf8(rest).ok()?.strip_suffix('\0')?;
        CollectionName::new(name).ok()
    });
    names.filter_map(|name| rows::collection(rows, &name).ok().flatten()).map(|(_, spec)| spec).collect()
}

/// Reads every record and compares the number of index rows with what the records ask for.
fn verify(rows: &Rows) -> Result<MaintenanceReport> {
    let mut report = MaintenanceReport::new(0);
    for spec in own_collections(rows) {
        let name = spec.name();
        let (mut records, mut words) = (0, 0);
        for (place, row) in rows::under(rows, &rows::named(b'R', name)) {
            rows::stored(rows::key_at(place)?, row, true)?;
            words += bytes::head(row)?.words()?.len();
            records += 1;
        }
        let has = |kind, expected: usize| rows::under(rows, &rows::named(kind, name)).count() == expected;
        if !(has(b'W', words) && has(b'T', records) && has(b'U', records)) {
            report.findings.push(Finding::new(format!("an index of {name} disagrees with its records"), "reindex it"));
        }
        report.records += records as u64;
    }
    Ok(report)
}

/// Writes every record anew, with the words of this program's analyser.
fn reindex(rows: &mut Rows, name: &CollectionName) -> Result<MaintenanceReport> {
    let (incarnation, spec) = rows::collection(rows, name)?.ok_or_else(|| not_found(name))?;
    let analyser = Analyser::new(spec.analyser().language());
    let records: Vec<_> = rows::under(rows, &rows::named(b'R', name))
        .map(|(place, row)| rows::stored(rows::key_at(place)?, row, true))
        .collect::<Result<_>>()?;
    for stored in &records {
        let upsert = Upsert::new(&stored.record, analyser.words(stored.record.content.as_str()));
        rows::write_record(rows, name, upsert, &Faults::default())?;
    }
    rows::write_collection(rows, incarnation, &spec.with_analyser(analyser));
    Ok(MaintenanceReport::new(records.len() as u64))
}

/// Each `RandomState` has new random keys, so even the hash of nothing differs.
fn new_incarnation() -> u64 {
    RandomState::new().build_hasher().finish()
}

pub(super) fn not_found(name: &CollectionName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no collection {name}"))
}
