//! The application's side of a backend.

use std::sync::Arc;

use crate::backend::{Backend, Health, Maintenance, MaintenanceReport};
use crate::capabilities::Capabilities;
use crate::error::{Error, Result};
use crate::memory::Memory;
use crate::names::CollectionName;
use crate::scope::Scope;
use crate::spec::{CollectionSpec, CreateOptions};
use crate::time::{Clock, SystemClock};

/// One database, whatever backend it is on. Hands out [`Memory`] handles; cheap to clone.
///
/// It checks each call before any I/O and names the operation and the backend on errors.
#[derive(Clone, Debug)]
pub struct Database {
    backend: Arc<dyn Backend>,
    clock: Arc<dyn Clock>,
}

impl Database {
    /// Over this backend, with the machine's clock.
    pub fn new(backend: impl Backend + 'static) -> Self {
        Self { backend: Arc::new(backend), clock: Arc::new(SystemClock) }
    }

    /// With another clock: for tests.
    #[must_use]
    pub fn with_clock(mut self, clock: impl Clock + 'static) -> Self {
        self.clock = Arc::new(clock);
        self
    }

    /// The backend's facts, switches and limits.
    pub fn capabilities(&self) -> &Capabilities {
        self.backend.capabilities()
    }

    /// Makes the collection, or finds one of the same spec (CO-1), and binds a handle to the scope.
    ///
    /// # Errors
    /// `Conflict` if there is one of another spec; `LimitExceeded` for a dimension over the published limit.
    pub async fn create(&self, spec: &CollectionSpec, scope: Scope) -> Result<Memory> {
        self.create_with(spec, &CreateOptions::new(), scope).await
    }

    /// As [`Self::create`], and adds the indexes that the options name (CO-7).
    ///
    /// # Errors
    /// As [`Self::create`]; `InvalidArgument` for an index path of no or more than 16 keys.
    pub async fn create_with(&self, spec: &CollectionSpec, options: &CreateOptions, scope: Scope) -> Result<Memory> {
        let result = match self.check_create(spec, options) {
            Ok(()) => self.backend.create(spec, options).await,
            Err(error) => Err(error),
        };
        Ok(self.memory(self.name("create", result)?, scope))
    }

    /// Finds a collection and binds a handle to the scope.
    ///
    /// # Errors
    /// `NotFound` if there is none of this name.
    pub async fn open(&self, name: &CollectionName, scope: Scope) -> Result<Memory> {
        Ok(self.memory(self.name("open", self.backend.open(name).await)?, scope))
    }

    /// The specs of all collections, by name.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn collections(&self) -> Result<Vec<CollectionSpec>> {
        self.name("collections", self.backend.collections().await)
    }

    /// Removes the collection and every trace of it; answers whether there was one.
    ///
    /// # Errors
    /// `Conflict` if the name is held by something that is not this project's.
    pub async fn drop_collection(&self, name: &CollectionName) -> Result<bool> {
        self.name("drop", self.backend.drop_collection(name).await)
    }

    /// What answers, and what to do about what is found.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn health(&self) -> Result<Health> {
        self.name("health", self.backend.health().await)
    }

    /// Runs a maintenance task.
    ///
    /// # Errors
    /// `Unsupported` before any I/O if the backend does not claim the task's switch.
    pub async fn maintain(&self, task: &Maintenance) -> Result<MaintenanceReport> {
        let result = match self.capabilities().require(task.switch()) {
            Ok(()) => self.backend.maintain(task).await,
            Err(error) => Err(error),
        };
        self.name("maintain", result)
    }

    /// Flushes and closes; later calls through any handle are `InvalidArgument`.
    ///
    /// # Errors
    /// Those of the store.
    pub async fn close(&self) -> Result<()> {
        self.name("close", self.backend.close().await)
    }

    fn memory(&self, collection: Arc<dyn crate::Collection>, scope: Scope) -> Memory {
        Memory::new(collection, scope).with_shared_clock(Arc::clone(&self.clock))
    }

    fn check_create(&self, spec: &CollectionSpec, options: &CreateOptions) -> Result<()> {
        options.check()?;
        if !spec.analyser().is_current() {
            return Err(Error::invalid(format!("this core does not have the analyser of {spec}")));
        }
        let dimension = spec.vectors().map_or(0, |vectors| vectors.dimension as u64);
        let limit = self.capabilities().limits.dimension;
        if dimension > limit { Err(Error::limit("dimension", limit, dimension)) } else { Ok(()) }
    }

    fn name<T>(&self, operation: &'static str, result: Result<T>) -> Result<T> {
        result.map_err(|error| error.in_operation(operation).in_backend(&self.capabilities().backend))
    }
}
