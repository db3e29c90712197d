//! The application's side of a collection.

mod check;
mod embed;
mod hybrid;
mod key;
mod mmr;
mod update;

use std::sync::Arc;

use futures_util::stream::{self, Stream, TryStreamExt as _};

use crate::backend::{Collection, Stats};
use crate::capabilities::Capabilities;
use crate::embedder::Embedder;
use crate::embedding::Embedding;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::names::{Namespace, RecordKey};
use crate::record::{Draft, Record};
use crate::request::{
    ListRequest, NamespacesRequest, Page, Query, SearchRequest, SearchResponse, Stored, View, WordMatch,
};
use crate::scope::Scope;
use crate::spec::CollectionSpec;
use crate::time::{Clock, SystemClock, Timestamp};
use crate::write::{Batch, Delete, Precondition, Version, Write, Written};

pub use hybrid::{Fusion, HybridHit, HybridRequest, HybridResponse, Leg, LegScore};
pub use key::IntoKey;

/// A collection, seen through a scope, with a clock. Cheap to clone.
///
/// Each method checks its arguments before any I/O: first what the contract fixes (`InvalidArgument`), then the scope
/// (`PermissionDenied`), then switches (`Unsupported`) and limits (`LimitExceeded`). The clock is read once a call.
#[derive(Clone, Debug)]
pub struct Memory {
    collection: Arc<dyn Collection>,
    scope: Scope,
    clock: Arc<dyn Clock>,
    embedder: Option<Arc<dyn Embedder>>,
}

impl Memory {
    /// Binds a collection to a scope, with the machine's clock. [`Database`](crate::Database) does this for applications.
    pub fn new(collection: Arc<dyn Collection>, scope: Scope) -> Self {
        Self { collection, scope, clock: Arc::new(SystemClock), embedder: None }
    }

    /// With another clock: for tests.
    #[must_use]
    pub fn with_clock(self, clock: impl Clock + 'static) -> Self {
        self.with_shared_clock(Arc::new(clock))
    }

    pub(crate) fn with_shared_clock(mut self, clock: Arc<dyn Clock>) -> Self {
        self.clock = clock;
        self
    }

    /// A handle on the same collection that sees less.
    ///
    /// # Errors
    /// `PermissionDenied` if the scope is not wholly inside this handle's (SC-3).
    pub fn narrow(&self, scope: Scope) -> Result<Self> {
        if !self.scope.covers(&scope) {
            let error = Error::new(ErrorKind::PermissionDenied, "a handle can be narrowed, never widened");
            return self.name("narrow", Err(error));
        }
        Ok(Self { scope, ..self.clone() })
    }

    /// What the collection was made with.
    pub fn spec(&self) -> &CollectionSpec {
        self.collection.spec()
    }

    /// The backend's facts, switches and limits.
    pub fn capabilities(&self) -> &Capabilities {
        self.collection.capabilities()
    }

    /// Which namespaces this handle sees.
    pub fn scope(&self) -> &Scope {
        &self.scope
    }

    /// The record that a draft becomes here: in this handle's namespace, at the clock's time, where it names neither.
    ///
    /// # Errors
    /// `InvalidArgument` for what is wrong with a field.
    pub fn record(&self, draft: impl Into<Draft>) -> Result<Record> {
        self.name("record", draft.into().build(self.scope.home(), self.clock.now()))
    }

    /// Puts one record, whole: what was stored under its key is replaced. Answers its version where the backend has them.
    /// With an [embedder](Self::with_embedder), a draft with a text and no vector gets the text's.
    ///
    /// # Errors
    /// `InvalidArgument`, `PermissionDenied` and `LimitExceeded` before any I/O; those of the store.
    pub async fn put(&self, draft: impl Into<Draft>) -> Result<Option<Version>> {
        self.put_one(draft.into(), None).await
    }

    /// Puts one record if the condition holds (switch: conditional writes).
    ///
    /// # Errors
    /// `Conflict` if it does not; `Unsupported` without the switch; as [`Self::put`].
    pub async fn put_if(&self, draft: impl Into<Draft>, condition: Precondition) -> Result<Option<Version>> {
        self.put_one(draft.into(), Some(condition)).await
    }

