//! Concurrency and durability (SPEC 13).

pub(crate) mod crash;
pub(crate) mod together;
