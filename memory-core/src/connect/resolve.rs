//! From what was given to the settings that hold.

use std::fmt;

use super::near::{shown, unknown};
use super::{Environment, Setting, SettingKind, SettingValue, Settings};
use crate::error::{Error, Result};

/// A value as a file or a URL writes it.
#[derive(Clone, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Written {
    /// A text, of which a value of any kind is read.
    Text(String),
    /// A whole number.
    Whole(u64),
    /// `true` or `false`.
    Switch(bool),
    /// What no key takes, by what it is: `a list`.
    Other(&'static str),
}

impl Written {
    /// What it is, for an error.
    fn what(&self) -> &'static str {
        match self {
            Self::Text(_) => "a text",
            Self::Whole(_) => "a number",
            Self::Switch(_) => "true or false",
            Self::Other(what) => what,
        }
    }
}

/// What it is alone: the value may be a secret.
impl fmt::Debug for Written {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.what())
    }
}

/// A key that a file or a URL gives a value.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Given {
    /// The key, as it is written.
    pub key: String,
    /// Its value, with variables put in.
    pub value: Written,
    /// Where it stands, for errors: `memories.toml:7`, `the URL`.
    pub place: String,
}

/// Reads what was given, fills in the rest from the vendor's environment variables and then from the defaults, and refuses
/// what does not fit the declaration. What is given counts before the environment: a variable that happens to be set does
/// not redirect a configuration that names its store.
///
/// `name` is what is configured, such as `sqlite`, and `place` where it stands as a whole; both are for errors.
///
/// # Errors
/// `InvalidArgument` naming the place and the key: for one that is not declared, with the nearest; one that is given twice;
/// a value of another kind, with what it should be; a missing required one, with its environment variables. No value is ever
/// in an error. `Internal` for a declaration whose default cannot be read.
pub fn resolve(
    name: &str,
    place: &str,
    declared: &[Setting],
    given: &[Given],
    environment: &Environment<'_>,
) -> Result<Settings> {
    let mut settings = Settings::new();
    for Given { key, value, place } in given {
        let Some(setting) = declared.iter().find(|setting| setting.key == key) else {
            let known: Vec<&str> = declared.iter().map(|setting| setting.key).collect();
            return Err(at(place, &unknown(&format!("key of {name}"), key, &known)));
        };
        if let Some(first) = settings.place(setting.key) {
            return Err(at(place, &format!("{} is given twice, first at {first}", shown(key))));
        }
        let value = of_kind(setting, value).map_err(|error| at(place, error.message()))?;
        settings = settings.placed(setting, value, place);
    }
    for setting in declared {
        if settings.get(setting.key).is_none() {
            settings = filled(settings, name, place, setting, environment)?;
        }
    }
    Ok(settings)
}

/// The settings with a key that was not given.
fn filled(
    settings: Settings,
    name: &str,
    place: &str,
    setting: &Setting,
    environment: &Environment<'_>,
) -> Result<Settings> {
    let set = setting.env.iter().map(|variable| (variable, environment(variable).unwrap_or_default()));
    if let Some((variable, value)) = set.into_iter().find(|(_, value)| !value.is_empty()) {
        let place = format!("the environment variable {variable}");
        let value = setting.read(&value).map_err(|error| at(&place, error.message()))?;
        return Ok(settings.placed(setting, value, place));
    }
    match setting.default {
        Some(default) => {
            let broken = |error: Error| Error::internal(format!("the default of {name}: {}", error.message()));
            Ok(settings.placed(setting, setting.read(default).map_err(broken)?, "the default"))
        }
        None if setting.required => {
            let or = match setting.env {
                [] => String::new(),
                variables => format!(", or set the environment variable {}", variables.join(" or ")),
            };
            Err(at(place, &format!("{name} needs `{}`, {}: give it{or}", setting.key, setting.kind.expected())))
        }
        None => Ok(settings),
    }
}

fn of_kind(setting: &Setting, written: &Written) -> Result<SettingValue> {
    match (written, setting.kind) {
        (Written::Text(text), _) => setting.read(text),
        (Written::Whole(number), SettingKind::Whole(..)) => setting.bounded(SettingValue::Whole(*number)),
        (Written::Switch(on), SettingKind::Switch) => Ok(SettingValue::Switch(*on)),
        (Written::Whole(_) | Written::Switch(_) | Written::Other(_), _) => {
            let quotes = match (written, setting.kind) {
                (Written::Other(_), _) | (_, SettingKind::Whole(..) | SettingKind::Switch) => "",
                _ => "; put it in quotes if it is one",
            };
            let (key, expected, what) = (setting.key, setting.kind.expected(), written.what());
            Err(Error::invalid(format!("`{key}` is {expected}, not {what}{quotes}")))
        }
    }
}

