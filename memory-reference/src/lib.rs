#![doc = include_str!("../README.md")]

mod backend;
mod collection;
mod connector;
mod listing;
mod search;

pub use backend::ReferenceBackend;
pub use connector::ReferenceConnector;
