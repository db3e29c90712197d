//! From settings to an open database.

use std::path::Path;
use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Opening, Setting, SettingKind, Settings};
use memory_core::{Backend, Error, ErrorKind, Result};

use crate::backend::SqliteBackend;
use crate::config::{Durability, SqliteConfig, default_limits};

/// What stands for a path where a database in memory is meant.
const MEMORY: &str = ":memory:";

const SETTINGS: &[Setting] = &[
    Setting::new(
        "path",
        SettingKind::Path,
        "The file, in a folder that exists; `:memory:` is a database that is gone when it is closed.",
    )
    .required()
    .with_example("memories.db"),
    Setting::new(
        "busy_deadline",
        SettingKind::Duration,
        "How long a call waits for another process to finish its write.",
    )
    .with_default("30s"),
    Setting::new(
        "durability",
        SettingKind::Choice(&["full", "relaxed"]),
        "What an acknowledged write survives: full, the loss of power too; relaxed, the end of the process, while the last \
         commits before a loss of power can be lost.",
    )
    .with_default("full"),
    Setting::new(
        "memory_budget",
        SettingKind::Whole(0, 1 << 50),
        "How many bytes of memory the indexes of all collections may take; 0 reads the records in each search.",
    )
    .with_default("4294967296"),
    Setting::new(
        "limit_record_bytes",
        SettingKind::Whole(1, 16_777_216),
        "The longest record, in bytes of its JSON form.",
    )
    .with_default("16777216"),
    Setting::new("limit_k", SettingKind::Whole(1, 10_000), "The most hits of one search.").with_default("10000"),
    Setting::new("limit_dimension", SettingKind::Whole(1, 16_384), "The most components of an embedding.")
        .with_default("16384"),
];

/// Opens [`SqliteBackend`] from a URL or a configuration file: `sqlite:PATH`.
#[derive(Clone, Copy, Debug, Default)]
#[allow(clippy::exhaustive_structs)]
pub struct SqliteConnector;

#[async_trait]
impl Connector for SqliteConnector {
    fn schemes(&self) -> &[&str] {
        &["sqlite"]
    }

    fn about(&self) -> &str {
        "one SQLite file"
    }

    fn address(&self) -> Address {
        Address::Path("path")
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    async fn connect(&self, settings: &Settings, opening: Opening) -> Result<Arc<dyn Backend>> {
        let config = config(settings)?;
        if let (Opening::Existing, Some(path)) = (opening, config.path())
            && !path.exists()
        {
            return Err(absent(path));
        }
        Ok(Arc::new(SqliteBackend::open(config).await?))
    }
}

fn absent(path: &Path) -> Error {
    Error::new(ErrorKind::NotFound, format!("there is no database at {}", path.display()))
}

fn config(settings: &Settings) -> Result<SqliteConfig> {
    let path = settings.text("path")?.ok_or_else(|| Error::internal("a required setting is missing"))?;
    let mut config = if path == MEMORY { SqliteConfig::memory() } else { SqliteConfig::new(path) };
    let mut limits = default_limits();
    for (key, limit) in [
        ("limit_record_bytes", &mut limits.record_bytes),
        ("limit_k", &mut limits.k),
        ("limit_dimension", &mut limits.dimension),
    ] {
        *limit = settings.whole(key)?.unwrap_or(*limit);
    }
    if let Some(deadline) = settings.duration("busy_deadline")? {
        config = config.with_busy_deadline(deadline);
    }
    if settings.text("durability")? == Some("relaxed") {
        config = config.with_durability(Durability::Relaxed);
    }
    if let Some(bytes) = settings.whole("memory_budget")? {
        // What is more than this machine could address is no bound.
        config = config.with_memory_budget(usize::try_from(bytes).unwrap_or(usize::MAX));
    }
    Ok(config.with_limits(limits))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use memory_core::connect::{Given, Written, resolve};

    use super::*;

    fn configured(given: &[(&str, &str)]) -> SqliteConfig {
        let given: Vec<Given> = given
            .iter()
            .map(|(key, value)| Given {
                key: (*key).to_owned(),
                value: Written::Text((*value).to_owned()),
                place: "the URL".to_owned(),
            })
            .collect();
        config(&resolve("sqlite", "the URL", SETTINGS, &given, &|_| None).unwrap()).unwrap()
    }

    #[test]
    fn every_setting_gets_where_it_belongs() {
        let lowered = configured(&[
            ("path", "a.db"),
            ("busy_deadline", "250ms"),
            ("durability", "relaxed"),
            ("memory_budget", "1000000"),
            ("limit_record_bytes", "1000"),
            ("limit_k", "7"),
            ("limit_dimension", "3"),
        ]);
        assert_eq!(lowered.path(), Some(Path::new("a.db")));
        assert_eq!(lowered.busy_deadline(), Duration::from_millis(250));
        assert_eq!((lowered.durability(), lowered.memory_budget()), (Durability::Relaxed, 1_000_000));
        let limits = lowered.limits();
        assert_eq!((limits.record_bytes, limits.k, limits.dimension), (1_000, 7, 3));
    }

    #[test]
    fn the_declared_defaults_are_those_of_the_configuration() {
        let (declared, own) = (configured(&[("path", ":memory:")]), SqliteConfig::memory());
        assert_eq!((declared.path(), declared.busy_deadline()), (own.path(), own.busy_deadline()));
        assert_eq!(declared.limits(), own.limits());
        assert_eq!((declared.durability(), declared.memory_budget()), (own.durability(), own.memory_budget()));
        let limits = SETTINGS.iter().filter(|setting| setting.key.starts_with("limit_"));
        let most = limits.filter_map(|setting| match setting.kind {
            SettingKind::Whole(_, most) => Some(most),
            _ => None,
        });
        assert!(most.eq([own.limits().record_bytes, own.limits().k, own.limits().dimension]));
    }
}
