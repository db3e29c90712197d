//! Records out of lines: an export, records without a header, or foreign lines.

use std::fmt;
use std::io::BufRead;

use memory_core::{CollectionName, CollectionSpec, Draft, Error, Namespace, Record, Result, Timestamp};

use super::foreign::Fields;
use super::format::{Sum, is_trailer, read_header};
use super::lines::{Line, Lines};
use crate::failure::about_text;

/// A line that cannot be taken, and why.
#[derive(Debug)]
pub(crate) struct BadLine {
    /// Counted from 1.
    pub(crate) number: u64,
    /// What is wrong.
    pub(crate) error: Error,
}

impl fmt::Display for BadLine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}: {}", self.number, about_text(&self.error))
    }
}

/// What the lines are.
enum Form {
    /// Those of an export, summed up so far; true once the trailer was read.
    Export(Box<Sum>, bool),
    /// Records in MO-3's form.
    Records,
    /// Objects from elsewhere, which become records of this namespace.
    Foreign(Fields, Namespace),
}

/// Reads records from lines.
pub(crate) struct Source<R> {
    lines: Lines<R>,
    form: Form,
    /// The time of records that name none.
    now: Timestamp,
    /// The first line, where it is a record and was looked at for a header.
    first: Option<Line>,
}

impl<R: BufRead> Source<R> {
    /// Begins to read; answers the spec that an export's header holds, under this name. Records that name no time have this
    /// one.
    ///
    /// # Errors
    /// A header of another version or none of ours, named as line 1.
    pub(crate) fn new(
        reader: R,
        name: &CollectionName,
        now: Timestamp,
    ) -> Result<(Self, Option<CollectionSpec>), BadLine> {
        let mut lines = Lines::new(reader);
        let first = lines.next().map_err(|error| BadLine { number: 1, error })?;
        let Some(first) = first else { return Ok((Self { lines, form: Form::Records, now, first: None }, None)) };
        let spec = first.text().map_or(Ok(None), |text| read_header(text, name));
        match spec.map_err(|error| BadLine { number: 1, error })? {
            None => Ok((Self { lines, form: Form::Records, now, first: Some(first) }, None)),
            spec => {
                let mut sum = Box::<Sum>::default();
                sum.add(&first.bytes, false);
                Ok((Self { lines, form: Form::Export(sum, false), now, first: None }, spec))
            }
        }
    }

    /// Begins to read objects from elsewhere.
    pub(crate) fn foreign(reader: R, fields: Fields, home: Namespace, now: Timestamp) -> Self {
        Self { lines: Lines::new(reader), form: Form::Foreign(fields, home), now, first: None }
    }

    /// The next record with the number of its line; none at a good end.
    ///
    /// # Errors
    /// A line that is no record, and an export that does not end with its own trailer.
    pub(crate) fn next(&mut self) -> Result<Option<(u64, Record)>, BadLine> {
        loop {
            let line = match self.first.take() {
                Some(line) => Some(line),
                None => self.lines.next().map_err(|error| BadLine { number: self.lines.read(), error })?,
            };
            let Some(line) = line else { return self.end().map(|()| None) };
            let number = line.number;
            if let Some(record) = self.take(line).map_err(|error| BadLine { number, error })? {
                return Ok(Some((number, record)));
            }
        }
    }

    fn take(&mut self, line: Line) -> Result<Option<Record>> {
        let now = self.now;
        match &mut self.form {
            Form::Export(_, true) => Err(Error::invalid("there is more after the trailer: the file was changed")),
            Form::Export(sum, ended) if is_trailer(&line.bytes) => {
                *ended = true;
                match line.bytes == sum.trailer().as_bytes() {
                    true => Ok(None),
                    false => Err(Error::invalid(
                        "count or checksum of the trailer do not fit the lines before: the file was changed or cut",
                    )),
                }
            }
            Form::Export(sum, false) => {
                sum.add(&line.bytes, true);
                Record::from_json(line.text()?).map(Some)
            }
            Form::Records | Form::Foreign(..) if line.is_blank() => Ok(None),
            Form::Records => Draft::from_json(line.text()?)?.build(None, now).map(Some),
            Form::Foreign(fields, home) => fields.draft(line.number, line.text()?)?.build(Some(home), now).map(Some),
        }
    }

    fn end(&self) -> Result<(), BadLine> {
        match &self.form {
            Form::Export(sum, false) => {
                let message = format!("the file ends after {} records without its trailer: it was cut", sum.records());
                Err(BadLine { number: self.lines.read(), error: Error::invalid(message) })
            }
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const RECORD: &str = r#"{"content":"","created_at":"2026-01-01T00:00:00.000000Z","id":"a","kind":"","metadata":{},"namespace":["n"],"tags":[],"updated_at":"2026-01-01T00:00:00.000000Z"}"#;

    /// The ids with their lines, and the error if there is one.
    fn read(text: &[u8]) -> (Vec<(u64, String)>, Option<String>) {
        let name = CollectionName::new("notes").unwrap();
        let mut source = match Source::new(text, &name, Timestamp::MIN) {
            Ok((source, _)) => source,
            Err(bad) => return (Vec::new(), Some(bad.to_string())),
        };
        let mut found = Vec::new();
        loop {
            match source.next() {
                Ok(Some((line, record))) => found.push((line, record.key.id.as_str().to_owned())),
                Ok(None) => return (found, None),
                Err(bad) => return (found, Some(bad.to_string())),
            }
        }
    }

    fn export() -> String {
        let header = super::super::format::header(&CollectionSpec::new(CollectionName::new("notes").unwrap()));
        let mut sum = Sum::default();
        sum.add(header.as_bytes(), false);
        sum.add(format!("{RECORD}\n").as_bytes(), true);
        format!("{header}{RECORD}\n{}", sum.trailer())
    }

    #[test]
    fn an_export_is_read_and_every_shorter_one_refused() {
        let export = export();
        assert_eq!(read(export.as_bytes()), (vec![(2, "a".to_owned())], None));
        assert_eq!(read(b""), (Vec::new(), None));
        for length in 1..export.len() {
            let (_, error) = read(&export.as_bytes()[..length]);
            assert!(error.is_some(), "{length}");
        }
    }

    #[test]
    fn every_changed_byte_is_seen() {
        let export = export();
        for at in 0..export.len() {
            let mut changed = export.clone().into_bytes();
            changed[at] ^= 1;
            assert!(read(&changed).1.is_some(), "{at}");
        }
        let more = export.clone() + "\n";
        assert_eq!(read(more.as_bytes()).1.unwrap(), "line 4: there is more after the trailer: the file was changed");
    }

    #[test]
    fn records_without_a_header_may_leave_fields_out() {
        let text = format!("\n{{\"id\":\"b\",\"namespace\":[\"n\"]}}\r\n\n{RECORD}");
        assert_eq!(read(text.as_bytes()), (vec![(2, "b".to_owned()), (4, "a".to_owned())], None));
        let (found, error) = read(b"{\"id\":\"b\",\"namespace\":[\"n\"]}\n{\"id\":\"c\"}\n");
        assert_eq!((found.len(), error.unwrap().as_str()), (1, "line 2: the record has no field namespace"));
        assert!(read(b"\xff\n").1.unwrap().starts_with("line 1: the line is not UTF-8"));
    }
}
