//! Records and specs as bytes: numbers big end first, texts and lists with their length before them.

use std::collections::BTreeMap;

use memory_core::{
    Analyser, CollectionName, CollectionSpec, Content, Embedding, Error, ErrorKind, Kind, Language, Metadata, Metric,
    Number, NumberKind, Record, RecordKey, Result, Tags, Timestamp, Value, VectorSpec,
};

/// The part of a record's row that the server looks at, the larger things only where they are asked for.
pub(super) struct Head<'a> {
    pub(super) revision: u64,
    pub(super) expires_at: Option<Timestamp>,
    pub(super) created_at: Timestamp,
    pub(super) updated_at: Timestamp,
    pub(super) kind: &'a str,
    /// How many words the content has, with repeats.
    pub(super) length: u64,
    rest: Reader<'a>,
}

impl<'a> Head<'a> {
    pub(super) fn is_live(&self, now: Timestamp) -> bool {
        self.expires_at.is_none_or(|at| at > now)
    }

    pub(super) fn embedding(&self) -> Result<Option<Vec<f32>>> {
        self.rest.clone().embedding()
    }

    /// Each word of the content, and how often it occurs.
    pub(super) fn words(&self) -> Result<Vec<(&'a str, u64)>> {
        let mut rest = self.rest.clone();
        rest.embedding()?;
        rest.words()
    }
}

/// The row of a record, with revision 0: the server puts in its own.
pub(super) fn record_row(record: &Record, words: &BTreeMap<String, u64>) -> Vec<u8> {
    let mut out = Vec::new();
    put_u64(&mut out, 0);
    out.push(u8::from(record.expires_at.is_some()));
    put_time(&mut out, record.expires_at.unwrap_or(Timestamp::MIN));
    put_time(&mut out, record.created_at);
    put_time(&mut out, record.updated_at);
    put_text(&mut out, record.kind.as_str());
    put_u64(&mut out, words.values().sum());
    let components = record.embedding.as_ref().map_or(&[][..], Embedding::as_slice);
    put_u64(&mut out, components.len() as u64);
    components.iter().for_each(|c| out.extend(c.to_bits().to_be_bytes()));
    put_u64(&mut out, words.len() as u64);
    for (word, tf) in words {
        put_text(&mut out, word);
        put_u64(&mut out, *tf);
    }
    put_text(&mut out, record.content.as_str());
    put_u64(&mut out, record.tags.len() as u64);
    record.tags.iter().for_each(|tag| put_text(&mut out, tag));
    put_u64(&mut out, record.metadata.len() as u64);
    record.metadata.iter().for_each(|(key, value)| {
        put_text(&mut out, key);
        put_value(&mut out, value);
    });
    out
}

/// Writes the revision into a row.
pub(super) fn stamp(row: &mut [u8], revision: u64) {
    if let Some(place) = row.first_chunk_mut::<8>() {
        *place = revision.to_be_bytes();
    }
}

/// What the server reads of a row.
pub(super) fn head(row: &[u8]) -> Result<Head<'_>> {
    let mut rest = Reader(row);
    let revision = rest.u64()?;
    let expires = rest.byte()? == 1;
    let expires_at = Some(rest.time()?).filter(|_| expires);
    let (created_at, updated_at) = (rest.time()?, rest.time()?);
    let (kind, length) = (rest.text()?, rest.u64()?);
    Ok(Head { revision, expires_at, created_at, updated_at, kind, length, rest })
}

/// The whole record and its revision.
pub(super) fn record(key: RecordKey, row: &[u8]) -> Result<(Record, u64)> {
    let head = head(row)?;
    let mut reader = head.rest.clone();
    let embedding = reader.embedding()?.map(Embedding::try_from).transpose()?;
    reader.words()?;
    let content = Content::new(reader.text()?)?;
    let tags = (0..reader.u64()?).map(|_| reader.text()).collect::<Result<Vec<_>>>()?;
    let metadata = Metadata::try_from(reader.object()?)?;
    let record = Record {
        key,
        kind: Kind::new(head.kind)?,
        content,
        embedding,
        metadata,
        tags: Tags::new(tags)?,
        created_at: head.created_at,
        updated_at: head.updated_at,
        expires_at: head.expires_at,
    };
    Ok((record, head.revision))
}

/// A spec but for its name.
pub(super) fn spec_row(spec: &CollectionSpec) -> Vec<u8> {
    let mut out = Vec::new();
    put_u64(&mut out, spec.vectors().map_or(0, |vectors| vectors.dimension as u64));
    put_text(&mut out, spec.vectors().map_or("", |vectors| vectors.metric.as_str()));
    put_text(&mut out, spec.analyser().language().as_str());
    put_u64(&mut out, u64::from(spec.analyser().version()));
    put_text(&mut out, spec.embedder().unwrap_or(""));
    out
}

