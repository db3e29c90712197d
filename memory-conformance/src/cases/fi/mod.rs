//! Filters (SPEC 5). Nearly every case is a table: the JSON form of a filter beside the ids that it has to find.

pub(crate) mod absence;
pub(crate) mod bounds;
pub(crate) mod fields;
pub(crate) mod form;
pub(crate) mod leaves;
pub(crate) mod lists;
pub(crate) mod logic;
pub(crate) mod numbers;
pub(crate) mod order;
pub(crate) mod strings;
mod table;
pub(crate) mod values;
