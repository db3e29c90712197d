//! Values to bind, records to columns and back.

use std::error::Error as StdError;
use std::fmt;

use memory_core::bm25::TextStatistics;
use memory_core::kit::text::{Occurrences, TextRanking};
use memory_core::{
    Analyser, Embedding, Error, Namespace, Precondition, Record, RecordId, RecordKey, Result, Score, Stored, Timestamp,
    Version, Write,
};
use tokio_postgres::Row;
use tokio_postgres::types::private::BytesMut;
use tokio_postgres::types::{IsNull, Kind, ToSql, Type, to_sql_checked};

use crate::error::corrupt;

/// A value to bind, of the type that [`Types::of`] says.
#[derive(Clone, PartialEq)]
pub(crate) enum Value {
    Bool(bool),
    Int(i64),
    Ints(Vec<Option<i64>>),
    Float(f64),
    Text(String),
    Texts(Vec<String>),
    Vector(PgVector),
    Vectors(Vec<Option<PgVector>>),
}

/// Nothing of what it holds (ER-2): the driver logs what it binds.
impl fmt::Debug for Value {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("?")
    }
}

impl ToSql for Value {
    fn to_sql(&self, ty: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let value: &(dyn ToSql + Sync) = match self {
            Self::Bool(value) => value,
            Self::Int(value) => value,
            Self::Ints(values) => values,
            Self::Float(value) => value,
            Self::Text(text) => text,
            Self::Texts(texts) => texts,
            Self::Vector(vector) => vector,
            Self::Vectors(vectors) => vectors,
        };
        value.to_sql_checked(ty, out)
    }

    fn accepts(_: &Type) -> bool {
        true
    }

    to_sql_checked!();
}

/// The types of values; those of the extension have another number in each database.
#[derive(Clone, Debug)]
pub(crate) struct Types {
    vector: Type,
    vectors: Type,
}

impl Types {
    /// With the numbers of `vector` and `vector[]`.
    pub(crate) fn new(vector: u32, vectors: u32) -> Self {
        let vector = Type::new("vector".to_owned(), vector, Kind::Simple, String::new());
        let vectors = Type::new("_vector".to_owned(), vectors, Kind::Array(vector.clone()), String::new());
        Self { vector, vectors }
    }

    /// For statements before the extension is known, which bind no vector.
    pub(crate) fn none() -> Self {
        Self::new(0, 0)
    }

    pub(crate) fn of(&self, value: &Value) -> Type {
        match value {
            Value::Bool(_) => Type::BOOL,
            Value::Int(_) => Type::INT8,
            Value::Ints(_) => Type::INT8_ARRAY,
            Value::Float(_) => Type::FLOAT8,
            Value::Text(_) => Type::TEXT,
            Value::Texts(_) => Type::TEXT_ARRAY,
            Value::Vector(_) => self.vector.clone(),
            Value::Vectors(_) => self.vectors.clone(),
        }
    }
}

/// An embedding in pgvector's binary form: dimension and 0, two bytes each, then each component as f32, all big end first.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct PgVector(pub(crate) Embedding);

const HEADER: usize = 4;

impl ToSql for PgVector {
    fn to_sql(&self, _: &Type, out: &mut BytesMut) -> Result<IsNull, Box<dyn StdError + Sync + Send>> {
        let components = self.0.as_slice();
        out.reserve(HEADER + size_of_val(components));
        out.extend_from_slice(&u16::try_from(components.len())?.to_be_bytes());
        out.extend_from_slice(&[0, 0]);
        components.iter().for_each(|component| out.extend_from_slice(&component.to_be_bytes()));
        Ok(IsNull::No)
    }

    fn accepts(ty: &Type) -> bool {
        ty.name() == "vector"
    }

    to_sql_checked!();
}

fn from_binary(bytes: &[u8]) -> Option<Embedding> {
    let components = bytes.get(HEADER..)?.as_chunks::<4>().0;
    Embedding::new(components.iter().map(|bytes| f32::from_be_bytes(*bytes)).collect::<Vec<_>>()).ok()
}

/// The record of a row that has version, record and embedding, in this order, from column `first` on.
pub(crate) fn stored(row: &Row, first: usize) -> Result<Stored> {
    let text: &str = column(row, first + 1)?;
    let mut record = Record::from_json(text).map_err(|_| corrupt("a stored record is not what was written"))?;
    let embedding: Option<&[u8]> = column(row, first + 2)?;
    record.embedding =
        match embedding {
            Some(bytes) => Some(from_binary(bytes).ok_or_else(|| {
                corrupt(format!("the embedding of the record {} is not what was written", record.key))
            })?),
            None => None,
        };
    Ok(Stored { record, version: Some(version(column(row, first)?)) })
}

/// The key of these names.
pub(crate) fn key(namespace: &str, id: &str) -> Result<RecordKey> {
    let damaged = |_| corrupt("a stored namespace or id is not what was written");
    let namespace = Namespace::from_key(namespace).map_err(damaged)?;
    Ok(RecordKey::new(namespace, RecordId::new(id).map_err(damaged)?))
}

