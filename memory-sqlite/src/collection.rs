//! One collection.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use memory_core::{
    Batch, Capabilities, Collection, CollectionSpec, Delete, Deleted, Filter, ListRequest, Namespace,
    NamespacesRequest, Page, RecordKey, Result, SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write,
    Written,
};

use crate::backend::Shared;
use crate::jobs::{Target, maintain, read, search, write};
use crate::workers::Access;

/// A handle of a collection; whether it is still there is looked up in each call.
pub(crate) struct SqliteCollection {
    shared: Arc<Shared>,
    target: Target,
}

impl SqliteCollection {
    pub(crate) fn new(shared: Arc<Shared>, target: Target) -> Self {
        Self { shared, target }
    }
}

impl fmt::Debug for SqliteCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SqliteCollection").field("spec", &self.target.spec).finish_non_exhaustive()
    }
}

#[async_trait]
impl Collection for SqliteCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.target.spec
    }

    fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        // Asked for before anything is copied, so that what waits outside the queue takes no memory.
        let room = self.shared.room(writes.iter().map(write::bytes).sum()).await?;
        self.shared.share(room, write::Put::new(self.target.clone(), now, writes, batch)).await
    }

    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        let (target, keys) = (self.target.clone(), keys.to_vec());
        self.shared.run(Access::Read, move |connection| read::get(connection, &target, now, &keys)).await
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        let room = self.shared.room(deletes.len() * write::OVERHEAD).await?;
        self.shared.share(room, write::Remove::new(self.target.clone(), now, deletes)).await
    }

    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        let (target, view, filter) = (self.target.clone(), view.clone(), filter.clone());
        self.shared.run(Access::Write, move |connection| write::delete_where(connection, &target, &view, &filter)).await
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        let (target, view, request) = (self.target.clone(), view.clone(), request.clone());
        let indexes = Arc::clone(&self.shared.indexes);
        let work = move |connection: &mut _| search::search(connection, &indexes, &target, &view, &request);
        self.shared.run(Access::Read, work).await
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        let (target, view, request) = (self.target.clone(), view.clone(), request.clone());
        self.shared.run(Access::Read, move |connection| read::list(connection, &target, &view, &request)).await
    }

    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        let (target, view, filter) = (self.target.clone(), view.clone(), filter.clone());
        let indexes = Arc::clone(&self.shared.indexes);
        let work = move |connection: &mut _| read::count(connection, &indexes, &target, &view, &filter);
        self.shared.run(Access::Read, work).await
    }

    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        let (target, view, request) = (self.target.clone(), view.clone(), request.clone());
        self.shared.run(Access::Read, move |connection| read::namespaces(connection, &target, &view, &request)).await
    }

    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        let (target, view) = (self.target.clone(), view.clone());
        self.shared.run(Access::Write, move |connection| write::purge_expired(connection, &target, &view)).await
    }

    async fn stats(&self) -> Result<Stats> {
        let (target, indexes) = (self.target.clone(), Arc::clone(&self.shared.indexes));
        self.shared.run(Access::Read, move |connection| maintain::stats(connection, &indexes, &target)).await
    }
}
