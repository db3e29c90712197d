//! Configuration files: profiles, each with a store and what belongs to it.

mod profile;
mod toml;
mod tree;
#[cfg(feature = "yaml")]
mod yaml;

use std::io::Read as _;
use std::path::{Path, PathBuf};

use memory_core::connect::{Written, unknown};
use memory_core::{Error, ErrorKind, Result};

pub use profile::{EmbedderChoice, Placed, Profile};
use tree::{Entry, Flaw, Table, Value};

/// A configuration is a few lines; what is longer is another file by mistake.
const LONGEST: u64 = 1024 * 1024;

/// The keys of a profile.
const KEYS: [&str; 4] = ["store", "collection", "namespace", "embedder"];

/// A configuration file, read and checked for its form: no key but the known ones, and each of the right sort. Variables are
/// put in, and stores looked at, only for the profile that is asked for.
#[derive(Debug)]
pub struct ConfigFile {
    path: PathBuf,
    /// The profile that is meant if none is named.
    default: Option<(String, usize)>,
    profiles: Table,
}

impl ConfigFile {
    /// Reads a file. Its ending says what it is written in: `.toml`, `.yaml`, `.yml`.
    ///
    /// # Errors
    /// `NotFound`, `PermissionDenied` or `Unavailable` naming the path; `InvalidArgument` for one of more than 1 MiB or that is
    /// no UTF-8; those of [`Self::parse`].
    pub fn read(path: impl AsRef<Path>) -> Result<Self> {
        let path = path.as_ref();
        let shown = path.display();
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => {
                Error::new(ErrorKind::NotFound, format!("there is no configuration file at {shown}"))
            }
            std::io::ErrorKind::PermissionDenied => {
                Error::new(ErrorKind::PermissionDenied, format!("no right to read the configuration file {shown}"))
            }
            kind => {
                Error::new(ErrorKind::Unavailable, format!("the configuration file {shown} cannot be read: {kind}"))
            }
        };
        let mut bytes = Vec::new();
        let file = std::fs::File::open(path).map_err(failed)?;
        file.take(LONGEST + 1).read_to_end(&mut bytes).map_err(failed)?;
        if bytes.len() as u64 > LONGEST {
            return Err(Error::invalid(format!("{shown} is longer than 1 MiB: is it a configuration file?")));
        }
        let text = String::from_utf8(bytes).map_err(|error| {
            Error::invalid(format!("{shown} is no UTF-8 text")).at_offset(error.utf8_error().valid_up_to())
        })?;
        Self::parse(path, &text)
    }

    /// Reads the text of a file. The path says what it is written in, where its relative paths start, and how errors name it.
    ///
    /// # Errors
    /// `InvalidArgument` naming file and line: for a text that is no TOML or YAML, a key that is not known (with the nearest), a
    /// key that stands twice, a value of the wrong sort. `Unsupported` for YAML without the feature `yaml`.
    pub fn parse(path: impl Into<PathBuf>, text: &str) -> Result<Self> {
        let path = path.into();
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let parsed = match path.extension().and_then(|ending| ending.to_str()) {
            Some("toml") => toml::parse(text),
            Some("yaml" | "yml") => yaml(&path, text)?,
            _ => {
                let message =
                    format!("{}: the name of a configuration file ends in .toml, .yaml or .yml", path.display());
                return Err(Error::invalid(message));
            }
        };
        let mut file = Self { path, default: None, profiles: Table::new() };
        parsed.and_then(|root| file.fill(root)).map_err(|flaw| file.error(&flaw))?;
        Ok(file)
    }

    fn fill(&mut self, root: Table) -> Result<(), Flaw> {
        for Entry { key, line, value } in root {
            match (key.as_str(), value) {
                ("profile", Value::Plain(Written::Text(name))) => self.default = Some((name, line)),
                ("profile", _) => return Err(sort(line, "profile", "the name of a profile")),
                ("profiles", Value::Table(profiles)) => self.profiles = profiles,
                ("profiles", _) => return Err(sort(line, "profiles", "a table of profiles")),
                (other, _) => {
                    let message = unknown("key of a configuration file", other, &["profile", "profiles"]);
                    return Err(Flaw { line, message });
                }
            }
        }
        self.profiles.iter().try_for_each(check)
    }

    /// The path that it was read from.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The names of the profiles, in the order of the file.
    pub fn profiles(&self) -> impl Iterator<Item = &str> {
        self.profiles.iter().map(|profile| profile.key.as_str())
    }

    /// How errors name a line.
    fn place(&self, line: usize) -> String {
        format!("{}:{line}", self.path.display())
    }

    fn error(&self, flaw: &Flaw) -> Error {
        Error::invalid(format!("{}: {}", self.place(flaw.line), flaw.message))
    }
}

#[cfg(feature = "yaml")]
fn yaml(_path: &Path, text: &str) -> Result<Result<Table, Flaw>> {
    Ok(yaml::parse(text))
}

#[cfg(not(feature = "yaml"))]
fn yaml(path: &Path, _text: &str) -> Result<Result<Table, Flaw>> {
    let what =
        "YAML was not built into this program; write TOML, or build it with the feature `yaml` of memory-connect";
    Err(Error::unsupported(format!("{}: {what}", path.display())))
}

/// A profile holds known keys, and each is of its sort.
fn check(profile: &Entry) -> Result<(), Flaw> {
    let Value::Table(entries) = &profile.value else {
        return Err(sort(profile.line, "a profile", "a table of settings"));
    };
    for Entry { key, line, value } in entries {
        match (key.as_str(), value) {
            ("store" | "embedder", Value::Plain(Written::Text(_)) | Value::Table(_)) => {}
            ("store", _) => return Err(sort(*line, "`store`", "a URL or a table of settings")),
            ("embedder", _) => return Err(sort(*line, "`embedder`", "a word, a URL or a table of settings")),
            ("collection" | "namespace", Value::Plain(Written::Text(_))) => {}
            ("collection" | "namespace", _) => return Err(sort(*line, &format!("`{key}`"), "a text")),
            (other, _) => return Err(Flaw { line: *line, message: unknown("key of a profile", other, &KEYS) }),
        }
    }
    Ok(())
}

fn sort(line: usize, what: &str, expected: &str) -> Flaw {
    Flaw { line, message: format!("{what} is {expected}") }
}

#[cfg(all(test, not(feature = "yaml")))]
mod tests {
    use super::*;

    #[test]
    fn yaml_says_so_where_it_is_off() {
        assert_eq!(
            ConfigFile::parse("a.yaml", "").unwrap_err().to_string(),
            "unsupported: a.yaml: YAML was not built into this program; write TOML, or build it with the feature `yaml` of \
             memory-connect"
        );
    }
}
