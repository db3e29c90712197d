//! What runs on the threads: each function is one transaction; puts and deletes share theirs with others.

pub(crate) mod catalogue;
pub(crate) mod maintain;
pub(crate) mod read;
pub(crate) mod search;
pub(crate) mod write;

use memory_core::{CollectionSpec, Error, Result};
use rusqlite::{Connection, Transaction, TransactionBehavior};

use crate::error::{Failure, copy, from_driver, is_evaluation, leaves_outcome_open};
use crate::mapping::Row;
use crate::schema::{COLUMNS, Tables};

/// A write that shares its transactions with others, as [`Member`](crate::workers::group::Member) says.
pub(crate) trait Runs: Send + 'static {
    type Answer: Send + 'static;

    /// How many records the next run writes, and of how many bytes.
    fn size(&self) -> (usize, usize);

    /// Writes the next run.
    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()>;

    /// Hears what has become of the run; answers after the last one.
    fn settle(&mut self, outcome: Result<()>) -> Option<Result<Self::Answer>>;
}

/// What a handle of a collection is bound to.
#[derive(Clone, Debug)]
pub(crate) struct Target {
    pub(crate) spec: CollectionSpec,
    pub(crate) tables: Tables,
}

impl Target {
    pub(crate) fn new(spec: CollectionSpec) -> Self {
        Self { tables: Tables::new(spec.name()), spec }
    }

    /// Answers the incarnation of the collection as it is now (CO-5).
    ///
    /// # Errors
    /// `NotFound` if there is none of the handle's spec.
    fn enter(&self, connection: &Connection) -> Result<String, Failure> {
        match catalogue::find(connection, self.spec.name())? {
            Some(entry) if entry.spec == self.spec => Ok(entry.incarnation),
            _ => Err(catalogue::absent(self.spec.name()).into()),
        }
    }

    /// Runs reads of the collection in one snapshot; `work` is told the incarnation.
    pub(crate) fn read<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&Transaction<'_>, &str) -> Result<T, Failure>,
    ) -> Result<T> {
        let transaction = connection.transaction().map_err(Failure::from)?;
        let result = self.enter(&transaction).and_then(|incarnation| work(&transaction, &incarnation));
        result.map_err(|failure| self.explain(&transaction, failure))
    }

    /// Runs reads and writes of the collection in a transaction of their own.
    fn write<T>(
        &self,
        connection: &mut Connection,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let transaction = begin(connection).map_err(Failure::from)?;
        let answer = self.write_in(&transaction, work)?;
        commit(transaction).map(|()| answer)
    }

    /// Runs reads and writes of the collection in a transaction that is open.
    fn write_in<T>(
        &self,
        transaction: &Transaction<'_>,
        work: impl FnOnce(&Transaction<'_>) -> Result<T, Failure>,
    ) -> Result<T> {
        let result = self.enter(transaction).and_then(|_| work(transaction));
        result.map_err(|failure| self.explain(transaction, failure))
    }

    /// SQLite does not say which row holds a JSON text that is none, so it is looked for.
    fn explain(&self, connection: &Connection, failure: Failure) -> Error {
        match failure {
            Failure::Driver(error) if is_evaluation(&error) => match self.first_damaged(connection) {
                Ok(Some(damaged)) => damaged,
                Ok(None) | Err(_) => Failure::from(error).into(),
            },
            failure => failure.into(),
        }
    }

    fn first_damaged(&self, connection: &Connection) -> Result<Option<Error>, Failure> {
        let mut statement = connection.prepare(&format!("SELECT {COLUMNS} FROM {}", self.tables.records))?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let row = Row::read(row, 0)?;
            if !row.is_intact() {
                return Ok(Some(row.damaged()));
            }
        }
        Ok(None)
    }
}

pub(crate) fn begin(connection: &mut Connection) -> Result<Transaction<'_>, rusqlite::Error> {
    Transaction::new(connection, TransactionBehavior::Immediate)
}

fn commit(transaction: Transaction<'_>) -> Result<()> {
    transaction.commit().map_err(|error| commit_error(&error))
}

/// The error for a commit that failed; it says so if the transaction may be there all the same after a crash.
pub(crate) fn commit_error(error: &rusqlite::Error) -> Error {
    let converted = from_driver(copy(error));
    if leaves_outcome_open(error) { converted.with_open_outcome(false) } else { converted }
}
