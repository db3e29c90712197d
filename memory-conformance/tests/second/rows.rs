//! How a database lies in one ordered map of bytes. The first byte of a row's name says what it is; names of collections, ids,
//! keys of namespaces and words hold no NUL, which ends them.
//!
//! | row | value |
//! |---|---|
//! | `C` collection | incarnation and spec, if it is ours |
//! | `N` | how many revisions and incarnations were given out |
//! | `R` collection NUL id NUL namespace | the record |
//! | `W` collection NUL word NUL id NUL namespace | how often the record holds the word |
//! | `T` collection NUL created_at namespace NUL id | nothing |
//! | `U` collection NUL updated_at namespace NUL id | nothing |

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;

use memory_core::kit::cursor::{TimePosition, key_from_bytes, key_to_bytes};
use memory_core::{
    CollectionName, CollectionSpec, Error, ErrorKind, Namespace, Record, RecordId, RecordKey, Result, Scope, Stored,
    Timestamp, Version,
};

use super::bytes::{self, Head};
use super::fault::{Fault, Faults};

pub(super) type Rows = BTreeMap<Vec<u8>, Vec<u8>>;

/// What stands before the incarnation in a collection's row; a row without it is not ours.
const OURS: &[u8] = b"memory:";

/// Which time a listing is ordered by.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum TimeRow {
    Created = b'T' as isize,
    Updated = b'U' as isize,
}

/// The part of a request that the server decides.
#[derive(Clone)]
pub(super) struct Selection {
    pub(super) scope: Scope,
    /// If given, expired records are left out.
    pub(super) now: Option<Timestamp>,
    pub(super) kind: Option<String>,
    pub(super) only: Option<BTreeSet<RecordKey>>,
}

impl Selection {
    pub(super) fn admits(&self, key: &RecordKey, head: &Head<'_>) -> bool {
        self.scope.contains(&key.namespace)
            && self.now.is_none_or(|now| head.expires_at.is_none_or(|at| at > now))
            && self.kind.as_ref().is_none_or(|kind| kind == head.kind)
            && self.only.as_ref().is_none_or(|only| only.contains(key))
    }
}

/// A record on its way to the server.
#[derive(Clone)]
pub(super) struct Upsert {
    pub(super) key: RecordKey,
    pub(super) row: Vec<u8>,
}

impl Upsert {
    pub(super) fn new(record: &Record, words: Vec<String>) -> Self {
        let mut counts = BTreeMap::new();
        words.into_iter().for_each(|word| *counts.entry(word).or_insert(0) += 1);
        Self { key: record.key.clone(), row: bytes::record_row(record, &counts) }
    }
}

pub(super) fn named(kind: u8, collection: &CollectionName) -> Vec<u8> {
    [&[kind], collection.as_str().as_bytes(), &[0]].concat()
}

fn joined(mut prefix: Vec<u8>, rest: &[u8]) -> Vec<u8> {
    prefix.extend(rest);
    prefix
}

/// id, NUL, namespace: the end of a record's row, and its position in the server's own order.
pub(super) fn place(key: &RecordKey) -> Vec<u8> {
    [key.id.as_str().as_bytes(), &[0], key.namespace.key().as_bytes()].concat()
}

pub(super) fn key_at(place: &[u8]) -> Result<RecordKey> {
    let misplaced = || Error::new(ErrorKind::Corrupt, "a row's name is not what was written");
    let text = std::str::from_utf8(place).map_err(|_| misplaced())?;
    let (id, namespace) = text.split_once('\0').ok_or_else(misplaced)?;
    Ok(RecordKey::new(Namespace::from_key(namespace)?, RecordId::new(id)?))
}

/// The rows whose names start with this, each name cut to what follows.
pub(super) fn under<'a>(rows: &'a Rows, prefix: &'a [u8]) -> impl Iterator<Item = (&'a [u8], &'a [u8])> {
    let from = (Bound::Included(prefix), Bound::Unbounded);
    rows.range::<[u8], _>(from).map_while(move |(name, value)| Some((name.strip_prefix(prefix)?, value.as_slice())))
}

