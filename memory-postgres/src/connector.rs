//! From settings to a connection: what a URL and a configuration file may say of Postgres.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Opening, Setting, SettingKind, Settings};
use memory_core::{Backend, Result};

use crate::backend::PostgresBackend;
use crate::config::PostgresConfig;

/// All keys. Each is explained in a full sentence, which the commented configuration file shows.
const SETTINGS: &[Setting] = &[
    Setting::new("host", SettingKind::Text, "Where the server is.").required().with_example("localhost"),
    Setting::new("port", SettingKind::Whole(1, 65_535), "The port that it listens on.").with_default("1234"),
];

/// Opens [`PostgresBackend`]: `postgres://host:port`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct PostgresConnector;

#[async_trait]
impl Connector for PostgresConnector {
    fn schemes(&self) -> &[&str] {
        &["postgres"]
    }

    fn about(&self) -> &str {
        "a server of Postgres"
    }

    fn address(&self) -> Address {
        Address::Server { path: None }
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    async fn connect(&self, settings: &Settings, _opening: Opening) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(PostgresBackend::connect(config(settings)?).await?))
    }
}

fn config(settings: &Settings) -> Result<PostgresConfig> {
    let host = settings.text("host")?.unwrap_or_default();
    let port = settings.whole("port")?.unwrap_or_default();
    PostgresConfig::new(format!("{host}:{port}"))
}

#[cfg(test)]
mod tests {
    use memory_core::connect::{Given, Written, resolve};

    use super::*;

    #[test]
    fn host_and_port_make_the_address() {
        let given = Given { key: "host".into(), value: Written::Text("db".into()), place: "the URL".into() };
        let settings = resolve("postgres", "the URL", SETTINGS, &[given], &|_| None).unwrap();
        assert_eq!(config(&settings).unwrap().url, "db:1234");
    }
}
