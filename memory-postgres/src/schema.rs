//! Names in the database, what makes the tables, and what the backend publishes about itself.

use memory_core::{
    Bm25, Capabilities, ChangedWhileDeleting, CollectionName, CollectionSpec, Consistency, Error, Facts, Limits, Place,
    Result, Sharing, Switch,
};
use tokio_postgres::Row;

use crate::mapping::{Types, Value, column};
use crate::query::{Statement, text};

/// `MIGRATIONS[n]` turns layout n into layout n + 1; layout 0 is nothing at all.
const MIGRATIONS: [&str; 1] = [include_str!("../schema/1.sql")];

/// The layout that this program has.
pub(crate) const NEWEST: u32 = MIGRATIONS.len() as u32;

const COLLECTION: &str = include_str!("../schema/collection.sql");

/// What turns row-level security on for a table.
pub(crate) const SECURED: &str = include_str!("../schema/secured.sql");

/// The least version of the server (`server_version_num`) and of pgvector that this program is made for.
pub(crate) const LEAST_SERVER: i32 = 140_000;
pub(crate) const LEAST_VECTOR: (u32, u32) = (0, 8);

/// Makes the extension where the server lets us.
pub(crate) const CREATE_EXTENSION: &str = "CREATE EXTENSION IF NOT EXISTS vector";

/// Up to this dimension an embedding lies in its row, which fills a page of 8 kB at most; longer ones lie beside it.
const MOST_IN_ROW: usize = 1_536;

pub(crate) fn capabilities(limits: Limits, approximate: bool) -> Capabilities {
    let facts = Facts {
        place: Place::Server,
        durable: true,
        sharing: Sharing::Many,
        consistency: Consistency::Immediate,
        bm25: Bm25::Exact,
        approximate,
        changed_while_deleting: ChangedWhileDeleting::Kept,
    };
    let switches = [Switch::ConditionalWrites, Switch::AtomicBatches, Switch::Reindex];
    Capabilities::new("postgres", facts).with_switches(switches).with_limits(limits)
}

/// The quoted names of the schema that holds the tables, and of the one that the extension is in.
#[derive(Clone, Debug)]
pub(crate) struct Names {
    /// Without quotes; its letters need none.
    pub(crate) schema: String,
    pub(crate) extension: String,
    /// With row-level security the user that reads and writes records, without quotes.
    pub(crate) reader: Option<String>,
}

impl Names {
    /// The SQL with the schema in the place of SCHEMA.
    pub(crate) fn named(&self, sql: &str) -> String {
        sql.replace("SCHEMA", &self.schema)
    }

    /// What brings a database of this layout to the newest.
    ///
    /// # Errors
    /// `Unsupported` for a newer layout.
    pub(crate) fn migrations(&self, layout: i32) -> Result<Vec<String>> {
        let rest = usize::try_from(layout).ok().and_then(|done| MIGRATIONS.get(done..));
        let rest = rest.ok_or_else(|| {
            Error::unsupported(format!(
                "the schema {} has layout {layout}, this program knows up to {}: use a newer version of the program",
                self.schema,
                MIGRATIONS.len()
            ))
        })?;
        Ok(rest.iter().map(|sql| self.named(sql)).collect())
    }

    /// The table of a collection.
    pub(crate) fn table(&self, name: &CollectionName, number: i64) -> Table {
        Table {
            records: format!("{}.\"{name}_{number}\"", self.schema),
            versions: format!("{}.memory_versions", self.schema),
            extension: self.extension.clone(),
            secured: self.reader.is_some(),
        }
    }

    /// What makes the table of a collection.
    pub(crate) fn create(&self, spec: &CollectionSpec, number: i64) -> String {
        let records = self.table(spec.name(), number).records;
        let dimension = spec.vectors().map(|vectors| vectors.dimension);
        let vector = format!("{}.vector", self.extension);
        let vector = dimension.map_or(vector.clone(), |dimension| format!("{vector}({dimension})"));
        let mut sql = COLLECTION.replace("SCHEMA.TABLE", &records).replace("VECTOR", &vector);
        if self.reader.is_some() {
            sql.push_str(&SECURED.replace("SCHEMA.TABLE", &records));
        }
        if dimension.is_some_and(|dimension| dimension <= MOST_IN_ROW) {
            sql.push_str(&format!("ALTER TABLE {records} ALTER COLUMN embedding SET STORAGE PLAIN;\n"));
        }
        sql
    }
}

/// Answers the statement that makes the index of a metadata path: by hashes, so that no value is too long for it.
pub(crate) fn index_path(table: &Table, path: &[String]) -> Statement {
    let keys = " -> %L".repeat(path.len());
    let sql =
        format!("SELECT format('CREATE INDEX ON %s USING gin ((metadata{keys}) jsonb_path_ops)', VARIADIC ?::text[])");
    let values = std::iter::once(table.records.clone()).chain(path.iter().cloned()).collect();
    Statement::new(&sql, vec![Value::Texts(values)])
}

