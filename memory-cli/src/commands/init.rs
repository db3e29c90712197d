//! `memoryctl init`

use std::fs::{self, OpenOptions};
use std::io::{self, BufRead as _, IsTerminal as _, Write as _};
use std::path::Path;

use memory_connect::{ConfigFile, NewProfile};
use serde::Serialize;

use crate::context::Context;
use crate::embedder;
use crate::failure::{Failure, note};
use crate::options::{configuration_path, in_file};
use crate::output::Output;

/// Write a commented configuration file with one profile, of what the flags say. On a terminal it asks for store and
/// embedder where no flag says them
#[derive(clap::Args)]
pub(crate) struct Init {
    /// Ask nothing
    #[arg(long)]
    yes: bool,
    /// Replace the configuration file that is there
    #[arg(long)]
    force: bool,
}

#[derive(Serialize)]
struct Answer {
    file: String,
    profile: String,
}

/// Asks, makes the text, reads it as a run would, and only then writes it.
pub(crate) fn run(context: &Context, out: &mut Output, args: Init) -> Result<(), Failure> {
    let (path, there) = configuration_path(context.config_flag())?;
    if there && path.exists() && !args.force {
        let message = format!("{} exists already: --force replaces it", path.display());
        return Err(Failure::Error(message));
    }
    let asks = !args.yes && io::stdin().is_terminal() && io::stderr().is_terminal();
    let registry = &context.options().registry;
    let said = &context.options().store;
    let store = match said.by_flag || !asks {
        true => said.value.clone(),
        false => ask_for("Where the memories are", &said.value.to_string(), |answer| {
            let target = registry.target("the answer", answer)?;
            registry.settings(&target).map(|_| target)
        })?,
    };
    let named = context.embedder_flag();
    let embedder = match (named, asks) {
        (None, true) => {
            ask_for("What makes vectors of texts: builtin, none, hash or a URL", embedder::DEFAULT, |answer| {
                embedder::named(answer, "the answer", registry.environment())?;
                Ok(answer.to_owned())
            })?
        }
        (named, _) => named.unwrap_or(embedder::DEFAULT).to_owned(),
    };
    let profile = context.profile_flag().unwrap_or("default");
    let collection = context.options().collection.as_ref().map(|said| said.value.as_str().to_owned());
    let namespace = context.options().namespace.as_ref().map(|said| crate::output::text::path(&said.value));
    // In the file, a relative path would start at the file's folder.
    let here = std::env::current_dir().map_err(|error| Failure::file(Path::new("."), &error))?;
    let store = store.starting_at(&here)?;
    let text = registry.new_profile(&NewProfile {
        name: profile,
        store: &store,
        collection: collection.as_deref(),
        namespace: namespace.as_deref(),
        embedder: Some(&embedder),
    })?;
    let read = ConfigFile::parse(&path, &text).map_err(in_file)?;
    read.profile(registry, None).map_err(in_file)?;
    // The default database's folder is made with the database only where no file names it.
    if let Some(folder) = context
        .options()
        .folder
        .as_ref()
        .filter(|folder| store.path().is_some_and(|path| Path::new(path).starts_with(folder)))
    {
        fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    write(&path, &text, args.force)?;
    if out.is_json() {
        return out.json(&Answer { file: path.display().to_string(), profile: profile.to_owned() });
    }
    note(&format!("wrote {} with the profile {profile}; memoryctl config show says what is in force", path.display()));
    Ok(())
}

/// Asks until the answer will do. An empty answer is the default.
fn ask_for<T>(what: &str, default: &str, check: impl Fn(&str) -> memory_core::Result<T>) -> Result<T, Failure> {
    loop {
        let mut answer = String::new();
        let ask = write!(io::stderr(), "{what} [{default}]: ").and_then(|()| io::stderr().flush());
        ask.map_err(|error| Failure::file(Path::new("standard error"), &error))?;
        let read = io::stdin().lock().read_line(&mut answer);
        if read.map_err(|error| Failure::file(Path::new("standard input"), &error))? == 0 {
            return Err(Failure::Usage("nothing was answered: nothing is written".to_owned()));
        }
        let answer = if answer.trim().is_empty() { default } else { answer.trim() };
        match check(answer) {
            Ok(checked) => return Ok(checked),
            Err(error) => note(error.message()),
        }
    }
}

/// Writes the file for the user alone, for it may hold a password.
fn write(path: &Path, text: &str, replace: bool) -> Result<(), Failure> {
    let failed = |error: io::Error| Failure::file(path, &error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
    }
    if replace && path.exists() {
        fs::remove_file(path).map_err(failed)?;
    }
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path).map_err(failed)?;
    file.write_all(text.as_bytes()).and_then(|()| file.sync_all()).map_err(failed)
}
