//! A backend that is right but for one thing: around the reference, it rewrites what goes in or comes out.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use async_trait::async_trait;
use memory_core::connect::Connector;
use memory_core::{
    Backend, Batch, Capabilities, Collection, CollectionName, CollectionSpec, CreateOptions, Delete, Deleted, Error,
    Filter, Health, ListRequest, Maintenance, MaintenanceReport, Namespace, NamespacesRequest, Page, Record, RecordKey,
    Result, SearchRequest, SearchResponse, Stats, Stored, Timestamp, View, Write, Written,
};

/// A way to be wrong, and the rule whose cases must notice.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Mutant {
    pub(crate) name: &'static str,
    pub(crate) rule: &'static str,
    pub(crate) hooks: &'static [Hook],
}

/// What a mutant rewrites. Where a hook sees two values, the first is what was asked, and stays.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Hook {
    /// What the backend publishes.
    Capabilities(fn(Capabilities) -> Capabilities),
    /// The spec given to `create`.
    Spec(fn(CollectionSpec) -> CollectionSpec),
    /// The hints given to `create`.
    Options(fn(CreateOptions) -> Result<CreateOptions>),
    /// The specs that `collections` answers.
    Specs(fn(Vec<CollectionSpec>) -> Vec<CollectionSpec>),
    /// The name given to `open`, `create` and `drop_collection`.
    Name(fn(CollectionName) -> CollectionName),
    /// What `drop_collection` answers.
    Dropped(fn(bool) -> bool),
    /// Every key that goes in.
    Key(fn(RecordKey) -> RecordKey),
    /// Every record that goes in.
    Into(fn(Record) -> Record),
    /// Every record that comes out.
    Out(fn(Record) -> Record),
    /// The writes of a `put`.
    Writes(fn(Vec<Write>) -> Vec<Write>),
    /// Whether a batch is atomic.
    Batch(fn(Batch) -> Batch),
    /// What a `put` answers.
    Written(fn(&[Write], Result<Written>) -> Result<Written>),
    /// Every scope and time.
    View(fn(View) -> View),
    /// The time of the calls that have no scope.
    Now(fn(Timestamp) -> Timestamp),
    /// Every filter.
    Filter(fn(Filter) -> Filter),
    /// What `get` answers.
    Got(fn(Vec<Option<Stored>>) -> Vec<Option<Stored>>),
    /// The deletes of a `delete`.
    Deletes(fn(Vec<Delete>) -> Vec<Delete>),
    /// What `delete` answers.
    Deleted(fn(&[Delete], Deleted) -> Deleted),
    /// What `delete_where` answers.
    DeletedWhere(fn(Deleted) -> Deleted),
    /// What `purge_expired` answers.
    Purged(fn(Deleted) -> Deleted),
    /// The request of a search.
    Search(fn(SearchRequest) -> SearchRequest),
    /// What a search answers.
    Found(fn(&View, &SearchRequest, SearchResponse) -> SearchResponse),
    /// The request of a listing.
    List(fn(ListRequest) -> ListRequest),
    /// What a listing answers.
    Listed(fn(&ListRequest, Page) -> Page),
    /// What `count` answers.
    Counted(fn(u64) -> u64),
    /// The request of `namespaces`.
    Namespaces(fn(NamespacesRequest) -> NamespacesRequest),
    /// What `namespaces` answers.
    Named(fn(&NamespacesRequest, Vec<Namespace>) -> Vec<Namespace>),
    /// Every error.
    Error(fn(Error) -> Error),
    /// `create` of another spec finds the collection that is there.
    CreateOpens,
    /// Every database is the same one.
    OneDatabase,
    /// What opens the backend from a configuration.
    Connector(fn() -> Arc<dyn Connector>),
}

/// The wrapper.
#[derive(Debug)]
pub(crate) struct Bent<T> {
    inner: T,
    mutant: Mutant,
    capabilities: Capabilities,
    applied: Arc<AtomicBool>,
}

impl Bent<Arc<dyn Backend>> {
    pub(crate) fn new(inner: Arc<dyn Backend>, mutant: Mutant, applied: Arc<AtomicBool>) -> Self {
        let mut bent = Self { capabilities: inner.capabilities().clone(), inner, mutant, applied };
        bent.capabilities = bent.each(bent.capabilities.clone(), |hook| match hook {
            Hook::Capabilities(f) => Some(f),
            _ => None,
        });
        bent
    }

