//! Settings as lines of TOML, without secrets.

use memory_core::Result;
use memory_core::connect::{Setting, SettingValue, Settings, resolve};

use crate::file::{EmbedderChoice, Placed, Profile};
use crate::registry::Registry;
use crate::target::{MASK, Target};

impl Registry {
    /// The settings of a store that hold, a line of TOML each, with the place that each comes from: what is given, the
    /// environment or the default. Secrets are `***`.
    ///
    /// # Errors
    /// Those of [`Self::settings`].
    pub fn show(&self, target: &Target) -> Result<String> {
        let settings = self.settings(target)?;
        let backend = line("backend", &quoted(target.backend()), &target.place);
        Ok(backend + &lines(target.connector.settings(), &settings))
    }

    /// A profile with the settings that hold, as TOML, as in [`Self::show`]. `embedder` declares the settings of embedders.
    ///
    /// # Errors
    /// Those of [`Self::settings`], for store and embedder.
    pub fn show_profile(&self, profile: &Profile, embedder: &[Setting]) -> Result<String> {
        let head = format!("profiles.{}", key(&profile.name));
        let mut shown = format!("[{head}] # {}\n", profile.place);
        for (key, value) in [("collection", &profile.collection), ("namespace", &profile.namespace)] {
            if let Some(Placed { text, place }) = value {
                shown += &line(key, &quoted(text), place);
            }
        }
        if let Some(EmbedderChoice::Named(Placed { text, place })) = &profile.embedder {
            shown += &line("embedder", &quoted(&masked(text)), place);
        }
        if let Some(store) = &profile.store {
            shown += &format!("\n[{head}.store]\n{}", self.show(store)?);
        }
        if let Some(EmbedderChoice::Table { given, place }) = &profile.embedder {
            let settings = resolve("the embedder", place, embedder, given, self.environment())?;
            shown += &format!("\n[{head}.embedder]\n{}", lines(embedder, &settings));
        }
        Ok(shown)
    }
}

fn lines(declared: &[Setting], settings: &Settings) -> String {
    let shown = |setting: &Setting| {
        let value = settings.get(setting.key)?;
        Some(line(setting.key, &literal(value), settings.place(setting.key).unwrap_or_default()))
    };
    declared.iter().filter_map(shown).collect()
}

fn line(key: &str, value: &str, place: &str) -> String {
    format!("{key} = {value} # {place}\n")
}

/// A value as TOML writes it.
fn literal(value: &SettingValue) -> String {
    match value {
        SettingValue::Whole(_) | SettingValue::Switch(_) => value.to_string(),
        SettingValue::Text(_) | SettingValue::Secret(_) | SettingValue::Duration(_) => quoted(&value.to_string()),
    }
}

/// A text as TOML writes it.
pub(crate) fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => quoted.push(c),
        }
    }
    quoted.push('"');
    quoted
}

/// A key as TOML writes it.
pub(crate) fn key(name: &str) -> String {
    let bare = |c: char| c.is_ascii_alphanumeric() || "-_".contains(c);
    if !name.is_empty() && name.chars().all(bare) { name.to_owned() } else { quoted(name) }
}

/// A URL of which nothing else is known, without its user and password and without the values behind `?`; another text as it is.
pub fn masked(text: &str) -> String {
    let Some((scheme, rest)) = text.split_once("://") else { return text.to_owned() };
    let (place, query) = rest.split_once('?').map_or((rest, ""), |(place, _)| (place, "?***"));
    // The last @ of all, for a password may hold a slash.
    match place.rsplit_once('@') {
        Some((_, host)) => format!("{scheme}://{MASK}@{host}{query}"),
        None => format!("{scheme}://{place}{query}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_url_of_which_nothing_is_known_shows_no_secret() {
        for (text, expected) in [
            ("builtin", "builtin"),
            ("http://localhost:11434/v1", "http://localhost:11434/v1"),
            ("https://ada:hunter2@host/v1?key=hunter2", "https://***@host/v1?***"),
            ("https://hunter2/x@host", "https://***@host"),
        ] {
            assert_eq!(masked(text), expected);
        }
    }

    #[test]
    fn texts_are_quoted_as_toml_reads_them() {
        assert_eq!(quoted("a \"b\" \\ \n é"), "\"a \\\"b\\\" \\\\ \\u000A é\"");
        assert_eq!((key("local"), key("my profile")), ("local".to_owned(), "\"my profile\"".to_owned()));
    }
}
