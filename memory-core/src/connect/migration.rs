//! What bringing a store's schema up to date takes.

/// The way from the schema that a store has to the one that this program needs.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Migration {
    /// Whose layout it is, such as `the schema memory`.
    pub what: String,
    /// The layout that is there; 0 for none.
    pub from: u32,
    /// The layout that this program has.
    pub to: u32,
    /// What is to be done, in order, each in the store's own language; empty if all is as it should be.
    pub steps: Vec<String>,
}

impl Migration {
    /// The way between two layouts.
    pub fn new(what: impl Into<String>, from: u32, to: u32, steps: Vec<String>) -> Self {
        Self { what: what.into(), from, to, steps }
    }
}
