//! The backends that a program knows, and how it gets to one.

use std::fmt;
use std::sync::Arc;

use memory_core::connect::{Connector, Environment, Given, Migration, Opening, Settings, Written, resolve, unknown};
use memory_core::{Backend, Error, ErrorKind, Result};

use crate::table::{Row, rows};
use crate::target::Target;
use crate::url;

/// The known backends by the schemes of their URLs, and the environment that fills in what is not given.
#[derive(Clone)]
pub struct Registry {
    connectors: Vec<Arc<dyn Connector>>,
    /// Schemes that were not built in, each with its feature.
    off: Vec<(&'static str, &'static str)>,
    environment: Arc<Environment<'static>>,
}

impl Registry {
    /// The backends that are built in, and this process's environment.
    pub fn new() -> Self {
        let (mut connectors, mut off) = (Vec::new(), Vec::new());
        for Row { feature, schemes, connector } in rows() {
            match connector {
                Some(connector) => connectors.push(connector),
                None => off.extend(schemes.iter().map(|scheme| (*scheme, feature))),
            }
        }
        Self { connectors, off, environment: Arc::new(|name| std::env::var(name).ok()) }
    }

    /// With a backend of somebody else's.
    ///
    /// # Errors
    /// `InvalidArgument` for a scheme that is not lower-case letters, digits, `+`, `-` and `.` behind a letter; `Conflict` for
    /// one that is taken.
    pub fn with(mut self, connector: impl Connector + 'static) -> Result<Self> {
        if connector.schemes().is_empty() {
            return Err(Error::invalid("the connector has no scheme"));
        }
        for scheme in connector.schemes() {
            let letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
            if !scheme.starts_with(|c: char| c.is_ascii_lowercase()) || !scheme.chars().all(letter) {
                let letters = "lower-case letters, digits, +, - and . behind a letter";
                return Err(Error::invalid(format!("the scheme {scheme:?} is not made of {letters}")));
            }
            if self.known().contains(scheme) {
                let message = format!("the scheme {scheme} is taken: register the connector under another one");
                return Err(Error::new(ErrorKind::Conflict, message));
            }
        }
        self.connectors.push(Arc::new(connector));
        Ok(self)
    }

    /// With another environment than the process's.
    #[must_use]
    pub fn with_environment(mut self, lookup: impl Fn(&str) -> Option<String> + Send + Sync + 'static) -> Self {
        self.environment = Arc::new(lookup);
        self
    }

    /// The connectors, those that are built in first.
    pub fn connectors(&self) -> impl Iterator<Item = &dyn Connector> {
        self.connectors.iter().map(|connector| &**connector)
    }

