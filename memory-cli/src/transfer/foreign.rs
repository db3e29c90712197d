//! Lines from elsewhere: JSON objects with an id somewhere, texts somewhere, and other things.

use memory_core::{Draft, Error, Metadata, Record, Result, Value};
use uuid::Uuid;

/// Which fields hold what.
#[derive(Clone, Debug, Default)]
pub(crate) struct Fields {
    /// The field that holds the id, a string or a whole number; each record gets a new UUID if there is none.
    pub(crate) id: Option<String>,
    /// The fields whose texts, joined by a line break, are the content.
    pub(crate) content: Vec<String>,
}

impl Fields {
    /// The record that the line becomes: other fields are its metadata.
    ///
    /// # Errors
    /// `InvalidArgument` for a line that is no JSON object, a field that is missing or of another type, and metadata out of
    /// bounds.
    pub(crate) fn draft(&self, line: &str) -> Result<Draft> {
        let Value::Object(mut entries) = Value::from_json(line)? else {
            return Err(Error::invalid("this is not a JSON object"));
        };
        let id = match &self.id {
            None => Uuid::now_v7().to_string(),
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

#[cfg(test)]
mod tests {
    use memory_core::{Namespace, Timestamp};

    use super::*;

    fn record(fields: &Fields, line: &str) -> Result<Record> {
        fields.draft(line)?.build(Some(&Namespace::new(["default"])?), Timestamp::MIN)
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
        let first = record(&fields, r#"{"text":"a"}"#).unwrap();
        let second = record(&fields, r#"{"text":"a"}"#).unwrap();
        assert_eq!(first.key.id.as_str().len(), 36);
        assert_ne!(first.key.id, second.key.id);
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
