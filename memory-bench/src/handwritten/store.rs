//! Rows in SQLite, with the indexes that this workload needs, FTS5 over the text, and statements prepared once.

use std::path::Path;

use rusqlite::{Connection, OptionalExtension as _, Row, Transaction, params};
use serde_json::Value;

use crate::Result;
use crate::workload::{DIMENSION, Fields};

/// The rows. `namespace, created_at` is for listing, `kind` for counting.
const ROWS: &str = "
CREATE TABLE records (
  row INTEGER PRIMARY KEY, namespace TEXT NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL, created_at INTEGER NOT NULL,
  content TEXT NOT NULL, metadata TEXT NOT NULL, embedding BLOB NOT NULL,
  UNIQUE (namespace, id)
) STRICT;
CREATE INDEX listed ON records (namespace, created_at);
CREATE INDEX kinds ON records (kind);";

/// The text stands in the rows alone; the index keeps words, places and lengths.
const WORDS: &str = "CREATE VIRTUAL TABLE words USING fts5(content, content='records', content_rowid='row')";

/// memory-sqlite's own settings.
const SETTINGS: &str = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA cache_size = -32768;
PRAGMA foreign_keys = ON; PRAGMA secure_delete = ON;";

const INSERT: &str = "INSERT INTO records (namespace, id, kind, created_at, content, metadata, embedding)
VALUES (?, ?, ?, ?, ?, ?, ?)";

/// A record as it comes back, its metadata read and its vector in numbers if it was asked for.
#[derive(Debug, PartialEq)]
pub(crate) struct Stored {
    pub(crate) namespace: String,
    pub(crate) id: String,
    pub(crate) kind: String,
    pub(crate) created_at: i64,
    pub(crate) content: String,
    pub(crate) metadata: Value,
    pub(crate) vector: Option<Vec<f32>>,
}

/// An open file.
#[derive(Debug)]
pub(crate) struct Table {
    pub(super) connection: Connection,
    text: bool,
}

impl Table {
    /// A new file, with FTS5 or without.
    pub(crate) fn create(path: &Path, text: bool) -> Result<Self> {
        let table = Self { connection: Connection::open(path)?, text };
        table.connection.execute_batch(SETTINGS)?;
        table.connection.execute_batch(ROWS)?;
        if text {
            table.connection.execute_batch(WORDS)?;
        }
        Ok(table)
    }

    /// A file that is there, with FTS5.
    pub(crate) fn open(path: &Path) -> Result<Self> {
        let connection = Connection::open(path)?;
        connection.execute_batch(SETTINGS)?;
        Ok(Self { connection, text: true })
    }

    /// Adds these records in one transaction.
    pub(crate) fn load(&self, records: &[Fields]) -> Result<()> {
        let transaction = self.connection.unchecked_transaction()?;
        for fields in records {
            insert(&transaction, fields, self.text)?;
        }
        Ok(transaction.commit()?)
    }

    /// Adds one record and waits until it is on disk.
    pub(crate) fn save(&self, fields: &Fields) -> Result<()> {
        self.load(std::slice::from_ref(fields))
    }

    /// What one does after a load: the text index in one piece, the planner's statistics up to date.
    pub(crate) fn optimise(&self) -> Result<()> {
        Ok(self.connection.execute_batch("INSERT INTO words (words) VALUES ('optimize'); ANALYZE")?)
    }

    /// Empties the log into the file.
    pub(crate) fn checkpoint(&self) -> Result<()> {
        Ok(self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?)
    }

    /// Empties the log into the file and closes it.
    pub(crate) fn close(self) -> Result<()> {
        self.checkpoint()?;
        Ok(self.connection.close().map_err(|(_, error)| error)?)
    }

