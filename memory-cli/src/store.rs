//! Which store: from a URL to an open database.

use std::fmt;
use std::path::PathBuf;

use etcetera::BaseStrategy as _;
use memory_core::Database;
use memory_reference::ReferenceBackend;
use memory_sqlite::{SqliteBackend, SqliteConfig};

use crate::failure::Failure;

const KNOWN: &str = "the known ones are sqlite:PATH (a file) and reference: (in memory, gone at the end)";

/// A store that the user can name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Store {
    /// One SQLite file.
    Sqlite(PathBuf),
    /// The file in the user's data directory, whose folder is made when it is missing.
    Default(PathBuf),
    /// In the memory of this process.
    Reference,
}

impl Store {
    /// Reads `sqlite:PATH` or `reference:`.
    pub(crate) fn parse(url: &str) -> Result<Self, String> {
        match url.split_once(':') {
            Some(("sqlite", "")) => Err("a path belongs after sqlite:, as in sqlite:memories.db".to_owned()),
            Some(("sqlite", ":memory:")) => Err("a database in memory is asked for as reference:".to_owned()),
            Some(("sqlite", path)) if path.starts_with("//") => {
                Err("the path follows the colon without slashes of its own, as in sqlite:/var/lib/memories.db"
                    .to_owned())
            }
            Some(("sqlite", path)) => Ok(Self::Sqlite(PathBuf::from(path))),
            Some(("reference", "")) => Ok(Self::Reference),
            Some(("reference", _)) => Err("nothing follows reference:".to_owned()),
            Some((scheme, _)) => Err(format!("there is no store of the kind {scheme}; {KNOWN}")),
            None => Err(format!("a store is named by a URL; {KNOWN}")),
        }
    }

    /// The file that is meant when no store is named.
    pub(crate) fn in_data_directory() -> Result<Self, Failure> {
        let strategy = etcetera::choose_base_strategy().map_err(|_| {
            Failure::Usage("there is no home directory: name a store, as in --store sqlite:PATH".to_owned())
        })?;
        Ok(Self::Default(strategy.data_dir().join("memoryctl").join("memories.db")))
    }

    /// Opens the database. A file that does not exist is made only if `make` says so: a reading verb with a misspelt path
    /// leaves nothing behind.
    pub(crate) async fn open(&self, make: bool) -> Result<Database, Failure> {
        let path = match self {
            Self::Reference => return Ok(Database::new(ReferenceBackend::new())),
            Self::Sqlite(path) | Self::Default(path) => path,
        };
        if !make && !path.exists() {
            let message =
                format!("there is no database at {}; memoryctl add, create and import make one", path.display());
            return Err(Failure::Absent(message));
        }
        if let (true, Self::Default(path)) = (make, self)
            && let Some(folder) = path.parent()
        {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
        }
        let backend = SqliteBackend::open(SqliteConfig::new(path)).await;
        let backend = backend.map_err(|error| Failure::from(error).map(|message| format!("{self}: {message}")))?;
        Ok(Database::new(backend))
    }
}

/// As the user may name it.
impl fmt::Display for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite(path) | Self::Default(path) => write!(f, "sqlite:{}", path.display()),
            Self::Reference => f.write_str("reference:"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn urls_name_stores_and_nothing_else_does() {
        assert_eq!(Store::parse("sqlite:a b:c.db"), Ok(Store::Sqlite("a b:c.db".into())));
        assert_eq!(Store::parse("sqlite:/a"), Ok(Store::Sqlite("/a".into())));
        assert_eq!(Store::parse("reference:"), Ok(Store::Reference));
        for bad in [
            "",
            "sqlite",
            "sqlite:",
            "sqlite::memory:",
            "sqlite://a",
            "reference:a",
            "a.db",
            "postgres://a",
            ":",
            "SQLITE:a",
        ] {
            assert!(Store::parse(bad).is_err(), "{bad}");
        }
        let unknown = Store::parse("postgres://user:secret@host/db").unwrap_err();
        assert!(unknown.contains("sqlite:PATH") && unknown.contains("reference:") && !unknown.contains("secret"));
    }
}
