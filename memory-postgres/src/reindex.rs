//! Rebuilding what is derived from the records, page by page, in one transaction.

use memory_core::{Analyser, CollectionName, Language, Record, RecordKey, Result};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::mapping::{Value, column, counted};
use crate::query::{Condition, Statement, names, text};
use crate::schema::{Names, Table};

/// How many records are read at a time.
const PAGE: i64 = 1_000;

/// Keeps writers out to the end of the transaction.
pub(crate) fn begin(table: &Table) -> String {
    format!("LOCK TABLE {} IN EXCLUSIVE MODE", table.records)
}

/// The records behind this key: each as it was put, and whether it has an embedding.
pub(crate) fn page(table: &Table, last: Option<&RecordKey>) -> Statement {
    let behind = last.map_or_else(
        || Condition::constant(true),
        |key| Condition::new("(namespace, id) > (?, ?)", [text(key.namespace.key()), text(key.id.as_str())]),
    );
    let sql = format!(
        "SELECT record, embedding IS NOT NULL FROM {} WHERE {} ORDER BY namespace, id LIMIT {PAGE}",
        table.records, behind.sql
    );
    Statement::new(&sql, behind.values)
}

/// The words of a page.
#[derive(Debug)]
pub(crate) struct Words {
    pub(crate) records: u64,
    pub(crate) embeddings: u64,
    pub(crate) last: RecordKey,
    keys: Vec<RecordKey>,
    words: Vec<String>,
    lengths: Vec<Option<i64>>,
}

/// Counts the words of a page; `None` for an empty one, the last.
pub(crate) fn words(page: &[Row], language: Language) -> Result<Option<Words>> {
    let analyser = Analyser::new(language);
    let (mut keys, mut words, mut lengths) = (Vec::new(), Vec::new(), Vec::new());
    let mut embeddings = 0;
    for row in page {
        let record =
            Record::from_json(column(row, 0)?).map_err(|_| corrupt("a stored record is not what was written"))?;
        let (different, length) = counted(analyser.words(record.content.as_str()));
        embeddings += u64::from(column::<bool>(row, 1)?);
        keys.push(record.key);
        words.push(different);
        lengths.push(Some(length));
    }
    let Some(last) = keys.last().cloned() else { return Ok(None) };
    Ok(Some(Words { records: keys.len() as u64, embeddings, last, keys, words, lengths }))
}

/// Stores them, where they are others than before.
pub(crate) fn update(table: &Table, words: Words) -> Statement {
    let (namespaces, ids) = names(&words.keys);
    let sql = format!(
        "UPDATE {} r SET words = g.words, length = g.length FROM (SELECT namespace, id, words::jsonb AS words, length \
         FROM unnest(?::text[], ?::text[], ?::text[], ?::int8[]) AS u(namespace, id, words, length)) AS g \
         WHERE r.namespace = g.namespace AND r.id = g.id AND (r.words, r.length) IS DISTINCT FROM (g.words, g.length)",
        table.records
    );
    let values = vec![namespaces, ids, Value::Texts(words.words), Value::Ints(words.lengths)];
    Statement::new(&sql, values)
}

/// Gives the table the name of another number.
pub(crate) fn rename(table: &Table, name: &CollectionName, number: i64) -> String {
    format!("ALTER TABLE {} RENAME TO \"{name}_{number}\"", table.records)
}

/// Removes these indexes for vectors.
pub(crate) fn drop(names: &Names, indexes: &[Row]) -> Result<String> {
    let drop = |row| Ok(format!("DROP INDEX {}.\"{}\";", names.schema, column::<&str>(row, 2)?));
    indexes.iter().map(drop).collect()
}
