//! Vector search (SPEC 7).

pub(crate) mod cut;
pub(crate) mod exactness;
pub(crate) mod matches;
pub(crate) mod request;
pub(crate) mod score;
pub(crate) mod threshold;
