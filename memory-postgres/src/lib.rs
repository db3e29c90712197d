#![doc = include_str!("../README.md")]

mod backend;
mod collection;
mod config;
mod connector;
mod error;
mod filter;
mod mapping;
mod schema;

pub use backend::PostgresBackend;
pub use config::PostgresConfig;
pub use connector::PostgresConnector;
