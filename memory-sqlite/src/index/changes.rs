//! The log of changes of a collection, by which what is held in memory catches up with what any process has written.

use std::io;

use rusqlite::{Connection, OptionalExtension, Transaction};

use super::bytes::{In, Out, damaged};
use crate::schema::Tables;

/// How far a collection has come: two of the same incarnation that are equal have the same records.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct State {
    incarnation: String,
    /// Both 0 before the first change.
    sequence: i64,
    mark: i64,
}

/// What lies between a state and the present.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Since {
    /// The rows that were put or deleted, each once.
    Rows(Vec<i64>),
    /// The log does not reach back that far, or knows nothing of that state.
    Unknown,
}

impl State {
    /// Writes it for [`Self::read_from`].
    pub(super) fn write(&self, out: &mut Out) -> io::Result<()> {
        out.text(&self.incarnation)?;
        out.numbers(&[self.sequence, self.mark])
    }

    pub(super) fn read_from(input: &mut In) -> io::Result<Self> {
        let incarnation = input.text()?;
        match input.column(2)?[..] {
            [sequence, mark] => Ok(Self { incarnation, sequence, mark }),
            _ => Err(damaged()),
        }
    }

    /// The state that a transaction sees.
    pub(crate) fn read(
        transaction: &Transaction<'_>,
        tables: &Tables,
        incarnation: &str,
    ) -> Result<Self, rusqlite::Error> {
        let sql = format!("SELECT sequence, mark FROM {} ORDER BY sequence DESC LIMIT 1", tables.changes);
        let read = |row: &rusqlite::Row<'_>| Ok((row.get(0)?, row.get(1)?));
        let last = transaction.prepare_cached(&sql)?.query_row([], read).optional()?;
        let (sequence, mark) = last.unwrap_or((0, 0));
        Ok(Self { incarnation: incarnation.to_owned(), sequence, mark })
    }

    /// What has changed from this state to `present`, which is what the connection sees.
    pub(crate) fn until(
        &self,
        present: &Self,
        connection: &Connection,
        tables: &Tables,
    ) -> Result<Since, rusqlite::Error> {
        if self.incarnation != present.incarnation || self.sequence > present.sequence {
            return Ok(Since::Unknown);
        }
        let known: bool = if self.sequence == 0 {
            let sql = format!("SELECT ifnull(min(sequence) = 1, TRUE) FROM {}", tables.changes);
            connection.query_row(&sql, [], |row| row.get(0))?
        } else {
            let sql = format!("SELECT EXISTS (SELECT 1 FROM {} WHERE sequence = ? AND mark = ?)", tables.changes);
            connection.prepare_cached(&sql)?.query_row([self.sequence, self.mark], |row| row.get(0))?
        };
        if !known {
            return Ok(Since::Unknown);
        }
        let sql = format!("SELECT DISTINCT row FROM {} WHERE sequence > ?", tables.changes);
        let mut statement = connection.prepare_cached(&sql)?;
        Ok(Since::Rows(statement.query_map([self.sequence], |row| row.get(0))?.collect::<Result<_, _>>()?))
    }
}

#[cfg(test)]
mod tests {
    use memory_core::CollectionName;

    use super::*;

    /// A collection with one record in each of the rows 1 and 2.
    fn collection() -> (Connection, Tables) {
        let connection = Connection::open_in_memory().unwrap();
        let tables = Tables::new(&CollectionName::new("t").unwrap());
        connection.execute_batch(&tables.create()).unwrap();
        for row in 1..3 {
            put(&connection, row);
        }
        (connection, tables)
    }

    fn put(connection: &Connection, row: i64) {
        let sql = "INSERT INTO \"records.t\" VALUES (?1, 'n/', ?1, '', 0, 0, NULL, 0, 0, '{}', NULL) \
                   ON CONFLICT (row) DO UPDATE SET kind = excluded.kind";
        connection.execute(sql, [row]).unwrap();
    }

    fn state(connection: &mut Connection, tables: &Tables) -> State {
        State::read(&connection.transaction().unwrap(), tables, "i").unwrap()
    }

    #[test]
    fn every_put_and_delete_is_logged() {
        let (mut connection, tables) = collection();
        let before = state(&mut connection, &tables);
        assert_eq!(before.sequence, 2);
        assert_eq!(before.until(&before, &connection, &tables).unwrap(), Since::Rows(vec![]));
        put(&connection, 2);
        put(&connection, 3);
        connection.execute("DELETE FROM \"records.t\" WHERE row = 1", []).unwrap();
        let after = state(&mut connection, &tables);
        assert_eq!(after.sequence, 5);
        let Since::Rows(mut rows) = before.until(&after, &connection, &tables).unwrap() else { panic!("unknown") };
        rows.sort_unstable();
        assert_eq!(rows, [1, 2, 3]);
    }

    #[test]
    fn a_state_of_another_file_or_before_the_log_is_unknown() {
        let (mut connection, tables) = collection();
        let now = state(&mut connection, &tables);
        let empty = State { sequence: 0, mark: 0, ..now.clone() };
        assert_eq!(empty.until(&now, &connection, &tables).unwrap(), Since::Rows(vec![1, 2]));
        for other in [
            State { mark: now.mark ^ 1, ..now.clone() },
            State { incarnation: "j".to_owned(), ..now.clone() },
            State { sequence: 3, ..now.clone() },
        ] {
            assert_eq!(other.until(&now, &connection, &tables).unwrap(), Since::Unknown, "{other:?}");
        }
        connection.execute("DELETE FROM \"changes.t\" WHERE sequence = 1", []).unwrap();
        assert_eq!(empty.until(&now, &connection, &tables).unwrap(), Since::Unknown);
    }

    #[test]
    fn the_log_is_trimmed() {
        let (mut connection, tables) = collection();
        connection.execute("UPDATE \"changes.t\" SET sequence = 131071 WHERE sequence = 2", []).unwrap();
        put(&connection, 2);
        let kept: (i64, i64) = connection
            .query_row("SELECT count(*), max(sequence) FROM \"changes.t\"", [], |row| Ok((row.get(0)?, row.get(1)?)))
            .unwrap();
        assert_eq!(kept, (2, 131_072));
        assert_eq!(state(&mut connection, &tables).sequence, 131_072);
    }
}
