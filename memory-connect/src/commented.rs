//! A configuration file with every key that a backend knows, for people to fill in.

use std::fmt::Write as _;

use memory_core::Result;
use memory_core::connect::{Given, Setting, SettingKind, Written};

use crate::registry::Registry;
use crate::show::{key, quoted};
use crate::target::Target;

/// What a new configuration file says of its one profile.
#[derive(Clone, Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct NewProfile<'a> {
    /// Its name.
    pub name: &'a str,
    /// The store.
    pub store: &'a Target,
    /// The collection, where one is meant.
    pub collection: Option<&'a str>,
    /// The namespace, where one is meant.
    pub namespace: Option<&'a str>,
    /// The embedder: a word or a URL, where one is meant.
    pub embedder: Option<&'a str>,
}

impl Registry {
    /// A configuration file in TOML with one profile for this backend. Required keys stand in it with an example; the others
    /// are commented out, each with what it does, what its value is, its default and its environment variables. Secrets come
    /// from the environment. It is made from what the backend declares, so it holds what can be read.
    ///
    /// # Errors
    /// For a scheme that is not known or not built in, as [`Self::target`].
    pub fn commented(&self, scheme: &str) -> Result<String> {
        let store = Target { connector: self.connector(scheme)?, place: scheme.to_owned(), given: Vec::new() };
        let name = store.backend();
        Ok(file(&NewProfile { name, store: &store, collection: None, namespace: None, embedder: None }))
    }

    /// As [`Self::commented`], with what the profile says in place of examples. Secrets that are given stand in it as they are.
    ///
    /// # Errors
    /// Those of [`Self::settings`].
    pub fn new_profile(&self, profile: &NewProfile<'_>) -> Result<String> {
        self.settings(profile.store)?;
        Ok(file(profile))
    }
}

fn file(profile: &NewProfile<'_>) -> String {
    let NewProfile { name, store, .. } = profile;
    let (backend, about, table) = (store.backend(), store.connector.about(), format!("profiles.{}", key(name)));
    let said = |key: &str, value: Option<&str>, example: &str| match value {
        Some(value) => format!("{key} = {}\n\n", quoted(value)),
        None => format!("# {key} = {}\n\n", quoted(example)),
    };
    let mut file = format!(
        "# A store in {backend}: {about}.\n\
         # ${{VAR}} in a value is an environment variable, ${{VAR:-text}} one with a default.\n\n\
         # The profile that is meant if none is named.\n\
         profile = {}\n\n\
         [{table}]\n\
         # The collection that is used if none is named.\n{}\
         # The namespace that is used if none is named.\n{}\
         # What makes vectors of texts: builtin, none, hash, or the URL of a service.\n{}\
         [{table}.store]\n\
         backend = {}\n",
        quoted(name),
        said("collection", profile.collection, "memories"),
        said("namespace", profile.namespace, "default"),
        said("embedder", profile.embedder, "builtin"),
        quoted(backend),
    );
    file += &described(store.connector.settings(), &store.given);
    file
}

/// A paragraph for each setting.
fn described(settings: &[Setting], given: &[Given]) -> String {
    let mut text = String::new();
    for setting in settings {
        let mut facts = setting.kind.expected();
        if let Some(first) = facts.get_mut(..1) {
            first.make_ascii_uppercase();
        }
        match setting.default {
            _ if setting.required => facts += "; required",
            Some(default) => facts += &format!("; {default} unless given"),
            None => {}
        }
        if !setting.env.is_empty() {
            facts += &format!("; or the environment variable {}", setting.env.join(" or "));
        }
        let value = given.iter().find(|given| given.key == setting.key).and_then(|given| literal(&given.value));
        let mark = if setting.required || value.is_some() { "" } else { "# " };
        let value = value.unwrap_or_else(|| example(setting));
        // Writing to a text cannot fail.
        let _ = write!(text, "\n# {}\n# {facts}.\n{mark}{} = {value}\n", setting.about, setting.key);
    }
    text
}

/// A given value as TOML writes it. A `${` in it stands for itself.
fn literal(value: &Written) -> Option<String> {
    match value {
        Written::Text(text) => Some(quoted(&text.replace("${", "$${"))),
        Written::Whole(number) => Some(number.to_string()),
        Written::Switch(on) => Some(on.to_string()),
        Written::Other(_) => None,
    }
}

/// A value that can be read, as TOML writes it.
fn example(setting: &Setting) -> String {
    let given = setting.default.or(setting.example);
    let upper = || format!("${{{}}}", setting.key.to_ascii_uppercase());
    match setting.kind {
        SettingKind::Secret => quoted(&setting.env.first().map_or_else(upper, |variable| format!("${{{variable}}}"))),
        SettingKind::Whole(least, _) => given.map_or_else(|| least.to_string(), str::to_owned),
        SettingKind::Switch => given.unwrap_or("true").to_owned(),
        SettingKind::Duration => quoted(given.unwrap_or("30s")),
        SettingKind::Choice(words) => quoted(given.or(words.first().copied()).unwrap_or_default()),
        SettingKind::Text => quoted(given.unwrap_or("text")),
        SettingKind::Path => quoted(given.unwrap_or("path")),
    }
}
