//! `HttpEmbedder`, against a double.

mod double;
mod failures;
mod settings;

use std::time::Duration;

use memory_core::connect::Secret;
use memory_core::{Cut, Embedded, Embedder as _, ErrorKind, Result, TextForm};
use memory_embed::{HttpConfig, HttpEmbedder, Service as Vendor};
use serde_json::json;

use self::double::{Reply, Service};
use crate::{kind, message};

fn run<T>(work: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(work)
}

fn config(service: &Service) -> HttpConfig {
    HttpConfig::new(service.url(), "small").with_dimension(2).with_retries(0)
}

fn embed(config: HttpConfig, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
    run(async { HttpEmbedder::connect(config).await?.embed(form, texts).await })
}

fn firsts(embedded: &[Embedded]) -> Vec<f32> {
    embedded.iter().map(|embedded| embedded.embedding.as_slice()[0]).collect()
}

#[test]
fn texts_go_in_batches_and_vectors_come_back_in_their_order() {
    let service = Service::start(|_, seen| Reply::vectors((0..seen.inputs().len()).rev()));
    let config = config(&service).with_api_key(Secret::new("key")).with_batch(2, 1000).with_requests(1);
    let made = embed(config, TextForm::Document, &["a", "b", "c", "d", "e"]).unwrap();
    assert_eq!(firsts(&made), [0.0, 1.0, 0.0, 1.0, 0.0]);
    let seen = service.seen();
    assert_eq!(seen[0].target, "/v1/embeddings");
    assert_eq!(seen[0].header("authorization"), Some("Bearer key"));
    assert_eq!(seen[0].header("content-type"), Some("application/json"));
    assert_eq!(
        seen.iter().map(|seen| seen.body.clone()).collect::<Vec<_>>(),
        [
            json!({ "model": "small", "input": ["a", "b"] }),
            json!({ "model": "small", "input": ["c", "d"] }),
            json!({ "model": "small", "input": ["e"] }),
        ]
    );
}

#[test]
fn a_batch_has_so_many_bytes_and_a_longer_text_goes_alone() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let config = config(&service).with_batch(10, 5).with_requests(1);
    embed(config, TextForm::Document, &["aa", "bbb", "c", "too long", "d"]).unwrap();
    let sizes: Vec<usize> = service.seen().iter().map(|seen| seen.inputs().len()).collect();
    assert_eq!(sizes, [2, 1, 1, 1]);
}

#[test]
fn so_many_requests_are_under_way_at_once_over_all_calls() {
    let service = Service::start(|_, seen| Reply::to(seen).after(Duration::from_millis(60)));
    let config = config(&service).with_batch(1, 1000).with_requests(2);
    run(async {
        let embedder = HttpEmbedder::connect(config).await.unwrap();
        let call = || embedder.embed(TextForm::Document, &["a", "b", "c", "d"]);
        let (one, two) = futures_util::future::join(call(), call()).await;
        assert_eq!((one.unwrap().len(), two.unwrap().len()), (4, 4));
    });
    assert_eq!((service.seen().len(), service.most()), (8, 2));
}

#[test]
fn the_dimension_is_asked_once_where_it_is_not_given() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let embedder = run(HttpEmbedder::connect(HttpConfig::new(service.url(), "small"))).unwrap();
    assert_eq!((embedder.dimension(), embedder.identity()), (2, "compatible/small/2"));
    assert_eq!(service.seen().len(), 1);
    let given = run(HttpEmbedder::connect(config(&service))).unwrap();
    assert_eq!(given.dimension(), 2);
    assert_eq!(service.seen().len(), 1);
    assert_eq!(service.seen()[0].header("authorization"), None);
}

#[test]
fn azure_has_its_own_address_and_header() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let url = format!("http://127.0.0.1:{}/openai/deployments/mine/embeddings?api-version=2024-10-21", service.port);
    let config = HttpConfig::new(url, "small").with_shortened(2).with_api_key(Secret::new("key"));
    let embedder = run(HttpEmbedder::connect(config)).unwrap();
    let made = run(embedder.embed(TextForm::Query, &["a"])).unwrap();
    let seen = service.seen().remove(0);
    assert_eq!(seen.target, "/openai/deployments/mine/embeddings?api-version=2024-10-21");
    assert_eq!((seen.header("api-key"), seen.header("authorization")), (Some("key"), None));
    assert_eq!(seen.body, json!({ "model": "small", "input": ["a"], "dimensions": 2 }));
    assert_eq!(made[0].cut, Cut::No);
    assert_eq!(embedder.identity(), "openai/small/2");
}

