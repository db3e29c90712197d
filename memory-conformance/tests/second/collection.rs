//! A handle on one collection: the trait's methods, and how they reach the server.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use memory_core::{
    Batch, Capabilities, Collection, CollectionSpec, Delete, Deleted, Filter, ListRequest, Namespace,
    NamespacesRequest, Page, RecordKey, Result, SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write,
    Written,
};

use super::fault::{Fault, Faults};
use super::rows::{self, Rows};
use super::selection::Selection;
use super::store::{Client, Profile, not_found};

/// How many records the server answers, and takes in, at once.
pub(super) const PAGE: usize = 3;

pub(super) struct Handle {
    pub(super) store: Arc<Client>,
    pub(super) spec: CollectionSpec,
}

/// The spec alone (ER-2).
impl fmt::Debug for Handle {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handle").field("spec", &self.spec).finish_non_exhaustive()
    }
}

#[async_trait]
impl Collection for Handle {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    fn capabilities(&self) -> &Capabilities {
        &self.store.capabilities
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        self.put_all(now, writes, batch).await
    }

    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        self.get_all(now, keys).await
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        self.delete_all(now, deletes).await
    }

    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        self.delete_matches(view, filter).await
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        self.find(view, request).await
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        self.page(view, request).await
    }

    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        let keep = |matches: bool| matches || self.faults().hit(Fault::CountNotRechecked);
        let mut found = Vec::new();
        self.scan(&self.selection(view, filter), &mut found, |record| keep(filter.matches(record))).await?;
        Ok(found.len() as u64)
    }

    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        self.distinct_namespaces(view, request).await
    }

    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        self.purge(view).await
    }

    async fn stats(&self) -> Result<Stats> {
        self.ask(|_| Ok(Stats::new(None))).await
    }
}

impl Handle {
    pub(super) fn faults(&self) -> &Faults {
        &self.store.faults
    }

    pub(super) fn claims_versions(&self) -> bool {
        self.store.profile == Profile::Strong
    }

    /// What the server is told of a view and a filter.
    pub(super) fn selection(&self, view: &View, filter: &Filter) -> Selection {
        Selection::new(view, filter, None, self.faults())
    }

    /// Asks the server for something.
    pub(super) async fn ask<T>(&self, work: impl FnOnce(&Rows) -> Result<T>) -> Result<T> {
        self.store.check_open()?;
        self.store
            .server
            .call(|rows| {
                resolve(rows, &self.spec)?;
                work(rows)
            })
            .await
    }

    /// Sends the server a write of these records, which no later one overtakes.
    pub(super) async fn send<T: Send + 'static>(
        &self,
        keys: &[RecordKey],
        work: impl FnOnce(&mut Rows, &CollectionSpec, &Faults) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        self.store.check_open()?;
        let server = &self.store.server;
        let guard = if self.faults().hit(Fault::LocksNotHeld) {
            None
        } else {
            Some(server.working(self.store.locks.lock(self.spec.name(), keys)).await)
        };
        let (spec, faults) = (self.spec.clone(), self.faults().clone());
        let land = move |rows: &mut Rows| {
            if let Err(gone) = resolve(rows, &spec) {
                if !faults.hit(Fault::StaleHandleCreates) {
                    return Err(gone);
                }
                rows::write_collection(rows, 0, &spec);
            }
            work(rows, &spec, &faults)
        };
        server.submit(self.delay(), guard, land).await?
    }

    /// How long a write stays invisible: the weak server takes its time.
    pub(super) fn delay(&self) -> u64 {
        match self.store.profile {
            Profile::Strong => 0,
            Profile::Weak => 3,
        }
    }
}

/// The incarnation of the collection that stands under the handle's name now, if it has the handle's spec (CO-5).
pub(super) fn resolve(rows: &Rows, spec: &CollectionSpec) -> Result<u64> {
    match rows::collection(rows, spec.name())? {
        Some((incarnation, found)) if found == *spec => Ok(incarnation),
        _ => Err(not_found(spec.name())),
    }
}
