//! Configuration (SPEC 12, ER-4): what the backend's connector declares, read as the core reads it.

use std::sync::Arc;

use memory_core::connect::{
    Address, Connector, Environment, Given, Setting, SettingKind, Settings, Written, expand, resolve,
};
use memory_core::{ErrorKind, Result};

use crate::context::Context;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "ER-4": [
        variables_are_put_in_once_and_an_unset_one_is_named,
        (the_declaration_is_whole, Needs::Connector),
        (every_default_and_example_can_be_read, Needs::Connector),
        (an_unknown_key_is_named_with_the_nearest, Needs::Connector),
        (a_key_given_twice_is_named, Needs::Connector),
        (a_value_of_another_kind_is_named_by_its_key, Needs::Connector),
        (a_missing_required_key_is_named, Needs::Connector),
        (what_is_given_counts_before_the_environment_and_that_before_the_default, Needs::Connector),
        (a_secret_shows_nowhere, Needs::Connector),
    ],
}

/// What stands for every value that must not be shown.
const SECRET: &str = "hunter2-correct-horse";

const PLACE: &str = "test.toml:7";

/// Keys of the suite's own, one of each kind, so that each case is about something on every backend.
const OWN: [Setting; 7] = [
    Setting::new("suite_text", SettingKind::Text, "").required().with_env(&["SUITE_TEXT", "SUITE_OTHER"]),
    Setting::new("suite_secret", SettingKind::Secret, "").with_env(&["SUITE_SECRET"]),
    Setting::new("suite_path", SettingKind::Path, "").with_default("there").with_env(&["SUITE_PATH"]),
    Setting::new("suite_whole", SettingKind::Whole(1, 9), "").with_default("5").with_env(&["SUITE_WHOLE"]),
    Setting::new("suite_switch", SettingKind::Switch, "").with_default("false").with_env(&["SUITE_SWITCH"]),
    Setting::new("suite_duration", SettingKind::Duration, "").with_default("5s").with_env(&["SUITE_DURATION"]),
    Setting::new("suite_choice", SettingKind::Choice(&["a", "b"]), "").with_default("a"),
];

/// What the backend declares, and [`OWN`].
fn declared(context: &Context) -> Result<Vec<Setting>, Failure> {
    Ok(connector(context)?.settings().iter().copied().chain(OWN).collect())
}

fn connector(context: &Context) -> Result<Arc<dyn Connector>, Failure> {
    context.harness.connector().ok_or_else(|| Failure::assertion("the connector is gone"))
}

fn text(key: &str, value: &str) -> Given {
    Given { key: key.to_owned(), value: Written::Text(value.to_owned()), place: PLACE.to_owned() }
}

fn read(declared: &[Setting], given: &[Given], environment: &Environment<'_>) -> Result<Settings> {
    resolve("the backend", "test.toml:5", declared, given, environment)
}

/// A text that can be read as a value of this kind, but for a path or a choice not the default.
fn right(setting: &Setting) -> String {
    match setting.kind {
        SettingKind::Text | SettingKind::Secret | SettingKind::Path => "text".to_owned(),
        SettingKind::Whole(least, most) => {
            if setting.default == Some(&*least.to_string()) { most } else { least }.to_string()
        }
        SettingKind::Switch => (setting.default != Some("true")).to_string(),
        SettingKind::Duration => if setting.default == Some("61s") { "62s" } else { "61s" }.to_owned(),
        SettingKind::Choice(words) => words.last().copied().unwrap_or_default().to_owned(),
    }
}

/// What every configuration has to hold, but for one key.
fn without(declared: &[Setting], key: &str) -> Vec<Given> {
    let required = declared.iter().filter(|setting| setting.required && setting.key != key);
    required.map(|setting| text(setting.key, &right(setting))).collect()
}

