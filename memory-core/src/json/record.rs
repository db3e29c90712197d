//! The JSON form of a record (MO-1, MO-3).

use serde_json::value::RawValue;

use super::read::{read_f32s, read_list, read_object, read_string, read_value, within};
use super::write::{write_f32s, write_object, write_string};
use crate::embedding::Embedding;
use crate::error::{Error, Result};
use crate::metadata::Metadata;
use crate::names::Namespace;
use crate::record::{Draft, Record};
use crate::time::Timestamp;
use crate::value::Value;

/// The fields that an export always holds; embedding and expires_at are left out when absent.
const ALWAYS: [&str; 8] = ["content", "created_at", "id", "kind", "metadata", "namespace", "tags", "updated_at"];

impl Record {
    /// The canonical JSON form: one line, keys bytewise, no blanks (MO-1).
    pub fn to_json(&self) -> String {
        self.write_json(true)
    }

    /// The canonical JSON form without the embedding; its bytes are what the record limit counts (RE-7).
    pub fn to_json_without_embedding(&self) -> String {
        self.write_json(false)
    }

    /// Reads the whole form, as an export holds it: every field but embedding and expires_at is there.
    ///
    /// # Errors
    /// `InvalidArgument` for text that is not JSON, a missing, repeated or unknown field, null for a field, and whatever a
    /// field's type refuses.
    pub fn from_json(text: &str) -> Result<Self> {
        let fields = read_object(text)?;
        if let Some(missing) = ALWAYS.iter().find(|name| fields.iter().all(|(field, _)| field != *name)) {
            return Err(Error::invalid(format!("the record has no field {missing}")));
        }
        // No field is left to be filled in, so neither time nor home matters.
        draft(text, fields)?.build(None, Timestamp::MIN)
    }

    fn write_json(&self, embedding: bool) -> String {
        let mut out = String::with_capacity(self.content.as_str().len() + 256);
        out.push_str(r#"{"content":"#);
        write_string(&mut out, self.content.as_str());
        write_time(&mut out, ",\"created_at\":", self.created_at);
        if let Some(vector) = self.embedding.as_ref().filter(|_| embedding) {
            out.push_str(",\"embedding\":");
            write_f32s(&mut out, vector.as_slice());
        }
        if let Some(at) = self.expires_at {
            write_time(&mut out, ",\"expires_at\":", at);
        }
        out.push_str(",\"id\":");
        write_string(&mut out, self.key.id.as_str());
        out.push_str(",\"kind\":");
        write_string(&mut out, self.kind.as_str());
        out.push_str(",\"metadata\":");
        write_object(&mut out, self.metadata.as_map());
        out.push_str(",\"namespace\":");
        write_strings(&mut out, self.key.namespace.segments().iter().map(String::as_str));
        out.push_str(",\"tags\":");
        write_strings(&mut out, self.tags.iter());
        write_time(&mut out, ",\"updated_at\":", self.updated_at);
        out.push('}');
        out
    }
}

impl Draft {
    /// Reads a record in which fields may be left out: all but namespace and id are then filled in as for any draft (MO-3).
    ///
    /// # Errors
    /// `InvalidArgument` as [`Record::from_json`], but for fields that are missing.
    pub fn from_json(text: &str) -> Result<Self> {
        let fields = read_object(text)?;
        if let Some(missing) = ["namespace", "id"].iter().find(|name| fields.iter().all(|(field, _)| field != *name)) {
            return Err(Error::invalid(format!("the record has no field {missing}")));
        }
        draft(text, fields)
    }
}

fn draft(text: &str, fields: Vec<(String, &RawValue)>) -> Result<Draft> {
    let mut draft = Record::draft("");
    for (name, raw) in fields {
        draft = within(text, raw, field(draft, &name, raw)).map_err(|error| in_field(&name, error))?;
    }
    Ok(draft)
}

fn field(draft: Draft, name: &str, raw: &RawValue) -> Result<Draft> {
    Ok(match name {
        "namespace" => draft.namespace(Namespace::new(strings(raw)?)?),
        "id" => draft.id(read_string(raw)?),
        "kind" => draft.kind(read_string(raw)?),
        "content" => draft.content(read_string(raw)?),
        "embedding" => draft.embedding(Embedding::new(read_f32s(raw)?)?),
        "metadata" => match read_value(raw)? {
            Value::Object(entries) => draft.metadata(Metadata::try_from(entries)?),
            _ => return Err(Error::invalid("this is not an object")),
        },
        "tags" => draft.tags(strings(raw)?),
        "created_at" => draft.created_at(Timestamp::parse(&read_string(raw)?)?),
        "updated_at" => draft.updated_at(Timestamp::parse(&read_string(raw)?)?),
        "expires_at" => draft.expires_at(Timestamp::parse(&read_string(raw)?)?),
        _ => return Err(Error::invalid("a record has no such field")),
    })
}

fn in_field(name: &str, error: Error) -> Error {
    let named = Error::new(error.kind(), format!("field {name:?}: {}", error.message()));
    match error.offset() {
        Some(offset) => named.at_offset(offset),
        None => named,
    }
}

fn strings(raw: &RawValue) -> Result<Vec<String>> {
    read_list(raw)?.into_iter().map(read_string).collect()
}

fn write_strings<'a>(out: &mut String, strings: impl Iterator<Item = &'a str>) {
    out.push('[');
    for (at, text) in strings.enumerate() {
        if at > 0 {
            out.push(',');
        }
        write_string(out, text);
    }
    out.push(']');
}

fn write_time(out: &mut String, key: &str, at: Timestamp) {
    out.push_str(key);
    out.push('"');
    out.push_str(&at.to_string());
    out.push('"');
}
