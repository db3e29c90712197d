//! Opening and closing connections.

use std::fs;
use std::path::Path;
use std::thread;
use std::time::{Duration, Instant};

use memory_core::{Error, ErrorKind, Result};
use rusqlite::{Connection, ErrorCode, OpenFlags, Transaction, TransactionBehavior};

use crate::config::{Durability, SqliteConfig};
use crate::error::{Failure, from_driver};
use crate::schema::{self, APPLICATION_ID, Header};

/// How much of the file a connection keeps in memory, in KiB; SQLite's own 2,000 make a search of 30 MB read it from the system.
const CACHE_KIB: i64 = 32 * 1024;

/// Bytes in a page of a new file. A record with a vector of 384 components takes some 2,200: of those one fits into a page of 4,096, and
/// half of the file would be empty.
const PAGE: i64 = 8 * 1024;

/// How many pages the log has before it is moved into the file: 32 MiB. Each time the pages of indexes are written once more.
const LOG_PAGES: i64 = 4_000;

/// How many prepared statements a connection keeps.
const STATEMENTS: usize = 64;

/// The connection that writes; makes the file, or brings it up to date.
///
/// # Errors
/// Those of ER-1 for files that cannot be used; what is there is left as it is.
pub(crate) fn open(config: &SqliteConfig) -> Result<Connection> {
    let mut connection = match config.path() {
        None => Connection::open_in_memory().map_err(from_driver)?,
        Some(path) => {
            check_place(path)?;
            let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_CREATE;
            open_file(path, flags)?
        }
    };
    prepare(&mut connection, config).map_err(|failure| match failure {
        Failure::Driver(error) => explain(config.path(), error),
        Failure::Rule(error) => error,
    })?;
    Ok(connection)
}

/// A connection that reads.
///
/// # Errors
/// Those of SQLite.
pub(crate) fn open_reader(config: &SqliteConfig) -> Result<Connection> {
    let path = config.path().ok_or_else(|| Error::internal("a database in memory has one connection"))?;
    if !path.exists() {
        let message = format!("{} is gone: it was removed or renamed while the database was open", path.display());
        return Err(Error::new(ErrorKind::NotFound, message));
    }
    let connection = open_file(path, OpenFlags::SQLITE_OPEN_READ_WRITE)?;
    settle(&connection, config)
        .and_then(|()| connection.pragma_update(None, "query_only", true))
        .map_err(|error| explain(Some(path), error))?;
    Ok(connection)
}

/// Moves what is in the log into the file, if no other process is reading, and closes the connection.
///
/// # Errors
/// Those of SQLite. What was written is in the file or its log in any case.
pub(crate) fn close(connection: Connection) -> Result<()> {
    let emptied = connection
        .busy_timeout(Duration::from_secs(1))
        .and_then(|()| connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(())));
    let closed = connection.close().map_err(|(_, error)| error);
    match emptied.and(closed) {
        // Another process is using the log: it, or whoever closes last, empties it.
        Err(error) if is_busy(&error) => Ok(()),
        result => result.map_err(from_driver),
    }
}

/// Says what SQLite would only call "unable to open". It looks at names alone: opening the file here and closing it again
/// would release the locks that this process's other connections hold on it.
fn check_place(path: &Path) -> Result<()> {
    let shown = path.display();
    let folder = match path.parent() {
        Some(parent) if parent.as_os_str().is_empty() => Path::new("."),
        Some(parent) => parent,
        None => path,
    };
    if path.is_dir() {
        Err(Error::new(ErrorKind::Conflict, format!("{shown} is a folder: name a file in it")))
    } else if !folder.is_dir()
        && fs::metadata(folder).is_err_and(|error| error.kind() == std::io::ErrorKind::PermissionDenied)
    {
        Err(Error::new(ErrorKind::PermissionDenied, format!("no right to enter the folder of {shown}")))
    } else if !folder.is_dir() {
        Err(Error::new(ErrorKind::NotFound, format!("the folder of {shown} does not exist: make it first")))
    } else {
        Ok(())
    }
}

fn open_file(path: &Path, flags: OpenFlags) -> Result<Connection> {
    Connection::open_with_flags(path, flags | OpenFlags::SQLITE_OPEN_NO_MUTEX)
        .map_err(|error| explain(Some(path), error))
}

