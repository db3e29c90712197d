//! A configuration file with every key that a backend knows, for people to fill in.

use std::fmt::Write as _;

use memory_core::Result;
use memory_core::connect::{Setting, SettingKind};

use crate::registry::Registry;
use crate::show::quoted;

impl Registry {
    /// A configuration file in TOML with one profile for this backend. Required keys stand in it with an example; the others
    /// are commented out, each with what it does, what its value is, its default and its environment variables. Secrets come
    /// from the environment. It is made from what the backend declares, so it holds what can be read.
    ///
    /// # Errors
    /// For a scheme that is not known or not built in, as [`Self::target`].
    pub fn commented(&self, scheme: &str) -> Result<String> {
        let connector = self.connector(scheme)?;
        let (name, about) = (connector.schemes().first().copied().unwrap_or_default(), connector.about());
        let mut file = format!(
            "# A store in {name}: {about}.\n\
             # ${{VAR}} in a value is an environment variable, ${{VAR:-text}} one with a default.\n\n\
             # The profile that is meant if none is named.\n\
             profile = \"{name}\"\n\n\
             [profiles.{name}]\n\
             # The collection that is used if none is named.\n\
             # collection = \"memories\"\n\n\
             # The namespace that is used if none is named.\n\
             # namespace = \"default\"\n\n\
             # What makes vectors of texts: builtin, none, hash, or the URL of a service.\n\
             # embedder = \"builtin\"\n\n\
             [profiles.{name}.store]\n\
             backend = \"{name}\"\n"
        );
        file += &described(connector.settings());
        Ok(file)
    }
}

/// A paragraph for each setting.
fn described(settings: &[Setting]) -> String {
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
        let mark = if setting.required { "" } else { "# " };
        // Writing to a text cannot fail.
        let _ = write!(text, "\n# {}\n# {facts}.\n{mark}{} = {}\n", setting.about, setting.key, example(setting));
    }
    text
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
