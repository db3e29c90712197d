//! What goes wrong with a service, and what is said of it.

use std::net::TcpListener;
use std::time::{Duration, Instant};

use memory_core::connect::Secret;
use memory_core::{Error, ErrorKind, TextForm};
use memory_embed::{HttpConfig, Service as Vendor};

use super::double::{Reply, Seen, Service};
use super::{config, embed, firsts};

const TEXTS: [&str; 2] = ["tea of the canary", "milk of the canary"];

fn failure(config: HttpConfig) -> Error {
    embed(config, TextForm::Document, &TEXTS).unwrap_err()
}

/// The error of a service that answers this, and nothing of the texts or the answer is in it.
fn answered(reply: fn(usize, &Seen) -> Reply) -> (Service, Error) {
    let service = Service::start(reply);
    let error = failure(config(&service));
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
    (service, error)
}

fn corrupt(body: &'static str) -> String {
    let service = Service::start(move |_, _| Reply::new("200 OK", body));
    let error = failure(config(&service));
    assert_eq!(error.kind(), ErrorKind::Corrupt, "{error}");
    let place = format!("embedding service http://127.0.0.1:{}/v1/embeddings: ", service.port);
    error.message().strip_prefix(&place).unwrap().to_owned()
}

#[test]
fn a_refused_key_is_named_and_not_shown() {
    let service = Service::start(|_, _| Reply::new("401 Unauthorized", "Incorrect API key: canary"));
    let port = service.port;
    let vendor = |vendor| config(&service).with_service(vendor).with_retries(3).with_api_key(Secret::new("canary"));
    let error = failure(vendor(Vendor::OpenAi));
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert_eq!(
        error.message(),
        format!(
            "embedding service http://127.0.0.1:{port}/v1/embeddings: it refuses the key (HTTP 401): check the setting api_key, \
             or the variable OPENAI_API_KEY"
        )
    );
    assert!(failure(vendor(Vendor::Compatible)).message().ends_with("check the setting api_key"));
    assert_eq!(service.seen().len(), 2);
}

#[test]
fn no_error_and_no_debug_shows_a_secret_or_a_text() {
    let service = Service::start(|_, _| Reply::new("500 Internal Server Error", "canary"));
    let url = format!("http://ada:canary@127.0.0.1:{}/v1?key=canary", service.port);
    let config = HttpConfig::new(url, "small").with_dimension(2).with_retries(1);
    let error = failure(config.clone());
    let embedder = super::run(memory_embed::HttpEmbedder::connect(config.clone())).unwrap();
    let keyed = super::config(&service).with_api_key(Secret::new("canary"));
    let shown = format!("{error} {error:?} {config:?} {embedder:?} {keyed:?}");
    assert!(!shown.contains("canary") && !shown.contains("ada"), "{shown}");
    // They are used all the same: base64 of `ada:canary`.
    let seen = service.seen().remove(0);
    assert_eq!(seen.target, "/v1/embeddings?key=canary");
    assert_eq!(seen.header("authorization"), Some("Basic YWRhOmNhbmFyeQ=="));
}

#[test]
fn a_pause_that_is_asked_for_is_kept() {
    let service = Service::start(|number, seen| match number {
        0 => Reply::new("429 Too Many Requests\r\nretry-after: 1", ""),
        _ => Reply::to(seen),
    });
    let begun = Instant::now();
    let made = embed(config(&service).with_retries(1), TextForm::Document, &TEXTS).unwrap();
    assert_eq!((firsts(&made), service.seen().len()), (vec![0.0, 1.0], 2));
    assert!(begun.elapsed() >= Duration::from_secs(1));
}

#[test]
fn a_pause_beyond_the_deadline_is_answered_at_once() {
    let service = Service::start(|_, _| Reply::new("429 Too Many Requests\r\nretry-after: 3600", ""));
    let begun = Instant::now();
    let error = failure(config(&service).with_retries(3));
    assert_eq!((error.kind(), error.retry_after()), (ErrorKind::RateLimited, Some(Duration::from_secs(3600))));
    assert_eq!(service.seen().len(), 1);
    assert!(begun.elapsed() < Duration::from_secs(60));
}

#[test]
fn a_service_that_fails_once_is_asked_again() {
    let service = Service::start(|number, seen| match number {
        0 => Reply::new("503 Service Unavailable", ""),
        _ => Reply::to(seen),
    });
    let made = embed(config(&service).with_retries(1), TextForm::Document, &TEXTS).unwrap();
    assert_eq!((firsts(&made), service.seen().len()), (vec![0.0, 1.0], 2));
}

#[test]
fn a_service_that_fails_for_ever_is_given_up() {
    let service = Service::start(|_, _| Reply::new("500 Internal Server Error", "canary"));
    let error = failure(config(&service).with_retries(2));
    assert_eq!((error.kind(), service.seen().len()), (ErrorKind::Unavailable, 3));
    assert!(error.message().ends_with("it fails (HTTP 500): look at the service's state, and try again later"));
    let begun = Instant::now();
    let error = failure(config(&service).with_retries(20).with_deadline(Duration::from_millis(900)));
    assert_eq!(error.kind(), ErrorKind::Unavailable, "also where the deadline ends a request");
    assert!(service.seen().len() < 8 && begun.elapsed() < Duration::from_secs(20));
}

