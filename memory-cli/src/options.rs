//! What is in force: flags over the environment over the configuration file over defaults.

use std::path::{Path, PathBuf};

use etcetera::BaseStrategy as _;
use memory_connect::{ConfigFile, EmbedderChoice, Placed, Profile, Registry, Target};
use memory_core::connect::{Given, Settings, Written};
use memory_core::{CollectionName, Error, ErrorKind, Namespace};

use crate::args::Global;
use crate::embedder;
use crate::failure::Failure;
use crate::parse;

/// The default database, in the user's data directory.
const DATABASE: &str = "memories.db";

/// The names of a configuration file, in the user's configuration directory. At most one of them may be there.
const FILES: [&str; 3] = ["config.toml", "config.yaml", "config.yml"];

/// A value, and who says so: `--store`, `MEMORY_STORE`, `config.toml:3`, `the default`.
#[derive(Clone, Debug)]
pub(crate) struct Said<T> {
    pub(crate) value: T,
    pub(crate) place: String,
    /// Whether the command line itself says so, for this one run.
    pub(crate) by_flag: bool,
}

/// Everything that a run is told beside its verb.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) registry: Registry,
    pub(crate) file: Option<ConfigFile>,
    pub(crate) profile: Option<String>,
    pub(crate) store: Said<Target>,
    /// The folder of the default database, which is made with it.
    pub(crate) folder: Option<PathBuf>,
    pub(crate) collection: Option<Said<CollectionName>>,
    pub(crate) namespace: Option<Said<Namespace>>,
    /// None if nobody says so; the settings may still say `none`.
    pub(crate) embedder: Option<Said<Settings>>,
}

impl Options {
    /// Reads the environment and, unless the verb is about the file itself, the configuration file, and puts the flags above
    /// them.
    pub(crate) fn new(global: &Global, reads_file: bool) -> Result<Self, Failure> {
        let registry = Registry::new();
        let file = if reads_file { configuration(global.config.as_deref())? } else { None };
        let wanted = said(global.profile.clone(), "--profile", "MEMORY_PROFILE");
        let profile = match (&file, &wanted) {
            (None, Some(wanted)) if reads_file => {
                let message = format!(
                    "{} names the profile {}, but there is no configuration file; memoryctl init makes one",
                    wanted.place, wanted.value
                );
                return Err(Failure::Absent(message));
            }
            (None, _) => None,
            (Some(file), wanted) => {
                let name = wanted.as_ref().map(|wanted| wanted.value.as_str());
                Some(file.profile(&registry, name).map_err(in_file)?)
            }
        };
        let (store, folder) = store(&registry, global, profile.as_ref())?;
        let mut options = Self {
            store,
            folder,
            collection: None,
            namespace: None,
            embedder: None,
            profile: profile.as_ref().map(|profile| profile.name.clone()),
            registry,
            file,
        };
        let profile = profile.as_ref();
        options.collection = text(
            said(global.collection.clone(), "--collection", "MEMORY_COLLECTION"),
            profile.and_then(|profile| profile.collection.as_ref()),
            parse::collection,
        )?;
        options.namespace = text(
            said(global.namespace.clone(), "--namespace", "MEMORY_NAMESPACE"),
            profile.and_then(|profile| profile.namespace.as_ref()),
            parse::namespace,
        )?;
        options.embedder = options.chosen_embedder(global, profile)?;
        Ok(options)
    }

    fn chosen_embedder(&self, global: &Global, profile: Option<&Profile>) -> Result<Option<Said<Settings>>, Failure> {
        let environment = self.registry.environment();
        if let Some(Said { value, place, by_flag }) = said(global.embedder.clone(), "--embedder", "MEMORY_EMBEDDER") {
            let value = embedder::named(&value, &place, environment).map_err(usage)?;
            return Ok(Some(Said { value, place, by_flag }));
        }
        let Some(choice) = profile.and_then(|profile| profile.embedder.as_ref()) else { return Ok(None) };
        let value = embedder::chosen(choice, environment).map_err(in_file)?;
        let (EmbedderChoice::Named(Placed { place, .. }) | EmbedderChoice::Table { place, .. }) = choice;
        Ok(Some(Said { value, place: place.clone(), by_flag: false }))
    }
}