/// The next number, never given out before.
pub(super) fn next_number(rows: &mut Rows) -> u64 {
    let row = rows.entry(b"N".to_vec()).or_default();
    let number = row.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes)) + 1;
    *row = number.to_be_bytes().to_vec();
    number
}

/// The incarnation and the spec of a collection; `None` if there is none.
///
/// # Errors
/// `Conflict` if the name is held by something that is not ours.
pub(super) fn collection(rows: &Rows, name: &CollectionName) -> Result<Option<(u64, CollectionSpec)>> {
    let Some(row) = rows.get(&named(b'C', name)) else {
        return Ok(None);
    };
    match row.strip_prefix(OURS).and_then(<[u8]>::split_first_chunk) {
        Some((incarnation, spec)) => Ok(Some((u64::from_be_bytes(*incarnation), bytes::spec(name.clone(), spec)?))),
        None => Err(Error::new(ErrorKind::Conflict, format!("the name {name} is held by something that is not ours"))),
    }
}

pub(super) fn write_collection(rows: &mut Rows, incarnation: u64, spec: &CollectionSpec) {
    let row = [OURS, &incarnation.to_be_bytes(), &bytes::spec_row(spec)].concat();
    rows.insert(named(b'C', spec.name()), row);
}

/// Puts a record in the place of an old one and answers its revision.
pub(super) fn write_record(rows: &mut Rows, name: &CollectionName, upsert: Upsert, faults: &Faults) -> Result<u64> {
    let row = joined(named(b'R', name), &place(&upsert.key));
    let old = rows.get(&row).cloned();
    let old = old.as_deref().map(bytes::head).transpose()?;
    let next = next_number(rows);
    let own_next = old.as_ref().map_or(1, |old| old.revision + 1);
    let revision = if faults.hit(Fault::VersionReused) { own_next } else { next };
    let mut bytes = upsert.row;
    bytes::stamp(&mut bytes, revision);
    let head = bytes::head(&bytes)?;
    if let Some(old) = &old {
        let gone = old.words.iter().filter(|(word, _)| head.words.iter().all(|(new, _)| new != word));
        for (word, _) in gone {
            if !faults.hit(Fault::OldWordsKept) {
                rows.remove(&word_row(name, word, &upsert.key));
            }
        }
        for ((time, at), (_, new)) in times(old).into_iter().zip(times(&head)) {
            if at != new && !faults.hit(Fault::OldTimesKept) {
                rows.remove(&time_row(time, name, at, &upsert.key));
            }
        }
    }
    for (word, tf) in &head.words {
        rows.insert(word_row(name, word, &upsert.key), tf.to_be_bytes().to_vec());
    }
    for (time, at) in times(&head) {
        rows.insert(time_row(time, name, at, &upsert.key), Vec::new());
    }
    rows.insert(row, bytes);
    Ok(revision)
}

/// Removes a record and answers what was there.
pub(super) fn remove_record(rows: &mut Rows, name: &CollectionName, key: &RecordKey) -> Result<Option<Vec<u8>>> {
    let Some(old) = rows.remove(&joined(named(b'R', name), &place(key))) else {
        return Ok(None);
    };
    let head = bytes::head(&old)?;
    for (word, _) in &head.words {
        rows.remove(&word_row(name, word, key));
    }
    for (time, at) in times(&head) {
        rows.remove(&time_row(time, name, at, key));
    }
    Ok(Some(old))
}

fn times(head: &Head<'_>) -> [(TimeRow, Timestamp); 2] {
    [(TimeRow::Created, head.created_at), (TimeRow::Updated, head.updated_at)]
}

pub(super) fn word_prefix(name: &CollectionName, word: &str) -> Vec<u8> {
    [&named(b'W', name), word.as_bytes(), &[0]].concat()
}

fn word_row(name: &CollectionName, word: &str, key: &RecordKey) -> Vec<u8> {
    joined(word_prefix(name, word), &place(key))
}