#[test]
fn a_service_that_is_away_is_unavailable() {
    let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
    let config = HttpConfig::new(format!("http://127.0.0.1:{port}/v1"), "small").with_dimension(2).with_retries(0);
    let error = failure(config);
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert_eq!(
        error.message(),
        format!(
            "embedding service http://127.0.0.1:{port}/v1/embeddings: there is no connection: check the address, whether the \
             service runs, and for https its certificate"
        )
    );
}

#[test]
fn a_service_that_is_slow_is_not_waited_for_longer_than_said() {
    let service = Service::start(|_, seen| Reply::to(seen).after(Duration::from_secs(30)));
    let begun = Instant::now();
    let error = failure(config(&service).with_timeout(Duration::from_millis(200)));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().ends_with("there is no answer in time: try again, or set a longer timeout"));
    let error = failure(config(&service).with_deadline(Duration::from_millis(200)));
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.message().ends_with("there is no answer in time: try again, or set a longer deadline"));
    assert!(begun.elapsed() < Duration::from_secs(15));
}

#[test]
fn a_connection_that_breaks_off_is_unavailable() {
    let (_, error) = answered(|_, seen| Reply { missing: 10, ..Reply::to(seen) });
    assert_eq!(error.kind(), ErrorKind::Unavailable);
    assert!(error.message().contains("the connection broke off"));
}

#[test]
fn other_refusals_say_what_to_check() {
    let (service, error) = answered(|_, _| Reply::new("400 Bad Request", "the text canary is too long"));
    assert_eq!((error.kind(), service.seen().len()), (ErrorKind::InvalidArgument, 1));
    assert!(error.message().contains("(HTTP 400): check the model and the dimension, and that no text is longer"));
    let (_, error) = answered(|_, _| Reply::new("404 Not Found", "canary"));
    assert_eq!(error.kind(), ErrorKind::InvalidArgument);
    assert!(error.message().ends_with("it knows no such address or model (HTTP 404): check both"));
    let (_, error) = answered(|_, _| Reply::new("403 Forbidden", ""));
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    let (_, error) = answered(|_, _| Reply::new("408 Request Timeout", ""));
    assert_eq!(error.kind(), ErrorKind::Timeout);
}

#[test]
fn a_redirection_is_not_followed() {
    let (service, error) = answered(|_, _| Reply::new("307 Temporary Redirect\r\nlocation: /canary", ""));
    assert_eq!((error.kind(), service.seen().len()), (ErrorKind::InvalidArgument, 1));
    assert!(error.message().contains("it is elsewhere (HTTP 307)"));
}

#[test]
fn answers_that_are_no_vectors_are_corrupt() {
    let form =
        "what it answered is not in OpenAI's form, numbers in data[].embedding and data[].index: is the address right?";
    let wrong = [
        "canary",
        "",
        r#"{"error": {"message": "canary"}}"#,
        r#"{"data": [{"index": 0, "embedding": [NaN, 1]}, {"index": 1, "embedding": [1, 1]}]}"#,
        r#"{"data": [{"index": 0, "embedding": [null, 1]}, {"index": 1, "embedding": [1, 1]}]}"#,
        r#"{"data": [{"index": 0, "embedding": [1e39, 1]}, {"index": 1, "embedding": [1, 1]}]}"#,
        r#"{"data": [{"index": 0, "embedding": [1, 1]}, {"embedding": [1, 1]}]}"#,
        r#"{"data": [{"index": -1, "embedding": [1, 1]}, {"index": 1, "embedding": [1, 1]}]}"#,
    ];
    for body in wrong {
        assert_eq!(corrupt(body), form, "{body}");
    }
    assert_eq!(
        corrupt(r#"{"data": [{"index": 0, "embedding": [1e30, 1]}, {"index": 1, "embedding": [1, 1]}]}"#),
        "it answered no vector: the embedding's length is outside 1e-15 to 1e15"
    );
    assert_eq!(corrupt(r#"{"data": [{"index": 0, "embedding": [1, 1]}]}"#), "it answered 1 vectors for 2 texts");
    assert_eq!(
        corrupt(r#"{"data": [{"index": 1, "embedding": [1, 1]}, {"index": 1, "embedding": [1, 1]}]}"#),
        "it answered index 1 for none of 2 texts, or twice"
    );
    assert_eq!(
        corrupt(r#"{"data": [{"index": 0, "embedding": [1, 1]}, {"index": 2, "embedding": [1, 1]}]}"#),
        "it answered index 2 for none of 2 texts, or twice"
    );
    assert_eq!(
        corrupt(r#"{"data": [{"index": 0, "embedding": [1, 1, 1]}, {"index": 1, "embedding": [1, 1]}]}"#),
        "it answered vectors of 3 components instead of 2"
    );
}

#[test]
fn an_answer_without_end_is_not_read_to_its_end() {
    let service = Service::start(|_, _| Reply { missing: usize::MAX / 2, ..Reply::new("200 OK", vec![b' '; 200_000]) });
    let error = failure(config(&service));
    assert_eq!(error.kind(), ErrorKind::Corrupt);
    assert!(error.message().ends_with("it answered more than 67712 bytes, which the vectors asked for cannot need"));
}