    /// Puts many records, each on its own. Of a key that occurs twice the last wins (WR-3).
    ///
    /// # Errors
    /// As [`Self::put`]; one bad record refuses all before any I/O. The error lists what was accepted (WR-4).
    pub async fn put_all<D: Into<Draft>>(&self, drafts: impl IntoIterator<Item = D>) -> Result<Written> {
        let now = self.clock.now();
        let built: Result<Vec<Write>> =
            drafts.into_iter().map(|draft| Ok(draft.into().build(self.scope.home(), now)?.into())).collect();
        let mut writes = self.name("put", built)?;
        let cut = self.embed_writes(&mut writes).await?;
        Ok(Written { cut, ..self.write_at(now, &writes, Batch::independent()).await? })
    }

    /// Puts records, each with its own condition, together or each on its own: the whole of what `put` can do. They are put
    /// as they are; no embedder is asked.
    ///
    /// # Errors
    /// As [`Self::put_if`]; `Unsupported` or `LimitExceeded` for an atomic batch that the backend does not take.
    pub async fn apply_writes(&self, writes: &[Write], batch: Batch) -> Result<Written> {
        self.write_at(self.clock.now(), writes, batch).await
    }

    /// One record, with its embedding.
    ///
    /// # Errors
    /// `InvalidArgument` and `PermissionDenied` before any I/O; `Corrupt` names the record.
    pub async fn get(&self, key: impl IntoKey) -> Result<Option<Stored>> {
        Ok(self.get_all([key]).await?.pop().flatten())
    }

    /// The records of these keys, in the order asked, absent ones as `None` (LI-1).
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn get_all<K: IntoKey>(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<Option<Stored>>> {
        let keys = self.name("get", self.keys(keys))?;
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        self.name("get", self.collection.get(self.clock.now(), &keys).await)
    }

    /// Deletes one record and answers whether it existed.
    ///
    /// # Errors
    /// As [`Self::get`].
    pub async fn delete(&self, key: impl IntoKey) -> Result<bool> {
        Ok(self.delete_all([key]).await? > 0)
    }

    /// Deletes records and answers how many existed, each once (WR-6).
    ///
    /// # Errors
    /// As [`Self::get`]; the error lists what was deleted.
    pub async fn delete_all<K: IntoKey>(&self, keys: impl IntoIterator<Item = K>) -> Result<u64> {
        let keys = self.name("delete", self.keys(keys))?;
        let deletes: Vec<Delete> = keys.into_iter().map(Delete::from).collect();
        self.apply_deletes(&deletes).await
    }

    /// Deletes records, each with its own condition: the whole of what `delete` can do. Answers how many existed.
    ///
    /// # Errors
    /// `Conflict` lists those whose version was another; `Unsupported` without the switch conditional writes.
    pub async fn apply_deletes(&self, deletes: &[Delete]) -> Result<u64> {
        self.name("delete", check::deletes(self, deletes))?;
        if deletes.is_empty() {
            return Ok(0);
        }
        Ok(self.name("delete", self.collection.delete(self.clock.now(), deletes).await)?.count)
    }

    /// Deletes what [`Self::list`] returns for this filter, and answers how many those were (WR-6).
    ///
    /// # Errors
    /// `InvalidArgument` for the empty filter: [`Self::clear`] is the call for that.
    pub async fn delete_where(&self, filter: &Filter) -> Result<u64> {
        self.name("delete_where", check::delete_filter(filter))?;
        Ok(self.name("delete_where", self.collection.delete_where(&self.view(), filter).await)?.count)
    }

    /// Deletes everything in the scope and answers how many records that were.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn clear(&self) -> Result<u64> {
        Ok(self.name("clear", self.collection.delete_where(&self.view(), &Filter::all()).await)?.count)
    }

    /// The request for a text search: its words made by the collection's analyser, any of them matching.
    pub fn text(&self, text: &str) -> SearchRequest {
        self.text_matching(text, WordMatch::Any)
    }

    /// As [`Self::text`], for records that hold any or all of the words.
    pub fn text_matching(&self, text: &str, matching: WordMatch) -> SearchRequest {
        SearchRequest::new(Query::text(self.spec().analyser(), text, matching))
    }

    /// Searches by a vector or by a text (SPEC 7 and 8).
    ///
    /// # Errors
    /// `InvalidArgument`, `PermissionDenied`, `LimitExceeded` before any I/O; those of the store.
    pub async fn search(&self, request: &SearchRequest) -> Result<SearchResponse> {
        self.search_at(&self.view(), request).await
    }

