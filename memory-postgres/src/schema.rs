//! Names in the database, what makes the tables, and what the backend publishes about itself.

use std::collections::BTreeSet;

use memory_core::{
    Analyser, Bm25, Capabilities, ChangedWhileDeleting, CollectionName, CollectionSpec, Consistency, Error, Facts,
    Language, Limits, Metric, Place, Result, Sharing, Switch, Value as Json,
};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::mapping::{Types, Value, column};
use crate::query::{Statement, text};

/// `MIGRATIONS[n]` turns layout n into layout n + 1; layout 0 is nothing at all.
const MIGRATIONS: [&str; 1] = [include_str!("../schema/1.sql")];

const COLLECTION: &str = include_str!("../schema/collection.sql");

const SECURED: &str = include_str!("../schema/secured.sql");

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

/// A collection as the catalogue has it.
#[derive(Debug)]
pub(crate) struct Entry {
    pub(crate) number: i64,
    pub(crate) incarnation: String,
    pub(crate) spec: CollectionSpec,
    pub(crate) index_paths: BTreeSet<Vec<String>>,
}

const ENTRY: &str = "number, incarnation::text, name, dimension, metric, language, analyser, embedder, index_paths";

impl Names {
    /// The newest layout that the schema has.
    pub(crate) fn layout(&self) -> Statement {
        Statement::new(&self.named("SELECT coalesce(max(version), 0) FROM SCHEMA.memory_layout"), Vec::new())
    }

    /// Makes the schema. Its own `IF NOT EXISTS` would want the right to make one even where it is there.
    pub(crate) fn create_schema(&self) -> String {
        let schema = &self.schema;
        format!("DO $$ BEGIN IF to_regnamespace('{schema}') IS NULL THEN CREATE SCHEMA {schema}; END IF; END $$")
    }

    /// Secures the table of a collection that was made without.
    pub(crate) fn secure(&self, entry: &Entry) -> String {
        SECURED.replace("SCHEMA.TABLE", &self.table(entry.spec.name(), entry.number).records)
    }

    /// Answers the statements that give the reader what it needs, with its name as the server quotes it; no row without a reader.
    pub(crate) fn grants(&self, tables: &[String]) -> Statement {
        let schema = &self.schema;
        let mut grants = vec![
            format!("USAGE ON SCHEMA {schema}"),
            format!("SELECT ON {schema}.memory_layout, {schema}.memory_collections"),
            format!("USAGE, SELECT ON SEQUENCE {schema}.memory_versions"),
        ];
        grants.extend(tables.iter().map(|table| format!("SELECT, INSERT, UPDATE, DELETE ON {table}")));
        let sql =
            "SELECT format('GRANT %s TO %I', what, who) FROM unnest(?::text[]) AS g(what), unnest(?::text[]) AS r(who)";
        Statement::new(sql, vec![Value::Texts(grants), Value::Texts(self.reader.iter().cloned().collect())])
    }

    /// What is wrong with the user as a reader: whether it is a superuser, free of row-level security, or has an owner's rights.
    pub(crate) fn reader(&self) -> Statement {
        let sql = "SELECT r.rolsuper, r.rolbypassrls, EXISTS (SELECT 1 FROM pg_namespace n LEFT JOIN pg_class c \
                   ON c.relnamespace = n.oid WHERE n.nspname = ?::text AND (pg_has_role(n.nspowner, 'USAGE') \
                   OR pg_has_role(c.relowner, 'USAGE'))) FROM pg_roles r WHERE r.rolname = current_user";
        Statement::new(sql, vec![text(&self.schema)])
    }

    /// The tables of collections that have no row-level security, or not for their owner.
    pub(crate) fn unsecured(&self) -> Statement {
        let sql = "SELECT m.name FROM SCHEMA.memory_collections m JOIN pg_class c ON c.relname = m.name || '_' || m.number \
                   JOIN pg_namespace n ON n.oid = c.relnamespace WHERE n.nspname = ?::text \
                   AND NOT (c.relrowsecurity AND c.relforcerowsecurity) ORDER BY m.name";
        Statement::new(&self.named(sql), vec![text(&self.schema)])
    }

    /// Waits until nobody else changes the layout or the catalogue, to the end of the transaction.
    pub(crate) fn lock(&self) -> String {
        format!("SELECT pg_advisory_xact_lock(hashtextextended('memory-postgres {}', 0))", self.schema)
    }

    /// All entries, by name.
    pub(crate) fn entries(&self) -> Statement {
        Statement::new(&self.named(&format!("SELECT {ENTRY} FROM SCHEMA.memory_collections ORDER BY name")), Vec::new())
    }

    /// The entry of this name, or of none; and whether a table of that name is there that is not ours.
    pub(crate) fn entry(&self, name: &CollectionName) -> Statement {
        let sql = format!(
            "SELECT to_regclass(?::text) IS NOT NULL AND ?::text NOT IN ('memory_layout', 'memory_collections', \
             'memory_versions') AND NOT EXISTS (SELECT 1 FROM SCHEMA.memory_collections WHERE name || '_' || number = ?::text), \
             {ENTRY} FROM (SELECT 1) AS one LEFT JOIN SCHEMA.memory_collections ON name = ?::text"
        );
        let (table, name) = (text(&format!("{}.\"{name}\"", self.schema)), text(name.as_str()));
        Statement::new(&self.named(&sql), vec![table, name.clone(), name.clone(), name])
    }

