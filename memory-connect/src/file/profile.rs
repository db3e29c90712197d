//! One profile, with variables put in.

use std::fmt;

use memory_core::connect::{Given, Written, expand, unknown};
use memory_core::{Error, ErrorKind, Result};

use super::ConfigFile;
use super::tree::{Entry, Table, Value};
use crate::percent::{encode, is_plain};
use crate::registry::{Registry, at};
use crate::show::masked;
use crate::target::Target;

/// A store and what belongs to it. What the file does not say is `None`: it is for the program to fill in.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Profile {
    /// Its name.
    pub name: String,
    /// Where it stands, such as `memories.toml:3`.
    pub place: String,
    /// The store.
    pub store: Option<Target>,
    /// The name of the collection.
    pub collection: Option<Placed>,
    /// The namespace, as the program's user writes one.
    pub namespace: Option<Placed>,
    /// What makes vectors of texts.
    pub embedder: Option<EmbedderChoice>,
}

/// A text, and where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Placed {
    /// The text, with variables put in.
    pub text: String,
    /// Where it stands, such as `memories.toml:7`.
    pub place: String,
}

/// What a profile says of its embedder. The declaration of its settings is not this crate's: a table is read with
/// [`resolve`](memory_core::connect::resolve).
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum EmbedderChoice {
    /// A word or a URL.
    Named(Placed),
    /// Keys and values.
    Table {
        /// What is given.
        given: Vec<Given>,
        /// Where the table stands.
        place: String,
    },
}

/// A URL may hold a password.
impl fmt::Debug for EmbedderChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Named(Placed { text, place }) => write!(f, "Named({:?}, from {place})", masked(text)),
            Self::Table { given, place } => {
                f.debug_struct("Table").field("given", given).field("place", place).finish()
            }
        }
    }
}

impl ConfigFile {
    /// The profile of this name; without one, the profile that the file says is meant, or its only one.
    ///
    /// # Errors
    /// `NotFound` naming a profile that is not there, with the nearest; `InvalidArgument` naming file, line and key for a
    /// variable that is not set, a scheme that is not known and a URL of the wrong form; `Unsupported` for a backend that was not
    /// built in. The keys of the store are looked at by [`Registry::settings`].
    pub fn profile(&self, registry: &Registry, name: Option<&str>) -> Result<Profile> {
        let (name, place) = match (name, &self.default, self.profiles.as_slice()) {
            (Some(name), _, _) => (name.to_owned(), self.path().display().to_string()),
            (None, Some((name, line)), _) => {
                let place = self.place(*line);
                (put_in(registry, &place, "profile", name, |value| value)?, place)
            }
            (None, None, [only]) => (only.key.clone(), self.place(only.line)),
            (None, None, profiles) => {
                let shown = self.path().display();
                let what = if profiles.is_empty() { "it holds no profile" } else { "it holds several profiles" };
                let names = self.profiles().collect::<Vec<_>>().join(", ");
                let message = format!("{shown}: {what}; name one ({names}), or write profile = \"…\" at the top");
                let message =
                    if profiles.is_empty() { format!("{shown}: {what}; write [profiles.NAME]") } else { message };
                return Err(Error::new(ErrorKind::NotFound, message));
            }
        };
        let Some(entry) = self.profiles.iter().find(|entry| entry.key == name) else {
            let message = unknown("profile", &name, &self.profiles().collect::<Vec<_>>());
            return Err(Error::new(ErrorKind::NotFound, format!("{place}: {message}")));
        };
        self.read_profile(registry, entry)
    }

    fn read_profile(&self, registry: &Registry, entry: &Entry) -> Result<Profile> {
        let (name, place) = (entry.key.clone(), self.place(entry.line));
        let mut profile = Profile { name, place, store: None, collection: None, namespace: None, embedder: None };
        let Value::Table(entries) = &entry.value else { return Ok(profile) };
        for Entry { key, line, value } in entries {
            let place = self.place(*line);
            match (key.as_str(), value) {
                ("store", value) => profile.store = Some(self.store(registry, &place, value)?),
                ("embedder", Value::Table(table)) => {
                    let given = self.given(registry, table)?;
                    profile.embedder = Some(EmbedderChoice::Table { given, place });
                }
                (_, Value::Plain(Written::Text(text))) => {
                    let text = put_in(registry, &place, key, text, |value| value)?;
                    let placed = Placed { text, place };
                    match key.as_str() {
                        "collection" => profile.collection = Some(placed),
                        "namespace" => profile.namespace = Some(placed),
                        _ => profile.embedder = Some(EmbedderChoice::Named(placed)),
                    }
                }
                _ => {}
            }
        }
        Ok(profile)
    }

    fn store(&self, registry: &Registry, place: &str, value: &Value) -> Result<Target> {
        let folder = self.path().parent().unwrap_or(self.path());
        match value {
            Value::Plain(Written::Text(url)) => {
                // A variable in front is a whole URL. Behind that it is a part of one, in which no character of its value may
                // mean anything: a password with a slash stays a password.
                let whole = url.starts_with("${");
                let url = put_in(
                    registry,
                    place,
                    "store",
                    url,
                    |value| if whole { value } else { encode(&value, is_plain) },
                )?;
                registry.target(place, &url)?.starting_at(folder)
            }
            Value::Plain(_) => Err(Error::internal("the form of a profile was checked")),
            Value::Table(table) => {
                let mut given = self.given(registry, table)?;
                let backend = given.iter().position(|given| given.key == "backend").map(|at| given.remove(at));
                let Some(Given { value: Written::Text(name), place: named, .. }) = backend else {
                    let message = format!("{place}: `store` needs `backend`, the name of one in quotes: give it");
                    return Err(Error::invalid(message));
                };
                registry.target_of(&named, &name, given)?.starting_at(folder)
            }
        }
    }

    /// The keys and values of a table, with variables put in.
    fn given(&self, registry: &Registry, table: &Table) -> Result<Vec<Given>> {
        let given = |Entry { key, line, value }: &Entry| {
            let place = self.place(*line);
            let value = match value {
                Value::Table(_) => Written::Other("a table"),
                Value::Plain(Written::Text(text)) => Written::Text(put_in(registry, &place, key, text, |value| value)?),
                Value::Plain(other) => other.clone(),
            };
            Ok(Given { key: key.clone(), value, place })
        };
        table.iter().map(given).collect()
    }
}

fn put_in(
    registry: &Registry,
    place: &str,
    key: &str,
    text: &str,
    through: impl Fn(String) -> String,
) -> Result<String> {
    expand(text, registry.environment(), through)
        .map_err(|error| at(place, &Error::invalid(format!("`{key}`: {}", error.message()))))
}
