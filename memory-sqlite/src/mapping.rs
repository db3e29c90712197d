//! Records to rows and back, and the checksum over a row (CD-4).

use memory_core::{Embedding, Namespace, Record, RecordId, RecordKey, Result, Stored, Timestamp, Version};
use rusqlite::types::ValueRef;
use xxhash_rust::xxh3::Xxh3;

use crate::error::{Failure, corrupt};

/// A row as it is stored, in bytes: a damaged one need not even be UTF-8.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Row<'a> {
    pub(crate) namespace: &'a [u8],
    pub(crate) id: &'a [u8],
    pub(crate) kind: &'a [u8],
    pub(crate) created_at: i64,
    pub(crate) updated_at: i64,
    pub(crate) expires_at: Option<i64>,
    pub(crate) version: i64,
    pub(crate) checksum: i64,
    pub(crate) record: &'a [u8],
    pub(crate) embedding: Option<&'a [u8]>,
}

impl<'a> Row<'a> {
    /// Reads the [columns](crate::schema::COLUMNS) from `first` on. A value of a wrong type reads as another value, which the
    /// checksum then finds.
    pub(crate) fn read(row: &'a rusqlite::Row<'_>, first: usize) -> Result<Self, rusqlite::Error> {
        let column = |at: usize| row.get_ref(first + at);
        Ok(Self {
            namespace: bytes(column(0)?),
            id: bytes(column(1)?),
            kind: bytes(column(2)?),
            created_at: integer(column(3)?),
            updated_at: integer(column(4)?),
            expires_at: match column(5)? {
                ValueRef::Null => None,
                value => Some(integer(value)),
            },
            version: integer(column(6)?),
            checksum: integer(column(7)?),
            record: bytes(column(8)?),
            embedding: match column(9)? {
                ValueRef::Null => None,
                value => Some(bytes(value)),
            },
        })
    }

    /// As [`Self::read`], with the checksum compared.
    pub(crate) fn checked(row: &'a rusqlite::Row<'_>, first: usize) -> Result<Self, Failure> {
        let row = Self::read(row, first)?;
        if row.is_intact() { Ok(row) } else { Err(row.damaged().into()) }
    }

    /// The checksum that a row with these values has: each with its length before it, so that no two rows are the same bytes.
    pub(crate) fn digest(&self) -> i64 {
        let mut hash = Xxh3::new();
        for part in [self.namespace, self.id, self.kind, self.record] {
            hash.update(&(part.len() as u64).to_le_bytes());
            hash.update(part);
        }
        for number in [self.created_at, self.updated_at, self.version] {
            hash.update(&number.to_le_bytes());
        }
        hash.update(&[u8::from(self.expires_at.is_some()), u8::from(self.embedding.is_some())]);
        hash.update(&self.expires_at.unwrap_or(0).to_le_bytes());
        hash.update(self.embedding.unwrap_or(&[]));
        hash.digest().cast_signed()
    }

    pub(crate) fn is_intact(&self) -> bool {
        self.checksum == self.digest()
    }

    /// Says which record it is that is damaged, as far as that can be read.
    pub(crate) fn damaged(&self) -> memory_core::Error {
        let name = String::from_utf8_lossy(self.namespace) + String::from_utf8_lossy(self.id);
        corrupt(format!(
            "the record {name} is damaged: its bytes do not give its checksum; delete it, put it again, or restore a backup"
        ))
    }

    /// The record's key.
    pub(crate) fn key(&self) -> Result<RecordKey> {
        let read = || {
            let namespace = Namespace::from_key(std::str::from_utf8(self.namespace).ok()?).ok()?;
            Some(RecordKey::new(namespace, RecordId::new(std::str::from_utf8(self.id).ok()?).ok()?))
        };
        read().ok_or_else(|| self.damaged())
    }

    /// The record, with its embedding.
    pub(crate) fn record(&self) -> Result<Record> {
        let text = std::str::from_utf8(self.record).map_err(|_| self.damaged())?;
        let mut record = Record::from_json(text).map_err(|_| self.damaged())?;
        if let Some(embedding) = self.embedding {
            record.embedding = Some(Embedding::new(components(embedding)).map_err(|_| self.damaged())?);
        }
        Ok(record)
    }

    /// The record with its version.
    pub(crate) fn stored(&self) -> Result<Stored> {
        Ok(Stored { record: self.record()?, version: Some(version(self.version)) })
    }

    pub(crate) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now.micros())
    }
}

