//! The nearest vectors, exactly: by the upper halves of codes, by whole codes, then by the vectors themselves of what is left.

mod bounds;
mod codes;
mod kernel;
mod pages;
mod rows;
mod scan;
mod vectors;

pub(crate) use kernel::Kernel;
pub(super) use rows::from_rows;
pub(super) use scan::{Wanted, nearest};
pub(super) use vectors::Vectors;