#[test]
fn voyage_is_told_the_form_and_to_cut_nothing() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let config = config(&service).with_service(Vendor::Voyage).with_shortened(2);
    embed(config.clone(), TextForm::Query, &["a"]).unwrap();
    embed(config, TextForm::Document, &["a"]).unwrap();
    for (seen, form) in service.seen().into_iter().zip(["query", "document"]) {
        let body = json!({
            "model": "small", "input": ["a"], "output_dimension": 2, "input_type": form, "truncation": false,
        });
        assert_eq!(seen.body, body);
    }
}

#[test]
fn prefixes_stand_before_the_texts_and_the_documents_one_in_the_identity() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let config = config(&service).with_prefixes("search_query: ", "search_document: ");
    let embedder = run(HttpEmbedder::connect(config.clone())).unwrap();
    run(embedder.embed(TextForm::Query, &["tea"])).unwrap();
    run(embedder.embed(TextForm::Document, &["tea"])).unwrap();
    let inputs: Vec<String> = service.seen().iter().map(|seen| seen.inputs()[0].to_owned()).collect();
    assert_eq!(inputs, ["search_query: tea", "search_document: tea"]);
    // The number is xxh3_64 of the prefix, by Python's xxhash.
    assert_eq!(embedder.identity(), "compatible/small/2/70ef7e1bf04a3db1");
    let named = run(HttpEmbedder::connect(config.with_identity("mine"))).unwrap();
    assert_eq!(named.identity(), "mine");
}

#[test]
fn cut_is_said_where_it_is_known() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let texts = ["123456", "1234567", "é"];
    let cuts = |config| -> Vec<Cut> {
        embed(config, TextForm::Document, &texts).unwrap().into_iter().map(|made| made.cut).collect()
    };
    assert_eq!(cuts(config(&service)), [Cut::Unknown; 3]);
    // Ten tokens hold six bytes and four marks; two bytes that are not ASCII can become 22.
    assert_eq!(cuts(config(&service).with_token_limit(10)), [Cut::No, Cut::Unknown, Cut::Unknown]);
    assert_eq!(cuts(config(&service).with_token_limit(26)), [Cut::No; 3]);
    assert_eq!(cuts(config(&service).with_service(Vendor::OpenAi)), [Cut::No; 3]);
}

#[test]
fn without_a_runtime_there_is_an_error_and_no_panic() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let outside = futures_executor::block_on(HttpEmbedder::connect(HttpConfig::new(service.url(), "small")));
    assert!(message(outside).contains("inside a tokio runtime"));
    let embedder = futures_executor::block_on(HttpEmbedder::connect(config(&service))).unwrap();
    let outside = futures_executor::block_on(embedder.embed(TextForm::Query, &["tea"]));
    assert!(message(outside).contains("inside a tokio runtime"));
    assert_eq!(service.seen().len(), 0);
}

#[test]
fn blank_texts_and_wrong_configurations_are_refused_before_a_request() {
    let service = Service::start(|_, seen| Reply::to(seen));
    let blank = embed(config(&service), TextForm::Query, &["tea", " "]);
    assert_eq!(message(blank), "invalid argument: text 1 of those to embed is blank: it has no vector");
    let user = format!("http://ada:canary@127.0.0.1:{}/v1", service.port);
    let wrong = [
        HttpConfig::new("ftp://localhost", "small"),
        HttpConfig::new("localhost:11434/v1", "small"),
        HttpConfig::new(service.url(), ""),
        config(&service).with_dimension(0),
        config(&service).with_batch(0, 1),
        config(&service).with_requests(0),
        config(&service).with_timeout(Duration::ZERO),
        config(&service).with_api_key(Secret::new("two\nlines")),
        config(&service).with_identity("x".repeat(257)),
        HttpConfig::new(user, "small").with_api_key(Secret::new("key")),
    ];
    for config in wrong {
        let refused = embed(config.clone(), TextForm::Query, &["tea"]);
        assert_eq!(kind(&refused), Some(ErrorKind::InvalidArgument), "{config:?}");
        assert!(!message(refused).contains("canary"));
    }
    assert_eq!(service.seen().len(), 0);
}
