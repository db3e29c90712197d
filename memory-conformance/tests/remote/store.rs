//! The backend: every call of the two traits as a ticket.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::{
    Backend, Batch, Capabilities, Collection, CollectionName, CollectionSpec, CreateOptions, Delete, Deleted, Filter,
    Health, ListRequest, Maintenance, MaintenanceReport, Namespace, NamespacesRequest, Page, RecordKey, Result,
    SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write, Written,
};

use super::client::{Client, Doubt};

/// A database or a collection on the server.
#[derive(Debug)]
pub(super) struct Remote<T> {
    inner: Arc<T>,
    client: Arc<Client>,
}

impl<T> Remote<T> {
    pub(super) fn new(inner: T, client: Arc<Client>) -> Self {
        Self { inner: Arc::new(inner), client }
    }
}

/// A call that writes nothing that could be in doubt, or may be repeated as it is.
macro_rules! plain {
    ($self:ident, $method:ident($($argument:ident),*)) => {{
        let called = $self.client.call(Doubt::default(), || {
            let inner = Arc::clone(&$self.inner);
            $(let $argument = $argument.clone();)*
            async move { inner.$method($(&$argument),*).await }
        });
        Ok(called.await?.0)
    }};
}

impl Remote<Arc<dyn Backend>> {
    fn collection(&self, inner: Arc<dyn Collection>) -> Arc<dyn Collection> {
        Arc::new(Remote::new(inner, Arc::clone(&self.client)))
    }
}

#[async_trait]
impl Backend for Remote<Arc<dyn Backend>> {
    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        let created: Result<_> = plain!(self, create(spec, options));
        Ok(self.collection(created?))
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        let opened: Result<_> = plain!(self, open(name));
        Ok(self.collection(opened?))
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        plain!(self, collections())
    }

    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        plain!(self, drop_collection(name))
    }

    async fn health(&self) -> Result<Health> {
        plain!(self, health())
    }

    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        plain!(self, maintain(task))
    }

    async fn close(&self) -> Result<()> {
        plain!(self, close())
    }
}

#[async_trait]
impl Collection for Remote<Arc<dyn Collection>> {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }

    fn capabilities(&self) -> &Capabilities {
        self.inner.capabilities()
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        let keys = writes.iter().map(|write| write.record.key.clone()).collect();
        let doubt = Doubt { keys, conditional: writes.iter().any(|write| write.precondition.is_some()) };
        let called = self.client.call(doubt, || {
            let (inner, writes) = (Arc::clone(&self.inner), writes.to_vec());
            async move { inner.put(now, &writes, batch).await }
        });
        Ok(called.await?.0)
    }

    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        let called = self.client.call(Doubt::default(), || {
            let (inner, keys) = (Arc::clone(&self.inner), keys.to_vec());
            async move { inner.get(now, &keys).await }
        });
        Ok(called.await?.0)
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        let keys = deletes.iter().map(|delete| delete.key.clone()).collect();
        let doubt = Doubt { keys, conditional: deletes.iter().any(|delete| delete.version.is_some()) };
        let called = self.client.call(doubt, || {
            let (inner, deletes) = (Arc::clone(&self.inner), deletes.to_vec());
            async move { inner.delete(now, &deletes).await }
        });
        Ok(called.await?.0)
    }

    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        plain!(self, delete_where(view, filter))
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        plain!(self, search(view, request))
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        let called = self.client.call(Doubt::default(), || {
            let (inner, view, request) = (Arc::clone(&self.inner), view.clone(), request.clone());
            async move { inner.list(&view, &request).await }
        });
        let (mut page, whole) = called.await?;
        if !whole {
            page.records.truncate(page.records.len() / 2);
        }
        Ok(page)
    }

    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        plain!(self, count(view, filter))
    }

    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        plain!(self, namespaces(view, request))
    }

    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        plain!(self, purge_expired(view))
    }

    async fn stats(&self) -> Result<Stats> {
        plain!(self, stats())
    }
}
