//! `memoryctl config`

use memory_connect::{ConfigFile, Placed, Registry};
use memory_core::Error;
use serde::Serialize;

use crate::context::Context;
use crate::embedder;
use crate::failure::{Failure, note};
use crate::options::{configuration_path, in_file};
use crate::output::Output;
use crate::output::text::{path, safe};
use crate::parse;

/// Show what is in force and where each value comes from, or check the whole configuration file
#[derive(clap::Args)]
pub(crate) struct Config {
    #[command(subcommand)]
    pub(crate) what: What,
}

#[derive(clap::Subcommand)]
pub(crate) enum What {
    /// Show the values that are in force, each with its origin; secrets are ***
    Show,
    /// Check every profile of the configuration file, without opening a store
    Check,
}

#[derive(Serialize)]
struct Answer {
    file: Option<String>,
    profile: Option<String>,
    values: Vec<Value>,
}

#[derive(Serialize)]
struct Value {
    key: &'static str,
    value: String,
    from: String,
}

#[derive(Serialize)]
struct Checked {
    file: String,
    profiles: Vec<String>,
    problems: Vec<String>,
}

/// Shows or checks.
pub(crate) fn run(context: &Context, out: &mut Output, args: Config) -> Result<(), Failure> {
    match args.what {
        What::Show => show(context, out),
        What::Check => check(context, out),
    }
}

fn show(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let options = context.options();
    let default = || "the default".to_owned();
    let mut values =
        vec![Value { key: "store", value: options.store.value.to_string(), from: options.store.place.clone() }];
    let collection = options.collection.as_ref();
    values.push(Value {
        key: "collection",
        value: context.collection()?.as_str().to_owned(),
        from: collection.map_or_else(default, |said| said.place.clone()),
    });
    values.push(match &options.namespace {
        Some(said) => Value { key: "namespace", value: path(&said.value), from: said.place.clone() },
        None => Value { key: "namespace", value: "all; new records go to default".to_owned(), from: default() },
    });
    values.push(match context.embedder() {
        Some(said) => Value { key: "embedder", value: embedder::shown(&said.value), from: said.place.clone() },
        None => {
            let value = "the one that a collection remembers; builtin for a new one".to_owned();
            Value { key: "embedder", value, from: default() }
        }
    });
    let file = options.file.as_ref().map(|file| file.path().display().to_string());
    if out.is_json() {
        return out.json(&Answer { file, profile: options.profile.clone(), values });
    }
    match (&file, &options.profile) {
        (Some(file), Some(profile)) => out.line(safe(&format!("# profile {profile} of {file}")))?,
        _ => out.line("# no configuration file; memoryctl init makes one")?,
    }
    values.iter().try_for_each(|Value { key, value, from }| out.line(safe(&format!("{key:<11} {value}  # {from}"))))
}

/// Reads the file as a run would, profile by profile.
fn check(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let (path, there) = configuration_path(context.config_flag())?;
    if !there {
        let message = format!("there is no configuration file at {}; memoryctl init makes one", path.display());
        return Err(Failure::Absent(message));
    }
    let file = ConfigFile::read(&path).map_err(in_file)?;
    let registry = &context.options().registry;
    let names: Vec<String> = file.profiles().map(str::to_owned).collect();
    let mut problems: Vec<String> =
        names.iter().flat_map(|name| problems(registry, &file, name)).map(|error| error.message().to_owned()).collect();
    if let Err(error) = file.profile(registry, None) {
        let message = error.message().to_owned();
        if !problems.contains(&message) {
            problems.push(message);
        }
    }
    let count = problems.len();
    if out.is_json() {
        out.json(&Checked { file: path.display().to_string(), profiles: names, problems })?;
    } else {
        problems.iter().for_each(note);
        if count == 0 {
            out.line(safe(&format!("{}: all is well in {}", path.display(), names.join(", "))))?;
        }
    }
    out.flush()?;
    match count {
        0 => Ok(()),
        1 => Err(Failure::Error("the configuration has 1 problem".to_owned())),
        count => Err(Failure::Error(format!("the configuration has {count} problems"))),
    }
}

/// Everything that is wrong with a profile.
fn problems(registry: &Registry, file: &ConfigFile, name: &str) -> Vec<Error> {
    let profile = match file.profile(registry, Some(name)) {
        Ok(profile) => profile,
        Err(error) => return vec![error],
    };
    let store = profile.store.as_ref().and_then(|store| registry.settings(store).err());
    let embedder = profile.embedder.as_ref().and_then(|choice| embedder::chosen(choice, registry.environment()).err());
    let text = |placed: &Option<Placed>, parse: fn(&str) -> Result<(), String>| {
        let placed = placed.as_ref()?;
        parse(&placed.text).err().map(|message| Error::invalid(format!("{}: {message}", placed.place)))
    };
    let collection = text(&profile.collection, |text| parse::collection(text).map(drop));
    let namespace = text(&profile.namespace, |text| parse::namespace(text).map(drop));
    [store, embedder, collection, namespace].into_iter().flatten().collect()
}
