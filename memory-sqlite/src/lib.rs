#![doc = include_str!("../README.md")]

mod backend;
mod collection;
mod config;
mod connection;
mod connector;
mod error;
mod filter;
mod index;
mod jobs;
mod mapping;
mod query;
mod schema;
mod workers;

pub use backend::SqliteBackend;
pub use config::{Durability, SqliteConfig};
pub use connector::SqliteConnector;
