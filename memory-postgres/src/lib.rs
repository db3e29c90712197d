#![doc = include_str!("../README.md")]

mod backend;
mod batches;
mod client;
mod collection;
mod config;
mod connector;
mod error;
mod filter;
mod health;
mod mapping;
mod query;
mod reindex;
mod schema;
mod statements;
mod vectors;

pub use backend::{PoolStatus, PostgresBackend};
pub use config::{PostgresConfig, SslMode, VectorIndex};
pub use connector::PostgresConnector;
