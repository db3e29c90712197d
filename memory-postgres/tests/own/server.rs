//! How the suite gets a database: a schema of its own for each case, in the server that `MEMORY_TEST_POSTGRES_URL` names.

use std::net::{SocketAddr, ToSocketAddrs as _};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, SystemTime, UNIX_EPOCH};
use std::{fmt, process, sync::Arc};

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase};
use memory_core::connect::{Connector, Secret};
use memory_core::{Backend, CollectionName, Error, ErrorKind, Limits, Result};
use memory_postgres::{PostgresBackend, PostgresConfig, PostgresConnector};
use tokio_postgres::config::Host;
use tokio_postgres::{Client, Config, NoTls};

/// The variable with the server's URL.
const URL: &str = "MEMORY_TEST_POSTGRES_URL";

/// What a missing server says.
const HINT: &str = "MEMORY_TEST_POSTGRES_URL is not set: `cargo xtask servers up postgres` starts a server and prints the line to type";

/// The server that the tests run on, as its URL says.
pub(crate) fn url() -> Result<Config> {
    named_by(URL, HINT)
}

/// The server that a variable names.
pub(crate) fn named_by(variable: &str, hint: &'static str) -> Result<Config> {
    let url = std::env::var(variable).map_err(|_| Error::new(ErrorKind::Unavailable, hint))?;
    url.parse().map_err(|_| Error::invalid(format!("{variable} is no URL of a server")))
}

/// A configuration for it.
pub(crate) fn config() -> Result<PostgresConfig> {
    configured(&url()?)
}

/// A configuration for the server of this URL.
pub(crate) fn configured(url: &Config) -> Result<PostgresConfig> {
    let host = match url.get_hosts().first() {
        Some(Host::Tcp(host)) => host.clone(),
        _ => return Err(Error::invalid("the URL of the server names no host")),
    };
    let mut config = PostgresConfig::new(host)
        .with_port(url.get_ports().first().copied().unwrap_or(5432))
        .with_user(url.get_user().unwrap_or("postgres"))
        .with_database(url.get_dbname().unwrap_or("postgres"));
    if let Some(password) = url.get_password() {
        config = config.with_password(Secret::new(String::from_utf8_lossy(password)));
    }
    Ok(config)
}