/// The store, and the folder that is made with it if it is the default one.
fn store(
    registry: &Registry,
    global: &Global,
    profile: Option<&Profile>,
) -> Result<(Said<Target>, Option<PathBuf>), Failure> {
    if let Some(Said { value, place, by_flag }) = said(global.store.clone(), "--store", "MEMORY_STORE") {
        let value = registry.target(&place, &value).map_err(usage)?;
        registry.settings(&value).map_err(usage)?;
        return Ok((Said { value, place, by_flag }, None));
    }
    if let Some((target, place)) = profile.and_then(|profile| Some((profile.store.clone()?, &profile.place))) {
        registry.settings(&target).map_err(in_file)?;
        return Ok((Said { value: target, place: place.clone(), by_flag: false }, None));
    }
    let strategy = etcetera::choose_base_strategy().map_err(|_| {
        Failure::Usage("there is no home directory: name a store, as in --store sqlite:PATH".to_owned())
    })?;
    let folder = strategy.data_dir().join("memoryctl");
    let path = folder.join(DATABASE).into_os_string().into_string();
    let path = path.map_err(|_| Failure::Error("the data directory's name is no UTF-8: name a store".to_owned()))?;
    let place = "the default".to_owned();
    let given = vec![Given { key: "path".to_owned(), value: Written::Text(path), place: place.clone() }];
    let value = registry.target_of(&place, "sqlite", given).map_err(usage)?;
    Ok((Said { value, place, by_flag: false }, Some(folder)))
}

/// Where the configuration file is, or would be made.
pub(crate) fn configuration_path(flag: Option<&Path>) -> Result<(PathBuf, bool), Failure> {
    if let Some(Said { value, .. }) = said(flag.map(Path::to_path_buf), "--config", "MEMORY_CONFIG") {
        return Ok((value, true));
    }
    let strategy = etcetera::choose_base_strategy()
        .map_err(|_| Failure::Usage("there is no home directory: name the file, as in --config FILE".to_owned()))?;
    let folder = strategy.config_dir().join("memoryctl");
    let there: Vec<PathBuf> = FILES.iter().map(|name| folder.join(name)).filter(|path| path.exists()).collect();
    match there.as_slice() {
        [] => Ok((folder.join(FILES[0]), false)),
        [only] => Ok((only.clone(), true)),
        [first, second, ..] => Err(Failure::Error(format!(
            "there are two configuration files, {} and {}: keep one, or name one by --config",
            first.display(),
            second.display()
        ))),
    }
}

fn configuration(flag: Option<&Path>) -> Result<Option<ConfigFile>, Failure> {
    match configuration_path(flag) {
        Ok((path, true)) => ConfigFile::read(path).map(Some).map_err(in_file),
        Ok((_, false)) => Ok(None),
        // Without a home directory there is no file either; a store has to be named then, and is asked for.
        Err(Failure::Usage(_)) => Ok(None),
        Err(other) => Err(other),
    }
}

/// What a flag says, or else the environment. A variable that is set to nothing says nothing.
fn said<T: FromVariable>(flag: Option<T>, name: &str, variable: &str) -> Option<Said<T>> {
    if let Some(value) = flag {
        return Some(Said { value, place: name.to_owned(), by_flag: true });
    }
    let value = std::env::var_os(variable).filter(|value| !value.is_empty())?;
    Some(Said { value: T::of(value), place: variable.to_owned(), by_flag: false })
}

/// What an environment variable can be taken for.
trait FromVariable {
    fn of(value: std::ffi::OsString) -> Self;
}

impl FromVariable for String {
    fn of(value: std::ffi::OsString) -> Self {
        value.to_string_lossy().into_owned()
    }
}

impl FromVariable for PathBuf {
    fn of(value: std::ffi::OsString) -> Self {
        value.into()
    }
}

/// A value of the command line or the environment, else of the profile.
fn text<T>(
    said: Option<Said<String>>,
    profile: Option<&Placed>,
    parse: fn(&str) -> Result<T, String>,
) -> Result<Option<Said<T>>, Failure> {
    if let Some(Said { value, place, by_flag }) = said {
        let value = parse(&value).map_err(|message| Failure::Usage(format!("{place}: {message}")))?;
        return Ok(Some(Said { value, place, by_flag }));
    }
    let Some(Placed { text, place, .. }) = profile else { return Ok(None) };
    let value = parse(text).map_err(|message| Failure::Error(format!("{place}: {message}")))?;
    Ok(Some(Said { value, place: place.clone(), by_flag: false }))
}

/// An error about the command line or the environment.
fn usage(error: Error) -> Failure {
    Failure::Usage(error.message().to_owned())
}

/// An error about the configuration file.
pub(crate) fn in_file(error: Error) -> Failure {
    match error.kind() {
        ErrorKind::NotFound => Failure::Absent(error.message().to_owned()),
        _ => Failure::Error(error.message().to_owned()),
    }
}
