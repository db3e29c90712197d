//! What a connection needs to know. Data only: no I/O, no environment.

use std::path::{Path, PathBuf};
use std::time::Duration;

use memory_core::connect::Secret;
use memory_core::{Error, Limits, Result};

/// The limits that a database has unless they are lowered.
pub(crate) fn default_limits() -> Limits {
    let mut limits = Limits::default();
    limits.record_bytes = 16 * 1024 * 1024;
    limits.k = 10_000;
    // That of pgvector's type `vector`.
    limits.dimension = 16_000;
    limits
}

/// Whether the connection is encrypted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum SslMode {
    /// Never.
    Disable,
    /// If the server offers it; **else not**, as libpq does by default.
    #[default]
    Prefer,
    /// Always, with a certificate for this host that the roots vouch for: what libpq calls `verify-full`.
    Require,
}

/// Which index the maintenance task reindex makes for vectors. A search that does not ask for `exact` may use it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum VectorIndex {
    /// None: every search is exact.
    None,
    /// A graph: the fastest to search, slow to build.
    #[default]
    Hnsw,
    /// Lists around centres: fast to build; its centres are those of the time when it was made.
    IvfFlat,
}

/// Which server, as whom, and how long to wait for it.
#[derive(Clone, Debug)]
pub struct PostgresConfig {
    pub(crate) host: String,
    pub(crate) port: u16,
    pub(crate) user: String,
    pub(crate) password: Option<Secret>,
    pub(crate) database: String,
    pub(crate) schema: String,
    pub(crate) ssl_mode: SslMode,
    pub(crate) root_certificates: Option<PathBuf>,
    pub(crate) pool_size: usize,
    pub(crate) wait_timeout: Duration,
    pub(crate) connect_timeout: Duration,
    pub(crate) statement_timeout: Duration,
    pub(crate) pooler: bool,
    pub(crate) vector_index: VectorIndex,
    pub(crate) halfvec: bool,
    pub(crate) index_from: u64,
    pub(crate) row_level_security: bool,
    pub(crate) owner: Option<(String, Option<Secret>)>,
    pub(crate) existing_only: bool,
    pub(crate) limits: Limits,
}

impl PostgresConfig {
    /// The database `postgres` of the server on this host, port 5432, as the user `postgres` without a password.
    ///
    /// The tables lie in the schema `memory`. A connection is encrypted if the server offers that; a pool of 8 of them, and 30
    /// seconds for a statement and for a free connection, 10 for a new one.
    pub fn new(host: impl Into<String>) -> Self {
        Self {
            host: host.into(),
            port: 5432,
            user: "postgres".to_owned(),
            password: None,
            database: "postgres".to_owned(),
            schema: "memory".to_owned(),
            ssl_mode: SslMode::default(),
            root_certificates: None,
            pool_size: 8,
            wait_timeout: Duration::from_secs(30),
            connect_timeout: Duration::from_secs(10),
            statement_timeout: Duration::from_secs(30),
            pooler: false,
            vector_index: VectorIndex::default(),
            halfvec: false,
            index_from: 10_000,
            row_level_security: false,
            owner: None,
            existing_only: false,
            limits: default_limits(),
        }
    }

