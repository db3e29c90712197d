//! From settings to a connection: what a URL and a configuration file may say of PostgreSQL.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Migration, Opening, Setting, SettingKind, Settings};
use memory_core::{Backend, Error, Result};

use crate::backend::PostgresBackend;
use crate::config::{PostgresConfig, SslMode, VectorIndex, default_limits};

/// All keys. Each is explained in a full sentence, which the commented configuration file shows.
const SETTINGS: &[Setting] = &[
    Setting::new("host", SettingKind::Text, "Where the server is.").with_default("localhost").with_env(&["PGHOST"]),
    Setting::new("port", SettingKind::Whole(1, 65_535), "The port that it listens on.")
        .with_default("5432")
        .with_env(&["PGPORT"]),
    Setting::new("user", SettingKind::Text, "The user, by the server's name for it.")
        .with_default("postgres")
        .with_env(&["PGUSER"]),
    Setting::new("password", SettingKind::Secret, "The user's password.").with_env(&["PGPASSWORD"]),
    Setting::new("database", SettingKind::Text, "The database, which has to exist.")
        .with_default("postgres")
        .with_env(&["PGDATABASE"]),
    Setting::new("schema", SettingKind::Text, "The schema that holds the tables of this program, made if it is absent.")
        .with_default("memory"),
    Setting::new(
        "sslmode",
        SettingKind::Choice(&["disable", "prefer", "require", "verify-full"]),
        "Whether the connection is encrypted: prefer, if the server offers it, as PostgreSQL's own programs do; require and \
         verify-full, always and with a certificate that is trusted for this host.",
    )
    .with_default("prefer")
    .with_env(&["PGSSLMODE"]),
    Setting::new(
        "root_certificates",
        SettingKind::Path,
        "A PEM file with the certificates to trust, instead of the system's.",
    )
    .with_example("/etc/ssl/postgres-root.pem")
    .with_env(&["PGSSLROOTCERT"]),
    Setting::new("pool_size", SettingKind::Whole(1, 10_000), "The most connections at once.").with_default("8"),
    Setting::new("wait_timeout", SettingKind::Duration, "How long a call waits for a free connection.").with_default("30s"),
    Setting::new("connect_timeout", SettingKind::Duration, "How long making a connection may take.").with_default("10s"),
    Setting::new("statement_timeout", SettingKind::Duration, "How long a statement may take.").with_default("30s"),
    Setting::new(
        "pooler",
        SettingKind::Switch,
        "Whether a pooler in transaction mode stands before the server, so that nothing may be kept on a connection.",
    )
    .with_default("false"),
    Setting::new(
        "vector_index",
        SettingKind::Choice(&["none", "hnsw", "ivfflat"]),
        "The index for vectors that the maintenance task reindex makes; with none every search is exact.",
    )
    .with_default("hnsw"),
    Setting::new("halfvec", SettingKind::Switch, "Whether that index holds components of two bytes instead of four.")
        .with_default("false"),
    Setting::new("index_from", SettingKind::Whole(0, 1 << 40), "From how many embeddings on a collection gets that index.")
        .with_default("10000"),
    Setting::new(
        "row_level_security",
        SettingKind::Switch,
        "Whether the server itself keeps namespaces apart; the user is then an ordinary one, not the tables' owner.",
    )
    .with_default("false"),
    Setting::new(
        "owner_user",
        SettingKind::Text,
        "With row_level_security: the tables' owner, for migrations, for making and dropping collections and for maintenance.",
    )
    .with_example("memory_owner"),
    Setting::new("owner_password", SettingKind::Secret, "The owner's password."),
    Setting::new(
        "limit_record_bytes",
        SettingKind::Whole(1, 16_777_216),
        "The longest record, in bytes of its JSON form.",
    )
    .with_default("16777216"),
    Setting::new("limit_k", SettingKind::Whole(1, 10_000), "The most hits of one search.").with_default("10000"),
    Setting::new("limit_dimension", SettingKind::Whole(1, 16_000), "The most components of an embedding.")
        .with_default("16000"),
];

/// Opens [`PostgresBackend`] from a URL or a configuration file: `postgres://user:password@host:port/database`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct PostgresConnector;

#[async_trait]
impl Connector for PostgresConnector {
    fn schemes(&self) -> &[&str] {
        &["postgres", "postgresql"]
    }

    fn about(&self) -> &str {
        "a PostgreSQL server with the extension pgvector"
    }