/// A record as the values of a row.
#[derive(Debug)]
pub(crate) struct Encoded<'a> {
    key: &'a RecordKey,
    record: &'a Record,
    json: String,
    embedding: Option<Vec<u8>>,
}

impl<'a> Encoded<'a> {
    pub(crate) fn new(record: &'a Record) -> Self {
        let embedding = record.embedding.as_ref().map(|embedding| blob(embedding.as_slice()));
        Self { key: &record.key, record, json: record.to_json_without_embedding(), embedding }
    }

    /// The record's canonical JSON without its embedding.
    pub(crate) fn json(&self) -> &str {
        &self.json
    }

    /// The row of this version, with its checksum.
    pub(crate) fn row(&self, version: i64) -> Row<'_> {
        let mut row = Row {
            namespace: self.key.namespace.key().as_bytes(),
            id: self.key.id.as_str().as_bytes(),
            kind: self.record.kind.as_str().as_bytes(),
            created_at: self.record.created_at.micros(),
            updated_at: self.record.updated_at.micros(),
            expires_at: self.record.expires_at.map(Timestamp::micros),
            version,
            checksum: 0,
            record: self.json.as_bytes(),
            embedding: self.embedding.as_deref(),
        };
        row.checksum = row.digest();
        row
    }
}

/// The version as callers see it.
pub(crate) fn version(version: i64) -> Version {
    Version::new(version.to_string())
}

fn blob(components: &[f32]) -> Vec<u8> {
    let mut bytes = vec![0; components.len() * 4];
    bytes.as_chunks_mut::<4>().0.iter_mut().zip(components).for_each(|(place, x)| *place = x.to_le_bytes());
    bytes
}

/// The components of a stored vector.
pub(crate) fn components(blob: &[u8]) -> Vec<f32> {
    blob.as_chunks::<4>().0.iter().map(|bytes| f32::from_le_bytes(*bytes)).collect()
}

/// A count; what is damaged and negative counts as none.
pub(crate) fn unsigned(row: &rusqlite::Row<'_>, at: usize) -> Result<u64, rusqlite::Error> {
    Ok(row.get::<_, i64>(at)?.max(0).cast_unsigned())
}

fn bytes(value: ValueRef<'_>) -> &[u8] {
    match value {
        ValueRef::Text(bytes) | ValueRef::Blob(bytes) => bytes,
        ValueRef::Null | ValueRef::Integer(_) | ValueRef::Real(_) => &[],
    }
}

fn integer(value: ValueRef<'_>) -> i64 {
    match value {
        ValueRef::Integer(integer) => integer,
        ValueRef::Null | ValueRef::Real(_) | ValueRef::Text(_) | ValueRef::Blob(_) => 0,
    }
}

#[cfg(test)]
mod tests {
    use memory_core::Namespace;

    use super::*;

    fn record() -> Record {
        let draft = Record::draft("i").kind("fact").content("c").embedding([1.0, -0.0]).tags(["t"]);
        let at = |micros| Timestamp::from_micros(micros).unwrap();
        let draft = draft.created_at(at(1)).updated_at(at(2)).expires_at(at(3));
        draft.build(Some(&Namespace::from_key("a/").unwrap()), at(0)).unwrap()
    }

    #[test]
    fn a_record_goes_there_and_back() {
        let record = record();
        let encoded = Encoded::new(&record);
        let row = encoded.row(7);
        assert!(row.is_intact());
        assert_eq!(row.embedding, Some(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0x80][..]));
        assert_eq!(row.stored().unwrap(), Stored { record, version: Some(Version::new("7")) });
    }

    #[test]
    fn every_field_is_under_the_checksum() {
        let record = record();
        let encoded = Encoded::new(&record);
        let row = encoded.row(7);
        let changed = [
            Row { namespace: b"b/", ..row },
            Row { id: b"j", ..row },
            Row { kind: b"facf", ..row },
            Row { created_at: 0, ..row },
            Row { updated_at: 3, ..row },
            Row { expires_at: Some(4), ..row },
            Row { expires_at: None, ..row },
            Row { version: 8, ..row },
            Row { record: b"{}", ..row },
            Row { embedding: None, ..row },
            Row { embedding: Some(&[0, 0, 0x80, 0x3f, 0, 0, 0, 0]), ..row },
            Row { checksum: row.checksum ^ 1, ..row },
            // The border between two fields is under it too.
            Row { namespace: b"a", id: b"/i", ..row },
        ];
        for row in changed {
            assert!(!row.is_intact());
        }
        assert_eq!(row.damaged().message().split(" is damaged").next(), Some("the record a/i"));
    }
}
