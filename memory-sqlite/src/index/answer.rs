//! From slots and scores to hits.

use std::cmp::Reverse;

use memory_core::kit::rank::Top;
use memory_core::{Error, Hit, Namespace, RecordId, RecordKey, Returns, Score, SearchRequest};
use rusqlite::Transaction;

use super::records::Records;
use crate::error::{Failure, corrupt};
use crate::mapping::Row;
use crate::schema::{COLUMNS, Tables};

/// The answer to a request from slots with their scores, best first: all that can be among the best, whatever the order of equal
/// ones is. Each record that is answered is read, and its checksum compared.
pub(super) fn hits(
    transaction: &Transaction<'_>,
    tables: &Tables,
    records: &Records,
    ranked: Vec<(Score, u32)>,
    request: &SearchRequest,
) -> Result<Vec<Hit>, Failure> {
    let sql = format!("SELECT {COLUMNS} FROM {} WHERE row = ?", tables.records);
    let mut statement = transaction.prepare_cached(&sql)?;
    let (mut whole, mut keys) = (Top::new(request), Top::new(request));
    for (score, slot) in cut(transaction, tables, records, ranked, request)? {
        let mut rows = statement.query([records.rows.get(slot as usize)])?;
        let row = Row::checked(rows.next()?.ok_or_else(gone)?, 0)?;
        if request.returns == Returns::Keys {
            keys.offer(score, row.key()?, ());
        } else {
            let stored = row.stored()?;
            whole.offer(score, stored.record.key.clone(), stored);
        }
    }
    Ok(if request.returns == Returns::Keys { keys.into_keys() } else { whole.into_hits(request) })
}

/// The best skip + k. Where more have the score of the last, their keys decide (VE-2), and of those that lose nothing else is read.
fn cut(
    transaction: &Transaction<'_>,
    tables: &Tables,
    records: &Records,
    mut ranked: Vec<(Score, u32)>,
    request: &SearchRequest,
) -> Result<Vec<(Score, u32)>, Failure> {
    let most = request.skip.saturating_add(request.k);
    let Some((last, _)) = most.checked_sub(1).and_then(|last| ranked.get(last)).copied() else { return Ok(ranked) };
    let first = ranked.partition_point(|(score, _)| *score > last);
    let end = ranked.partition_point(|(score, _)| *score >= last);
    ranked.truncate(end);
    if end > most {
        let sql = format!("SELECT namespace, id FROM {} WHERE row = ?", tables.records);
        let mut statement = transaction.prepare_cached(&sql)?;
        let mut equal = Vec::with_capacity(end - first);
        for (score, slot) in ranked.drain(first..) {
            let read = |row: &rusqlite::Row<'_>| Ok((row.get::<_, String>(0)?, row.get::<_, String>(1)?));
            let (namespace, id) = statement.query_row([records.rows.get(slot as usize)], read)?;
            let key =
                Namespace::from_key(&namespace).and_then(|namespace| Ok(RecordKey::new(namespace, RecordId::new(id)?)));
            let damaged = |_| corrupt("a stored key is damaged: the maintenance task verify names its record");
            equal.push((key.map_err(damaged)?, score, slot));
        }
        let room = most - first;
        equal.select_nth_unstable_by(room, |(a, ..), (b, ..)| a.cmp(b));
        equal.truncate(room);
        ranked.extend(equal.into_iter().map(|(_, score, slot)| (score, slot)));
    }
    Ok(ranked)
}

/// Sorts what was found by different threads, and cuts what cannot be among so many best.
pub(super) fn best_first(mut found: Vec<(Score, u32)>, most: usize) -> Vec<(Score, u32)> {
    found.sort_unstable_by_key(|(score, _)| Reverse(*score));
    if let Some((last, _)) = most.checked_sub(1).and_then(|last| found.get(last)).copied() {
        found.truncate(found.partition_point(|(score, _)| *score >= last));
    }
    found
}

fn gone() -> Error {
    Error::internal("the index has a record that is not stored")
}
