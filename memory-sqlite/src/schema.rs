//! Names and layout of the tables.

use memory_core::{CollectionName, Error, ErrorKind, Result};

/// `MEMR` in ASCII, in the header of every file of ours (SQLite's `application_id`).
pub(crate) const APPLICATION_ID: i64 = 0x4d45_4d52;

/// The number of the layout, in the header too (SQLite's `user_version`). Layouts 1 and 2 were never released.
pub(crate) const LAYOUT: i64 = 3;

/// What makes the tables of the database as a whole.
pub(crate) const DATABASE: &str = include_str!("../schema/database.sql");

const COLLECTION: &str = include_str!("../schema/collection.sql");

/// The columns of a record, in the order in which [`Row`](crate::mapping::Row) reads them.
pub(crate) const COLUMNS: &str =
    "namespace, id, kind, created_at, updated_at, expires_at, version, checksum, record, embedding";

/// What stands in the header of a file, and how many tables, views, indexes and triggers it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) application_id: i64,
    pub(crate) user_version: i64,
    pub(crate) objects: i64,
}

/// Whether a file with this header is still empty and has to be made a database; if not, it is one of ours.
///
/// # Errors
/// `Unsupported` for another layout, `Conflict` for another program's database.
pub(crate) fn is_new(header: Header) -> Result<bool> {
    match header {
        Header { application_id: 0, user_version: 0, objects: 0 } => Ok(true),
        Header { application_id: APPLICATION_ID, user_version: LAYOUT, .. } => Ok(false),
        Header { application_id: APPLICATION_ID, user_version: layout @ 1..LAYOUT, .. } => {
            Err(Error::unsupported(format!(
                "the file has layout {layout}, of a program before its first release: export it with that program, and import \
             what it gives into a new file"
            )))
        }
        Header { application_id: APPLICATION_ID, user_version: layout, .. } => Err(Error::unsupported(format!(
            "the file has layout {layout}, this program knows {LAYOUT}: use a newer version of the program"
        ))),
        _ => Err(Error::new(
            ErrorKind::Conflict,
            "the file is the SQLite database of another program and is left alone: choose another path",
        )),
    }
}

/// The tables of one collection, quoted, ready for SQL text.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    name: String,
    pub(crate) records: String,
    pub(crate) changes: String,
}

impl Tables {
    pub(crate) fn new(name: &CollectionName) -> Self {
        let name = name.as_str().to_owned();
        let of = |object: &str| format!("\"{object}.{name}\"");
        Self { records: of("records"), changes: of("changes"), name }
    }

    /// What makes them.
    pub(crate) fn create(&self) -> String {
        COLLECTION.replace("NAME", &self.name)
    }

    /// What removes them, with their indexes and triggers.
    pub(crate) fn drop(&self) -> String {
        format!("DROP TABLE {}; DROP TABLE {};", self.records, self.changes)
    }

    /// The names that must be free, or ours, for the collection to have its tables. Its own bare name comes first: whoever
    /// made a table of that name means that name.
    pub(crate) fn claimed(&self) -> Vec<String> {
        let objects = [
            "records", "changes", "scope", "created", "updated", "expires", "inserted", "replaced", "deleted",
            "trimmed",
        ];
        let of_ours = objects.iter().map(|object| format!("{object}.{}", self.name));
        std::iter::once(self.name.clone()).chain(of_ours).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_our_files_and_empty_ones_are_taken() {
        let header = |application_id, user_version, objects| Header { application_id, user_version, objects };
        assert!(is_new(header(0, 0, 0)).unwrap());
        assert!(!is_new(header(0x4d45_4d52, 3, 9)).unwrap());
        for (foreign, kind) in [
            (header(0, 0, 1), ErrorKind::Conflict),
            (header(0, 3, 0), ErrorKind::Conflict),
            (header(77, 1, 0), ErrorKind::Conflict),
            (header(0x4d45_4d52, 1, 9), ErrorKind::Unsupported),
            (header(0x4d45_4d52, 2, 9), ErrorKind::Unsupported),
            (header(0x4d45_4d52, 4, 9), ErrorKind::Unsupported),
            (header(0x4d45_4d52, -1, 9), ErrorKind::Unsupported),
        ] {
            assert_eq!(is_new(foreign).unwrap_err().kind(), kind, "{foreign:?}");
        }
    }

    #[test]
    fn every_object_of_a_collection_carries_its_name_and_a_dot() {
        let tables = Tables::new(&CollectionName::new("notes").unwrap());
        let sql = tables.create();
        assert_eq!(sql.matches("CREATE ").count(), 10);
        assert_eq!(sql.matches(".notes\"").count(), 22);
        for name in tables.claimed().iter().skip(1) {
            assert!(sql.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
