//! The suite, on the reference itself.

use std::process::ExitCode;
use std::sync::Arc;

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase};
use memory_core::connect::Connector;
use memory_core::{Backend, Result};
use memory_reference::{ReferenceBackend, ReferenceConnector};

#[derive(Debug)]
struct Reference;

#[async_trait]
impl Harness for Reference {
    fn name(&self) -> String {
        "reference".to_owned()
    }

    fn versions(&self) -> Vec<(String, String)> {
        vec![("memory-reference".to_owned(), env!("CARGO_PKG_VERSION").to_owned())]
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        Some(Arc::new(ReferenceConnector))
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let limits = ReferenceBackend::new().capabilities().limits.clone();
        Ok(Arc::new(Database(ReferenceBackend::with_limits(settings.lower(limits)))))
    }
}

#[derive(Debug)]
struct Database(ReferenceBackend);

#[async_trait]
impl TestDatabase for Database {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(self.0.clone()))
    }
}

fn main() -> ExitCode {
    memory_conformance::run(Reference, &[])
}