/// The time so that bytes sort as times do.
fn time_bytes(time: Timestamp) -> [u8; 8] {
    (time.micros() ^ i64::MIN).to_be_bytes()
}

fn time_row(row: TimeRow, name: &CollectionName, time: Timestamp, key: &RecordKey) -> Vec<u8> {
    [&named(row as u8, name), &time_bytes(time)[..], &key_to_bytes(key)].concat()
}

/// The record at a row, if the selection admits it.
pub(super) fn record_at<'a>(rows: &'a Rows, name: &CollectionName, key: &RecordKey) -> Option<&'a [u8]> {
    rows.get(&joined(named(b'R', name), &place(key))).map(Vec::as_slice)
}

/// The next records that the selection admits, by (id, namespace), at most so many, and whether there are more.
pub(super) fn select(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    after: Option<&[u8]>,
    at_most: usize,
    faults: &Faults,
) -> Result<(Vec<(RecordKey, Vec<u8>)>, bool)> {
    let prefix = named(b'R', name);
    let start = after.map(|place| joined(prefix.clone(), place));
    let from = match &start {
        None => Bound::Included(prefix.as_slice()),
        Some(start) if rows.contains_key(start) && faults.hit(Fault::PageRepeats) => Bound::Included(start.as_slice()),
        Some(start) => Bound::Excluded(start.as_slice()),
    };
    let mut skip = start.as_ref().is_some_and(|start| !rows.contains_key(start));
    let mut selected = Vec::new();
    for (row, value) in rows.range::<[u8], _>((from, Bound::Unbounded)) {
        let Some(place) = row.strip_prefix(prefix.as_slice()) else {
            break;
        };
        let key = key_at(place)?;
        if !selection.admits(&key, &bytes::head(value)?) {
            continue;
        }
        if std::mem::take(&mut skip) && faults.hit(Fault::PageSkipsUnderDeletes) {
            continue;
        }
        if selected.len() == at_most {
            return Ok((selected, true));
        }
        selected.push((key, value.clone()));
    }
    Ok((selected, false))
}

/// The next records of a listing by time, ties by (namespace key, id), at most so many, and whether there are more.
pub(super) fn select_by_time(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    (time, descending): (TimeRow, bool),
    after: Option<&TimePosition>,
    at_most: usize,
) -> Result<(Vec<(TimePosition, Vec<u8>)>, bool)> {
    let prefix = named(time as u8, name);
    let mut positions = Vec::new();
    for (rest, _) in under(rows, &prefix) {
        let misplaced = || Error::new(ErrorKind::Corrupt, "a row of times is not what was written");
        let (time, key) = rest.split_first_chunk::<8>().ok_or_else(misplaced)?;
        let time = Timestamp::from_micros(i64::from_be_bytes(*time) ^ i64::MIN)?;
        positions.push(TimePosition { time, key: key_from_bytes(key)? });
    }
    if descending {
        positions.sort_by(|a, b| b.time.cmp(&a.time).then_with(|| a.key.cmp(&b.key)));
    }
    let mut selected = Vec::new();
    for position in positions {
        let behind = after.is_none_or(|after| match position.time.cmp(&after.time) {
            std::cmp::Ordering::Equal => position.key > after.key,
            order => order.is_gt() != descending,
        });
        let Some(row) = record_at(rows, name, &position.key).filter(|_| behind) else {
            continue;
        };
        if selection.admits(&position.key, &bytes::head(row)?) {
            if selected.len() == at_most {
                return Ok((selected, true));
            }
            selected.push((position, row.to_vec()));
        }
    }
    Ok((selected, false))
}

/// A row as callers see it; the version where the store claims conditional writes.
pub(super) fn stored(key: RecordKey, row: &[u8], versions: bool) -> Result<Stored> {
    let (record, revision) = bytes::record(key, row)?;
    Ok(Stored { record, version: versions.then(|| version(revision)) })
}

pub(super) fn version(revision: u64) -> Version {
    Version::new(format!("r{revision}"))
}