    fn name(&self, name: &CollectionName) -> CollectionName {
        self.each(name.clone(), |hook| match hook {
            Hook::Name(f) => Some(f),
            _ => None,
        })
    }
}

impl Hook {
    fn is_create_opens(&self) -> bool {
        matches!(self, Self::CreateOpens)
    }

    pub(crate) fn connector(&self) -> Option<Arc<dyn Connector>> {
        if let Self::Connector(make) = self { Some(make()) } else { None }
    }

    pub(crate) fn is_one_database(&self) -> bool {
        matches!(self, Self::OneDatabase)
    }
}

impl<T> Bent<T> {
    fn has(&self, hook: fn(&Hook) -> bool) -> bool {
        self.mutant.hooks.iter().any(hook)
    }

    /// Passes a value through every hook of one sort, and notes whether that changed it.
    fn each<V: Clone + PartialEq>(&self, value: V, pick: impl Fn(Hook) -> Option<fn(V) -> V>) -> V {
        let before = value.clone();
        let after = self.mutant.hooks.iter().filter_map(|hook| pick(*hook)).fold(value, |value, f| f(value));
        self.note(before != after);
        after
    }

    fn note(&self, changed: bool) {
        if changed {
            self.applied.store(true, Ordering::SeqCst);
        }
    }

    fn view(&self, view: &View) -> View {
        self.each(view.clone(), |hook| match hook {
            Hook::View(f) => Some(f),
            _ => None,
        })
    }

    fn now(&self, now: Timestamp) -> Timestamp {
        self.each(now, |hook| match hook {
            Hook::Now(f) => Some(f),
            _ => None,
        })
    }

    fn filter(&self, filter: &Filter) -> Filter {
        self.each(filter.clone(), |hook| match hook {
            Hook::Filter(f) => Some(f),
            _ => None,
        })
    }

    fn key(&self, key: RecordKey) -> RecordKey {
        self.each(key, |hook| match hook {
            Hook::Key(f) => Some(f),
            _ => None,
        })
    }

    fn out(&self, record: Record) -> Record {
        self.each(record, |hook| match hook {
            Hook::Out(f) => Some(f),
            _ => None,
        })
    }

    fn stored(&self, stored: Stored) -> Stored {
        Stored { record: self.out(stored.record), version: stored.version }
    }

    fn error<V>(&self, result: Result<V>) -> Result<V> {
        result.map_err(|error| {
            self.mutant.hooks.iter().fold(error, |error, hook| match hook {
                Hook::Error(f) => {
                    self.note(true);
                    f(error)
                }
                _ => error,
            })
        })
    }

    fn collection(&self, inner: Arc<dyn Collection>) -> Arc<dyn Collection> {
        let (capabilities, applied) = (self.capabilities.clone(), Arc::clone(&self.applied));
        Arc::new(Bent { inner, mutant: self.mutant, capabilities, applied })
    }
}

#[async_trait]
impl Backend for Bent<Arc<dyn Backend>> {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        let spec = self.each(spec.clone(), |hook| match hook {
            Hook::Spec(f) => Some(f),
            _ => None,
        });
        let mut bent = options.clone();
        for hook in self.mutant.hooks {
            if let Hook::Options(f) = hook {
                self.note(!options.index_paths.is_empty());
                bent = f(bent)?;
            }
        }
        let mut created = self.inner.create(&spec, &bent).await;
        if created.is_err() && self.has(Hook::is_create_opens) {
            self.note(true);
            created = self.inner.open(spec.name()).await;
        }
        Ok(self.collection(self.error(created)?))
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        Ok(self.collection(self.error(self.inner.open(&self.name(name)).await)?))
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        let specs = self.error(self.inner.collections().await)?;
        Ok(self.each(specs, |hook| match hook {
            Hook::Specs(f) => Some(f),
            _ => None,
        }))
    }

    async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        let dropped = self.error(self.inner.drop_collection(&self.name(name)).await)?;
        Ok(self.each(dropped, |hook| match hook {
            Hook::Dropped(f) => Some(f),
            _ => None,
        }))
    }

    async fn health(&self) -> Result<Health> {
        self.error(self.inner.health().await)
    }

    async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        self.error(self.inner.maintain(task).await)
    }

    async fn close(&self) -> Result<()> {
        self.error(self.inner.close().await)
    }
}

