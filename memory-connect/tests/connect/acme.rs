//! A double of a backend of somebody else's: it is named like a server, and opens a reference database in memory.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Opening, Setting, SettingKind, Settings};
use memory_core::{Backend, Error, ErrorKind, Result};
use memory_reference::ReferenceBackend;

#[derive(Debug)]
pub(crate) struct Acme;

const SETTINGS: &[Setting] = &[
    Setting::new("host", SettingKind::Text, "Where the server is.")
        .required()
        .with_example("localhost")
        .with_env(&["ACME_HOST"]),
    Setting::new("port", SettingKind::Whole(1, 65_535), "Its port.").with_default("7000").with_env(&["ACME_PORT"]),
    Setting::new("user", SettingKind::Text, "Who one is."),
    Setting::new("password", SettingKind::Secret, "The user's password.").with_env(&["ACME_PASSWORD", "ACME_PASS"]),
    Setting::new("database", SettingKind::Text, "The name of the database.").with_default("memories"),
    Setting::new("tls", SettingKind::Choice(&["off", "verify"]), "Whether the line is encrypted.")
        .with_default("verify"),
    Setting::new("certificate", SettingKind::Path, "A file with the server's certificate."),
    Setting::new("pool", SettingKind::Switch, "Whether connections are kept."),
    Setting::new("deadline", SettingKind::Duration, "How long a call may take."),
];

#[async_trait]
impl Connector for Acme {
    fn schemes(&self) -> &[&str] {
        &["acme", "acme+tls"]
    }

    fn about(&self) -> &str {
        "a server that does not exist"
    }

    fn address(&self) -> Address {
        Address::Server { path: Some("database") }
    }

    fn settings(&self) -> &[Setting] {
        SETTINGS
    }

    async fn connect(&self, settings: &Settings, opening: Opening) -> Result<Arc<dyn Backend>> {
        match (settings.text("host")?, settings.secret("password")?.map(|password| password.expose()), opening) {
            (Some("db"), Some("hunter2"), Opening::OrMake) => Ok(Arc::new(ReferenceBackend::new())),
            _ => Err(Error::new(ErrorKind::PermissionDenied, "the user or the password is wrong")),
        }
    }
}
