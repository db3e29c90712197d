//! Listing page by page, and its cursors (SPEC 10).

use std::hash::{DefaultHasher, Hash, Hasher};

use base64::Engine;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use memory_core::{
    Cursor, Error, ListRequest, Namespace, Order, Page, Record, RecordId, RecordKey, Result, Returns, Stored, View,
};

use crate::backend::Table;

/// Where a record stands in a listing: the smaller comes first.
type Position = (i64, RecordKey);

pub(crate) fn list(table: &Table, view: &View, request: &ListRequest) -> Result<Page> {
    let binding = binding(table, view, request);
    let after = request.cursor.as_ref().map(|cursor| read_cursor(cursor, binding)).transpose()?;
    // LI-2: what stands after the last record of the page before, whatever was written since.
    let mut rest: Vec<(Position, &Stored)> = table
        .seen(view)
        .filter(|stored| request.filter.matches(&stored.record))
        .map(|stored| (position(&stored.record, request.order), stored))
        .filter(|(position, _)| after.as_ref().is_none_or(|after| position > after))
        .collect();
    rest.sort_by(|(a, _), (b, _)| a.cmp(b));
    // LI-2: a page without a cursor is the last.
    let is_last = rest.len() <= request.limit;
    rest.truncate(request.limit);
    let cursor = rest.last().filter(|_| !is_last).map(|(position, _)| write_cursor(position, binding));
    let records = rest.into_iter().map(|(_, stored)| cut(stored.clone(), request.returns)).collect();
    Ok(Page::new(records, cursor))
}

/// LI-3: by time in either direction, ties by (namespace key, id) ascending; the unspecified order is by the ties alone.
fn position(record: &Record, order: Order) -> Position {
    let time = match order {
        Order::Unspecified => 0,
        Order::CreatedAscending => record.created_at.micros(),
        Order::CreatedDescending => -record.created_at.micros(),
        Order::UpdatedAscending => record.updated_at.micros(),
        Order::UpdatedDescending => -record.updated_at.micros(),
    };
    (time, record.key.clone())
}

fn cut(mut stored: Stored, returns: Returns) -> Stored {
    if returns != Returns::Embeddings {
        stored.record.embedding = None;
    }
    stored
}

/// LI-4: what a cursor is bound to: collection, scope, filter and order, but not the page size.
fn binding(table: &Table, view: &View, request: &ListRequest) -> u64 {
    let mut hasher = DefaultHasher::new();
    (table.incarnation, &view.scope, request.filter.to_json(), request.order).hash(&mut hasher);
    hasher.finish()
}

/// The seal of a cursor covers its position and what it is bound to, so that a damaged one and a foreign one look the same.
fn seal(position: &[u8], binding: u64) -> [u8; 8] {
    let mut hasher = DefaultHasher::new();
    (position, binding).hash(&mut hasher);
    hasher.finish().to_be_bytes()
}

/// LI-4: base64url of the seal, the time, the namespace's key, a NUL, and the id.
fn write_cursor((time, key): &Position, binding: u64) -> Cursor {
    let position = [&time.to_be_bytes(), key.namespace.key().as_bytes(), b"\0", key.id.as_str().as_bytes()].concat();
    Cursor::new(BASE64_URL_SAFE_NO_PAD.encode([&seal(&position, binding), position.as_slice()].concat()))
}

/// LI-4: a foreign cursor or a damaged one is `InvalidArgument`.
fn read_cursor(cursor: &Cursor, binding: u64) -> Result<Position> {
    sealed_position(cursor, binding)
        .ok_or_else(|| Error::invalid("the cursor is damaged or belongs to another listing"))
}

fn sealed_position(cursor: &Cursor, binding: u64) -> Option<Position> {
    let bytes = BASE64_URL_SAFE_NO_PAD.decode(cursor.as_str()).ok()?;
    let (sealed, position) = bytes.split_first_chunk::<8>()?;
    if *sealed != seal(position, binding) {
        return None;
    }
    let (time, key) = position.split_first_chunk::<8>()?;
    let (namespace, id) = str::from_utf8(key).ok()?.split_once('\0')?;
    let key = RecordKey::new(Namespace::from_key(namespace).ok()?, RecordId::new(id).ok()?);
    Some((i64::from_be_bytes(*time), key))
}
