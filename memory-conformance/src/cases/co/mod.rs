//! Collections (SPEC 2).

pub(crate) mod drop;
pub(crate) mod hints;
pub(crate) mod many;
pub(crate) mod spec;
