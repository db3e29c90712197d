//! What the trait [`Collection`](crate::Collection) is asked, and what it answers.

use std::fmt;

use crate::analyser::Analyser;
use crate::embedding::Embedding;
use crate::filter::Filter;
use crate::names::{Namespace, RecordKey};
use crate::record::Record;
use crate::scope::Scope;
use crate::score::Score;
use crate::time::Timestamp;
use crate::write::Version;

/// What a call may see: the namespaces of the scope, and of those the records that are live at this time.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct View {
    /// Which namespaces.
    pub scope: Scope,
    /// The time by which records have expired or not (TT-1).
    pub now: Timestamp,
}

impl View {
    /// Puts the two together.
    pub fn new(scope: Scope, now: Timestamp) -> Self {
        Self { scope, now }
    }

    /// Whether the record is in the scope and live.
    pub fn sees(&self, record: &Record) -> bool {
        self.scope.contains(&record.key.namespace) && record.is_live(self.now)
    }
}

/// A record as it is stored, with its version where conditional writes are claimed.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Stored {
    /// The record.
    pub record: Record,
    /// Its version; `None` where the switch is not claimed.
    pub version: Option<Version>,
}

/// How much of each record a search or a listing answers.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Returns {
    /// The key alone.
    Keys,
    /// The record without its embedding.
    #[default]
    Records,
    /// The whole record.
    Embeddings,
}

/// Whether a vector search may be approximate (VE-5).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Exactness {
    /// As the backend likes.
    #[default]
    Any,
    /// Equal to brute force.
    Exact,
}

/// Which records match a text query (TX-2).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum WordMatch {
    /// Those that hold any of its words.
    #[default]
    Any,
    /// Those that hold every one.
    All,
}

/// What one leg of a search looks for.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Query {
    /// The records whose embeddings are most similar to this one.
    Vector {
        /// Checked against the collection's dimension and metric like a record's (VE-7).
        embedding: Embedding,
        /// Whether the answer must equal brute force.
        exactness: Exactness,
    },
    /// The records that rank best for these words.
    Text {
        /// Different words, as the collection's analyser makes them, in order of appearance, at most 256 (TX-2). None match
        /// nothing.
        words: Vec<String>,
        /// Whether a record must hold every word.
        matching: WordMatch,
    },
}

impl Query {
    /// A vector query that may be approximate.
    pub fn vector(embedding: Embedding) -> Self {
        Self::Vector { embedding, exactness: Exactness::Any }
    }

    /// A text query, its words made by the collection's analyser.
    pub fn text(analyser: Analyser, text: &str, matching: WordMatch) -> Self {
        Self::Text { words: analyser.query_words(text), matching }
    }
}

/// Neither words nor components (ER-2).
impl fmt::Debug for Query {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Vector { embedding, exactness } => {
                f.debug_struct("Vector").field("embedding", embedding).field("exactness", exactness).finish()
            }
            Self::Text { words, matching } => {
                f.debug_struct("Text").field("words", &words.len()).field("matching", matching).finish()
            }
        }
    }
}

/// One leg of a search: a vector or a text.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SearchRequest {
    /// What to look for.
    pub query: Query,
    /// Which records may be found.
    pub filter: Filter,
    /// At most so many hits, after `skip`.
    pub k: usize,
    /// How many of the first hits to leave out; skip + k counts against the limit (VE-6).
    pub skip: usize,
    /// The least score, inclusive (VE-3); for vectors alone.
    pub min_score: Option<f64>,
    /// If given, only these records may be found, any number of them. It is no filter: the statistics of text scores stay
    /// those of the scope. For a backend a key outside the scope finds nothing; `Memory` refuses it before
    /// (`PermissionDenied`, SC-3).
    pub only: Option<Vec<RecordKey>>,
    /// How much of each record to answer.
    pub returns: Returns,
}

impl SearchRequest {
    /// The ten best of all that the scope holds.
    pub fn new(query: Query) -> Self {
        Self { query, filter: Filter::all(), k: 10, skip: 0, min_score: None, only: None, returns: Returns::default() }
    }

    /// With this filter.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// At most so many hits.
    #[must_use]
    pub fn with_k(mut self, k: usize) -> Self {
        self.k = k;
        self
    }

    /// Without the first so many.
    #[must_use]
    pub fn with_skip(mut self, skip: usize) -> Self {
        self.skip = skip;
        self
    }

    /// With a least score, inclusive.
    #[must_use]
    pub fn with_min_score(mut self, min_score: f64) -> Self {
        self.min_score = Some(min_score);
        self
    }

    /// Among these records alone.
    #[must_use]
    pub fn with_only(mut self, only: Vec<RecordKey>) -> Self {
        self.only = Some(only);
        self
    }

    /// Answering so much of each record.
    #[must_use]
    pub fn with_returns(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }
}

/// One record that a search found.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct Hit {
    /// Which record.
    pub key: RecordKey,
    /// How well it matches; higher is better.
    pub score: Score,
    /// Its place among all hits, from 1, counted before `skip` (VE-8).
    pub rank: u64,
    /// The record, as [`SearchRequest::returns`] asks; `None` for [`Returns::Keys`].
    pub record: Option<Record>,
    /// The record's version, where it is answered and the switch is claimed.
    pub version: Option<Version>,
}

