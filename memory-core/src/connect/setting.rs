//! One key of a configuration, and the values of a whole one.

use std::collections::BTreeMap;
use std::time::Duration;

use super::Secret;
use crate::error::{Error, Result};

/// What a key's value is, and how it is written in a file and in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum SettingKind {
    /// A text.
    Text,
    /// A text that is never shown.
    Secret,
    /// The path of a file or folder.
    Path,
    /// A whole number from the first to the second, both inclusive.
    Whole(u64, u64),
    /// `true` or `false`.
    Switch,
    /// A whole number and a unit: `250ms`, `30s`, `5m`, `2h`, `7d`.
    Duration,
    /// One of these words.
    Choice(&'static [&'static str]),
}

/// A key that a configuration may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The key: letters, digits and `_`.
    pub key: &'static str,
    /// What its value is.
    pub kind: SettingKind,
    /// What it does, in a full sentence.
    pub about: &'static str,
    /// The value that holds when none is given, as it would be written.
    pub default: Option<&'static str>,
    /// Whether a configuration without it is refused.
    pub required: bool,
    /// The vendor's own environment variables, which fill it in when a configuration does not name it; the first that is set
    /// counts.
    pub env: &'static [&'static str],
}

impl Setting {
    /// An optional key without a default.
    pub const fn new(key: &'static str, kind: SettingKind, about: &'static str) -> Self {
        Self { key, kind, about, default: None, required: false, env: &[] }
    }

    /// With the value that holds when none is given.
    #[must_use]
    pub const fn with_default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// One that every configuration holds.
    #[must_use]
    pub const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    /// Filled in from these environment variables.
    #[must_use]
    pub const fn with_env(mut self, variables: &'static [&'static str]) -> Self {
        self.env = variables;
        self
    }
}

/// The value of a key, of its declared kind.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum SettingValue {
    /// Of a text, a path or a choice.
    Text(String),
    /// Of a secret.
    Secret(Secret),
    /// Of a whole number.
    Whole(u64),
    /// Of a switch.
    Switch(bool),
    /// Of a duration.
    Duration(Duration),
}

/// The values of a configuration, defaults among them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, SettingValue>);

impl Settings {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this value, instead of one that the key had.
    #[must_use]
    pub fn with(mut self, setting: &Setting, value: SettingValue) -> Self {
        self.0.insert(setting.key, value);
        self
    }

    /// The value of a key; `None` if it was not given and has no default.
    pub fn get(&self, key: &str) -> Option<&SettingValue> {
        self.0.get(key)
    }

    /// A text, a path or a choice.
    ///
    /// # Errors
    /// `Internal` if the key is of another kind.
    pub fn text(&self, key: &str) -> Result<Option<&str>> {
        self.of_kind(key, |value| if let SettingValue::Text(text) = value { Some(text.as_str()) } else { None })
    }

    /// A secret.
    ///
    /// # Errors
    /// `Internal` if the key is of another kind.
    pub fn secret(&self, key: &str) -> Result<Option<&Secret>> {
        self.of_kind(key, |value| if let SettingValue::Secret(secret) = value { Some(secret) } else { None })
    }

    /// A whole number.
    ///
    /// # Errors
    /// `Internal` if the key is of another kind.
    pub fn whole(&self, key: &str) -> Result<Option<u64>> {
        self.of_kind(key, |value| if let SettingValue::Whole(number) = value { Some(*number) } else { None })
    }

    /// A switch.
    ///
    /// # Errors
    /// `Internal` if the key is of another kind.
    pub fn switch(&self, key: &str) -> Result<Option<bool>> {
        self.of_kind(key, |value| if let SettingValue::Switch(on) = value { Some(*on) } else { None })
    }

    /// A duration.
    ///
    /// # Errors
    /// `Internal` if the key is of another kind.
    pub fn duration(&self, key: &str) -> Result<Option<Duration>> {
        self.of_kind(key, |value| if let SettingValue::Duration(time) = value { Some(*time) } else { None })
    }

    fn of_kind<'a, T>(&'a self, key: &str, read: impl Fn(&'a SettingValue) -> Option<T>) -> Result<Option<T>> {
        let Some(value) = self.0.get(key) else { return Ok(None) };
        let wrong = || Error::internal(format!("the setting {key} is read as another kind than it was declared"));
        read(value).map(Some).ok_or_else(wrong)
    }
}
