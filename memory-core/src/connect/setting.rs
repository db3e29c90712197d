//! The declaration of one key of a configuration.

use std::time::Duration;

use super::{Secret, SettingValue};
use crate::error::{Error, Result};

/// What a key's value is, and how it is written in a file and in a URL.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum SettingKind {
    /// A text.
    Text,
    /// A text that is never shown.
    Secret,
    /// The path of a file or folder, not empty. A relative one in a configuration file starts at the file's folder; one that
    /// begins with a colon is a word of the backend, such as `:memory:`, and stays as it is.
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

impl SettingKind {
    /// What a value is, as an error or a comment says it: `a whole number from 1 to 65535`.
    pub fn expected(&self) -> String {
        match self {
            Self::Text => "a text".to_owned(),
            Self::Secret => "a secret text".to_owned(),
            Self::Path => "a path".to_owned(),
            Self::Whole(least, most) => format!("a whole number from {least} to {most}"),
            Self::Switch => "true or false".to_owned(),
            Self::Duration => "a whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d".to_owned(),
            Self::Choice(words) => format!("one of {}", words.join(", ")),
        }
    }
}

/// A key that a configuration may hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Setting {
    /// The key: small letters, digits and `_`.
    pub key: &'static str,
    /// What its value is.
    pub kind: SettingKind,
    /// What it does, in a full sentence.
    pub about: &'static str,
    /// The value that holds when none is given, as it would be written.
    pub default: Option<&'static str>,
    /// A value for commented files, where there is no default to show.
    pub example: Option<&'static str>,
    /// Whether a configuration without it is refused.
    pub required: bool,
    /// The vendor's own environment variables, which fill it in when a configuration does not name it; the first that is set
    /// and not empty counts.
    pub env: &'static [&'static str],
}

impl Setting {
    /// An optional key without a default.
    pub const fn new(key: &'static str, kind: SettingKind, about: &'static str) -> Self {
        Self { key, kind, about, default: None, example: None, required: false, env: &[] }
    }

    /// With the value that holds when none is given.
    #[must_use]
    pub const fn with_default(mut self, default: &'static str) -> Self {
        self.default = Some(default);
        self
    }

    /// With a value for commented files.
    #[must_use]
    pub const fn with_example(mut self, example: &'static str) -> Self {
        self.example = Some(example);
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

    /// Reads a value as it is written in a URL, in an environment variable or between quotes.
    ///
    /// # Errors
    /// `InvalidArgument` naming the key and what its value is; the text is not in it.
    pub fn read(&self, text: &str) -> Result<SettingValue> {
        let value = match self.kind {
            SettingKind::Text => Some(SettingValue::Text(text.to_owned())),
            SettingKind::Secret => Some(SettingValue::Secret(Secret::new(text))),
            SettingKind::Path => (!text.is_empty()).then(|| SettingValue::Text(text.to_owned())),
            SettingKind::Whole(..) => digits(text).map(SettingValue::Whole),
            SettingKind::Switch => text.parse().ok().map(SettingValue::Switch),
            SettingKind::Duration => duration(text).map(SettingValue::Duration),
            SettingKind::Choice(words) => words.contains(&text).then(|| SettingValue::Text(text.to_owned())),
        };
        self.bounded(value.ok_or_else(|| self.refused())?)
    }

    /// Checks the range of a whole number.
    pub(super) fn bounded(&self, value: SettingValue) -> Result<SettingValue> {
        match (self.kind, &value) {
            (SettingKind::Whole(least, most), SettingValue::Whole(n)) if !(least..=most).contains(n) => {
                Err(self.refused())
            }
            _ => Ok(value),
        }
    }

    fn refused(&self) -> Error {
        Error::invalid(format!("`{}` is {}", self.key, self.kind.expected()))
    }
}

fn digits(text: &str) -> Option<u64> {
    // `parse` alone would take a plus sign.
    text.bytes().all(|byte| byte.is_ascii_digit()).then(|| text.parse().ok()).flatten()
}

fn duration(text: &str) -> Option<Duration> {
    let unit = text.trim_start_matches(|c: char| c.is_ascii_digit());
    let number = digits(&text[..text.len() - unit.len()])?;
    let seconds = match unit {
        "ms" => return Some(Duration::from_millis(number)),
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    number.checked_mul(seconds).map(Duration::from_secs)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(kind: SettingKind, text: &str) -> Result<SettingValue, String> {
        Setting::new("key", kind, "").read(text).map_err(|error| error.to_string())
    }

    #[test]
    fn values_are_read_as_their_kind() {
        let text = |text: &str| SettingValue::Text(text.to_owned());
        for (kind, written, expected) in [
            (SettingKind::Text, "", text("")),
            (SettingKind::Text, " 5 ", text(" 5 ")),
            (SettingKind::Secret, "hunter2", SettingValue::Secret(Secret::new("hunter2"))),
            (SettingKind::Path, "a b/c", text("a b/c")),
            (SettingKind::Whole(1, 65_535), "1", SettingValue::Whole(1)),
            (SettingKind::Whole(1, 65_535), "065535", SettingValue::Whole(65_535)),
            (SettingKind::Whole(0, u64::MAX), "18446744073709551615", SettingValue::Whole(u64::MAX)),
            (SettingKind::Switch, "true", SettingValue::Switch(true)),
            (SettingKind::Switch, "false", SettingValue::Switch(false)),
            (SettingKind::Duration, "250ms", SettingValue::Duration(Duration::from_millis(250))),
            (SettingKind::Duration, "0s", SettingValue::Duration(Duration::ZERO)),
            (SettingKind::Duration, "5m", SettingValue::Duration(Duration::from_secs(300))),
            (SettingKind::Duration, "2h", SettingValue::Duration(Duration::from_secs(7_200))),
            (SettingKind::Duration, "7d", SettingValue::Duration(Duration::from_secs(604_800))),
            (SettingKind::Choice(&["one", "two"]), "two", text("two")),
        ] {
            assert_eq!(read(kind, written).unwrap(), expected, "{kind:?} {written}");
        }
    }

    #[test]
    fn values_of_another_kind_are_refused_by_what_they_should_be() {
        let port = SettingKind::Whole(1, 65_535);
        let number = "invalid argument: `key` is a whole number from 1 to 65535";
        let time = "invalid argument: `key` is a whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d";
        let choice = SettingKind::Choice(&["one", "two"]);
        for (kind, written, expected) in [
            (SettingKind::Path, "", "invalid argument: `key` is a path"),
            (port, "", number),
            (port, "0", number),
            (port, "65536", number),
            (port, "+5", number),
            (port, "-5", number),
            (port, "5.0", number),
            (port, "99999999999999999999", number),
            (SettingKind::Switch, "yes", "invalid argument: `key` is true or false"),
            (SettingKind::Switch, "True", "invalid argument: `key` is true or false"),
            (SettingKind::Duration, "30", time),
            (SettingKind::Duration, "s", time),
            (SettingKind::Duration, "1.5s", time),
            (SettingKind::Duration, "5 m", time),
            (SettingKind::Duration, "18446744073709551615d", time),
            (choice, "One", "invalid argument: `key` is one of one, two"),
        ] {
            assert_eq!(read(kind, written).unwrap_err(), expected, "{written}");
        }
    }
}