impl Hit {
    /// A hit whose record is cut to what was asked.
    pub fn new(stored: Stored, score: Score, rank: u64, returns: Returns) -> Self {
        let key = stored.record.key.clone();
        let Stored { mut record, version } = stored;
        match returns {
            Returns::Keys => Self::of_key(key, score, rank),
            Returns::Records => {
                record.embedding = None;
                Self { key, score, rank, record: Some(record), version }
            }
            Returns::Embeddings => Self { key, score, rank, record: Some(record), version },
        }
    }

    /// A hit of which only the key was asked ([`Returns::Keys`]).
    pub fn of_key(key: RecordKey, score: Score, rank: u64) -> Self {
        Self { key, score, rank, record: None, version: None }
    }

    /// The record's text; "" where only keys were asked.
    pub fn content(&self) -> &str {
        self.record.as_ref().map_or("", |record| record.content.as_str())
    }
}

/// What a search answers.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct SearchResponse {
    /// Score descending; equal scores by (namespace key, id).
    pub hits: Vec<Hit>,
    /// False only if an approximate search reached a published scan limit before it had min(k, matches) hits (VE-4).
    pub complete: bool,
}

impl SearchResponse {
    /// A complete answer.
    pub fn new(hits: Vec<Hit>) -> Self {
        Self { hits, complete: true }
    }
}

/// The order of a listing (LI-3).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Order {
    /// As the backend likes, each record at most once.
    #[default]
    Unspecified,
    /// Oldest first; ties by (namespace key, id).
    CreatedAscending,
    /// Newest first; ties by (namespace key, id), ascending.
    CreatedDescending,
    /// Least recently changed first; ties by (namespace key, id).
    UpdatedAscending,
    /// Most recently changed first; ties by (namespace key, id), ascending.
    UpdatedDescending,
}

/// Where a listing goes on (LI-4): text without white space, bound to collection, scope, filter and order. It does not age.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Cursor(String);

impl Cursor {
    /// Takes the text of a cursor; whether it fits is said by the listing.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text, to keep it or send it elsewhere.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// One page of a listing.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ListRequest {
    /// Which records.
    pub filter: Filter,
    /// In which order.
    pub order: Order,
    /// At most so many, at least 1. A page may be shorter, also empty; only one without a cursor is the last.
    pub limit: usize,
    /// The cursor of the page before; `None` starts.
    pub cursor: Option<Cursor>,
    /// How much of each record; [`Returns::Keys`] answers as [`Returns::Records`] does.
    pub returns: Returns,
}

impl ListRequest {
    /// The first page of up to 100 of all records, in the unspecified order, with their embeddings.
    pub fn new() -> Self {
        Self { filter: Filter::all(), order: Order::default(), limit: 100, cursor: None, returns: Returns::Embeddings }
    }

    /// With this filter.
    #[must_use]
    pub fn with_filter(mut self, filter: Filter) -> Self {
        self.filter = filter;
        self
    }

    /// In this order.
    #[must_use]
    pub fn with_order(mut self, order: Order) -> Self {
        self.order = order;
        self
    }

    /// At most so many in a page.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }

    /// Going on here; `None` starts.
    #[must_use]
    pub fn with_cursor(mut self, cursor: Option<Cursor>) -> Self {
        self.cursor = cursor;
        self
    }

    /// Answering so much of each record.
    #[must_use]
    pub fn with_returns(mut self, returns: Returns) -> Self {
        self.returns = returns;
        self
    }
}

impl Default for ListRequest {
    fn default() -> Self {
        Self::new()
    }
}

/// One page of records.
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Page {
    /// In the order asked.
    pub records: Vec<Stored>,
    /// Where to go on; `None` after the last page.
    pub cursor: Option<Cursor>,
}

impl Page {
    /// Puts the two together.
    pub fn new(records: Vec<Stored>, cursor: Option<Cursor>) -> Self {
        Self { records, cursor }
    }
}

/// One page of namespaces (SC-4).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct NamespacesRequest {
    /// Cut each to its first so many segments, 1 to 8; `None` leaves them whole.
    pub depth: Option<usize>,
    /// Only those whose key is greater than this path's; it need not exist.
    pub after: Option<Namespace>,
    /// At most so many, at least 1.
    pub limit: usize,
}

impl NamespacesRequest {
    /// The first page of up to 100, uncut.
    pub fn new() -> Self {
        Self { depth: None, after: None, limit: 100 }
    }

    /// Cut to this depth.
    #[must_use]
    pub fn with_depth(mut self, depth: Option<usize>) -> Self {
        self.depth = depth;
        self
    }

    /// After this path.
    #[must_use]
    pub fn with_after(mut self, after: Option<Namespace>) -> Self {
        self.after = after;
        self
    }

    /// At most so many.
    #[must_use]
    pub fn with_limit(mut self, limit: usize) -> Self {
        self.limit = limit;
        self
    }
}

impl Default for NamespacesRequest {
    fn default() -> Self {
        Self::new()
    }
}