async fn variables_are_put_in_once_and_an_unset_one_is_named(_: Context) -> Outcome {
    let environment = |name: &str| match name {
        "SET" => Some("${NESTED} $${x}".to_owned()),
        "EMPTY" => Some(String::new()),
        _ => None,
    };
    for (written, expected) in [
        ("a ${SET} b", "a ${NESTED} $${x} b"),
        ("${UNSET:-c}${EMPTY:-d}${EMPTY}", "cd"),
        ("$5 $SET $${SET}", "$5 $SET ${SET}"),
    ] {
        ensure_eq!(expand(written, &environment, |value| value)?, expected, "{written}");
    }
    let unset = format!("{SECRET}${{UNSET}}");
    let error = ensure_kind!(expand(&unset, &environment, |value| value), InvalidArgument, "an unset variable");
    ensure!(error.message().contains("UNSET"), "it is named: {error}");
    ensure!(!format!("{error} {error:?}").contains(SECRET), "and the text around it is not shown");
    Ok(())
}

async fn the_declaration_is_whole(context: Context) -> Outcome {
    let connector = connector(&context)?;
    let (schemes, settings) = (connector.schemes(), connector.settings());
    ensure!(!schemes.is_empty(), "there is a scheme");
    for scheme in schemes {
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || "+-.".contains(c);
        ensure!(
            scheme.starts_with(|c: char| c.is_ascii_lowercase()) && scheme.chars().all(legal),
            "the scheme {scheme:?}"
        );
    }
    ensure!(!connector.about().is_empty() && !connector.about().ends_with('.'), "it says in a line what it is");
    for (number, setting) in settings.iter().enumerate() {
        let key = setting.key;
        let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
        ensure!(!key.is_empty() && key.chars().all(legal), "the key {key:?}");
        ensure!(key != "backend", "the key backend names the backend in a file");
        ensure!(settings[..number].iter().all(|other| other.key != key), "the key {key} is declared once");
        ensure!(
            setting.about.ends_with('.') && !setting.about.contains('\n'),
            "{key} is explained in a sentence of one line"
        );
        ensure!(setting.default.is_none() || !setting.required, "{key} has a default, or is required");
        let is_secret = ["password", "passphrase", "secret", "api_key", "token"].contains(&key);
        ensure!(!is_secret || setting.kind == SettingKind::Secret, "{key} is a secret");
    }
    let filled: Vec<&str> = match connector.address() {
        Address::Nothing => Vec::new(),
        Address::Path(key) => vec![key],
        Address::Server { path } => ["host"].into_iter().chain(path).collect(),
    };
    for key in filled {
        ensure!(
            settings.iter().any(|setting| setting.key == key),
            "the key {key}, which the address fills, is declared"
        );
    }
    Ok(())
}

async fn every_default_and_example_can_be_read(context: Context) -> Outcome {
    for setting in connector(&context)?.settings() {
        for (what, value) in [("default", setting.default), ("example", setting.example)] {
            if let Some(Err(error)) = value.map(|value| setting.read(value)) {
                return Err(Failure::assertion(format!("the {what} of {} cannot be read: {error}", setting.key)));
            }
        }
    }
    Ok(())
}

/// The error is about the configuration, names the place and the key, and shows no value.
fn names(error: &memory_core::Error, place: &str, key: &str) -> Outcome {
    ensure_eq!(error.kind(), ErrorKind::InvalidArgument, "{error}");
    ensure!(error.message().starts_with(place), "it names the place: {error}");
    ensure!(error.message().contains(&format!("`{key}`")), "and the key {key}: {error}");
    ensure!(!format!("{error} {error:?}").contains(SECRET), "and shows no value: {error}");
    Ok(())
}

async fn an_unknown_key_is_named_with_the_nearest(context: Context) -> Outcome {
    let declared = declared(&context)?;
    let known: Vec<&str> = declared.iter().map(|setting| setting.key).collect();
    for key in known.iter().map(|key| format!("{key}x")).filter(|key| !known.contains(&key.as_str())) {
        let mut given = without(&declared, "");
        given.push(text(&key, SECRET));
        let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "{key}");
        names(&error, PLACE, &key)?;
        let near = key.trim_end_matches('x');
        ensure!(error.message().contains("did you mean `"), "a near one is named: {error}");
        ensure!(error.message().contains(near), "{near} among the known ones: {error}");
    }
    let mut given = without(&declared, "");
    given.push(text("no_such_key_anywhere", SECRET));
    let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "an unknown key");
    names(&error, PLACE, "no_such_key_anywhere")
}