/// Names the file in errors that are about its place or its rights.
fn explain(path: Option<&Path>, error: rusqlite::Error) -> Error {
    let code = error.sqlite_error_code();
    let converted = from_driver(error);
    let Some(path) = path else { return converted };
    let shown = path.display();
    match code {
        // The folder is there and the path is no folder (see `check_place`): what is left is a lack of rights.
        Some(ErrorCode::CannotOpen | ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => unwritable(path),
        Some(ErrorCode::NotADatabase) => Error::new(
            ErrorKind::Corrupt,
            format!(
                "{shown} is not an SQLite database, or its header is damaged: choose another path or restore a backup"
            ),
        ),
        _ => converted,
    }
}

fn unwritable(path: &Path) -> Error {
    Error::new(
        ErrorKind::PermissionDenied,
        format!(
            "no right to read and write {}: the file, the files beside it and their folder must be writable",
            path.display()
        ),
    )
}

/// The settings of every connection.
fn settle(connection: &Connection, config: &SqliteConfig) -> Result<(), rusqlite::Error> {
    connection.busy_timeout(config.busy_deadline())?;
    connection.set_prepared_statement_cache_capacity(STATEMENTS);
    connection.pragma_update(None, "wal_autocheckpoint", LOG_PAGES)?;
    // Negative, SQLite takes it for KiB and not for pages.
    connection.pragma_update(None, "cache_size", -CACHE_KIB)?;
    let synchronous = match config.durability() {
        Durability::Full => "FULL",
        Durability::Relaxed => "NORMAL",
    };
    connection.pragma_update(None, "synchronous", synchronous)?;
    // What a statement would undo if it failed: in a file it is some seven pages for each record that is put.
    connection.pragma_update(None, "temp_store", "MEMORY")?;
    connection.pragma_update(None, "foreign_keys", true)?;
    connection.pragma_update(None, "trusted_schema", false)?;
    // Answers a row, so it is no plain update.
    connection.query_row("PRAGMA secure_delete = ON", [], |_| Ok(()))
}

fn prepare(connection: &mut Connection, config: &SqliteConfig) -> Result<(), Failure> {
    // Asked before any statement: a first one would leave files behind, with rights as few as the file's.
    if let Some(path) = config.path()
        && connection.is_readonly(rusqlite::MAIN_DB)?
    {
        return Err(unwritable(path).into());
    }
    settle(connection, config)?;
    // Looked at before anything is written, for the file may not be ours.
    let is_new = schema::is_new(header(&connection.transaction()?)?)?;
    if is_new {
        // Of a file that has a page already it is left as it is.
        connection.pragma_update(None, "page_size", PAGE)?;
    }
    if config.path().is_some() {
        use_log(connection, config)?;
    }
    if !is_new {
        // So that opening does not wait for who is writing.
        return Ok(());
    }
    let transaction = Transaction::new(connection, TransactionBehavior::Immediate)?;
    // Looked at again, for another process may have made the file just now.
    if schema::is_new(header(&transaction)?)? {
        transaction.execute_batch(schema::DATABASE)?;
        transaction.pragma_update(None, "application_id", APPLICATION_ID)?;
        transaction.pragma_update(None, "user_version", schema::LAYOUT)?;
    }
    Ok(transaction.commit()?)
}

/// Within a transaction, for another process may be making the file.
fn header(connection: &Transaction<'_>) -> Result<Header, rusqlite::Error> {
    Ok(Header {
        application_id: connection.pragma_query_value(None, "application_id", |row| row.get(0))?,
        user_version: connection.pragma_query_value(None, "user_version", |row| row.get(0))?,
        objects: connection.query_row("SELECT count(*) FROM sqlite_schema", [], |row| row.get(0))?,
    })
}

/// Turns the write-ahead log on. Two connections that do so at once would wait for each other, so SQLite tells one of them
/// "busy" without waiting; it tries again.
fn use_log(connection: &Connection, config: &SqliteConfig) -> Result<(), Failure> {
    let deadline = Instant::now() + config.busy_deadline();
    loop {
        let mode = connection.query_row("PRAGMA journal_mode = WAL", [], |row| row.get::<_, String>(0));
        match mode {
            Ok(mode) if mode == "wal" => return Ok(()),
            Ok(_) => {
                return Err(Error::unsupported(
                    "this file system cannot share memory between processes, which SQLite's log needs: use a local disk",
                )
                .into());
            }
            Err(error) if is_busy(&error) && Instant::now() < deadline => thread::sleep(Duration::from_millis(5)),
            Err(error) => return Err(error.into()),
        }
    }
}

fn is_busy(error: &rusqlite::Error) -> bool {
    matches!(error.sqlite_error_code(), Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_disk_is_waited_for_as_was_agreed() {
        let folder = tempfile::tempdir().unwrap();
        for (durability, expected) in [(Durability::Full, 2), (Durability::Relaxed, 1)] {
            let config = SqliteConfig::new(folder.path().join("memory.db")).with_durability(durability);
            let connection = open(&config).unwrap();
            let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
            assert_eq!(synchronous, expected, "{durability:?}");
        }
        let connection = open(&SqliteConfig::new(folder.path().join("default.db"))).unwrap();
        let synchronous: i64 = connection.pragma_query_value(None, "synchronous", |row| row.get(0)).unwrap();
        assert_eq!(synchronous, 2);
    }
}
