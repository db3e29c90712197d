//! What a connection needs to know. Data only: no I/O, no environment.

use memory_core::{Error, Limits, Result};

/// How to reach Postgres, and how much it may be asked.
#[derive(Clone, Debug)]
pub struct PostgresConfig {
    pub(crate) url: String,
    pub(crate) limits: Limits,
}

impl PostgresConfig {
    /// The server at this address, with the limits that every backend bears at least.
    ///
    /// # Errors
    /// `InvalidArgument` if the address is empty.
    pub fn new(url: impl Into<String>) -> Result<Self> {
        let url = url.into();
        if url.is_empty() {
            return Err(Error::invalid("the address of the server is empty"));
        }
        Ok(Self { url, limits: Limits::default() })
    }

    /// With other limits: the suite lowers them to try N and N + 1 (RE-7, RE-8).
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }
}
