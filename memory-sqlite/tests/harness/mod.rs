//! How the suite gets a database of SQLite, and what may happen to one.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, OnceLock};

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase};
use memory_core::connect::Connector;
use memory_core::{Backend, Batch, CollectionName, Content, Error, RecordKey, Result, Timestamp};
use memory_sqlite::{SqliteBackend, SqliteConfig, SqliteConnector};
use rusqlite::Connection;
use tempfile::TempDir;

/// A file of its own for each case.
#[derive(Debug, Default)]
pub(crate) struct File {
    /// Made with the first file and removed at the end, for some cases keep a handle longer than its database.
    folder: OnceLock<TempDir>,
    files: AtomicUsize,
    /// Damages records so that their checksums are right: what a store without checksums would not notice (CD-4's mutant).
    unchecked: bool,
}

impl File {
    /// Files whose damage a checksum does not show.
    pub(crate) fn unchecked() -> Self {
        Self { unchecked: true, ..Self::default() }
    }
}

/// A database in memory for each case.
#[derive(Debug)]
pub(crate) struct InMemory;

#[async_trait]
impl Harness for File {
    fn name(&self) -> String {
        "sqlite".into()
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("memory-sqlite".into(), env!("CARGO_PKG_VERSION").into()), ("SQLite".into(), rusqlite::version().into())]
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        Some(Arc::new(SqliteConnector))
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let folder = self.folder.get_or_init(|| tempfile::tempdir().unwrap());
        let path = folder.path().join(format!("{}.db", self.files.fetch_add(1, Ordering::Relaxed)));
        let config = lowered(SqliteConfig::new(&path), settings).await?;
        Ok(Arc::new(FileDatabase { path, config, open: Mutex::default(), unchecked: self.unchecked }))
    }

    async fn attach(&self, location: &str) -> Result<Arc<dyn TestDatabase>> {
        let config = as_asked(SqliteConfig::new(location));
        let path = location.into();
        Ok(Arc::new(FileDatabase { path, config, open: Mutex::default(), unchecked: self.unchecked }))
    }
}

#[async_trait]
impl Harness for InMemory {
    fn name(&self) -> String {
        "sqlite :memory:".into()
    }

    fn versions(&self) -> Vec<(String, String)> {
        File::default().versions()
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        Some(Arc::new(SqliteConnector))
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let config = lowered(SqliteConfig::memory(), settings).await?;
        Ok(Arc::new(MemoryDatabase(SqliteBackend::open(config).await?)))
    }
}

/// The configuration with the limits that the case asks for.
async fn lowered(config: SqliteConfig, settings: &Settings) -> Result<SqliteConfig> {
    let backend = SqliteBackend::memory().await?;
    let limits = settings.lower(backend.capabilities().limits.clone());
    backend.close().await?;
    Ok(as_asked(config).with_limits(limits))
}

/// With what the environment asks for, so that the whole suite can be run with it: `MEMORY_SQLITE_INSTRUCTIONS` is `portable`, `avx2`
/// or `avx512`, `MEMORY_SQLITE_BUDGET` the bytes of the memory budget.
fn as_asked(mut config: SqliteConfig) -> SqliteConfig {
    if let Ok(name) = std::env::var("MEMORY_SQLITE_INSTRUCTIONS") {
        config = config.with_instruction_set(&name);
    }
    if let Ok(bytes) = std::env::var("MEMORY_SQLITE_BUDGET") {
        config = config.with_memory_budget(bytes.parse().unwrap());
    }
    config
}

#[derive(Debug)]
struct MemoryDatabase(SqliteBackend);

#[async_trait]
impl TestDatabase for MemoryDatabase {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.0.clone()))
    }
}

#[derive(Debug)]
struct FileDatabase {
    path: PathBuf,
    config: SqliteConfig,
    open: Mutex<Vec<SqliteBackend>>,
    unchecked: bool,
}

impl FileDatabase {
    /// Changes a record and its checksum.
    async fn change(&self, collection: &CollectionName, key: &RecordKey) -> Result<()> {
        let backend = SqliteBackend::open(self.config.clone()).await?;
        let collection = backend.open(collection).await?;
        for stored in collection.get(Timestamp::MIN, std::slice::from_ref(key)).await?.into_iter().flatten() {
            let mut record = stored.record;
            record.content = Content::new(record.content.as_str().replace('a', "b"))?;
            collection.put(Timestamp::MIN, &[record.into()], Batch::independent()).await?;
        }
        backend.close().await
    }
}

#[async_trait]
impl TestDatabase for FileDatabase {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        let backend = SqliteBackend::open(self.config.clone()).await?;
        self.open.lock().unwrap().push(backend.clone());
        Ok(Arc::new(backend))
    }

    fn location(&self) -> Option<String> {
        self.path.to_str().map(str::to_owned)
    }

    async fn restart(&self) -> Result<()> {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for backend in open {
            backend.close().await?;
        }
        Ok(())
    }

    async fn occupy(&self, name: &CollectionName) -> Result<()> {
        let sql = format!("CREATE TABLE \"{name}\" (theirs TEXT); INSERT INTO \"{name}\" VALUES ('kept');");
        connection(&self.path).execute_batch(&sql).map_err(|_| Error::internal("the table could not be made"))
    }

    async fn is_occupied(&self, name: &CollectionName) -> Result<bool> {
        let sql = format!("SELECT group_concat(theirs) = 'kept' FROM \"{name}\"");
        Ok(connection(&self.path).query_row(&sql, [], |row| row.get(0)).unwrap_or(false))
    }

    async fn damage(&self, collection: &CollectionName, key: &RecordKey) -> Result<()> {
        self.restart().await?;
        if self.unchecked {
            return self.change(collection, key).await;
        }
        let sql = format!("SELECT record FROM \"records.{collection}\" WHERE namespace = ? AND id = ?");
        let names = [key.namespace.key(), key.id.as_str()];
        let record: String = connection(&self.path).query_row(&sql, names, |row| row.get(0)).unwrap();
        flip(&self.path, record.as_bytes(), r#"{"content":""#.len());
        Ok(())
    }
}

/// A connection that goes past the backend.
pub(crate) fn connection(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    connection.busy_timeout(std::time::Duration::from_secs(10)).unwrap();
    connection
}

/// Flips the lowest bit of the byte `offset` behind the start of the only place in the file where these bytes stand.
pub(crate) fn flip(path: &Path, bytes: &[u8], offset: usize) {
    let mut file = fs::read(path).unwrap();
    let places: Vec<usize> =
        file.windows(bytes.len()).enumerate().filter(|(_, w)| *w == bytes).map(|(at, _)| at).collect();
    assert_eq!(places.len(), 1, "the bytes stand {} times in the file", places.len());
    file[places[0] + offset] ^= 1;
    fs::write(path, file).unwrap();
}
