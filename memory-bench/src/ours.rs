//! The store that is measured, through its public interface: a [`Backend`], whichever it is.

use std::path::Path;
use std::sync::Arc;

use futures_executor::block_on;
use memory_core::{
    Backend, CollectionName, CollectionSpec, Database, Draft, Embedding, Exactness, Memory, Metadata, Metric,
    Namespace, Query, Record, RecordId, RecordKey, Returns, Scope, SearchRequest, SearchResponse, Timestamp,
};
use memory_sqlite::{SqliteBackend, SqliteConfig};

use crate::Result;
use crate::workload::{DIMENSION, Fields, row};

/// An open store with the one collection that everything is in.
#[derive(Debug)]
pub(crate) struct Ours {
    database: Database,
    memory: Memory,
}

/// The one place that knows which store is measured.
async fn backend(folder: &Path) -> Result<Arc<dyn Backend>> {
    Ok(Arc::new(SqliteBackend::open(SqliteConfig::new(folder.join("ours.db"))).await?))
}

impl Ours {
    /// Makes the collection, or finds it, with no index hints.
    pub(crate) fn open(folder: &Path) -> Result<Self> {
        block_on(async {
            let database = Database::new(backend(folder).await?);
            let spec = CollectionSpec::new(CollectionName::new("memories")?).with_vectors(DIMENSION, Metric::Cosine)?;
            let memory = database.create(&spec, Scope::all()).await?;
            Ok(Self { database, memory })
        })
    }

    /// Flushes and closes it.
    pub(crate) fn close(self) -> Result<()> {
        Ok(block_on(self.database.close())?)
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
        block_on(self.memory.put_all(drafts))?;
        Ok(())
    }

    /// Adds one record and waits until it is on disk.
    pub(crate) fn save(&self, fields: &Fields) -> Result<()> {
        block_on(self.memory.put(draft(fields)?))?;
        Ok(())
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
    Ok(block_on(memory.search(request))?)
}

/// The rows of the hits; those of further records have none.
pub(crate) fn rows(response: &SearchResponse) -> Vec<usize> {
    response.hits.iter().filter_map(|hit| row(hit.key.id.as_str())).collect()
}
