//! The nearest vectors, exactly: from 8-bit codes first, then from what is left of the vectors themselves.

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
