//! The cases, a file or folder for each chapter of SPEC.md.

mod co;
mod hits;
mod id;
mod ve;

use crate::case::Case;

/// Every case of the suite, by rule.
pub fn all() -> impl Iterator<Item = Case> {
    [
        ve::score::CASES,
        ve::cut::CASES,
        ve::matches::CASES,
        ve::exactness::CASES,
        ve::request::CASES,
        id::CASES,
        co::spec::CASES,
        co::many::CASES,
        co::drop::CASES,
        co::hints::CASES,
        crate::traces::CASES,
    ]
    .into_iter()
    .flatten()
    .copied()
}
