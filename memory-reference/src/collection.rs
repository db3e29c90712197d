//! One collection: each method reads like the rule that it implements.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use memory_core::{
    Batch, Capabilities, Collection, CollectionSpec, Delete, Deleted, Error, ErrorKind, Filter, ListRequest, Namespace,
    NamespacesRequest, Page, Precondition, RecordKey, Result, SearchRequest, SearchResponse, Stats, Stored, Timestamp,
    Version, View, Write, Written,
};

use crate::backend::{Store, Table, lock, not_found};
use crate::{listing, search};

/// A handle on one incarnation of a collection.
pub(crate) struct ReferenceCollection {
    pub(crate) spec: CollectionSpec,
    pub(crate) incarnation: u64,
    pub(crate) capabilities: Arc<Capabilities>,
    pub(crate) store: Arc<Mutex<Store>>,
}

/// The spec alone: records are nobody's business (ER-2).
impl fmt::Debug for ReferenceCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ReferenceCollection").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl ReferenceCollection {
    /// Does one call's work on the collection that the handle was opened on; `NotFound` once that was dropped (CO-5).
    fn with<T>(&self, work: impl FnOnce(&mut Table) -> Result<T>) -> Result<T> {
        match lock(&self.store)?.tables.get_mut(self.spec.name()) {
            Some(table) if table.incarnation == self.incarnation => work(table),
            _ => Err(not_found(self.spec.name())),
        }
    }
}

#[async_trait]
impl Collection for ReferenceCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        self.with(|table| {
            // WR-5: a batch with a condition holds no record twice, so all can be judged before the first is written.
            let (holding, lost): (Vec<&Write>, Vec<&Write>) = writes.iter().partition(|write| {
                write.precondition.as_ref().is_none_or(|p| table.fulfils(now, &write.record.key, p))
            });
            // WR-4: atomic is all or nothing; otherwise each record stands alone.
            let accepted = if batch.atomic && !lost.is_empty() { Vec::new() } else { holding };
            for write in &accepted {
                table.put(write);
            }
            let key = |write: &&Write| write.record.key.clone();
            if !lost.is_empty() {
                return Err(conflict(accepted.iter().map(key).collect(), lost.iter().map(key).collect()));
            }
            // WR-3: of a record that occurs twice the last was written last; each is answered with what is stored now.
            let version =
                |write: &Write| table.records.get(&write.record.key).and_then(|stored| stored.version.clone());
            Ok(Written::new(writes.iter().map(version).collect()))
        })
    }

    /// LI-1: in the order asked; an expired record is absent (TT-1).
    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        self.with(|table| Ok(keys.iter().map(|key| table.live(now, key).cloned()).collect()))
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        self.with(|table| {
            let (mut count, mut accepted, mut lost) = (0, Vec::new(), Vec::new());
            for Delete { key, version } in deletes {
                let live = table.live(now, key);
                // WR-5: only if it is live and has this version; each condition stands alone.
                if version.is_some() && live.is_none_or(|stored| stored.version != *version) {
                    lost.push(key.clone());
                    continue;
                }
                // WR-6: a key asked again finds nothing left to count. TT-2: an expired record goes uncounted.
                count += u64::from(live.is_some());
                table.records.remove(key);
                accepted.push(key.clone());
            }
            if lost.is_empty() { Ok(Deleted::new(count)) } else { Err(conflict(accepted, lost)) }
        })
    }

    /// WR-6: deletes what matches in the scope. TT-2: expired ones too, uncounted.
    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        self.with(|table| {
            let mut count = 0;
            table.records.retain(|key, stored| {
                let deleted = view.scope.contains(&key.namespace) && filter.matches(&stored.record);
                count += u64::from(deleted && stored.record.is_live(view.now));
                !deleted
            });
            Ok(Deleted::new(count))
        })
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        self.with(|table| search::search(table, view, request))
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        self.with(|table| listing::list(table, view, request))
    }

    /// LI-5: the length of the full list.
    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        self.with(|table| {
            let mut count = 0;
            for stored in table.seen(view) {
                count += u64::from(filter.matches(&stored.record));
            }
            Ok(count)
        })
    }

    /// SC-4: the different first segments, by key, after the path given.
    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        self.with(|table| {
            let mut found = BTreeSet::new();
            for stored in table.seen(view) {
                let namespace = &stored.record.key.namespace;
                found.insert(request.depth.map_or_else(|| namespace.clone(), |depth| namespace.truncated(depth)));
            }
            let after = |namespace: &Namespace| request.after.as_ref().is_none_or(|after| namespace > after);
            Ok(found.into_iter().filter(after).take(request.limit).collect())
        })
    }

    /// TT-2: removes the expired records of the scope for good.
    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        self.with(|table| {
            let before = table.records.len();
            table.records.retain(|key, stored| !view.scope.contains(&key.namespace) || stored.record.is_live(view.now));
            Ok(Deleted::new((before - table.records.len()) as u64))
        })
    }

    /// There are no indexes, and the allocator does not say what the records take up.
    async fn stats(&self) -> Result<Stats> {
        self.with(|_| Ok(Stats::new(None)))
    }
}

impl Table {
    /// TT-1, SC-2: the records that a call may see, by (namespace key, id).
    pub(crate) fn seen(&self, view: &View) -> impl Iterator<Item = &Stored> {
        self.records.values().filter(|stored| view.sees(&stored.record))
    }

    /// TT-1: a record that has expired is absent.
    fn live(&self, now: Timestamp, key: &RecordKey) -> Option<&Stored> {
        self.records.get(key).filter(|stored| stored.record.is_live(now))
    }

    /// WR-5: only if absent, or only if the stored version is the one read.
    fn fulfils(&self, now: Timestamp, key: &RecordKey, precondition: &Precondition) -> bool {
        match (precondition, self.live(now, key)) {
            (Precondition::Absent, live) => live.is_none(),
            (Precondition::Version(_), None) => false,
            (Precondition::Version(version), Some(stored)) => stored.version.as_ref() == Some(version),
        }
    }

    /// WR-1: the whole record replaces what was there. WR-5: with a version that no record had before.
    fn put(&mut self, write: &Write) {
        self.versions += 1;
        let version = Some(Version::new(format!("{:016x}-{}", self.incarnation, self.versions)));
        self.records.insert(write.record.key.clone(), Stored { record: write.record.clone(), version });
    }
}

/// WR-5: names the records that lost a race, and, by WR-4, those that were accepted.
fn conflict(accepted: Vec<RecordKey>, lost: Vec<RecordKey>) -> Error {
    let names: Vec<String> = lost.iter().map(ToString::to_string).collect();
    let message = format!("the stored record is not what the condition asks for: {}", names.join(", "));
    Error::new(ErrorKind::Conflict, message).with_accepted(accepted).with_conflicting(lost)
}
