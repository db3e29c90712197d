//! The bounds of a filter (FI-1, FI-3, FI-9).

use super::{Filter, Leaf, MetadataPath, Operand, Parts};
use crate::error::{Error, Result};
use crate::value::{Value, check_nul};

/// What has been counted so far.
#[derive(Default)]
struct Totals {
    nodes: usize,
    bytes: usize,
}

impl Filter {
    /// The greatest depth; a node without children has 1.
    pub const MAX_DEPTH: usize = 32;
    /// The greatest number of nodes; values are none.
    pub const MAX_NODES: usize = 1024;
    /// The greatest length of a list of operands.
    pub const MAX_LIST: usize = 1000;
    /// The greatest number of keys in a path.
    pub const MAX_KEYS: usize = 16;
    /// The greatest depth of an operand or member of a list of operands, as [`Value::levels`] counts.
    pub const MAX_LEVELS: usize = 16;
    /// The greatest number of bytes in the strings and keys of all paths and operands, timestamps apart.
    pub const MAX_BYTES: usize = 1 << 20;

    /// Checks the bounds (FI-1, FI-3, FI-9). `Database` and `Memory` do so before any I/O.
    ///
    /// # Errors
    /// `InvalidArgument` if the tree, a list, a path, an operand or the sum of strings is too large, a path is empty, an
    /// operand or member of a list is null, or a string holds NUL.
    pub fn check(&self) -> Result<()> {
        self.count(1, &mut Totals::default())
    }

    fn count(&self, depth: usize, totals: &mut Totals) -> Result<()> {
        totals.nodes += 1;
        limit("depth of a filter", depth, Self::MAX_DEPTH)?;
        limit("number of nodes of a filter", totals.nodes, Self::MAX_NODES)?;
        match self {
            Self::And(filters) | Self::Or(filters) => {
                filters.iter().try_for_each(|filter| filter.count(depth + 1, totals))
            }
            Self::Not(filter) => filter.count(depth + 1, totals),
            Self::Leaf(leaf) => {
                totals.bytes += leaf.check()?;
                limit("size in bytes of a filter's strings", totals.bytes, Self::MAX_BYTES)
            }
        }
    }
}

impl Leaf {
    /// Answers the bytes of its strings and keys.
    pub(super) fn check(&self) -> Result<usize> {
        match self {
            Self::Text(_, test) => operands(test.parts(), |operand| check_text(operand)),
            Self::Time(_, test) => operands(test.parts(), |_| Ok(0)),
            Self::Tags(test) => operands(test.parts(), |operand| check_text(operand)),
            Self::Embedding(_) => Ok(0),
            Self::Metadata(path, test) => Ok(path.check()? + operands(test.parts(), check_value)?),
        }
    }
}

impl MetadataPath {
    /// Answers the bytes of its keys.
    pub(super) fn check(&self) -> Result<usize> {
        if self.0.is_empty() {
            return Err(Error::invalid("a filter's path of metadata has no key"));
        }
        limit("number of keys of a filter's path", self.0.len(), Filter::MAX_KEYS)?;
        sum(&self.0, |key| check_nul("a filter's path", key))
    }
}

fn operands<T>((_, operand): Parts<'_, T>, check: impl Fn(&T) -> Result<usize>) -> Result<usize> {
    match operand {
        Operand::One(operand) => check(operand),
        Operand::Many(operands) => {
            limit("length of a filter's list of operands", operands.len(), Filter::MAX_LIST)?;
            sum(operands, check)
        }
        Operand::Flag(_) => Ok(0),
    }
}

fn check_text(operand: &str) -> Result<usize> {
    check_nul("a filter's operand", operand)
}

fn check_value(operand: &Value) -> Result<usize> {
    if *operand == Value::Null {
        return Err(Error::invalid("null is no operand of a filter; exists is how one asks"));
    }
    operand.check("a filter's operand", Filter::MAX_LEVELS)
}

fn sum<T>(items: &[T], check: impl Fn(&T) -> Result<usize>) -> Result<usize> {
    items.iter().try_fold(0, |sum, item| Ok(sum + check(item)?))
}

fn limit(what: &str, actual: usize, most: usize) -> Result<()> {
    if actual > most { Err(Error::invalid(format!("the {what} is at most {most}"))) } else { Ok(()) }
}