    /// One record, whole.
    pub(crate) fn get(&self, namespace: &str, id: &str) -> Result<Option<Stored>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT namespace, id, kind, created_at, content, metadata, embedding FROM records
             WHERE namespace = ? AND id = ?",
        )?;
        Ok(statement.query_row([namespace, id], |row| stored(row, true)).optional()?)
    }

    /// The newest of a namespace, without vectors.
    pub(crate) fn newest(&self, namespace: &str, limit: usize) -> Result<Vec<Stored>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT namespace, id, kind, created_at, content, metadata FROM records
             WHERE namespace = ? ORDER BY created_at DESC LIMIT ?",
        )?;
        let rows = statement.query_map(params![namespace, limit as i64], |row| stored(row, false))?;
        Ok(rows.collect::<std::result::Result<_, _>>()?)
    }

    /// How many there are of a kind.
    pub(crate) fn count(&self, kind: &str) -> Result<u64> {
        let mut statement = self.connection.prepare_cached("SELECT count(*) FROM records WHERE kind = ?")?;
        Ok(statement.query_row([kind], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }

    /// Takes a record out, its words too, and waits until that is on disk. Answers whether there was one.
    pub(crate) fn delete(&self, namespace: &str, id: &str) -> Result<bool> {
        let transaction = self.connection.unchecked_transaction()?;
        // FTS5 must be told what it forgets when the text stands elsewhere.
        let sql = "INSERT INTO words (words, rowid, content)
                   SELECT 'delete', row, content FROM records WHERE namespace = ? AND id = ?";
        transaction.prepare_cached(sql)?.execute([namespace, id])?;
        let sql = "DELETE FROM records WHERE namespace = ? AND id = ?";
        let deleted = transaction.prepare_cached(sql)?.execute([namespace, id])?;
        transaction.commit()?;
        Ok(deleted > 0)
    }

    /// All vectors, read into one piece of memory, in the order of the rows.
    pub(crate) fn vectors(&self, records: usize) -> Result<Vec<f32>> {
        let mut vectors = Vec::with_capacity(records * DIMENSION);
        let mut statement = self.connection.prepare("SELECT embedding FROM records ORDER BY row")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            vectors.extend(components(row.get_ref(0)?.as_blob()?));
        }
        Ok(vectors)
    }

    /// How many bytes FTS5 keeps.
    pub(crate) fn text_bytes(&self) -> Result<u64> {
        let sql = "SELECT (SELECT sum(length(block)) FROM words_data) + (SELECT sum(length(sz)) FROM words_docsize)";
        Ok(self.connection.query_row(sql, [], |row| row.get::<_, i64>(0))?.cast_unsigned())
    }
}

fn insert(transaction: &Transaction<'_>, fields: &Fields, text: bool) -> Result<()> {
    let Fields { namespace, id, kind, created_at, content, metadata, vector } = fields;
    let blob: Vec<u8> = vector.iter().flat_map(|component| component.to_le_bytes()).collect();
    let values = params![namespace, id, kind, created_at, content, metadata, blob];
    transaction.prepare_cached(INSERT)?.execute(values)?;
    if text {
        let row = transaction.last_insert_rowid();
        let sql = "INSERT INTO words (rowid, content) VALUES (?, ?)";
        transaction.prepare_cached(sql)?.execute(params![row, content])?;
    }
    Ok(())
}

fn components(blob: &[u8]) -> impl Iterator<Item = f32> {
    blob.as_chunks().0.iter().map(|bytes| f32::from_le_bytes(*bytes))
}

/// Reads the columns namespace, id, kind, created_at, content, metadata, and embedding if it is wanted.
pub(super) fn stored(row: &Row<'_>, vector: bool) -> rusqlite::Result<Stored> {
    let metadata = row.get_ref(5)?.as_str()?;
    let vector = if vector { Some(components(row.get_ref(6)?.as_blob()?).collect()) } else { None };
    Ok(Stored {
        namespace: row.get(0)?,
        id: row.get(1)?,
        kind: row.get(2)?,
        created_at: row.get(3)?,
        content: row.get(4)?,
        // What does not read is no object; the benchmark's own always does.
        metadata: serde_json::from_str(metadata).unwrap_or_default(),
        vector,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::Workload;

    #[test]
    fn what_was_loaded_comes_back_and_what_was_deleted_does_not() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rows.db");
        let workload = Workload::new(250, 1);
        let records: Vec<Fields> = (0..250).filter_map(|row| workload.fields(row)).collect();
        let table = Table::create(&path, true).unwrap();
        table.load(&records).unwrap();
        table.optimise().unwrap();
        let found = table.get("user-07", "r00000107").unwrap().unwrap();
        assert_eq!((found.kind.as_str(), found.content.as_str()), (records[107].kind, records[107].content.as_str()));
        assert_eq!(found.vector.unwrap(), workload.vector(107));
        let newest: Vec<String> = table.newest("user-07", 2).unwrap().into_iter().map(|stored| stored.id).collect();
        assert_eq!(newest, ["r00000207", "r00000107"]);
        let facts = records.iter().filter(|record| record.kind == "fact").count() as u64;
        assert_eq!(table.count("fact").unwrap(), facts);
        assert!(table.text_bytes().unwrap() > 10_000);
        assert_eq!(table.vectors(250).unwrap(), &workload.vectors[..]);
        assert!(table.delete("user-07", "r00000107").unwrap() && !table.delete("user-07", "r00000107").unwrap());
        table.close().unwrap();
        let table = Table::open(&path).unwrap();
        assert_eq!(table.get("user-07", "r00000107").unwrap(), None);
        assert!(table.get("user-07", "r00000207").unwrap().is_some());
    }
}
