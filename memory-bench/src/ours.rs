//! The store that is measured, through its public interface: a [`Backend`], whichever it is.

use std::path::PathBuf;
use std::sync::{Arc, LazyLock};

use memory_connect::Registry;
use memory_core::connect::Opening;
use memory_core::{
    Backend, CollectionName, CollectionSpec, Database, Draft, Embedding, Exactness, Memory, Metadata, Metric,
    Namespace, Query, Record, RecordId, RecordKey, Returns, Scope, SearchRequest, SearchResponse, Timestamp,
};
use memory_sqlite::{SqliteBackend, SqliteConfig};
use tokio::runtime::Runtime;

use crate::Result;
use crate::workload::{DIMENSION, Fields, row};

/// For backends that speak to servers; the others do not notice it.
static RUNTIME: LazyLock<Option<Runtime>> = LazyLock::new(|| Runtime::new().ok());

/// Waits for a call of the store.
///
/// # Errors
/// Those of the call, and of a system that gives no threads.
pub(crate) fn wait<T>(call: impl Future<Output = memory_core::Result<T>>) -> Result<T> {
    let runtime = RUNTIME.as_ref().ok_or("the system gives no threads")?;
    let _context = runtime.enter();
    Ok(futures_executor::block_on(call)?)
}

/// Where the store is.
#[derive(Clone, Debug)]
pub(crate) enum Place {
    /// memory-sqlite, in a folder of its own.
    Folder(PathBuf),
    /// The store of this URL, in a collection that is made for this run.
    Url(String, CollectionName),
}

impl Place {
    async fn backend(&self) -> memory_core::Result<Arc<dyn Backend>> {
        match self {
            Self::Folder(folder) => Ok(Arc::new(SqliteBackend::open(SqliteConfig::new(folder.join("ours.db"))).await?)),
            Self::Url(url, _) => Registry::new().open_url(url, Opening::OrMake).await,
        }
    }

    fn collection(&self) -> memory_core::Result<CollectionName> {
        match self {
            Self::Folder(_) => CollectionName::new("memories"),
            Self::Url(_, name) => Ok(name.clone()),
        }
    }

    /// Removes everything that was written there.
    pub(crate) fn clear(&self) -> Result<()> {
        match self {
            Self::Folder(folder) if folder.exists() => Ok(std::fs::remove_dir_all(folder)?),
            Self::Folder(_) => Ok(()),
            Self::Url(_, name) => wait(async {
                let database = Database::new(self.backend().await?);
                database.drop_collection(name).await?;
                database.close().await
            }),
        }
    }
}

/// An open store with the one collection that everything is in.
#[derive(Debug)]
pub(crate) struct Ours {
    database: Database,
    memory: Memory,
}

impl Ours {
    /// Makes the collection, or finds it, with no index hints.
    pub(crate) fn open(place: &Place) -> Result<Self> {
        wait(async {
            let database = Database::new(place.backend().await?);
            let spec = CollectionSpec::new(place.collection()?).with_vectors(DIMENSION, Metric::Cosine)?;
            let memory = database.create(&spec, Scope::all()).await?;
            Ok(Self { database, memory })
        })
    }

    /// Flushes and closes it.
    pub(crate) fn close(self) -> Result<()> {
        wait(self.database.close())
    }

    /// All records.
    pub(crate) fn memory(&self) -> &Memory {
        &self.memory
    }

    /// Those of one namespace of one segment.
    pub(crate) fn of_user(&self, user: &str) -> Result<Memory> {
        Ok(self.memory.narrow(Scope::exact(Namespace::new([user])?))?)
    }

    /// Adds these records in one call.
    pub(crate) fn load(&self, records: &[Fields]) -> Result<()> {
        let drafts = records.iter().map(draft).collect::<Result<Vec<Draft>>>()?;
        wait(self.memory.put_all(drafts)).map(drop)
    }

    /// Adds one record and waits until it is on disk.
    pub(crate) fn save(&self, fields: &Fields) -> Result<()> {
        wait(self.memory.put(draft(fields)?)).map(drop)
    }
}

/// The record as an application would make it.
fn draft(fields: &Fields) -> Result<Draft> {
    let Fields { namespace, id, kind, created_at, content, metadata, vector } = fields;
    let draft =
        Record::draft(id.as_str()).namespace(Namespace::new([namespace])?).kind(*kind).content(content.as_str());
    let draft = draft.metadata(Metadata::from_json(metadata)?).embedding(Embedding::new(Arc::clone(vector))?);
    Ok(draft.created_at(Timestamp::from_micros(*created_at)?))
}

/// The key of a record in the namespace of a user.
pub(crate) fn key(namespace: &str, id: &str) -> Result<RecordKey> {
    Ok(RecordKey::new(Namespace::new([namespace])?, RecordId::new(id)?))
}

/// An exact search for the ten nearest vectors that answers keys and scores.
pub(crate) fn nearest(vector: &[f32]) -> Result<SearchRequest> {
    let embedding = Embedding::new(vector)?;
    Ok(SearchRequest::new(Query::Vector { embedding, exactness: Exactness::Exact }).with_returns(Returns::Keys))
}

/// Asks and waits for the answer.
pub(crate) fn search(memory: &Memory, request: &SearchRequest) -> Result<SearchResponse> {
    wait(memory.search(request))
}

/// The rows of the hits; those of further records have none.
pub(crate) fn rows(response: &SearchResponse) -> Vec<usize> {
    response.hits.iter().filter_map(|hit| row(hit.key.id.as_str())).collect()
}