async fn a_key_given_twice_is_named(context: Context) -> Outcome {
    let declared = declared(&context)?;
    for setting in &declared {
        let mut given = without(&declared, setting.key);
        given.extend([text(setting.key, &right(setting)), text(setting.key, &right(setting))]);
        let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "{} twice", setting.key);
        names(&error, PLACE, setting.key)?;
    }
    Ok(())
}

async fn a_value_of_another_kind_is_named_by_its_key(context: Context) -> Outcome {
    let declared = declared(&context)?;
    for setting in &declared {
        let key = setting.key;
        let mut wrong = vec![Written::Other("a list")];
        match setting.kind {
            SettingKind::Text | SettingKind::Secret => wrong.extend([Written::Whole(5), Written::Switch(true)]),
            SettingKind::Path => wrong.push(Written::Text(String::new())),
            SettingKind::Whole(least, most) => {
                wrong.extend([Written::Switch(true), Written::Text(SECRET.to_owned())]);
                wrong.extend(least.checked_sub(1).into_iter().chain(most.checked_add(1)).map(Written::Whole));
            }
            SettingKind::Switch | SettingKind::Duration | SettingKind::Choice(_) => {
                wrong.extend([Written::Whole(5), Written::Text(SECRET.to_owned())]);
            }
        }
        for value in wrong {
            let mut given = without(&declared, key);
            given.push(Given { key: key.to_owned(), value: value.clone(), place: PLACE.to_owned() });
            let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "{key}: {value:?}");
            names(&error, PLACE, key)?;
            ensure!(error.message().contains(&setting.kind.expected()), "and says what it should be: {error}");
        }
    }
    Ok(())
}

async fn a_missing_required_key_is_named(context: Context) -> Outcome {
    let declared = declared(&context)?;
    for setting in declared.iter().filter(|setting| setting.required) {
        let given = without(&declared, setting.key);
        let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "without {}", setting.key);
        names(&error, "test.toml:5", setting.key)?;
        for variable in setting.env {
            ensure!(error.message().contains(variable), "and the variable {variable}: {error}");
        }
    }
    Ok(())
}

async fn what_is_given_counts_before_the_environment_and_that_before_the_default(context: Context) -> Outcome {
    let declared = declared(&context)?;
    for setting in &declared {
        let key = setting.key;
        let (given, value) = (right(setting), setting.read(&right(setting))?);
        let other = setting.default.unwrap_or("other");
        let mut with = without(&declared, key);
        if !setting.env.is_empty() {
            let environment = |name: &str| setting.env.contains(&name).then(|| given.clone());
            let settings = read(&declared, &with, &environment)?;
            ensure_eq!(settings.get(key), Some(&value), "{key} from the environment, before its default");
        }
        with.push(text(key, &given));
        let settings = read(&declared, &with, &|name| setting.env.contains(&name).then(|| other.to_owned()))?;
        ensure_eq!(settings.get(key), Some(&value), "{key} as given, before the environment");
    }
    Ok(())
}

async fn a_secret_shows_nowhere(context: Context) -> Outcome {
    let declared = declared(&context)?;
    for setting in declared.iter().filter(|setting| setting.kind == SettingKind::Secret) {
        let mut given = without(&declared, setting.key);
        given.push(text(setting.key, SECRET));
        ensure!(!format!("{given:?}").contains(SECRET), "{} as given", setting.key);
        let settings = read(&declared, &given, &|_| None)?;
        ensure_eq!(settings.secret(setting.key)?.map(|secret| secret.expose()), Some(SECRET), "it arrives");
        let shown = settings.get(setting.key).map(ToString::to_string);
        ensure_eq!(shown.as_deref(), Some("***"), "{} as a value", setting.key);
        ensure!(!format!("{settings:?}").contains(SECRET), "{} among the settings", setting.key);
        given.push(text("no_such_key_anywhere", SECRET));
        let error = ensure_kind!(read(&declared, &given, &|_| None), InvalidArgument, "an unknown key beside it");
        names(&error, PLACE, "no_such_key_anywhere")?;
    }
    Ok(())
}
