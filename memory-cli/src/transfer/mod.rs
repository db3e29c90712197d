//! Files of records: the export format, and lines from elsewhere.

pub(crate) mod batch;
pub(crate) mod foreign;
pub(crate) mod format;
pub(crate) mod lines;
pub(crate) mod sorter;
pub(crate) mod source;
