//! Records (SPEC 3).

pub(crate) mod fields;
pub(crate) mod limits;
pub(crate) mod metadata;
pub(crate) mod reading;
pub(crate) mod refusals;
pub(crate) mod sizes;
pub(crate) mod times;
pub(crate) mod vectors;
