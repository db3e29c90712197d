//! From SQLite's codes to the kinds of the contract (ER-1).

use std::fmt;

use memory_core::{Error, ErrorKind};
use rusqlite::ErrorCode;

/// A driver's error without its text, which may quote what was stored (ER-2).
#[derive(Debug)]
struct Reduced {
    class: &'static str,
    code: Option<i32>,
}

impl fmt::Display for Reduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.code {
            Some(code) => write!(f, "{} (SQLite result code {code})", self.class),
            None => f.write_str(self.class),
        }
    }
}

impl std::error::Error for Reduced {}

/// The kind of an error of the driver, and what to do about it.
fn classify(code: ErrorCode) -> (ErrorKind, &'static str, &'static str) {
    use ErrorKind::{Corrupt, Internal, LimitExceeded, PermissionDenied, Timeout, Unavailable};
    match code {
        ErrorCode::DatabaseBusy => {
            (Timeout, "SQLITE_BUSY", "another process kept the database locked past the deadline")
        }
        ErrorCode::DatabaseLocked => (Timeout, "SQLITE_LOCKED", "another connection kept a table locked"),
        ErrorCode::FileLockingProtocolFailed => {
            (Timeout, "SQLITE_PROTOCOL", "other processes kept the database locked")
        }
        ErrorCode::DatabaseCorrupt => (Corrupt, "SQLITE_CORRUPT", "the file is damaged: restore it from a backup"),
        ErrorCode::NotADatabase => (
            Corrupt,
            "SQLITE_NOTADB",
            "the file is not an SQLite database, or its header is damaged: choose another path",
        ),
        ErrorCode::PermissionDenied => (PermissionDenied, "SQLITE_PERM", "no right to use the file"),
        ErrorCode::ReadOnly => (
            PermissionDenied,
            "SQLITE_READONLY",
            "no right to write: the file, its folder and the files <path>-wal and <path>-shm must be writable",
        ),
        ErrorCode::AuthorizationForStatementDenied => (PermissionDenied, "SQLITE_AUTH", "the statement is not allowed"),
        ErrorCode::CannotOpen => (Unavailable, "SQLITE_CANTOPEN", "the file, or one beside it, cannot be opened"),
        ErrorCode::DiskFull => (Unavailable, "SQLITE_FULL", "the disk is full: free some space and repeat the call"),
        ErrorCode::SystemIoFailure => {
            (Unavailable, "SQLITE_IOERR", "the disk did not read or write: see whether it is full, away or failing")
        }
        ErrorCode::OutOfMemory => (Unavailable, "SQLITE_NOMEM", "there is not enough memory"),
        ErrorCode::NoLargeFileSupport => (Unavailable, "SQLITE_NOLFS", "the file system takes no file of this size"),
        ErrorCode::TooBig => (LimitExceeded, "SQLITE_TOOBIG", "a value is larger than SQLite takes"),
        _ => (Internal, "SQLITE_ERROR", "SQLite refused a statement"),
    }
}

/// The contract's error for a driver's.
pub(crate) fn from_driver(error: rusqlite::Error) -> Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => {
            let (kind, class, message) = classify(failure.code);
            Error::new(kind, message).with_source(Reduced { class, code: Some(failure.extended_code) })
        }
        rusqlite::Error::InvalidColumnType(..)
        | rusqlite::Error::FromSqlConversionFailure(..)
        | rusqlite::Error::IntegralValueOutOfRange(..)
        | rusqlite::Error::Utf8Error(..) => {
            Error::new(ErrorKind::Corrupt, "a stored value has not the type it was written with")
                .with_source(Reduced { class: "column conversion", code: None })
        }
        _ => Error::internal("the driver was used wrongly").with_source(Reduced { class: "driver", code: None }),
    }
}

/// The same error once more, without its text: several writes may fail by one.
pub(crate) fn copy(error: &rusqlite::Error) -> rusqlite::Error {
    match error {
        rusqlite::Error::SqliteFailure(failure, _) => rusqlite::Error::SqliteFailure(*failure, None),
        _ => rusqlite::Error::InvalidQuery,
    }
}

/// What goes wrong inside a job: the driver's error, or one that is the contract's already.
#[derive(Debug)]
pub(crate) enum Failure {
    Driver(rusqlite::Error),
    Rule(Error),
}

impl From<rusqlite::Error> for Failure {
    fn from(error: rusqlite::Error) -> Self {
        Self::Driver(error)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Rule(error)
    }
}

impl From<Failure> for Error {
    fn from(failure: Failure) -> Self {
        match failure {
            Failure::Driver(error) => from_driver(error),
            Failure::Rule(error) => error,
        }
    }
}

/// Whether a failed commit may still turn out to have happened: the pages were written, and only the flush failed.
pub(crate) fn leaves_outcome_open(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|failure| {
        matches!(failure.extended_code, rusqlite::ffi::SQLITE_IOERR_FSYNC | rusqlite::ffi::SQLITE_IOERR_DIR_FSYNC)
    })
}

/// Whether SQLite refused to evaluate a statement, as it does when a stored JSON text is none.
pub(crate) fn is_evaluation(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|failure| failure.extended_code == rusqlite::ffi::SQLITE_ERROR)
}

/// The error for stored bytes that are not what was written.
pub(crate) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;

    #[test]
    fn codes_become_kinds_and_the_text_is_dropped() {
        for (code, kind, retryable) in [
            (5, ErrorKind::Timeout, true),
            (6, ErrorKind::Timeout, true),
            (15, ErrorKind::Timeout, true),
            (11, ErrorKind::Corrupt, false),
            (26, ErrorKind::Corrupt, false),
            (3, ErrorKind::PermissionDenied, false),
            (8, ErrorKind::PermissionDenied, false),
            (1544, ErrorKind::PermissionDenied, false),
            (13, ErrorKind::Unavailable, true),
            (10, ErrorKind::Unavailable, true),
            (778, ErrorKind::Unavailable, true),
            (14, ErrorKind::Unavailable, true),
            (18, ErrorKind::LimitExceeded, false),
            (1, ErrorKind::Internal, false),
        ] {
            let failure = rusqlite::ffi::Error::new(code);
            let error = from_driver(rusqlite::Error::SqliteFailure(failure, Some("secret row".into())));
            assert_eq!((error.kind(), error.is_retryable()), (kind, retryable), "{code}");
            let source = error.source().unwrap().to_string();
            assert!(source.ends_with(&format!("(SQLite result code {code})")), "{source}");
            assert!(!format!("{error} {error:?} {source}").contains("secret"));
        }
        let error = from_driver(rusqlite::Error::InvalidColumnType(0, "secret".into(), rusqlite::types::Type::Text));
        assert_eq!((error.kind(), format!("{error:?}").contains("secret")), (ErrorKind::Corrupt, false));
    }
}
