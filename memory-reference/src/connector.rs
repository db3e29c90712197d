//! From a URL to a database.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Opening, Setting, Settings};
use memory_core::{Backend, Result};

use crate::backend::ReferenceBackend;

/// Makes a [`ReferenceBackend`], a new and empty one each time: `reference:`. There is nothing to set.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct ReferenceConnector;

#[async_trait]
impl Connector for ReferenceConnector {
    fn schemes(&self) -> &[&str] {
        &["reference"]
    }

    fn about(&self) -> &str {
        "in the memory of this process, gone at its end; for tests and trials"
    }

    fn address(&self) -> Address {
        Address::Nothing
    }

    fn settings(&self) -> &[Setting] {
        &[]
    }

    async fn connect(&self, _settings: &Settings, _opening: Opening) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(ReferenceBackend::new()))
    }
}
