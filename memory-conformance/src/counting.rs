//! A wrapper that counts the calls which reach a backend, to show that a refusal came before any I/O.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use memory_core::{
    Backend, Batch, Capabilities, Collection, CollectionName, CollectionSpec, CreateOptions, Delete, Deleted, Filter,
    Health, ListRequest, Maintenance, MaintenanceReport, Namespace, NamespacesRequest, Page, RecordKey, Result,
    SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write, Written,
};

/// A shared count of calls.
#[derive(Clone, Debug, Default)]
pub struct Calls(Arc<AtomicU64>);

impl Calls {
    /// How many calls have reached the backend so far.
    pub fn count(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }

    fn add(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Counts each call and passes it on.
#[derive(Debug)]
pub(crate) struct Counting<T> {
    inner: T,
    calls: Calls,
}

impl<T> Counting<T> {
    pub(crate) fn new(inner: T, calls: Calls) -> Self {
        Self { inner, calls }
    }

    fn counted(&self) -> &T {
        self.calls.add();
        &self.inner
    }

    fn wrap(&self, collection: Arc<dyn Collection>) -> Arc<dyn Collection> {
        Arc::new(Counting::new(collection, self.calls.clone()))
    }
}

#[async_trait]
impl Backend for Counting<Arc<dyn Backend>> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        Ok(self.wrap(self.counted().create(spec, options).await?))
    }
    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        Ok(self.wrap(self.counted().open(name).await?))
    }
    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        self.counted().collections().await
    }
    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        self.counted().drop_collection(name).await
    }
    async fn health(&self) -> Result<Health> {
        self.counted().health().await
    }
    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        self.counted().maintain(task).await
    }
    async fn close(&self) -> Result<()> {
        self.counted().close().await
    }
}

#[async_trait]
impl Collection for Counting<Arc<dyn Collection>> {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }
    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        self.counted().put(now, writes, batch).await
    }
    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        self.counted().get(now, keys).await
    }
    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        self.counted().delete(now, deletes).await
    }
    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        self.counted().delete_where(view, filter).await
    }
    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        self.counted().search(view, request).await
    }
    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        self.counted().list(view, request).await
    }
    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        self.counted().count(view, filter).await
    }
    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        self.counted().namespaces(view, request).await
    }
    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        self.counted().purge_expired(view).await
    }
    async fn stats(&self) -> Result<Stats> {
        self.counted().stats().await
    }
}
