//! From a URL or a configuration to a backend: what a backend declares of itself.
//!
//! Each backend crate has one [`Connector`], and the crate memory-connect a table of them. What a configuration may hold is
//! declared once, as [`Setting`]s: that declaration reads URLs, files and the environment, and prints commented files.
//! Nothing here does I/O; the environment is a function that the caller brings.

mod expand;
mod migration;
mod near;
mod resolve;
mod secret;
mod setting;
mod value;

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::backend::Backend;
use crate::error::Result;

pub use expand::expand;
pub use migration::Migration;
pub use near::unknown;
pub use resolve::{Given, Written, resolve};
pub use secret::Secret;
pub use setting::{Setting, SettingKind};
pub use value::{SettingValue, Settings};

/// Looks an environment variable up; `None` if it is not set.
pub type Environment<'a> = dyn Fn(&str) -> Option<String> + Send + Sync + 'a;

/// Opens a backend from its settings.
#[async_trait]
pub trait Connector: Debug + Send + Sync {
    /// The schemes of URLs that mean this backend, at least one, in lower case; the first is its name in files.
    fn schemes(&self) -> &[&str];

    /// What it is, in one line without a full stop, such as `one SQLite file`.
    fn about(&self) -> &str;

    /// What stands behind the scheme in a URL.
    fn address(&self) -> Address;

    /// All keys that it knows, those that a URL's address fills among them.
    fn settings(&self) -> &[Setting];

    /// Opens the backend. The settings hold declared keys alone, each of its kind, and every required one: they come from
    /// [`resolve`].
    ///
    /// # Errors
    /// `InvalidArgument` for settings that do not go together; `NotFound` if nothing is there and nothing may be made; those
    /// of the store.
    async fn connect(&self, settings: &Settings, opening: Opening) -> Result<Arc<dyn Backend>>;

    /// What [`Self::connect`] with [`Opening::OrMake`] would first make or change in the store's own schema; nothing is. `None` where
    /// there is no schema apart from the store.
    ///
    /// # Errors
    /// Those of connecting.
    async fn migration(&self, settings: &Settings) -> Result<Option<Migration>> {
        let _ = settings;
        Ok(None)
    }
}

/// What stands behind the scheme in a URL; `?key=value&…` with further settings may follow each form.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Address {
    /// Nothing: `reference:`.
    Nothing,
    /// A path, which fills this key: `sqlite:PATH`.
    Path(&'static str),
    /// `//user:password@host:port/path`, which fill the keys `user`, `password`, `host`, `port`, and the one named here.
    Server {
        /// The key that the path fills, without its first slash; `None` if there may be no path.
        path: Option<&'static str>,
    },
}

/// Whether a database that is absent is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Opening {
    /// Only one that exists is opened; nothing is made. A database in memory is new each time, and is opened all the same.
    Existing,
    /// One that is absent is made, where the backend can.
    OrMake,
}
