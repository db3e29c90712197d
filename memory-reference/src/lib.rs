#![doc = include_str!("../README.md")]

mod backend;
mod collection;
mod listing;
mod search;

pub use backend::ReferenceBackend;