    /// What environment variables are looked up in.
    pub fn environment(&self) -> &Environment<'_> {
        &*self.environment
    }

    /// Reads a URL such as `sqlite:memories.db`. Nothing is opened, and its keys are not looked at yet: [`Self::settings`]
    /// does that. Variables are not put in: that is for files. `place` says where the URL comes from, such as `--store`, and
    /// stands in errors.
    ///
    /// # Errors
    /// `InvalidArgument` naming a scheme that is not known, with the nearest, or saying what is wrong with the form;
    /// `Unsupported` naming the feature of a backend that was not built in. The URL itself is not in the error, for it may hold
    /// a password.
    pub fn target(&self, place: &str, url: &str) -> Result<Target> {
        self.parse(place, url).map_err(|error| at(place, &error))
    }

    fn parse(&self, place: &str, url: &str) -> Result<Target> {
        let Some((scheme, rest)) = url.split_once(':') else {
            let known = self.known().join(", ");
            return Err(Error::invalid(format!(
                "a store is written BACKEND:…, as in sqlite:memories.db (known: {known})"
            )));
        };
        let connector = self.connector(&scheme.to_ascii_lowercase())?;
        let pairs = url::parse(scheme, rest, connector.address())?;
        let given =
            pairs.into_iter().map(|(key, value)| Given { key, value: Written::Text(value), place: place.to_owned() });
        Ok(Target { given: given.collect(), connector, place: place.to_owned() })
    }

    /// As [`Self::target`], of a backend's name and keys with their values as they are, without encoding.
    ///
    /// # Errors
    /// For a backend that is not known or not built in.
    pub fn target_of(&self, place: &str, backend: &str, given: Vec<Given>) -> Result<Target> {
        let connector = self.connector(backend).map_err(|error| at(place, &error))?;
        Ok(Target { connector, place: place.to_owned(), given })
    }

    /// The connector of a scheme.
    ///
    /// # Errors
    /// As [`Self::target`].
    pub(crate) fn connector(&self, scheme: &str) -> Result<Arc<dyn Connector>> {
        if let Some(connector) = self.find(scheme) {
            return Ok(Arc::clone(connector));
        }
        match self.off.iter().find(|(off, _)| *off == scheme) {
            Some((_, feature)) => Err(Error::unsupported(format!(
                "the backend {scheme} was not built into this program; build it with the feature `{feature}` of memory-connect"
            ))),
            None => Err(Error::invalid(unknown("backend", scheme, &self.known()))),
        }
    }

    fn find(&self, scheme: &str) -> Option<&Arc<dyn Connector>> {
        self.connectors.iter().find(|connector| connector.schemes().contains(&scheme))
    }

    /// Every scheme that could be meant, also of backends that were not built in.
    fn known(&self) -> Vec<&str> {
        let mut known: Vec<&str> = self.connectors.iter().flat_map(|connector| connector.schemes()).copied().collect();
        known.extend(self.off.iter().map(|(scheme, _)| *scheme));
        known.sort_unstable();
        known
    }

    /// The settings that hold: what was given, then the vendor's environment variables, then the defaults.
    ///
    /// # Errors
    /// Those of [`resolve`].
    pub fn settings(&self, target: &Target) -> Result<Settings> {
        resolve(target.backend(), &target.place, target.connector.settings(), &target.given, self.environment())
    }

    /// Opens a store.
    ///
    /// # Errors
    /// Those of [`Self::settings`] and of the backend.
    pub async fn open(&self, target: &Target, opening: Opening) -> Result<Arc<dyn Backend>> {
        let opened = match self.settings(target) {
            Ok(settings) => target.connector.connect(&settings, opening).await,
            Err(error) => Err(error),
        };
        opened.map_err(|error| error.in_backend(target.backend()))
    }

    /// What opening a store would first make or change in its schema; `None` where it has none apart from itself. Nothing is changed.
    ///
    /// # Errors
    /// As [`Self::open`].
    pub async fn migration(&self, target: &Target) -> Result<Option<Migration>> {
        let asked = match self.settings(target) {
            Ok(settings) => target.connector.migration(&settings).await,
            Err(error) => Err(error),
        };
        asked.map_err(|error| error.in_backend(target.backend()))
    }

    /// [`Self::target`] and [`Self::open`] in one.
    ///
    /// # Errors
    /// Those of the two.
    pub async fn open_url(&self, url: &str, opening: Opening) -> Result<Arc<dyn Backend>> {
        self.open(&self.target("the URL", url)?, opening).await
    }
}

impl Default for Registry {
    fn default() -> Self {
        Self::new()
    }
}

/// The schemes alone.
impl fmt::Debug for Registry {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let schemes = self.connectors.iter().flat_map(|connector| connector.schemes());
        f.debug_tuple("Registry").field(&schemes.collect::<Vec<_>>()).finish()
    }
}

/// The same error, with the place in front.
pub(crate) fn at(place: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{place}: {}", error.message()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_backend_that_was_not_built_in_names_its_feature() {
        let registry =
            Registry { connectors: Vec::new(), off: vec![("acme", "acme")], environment: Arc::new(|_| None) };
        let error = registry.target("--store", "acme:hunter2").unwrap_err();
        assert_eq!(
            error.to_string(),
            "unsupported: --store: the backend acme was not built into this program; build it with the feature `acme` of \
             memory-connect"
        );
        let error = registry.target("--store", "acne:hunter2").unwrap_err();
        assert_eq!(error.message(), "--store: `acne` is no backend; did you mean `acme`? (known: acme)");
    }

    #[cfg(not(feature = "sqlite"))]
    #[test]
    fn sqlite_says_so_where_it_is_off() {
        let error = Registry::new().target("--store", "sqlite:a.db").unwrap_err();
        assert!(error.message().ends_with("build it with the feature `sqlite` of memory-connect"), "{error}");
    }
}
