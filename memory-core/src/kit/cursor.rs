//! Cursors: where a listing goes on, as text that fits one listing alone (LI-4).
//!
//! A cursor is base64 (URL alphabet, no padding) of: format (1 byte), fingerprint of the binding (8 bytes), the backend's
//! position (any bytes), checksum over all before it (8 bytes). Both hashes are xxh3, big end first. A cursor carries no scope
//! and no right: the backend applies the scope of each call anew, so even a forged one shows nothing that the call may not see.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

use crate::error::{Error, Result};
use crate::filter::Filter;
use crate::names::{Namespace, RecordId, RecordKey};
use crate::request::{Cursor, Order};
use crate::scope::Scope;
use crate::time::Timestamp;

/// The first byte of every cursor; another meaning of the bytes is another number.
const FORMAT: u8 = 1;
const HASH: usize = 8;

/// What a cursor belongs to: a collection's incarnation, a scope, a filter and an order, not the page size (LI-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct CursorBinding(u64);

impl CursorBinding {
    /// The binding of one listing. `incarnation` is what the backend gives a collection when it is made, and never again: a
    /// cursor of a dropped collection does not fit the next one of the same name. It survives a restart.
    pub fn new(incarnation: &str, scope: &Scope, filter: &Filter, order: Order) -> Self {
        let mut hash = Xxh3::new();
        // Each part goes in with its length before it, so that no two lists of parts are the same bytes.
        let mut part = |bytes: &[u8]| {
            hash.update(&(bytes.len() as u64).to_be_bytes());
            hash.update(bytes);
        };
        part(incarnation.as_bytes());
        part(filter.to_json().as_bytes());
        part(&[order_byte(order)]);
        match scope.parts() {
            None => part(b"all"),
            Some(parts) => parts.iter().for_each(|p| {
                part(if p.below { b"subtree" } else { b"exact" });
                part(p.namespace.key().as_bytes());
            }),
        }
        Self(hash.digest())
    }

    /// The cursor of this listing that goes on after the position, whose bytes only the backend understands.
    pub fn encode(self, position: &[u8]) -> Cursor {
        let mut bytes = vec![FORMAT];
        bytes.extend(self.0.to_be_bytes());
        bytes.extend(position);
        bytes.extend(xxh3_64(&bytes).to_be_bytes());
        Cursor::new(URL_SAFE_NO_PAD.encode(bytes))
    }

    /// The position in a cursor of this listing.
    ///
    /// # Errors
    /// `InvalidArgument` for a cursor that is damaged or that belongs to another listing.
    pub fn decode(self, cursor: &Cursor) -> Result<Vec<u8>> {
        let bytes = URL_SAFE_NO_PAD.decode(cursor.as_str()).map_err(|_| damaged())?;
        let (body, checksum) = bytes.split_last_chunk::<HASH>().ok_or_else(damaged)?;
        if xxh3_64(body).to_be_bytes() != *checksum {
            return Err(damaged());
        }
        let (&format, body) = body.split_first().ok_or_else(damaged)?;
        let (fingerprint, position) = body.split_first_chunk::<HASH>().ok_or_else(damaged)?;
        if format != FORMAT || self.0.to_be_bytes() != *fingerprint {
            return Err(Error::invalid("the cursor belongs to another collection, scope, filter or order"));
        }
        Ok(position.to_vec())
    }
}

fn damaged() -> Error {
    Error::invalid("the cursor is damaged: pass it on exactly as the page before gave it")
}

fn order_byte(order: Order) -> u8 {
    match order {
        Order::Unspecified => 0,
        Order::CreatedAscending => 1,
        Order::CreatedDescending => 2,
        Order::UpdatedAscending => 3,
        Order::UpdatedDescending => 4,
    }
}

/// The position of a record in an order by time, ties by key (LI-3): what most backends put into a cursor of such an order.
/// Since it names a place and not a record, the listing goes on there also when the record is gone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_structs)]
pub struct TimePosition {
    /// The time by which the listing is ordered.
    pub time: Timestamp,
    /// What breaks ties.
    pub key: RecordKey,
}

impl TimePosition {
    /// The bytes for [`CursorBinding::encode`]: microseconds (8 bytes), then namespace key, NUL, id. Neither holds a NUL.
    pub fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = self.time.micros().to_be_bytes().to_vec();
        bytes.extend(key_to_bytes(&self.key));
        bytes
    }

    /// Reads [`Self::to_bytes`] back.
    ///
    /// # Errors
    /// `InvalidArgument` for other bytes.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self> {
        let (micros, key) = bytes.split_first_chunk::<8>().ok_or_else(damaged)?;
        let time = Timestamp::from_micros(i64::from_be_bytes(*micros)).map_err(|_| damaged())?;
        Ok(Self { time, key: key_from_bytes(key)? })
    }
}

