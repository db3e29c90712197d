//! What memory-connect makes of right and wrong texts. Every expected text is a literal.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is a failed test")]

mod acme;
mod commented;
mod files;
mod forms;
mod stores;
mod urls;

use memory_connect::Registry;

/// The built-in backends and [`acme::Acme`], in an environment of a few variables.
fn registry() -> Registry {
    Registry::new().with(acme::Acme).unwrap().with_environment(|name| {
        let value = match name {
            "ACME_PASSWORD" => "hunter2",
            "NAME" => "ada/b?c@d%",
            "URL" => "acme://ada:hunter2@db:70/memories",
            "FOLDER" => "/data",
            _ => return None,
        };
        Some(value.to_owned())
    })
}
