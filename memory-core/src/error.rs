//! The one error of the contract (SPEC 12).

use std::error::Error as StdError;
use std::fmt;
use std::time::Duration;

use crate::names::RecordKey;

/// What every fallible call of this project answers.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// What went wrong, in the words of SPEC ER-1. Programs branch on this, people read the message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum ErrorKind {
    /// The request breaks a limit or a form that the contract fixes; nothing was read or written.
    InvalidArgument,
    /// A named collection, file or folder does not exist.
    NotFound,
    /// Something else stands where this was to go: another spec, another version, another owner of the name.
    Conflict,
    /// The backend does not claim the switch that this call needs.
    Unsupported,
    /// A limit that the backend publishes is exceeded; the message names it.
    LimitExceeded,
    /// Outside the handle's scope, or no right to read or write the store.
    PermissionDenied,
    /// The server asks for a pause; see [`Error::retry_after`].
    RateLimited,
    /// No answer within the deadline.
    Timeout,
    /// The store is away for now: a full disk, an I/O error, a server that does not answer.
    Unavailable,
    /// The stored bytes are not what was written.
    Corrupt,
    /// A defect of this project.
    Internal,
}

impl fmt::Display for ErrorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::InvalidArgument => "invalid argument",
            Self::NotFound => "not found",
            Self::Conflict => "conflict",
            Self::Unsupported => "unsupported",
            Self::LimitExceeded => "limit exceeded",
            Self::PermissionDenied => "permission denied",
            Self::RateLimited => "rate limited",
            Self::Timeout => "timed out",
            Self::Unavailable => "unavailable",
            Self::Corrupt => "corrupt",
            Self::Internal => "internal error",
        })
    }
}

/// An opaque error: a [kind](ErrorKind), a message for people, the operation and the backend that it happened in, and the
/// lists of SPEC WR-4.
///
/// It never holds secrets, content, tags, embeddings, query text, metadata values or filter operands (ER-2); ids, namespaces,
/// collection names, field paths and limits may appear. Whoever makes one keeps to that.
pub struct Error(Box<Inner>);

struct Inner {
    kind: ErrorKind,
    message: String,
    operation: Option<&'static str>,
    backend: Option<String>,
    source: Option<Box<dyn StdError + Send + Sync>>,
    retry_after: Option<Duration>,
    offset: Option<usize>,
    outcome_open: bool,
    conditional: bool,
    accepted: Vec<RecordKey>,
    unknown: Vec<RecordKey>,
    conflicting: Vec<RecordKey>,
}

impl Error {
    /// An error of this kind. The message says what to do where that is known, and holds nothing that ER-2 forbids.
    pub fn new(kind: ErrorKind, message: impl Into<String>) -> Self {
        Self(Box::new(Inner {
            kind,
            message: message.into(),
            operation: None,
            backend: None,
            source: None,
            retry_after: None,
            offset: None,
            outcome_open: false,
            conditional: false,
            accepted: Vec::new(),
            unknown: Vec::new(),
            conflicting: Vec::new(),
        }))
    }