/// The exact score of a row that a search by words answers.
pub(crate) fn text_score(row: &Row, ranking: TextRanking) -> Result<Option<Score>> {
    let count = |at| Ok::<_, Error>(unsigned(column(row, at)?));
    let counts = |at| Ok::<_, Error>(column::<Vec<i64>>(row, at)?.into_iter().map(unsigned).collect());
    let statistics = TextStatistics { records: count(1)?, total_length: count(2)? };
    let record = Occurrences { length: count(4)?, counts: counts(5)? };
    Ok(ranking.counted(statistics, counts(3)?).score(&record))
}

/// A value of a row.
pub(crate) fn column<'a, T: tokio_postgres::types::FromSql<'a>>(row: &'a Row, at: usize) -> Result<T> {
    row.try_get(at).map_err(crate::error::from_driver)
}

/// A count, which is never negative.
pub(crate) fn unsigned(number: i64) -> u64 {
    number.max(0).cast_unsigned()
}

/// The version as callers see it.
pub(crate) fn version(version: i64) -> Version {
    Version::new(version.to_string())
}

/// The number that this version was made of; one that is no number of ours is no record's.
pub(crate) fn number(version: &Version) -> i64 {
    version.as_str().parse().unwrap_or(0)
}

/// Records column by column, as a put binds them: each list has one entry for each record.
#[derive(Debug, Default)]
pub(crate) struct Columns {
    namespaces: Vec<String>,
    ids: Vec<String>,
    kinds: Vec<String>,
    created: Vec<Option<i64>>,
    updated: Vec<Option<i64>>,
    expires: Vec<Option<i64>>,
    lengths: Vec<Option<i64>>,
    records: Vec<String>,
    words: Vec<String>,
    embeddings: Vec<Option<PgVector>>,
}

impl Columns {
    pub(crate) fn push(&mut self, record: &Record, analyser: Analyser) {
        let (words, length) = counted(analyser.words(record.content.as_str()));
        self.namespaces.push(record.key.namespace.key().to_owned());
        self.ids.push(record.key.id.as_str().to_owned());
        self.kinds.push(record.kind.as_str().to_owned());
        self.created.push(Some(record.created_at.micros()));
        self.updated.push(Some(record.updated_at.micros()));
        self.expires.push(record.expires_at.map(Timestamp::micros));
        self.lengths.push(Some(length));
        self.records.push(record.to_json_without_embedding());
        self.words.push(words);
        self.embeddings.push(record.embedding.clone().map(PgVector));
    }

    /// What [`put`](crate::statements) binds, in its order.
    pub(crate) fn into_values(self) -> Vec<Value> {
        vec![
            Value::Texts(self.namespaces),
            Value::Texts(self.ids),
            Value::Texts(self.kinds),
            Value::Ints(self.created),
            Value::Ints(self.updated),
            Value::Ints(self.expires),
            Value::Ints(self.lengths),
            Value::Texts(self.records),
            Value::Texts(self.words),
            Value::Vectors(self.embeddings),
        ]
    }
}

/// The different words of a text, each with how often it occurs, as JSON; and how many words there are in all. Letters, marks, digits
/// and ' (TX-1) need no escape there.
pub(crate) fn counted(mut words: Vec<String>) -> (String, i64) {
    words.sort_unstable();
    let counts = words.chunk_by(|a, b| a == b).map(|equal| format!("\"{}\":{}", equal[0], equal.len()));
    let counts = counts.collect::<Vec<_>>().join(",");
    (format!("{{{counts}}}"), i64::try_from(words.len()).unwrap_or(i64::MAX))
}

/// What must be stored for a write to be applied, as puts bind it: NULL is anything, 0 is nothing live, else the version.
pub(crate) fn expected(write: &Write) -> Option<i64> {
    write.precondition.as_ref().map(|precondition| match precondition {
        Precondition::Absent => 0,
        // No record has a negative version, nor 0.
        Precondition::Version(version) => Some(number(version)).filter(|number| *number > 0).unwrap_or(-1),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_bound_is_not_shown() {
        let values = [Value::Text("secret".to_owned()), Value::Texts(vec!["secret".to_owned()]), Value::Int(1234)];
        assert_eq!(format!("{values:?}"), "[?, ?, ?]");
    }

    #[test]
    fn words_are_counted() {
        let words = ["b", "a", "b", "c"].map(str::to_owned).to_vec();
        assert_eq!(counted(words), (r#"{"a":1,"b":2,"c":1}"#.to_owned(), 4));
        assert_eq!(counted(Vec::new()), ("{}".to_owned(), 0));
    }

    #[test]
    fn an_embedding_goes_there_and_back() {
        let embedding = Embedding::new(vec![1.0, -0.0, f32::MIN_POSITIVE]).unwrap();
        let mut bytes = BytesMut::new();
        assert!(matches!(PgVector(embedding.clone()).to_sql(&Types::new(1, 2).vector, &mut bytes), Ok(IsNull::No)));
        assert_eq!(bytes[..12], [0, 3, 0, 0, 0x3f, 0x80, 0, 0, 0x80, 0, 0, 0]);
        let back = from_binary(&bytes).unwrap();
        assert!(back.as_slice().iter().zip(embedding.as_slice()).all(|(a, b)| a.to_bits() == b.to_bits()));
    }

    #[test]
    fn a_version_that_is_none_of_ours_is_no_records() {
        assert_eq!((number(&Version::new("7")), number(&Version::new("x"))), (7, 0));
    }
}
