//! Names and layout of the tables, and how one layout becomes the next.

use memory_core::{CollectionName, Error, ErrorKind, Result};

/// `MEMR` in ASCII, in the header of every file of ours (SQLite's `application_id`).
pub(crate) const APPLICATION_ID: i64 = 0x4d45_4d52;

/// `MIGRATIONS[n]` turns layout n into layout n + 1; layout 0 is the empty file.
const MIGRATIONS: [Migration; 2] =
    [Migration::Database(include_str!("../schema/1.sql")), Migration::Collections(CHANGES)];

const COLLECTION: &str = include_str!("../schema/collection.sql");

const CHANGES: &str = include_str!("../schema/2.sql");

/// SQL that a file needs to become one of the next layout.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Migration {
    /// Runs once.
    Database(&'static str),
    /// Runs for each collection, [with its name](Tables::named) in the place of NAME.
    Collections(&'static str),
}

/// The columns of a record, in the order in which [`Row`](crate::mapping::Row) reads them.
pub(crate) const COLUMNS: &str =
    "namespace, id, kind, created_at, updated_at, expires_at, length, version, checksum, record, embedding";

/// What stands in the header of a file, and how many tables, views, indexes and triggers it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Header {
    pub(crate) application_id: i64,
    pub(crate) user_version: i64,
    pub(crate) objects: i64,
}

/// The migrations that a file with this header needs; none where it is up to date.
///
/// # Errors
/// `Unsupported` for a newer layout, `Conflict` for another program's database.
pub(crate) fn migrations(header: Header) -> Result<&'static [Migration]> {
    match header {
        Header { application_id: 0, user_version: 0, objects: 0 } => Ok(&MIGRATIONS),
        Header { application_id: APPLICATION_ID, user_version, .. } => {
            usize::try_from(user_version).ok().and_then(|done| MIGRATIONS.get(done..)).ok_or_else(|| {
                Error::unsupported(format!(
                    "the file has layout {user_version}, this program knows up to {}: use a newer version of the program",
                    MIGRATIONS.len()
                ))
            })
        }
        _ => Err(Error::new(
            ErrorKind::Conflict,
            "the file is the SQLite database of another program and is left alone: choose another path",
        )),
    }
}

/// The number of the newest layout.
pub(crate) fn newest() -> i64 {
    MIGRATIONS.len() as i64
}

/// The tables of one collection, quoted, ready for SQL text.
#[derive(Clone, Debug)]
pub(crate) struct Tables {
    name: String,
    pub(crate) records: String,
    pub(crate) postings: String,
    pub(crate) changes: String,
}

impl Tables {
    pub(crate) fn new(name: &CollectionName) -> Self {
        let name = name.as_str().to_owned();
        let of = |object: &str| format!("\"{object}.{name}\"");
        Self { records: of("records"), postings: of("postings"), changes: of("changes"), name }
    }

    /// What makes them.
    pub(crate) fn create(&self) -> String {
        self.named(COLLECTION) + &self.named(CHANGES)
    }

    /// The SQL with this collection's name.
    pub(crate) fn named(&self, sql: &str) -> String {
        sql.replace("NAME", &self.name)
    }

    /// What removes them, with their indexes and triggers.
    pub(crate) fn drop(&self) -> String {
        format!("DROP TABLE {}; DROP TABLE {}; DROP TABLE {};", self.records, self.postings, self.changes)
    }

    /// The names that must be free, or ours, for the collection to have its tables. Its own bare name comes first: whoever
    /// made a table of that name means that name.
    pub(crate) fn claimed(&self) -> Vec<String> {
        let objects = [
            "records", "postings", "changes", "scope", "created", "updated", "expires", "inserted", "replaced",
            "deleted", "trimmed",
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
        assert_eq!(migrations(header(0, 0, 0)).unwrap().len(), 2);
        assert_eq!(migrations(header(0x4d45_4d52, 1, 9)).unwrap(), [Migration::Collections(CHANGES)]);
        assert_eq!(migrations(header(0x4d45_4d52, 2, 9)).unwrap(), []);
        for (foreign, kind) in [
            (header(0, 0, 1), ErrorKind::Conflict),
            (header(0, 3, 0), ErrorKind::Conflict),
            (header(77, 1, 0), ErrorKind::Conflict),
            (header(0x4d45_4d52, 3, 9), ErrorKind::Unsupported),
            (header(0x4d45_4d52, -1, 9), ErrorKind::Unsupported),
        ] {
            assert_eq!(migrations(foreign).unwrap_err().kind(), kind, "{foreign:?}");
        }
    }

    #[test]
    fn every_object_of_a_collection_carries_its_name_and_a_dot() {
        let tables = Tables::new(&CollectionName::new("notes").unwrap());
        let sql = tables.create();
        assert_eq!(sql.matches("CREATE ").count(), 11);
        assert_eq!(sql.matches(".notes\"").count(), 23);
        for name in tables.claimed().iter().skip(1) {
            assert!(sql.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