/// A connection that goes past the backend.
pub(crate) async fn connection() -> Client {
    let (client, connection) = url().unwrap().connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

/// The schemas that this process has made; some cases keep a handle longer than its database, so they go at the end.
static MADE: Mutex<Vec<String>> = Mutex::new(Vec::new());

/// Removes what this process has made.
pub(crate) fn clean_up() {
    let made = std::mem::take(&mut *MADE.lock().unwrap());
    if made.is_empty() {
        return;
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    runtime.block_on(async {
        let connection = connection().await;
        connection.batch_execute("SET client_min_messages = warning").await.unwrap();
        for schema in made {
            connection.batch_execute(&format!("DROP SCHEMA IF EXISTS {schema} CASCADE")).await.unwrap();
        }
    });
}

/// A name that no schema has had.
pub(crate) fn schema() -> String {
    static SCHEMAS: AtomicUsize = AtomicUsize::new(0);
    let time = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or(Duration::ZERO).as_nanos();
    let name = format!("suite_{}_{}_{}", process::id(), time, SCHEMAS.fetch_add(1, Ordering::Relaxed));
    MADE.lock().unwrap().push(name.clone());
    name
}

/// The user of applications under row-level security, and its password.
pub(crate) const READER: &str = "memory_suite_reader";
pub(crate) const READER_PASSWORD: &str = "suite";

/// Makes that user.
pub(crate) async fn make_reader() {
    let sql = format!(
        "DO $$ BEGIN PERFORM pg_advisory_xact_lock(7); IF to_regrole('{READER}') IS NULL THEN \
         CREATE ROLE {READER} LOGIN PASSWORD '{READER_PASSWORD}'; END IF; END $$"
    );
    connection().await.batch_execute(&sql).await.unwrap();
}

/// The configuration of the reader, and of the owner if asked for.
pub(crate) fn secured(config: PostgresConfig, with_owner: bool) -> Result<PostgresConfig> {
    let reader = config.with_user(READER).with_password(Secret::new(READER_PASSWORD)).with_row_level_security();
    let url = url()?;
    let password = url.get_password().map(|password| Secret::new(String::from_utf8_lossy(password)));
    Ok(if with_owner { reader.with_owner(url.get_user().unwrap_or("postgres"), password) } else { reader })
}

/// The server, with row-level security or without.
#[derive(Debug)]
pub(crate) struct Server {
    pub(crate) secured: bool,
}

impl Server {
    async fn at(&self, schema: String, config: PostgresConfig) -> Result<Arc<dyn TestDatabase>> {
        let mut config = config.with_schema(&schema);
        if self.secured {
            make_reader().await;
            config = secured(config, true)?;
        }
        Ok(Arc::new(Database { schema, config, open: Mutex::default() }))
    }
}

#[async_trait]
impl Harness for Server {
    fn name(&self) -> String {
        if self.secured { "postgres with row-level security" } else { "postgres" }.to_owned()
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("memory-postgres".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        Some(Arc::new(PostgresConnector))
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let mut limits = Limits::default();
        (limits.record_bytes, limits.k, limits.dimension) = (16 << 20, 10_000, 16_000);
        self.at(schema(), config()?.with_limits(settings.lower(limits))).await
    }

    async fn attach(&self, location: &str) -> Result<Arc<dyn TestDatabase>> {
        self.at(location.to_owned(), config()?).await
    }

    fn server(&self) -> Option<SocketAddr> {
        let url = url().ok()?;
        let Some(Host::Tcp(host)) = url.get_hosts().first() else { return None };
        (host.as_str(), url.get_ports().first().copied().unwrap_or(5432)).to_socket_addrs().ok()?.next()
    }

    async fn through(&self, address: SocketAddr, deadline: Duration) -> Result<Arc<dyn TestDatabase>> {
        // What a call may wait for adds up: a connection from the pool, a new one, the statement.
        let config = config()?.with_port(address.port()).with_wait_timeout(deadline / 5);
        self.at(schema(), config.with_connect_timeout(deadline * 2 / 5).with_statement_timeout(deadline / 5)).await
    }
}

/// A schema of the server.
pub(crate) struct Database {
    schema: String,
    config: PostgresConfig,
    open: Mutex<Vec<PostgresBackend>>,
}

impl fmt::Debug for Database {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Database").field("schema", &self.schema).finish_non_exhaustive()
    }
}

#[async_trait]
impl TestDatabase for Database {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        let backend = PostgresBackend::connect(self.config.clone()).await?;
        self.open.lock().unwrap().push(backend.clone());
        Ok(Arc::new(backend))
    }

    fn location(&self) -> Option<String> {
        Some(self.schema.clone())
    }

    async fn restart(&self) -> Result<()> {
        let open = std::mem::take(&mut *self.open.lock().unwrap());
        for backend in open {
            backend.close().await?;
        }
        Ok(())
    }

    async fn occupy(&self, name: &CollectionName) -> Result<()> {
        let table = format!("{}.\"{name}\"", self.schema);
        let sql = format!("CREATE TABLE {table} (theirs text); INSERT INTO {table} VALUES ('kept')");
        connection().await.batch_execute(&sql).await.map_err(|_| Error::internal("the table could not be made"))
    }

    async fn is_occupied(&self, name: &CollectionName) -> Result<bool> {
        let sql = format!("SELECT string_agg(theirs, ',') = 'kept' FROM {}.\"{name}\"", self.schema);
        Ok(connection().await.query_one(&sql, &[]).await.is_ok_and(|row| row.get(0)))
    }
}
