//! Moving data (SPEC 14): the canonical form, as far as records and backends go.

pub(crate) mod canonical;
pub(crate) mod form;
