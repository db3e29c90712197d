//! Searches over the rows: FTS5 by its rank, and the records of a scan's rows.

use rusqlite::params;

use super::store::{Stored, Table, stored};
use crate::Result;
use crate::truth::K;

/// Namespace, id and score of a hit.
pub(crate) type Hit = (String, String, f64);

impl Table {
    /// The ten best for any or all of the words, with FTS5's own score, negated so that more is better. Only these ten rows
    /// are read, for their keys.
    pub(crate) fn ranked(&self, text: &str, all: bool) -> Result<Vec<Hit>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT namespace, id, -hit.rank FROM
               (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?) AS hit
             JOIN records ON row = hit.rowid ORDER BY hit.rank",
        )?;
        let hits = statement
            .query_map(params![expression(text, all), K as i64], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?)))?;
        Ok(hits.collect::<std::result::Result<_, _>>()?)
    }

    /// As [`Self::ranked`] for any of the words, whole records without vectors.
    pub(crate) fn ranked_records(&self, text: &str) -> Result<Vec<(Stored, f64)>> {
        let mut statement = self.connection.prepare_cached(
            "SELECT namespace, id, kind, created_at, content, metadata, -hit.rank FROM
               (SELECT rowid, rank FROM words WHERE words MATCH ? ORDER BY rank LIMIT ?) AS hit
             JOIN records ON row = hit.rowid ORDER BY hit.rank",
        )?;
        let hits = statement
            .query_map(params![expression(text, false), K as i64], |row| Ok((stored(row, false)?, row.get(6)?)))?;
        Ok(hits.collect::<std::result::Result<_, _>>()?)
    }

    /// The records of a scan's places, without vectors; the place of a vector is its row less one.
    pub(crate) fn records_at(&self, places: impl Iterator<Item = usize>) -> Result<Vec<Stored>> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT namespace, id, kind, created_at, content, metadata FROM records WHERE row = ?")?;
        let mut records = Vec::with_capacity(K);
        for place in places {
            records.push(statement.query_row([place as i64 + 1], |row| stored(row, false))?);
        }
        Ok(records)
    }
}

/// FTS5's own language; words in quotes are taken as they are.
fn expression(text: &str, all: bool) -> String {
    let words: Vec<String> = text.split(' ').map(|word| format!("\"{word}\"")).collect();
    words.join(if all { " AND " } else { " OR " })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::{Truth, Words};
    use crate::workload::{Fields, Workload, row};

    #[test]
    fn fts5_finds_what_is_to_be_found() {
        let folder = tempfile::tempdir().unwrap();
        let workload = Workload::new(400, 5);
        let truth = Truth::new(&workload, 1);
        let records: Vec<Fields> = (0..400).filter_map(|row| workload.fields(row)).collect();
        let table = Table::create(&folder.path().join("rows.db"), true).unwrap();
        table.load(&records).unwrap();
        for (number, question) in workload.questions.iter().enumerate() {
            let hits = table.ranked(&question.text(), true).unwrap();
            assert!(!hits.is_empty() && hits.iter().all(|(.., score)| *score > 0.0));
            let rows: Vec<usize> = hits.iter().filter_map(|(_, id, _)| row(id)).collect();
            // Its idf is another one, but where ten or fewer match there is nothing to choose.
            if rows.len() < K {
                assert_eq!(truth.text_recall(&workload, number, Words::All, &rows), 1.0);
            }
            let whole = table.ranked_records(&question.text()).unwrap();
            let keys = table.ranked(&question.text(), false).unwrap();
            assert!(whole.iter().map(|(stored, _)| &stored.id).eq(keys.iter().map(|(_, id, _)| id)));
        }
        let records = table.records_at([3, 399].into_iter()).unwrap();
        assert_eq!(records.iter().map(|record| record.id.as_str()).collect::<Vec<_>>(), ["r00000003", "r00000399"]);
    }
}
