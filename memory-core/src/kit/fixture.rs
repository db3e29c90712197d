//! Records for the kit's own tests.

use crate::names::{Namespace, RecordId, RecordKey};
use crate::record::Record;
use crate::request::Stored;
use crate::time::Timestamp;

pub(super) fn key(namespace: &str, id: &str) -> RecordKey {
    RecordKey::new(Namespace::from_key(namespace).unwrap(), RecordId::new(id).unwrap())
}

/// A record of namespace `a/` with this kind, and an embedding if there are components.
pub(super) fn stored(id: &str, kind: &str, embedding: &[f32]) -> Stored {
    let mut draft = Record::draft(id).kind(kind);
    if !embedding.is_empty() {
        draft = draft.embedding(embedding);
    }
    let namespace = Namespace::from_key("a/").unwrap();
    Stored { record: draft.build(Some(&namespace), Timestamp::from_micros(0).unwrap()).unwrap(), version: None }
}
