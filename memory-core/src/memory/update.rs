//! Read, change, write on the version read (WR-8).

use super::{IntoKey, Memory};
use crate::capabilities::Switch;
use crate::error::{Error, ErrorKind, Result};
use crate::names::RecordKey;
use crate::record::{Draft, Record};
use crate::request::Stored;
use crate::write::{Batch, Precondition, Write};

/// How often an update is tried before its `Conflict` is answered.
const MAX_ATTEMPTS: usize = 64;

impl Memory {
    /// Changes one record: reads it, applies the change, writes on the version read, and repeats that on `Conflict`, up to
    /// 64 times. The draft holds every field of the stored record, also created_at, so that fields not named stay;
    /// updated_at is the clock's unless the change sets it. With an [embedder](Memory::with_embedder), a new text gets a new
    /// vector, unless the change sets one. Answers the record as written.
    ///
    /// # Errors
    /// `NotFound` if the record is absent; `Unsupported` before any I/O without the switch conditional writes;
    /// `InvalidArgument` if the change names another namespace; `Conflict` when every try lost.
    pub async fn update(&self, key: impl IntoKey, change: impl FnMut(&Record, Draft) -> Draft) -> Result<Record> {
        self.name("update", self.capabilities().require(Switch::ConditionalWrites))?;
        self.update_with(key, change, true).await
    }

    /// As [`Self::update`], but in one try and without a condition: a change that another made between the read and the
    /// write is lost. For backends without conditional writes, where the caller accepts that.
    ///
    /// # Errors
    /// `NotFound` if the record is absent; `InvalidArgument` if the change names another namespace.
    pub async fn update_last_write_wins(
        &self,
        key: impl IntoKey,
        change: impl FnMut(&Record, Draft) -> Draft,
    ) -> Result<Record> {
        self.update_with(key, change, false).await
    }

    async fn update_with(
        &self,
        key: impl IntoKey,
        mut change: impl FnMut(&Record, Draft) -> Draft,
        conditional: bool,
    ) -> Result<Record> {
        let key = self.name("update", key.into_key(self.scope.home()))?;
        let now = self.clock.now();
        let mut lost = None;
        for _ in 0..MAX_ATTEMPTS {
            let stored = self.name("update", self.stored(&key, now).await)?;
            let draft = change(&stored.record, Draft::from(stored.record.clone()).touched());
            let record = self.name("update", draft.build(None, now).and_then(|record| same_key(&key, record)))?;
            let record = self.name("update", self.embed_change(&stored.record, record).await)?;
            let precondition = match (conditional, stored.version) {
                (false, _) => None,
                (true, Some(version)) => Some(Precondition::Version(version)),
                (true, None) => {
                    return self
                        .name("update", Err(Error::internal("the backend answered a record without its version")));
                }
            };
            match self.write_at(now, &[Write { record: record.clone(), precondition }], Batch::independent()).await {
                Ok(_) => return Ok(record),
                Err(error) if error.kind() == ErrorKind::Conflict => lost = Some(error),
                Err(error) => return Err(error),
            }
        }
        Err(lost.unwrap_or_else(|| Error::internal("an update was not tried")))
    }

    async fn stored(&self, key: &RecordKey, now: crate::Timestamp) -> Result<Stored> {
        super::check::keys(self, std::slice::from_ref(key))?;
        let found = self.collection.get(now, std::slice::from_ref(key)).await?.pop().flatten();
        found.ok_or_else(|| Error::new(ErrorKind::NotFound, format!("there is no record {key} to change")))
    }
}

fn same_key(key: &RecordKey, record: Record) -> Result<Record> {
    if record.key == *key { Ok(record) } else { Err(Error::invalid(format!("a change keeps the record's key, {key}"))) }
}
