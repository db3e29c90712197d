//! Lines from elsewhere: JSON objects with an id somewhere, texts somewhere, and other things.

use memory_core::{Draft, Error, Metadata, Record, Result, Value};
use uuid::Uuid;
use xxhash_rust::xxh3::Xxh3;

/// Which fields hold what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// The field that holds the id, a string or a whole number. If there is none, each record gets a UUID that is made of its
    /// line, so that an import that is repeated finds its own records.
    pub(crate) id: Option<String>,
    /// The fields whose texts, joined by a line break, are the content.
    pub(crate) content: Vec<String>,
}

impl Fields {
    /// The record that the line of this number becomes: other fields are its metadata.
    ///
    /// # Errors
    /// `InvalidArgument` for a line that is no JSON object, a field that is missing or of another type, and metadata out of
    /// bounds.
    pub(crate) fn draft(&self, number: u64, line: &str) -> Result<Draft> {
        let Value::Object(mut entries) = Value::from_json(line)? else {
            return Err(Error::invalid("this is not a JSON object"));
        };
        let id = match &self.id {
            None => made_of(number, line).to_string(),
            Some(field) => match entries.remove(field) {
                Some(Value::String(id)) => id,
                Some(Value::Number(number)) if number.as_i64().is_some() || number.as_u64().is_some() => {
                    Value::Number(number).to_json()
                }
                Some(_) => return Err(Error::invalid(format!("field {field:?} is not a string or a whole number"))),
                None => return Err(Error::invalid(format!("there is no field {field:?} for the id"))),
            },
        };
        let mut texts = Vec::new();
        for field in &self.content {
            match entries.remove(field) {
                Some(Value::String(text)) => texts.push(text),
                None | Some(Value::Null) => {}
                Some(_) => return Err(Error::invalid(format!("field {field:?} is not a string"))),
            }
        }
        if texts.is_empty() && !self.content.is_empty() {
            return Err(Error::invalid(format!("there is no field {:?} for the content", self.content.join("\", \""))));
        }
        Ok(Record::draft(id).content(texts.join("\n")).metadata(Metadata::try_from(entries)?))
    }
}

/// A UUID (version 8) of the line and its number: two lines of the same text stay two records.
fn made_of(number: u64, line: &str) -> Uuid {
    let mut hash = Xxh3::new();
    hash.update(&number.to_le_bytes());
    hash.update(line.trim_end().as_bytes());
    Uuid::new_v8(hash.digest128().to_be_bytes())
}

#[cfg(test)]
mod tests {
    use memory_core::{Namespace, Timestamp};

    use super::*;

    fn record(fields: &Fields, line: &str) -> Result<Record> {
        fields.draft(3, line)?.build(Some(&Namespace::new(["default"])?), Timestamp::MIN)
    }

    fn fields(id: &str, content: &[&str]) -> Fields {
        Fields { id: Some(id.to_owned()), content: content.iter().map(|&name| name.to_owned()).collect() }
    }

    #[test]
    fn named_fields_are_taken_and_the_rest_is_metadata() {
        let fields = fields("_id", &["title", "text"]);
        let line =
            r#"{"_id":"7","title":"A","text":"b\n","n":18446744073709551615,"f":1.0,"z":-0,"x":null,"o":{"a":[]}}"#;
        let found = record(&fields, line).unwrap();
        assert_eq!((found.key.id.as_str(), found.content.as_str()), ("7", "A\nb\n"));
        assert_eq!(found.metadata.to_json(), r#"{"f":1.0,"n":18446744073709551615,"o":{"a":[]},"x":null,"z":0}"#);
        assert_eq!(record(&fields, r#"{"_id":-7,"text":"b"}"#).unwrap().key.id.as_str(), "-7");
        assert_eq!(record(&fields, r#"{"_id":"a","title":null,"text":"b"}"#).unwrap().content.as_str(), "b");
    }

    #[test]
    fn ids_are_made_where_no_field_is_named() {
        let fields = Fields { id: None, content: vec!["text".to_owned()] };
        let id = |number, line: &str| {
            let home = Namespace::new(["default"]).unwrap();
            let record = fields.draft(number, line).unwrap().build(Some(&home), Timestamp::MIN).unwrap();
            record.key.id.as_str().to_owned()
        };
        let first = id(1, r#"{"text":"a"}"#);
        assert_eq!((first.len(), first.as_bytes()[14]), (36, b'8'));
        assert_eq!(id(1, "{\"text\":\"a\"}\r\n"), first);
        assert_ne!(id(2, r#"{"text":"a"}"#), first);
        assert_ne!(id(1, r#"{"text":"b"}"#), first);
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        let fields = fields("_id", &["text"]);
        for bad in [
            "",
            "[]",
            r#"{"text":"b"}"#,
            r#"{"_id":null,"text":"b"}"#,
            r#"{"_id":1.5,"text":"b"}"#,
            r#"{"_id":"","text":"b"}"#,
            r#"{"_id":"a"}"#,
            r#"{"_id":"a","text":1}"#,
            r#"{"_id":"a","text":"b","n":1e999}"#,
            r#"{"_id":"a","text":"b","n":"\u0000"}"#,
            r#"{"_id":"a","_id":"b","text":"b"}"#,
        ] {
            assert!(record(&fields, bad).is_err(), "{bad}");
        }
    }
}