/// What a server says of itself.
#[derive(Clone, Debug)]
pub(crate) struct Server {
    pub(crate) number: i32,
    pub(crate) version: String,
    pub(crate) encoding: String,
    /// Version, quoted schema, and the numbers of the types `vector` and `vector[]`.
    pub(crate) extension: Option<(String, String, u32, u32)>,
    /// Whether the schema of this program, and the extension's files on the server, are there.
    pub(crate) has_layout: bool,
    pub(crate) can_extend: bool,
}

/// What [`Server::read`] reads.
pub(crate) fn server(schema: &str) -> Statement {
    let sql = "SELECT current_setting('server_version_num')::int4, current_setting('server_version'), \
               current_setting('server_encoding'), to_regclass(?::text) IS NOT NULL, \
               EXISTS (SELECT 1 FROM pg_available_extensions WHERE name = 'vector'), \
               e.extversion, quote_ident(n.nspname), t.oid, t.typarray \
               FROM (SELECT 1) AS one LEFT JOIN pg_extension e ON e.extname = 'vector' \
               LEFT JOIN pg_namespace n ON n.oid = e.extnamespace \
               LEFT JOIN pg_type t ON t.typnamespace = e.extnamespace AND t.typname = 'vector'";
    Statement::new(sql, vec![text(&format!("{schema}.memory_layout"))])
}

impl Server {
    pub(crate) fn read(row: &Row) -> Result<Self> {
        let version: Option<String> = column(row, 5)?;
        let extension = match (version, column(row, 6)?, column(row, 7)?, column(row, 8)?) {
            (Some(version), Some(schema), Some(vector), Some(vectors)) => Some((version, schema, vector, vectors)),
            _ => None,
        };
        Ok(Self {
            number: column(row, 0)?,
            version: column(row, 1)?,
            encoding: column(row, 2)?,
            has_layout: column(row, 3)?,
            can_extend: column(row, 4)?,
            extension,
        })
    }

    /// Refuses a server that this program cannot work with.
    pub(crate) fn check(&self) -> Result<()> {
        if self.number < LEAST_SERVER {
            let least = LEAST_SERVER / 10_000;
            return Err(Error::unsupported(format!(
                "this is PostgreSQL {}: version {least} or later is needed",
                self.version
            )));
        }
        if self.encoding != "UTF8" {
            let message = "the database's encoding is not UTF8: make another one with `createdb --encoding UTF8 --template template0`";
            return Err(Error::unsupported(message));
        }
        Ok(())
    }

    /// The extension's schema and types.
    ///
    /// # Errors
    /// `Unsupported` if it is absent or too old, with the command that helps.
    pub(crate) fn extension(&self) -> Result<(String, Types)> {
        let Some((version, schema, vector, vectors)) = &self.extension else {
            return Err(Error::unsupported(if self.can_extend {
                "the database lacks the extension pgvector: have its owner, or a superuser, run CREATE EXTENSION vector"
            } else {
                "pgvector is not installed on the server: install version 0.8 or later of it there, then run CREATE EXTENSION vector"
            }));
        };
        let mut parts = version.split('.').map(|part| part.parse::<u32>().unwrap_or(0));
        if (parts.next().unwrap_or(0), parts.next().unwrap_or(0)) < LEAST_VECTOR {
            return Err(Error::unsupported(format!(
                "the database has pgvector {version}: install 0.8 or later on the server, then run ALTER EXTENSION vector UPDATE"
            )));
        }
        Ok((schema.clone(), Types::new(*vector, *vectors)))
    }
}

/// The newest layout.
pub(crate) fn newest() -> i32 {
    MIGRATIONS.len() as i32
}

/// The table of one incarnation of a collection, and what statements on it need to name.
#[derive(Clone, Debug)]
pub(crate) struct Table {
    pub(crate) records: String,
    pub(crate) versions: String,
    pub(crate) extension: String,
    /// Whether it shows only the namespaces that a transaction names.
    pub(crate) secured: bool,
}

impl Table {
    /// What [`stored`](crate::mapping::stored) reads.
    pub(crate) fn columns(&self) -> String {
        format!("version, record, {}.vector_send(embedding)", self.extension)
    }
}

#[cfg(test)]
mod tests {
    use memory_core::Metric;

    use super::*;

    fn names() -> Names {
        Names { schema: "agents".to_owned(), extension: "public".to_owned(), reader: None }
    }

    #[test]
    fn layouts_newer_than_the_program_are_refused() {
        assert_eq!(names().migrations(0).unwrap().len(), 1);
        assert_eq!(names().migrations(1).unwrap().len(), 0);
        for layout in [2, -1] {
            assert_eq!(names().migrations(layout).unwrap_err().kind(), memory_core::ErrorKind::Unsupported);
        }
    }

    #[test]
    fn a_collection_has_a_table_of_its_dimension() {
        let spec = CollectionSpec::new(CollectionName::new("notes").unwrap());
        let sql = names().create(&spec, 7);
        assert!(
            sql.contains("CREATE TABLE agents.\"notes_7\" (") && sql.contains("embedding  public.vector,"),
            "{sql}"
        );
        let sql = names().create(&spec.with_vectors(3, Metric::Dot).unwrap(), 7);
        assert!(sql.contains("embedding  public.vector(3),") && sql.contains("SET STORAGE PLAIN"), "{sql}");
    }
}
