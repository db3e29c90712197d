//! The collections of the database.

use std::collections::BTreeSet;

use memory_core::{
    Analyser, CollectionName, CollectionSpec, CreateOptions, Error, ErrorKind, Language, Metric, Result, Value,
};
use rusqlite::{Connection, OptionalExtension, Row, params};

use super::{begin, commit};
use crate::error::{Failure, corrupt};
use crate::query;
use crate::schema::Tables;

/// A collection as the catalogue has it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) incarnation: String,
    pub(crate) spec: CollectionSpec,
    index_paths: BTreeSet<Vec<String>>,
}

const SELECT: &str =
    "SELECT incarnation, name, dimension, metric, language, analyser, embedder, index_paths FROM _memory_collections";

/// What a handle is told whose collection is not there, or not the same any more.
pub(crate) fn absent(name: &CollectionName) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no collection {name}, or it was made anew with another spec"))
}

/// Makes the collection, or finds the one of the same spec; adds index hints (CO-1, CO-7).
pub(crate) fn create(connection: &mut Connection, spec: &CollectionSpec, options: &CreateOptions) -> Result<()> {
    let paths: BTreeSet<Vec<String>> = options.index_paths.iter().cloned().collect();
    if find(connection, spec.name())?.is_some_and(|entry| entry.spec == *spec && paths.is_subset(&entry.index_paths)) {
        // So that finding a collection does not wait for who is writing.
        return Ok(());
    }
    let transaction = begin(connection).map_err(Failure::from)?;
    match find(&transaction, spec.name())? {
        None => {
            refuse_foreign(&transaction, spec.name())?;
            transaction.execute_batch(&Tables::new(spec.name()).create()).map_err(Failure::from)?;
            insert(&transaction, spec, &paths)?;
        }
        Some(entry) if entry.spec != *spec => {
            return Err(Error::new(
                ErrorKind::Conflict,
                format!("a collection of another spec has this name: it is {}, asked for {spec}", entry.spec),
            ));
        }
        Some(entry) => {
            let paths = paths.union(&entry.index_paths).cloned().collect();
            let sql = "UPDATE _memory_collections SET index_paths = ?2 WHERE name = ?1";
            transaction.execute(sql, params![spec.name().as_str(), to_json(&paths)]).map_err(Failure::from)?;
        }
    }
    commit(transaction)
}

/// The spec of a collection that this program can use.
///
/// # Errors
/// `NotFound`; `Conflict` for a foreign table of its name and for another analyser (TX-1).
pub(crate) fn open(connection: &mut Connection, name: &CollectionName) -> Result<CollectionSpec> {
    let transaction = connection.transaction().map_err(Failure::from)?;
    let Some(Entry { spec, .. }) = find(&transaction, name)? else {
        refuse_foreign(&transaction, name)?;
        return Err(Error::new(ErrorKind::NotFound, format!("there is no collection {name}")));
    };
    if spec.analyser().is_current() {
        return Ok(spec);
    }
    Err(Error::new(
        ErrorKind::Conflict,
        format!(
            "{spec} was made with another version of the analyser, this program has version {}: the maintenance task \
             reindex of {name} (Maintenance::Reindex) takes it over",
            Analyser::VERSION
        ),
    ))
}

/// Removes a collection; answers whether there was one (CO-5).
pub(crate) fn remove(connection: &mut Connection, name: &CollectionName) -> Result<bool> {
    let transaction = begin(connection).map_err(Failure::from)?;
    let known = find_row(&transaction, name)?.is_some();
    if known {
        transaction.execute_batch(&Tables::new(name).drop()).map_err(Failure::from)?;
        let sql = "DELETE FROM _memory_collections WHERE name = ?";
        transaction.execute(sql, [name.as_str()]).map_err(Failure::from)?;
    } else {
        refuse_foreign(&transaction, name)?;
    }
    commit(transaction)?;
    Ok(known)
}

/// All collections, by name (CO-6).
pub(crate) fn list(connection: &Connection) -> Result<Vec<CollectionSpec>> {
    let rows = || -> Result<Vec<Raw>, rusqlite::Error> {
        connection.prepare(&format!("{SELECT} ORDER BY name"))?.query_map([], raw)?.collect()
    };
    rows().map_err(Failure::from)?.into_iter().map(|row| entry(row).map(|entry| entry.spec)).collect()
}

/// What the catalogue knows of this name.
pub(crate) fn find(connection: &Connection, name: &CollectionName) -> Result<Option<Entry>> {
    find_row(connection, name)?.map(entry).transpose()
}