pub(super) fn spec(name: CollectionName, row: &[u8]) -> Result<CollectionSpec> {
    let mut reader = Reader(row);
    let (dimension, metric) = (reader.u64()?, reader.text()?);
    let language: Language = reader.text()?.parse()?;
    let version = u32::try_from(reader.u64()?).map_err(|_| corrupt())?;
    let mut spec = CollectionSpec::new(name).with_analyser(Analyser::stored(language, version));
    if dimension > 0 {
        let VectorSpec { dimension, metric } = VectorSpec {
            dimension: usize::try_from(dimension).map_err(|_| corrupt())?,
            metric: metric.parse::<Metric>()?,
        };
        spec = spec.with_vectors(dimension, metric)?;
    }
    match reader.text()? {
        "" => Ok(spec),
        embedder => spec.with_embedder(embedder),
    }
}

fn put_u64(out: &mut Vec<u8>, number: u64) {
    out.extend(number.to_be_bytes());
}

fn put_time(out: &mut Vec<u8>, time: Timestamp) {
    out.extend(time.micros().to_be_bytes());
}

fn put_text(out: &mut Vec<u8>, text: &str) {
    put_u64(out, text.len() as u64);
    out.extend(text.as_bytes());
}

fn put_value(out: &mut Vec<u8>, value: &Value) {
    match value {
        Value::Null => out.push(b'n'),
        Value::Bool(truth) => out.extend([b'b', u8::from(*truth)]),
        Value::Number(number) => match number.kind() {
            NumberKind::I64(number) => {
                out.push(b'i');
                out.extend(number.to_be_bytes());
            }
            NumberKind::U64(number) => {
                out.push(b'u');
                put_u64(out, number);
            }
            NumberKind::F64(number) => {
                out.push(b'f');
                put_u64(out, number.to_bits());
            }
        },
        Value::String(text) => {
            out.push(b's');
            put_text(out, text);
        }
        Value::Array(items) => {
            out.push(b'a');
            put_u64(out, items.len() as u64);
            items.iter().for_each(|item| put_value(out, item));
        }
        Value::Object(entries) => {
            out.push(b'o');
            put_u64(out, entries.len() as u64);
            entries.iter().for_each(|(key, item)| {
                put_text(out, key);
                put_value(out, item);
            });
        }
    }
}

fn corrupt() -> Error {
    Error::new(ErrorKind::Corrupt, "a row is not what was written")
}

/// What is left of a row.
#[derive(Clone)]
struct Reader<'a>(&'a [u8]);

impl<'a> Reader<'a> {
    fn array<const N: usize>(&mut self) -> Result<&'a [u8; N]> {
        let (array, rest) = self.0.split_first_chunk().ok_or_else(corrupt)?;
        self.0 = rest;
        Ok(array)
    }

    fn byte(&mut self) -> Result<u8> {
        self.array::<1>().map(|[byte]| *byte)
    }

    fn u64(&mut self) -> Result<u64> {
        self.array().map(|bytes| u64::from_be_bytes(*bytes))
    }

    fn time(&mut self) -> Result<Timestamp> {
        Timestamp::from_micros(i64::from_be_bytes(*self.array()?))
    }

    fn text(&mut self) -> Result<&'a str> {
        let length = usize::try_from(self.u64()?).map_err(|_| corrupt())?;
        let (text, rest) = self.0.split_at_checked(length).ok_or_else(corrupt)?;
        self.0 = rest;
        std::str::from_utf8(text).map_err(|_| corrupt())
    }

    fn embedding(&mut self) -> Result<Option<Vec<f32>>> {
        let components = (0..self.u64()?).map(|_| Ok(f32::from_bits(u32::from_be_bytes(*self.array()?))));
        Ok(Some(components.collect::<Result<Vec<f32>>>()?).filter(|components| !components.is_empty()))
    }

    fn words(&mut self) -> Result<Vec<(&'a str, u64)>> {
        (0..self.u64()?).map(|_| Ok((self.text()?, self.u64()?))).collect()
    }

    fn object(&mut self) -> Result<BTreeMap<String, Value>> {
        (0..self.u64()?).map(|_| Ok((self.text()?.to_owned(), self.value()?))).collect()
    }

    fn value(&mut self) -> Result<Value> {
        Ok(match self.byte()? {
            b'n' => Value::Null,
            b'b' => Value::Bool(self.byte()? == 1),
            b'i' => Value::Number(Number::from(i64::from_be_bytes(*self.array()?))),
            b'u' => Value::Number(Number::from(self.u64()?)),
            b'f' => Value::Number(Number::try_from(f64::from_bits(self.u64()?))?),
            b's' => Value::String(self.text()?.to_owned()),
            b'a' => Value::Array((0..self.u64()?).map(|_| self.value()).collect::<Result<_>>()?),
            b'o' => Value::Object(self.object()?),
            _ => return Err(corrupt()),
        })
    }
}
