//! The forms in which an application names a record.

use crate::error::Result;
use crate::names::{Namespace, RecordId, RecordKey};
use crate::record::no_home;

/// What names a record: a whole [`RecordKey`], a namespace and an id, or an id alone where the handle is bound to one
/// namespace.
pub trait IntoKey {
    /// The key, with `home` for a namespace that is not named.
    ///
    /// # Errors
    /// `InvalidArgument` for an id that is not legal, and for an id alone where there is no home.
    fn into_key(self, home: Option<&Namespace>) -> Result<RecordKey>;
}

impl IntoKey for RecordKey {
    fn into_key(self, _home: Option<&Namespace>) -> Result<RecordKey> {
        Ok(self)
    }
}

impl IntoKey for &RecordKey {
    fn into_key(self, _home: Option<&Namespace>) -> Result<RecordKey> {
        Ok(self.clone())
    }
}

impl IntoKey for RecordId {
    fn into_key(self, home: Option<&Namespace>) -> Result<RecordKey> {
        Ok(RecordKey::new(home.cloned().ok_or_else(no_home)?, self))
    }
}

impl IntoKey for &str {
    fn into_key(self, home: Option<&Namespace>) -> Result<RecordKey> {
        RecordId::new(self)?.into_key(home)
    }
}

impl IntoKey for String {
    fn into_key(self, home: Option<&Namespace>) -> Result<RecordKey> {
        RecordId::new(self)?.into_key(home)
    }
}

impl IntoKey for (&Namespace, &str) {
    fn into_key(self, _home: Option<&Namespace>) -> Result<RecordKey> {
        RecordId::new(self.1)?.into_key(Some(self.0))
    }
}