    /// The `k` best records for a text.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn search_text(&self, text: &str, k: usize) -> Result<SearchResponse> {
        self.search(&self.text(text).with_k(k)).await
    }

    /// The `k` records most similar to a vector.
    ///
    /// # Errors
    /// As [`Self::search`].
    pub async fn search_vector<E>(&self, embedding: E, k: usize) -> Result<SearchResponse>
    where
        E: TryInto<Embedding, Error: Into<Error>>,
    {
        let embedding = self.name("search", embedding.try_into().map_err(Into::into))?;
        self.search(&SearchRequest::new(Query::vector(embedding)).with_k(k)).await
    }

    /// One page of a listing (LI-2).
    ///
    /// # Errors
    /// `InvalidArgument` for a page size of 0 and for a cursor that does not belong here.
    pub async fn list(&self, request: &ListRequest) -> Result<Page> {
        self.name("list", check::list(request))?;
        self.name("list", self.collection.list(&self.view(), request).await)
    }

    /// The whole listing, page by page; the request's limit is the page size.
    pub fn stream(&self, request: ListRequest) -> impl Stream<Item = Result<Stored>> + '_ {
        stream::try_unfold(Some(request), move |next| async move {
            let Some(request) = next else { return Ok::<_, Error>(None) };
            let page = self.list(&request).await?;
            let next = page.cursor.map(|cursor| request.with_cursor(Some(cursor)));
            Ok(Some((stream::iter(page.records.into_iter().map(Ok)), next)))
        })
        .try_flatten()
    }

    /// How many records match.
    ///
    /// # Errors
    /// `InvalidArgument` for a filter out of bounds; those of the store.
    pub async fn count(&self, filter: &Filter) -> Result<u64> {
        self.name("count", filter.check())?;
        self.name("count", self.collection.count(&self.view(), filter).await)
    }

    /// The namespaces that hold a record, by key, page by page (SC-4).
    ///
    /// # Errors
    /// `InvalidArgument` for limit 0 and a depth outside 1 to 8.
    pub async fn namespaces(&self, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        self.name("namespaces", check::namespaces(request))?;
        self.name("namespaces", self.collection.namespaces(&self.view(), request).await)
    }

    /// Removes the expired records of the scope for good and answers how many (TT-2).
    ///
    /// # Errors
    /// Those of the store.
    pub async fn purge_expired(&self) -> Result<u64> {
        Ok(self.name("purge_expired", self.collection.purge_expired(&self.view()).await)?.count)
    }

    /// What the collection takes up and the state of its indexes, for people.
    ///
    /// # Errors
    /// `PermissionDenied` unless the handle sees the whole collection: it would tell of other tenants. Those of the store.
    pub async fn stats(&self) -> Result<Stats> {
        if self.scope.parts().is_some() {
            let error = Error::new(ErrorKind::PermissionDenied, "stats are of the whole collection, beyond this scope");
            return self.name("stats", Err(error));
        }
        self.name("stats", self.collection.stats().await)
    }

    async fn put_one(&self, draft: Draft, precondition: Option<Precondition>) -> Result<Option<Version>> {
        let now = self.clock.now();
        let record = self.name("put", draft.build(self.scope.home(), now))?;
        let mut writes = [Write { record, precondition }];
        self.embed_writes(&mut writes).await?;
        let written = self.write_at(now, &writes, Batch::independent()).await?;
        Ok(written.versions.into_iter().next().flatten())
    }

    async fn write_at(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        self.name("put", check::writes(self, writes, batch))?;
        if writes.is_empty() {
            return Ok(Written::default());
        }
        self.name("put", self.collection.put(now, writes, batch).await)
    }

    async fn search_at(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        self.name("search", check::search(self, request))?;
        self.name("search", self.collection.search(view, request).await)
    }

    fn keys<K: IntoKey>(&self, keys: impl IntoIterator<Item = K>) -> Result<Vec<RecordKey>> {
        let keys: Vec<RecordKey> =
            keys.into_iter().map(|key| key.into_key(self.scope.home())).collect::<Result<_>>()?;
        check::keys(self, &keys)?;
        Ok(keys)
    }

    fn view(&self) -> View {
        View::new(self.scope.clone(), self.clock.now())
    }

    fn name<T>(&self, operation: &'static str, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.in_operation(operation).in_backend(&self.capabilities().backend))
    }
}
