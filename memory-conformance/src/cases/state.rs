//! What the cases about records and writes share: what is stored, and calls that have to succeed.

use futures_util::TryStreamExt as _;
use memory_core::{Error, IntoKey, ListRequest, Memory, Record, Stored};

use crate::{Failure, Outcome, ensure_eq};

/// Turns the failure of a call that the rule says works into a failed assertion.
pub(crate) trait Must<T> {
    /// The value, or an assertion that names what was to work.
    fn must(self, what: &str) -> Result<T, Failure>;
}

impl<T> Must<T> for Result<T, Error> {
    fn must(self, what: &str) -> Result<T, Failure> {
        self.map_err(|error| Failure::assertion(format!("{what} has to work, but: {error}")))
    }
}

/// Everything that the handle sees, by (namespace key, id), with versions where there are some.
pub(crate) async fn everything(memory: &Memory) -> Result<Vec<Stored>, Failure> {
    let mut all: Vec<Stored> = memory.stream(ListRequest::new()).try_collect().await.must("a full listing")?;
    all.sort_by(|a, b| a.record.key.cmp(&b.record.key));
    Ok(all)
}

/// The record of this key, which has to be there.
pub(crate) async fn stored(memory: &Memory, key: impl IntoKey) -> Result<Stored, Failure> {
    let found = memory.get(key).await.must("a read")?;
    found.ok_or_else(|| Failure::assertion("the record is absent"))
}

/// As [`stored`], without the version.
pub(crate) async fn read(memory: &Memory, key: impl IntoKey) -> Result<Record, Failure> {
    Ok(stored(memory, key).await?.record)
}

/// One record is equal to another in every field, to the bit. On a difference it says which; values are the suite's own.
pub(crate) fn same(observed: &Record, expected: &Record, what: &str) -> Outcome {
    ensure_eq!(observed.to_json(), expected.to_json(), "{what}");
    ensure_eq!(observed, expected, "{what}: the JSON forms agree, the records do not");
    Ok(())
}
