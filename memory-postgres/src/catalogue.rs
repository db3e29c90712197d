//! The collections of a database: the statements on their list, and what it says of one.

use std::collections::BTreeSet;

use memory_core::{Analyser, CollectionName, CollectionSpec, Language, Metric, Result, Value as Json};
use tokio_postgres::Row;

use crate::error::corrupt;
use crate::mapping::{Value, column};
use crate::query::{Statement, text};
use crate::schema::{Names, SECURED};

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