    /// Adds an entry; answers it.
    pub(crate) fn insert(&self, spec: &CollectionSpec, paths: &BTreeSet<Vec<String>>) -> Statement {
        let vectors = spec.vectors();
        let sql = format!(
            "INSERT INTO SCHEMA.memory_collections (name, dimension, metric, language, analyser, embedder, index_paths) \
             SELECT ?::text, (?::int8[])[1], (?::text[])[1], ?::text, ?::int8, (?::text[])[1], ?::text RETURNING {ENTRY}"
        );
        let optional = |text: Option<&str>| Value::Texts(text.into_iter().map(str::to_owned).collect());
        let values = vec![
            text(spec.name().as_str()),
            Value::Ints(vectors.iter().map(|vectors| i64::try_from(vectors.dimension).ok()).collect()),
            optional(vectors.map(|vectors| vectors.metric.as_str())),
            text(spec.analyser().language().as_str()),
            Value::Int(i64::from(spec.analyser().version())),
            optional(spec.embedder()),
            text(&to_json(paths)),
        ];
        Statement::new(&self.named(&sql), values)
    }

    /// Replaces the index paths of an entry.
    pub(crate) fn set_paths(&self, number: i64, paths: &BTreeSet<Vec<String>>) -> Statement {
        let sql = self.named("UPDATE SCHEMA.memory_collections SET index_paths = ? WHERE number = ?");
        Statement::new(&sql, vec![text(&to_json(paths)), Value::Int(number)])
    }

    /// Gives an entry another number, and this program's version of the analyser; answers the number.
    pub(crate) fn renumber(&self, entry: &Entry) -> Statement {
        let sql =
            "UPDATE SCHEMA.memory_collections SET number = DEFAULT, analyser = ? WHERE number = ? RETURNING number";
        Statement::new(&self.named(sql), vec![Value::Int(i64::from(Analyser::VERSION)), Value::Int(entry.number)])
    }

    /// Removes an entry and its table.
    pub(crate) fn remove(&self, entry: &Entry) -> String {
        let records = self.table(entry.spec.name(), entry.number).records;
        let sql = self.named("DELETE FROM SCHEMA.memory_collections WHERE number = ");
        format!("DROP TABLE {records}; {sql}{}", entry.number)
    }
}

impl Entry {
    /// Reads an entry from column `first` on; `None` where the row has none.
    pub(crate) fn read(row: &Row, first: usize) -> Result<Option<Self>> {
        let Some(number) = column(row, first)? else { return Ok(None) };
        let name: &str = column(row, first + 2)?;
        let damaged =
            || corrupt(format!("the catalogue's row of the collection {name:?} is damaged: restore a backup"));
        let (dimension, metric): (Option<i32>, Option<&str>) = (column(row, first + 3)?, column(row, first + 4)?);
        let (language, analyser): (&str, i32) = (column(row, first + 5)?, column(row, first + 6)?);
        let (embedder, paths): (Option<&str>, &str) = (column(row, first + 7)?, column(row, first + 8)?);
        let read = || -> Option<(CollectionSpec, BTreeSet<Vec<String>>)> {
            let language: Language = language.parse().ok()?;
            let mut spec = CollectionSpec::new(CollectionName::new(name).ok()?);
            spec = spec.with_analyser(Analyser::stored(language, u32::try_from(analyser).ok()?));
            if let (Some(dimension), Some(metric)) = (dimension, metric) {
                spec = spec.with_vectors(usize::try_from(dimension).ok()?, metric.parse::<Metric>().ok()?).ok()?;
            }
            if let Some(label) = embedder {
                spec = spec.with_embedder(label).ok()?;
            }
            Some((spec, from_json(paths)?))
        };
        let (spec, index_paths) = read().ok_or_else(damaged)?;
        Ok(Some(Self { number, incarnation: column(row, first + 1)?, spec, index_paths }))
    }
}

fn to_json(paths: &BTreeSet<Vec<String>>) -> String {
    Json::from(paths.iter().cloned().collect::<Vec<_>>()).to_json()
}

fn from_json(text: &str) -> Option<BTreeSet<Vec<String>>> {
    let Json::Array(paths) = Json::from_json(text).ok()? else { return None };
    let key = |key| if let Json::String(key) = key { Some(key) } else { None };
    let path = |path| if let Json::Array(keys) = path { keys.into_iter().map(key).collect() } else { None };
    paths.into_iter().map(path).collect()
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
    use super::*;

    fn names() -> Names {
        Names { schema: "agents".to_owned(), extension: "public".to_owned(), reader: None }
    }

    #[test]
    fn index_paths_go_there_and_back() {
        let paths = BTreeSet::from([vec!["a.b".to_owned(), "\"".to_owned()], vec![String::new()]]);
        assert_eq!(to_json(&paths), r#"[[""],["a.b","\""]]"#);
        assert_eq!(from_json(&to_json(&paths)), Some(paths));
        assert_eq!(from_json("[1]"), None);
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