#[async_trait]
impl Collection for Bent<Arc<dyn Collection>> {
    fn spec(&self) -> &CollectionSpec {
        self.inner.spec()
    }

    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        let mut bent = self.each(writes.to_vec(), |hook| match hook {
            Hook::Writes(f) => Some(f),
            _ => None,
        });
        for write in &mut bent {
            write.record.key = self.key(write.record.key.clone());
            write.record = self.each(write.record.clone(), |hook| match hook {
                Hook::Into(f) => Some(f),
                _ => None,
            });
        }
        let batch = self.each(batch, |hook| match hook {
            Hook::Batch(f) => Some(f),
            _ => None,
        });
        let result = self.inner.put(self.now(now), &bent, batch).await;
        let result = result.map(|mut written| {
            // A write that was left out is said to be done.
            written.versions.resize(writes.len(), None);
            written
        });
        let before = format!("{result:?}");
        let result = self.mutant.hooks.iter().fold(result, |result, hook| match hook {
            Hook::Written(f) => f(writes, result),
            _ => result,
        });
        self.note(before != format!("{result:?}"));
        self.error(result)
    }

    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        let keys: Vec<RecordKey> = keys.iter().map(|key| self.key(key.clone())).collect();
        let got = self.error(self.inner.get(self.now(now), &keys).await)?;
        let got = got.into_iter().map(|stored| stored.map(|stored| self.stored(stored))).collect();
        Ok(self.each(got, |hook| match hook {
            Hook::Got(f) => Some(f),
            _ => None,
        }))
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        let mut bent = self.each(deletes.to_vec(), |hook| match hook {
            Hook::Deletes(f) => Some(f),
            _ => None,
        });
        for delete in &mut bent {
            delete.key = self.key(delete.key.clone());
        }
        let deleted = self.error(self.inner.delete(self.now(now), &bent).await)?;
        let after = self.mutant.hooks.iter().fold(deleted, |deleted, hook| match hook {
            Hook::Deleted(f) => f(deletes, deleted),
            _ => deleted,
        });
        self.note(deleted != after);
        Ok(after)
    }

    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        let deleted = self.error(self.inner.delete_where(&self.view(view), &self.filter(filter)).await)?;
        Ok(self.each(deleted, |hook| match hook {
            Hook::DeletedWhere(f) => Some(f),
            _ => None,
        }))
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        let mut bent = self.each(request.clone(), |hook| match hook {
            Hook::Search(f) => Some(f),
            _ => None,
        });
        bent.filter = self.filter(&bent.filter);
        let mut found = self.error(self.inner.search(&self.view(view), &bent).await)?;
        for hit in &mut found.hits {
            hit.record = hit.record.take().map(|record| self.out(record));
        }
        let after = self.mutant.hooks.iter().fold(found.clone(), |found, hook| match hook {
            Hook::Found(f) => f(view, request, found),
            _ => found,
        });
        self.note(found != after);
        Ok(after)
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        let mut bent = self.each(request.clone(), |hook| match hook {
            Hook::List(f) => Some(f),
            _ => None,
        });
        bent.filter = self.filter(&bent.filter);
        let page = self.error(self.inner.list(&self.view(view), &bent).await)?;
        let records = page.records.into_iter().map(|stored| self.stored(stored)).collect();
        let page = Page::new(records, page.cursor);
        let after = self.mutant.hooks.iter().fold(page.clone(), |page, hook| match hook {
            Hook::Listed(f) => f(request, page),
            _ => page,
        });
        self.note(page != after);
        Ok(after)
    }

    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        let count = self.error(self.inner.count(&self.view(view), &self.filter(filter)).await)?;
        Ok(self.each(count, |hook| match hook {
            Hook::Counted(f) => Some(f),
            _ => None,
        }))
    }

    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        let bent = self.each(request.clone(), |hook| match hook {
            Hook::Namespaces(f) => Some(f),
            _ => None,
        });
        let named = self.error(self.inner.namespaces(&self.view(view), &bent).await)?;
        let after = self.mutant.hooks.iter().fold(named.clone(), |named, hook| match hook {
            Hook::Named(f) => f(request, named),
            _ => named,
        });
        self.note(named != after);
        Ok(after)
    }

    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        let purged = self.error(self.inner.purge_expired(&self.view(view)).await)?;
        Ok(self.each(purged, |hook| match hook {
            Hook::Purged(f) => Some(f),
            _ => None,
        }))
    }

    async fn stats(&self) -> Result<Stats> {
        self.error(self.inner.stats().await)
    }
}
