//! The text index: for each word the records that hold it and how often. Kept in the transaction that changes a record.

use std::collections::BTreeMap;

use memory_core::bm25::TextStatistics;
use memory_core::kit::text::{Occurrences, TextRanking};
use memory_core::{Score, WordMatch};
use rusqlite::{Connection, OptionalExtension, params};

use crate::mapping::unsigned;
use crate::schema::Tables;

/// How often each word occurs.
pub(crate) fn count(words: &[String]) -> BTreeMap<&str, u64> {
    let mut counts = BTreeMap::new();
    for word in words {
        *counts.entry(word.as_str()).or_insert(0) += 1;
    }
    counts
}

/// The words of the records that a transaction writes, kept until all are known: added in the order of the index, they touch each
/// of its pages once.
#[derive(Debug, Default)]
pub(crate) struct Additions(Vec<(String, i64, u64)>);

impl Additions {
    /// Takes the words of a record.
    pub(crate) fn take(&mut self, row: i64, words: &[String]) {
        self.0.extend(count(words).into_iter().map(|(word, times)| (word.to_owned(), row, times)));
    }

    /// Adds what was taken.
    pub(crate) fn write(mut self, connection: &Connection, tables: &Tables) -> Result<(), rusqlite::Error> {
        self.0.sort_unstable();
        let sql = format!("INSERT INTO {} (word, row, times) VALUES (?, ?, ?)", tables.postings);
        let mut statement = connection.prepare_cached(&sql)?;
        for (word, row, times) in self.0 {
            statement.execute(params![word, row, times.cast_signed()])?;
        }
        Ok(())
    }
}

/// Takes the words of a record out.
pub(crate) fn remove(
    connection: &Connection,
    tables: &Tables,
    row: i64,
    words: &[String],
) -> Result<(), rusqlite::Error> {
    let mut statement =
        connection.prepare_cached(&format!("DELETE FROM {} WHERE word = ? AND row = ?", tables.postings))?;
    for word in count(words).into_keys() {
        statement.execute(params![word, row])?;
    }
    Ok(())
}

/// Takes out whatever the index has of a record whose words are not known any more. Reads the whole index.
pub(crate) fn remove_unknown(connection: &Connection, tables: &Tables, row: i64) -> Result<(), rusqlite::Error> {
    connection.execute(&format!("DELETE FROM {} WHERE row = ?", tables.postings), [row])?;
    Ok(())
}

/// Empties the index.
pub(crate) fn clear(connection: &Connection, tables: &Tables) -> Result<(), rusqlite::Error> {
    connection.execute(&format!("DELETE FROM {}", tables.postings), [])?;
    Ok(())
}

/// A live record of the scope.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Live {
    pub(crate) row: i64,
    pub(crate) length: u64,
    /// Whether the search may find it; it counts in the statistics in any case.
    pub(crate) eligible: bool,
}

/// The eligible rows that match, best score first; equal ones in no order. `live` is sorted by row.
pub(crate) fn ranked(
    connection: &Connection,
    tables: &Tables,
    words: &[String],
    matching: WordMatch,
    live: &[Live],
) -> Result<Vec<(Score, i64)>, rusqlite::Error> {
    let ranking = TextRanking::new(words, matching);
    let mut statement = connection
        .prepare_cached(&format!("SELECT row, times FROM {} WHERE word = ? ORDER BY row", tables.postings))?;
    // Which record holds which word how often; both as their places in `live` and in the ranking.
    let mut held: Vec<(usize, usize, u64)> = Vec::new();
    let mut holding = Vec::new();
    for (word_at, word) in ranking.words().iter().enumerate() {
        let before = held.len();
        let mut from = 0;
        let mut rows = statement.query([word])?;
        while let Some(row) = rows.next()? {
            let number: i64 = row.get(0)?;
            from += live[from..].partition_point(|record| record.row < number);
            if live.get(from).is_some_and(|record| record.row == number) {
                held.push((from, word_at, unsigned(row, 1)?));
            }
        }
        holding.push((held.len() - before) as u64);
    }
    let total_length = live.iter().map(|record| record.length).sum();
    let ranking = ranking.counted(TextStatistics { records: live.len() as u64, total_length }, holding);
    held.sort_unstable();
    let mut found = Vec::new();
    for of_record in held.chunk_by(|a, b| a.0 == b.0) {
        let record = live[of_record[0].0];
        if record.eligible {
            let mut counts = vec![0; ranking.words().len()];
            of_record.iter().for_each(|(_, word_at, times)| counts[*word_at] = *times);
            if let Some(score) = ranking.score(&Occurrences { length: record.length, counts }) {
                found.push((score, record.row));
            }
        }
    }
    found.sort_unstable_by(|a, b| b.cmp(a));
    Ok(found)
}

/// Whether the index has these words of a record, each as often.
pub(crate) fn agrees(
    connection: &Connection,
    tables: &Tables,
    row: i64,
    counts: &BTreeMap<&str, u64>,
) -> Result<bool, rusqlite::Error> {
    let sql = format!("SELECT times FROM {} WHERE word = ? AND row = ?", tables.postings);
    let mut statement = connection.prepare_cached(&sql)?;
    for (word, times) in counts {
        let stored: Option<i64> = statement.query_row(params![word, row], |row| row.get(0)).optional()?;
        if stored != Some(times.cast_signed()) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// How many pairs of word and record the index has.
pub(crate) fn size(connection: &Connection, tables: &Tables) -> Result<usize, rusqlite::Error> {
    let count: i64 =
        connection.query_row(&format!("SELECT count(*) FROM {}", tables.postings), [], |row| row.get(0))?;
    Ok(usize::try_from(count).unwrap_or(usize::MAX))
}