/// Says that the collection's words are now those of this program's analyser.
pub(crate) fn set_analyser_version(connection: &Connection, name: &CollectionName) -> Result<(), Failure> {
    let sql = "UPDATE _memory_collections SET analyser = ?2 WHERE name = ?1";
    connection.execute(sql, params![name.as_str(), Analyser::VERSION])?;
    Ok(())
}

fn insert(connection: &Connection, spec: &CollectionSpec, paths: &BTreeSet<Vec<String>>) -> Result<()> {
    let sql = "INSERT INTO _memory_collections VALUES (lower(hex(randomblob(16))), ?, ?, ?, ?, ?, ?, ?)";
    let values = params![
        spec.name().as_str(),
        spec.vectors().map(|vectors| vectors.dimension as u64).map(u64::cast_signed),
        spec.vectors().map(|vectors| vectors.metric.as_str()),
        spec.analyser().language().as_str(),
        spec.analyser().version(),
        spec.embedder(),
        to_json(paths),
    ];
    connection.execute(sql, values).map_err(Failure::from)?;
    Ok(())
}

/// Refuses a name that belongs to a table, view or index which the catalogue does not know.
fn refuse_foreign(connection: &Connection, name: &CollectionName) -> Result<()> {
    // What starts with `sqlite_` is SQLite's own, nobody else can make it, and it is in nobody's way.
    let sql = "SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name COLLATE NOCASE IN (SELECT value FROM json_each(?)) \
               AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\')";
    let claimed = query::list(Tables::new(name).claimed());
    let foreign: bool = connection.query_row(sql, [claimed], |row| row.get(0)).map_err(Failure::from)?;
    if foreign {
        let message = format!(
            "the database has a table or view {name}, or one that ends in .{name}, that is not this program's; it is left alone"
        );
        return Err(Error::new(ErrorKind::Conflict, message));
    }
    Ok(())
}

type Raw = (String, String, Option<i64>, Option<String>, String, u32, Option<String>, String);

fn find_row(connection: &Connection, name: &CollectionName) -> Result<Option<Raw>> {
    let find = || -> Result<Option<Raw>, rusqlite::Error> {
        connection.prepare_cached(&format!("{SELECT} WHERE name = ?"))?.query_row([name.as_str()], raw).optional()
    };
    Ok(find().map_err(Failure::from)?)
}

fn raw(row: &Row<'_>) -> Result<Raw, rusqlite::Error> {
    Ok((row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?, row.get(5)?, row.get(6)?, row.get(7)?))
}

fn entry((incarnation, name, dimension, metric, language, analyser, embedder, index_paths): Raw) -> Result<Entry> {
    let read = || -> Option<Entry> {
        let language: Language = language.parse().ok()?;
        let mut spec = CollectionSpec::new(CollectionName::new(name.as_str()).ok()?);
        spec = spec.with_analyser(Analyser::stored(language, analyser));
        if let (Some(dimension), Some(metric)) = (dimension, metric) {
            spec = spec.with_vectors(usize::try_from(dimension).ok()?, metric.parse::<Metric>().ok()?).ok()?;
        }
        if let Some(label) = embedder {
            spec = spec.with_embedder(label).ok()?;
        }
        Some(Entry { incarnation, spec, index_paths: from_json(&index_paths)? })
    };
    read()
        .ok_or_else(|| corrupt(format!("the catalogue's row of the collection {name:?} is damaged: restore a backup")))
}

fn to_json(paths: &BTreeSet<Vec<String>>) -> String {
    Value::from(paths.iter().cloned().collect::<Vec<_>>()).to_json()
}

fn from_json(text: &str) -> Option<BTreeSet<Vec<String>>> {
    let Value::Array(paths) = Value::from_json(text).ok()? else { return None };
    let key = |key| if let Value::String(key) = key { Some(key) } else { None };
    let path = |path| if let Value::Array(keys) = path { keys.into_iter().map(key).collect() } else { None };
    paths.into_iter().map(path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_paths_go_there_and_back() {
        let paths = BTreeSet::from([vec!["a.b".to_owned(), "\"".to_owned()], vec![String::new()]]);
        assert_eq!(to_json(&paths), r#"[[""],["a.b","\""]]"#);
        assert_eq!(from_json(&to_json(&paths)), Some(paths));
        assert_eq!(from_json("[1]"), None);
    }
}