    fn address(&self) -> Address {
        Address::Server { path: Some("database") }
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    async fn connect(&self, settings: &Settings, opening: Opening) -> Result<Arc<dyn Backend>> {
        let config = config(settings)?;
        let config = if opening == Opening::Existing { config.existing_only() } else { config };
        Ok(Arc::new(PostgresBackend::connect(config).await?))
    }

    async fn migration(&self, settings: &Settings) -> Result<Option<Migration>> {
        PostgresBackend::migration(config(settings)?).await.map(Some)
    }
}

fn config(settings: &Settings) -> Result<PostgresConfig> {
    let text = |key: &str| Ok::<_, Error>(settings.text(key)?.unwrap_or_default());
    let number = |key: &str| Ok::<_, Error>(settings.whole(key)?.unwrap_or_default());
    let time = |key: &str| Ok::<_, Error>(settings.duration(key)?.unwrap_or_default());
    let mut config = PostgresConfig::new(text("host")?)
        .with_port(u16::try_from(number("port")?).unwrap_or_default())
        .with_user(text("user")?)
        .with_database(text("database")?)
        .with_schema(text("schema")?)
        .with_pool_size(usize::try_from(number("pool_size")?).unwrap_or(usize::MAX))
        .with_wait_timeout(time("wait_timeout")?)
        .with_connect_timeout(time("connect_timeout")?)
        .with_statement_timeout(time("statement_timeout")?)
        .with_pooler(settings.switch("pooler")?.unwrap_or_default())
        .with_halfvec(settings.switch("halfvec")?.unwrap_or_default())
        .with_index_from(number("index_from")?)
        .with_vector_index(match text("vector_index")? {
            "none" => VectorIndex::None,
            "ivfflat" => VectorIndex::IvfFlat,
            _ => VectorIndex::Hnsw,
        })
        .with_ssl_mode(match text("sslmode")? {
            "disable" => SslMode::Disable,
            "require" | "verify-full" => SslMode::Require,
            _ => SslMode::Prefer,
        });
    if let Some(password) = settings.secret("password")? {
        config = config.with_password(password.clone());
    }
    if let Some(file) = settings.text("root_certificates")? {
        config = config.with_root_certificates(file);
    }
    if settings.switch("row_level_security")?.unwrap_or_default() {
        config = config.with_row_level_security();
    }
    let owner_password = settings.secret("owner_password")?.cloned();
    match settings.text("owner_user")? {
        Some(owner) => config = config.with_owner(owner, owner_password),
        None if owner_password.is_some() => {
            return Err(Error::invalid("owner_password goes with owner_user: give both"));
        }
        None => {}
    }
    let mut limits = default_limits();
    for (key, limit) in [
        ("limit_record_bytes", &mut limits.record_bytes),
        ("limit_k", &mut limits.k),
        ("limit_dimension", &mut limits.dimension),
    ] {
        *limit = settings.whole(key)?.unwrap_or(*limit);
    }
    Ok(config.with_limits(limits))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use memory_core::connect::{Given, Written, resolve};

    use super::*;

    fn configured(given: &[(&str, &str)]) -> PostgresConfig {
        let given: Vec<Given> = given
            .iter()
            .map(|(key, value)| Given {
                key: (*key).to_owned(),
                value: Written::Text((*value).to_owned()),
                place: "the URL".to_owned(),
            })
            .collect();
        config(&resolve("postgres", "the URL", SETTINGS, &given, &|_| None).unwrap()).unwrap()
    }

    #[test]
    fn every_setting_gets_where_it_belongs() {
        let given = configured(&[
            ("host", "db"),
            ("port", "6543"),
            ("user", "ada"),
            ("password", "hunter2"),
            ("database", "notes"),
            ("schema", "agents"),
            ("sslmode", "verify-full"),
            ("root_certificates", "root.pem"),
            ("pool_size", "3"),
            ("wait_timeout", "1s"),
            ("connect_timeout", "2s"),
            ("statement_timeout", "3s"),
            ("pooler", "true"),
            ("vector_index", "ivfflat"),
            ("halfvec", "true"),
            ("index_from", "5"),
            ("row_level_security", "true"),
            ("owner_user", "eve"),
            ("owner_password", "hunter2"),
            ("limit_record_bytes", "1000"),
            ("limit_k", "7"),
            ("limit_dimension", "4"),
        ]);
        assert_eq!((given.host.as_str(), given.port, given.user.as_str()), ("db", 6543, "ada"));
        assert_eq!((given.database.as_str(), given.schema.as_str()), ("notes", "agents"));
        assert_eq!(given.password.as_ref().map(|password| password.expose()), Some("hunter2"));
        assert_eq!((given.ssl_mode, given.pooler, given.pool_size), (SslMode::Require, true, 3));
        assert_eq!(given.root_certificates(), Some(std::path::Path::new("root.pem")));
        let times = [given.wait_timeout, given.connect_timeout, given.statement_timeout];
        assert_eq!(times, [1, 2, 3].map(Duration::from_secs));
        assert_eq!((given.vector_index, given.halfvec, given.index_from), (VectorIndex::IvfFlat, true, 5));
        let owner = given.as_owner().unwrap();
        assert_eq!((given.row_level_security, owner.user.as_str(), owner.pool_size), (true, "eve", 2));
        assert_eq!(owner.password.as_ref().map(|password| password.expose()), Some("hunter2"));
        let limits = &given.limits;
        assert_eq!((limits.record_bytes, limits.k, limits.dimension), (1_000, 7, 4));
        assert!(!format!("{given:?}").contains("hunter2"));
    }

    #[test]
    fn the_declared_defaults_are_those_of_the_configuration() {
        let (declared, own) = (configured(&[]), PostgresConfig::new("localhost"));
        assert_eq!(format!("{declared:?}"), format!("{own:?}"));
    }
}