    /// [`ErrorKind::InvalidArgument`].
    pub fn invalid(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::InvalidArgument, message)
    }

    /// [`ErrorKind::LimitExceeded`], with the limit's name and value, and what was asked.
    pub fn limit(name: &str, limit: u64, asked: u64) -> Self {
        Self::new(ErrorKind::LimitExceeded, format!("{name} is at most {limit} here, asked for {asked}"))
    }

    /// [`ErrorKind::Unsupported`].
    pub fn unsupported(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Unsupported, message)
    }

    /// [`ErrorKind::Internal`]: what should be impossible, said instead of panicking.
    pub fn internal(message: impl Into<String>) -> Self {
        Self::new(ErrorKind::Internal, message)
    }

    /// Keeps the cause. A driver's error is first reduced to its code and class, for its text may quote a row or a URL.
    #[must_use]
    pub fn with_source(mut self, source: impl Into<Box<dyn StdError + Send + Sync>>) -> Self {
        self.0.source = Some(source.into());
        self
    }

    /// Names the operation, unless a narrower one was named already.
    #[must_use]
    pub fn in_operation(mut self, operation: &'static str) -> Self {
        self.0.operation.get_or_insert(operation);
        self
    }

    /// Names the backend, unless one was named already.
    #[must_use]
    pub fn in_backend(mut self, backend: impl Into<String>) -> Self {
        if self.0.backend.is_none() {
            self.0.backend = Some(backend.into());
        }
        self
    }

    /// The pause that the server itself asked for.
    #[must_use]
    pub fn with_retry_after(mut self, pause: Duration) -> Self {
        self.0.retry_after = Some(pause);
        self
    }

    /// Where in the text that was parsed the problem stands, in bytes from 0.
    #[must_use]
    pub fn at_offset(mut self, offset: usize) -> Self {
        self.0.offset = Some(offset);
        self
    }

    /// Says that the write may still have been, or may yet be, applied (WR-7). With a condition in it (WR-5) the error is
    /// then not retryable, for the repetition could lose against the write's own first try.
    #[must_use]
    pub fn with_open_outcome(mut self, conditional: bool) -> Self {
        self.0.outcome_open = true;
        self.0.conditional = conditional;
        self
    }

    /// The records of a failed batch that were accepted (WR-4).
    #[must_use]
    pub fn with_accepted(mut self, keys: Vec<RecordKey>) -> Self {
        self.0.accepted = keys;
        self
    }

    /// The records of a failed batch whose fate is unknown (WR-4).
    #[must_use]
    pub fn with_unknown(mut self, keys: Vec<RecordKey>) -> Self {
        self.0.unknown = keys;
        self
    }

    /// The records that lost a race (WR-5).
    #[must_use]
    pub fn with_conflicting(mut self, keys: Vec<RecordKey>) -> Self {
        self.0.conflicting = keys;
        self
    }

    /// What went wrong.
    pub fn kind(&self) -> ErrorKind {
        self.0.kind
    }

    /// The message alone, without kind, operation and backend.
    pub fn message(&self) -> &str {
        &self.0.message
    }

    /// The call that failed, such as `put`.
    pub fn operation(&self) -> Option<&'static str> {
        self.0.operation
    }

    /// The backend that it failed in, such as `sqlite`.
    pub fn backend(&self) -> Option<&str> {
        self.0.backend.as_deref()
    }

    /// The pause that the server asked for, where it sent one.
    pub fn retry_after(&self) -> Option<Duration> {
        self.0.retry_after
    }

    /// Where in a parsed text the problem stands, in bytes from 0. The text itself is never in the error.
    pub fn offset(&self) -> Option<usize> {
        self.0.offset
    }

    /// Whether the write that failed may still have been, or may yet be, applied.
    pub fn is_outcome_open(&self) -> bool {
        self.0.outcome_open
    }

    /// The records of a failed batch that were accepted.
    pub fn accepted(&self) -> &[RecordKey] {
        &self.0.accepted
    }

    /// The records of a failed batch whose fate is unknown.
    pub fn unknown(&self) -> &[RecordKey] {
        &self.0.unknown
    }

    /// The records that lost a race: their condition did not hold and nothing of them changed.
    pub fn conflicting(&self) -> &[RecordKey] {
        &self.0.conflicting
    }

    /// Whether the same call, repeated unchanged, can succeed and can do no harm beyond SPEC WR-4.
    ///
    /// True for `RateLimited`, `Unavailable` and `Timeout`, but never for a conditional write whose outcome is open.
    pub fn is_retryable(&self) -> bool {
        matches!(self.0.kind, ErrorKind::RateLimited | ErrorKind::Unavailable | ErrorKind::Timeout)
            && !(self.0.outcome_open && self.0.conditional)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(operation) = self.0.operation {
            write!(f, "{operation}: ")?;
        }
        write!(f, "{}: {}", self.0.kind, self.0.message)?;
        if let Some(offset) = self.0.offset {
            write!(f, " (at byte {offset})")?;
        }
        if let Some(backend) = &self.0.backend {
            write!(f, " [{backend}]")?;
        }
        Ok(())
    }
}

impl fmt::Debug for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Inner {
            kind,
            message,
            operation,
            backend,
            source,
            retry_after,
            offset,
            outcome_open,
            conditional,
            accepted,
            unknown,
            conflicting,
        } = &*self.0;
        f.debug_struct("Error")
            .field("kind", kind)
            .field("message", message)
            .field("operation", operation)
            .field("backend", backend)
            .field("source", source)
            .field("retry_after", retry_after)
            .field("offset", offset)
            .field("outcome_open", outcome_open)
            .field("conditional", conditional)
            .field("accepted", accepted)
            .field("unknown", unknown)
            .field("conflicting", conflicting)
            .finish()
    }
}

impl StdError for Error {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        match &self.0.source {
            Some(source) => Some(&**source),
            None => None,
        }
    }
}
