//! Text search (SPEC 8).

pub(crate) mod data;
pub(crate) mod matching;
pub(crate) mod order;
pub(crate) mod ranking;
pub(crate) mod request;
pub(crate) mod words;
