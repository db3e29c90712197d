//! The database: connecting, and what is about whole collections.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::{
    Backend, Capabilities, Collection, CollectionName, CollectionSpec, CreateOptions, Health, Maintenance,
    MaintenanceReport, Result,
};

use crate::collection::PostgresCollection;
use crate::config::PostgresConfig;
use crate::error::not_implemented;
use crate::schema;

/// One database of Postgres.
#[derive(Debug)]
pub struct PostgresBackend {
    url: String,
    capabilities: Capabilities,
}

impl PostgresBackend {
    /// Connects, and asks the server how it is.
    ///
    /// # Errors
    /// Those of ER-1 for a server that is away, refuses us, or is no server of Postgres.
    pub async fn connect(config: PostgresConfig) -> Result<Self> {
        let backend = Self { url: config.url, capabilities: schema::capabilities(config.limits) };
        backend.health().await?;
        Ok(backend)
    }

    /// The address that this backend was given.
    pub fn url(&self) -> &str {
        &self.url
    }
}

#[async_trait]
impl Backend for PostgresBackend {
    fn capabilities(&self) -> &Capabilities {
        &self.capabilities
    }

    async fn create(&self, spec: &CollectionSpec, _options: &CreateOptions) -> Result<Arc<dyn Collection>> {
        Ok(Arc::new(PostgresCollection::new(spec.clone(), self.capabilities.clone())))
    }

    async fn open(&self, name: &CollectionName) -> Result<Arc<dyn Collection>> {
        Err(not_implemented(&format!("open {}", schema::table(name))))
    }

    async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        Err(not_implemented("collections"))
    }

    async fn drop_collection(&self, _name: &CollectionName) -> Result<bool> {
        Err(not_implemented("drop"))
    }

    async fn health(&self) -> Result<Health> {
        Err(not_implemented("health"))
    }

    async fn maintain(&self, _task: &Maintenance) -> Result<MaintenanceReport> {
        Err(not_implemented("maintain"))
    }

    async fn close(&self) -> Result<()> {
        Err(not_implemented("close"))
    }
}