    /// On another host.
    #[must_use]
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.host = host.into();
        self
    }

    /// With the port that the server listens on.
    #[must_use]
    pub fn with_port(mut self, port: u16) -> Self {
        self.port = port;
        self
    }

    /// As this user.
    #[must_use]
    pub fn with_user(mut self, user: impl Into<String>) -> Self {
        self.user = user.into();
        self
    }

    /// With the user's password.
    #[must_use]
    pub fn with_password(mut self, password: Secret) -> Self {
        self.password = Some(password);
        self
    }

    /// In this database.
    #[must_use]
    pub fn with_database(mut self, database: impl Into<String>) -> Self {
        self.database = database.into();
        self
    }

    /// With the tables in this schema, which is made if it is absent: 1 to 63 small letters, digits and `_`, no digit first.
    #[must_use]
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Encrypted so.
    #[must_use]
    pub fn with_ssl_mode(mut self, mode: SslMode) -> Self {
        self.ssl_mode = mode;
        self
    }

    /// Trusting the certificates in this PEM file instead of the system's.
    #[must_use]
    pub fn with_root_certificates(mut self, file: impl Into<PathBuf>) -> Self {
        self.root_certificates = Some(file.into());
        self
    }

    /// With at most so many connections, at least 1.
    #[must_use]
    pub fn with_pool_size(mut self, size: usize) -> Self {
        self.pool_size = size;
        self
    }

    /// How long a call waits for a free connection before it is `Timeout`.
    #[must_use]
    pub fn with_wait_timeout(mut self, time: Duration) -> Self {
        self.wait_timeout = time;
        self
    }

    /// How long making or checking a connection may take.
    #[must_use]
    pub fn with_connect_timeout(mut self, time: Duration) -> Self {
        self.connect_timeout = time;
        self
    }

    /// How long a statement may take. The server ends it then; if it does not even say that within another second, the
    /// connection is given up. Both are `Timeout`.
    #[must_use]
    pub fn with_statement_timeout(mut self, time: Duration) -> Self {
        self.statement_timeout = time;
        self
    }

    /// For a pooler in transaction mode between this program and the server: no statement is kept prepared on a connection, and no
    /// setting is asked for when one is made.
    #[must_use]
    pub fn with_pooler(mut self, pooler: bool) -> Self {
        self.pooler = pooler;
        self
    }

    /// With this index for vectors, which the maintenance task reindex makes.
    #[must_use]
    pub fn with_vector_index(mut self, index: VectorIndex) -> Self {
        self.vector_index = index;
        self
    }

    /// With components of two bytes in the index: half its size, and dimensions up to 4,000 instead of 2,000. Scores and what is
    /// stored stay what they are.
    #[must_use]
    pub fn with_halfvec(mut self, halfvec: bool) -> Self {
        self.halfvec = halfvec;
        self
    }

    /// From how many embeddings on a collection gets an index for vectors: 10,000 unless set.
    #[must_use]
    pub fn with_index_from(mut self, embeddings: u64) -> Self {
        self.index_from = embeddings;
        self
    }

    /// With row-level security: each transaction names the namespaces that it is about, and the server shows no other, whatever the
    /// statement says. The user is then the application's, which may be neither superuser, nor free of row-level security, nor the
    /// tables' owner: connecting as such a one is refused.
    #[must_use]
    pub fn with_row_level_security(mut self) -> Self {
        self.row_level_security = true;
        self
    }

    /// With the user that owns the schema and its tables where row-level security is on: for migrations, for making and dropping
    /// collections, for index hints and maintenance. Without one these calls are `PermissionDenied`.
    #[must_use]
    pub fn with_owner(mut self, user: impl Into<String>, password: Option<Secret>) -> Self {
        self.owner = Some((user.into(), password));
        self
    }

    /// The configuration of the owner's connection, if there is one.
    pub(crate) fn as_owner(&self) -> Option<Self> {
        let (user, password) = self.owner.clone()?;
        // What it does is rare, and mostly waits for its own kind.
        Some(Self { user, password, pool_size: self.pool_size.min(2), ..self.clone() })
    }

    /// With lower limits; [`Capabilities::limits`](memory_core::Capabilities) of an open database shows those that hold.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Only what exists is opened: no schema, table or extension is made, `NotFound` if there is none.
    #[must_use]
    pub fn existing_only(mut self) -> Self {
        self.existing_only = true;
        self
    }

    pub(crate) fn root_certificates(&self) -> Option<&Path> {
        self.root_certificates.as_deref()
    }

    /// Refuses what cannot work, before any I/O.
    pub(crate) fn check(&self) -> Result<()> {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        let schema = &self.schema;
        let begins = schema.starts_with(|c: char| !c.is_ascii_digit()) && !schema.starts_with("pg_");
        if !begins || schema.len() > 63 || !schema.chars().all(legal) {
            let message = "a schema is 1 to 63 small letters, digits and _, with no digit and no pg_ first";
            return Err(Error::invalid(message));
        }
        if self.pool_size == 0 {
            return Err(Error::invalid("a pool has at least 1 connection"));
        }
        if [self.wait_timeout, self.connect_timeout, self.statement_timeout].iter().any(|time| time.as_millis() == 0) {
            return Err(Error::invalid("a time-out is at least 1ms"));
        }
        if self.owner.is_some() && !self.row_level_security {
            let message = "an owner of its own goes with row_level_security; without it the user is the owner";
            return Err(Error::invalid(message));
        }
        let (asked, most) = (&self.limits, default_limits());
        for (name, asked, most) in [
            ("record_bytes", asked.record_bytes, most.record_bytes),
            ("k", asked.k, most.k),
            ("dimension", asked.dimension, most.dimension),
        ] {
            if asked > most {
                return Err(Error::invalid(format!(
                    "the limit {name} can be lowered, not raised: at most {most}, not {asked}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_cannot_work_is_refused() {
        let config = || PostgresConfig::new("localhost");
        assert!(config().check().is_ok());
        for schema in ["", "1a", "A", "a-b", "a\"b", "pg_a", &"a".repeat(64)] {
            assert!(config().with_schema(schema).check().is_err(), "{schema}");
        }
        assert!(config().with_pool_size(0).check().is_err());
        assert!(config().with_statement_timeout(Duration::ZERO).check().is_err());
        let mut limits = default_limits();
        limits.k += 1;
        assert!(config().with_limits(limits).check().is_err());
    }
}
