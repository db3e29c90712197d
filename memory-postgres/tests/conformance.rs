//! The suite of memory-conformance against Postgres.

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase, run};
use memory_core::connect::Connector;
use memory_core::{Backend, Limits, Result};
use memory_postgres::{PostgresBackend, PostgresConfig, PostgresConnector};

#[derive(Debug)]
struct Server;

#[async_trait]
impl Harness for Server {
    fn name(&self) -> String {
        "postgres".to_owned()
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("memory-postgres".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        Some(Arc::new(PostgresConnector))
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let limits = settings.lower(Limits::default());
        Ok(Arc::new(ServerDatabase(PostgresConfig::new("localhost")?.with_limits(limits))))
    }
}

#[derive(Debug)]
struct ServerDatabase(PostgresConfig);

#[async_trait]
impl TestDatabase for ServerDatabase {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(PostgresBackend::connect(self.0.clone()).await?))
    }
}

fn main() -> ExitCode {
    run(Server, &[])
}
