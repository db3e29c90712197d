//! Writes of several callers in one transaction: one flush of the disk for all of them.
//!
//! Each is applied in a savepoint of its own, so that one that fails takes nothing of its neighbours with it, and hears what has
//! become of it after the commit. Nobody waits for company: a group is what is in the queue when its transaction begins, and
//! what comes while it is being written.

use std::collections::VecDeque;

use memory_core::{Error, Result};
use rusqlite::{Connection, Transaction};

use super::Work;
use super::queue::Queue;
use crate::error::{Failure, copy, from_driver};
use crate::jobs::{begin, commit_error};

/// A group writes no more records than this: those who are first in it wait for the last.
const MOST_RECORDS: usize = 2_000;

/// Nor more bytes of records than this, unless its first write alone has more.
const MOST_BYTES: usize = 16 << 20;

/// A write that shares its transactions with others: in one run, or in several if it is large.
pub(crate) trait Member: Send {
    /// How many records the next run writes, and of how many bytes.
    fn size(&self) -> (usize, usize);

    /// Whether somebody waits for it.
    fn is_wanted(&self) -> bool;

    /// Writes the next run. May be called again for the same run, if its transaction was lost by another's fault.
    ///
    /// # Errors
    /// Whoever called undoes what it has written before the error.
    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()>;

    /// Hears what has become of the run. Answers the caller, or gives itself back if further runs are due.
    fn settle(self: Box<Self>, outcome: Result<()>) -> Option<Box<dyn Member>>;
}

/// What is to be written, in order, and how much this group has had.
struct Pending<'a> {
    members: VecDeque<Box<dyn Member>>,
    queue: Option<&'a Queue<Work>>,
    records: usize,
    bytes: usize,
}

/// Writes the member, and what else there is, in one transaction. What is left of a large member goes to the end of the queue,
/// so that the others get their turn.
pub(crate) fn run(connection: &mut Connection, first: Box<dyn Member>, queue: &Queue<Work>) {
    let (records, bytes) = first.size();
    let mut pending = Pending { members: VecDeque::from([first]), queue: Some(queue), records, bytes };
    while let Some(member) = pending.more() {
        pending.members.push_back(member);
    }
    while !pending.members.is_empty() {
        for member in together(connection, &mut pending, queue) {
            let members = VecDeque::from([member]);
            let mut alone = Pending { members, queue: None, records: 0, bytes: 0 };
            // Nothing comes back: it has no neighbour.
            together(connection, &mut alone, queue);
        }
    }
}

impl Pending<'_> {
    /// The next member that is in the queue and fits.
    fn more(&mut self) -> Option<Box<dyn Member>> {
        let fits = |work: &Work| match work {
            Work::Shared(member) => {
                let (records, bytes) = member.size();
                self.records + records <= MOST_RECORDS && self.bytes + bytes <= MOST_BYTES
            }
            Work::Alone(_) | Work::Close(..) => false,
        };
        let Some(Work::Shared(member)) = self.queue?.take_if(fits) else { return None };
        let (records, bytes) = member.size();
        self.records += records;
        self.bytes += bytes;
        Some(member)
    }

    fn next(&mut self) -> Option<Box<dyn Member>> {
        self.members.pop_front().or_else(|| self.more())
    }
}

/// One transaction. Answers the members, not settled, that were applied in it and lost by the fault of one that came later.
fn together(connection: &mut Connection, pending: &mut Pending<'_>, queue: &Queue<Work>) -> Vec<Box<dyn Member>> {
    let transaction = match begin(connection) {
        Ok(transaction) => transaction,
        Err(error) => {
            // All of them have waited for the file as long as was agreed.
            for member in pending.members.drain(..) {
                settle(member, Err(from_driver(copy(&error))), queue);
            }
            return Vec::new();
        }
    };
    let mut applied = Vec::new();
    let mut kept = false;
    while let Some(mut member) = pending.next() {
        if !member.is_wanted() {
            continue;
        }
        match apply(&transaction, member.as_mut(), kept) {
            Ok(outcome) => {
                kept |= outcome.is_ok();
                applied.push((member, outcome.err()));
            }
            Err(error) => {
                drop(transaction);
                settle(member, Err(error), queue);
                return applied.into_iter().map(|(member, _)| member).collect();
            }
        }
    }
    if !kept {
        return Vec::new();
    }
    let committed = transaction.commit();
    for (member, failure) in applied {
        let outcome = match (&committed, failure) {
            (Ok(()), None) => Ok(()),
            (Ok(()), Some(failure)) => Err(failure),
            (Err(error), None) => Err(commit_error(error)),
            // What it was refused for may never have been written, and nothing of it was in the transaction.
            (Err(error), Some(_)) => Err(from_driver(copy(error))),
        };
        settle(member, outcome, queue);
    }
    Vec::new()
}

/// Applies a member so that its own failure, the inner result, leaves what the transaction has kept.
///
/// # Errors
/// The transaction is lost, or to be given up because nothing is kept in it.
fn apply(transaction: &Transaction<'_>, member: &mut dyn Member, kept: bool) -> Result<Result<()>> {
    if !kept {
        // The transaction is its savepoint: a lone write pays for no other.
        return member.apply(transaction).map(Ok);
    }
    savepoint(transaction, "SAVEPOINT member")?;
    let outcome = member.apply(transaction);
    if outcome.is_err() {
        if transaction.is_autocommit() {
            // A full or failing disk: SQLite has rolled everything back.
            return outcome.map(Ok);
        }
        savepoint(transaction, "ROLLBACK TO member")?;
    }
    savepoint(transaction, "RELEASE member")?;
    Ok(outcome)
}

fn savepoint(transaction: &Transaction<'_>, sql: &str) -> Result<(), Error> {
    let done = transaction.prepare_cached(sql).and_then(|mut statement| statement.execute([]));
    Ok(done.map(|_| ()).map_err(Failure::from)?)
}

fn settle(member: Box<dyn Member>, outcome: Result<()>, queue: &Queue<Work>) {
    if let Some(rest) = member.settle(outcome) {
        queue.push_rest(Work::Shared(rest));
    }
}

#[cfg(test)]
#[path = "group_tests.rs"]
mod tests;
