use std::collections::HashSet;

use futures_executor::block_on;
use memory_core::Embedder as _;
use memory_core::connect::{Setting, SettingValue, Settings};
use memory_embed::settings::{DIMENSION, LANGUAGE, USE, settings};
use memory_embed::{check, open};

use crate::message;

fn text(setting: &Setting, value: &str) -> Settings {
    Settings::new().with(setting, SettingValue::Text(value.to_owned()))
}

#[test]
fn keys_are_distinct_and_every_one_is_described() {
    let keys: HashSet<&str> = settings().iter().map(|setting| setting.key).collect();
    assert_eq!(keys.len(), settings().len());
    assert!(settings().iter().all(|setting| setting.about.ends_with('.')));
}

#[test]
fn none_is_none() {
    assert!(block_on(open(&text(&USE, "none"))).unwrap().is_none());
    assert!(block_on(open(&Settings::new())).unwrap().is_none());
}

#[test]
fn hash_reads_its_keys() {
    let plain = block_on(open(&text(&USE, "hash"))).unwrap().unwrap();
    assert_eq!(plain.identity(), "hash/1/english/1/256");
    let chosen = text(&USE, "hash").with(&LANGUAGE, SettingValue::Text("german".to_owned()));
    let chosen = block_on(open(&chosen.with(&DIMENSION, SettingValue::Whole(64)))).unwrap().unwrap();
    assert_eq!(chosen.identity(), "hash/1/german/1/64");
    let unknown = text(&USE, "hash").with(&LANGUAGE, SettingValue::Text("elvish".to_owned()));
    assert!(message(block_on(open(&unknown))).contains("language"));
}

#[test]
fn another_choice_is_refused_and_not_repeated() {
    for wrong in ["bultin", "htps://ada:canary@localhost", ""] {
        let told = "invalid argument: the embedder to use is none, builtin, hash, or an address that begins with http:// or https://";
        assert_eq!(message(block_on(open(&text(&USE, wrong)))), told);
        assert_eq!(message(check(&text(&USE, wrong))), told);
    }
    for right in ["none", "hash"] {
        assert!(check(&text(&USE, right)).is_ok(), "{right}");
    }
    assert_eq!(check(&text(&USE, "builtin")).is_ok(), cfg!(feature = "builtin"));
    assert_eq!(check(&text(&USE, "HTTPS://localhost/v1")).is_ok(), cfg!(feature = "http"));
}

#[cfg(feature = "builtin")]
#[test]
fn builtin_is_opened_without_being_loaded() {
    let embedder = block_on(open(&text(&USE, "builtin"))).unwrap().unwrap();
    assert_eq!(embedder.dimension(), 384);
}

#[cfg(not(feature = "builtin"))]
#[test]
fn an_embedder_that_was_left_out_is_named() {
    let refused = message(block_on(open(&text(&USE, "builtin"))));
    assert!(refused.starts_with("unsupported: ") && refused.contains("feature `builtin`"), "{refused}");
}

#[cfg(not(feature = "http"))]
#[test]
fn services_that_were_left_out_are_named() {
    let refused = message(block_on(open(&text(&USE, "http://localhost:1/v1"))));
    assert!(refused.starts_with("unsupported: ") && refused.contains("feature `http`"), "{refused}");
}
