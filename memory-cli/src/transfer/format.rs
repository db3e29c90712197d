//! The export format (MO-1, MO-3): a header line, one record a line in canonical form by (namespace key, id), a trailer line.
//!
//! ```text
//! {"collection":{"analyser":1,"dimension":3,"language":"english","metric":"cosine"},"format":"memory-export","version":1}
//! {"content":…,"created_at":…,"id":…,…}
//! {"checksum":"xxh3-128:2d06800538d394c2…","count":1}
//! ```
//! The header holds nothing that differs between two exports of the same data, so neither time nor store; nor the
//! collection's name, for the data may be imported under another. The checksum is over every byte before the trailer. Each
//! line ends with a line break, the trailer too.

use std::collections::BTreeMap;

use memory_core::{Analyser, CollectionName, CollectionSpec, Error, ErrorKind, Metric, Result, Value};
use xxhash_rust::xxh3::Xxh3;

const FORMAT: &str = "memory-export";
const VERSION: i64 = 1;

/// How a trailer begins, and no record does.
const TRAILER: &str = r#"{"checksum":"#;

/// Counts records and sums up bytes.
#[derive(Default)]
pub(crate) struct Sum {
    hash: Xxh3,
    records: u64,
}

impl Sum {
    /// Takes a line with its line break.
    pub(crate) fn add(&mut self, line: &[u8], is_record: bool) {
        self.hash.update(line);
        self.records += u64::from(is_record);
    }

    /// How many records there were.
    pub(crate) fn records(&self) -> u64 {
        self.records
    }

    /// The trailer, with its line break.
    pub(crate) fn trailer(&self) -> String {
        format!("{TRAILER}\"xxh3-128:{:032x}\",\"count\":{}}}\n", self.hash.digest128(), self.records)
    }
}

/// Whether the line is a trailer and not a record.
pub(crate) fn is_trailer(line: &[u8]) -> bool {
    line.starts_with(TRAILER.as_bytes())
}

/// The header, with its line break.
pub(crate) fn header(spec: &CollectionSpec) -> String {
    let text = |text: &str| Value::String(text.to_owned());
    let mut collection = BTreeMap::from([
        ("analyser".to_owned(), Value::from(spec.analyser().version())),
        ("language".to_owned(), text(spec.analyser().language().as_str())),
    ]);
    if let Some(vectors) = spec.vectors() {
        collection.insert("dimension".to_owned(), Value::from(vectors.dimension as u64));
        collection.insert("metric".to_owned(), text(vectors.metric.as_str()));
    }
    if let Some(label) = spec.embedder() {
        collection.insert("embedder".to_owned(), text(label));
    }
    let header = BTreeMap::from([
        ("collection".to_owned(), Value::Object(collection)),
        ("format".to_owned(), text(FORMAT)),
        ("version".to_owned(), Value::from(VERSION)),
    ]);
    Value::Object(header).to_json() + "\n"
}

/// Reads a header: the spec, under the name that the collection is to have. `None` if the line is none.
///
/// # Errors
/// `Unsupported` for another version, `InvalidArgument` for a header that this version does not write.
pub(crate) fn read_header(line: &str, name: &CollectionName) -> Result<Option<CollectionSpec>> {
    let Ok(Value::Object(mut header)) = Value::from_json(line) else { return Ok(None) };
    if header.remove("format") != Some(Value::String(FORMAT.to_owned())) {
        return Ok(None);
    }
    if header.remove("version") != Some(Value::from(VERSION)) {
        let message =
            format!("the file has another version of the export format than {VERSION}, which this program reads");
        return Err(Error::new(ErrorKind::Unsupported, message));
    }
    match header.remove("collection") {
        Some(Value::Object(collection)) if header.is_empty() => read_spec(collection, name).map(Some),
        _ => Err(damaged()),
    }
}

