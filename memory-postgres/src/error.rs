//! From PostgreSQL's codes to the kinds of the contract (ER-1).

use std::fmt;

use deadpool_postgres::{PoolError, TimeoutType};
use memory_core::{Error, ErrorKind};
use tokio_postgres::error::SqlState;

/// A driver's error without its text, which may quote what was stored (ER-2).
#[derive(Debug)]
struct Reduced {
    class: &'static str,
    code: Option<String>,
}

impl fmt::Display for Reduced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.code {
            Some(code) => write!(f, "{} (SQLSTATE {code})", self.class),
            None => f.write_str(self.class),
        }
    }
}

impl std::error::Error for Reduced {}

/// The kind of an error that the server answered, its class, and what to do about it.
fn classify(code: &str) -> (ErrorKind, &'static str, &'static str) {
    use ErrorKind::{
        Conflict, Corrupt, Internal, LimitExceeded, NotFound, PermissionDenied, Timeout, Unavailable, Unsupported,
    };
    match (code, &code[..code.len().min(2)]) {
        ("28P01", _) => (PermissionDenied, "authentication", "the server refuses the password: correct it"),
        (_, "28") => (
            PermissionDenied,
            "authentication",
            "the server refuses this user from this machine: see the user's name, and pg_hba.conf on the server",
        ),
        ("3D000", _) => {
            (NotFound, "database", "there is no such database: make it with `createdb`, or correct its name")
        }
        ("42P01" | "3F000", _) => (
            NotFound,
            "relation",
            "the collection, or the tables of this program, are gone: open or create the collection anew",
        ),
        ("42501", _) => (
            PermissionDenied,
            "privilege",
            "the user lacks a privilege for this; health says which ones are missing and how to grant them",
        ),
        ("25006", _) => {
            (PermissionDenied, "read only", "the server is read only, a standby perhaps: connect to the primary")
        }
        ("42P07" | "42710", _) => {
            (Conflict, "name", "something that is not this program's has the name of a table it needs")
        }
        ("57014", _) => (
            Timeout,
            "cancelled",
            "the statement took longer than the time-out: ask for less, or raise statement_timeout",
        ),
        ("55P03", _) => (Timeout, "lock", "another session kept a lock past the time-out"),
        ("40P01" | "40001", _) => {
            (Unavailable, "conflict of transactions", "other writers were in the way: repeat the call")
        }
        ("53300", _) => (
            Unavailable,
            "connections",
            "the server has no connection left: lower pool_size, raise the server's max_connections, or use a pooler",
        ),
        ("53100", _) => (Unavailable, "disk", "the server's disk is full: free some space and repeat the call"),
        ("0A000", _) => {
            (Unsupported, "feature", "the server does not support what this program needs; health says more")
        }
        ("XX001" | "XX002", _) => (Corrupt, "data", "the server found damaged data: restore a backup"),
        (_, "08" | "53" | "57" | "58") => {
            (Unavailable, "server", "the server is away, stopping, starting or out of resources: repeat the call")
        }
        (_, "54") => (LimitExceeded, "limit", "the server refuses something of this size"),
        _ => (Internal, "statement", "the server refused a statement of this program"),
    }
}

/// The contract's error for one of the driver.
pub(crate) fn from_driver(error: tokio_postgres::Error) -> Error {
    if let Some(code) = error.code() {
        let (kind, class, message) = classify(code.code());
        return Error::new(kind, message).with_source(Reduced { class, code: Some(code.code().to_owned()) });
    }
    let (kind, class, message) = connection(&error);
    Error::new(kind, message).with_source(Reduced { class, code: None })
}

/// What went wrong outside the server's own answers. The driver says it in words alone.
fn connection(error: &tokio_postgres::Error) -> (ErrorKind, &'static str, &'static str) {
    use ErrorKind::{Corrupt, Internal, PermissionDenied, Timeout, Unavailable};
    let text = error.to_string();
    let starts = |class: &str| text.starts_with(class);
    if error.is_closed() {
        (Unavailable, "closed", "the connection was lost: repeat the call, which takes another one")
    } else if starts("error connecting to server") {
        (Unavailable, "connect", "no server answers there: start it, or correct host and port")
    } else if starts("error performing TLS handshake") {
        let message = "no TLS: either the server does not offer it, or its certificate is not trusted; see sslmode and \
                       root_certificates";
        (PermissionDenied, "TLS", message)
    } else if starts("authentication error") {
        (
            PermissionDenied,
            "authentication",
            "a password is needed, or a way of authentication that this program has not",
        )
    } else if starts("timeout waiting for server") {
        (Timeout, "connect", "the server does not answer: see that it runs, or raise connect_timeout")
    } else if starts("error communicating with the server") {
        (Unavailable, "I/O", "the connection broke: repeat the call, which takes another one")
    } else if starts("error deserializing") || starts("unexpected message") || starts("error parsing response") {
        (Corrupt, "answer", "the server answers what PostgreSQL does not: see what listens at host and port")
    } else {
        (Internal, "driver", "the driver was used wrongly")
    }
}

/// The contract's error for one of the pool.
pub(crate) fn from_pool(error: PoolError) -> Error {
    match error {
        PoolError::Backend(error) => from_driver(error),
        PoolError::Closed => Error::invalid("the database is closed"),
        PoolError::Timeout(TimeoutType::Wait) => Error::new(
            ErrorKind::Timeout,
            "all connections of the pool are in use past the time-out: raise pool_size or wait_timeout",
        ),
        PoolError::Timeout(TimeoutType::Create | TimeoutType::Recycle) => {
            Error::new(ErrorKind::Timeout, "the server does not answer: see that it runs, or raise connect_timeout")
        }
        PoolError::NoRuntimeSpecified | PoolError::PostCreateHook(_) => Error::internal("the pool was set up wrongly"),
    }
}

/// Whether a write that failed so may still have been applied: the server has not said that it was not. One that is stopping may
/// have committed before it said so.
pub(crate) fn leaves_outcome_open(error: &tokio_postgres::Error) -> bool {
    match error.code() {
        Some(code) => code.code().starts_with("57P") || code.code().starts_with("08"),
        // An encoding error comes before anything is sent.
        None => !error.to_string().starts_with("error serializing parameter"),
    }
}

/// Whether the server has undone the transaction because others were in its way, so that it may be run again at once.
pub(crate) fn is_to_repeat(error: &tokio_postgres::Error) -> bool {
    matches!(error.code(), Some(code) if *code == SqlState::T_R_DEADLOCK_DETECTED || *code == SqlState::T_R_SERIALIZATION_FAILURE)
}

/// The error for what is stored and is not what was written.
pub(crate) fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_become_kinds() {
        for (code, kind) in [
            ("28P01", ErrorKind::PermissionDenied),
            ("28000", ErrorKind::PermissionDenied),
            ("3D000", ErrorKind::NotFound),
            ("42P01", ErrorKind::NotFound),
            ("42501", ErrorKind::PermissionDenied),
            ("57014", ErrorKind::Timeout),
            ("57P01", ErrorKind::Unavailable),
            ("57P03", ErrorKind::Unavailable),
            ("53300", ErrorKind::Unavailable),
            ("08006", ErrorKind::Unavailable),
            ("40P01", ErrorKind::Unavailable),
            ("54000", ErrorKind::LimitExceeded),
            ("XX001", ErrorKind::Corrupt),
            ("42601", ErrorKind::Internal),
            ("", ErrorKind::Internal),
        ] {
            assert_eq!(classify(code).0, kind, "{code}");
        }
    }
}
