//! A service from settings.

use memory_core::connect::{Secret, SettingValue, Settings};
use memory_core::{Embedder as _, TextForm};
use memory_embed::open;
use memory_embed::settings::{API_KEY, DIMENSION, MODEL, OPENAI_API_KEY, SERVICE, SHORTEN, TOKEN_LIMIT, USE};

use super::double::{Reply, Service};
use super::run;
use crate::message;

fn text(text: &str) -> SettingValue {
    SettingValue::Text(text.to_owned())
}

fn settings(service: &Service) -> Settings {
    let settings = Settings::new().with(&USE, text(&service.url())).with(&MODEL, text("small"));
    settings.with(&DIMENSION, SettingValue::Whole(2))
}

fn key_sent(service: &Service, settings: &Settings) -> Option<String> {
    let embedder = run(open(settings)).unwrap().unwrap();
    run(embedder.embed(TextForm::Query, &["tea"])).unwrap();
    service.seen().pop().unwrap().header("authorization").map(str::to_owned)
}

#[test]
fn a_vendors_key_goes_to_that_vendor_alone() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let secret = |key: &str| SettingValue::Secret(Secret::new(key));
    let settings = settings(&service).with(&OPENAI_API_KEY, secret("vendor"));
    assert_eq!(key_sent(&service, &settings), None);
    let openai = settings.clone().with(&SERVICE, text("openai"));
    assert_eq!(key_sent(&service, &openai).as_deref(), Some("Bearer vendor"));
    let other = settings.with(&SERVICE, text("mistral"));
    assert_eq!(key_sent(&service, &other), None);
    let both = openai.with(&API_KEY, secret("any"));
    assert_eq!(key_sent(&service, &both).as_deref(), Some("Bearer any"));
}

#[test]
fn the_keys_of_the_table_arrive() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let settings =
        settings(&service).with(&SHORTEN, SettingValue::Switch(true)).with(&TOKEN_LIMIT, SettingValue::Whole(9));
    let embedder = run(open(&settings)).unwrap().unwrap();
    assert_eq!((embedder.identity(), embedder.token_limit()), ("compatible/small/2", Some(9)));
    run(embedder.embed(TextForm::Query, &["tea"])).unwrap();
    assert_eq!(service.seen()[0].body["dimensions"], 2);
}

#[test]
fn a_service_without_a_model_is_refused() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let refused = message(run(open(&Settings::new().with(&USE, text(&service.url())))));
    assert!(refused.contains("the setting model is missing"), "{refused}");
}