fn at(place: &str, message: &str) -> Error {
    Error::invalid(format!("{place}: {message}"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connect::Secret;

    const DECLARED: &[Setting] = &[
        Setting::new("host", SettingKind::Text, "").required().with_env(&["PGHOST", "PGHOSTADDR"]),
        Setting::new("port", SettingKind::Whole(1, 65_535), "").with_default("5432").with_env(&["PGPORT"]),
        Setting::new("password", SettingKind::Secret, "").with_env(&["PGPASSWORD"]),
        Setting::new("tls", SettingKind::Switch, ""),
    ];

    fn given(key: &str, value: Written) -> Given {
        Given { key: key.to_owned(), value, place: "a.toml:7".to_owned() }
    }

    fn text(key: &str, value: &str) -> Given {
        given(key, Written::Text(value.to_owned()))
    }

    fn error(given: &[Given], environment: &Environment<'_>) -> String {
        resolve("acme", "a.toml:5", DECLARED, given, environment).unwrap_err().message().to_owned()
    }

    #[test]
    fn what_is_given_counts_before_the_environment_and_that_before_the_default() {
        let environment = |name: &str| match name {
            "PGHOST" => Some(String::new()),
            "PGHOSTADDR" => Some("stray".to_owned()),
            "PGPORT" => Some("6000".to_owned()),
            "PGPASSWORD" => Some("hunter2".to_owned()),
            _ => None,
        };
        let resolved = |given: &[Given], environment| resolve("acme", "", DECLARED, given, environment).unwrap();
        let settings = resolved(&[text("host", "db"), given("tls", Written::Switch(true))], &environment);
        assert_eq!(settings.text("host").unwrap(), Some("db"));
        assert_eq!(settings.whole("port").unwrap(), Some(6_000));
        assert_eq!(settings.secret("password").unwrap(), Some(&Secret::new("hunter2")));
        assert_eq!(settings.switch("tls").unwrap(), Some(true));
        let places = ["host", "port", "tls"].map(|key| settings.place(key).unwrap());
        assert_eq!(places, ["a.toml:7", "the environment variable PGPORT", "a.toml:7"]);
        assert_eq!(resolved(&[], &environment).text("host").unwrap(), Some("stray"), "an empty one is as none");
        let settings = resolved(&[text("host", ""), text("port", "7000")], &|_| None);
        assert_eq!((settings.text("host").unwrap(), settings.whole("port").unwrap()), (Some(""), Some(7_000)));
        let settings = resolved(&[text("host", "db")], &|_| None);
        assert_eq!((settings.whole("port").unwrap(), settings.place("port")), (Some(5_432), Some("the default")));
        assert_eq!((settings.get("password"), settings.get("tls")), (None, None));
    }

    #[test]
    fn what_does_not_fit_is_named_with_its_place() {
        let host = || text("host", "db");
        for (given, expected) in [
            (
                vec![host(), text("pasword", "hunter2")],
                "a.toml:7: `pasword` is no key of acme; did you mean `password`? (known: host, port, password, tls)",
            ),
            (vec![host(), host()], "a.toml:7: `host` is given twice, first at a.toml:7"),
            (vec![text("port", "hunter2")], "a.toml:7: `port` is a whole number from 1 to 65535"),
            (vec![given("port", Written::Whole(0))], "a.toml:7: `port` is a whole number from 1 to 65535"),
            (
                vec![given("port", Written::Switch(true))],
                "a.toml:7: `port` is a whole number from 1 to 65535, not true or false",
            ),
            (
                vec![given("password", Written::Whole(1234))],
                "a.toml:7: `password` is a secret text, not a number; put it in quotes if it is one",
            ),
            (vec![given("password", Written::Other("a list"))], "a.toml:7: `password` is a secret text, not a list"),
            (vec![given("tls", Written::Whole(1))], "a.toml:7: `tls` is true or false, not a number"),
            (
                vec![],
                "a.toml:5: acme needs `host`, a text: give it, or set the environment variable PGHOST or PGHOSTADDR",
            ),
        ] {
            assert_eq!(error(&given, &|_| None), expected);
        }
        let wrong = error(&[host()], &|name| (name == "PGPORT").then(|| "hunter2".to_owned()));
        assert_eq!(wrong, "the environment variable PGPORT: `port` is a whole number from 1 to 65535");
    }

    #[test]
    fn a_declaration_that_cannot_be_read_is_a_defect_of_ours() {
        let declared = [Setting::new("port", SettingKind::Whole(1, 9), "").with_default("10")];
        let error = resolve("acme", "", &declared, &[], &|_| None).unwrap_err();
        assert_eq!(error.kind(), crate::ErrorKind::Internal);
        assert_eq!(error.message(), "the default of acme: `port` is a whole number from 1 to 9");
    }

    #[test]
    fn values_are_not_in_debug() {
        let shown = format!("{:?}", text("password", "hunter2"));
        assert_eq!(shown, "Given { key: \"password\", value: a text, place: \"a.toml:7\" }");
    }
}
