//! The two indexes, each behind a few functions, so that another way to find candidates is a new file and no rewrite.

pub(crate) mod changes;
pub(crate) mod text;
pub(crate) mod vector;
