//! What a case works with: a database of its own, a clock that stands still, and a count of the calls below.

use std::sync::Arc;

use futures_util::TryStreamExt as _;
use memory_core::{
    Capabilities, CollectionName, CollectionSpec, Database, Error, Filter, FixedClock, ListRequest, Memory, Metric,
    Namespace, Record, RecordId, RecordKey, Result, Scope, SearchResponse, Stored, Timestamp,
};

use crate::counting::{Calls, Counting};
use crate::harness::{Harness, Settings, TestDatabase};

/// The time at which every case starts: 2026-01-02T03:04:05.000006Z.
pub const START: i64 = 1_767_323_045_000_006;

/// A case's surroundings. Everything goes through [`Database`] and [`Memory`].
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Context {
    /// The backend's harness, for a database with other settings.
    pub harness: Arc<dyn Harness>,
    /// The case's database.
    pub test_database: Arc<dyn TestDatabase>,
    /// A handle on it, whose calls are counted.
    pub database: Database,
    /// The clock of every handle of this case.
    pub clock: Arc<FixedClock>,
    /// How many calls have reached the backend through [`Self::database`] and the handles made from it.
    pub calls: Calls,
    /// What the names of this case's collections start with.
    pub prefix: String,
}

impl Context {
    /// A case's surroundings, on a database with these settings.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn new(harness: Arc<dyn Harness>, settings: &Settings) -> Result<Self> {
        let test_database = harness.database(settings).await?;
        Self::on(harness, test_database).await
    }

    /// As [`Self::new`], on this database.
    pub(crate) async fn on(harness: Arc<dyn Harness>, test_database: Arc<dyn TestDatabase>) -> Result<Self> {
        let clock = Arc::new(FixedClock::new(Timestamp::from_micros(START)?));
        let random = uuid::Uuid::new_v4().simple().to_string();
        let calls = Calls::default();
        let database = connect(&*test_database, &clock, &calls).await?;
        Ok(Self { harness, test_database, database, clock, calls, prefix: format!("t{}", &random[..12]) })
    }

    /// The same case on a second database, with these settings.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn with_settings(&self, settings: &Settings) -> Result<Self> {
        Self::new(Arc::clone(&self.harness), settings).await
    }

    /// Another handle on the case's database, with the case's clock and count.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn connect(&self) -> Result<Database> {
        connect(&*self.test_database, &self.clock, &self.calls).await
    }

    /// Ends every handle, starts the database anew, and connects again.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn restart(&mut self) -> Result<()> {
        self.test_database.restart().await?;
        self.database = self.connect().await?;
        Ok(())
    }

    /// The backend's facts, switches and limits.
    pub fn capabilities(&self) -> &Capabilities {
        self.database.capabilities()
    }

    /// Sets the case's clock, in microseconds after [`START`].
    ///
    /// # Errors
    /// `InvalidArgument` for a time that is out of range.
    pub fn set_clock(&self, micros_after_start: i64) -> Result<()> {
        self.clock.set(at(micros_after_start)?);
        Ok(())
    }

    /// The name of one of this case's collections. `suffix` is `[a-z0-9_]`, up to 30 bytes.
    ///
    /// # Errors
    /// `InvalidArgument` for another suffix.
    pub fn name(&self, suffix: &str) -> Result<CollectionName> {
        CollectionName::new(format!("{}_{suffix}", self.prefix))
    }

    /// The spec of a collection of three dimensions under this metric, with English words.
    ///
    /// # Errors
    /// `InvalidArgument` for a suffix that [`Self::name`] refuses.
    pub fn spec(&self, suffix: &str, metric: Metric) -> Result<CollectionSpec> {
        CollectionSpec::new(self.name(suffix)?).with_vectors(3, metric)
    }

    /// A new collection of three dimensions, cosine, English, seen whole.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn collection(&self, suffix: &str) -> Result<Memory> {
        self.database.create(&self.spec(suffix, Metric::Cosine)?, Scope::all()).await
    }

    /// A new collection without vectors, English, seen whole.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn text_collection(&self, suffix: &str) -> Result<Memory> {
        self.database.create(&CollectionSpec::new(self.name(suffix)?), Scope::all()).await
    }

    /// A new collection of three dimensions, bound to the namespace `["n"]` with everything below, for cases in which
    /// namespaces do not matter: `home.put(Record::draft("id"))`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn home(&self, suffix: &str) -> Result<Memory> {
        self.collection(suffix).await?.narrow(Scope::subtree(namespace(["n"])?))
    }
}

async fn connect(database: &dyn TestDatabase, clock: &Arc<FixedClock>, calls: &Calls) -> Result<Database> {
    let backend = Counting::new(database.connect().await?, calls.clone());
    Ok(Database::new(backend).with_clock(Arc::clone(clock)))
}

/// A namespace of these segments.
///
/// # Errors
/// `InvalidArgument` for segments that are not legal.
pub fn namespace<const N: usize>(segments: [&str; N]) -> Result<Namespace> {
    Namespace::new(segments)
}

/// The key of this id in a namespace.
///
/// # Errors
/// `InvalidArgument` for names that are not legal.
pub fn key<const N: usize>(segments: [&str; N], id: &str) -> Result<RecordKey> {
    Ok(RecordKey::new(namespace(segments)?, RecordId::new(id)?))
}

/// A time in microseconds after [`START`].
///
/// # Errors
/// `InvalidArgument` for a time that is out of range.
pub fn at(micros_after_start: i64) -> Result<Timestamp> {
    Timestamp::from_micros(START.checked_add(micros_after_start).ok_or_else(|| Error::invalid("out of range"))?)
}

/// The ids of records, in their order.
pub fn ids<'a>(records: impl IntoIterator<Item = &'a Record>) -> Vec<&'a str> {
    records.into_iter().map(|record| record.key.id.as_str()).collect()
}

/// Every record that a full listing answers, sorted by (namespace key, id).
///
/// # Errors
/// Those of the store.
pub async fn listed(memory: &Memory, filter: Filter) -> Result<Vec<Record>> {
    let stored: Vec<Stored> = memory.stream(ListRequest::new().with_filter(filter)).try_collect().await?;
    let mut records: Vec<Record> = stored.into_iter().map(|stored| stored.record).collect();
    records.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(records)
}

/// The keys of hits, in their order, as text: `n/id`.
pub fn hits(response: &SearchResponse) -> Vec<String> {
    response.hits.iter().map(|hit| hit.key.to_string()).collect()
}
