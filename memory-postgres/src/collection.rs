//! One collection. Each method reads: translate, call, map.

use async_trait::async_trait;
use memory_core::{
    Batch, Capabilities, Collection, CollectionSpec, Delete, Deleted, Filter, ListRequest, Namespace,
    NamespacesRequest, Page, RecordKey, Result, SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write,
    Written,
};

use crate::error::not_implemented;
use crate::filter::{Translated, translate};
use crate::mapping::{Row, to_row};

/// One collection of Postgres.
#[derive(Debug)]
pub(crate) struct PostgresCollection {
    spec: CollectionSpec,
    capabilities: Capabilities,
}

impl PostgresCollection {
    /// A handle on the collection of this spec.
    pub(crate) fn new(spec: CollectionSpec, capabilities: Capabilities) -> Self {
        Self { spec, capabilities }
    }
}

#[async_trait]
impl Collection for PostgresCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn put(&self, _now: Timestamp, writes: &[Write], _batch: Batch) -> Result<Written> {
        let _rows: Vec<Row> = writes.iter().map(|write| to_row(&write.record)).collect::<Result<_>>()?;
        Err(not_implemented("put"))
    }

    async fn get(&self, _now: Timestamp, _keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        Err(not_implemented("get"))
    }

    async fn delete(&self, _now: Timestamp, _deletes: &[Delete]) -> Result<Deleted> {
        Err(not_implemented("delete"))
    }

    async fn delete_where(&self, _view: &View, _filter: &Filter) -> Result<Deleted> {
        Err(not_implemented("delete_where"))
    }

    async fn search(&self, _view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        let Translated { pushed_down, residue } = translate(&request.filter);
        let _query = (pushed_down, residue);
        Err(not_implemented("search"))
    }

    async fn list(&self, _view: &View, _request: &ListRequest) -> Result<Page> {
        Err(not_implemented("list"))
    }

    async fn count(&self, _view: &View, _filter: &Filter) -> Result<u64> {
        Err(not_implemented("count"))
    }

    async fn namespaces(&self, _view: &View, _request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        Err(not_implemented("namespaces"))
    }

    async fn purge_expired(&self, _view: &View) -> Result<Deleted> {
        Err(not_implemented("purge_expired"))
    }

    async fn stats(&self) -> Result<Stats> {
        Err(not_implemented("stats"))
    }
}
