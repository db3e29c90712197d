#![doc = include_str!("../README.md")]

mod analyser;
mod backend;
pub mod bm25;
mod capabilities;
pub mod connect;
mod database;
mod embedder;
mod embedding;
mod error;
mod filter;
pub mod fusion;
mod json;
pub mod kit;
mod memory;
mod metadata;
pub mod mmr;
mod names;
mod number;
mod record;
mod request;
mod scope;
mod score;
mod spec;
mod time;
mod value;
mod write;

pub use analyser::{Analyser, Language};
pub use backend::{Backend, Collection, Finding, Health, IndexState, Maintenance, MaintenanceReport, Stats};
pub use capabilities::{Bm25, Capabilities, ChangedWhileDeleting, Consistency, Facts, Limits, Place, Sharing, Switch};
pub use database::Database;
pub use embedder::{Cut, Embedded, Embedder, TextForm};
pub use embedding::Embedding;
pub use error::{Error, ErrorKind, Result};
pub use filter::{
    Comparison, Filter, Leaf, MetadataPath, TagsField, TagsTest, TextField, TextTest, TimeField, ValueTest,
};
pub use memory::{Fusion, HybridHit, HybridRequest, HybridResponse, IntoKey, Leg, LegScore, Memory};
pub use metadata::Metadata;
pub use names::{CollectionName, Namespace, RecordId, RecordKey};
pub use number::{Number, NumberKind};
pub use record::{Content, Draft, Kind, Record, Tags};
pub use request::{
    Cursor, Exactness, Hit, ListRequest, NamespacesRequest, Order, Page, Query, Returns, SearchRequest, SearchResponse,
    Stored, View, WordMatch,
};
pub use scope::{Scope, ScopePart};
pub use score::{FusedScore, Metric, Score, candidate_epsilon, similarity};
pub use spec::{CollectionSpec, CreateOptions, VectorSpec};
pub use time::{Clock, FixedClock, SystemClock, Timestamp};
pub use value::Value;
pub use write::{Batch, Delete, Deleted, Precondition, Version, Write, Written};
