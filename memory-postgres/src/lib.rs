#![doc = include_str!("../README.md")]

mod backend;
mod batches;
mod catalogue;
mod client;
mod collection;
mod config;
mod connector;
mod driver;
mod error;
mod filter;
mod health;
mod mapping;
mod query;
mod reindex;
mod schema;
mod searches;
mod setup;
mod statements;
mod vectors;

pub use backend::{PoolStatus, PostgresBackend};
pub use config::{PostgresConfig, SslMode, VectorIndex};
pub use connector::PostgresConnector;
