//! The records that hold the words of a query, ranked exactly.

mod lists;
mod rank;
mod rows;

pub(super) use lists::{Text, Words};
pub(super) use rank::{Wanted, ranked};
pub(super) use rows::from_rows;
