//! A store that somebody named.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use memory_core::connect::{Address, Connector, Given, SettingKind, Written};
use memory_core::{Error, Result};

use crate::percent::{encode, is_plain};

/// What is shown for a secret.
pub(crate) const MASK: &str = "***";

/// A store that a URL or a file names: a backend and what was given for it, not looked at yet. `Display` shows it as a URL and
/// `Debug` too, both with `***` for passwords and for the values of keys that are not known.
#[derive(Clone)]
pub struct Target {
    pub(crate) connector: Arc<dyn Connector>,
    /// Where it was named as a whole, for errors.
    pub(crate) place: String,
    pub(crate) given: Vec<Given>,
}

impl Target {
    /// The backend's name, such as `sqlite`.
    pub fn backend(&self) -> &str {
        self.connector.schemes().first().copied().unwrap_or_default()
    }

    /// The path, for a backend whose URLs are paths: `sqlite:PATH`. A caller may want to make its folder.
    pub fn path(&self) -> Option<&str> {
        let Address::Path(key) = self.connector.address() else { return None };
        self.given.iter().find(|given| given.key == key).and_then(|given| match &given.value {
            Written::Text(path) => Some(path.as_str()),
            _ => None,
        })
    }

    /// Lets relative paths start at this folder.
    ///
    /// # Errors
    /// `InvalidArgument` if the folder's name is no UTF-8.
    pub fn starting_at(mut self, folder: &Path) -> Result<Self> {
        let declared = self.connector.settings();
        let is_path =
            |key: &str| declared.iter().any(|setting| setting.key == key && setting.kind == SettingKind::Path);
        for given in self.given.iter_mut().filter(|given| is_path(&given.key)) {
            if let Written::Text(path) = &mut given.value
                && !path.is_empty()
                && !path.starts_with(':')
            {
                let joined = folder.join(&*path).into_os_string().into_string();
                *path = joined.map_err(|_| {
                    Error::invalid(format!("{}: the file's folder has a name that is no UTF-8", given.place))
                })?;
            }
        }
        Ok(self)
    }

    fn value(&self, key: &str) -> Option<String> {
        self.given.iter().find(|given| given.key == key).map(|given| self.shown(given).1)
    }

    fn write_server(&self, f: &mut fmt::Formatter<'_>, path: Option<&str>) -> fmt::Result {
        f.write_str("//")?;
        match (self.value("user").unwrap_or_default(), self.value("password")) {
            (user, Some(password)) => write!(f, "{}:{}@", part(&user), part(&password))?,
            (user, None) if user.is_empty() => {}
            (user, None) => write!(f, "{}@", part(&user))?,
        }
        match self.value("host").unwrap_or_default() {
            host if host.contains(':') => write!(f, "[{}]", encode(&host, |c| is_plain(c) || c == ':'))?,
            host => f.write_str(&part(&host))?,
        }
        if let Some(port) = self.value("port") {
            write!(f, ":{}", part(&port))?;
        }
        match path.and_then(|key| self.value(key)) {
            Some(path) => write!(f, "/{}", encode(&path, |c| is_plain(c) || "*/".contains(c))),
            None => Ok(()),
        }
    }

    /// A key and its value as they may be shown; what is not declared may be anything, also a piece of a password.
    fn shown(&self, given: &Given) -> (&str, String) {
        let masked = MASK.to_owned();
        match self.connector.settings().iter().find(|setting| setting.key == given.key) {
            None => (MASK, masked),
            Some(setting) if setting.kind == SettingKind::Secret => (setting.key, masked),
            Some(setting) => match &given.value {
                Written::Text(text) => (setting.key, text.clone()),
                Written::Whole(number) => (setting.key, number.to_string()),
                Written::Switch(on) => (setting.key, on.to_string()),
                Written::Other(_) => (setting.key, masked),
            },
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:", self.backend())?;
        let address = self.connector.address();
        let in_address = match address {
            Address::Nothing => Vec::new(),
            Address::Path(key) => {
                let path = self.value(key).unwrap_or_default();
                f.write_str(&encode(&path, |c| !c.is_control() && c != '%' && c != '?'))?;
                vec![key]
            }
            Address::Server { path } => {
                self.write_server(f, path)?;
                ["user", "password", "host", "port"].into_iter().chain(path).collect()
            }
        };
        let others = self.given.iter().filter(|given| !in_address.contains(&given.key.as_str()));
        for (number, given) in others.enumerate() {
            let before = if number == 0 { '?' } else { '&' };
            let (key, value) = self.shown(given);
            write!(f, "{before}{key}={}", part(&value))?;
        }
        Ok(())
    }
}

/// A part of a URL; what is masked stays readable.
fn part(text: &str) -> String {
    encode(text, |c| is_plain(c) || c == '*')
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Target({self}, from {})", self.place)
    }
}