/// A record's key as bytes that sort as keys do: namespace key, NUL, id. The position of a listing in the order of keys.
pub fn key_to_bytes(key: &RecordKey) -> Vec<u8> {
    [key.namespace.key().as_bytes(), &[0], key.id.as_str().as_bytes()].concat()
}

/// Reads [`key_to_bytes`] back.
///
/// # Errors
/// `InvalidArgument` for other bytes.
pub fn key_from_bytes(bytes: &[u8]) -> Result<RecordKey> {
    let text = std::str::from_utf8(bytes).map_err(|_| damaged())?;
    let (namespace, id) = text.split_once('\0').ok_or_else(damaged)?;
    let namespace = Namespace::from_key(namespace).map_err(|_| damaged())?;
    Ok(RecordKey::new(namespace, RecordId::new(id).map_err(|_| damaged())?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::error::ErrorKind;
    use crate::kit::fixture::key;

    fn scope(key: &str) -> Scope {
        Scope::exact(Namespace::from_key(key).unwrap())
    }

    fn binding() -> CursorBinding {
        CursorBinding::new("7", &scope("a/"), &Filter::kind().eq("fact"), Order::Unspecified)
    }

    fn refused(binding: CursorBinding, cursor: &Cursor) -> bool {
        binding.decode(cursor).is_err_and(|e| e.kind() == ErrorKind::InvalidArgument)
    }

    #[test]
    fn a_position_goes_there_and_back() {
        for position in [&b""[..], b"\0\xff", b"abc"] {
            assert_eq!(binding().decode(&binding().encode(position)).unwrap(), position);
        }
        assert!(
            binding().encode(b"\xff\xfe\xfd").as_str().bytes().all(|b| b.is_ascii_alphanumeric() || b"-_".contains(&b))
        );
    }

    #[test]
    fn another_listing_refuses_it() {
        let cursor = binding().encode(b"abc");
        let filter = Filter::kind().eq("fact");
        let a = scope("a/");
        let union = Scope::union([scope("a/"), scope("b/")]).unwrap();
        let subtree = Scope::subtree(Namespace::from_key("a/").unwrap());
        assert!(!refused(CursorBinding::new("7", &a, &filter, Order::Unspecified), &cursor));
        assert!(refused(CursorBinding::new("8", &a, &filter, Order::Unspecified), &cursor), "incarnation");
        assert!(refused(CursorBinding::new("7", &a, &filter, Order::CreatedAscending), &cursor), "order");
        assert!(refused(CursorBinding::new("7", &a, &Filter::kind().eq("fac"), Order::Unspecified), &cursor), "filter");
        for other in [scope("b/"), subtree, union, Scope::all()] {
            assert!(refused(CursorBinding::new("7", &other, &filter, Order::Unspecified), &cursor), "{other:?}");
        }
    }

    #[test]
    fn every_damage_is_found() {
        let text = binding().encode(b"abc").as_str().to_owned();
        for at in 0..text.len() {
            let (before, after) = (&text[..at], &text[at + 1..]);
            let other = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            assert!(refused(binding(), &Cursor::new(format!("{before}{other}{after}"))), "changed at {at}");
            assert!(refused(binding(), &Cursor::new(before)), "cut at {at}");
        }
        assert!(refused(binding(), &Cursor::new(format!("{text}A"))));
        assert!(refused(binding(), &Cursor::new(format!("{text}="))));
        assert!(refused(binding(), &Cursor::new("no cursor at all \u{1f980}")));
    }

    #[test]
    fn positions_of_time_go_there_and_back() {
        for micros in [-62_135_596_800_000_000, -1, 0, 253_402_300_799_999_999] {
            let position = TimePosition { time: Timestamp::from_micros(micros).unwrap(), key: key("a%2Fb/c/", "i/d") };
            assert_eq!(TimePosition::from_bytes(&position.to_bytes()).unwrap(), position);
        }
        for bad in [
            &b""[..],
            b"1234567",
            b"\x7f2345678a/\0id",
            b"\0\0\0\0\0\0\0\0a/id",
            b"\0\0\0\0\0\0\0\0a\0id",
            b"\0\0\0\0\0\0\0\0a/\0",
        ] {
            assert!(TimePosition::from_bytes(bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn bytes_of_keys_sort_as_keys() {
        let sorted = [key("a/", "z"), key("a/", "z!"), key("a/b/", "a"), key("a b/", "a"), key("ab/", "a")];
        let mut bytes: Vec<_> = sorted.iter().map(key_to_bytes).collect();
        bytes.sort();
        let mut keys = sorted.to_vec();
        keys.sort();
        let read: Vec<_> = bytes.iter().map(|b| key_from_bytes(b).unwrap()).collect();
        assert_eq!(read, keys);
    }
}
