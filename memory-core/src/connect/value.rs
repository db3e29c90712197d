//! The values of a configuration.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use super::{Secret, Setting};
use crate::error::{Error, Result};

/// The value of a key, of its declared kind. Shown as it would be written; a secret is shown as `***`.
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

impl fmt::Display for SettingValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Text(text) => f.write_str(text),
            Self::Secret(_) => f.write_str("***"),
            Self::Whole(number) => write!(f, "{number}"),
            Self::Switch(on) => write!(f, "{on}"),
            Self::Duration(time) if time.subsec_millis() == 0 => write!(f, "{}s", time.as_secs()),
            Self::Duration(time) => write!(f, "{}ms", time.as_millis()),
        }
    }
}

/// The values of a configuration, defaults among them, each with the place that it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings(BTreeMap<&'static str, (SettingValue, String)>);

impl Settings {
    /// No values.
    pub fn new() -> Self {
        Self::default()
    }

    /// With this value, instead of one that the key had, given by the program itself.
    #[must_use]
    pub fn with(self, setting: &Setting, value: SettingValue) -> Self {
        self.placed(setting, value, "the program")
    }

    /// As [`with`](Self::with), from this place.
    pub(super) fn placed(mut self, setting: &Setting, value: SettingValue, place: impl Into<String>) -> Self {
        self.0.insert(setting.key, (value, place.into()));
        self
    }

    /// The value of a key; `None` if it was not given and has no default.
    pub fn get(&self, key: &str) -> Option<&SettingValue> {
        self.0.get(key).map(|(value, _)| value)
    }

    /// Where the value of a key comes from: the place that gave it, `the environment variable NAME` or `the default`.
    pub fn place(&self, key: &str) -> Option<&str> {
        self.0.get(key).map(|(_, place)| place.as_str())
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
        let Some(value) = self.get(key) else { return Ok(None) };
        let wrong = || Error::internal(format!("the setting {key} is read as another kind than it was declared"));
        read(value).map(Some).ok_or_else(wrong)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::SettingKind;

    #[test]
    fn a_value_is_read_as_its_kind_and_no_other() {
        let setting = Setting::new("deadline", SettingKind::Duration, "");
        let settings = Settings::new().placed(&setting, setting.read("90s").unwrap(), "a.toml:3");
        assert_eq!(settings.duration("deadline").unwrap(), Some(Duration::from_secs(90)));
        assert_eq!(settings.duration("other").unwrap(), None);
        assert_eq!((settings.place("deadline"), settings.place("other")), (Some("a.toml:3"), None));
        for wrong in [
            settings.text("deadline").map(drop),
            settings.secret("deadline").map(drop),
            settings.whole("deadline").map(drop),
            settings.switch("deadline").map(drop),
        ] {
            assert_eq!(
                wrong.unwrap_err().message(),
                "the setting deadline is read as another kind than it was declared"
            );
        }
    }

    #[test]
    fn values_show_as_they_are_written_and_secrets_not_at_all() {
        for (value, expected) in [
            (SettingValue::Text("a b".to_owned()), "a b"),
            (SettingValue::Secret(Secret::new("hunter2")), "***"),
            (SettingValue::Whole(7), "7"),
            (SettingValue::Switch(true), "true"),
            (SettingValue::Duration(Duration::from_secs(90)), "90s"),
            (SettingValue::Duration(Duration::from_millis(1_500)), "1500ms"),
        ] {
            assert_eq!(value.to_string(), expected);
            assert!(!format!("{value:?}").contains("hunter2"));
        }
    }
}