fn read_spec(mut collection: BTreeMap<String, Value>, name: &CollectionName) -> Result<CollectionSpec> {
    let language = text(collection.remove("language"))?.ok_or_else(damaged)?.parse()?;
    let version = number(collection.remove("analyser"))?.ok_or_else(damaged)?;
    let version = u32::try_from(version).map_err(|_| damaged())?;
    let mut spec = CollectionSpec::new(name.clone()).with_analyser(Analyser::stored(language, version));
    match (number(collection.remove("dimension"))?, text(collection.remove("metric"))?) {
        (None, None) => {}
        (Some(dimension), Some(metric)) => {
            let metric: Metric = metric.parse()?;
            spec = spec.with_vectors(usize::try_from(dimension).map_err(|_| damaged())?, metric)?;
        }
        _ => return Err(damaged()),
    }
    if let Some(label) = text(collection.remove("embedder"))? {
        spec = spec.with_embedder(label)?;
    }
    if collection.is_empty() { Ok(spec) } else { Err(damaged()) }
}

fn text(value: Option<Value>) -> Result<Option<String>> {
    match value {
        None => Ok(None),
        Some(Value::String(text)) => Ok(Some(text)),
        Some(_) => Err(damaged()),
    }
}

fn number(value: Option<Value>) -> Result<Option<u64>> {
    match value {
        None => Ok(None),
        Some(Value::Number(number)) => number.as_u64().map(Some).ok_or_else(damaged),
        Some(_) => Err(damaged()),
    }
}

fn damaged() -> Error {
    Error::invalid("the header is not one that this version of the export format has")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn name() -> CollectionName {
        CollectionName::new("notes").unwrap()
    }

    #[test]
    fn headers_go_there_and_back() {
        let plain = CollectionSpec::new(name());
        let line = header(&plain);
        let expected = r#"{"collection":{"analyser":1,"language":"english"},"format":"memory-export","version":1}"#;
        assert_eq!(line, format!("{expected}\n"));
        assert_eq!(read_header(&line, &name()).unwrap(), Some(plain));
        let full = CollectionSpec::new(name()).with_vectors(3, Metric::Dot).unwrap().with_embedder("e\"1").unwrap();
        assert_eq!(read_header(&header(&full), &name()).unwrap(), Some(full));
    }

    #[test]
    fn other_lines_are_no_header_and_damaged_ones_refused() {
        for line in ["", "{", "[]", "{}", r#"{"format":"other","version":1}"#, r#"{"id":"a","namespace":["b"]}"#] {
            assert_eq!(read_header(line, &name()).unwrap(), None, "{line}");
        }
        let with =
            |collection: &str, rest: &str| format!(r#"{{"collection":{collection},"format":"memory-export"{rest}}}"#);
        let good = r#"{"analyser":1,"language":"english"}"#;
        assert!(read_header(&with(good, r#","version":1"#), &name()).unwrap().is_some());
        for (bad, kind) in [
            (with(good, r#","version":2"#), ErrorKind::Unsupported),
            (with(good, ""), ErrorKind::Unsupported),
            (with(good, r#","version":1,"time":0"#), ErrorKind::InvalidArgument),
            (with("1", r#","version":1"#), ErrorKind::InvalidArgument),
            (with("{}", r#","version":1"#), ErrorKind::InvalidArgument),
            (with(r#"{"analyser":1,"language":"klingon"}"#, r#","version":1"#), ErrorKind::InvalidArgument),
            (
                with(r#"{"analyser":1,"language":"english","metric":"dot"}"#, r#","version":1"#),
                ErrorKind::InvalidArgument,
            ),
            (with(r#"{"analyser":1,"language":"english","x":1}"#, r#","version":1"#), ErrorKind::InvalidArgument),
        ] {
            assert_eq!(read_header(&bad, &name()).unwrap_err().kind(), kind, "{bad}");
        }
    }

    #[test]
    fn the_trailer_counts_and_sums_up() {
        // xxh3_128 of nothing, by the xxhash project's own sanity table.
        let empty = Sum::default();
        assert_eq!(empty.trailer(), "{\"checksum\":\"xxh3-128:99aa06d3014798d86001c324468d497f\",\"count\":0}\n");
        let mut sum = Sum::default();
        sum.add(b"a", true);
        assert!(is_trailer(sum.trailer().as_bytes()) && sum.trailer().ends_with(",\"count\":1}\n"));
        assert!(!is_trailer(br#"{"content":""}"#));
    }
}
