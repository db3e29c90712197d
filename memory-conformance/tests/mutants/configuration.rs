//! Wrong about what a configuration may hold. The rest of ER-4 is the core's own doing, which no connector can break.

use std::sync::Arc;

use async_trait::async_trait;
use memory_core::connect::{Address, Connector, Opening, Setting, SettingKind, Settings};
use memory_core::{Backend, Result};
use memory_reference::ReferenceBackend;

use super::wrapper::{Hook, Mutant};

const HOST: Setting = Setting::new("host", SettingKind::Text, "Where the server is.").required();

const PORT: Setting = Setting::new("port", SettingKind::Whole(1, 65_535), "Its port.");

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "a default that cannot be read",
        rule: "ER-4",
        hooks: &[Hook::Connector(|| declaring(&[HOST, PORT.with_default("0")]))],
    },
    Mutant {
        name: "an example that cannot be read",
        rule: "ER-4",
        hooks: &[Hook::Connector(|| declaring(&[HOST, PORT.with_example("http")]))],
    },
    Mutant {
        name: "a password that is shown",
        rule: "ER-4",
        hooks: &[Hook::Connector(|| {
            declaring(&[HOST, Setting::new("password", SettingKind::Text, "The user's password.")])
        })],
    },
    Mutant {
        name: "a key that is declared twice",
        rule: "ER-4",
        hooks: &[Hook::Connector(|| declaring(&[HOST, PORT, PORT]))],
    },
    Mutant { name: "a host that no URL can fill in", rule: "ER-4", hooks: &[Hook::Connector(|| declaring(&[PORT]))] },
    Mutant {
        name: "a required key with a default to fall back to",
        rule: "ER-4",
        hooks: &[Hook::Connector(|| declaring(&[HOST.with_default("localhost")]))],
    },
];

/// A connector with this declaration; it is never asked to connect.
fn declaring(settings: &[Setting]) -> Arc<dyn Connector> {
    Arc::new(Declaring(settings.to_vec()))
}

#[derive(Debug)]
struct Declaring(Vec<Setting>);

#[async_trait]
impl Connector for Declaring {
    fn schemes(&self) -> &[&str] {
        &["bent"]
    }

    fn about(&self) -> &str {
        "the reference, declared wrongly"
    }

    fn address(&self) -> Address {
        Address::Server { path: None }
    }

    fn settings(&self) -> &[Setting] {
        &self.0
    }

    async fn connect(&self, _settings: &Settings, _opening: Opening) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(ReferenceBackend::new()))
    }
}
