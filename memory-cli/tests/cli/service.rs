//! An embedding service that is away, slow or wrong. The service here is a double: it answers what the test says.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::thread;
use std::time::Duration;

use crate::tool::Tool;

/// A double of an embedding service: every request gets the same answer, after a while.
struct Double {
    address: String,
}

impl Double {
    fn new(status: &'static str, headers: &'static str, body: &'static str, pause: Duration) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        // It ends with the test's process.
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                thread::spawn(move || answer(stream, status, headers, body, pause));
            }
        });
        Self { address }
    }

    fn embedder(&self) -> String {
        format!("http://{}/v1?model=m&dimension=2&timeout=300ms&retries=1&deadline=2s", self.address)
    }
}

fn answer(stream: TcpStream, status: &str, headers: &str, body: &str, pause: Duration) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut length = 0;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        if let Some(value) = line.to_ascii_lowercase().strip_prefix("content-length:") {
            length = value.trim().parse().ok()?;
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut request = vec![0; length];
    reader.read_exact(&mut request).ok()?;
    thread::sleep(pause);
    let answer =
        format!("HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n{headers}\r\n{body}", body.len());
    reader.get_mut().write_all(answer.as_bytes()).ok()
}

const GOOD: &str = r#"{"data":[{"index":0,"embedding":[3.0,4.0]}]}"#;

#[test]
fn a_service_makes_the_vectors() {
    let tool = Tool::new();
    let service = Double::new("200 OK", "", GOOD, Duration::ZERO);
    let ran = tool.with(&service.embedder(), &["add", "the cat", "--id", "a"]);
    assert_eq!(ran.code, 0, "{ran:?}");
    assert!(ran.err.contains("made collection memories (2 dimensions, cosine, english/1, embedder "), "{ran:?}");
    assert_eq!(tool.json(&["get", "a"])["records"][0]["embedding"], serde_json::json!([3.0, 4.0]));
    // The label alone does not say where the service is.
    let forgotten = tool.with("", &["add", "the dog"]);
    assert_eq!(forgotten.code, 1);
    assert!(
        forgotten.err.contains("which this program does not know by itself: name it by --embedder"),
        "{forgotten:?}"
    );
}

#[test]
fn each_way_to_fail_has_its_code_and_says_what_to_do() {
    for (what, status, headers, body, pause, code, expected) in [
        (
            "401",
            "401 Unauthorized",
            "",
            "no",
            0,
            1,
            "permission denied: embedding service http://HOST/v1/embeddings: it refuses the key (HTTP 401): check the setting api_key",
        ),
        (
            "429",
            "429 Too Many Requests",
            "Retry-After: 60\r\n",
            "",
            0,
            1,
            "rate limited: embedding service http://HOST/v1/embeddings: it asks for a pause (HTTP 429): wait, or lower the setting requests; a used-up quota says the same",
        ),
        (
            "500",
            "500 Internal Server Error",
            "",
            "hunter2",
            0,
            4,
            "unavailable: embedding service http://HOST/v1/embeddings: it fails (HTTP 500): look at the service's state, and try again later",
        ),
        (
            "slow",
            "200 OK",
            "",
            GOOD,
            1_000,
            4,
            "timed out: embedding service http://HOST/v1/embeddings: there is no answer in time: try again, or set a longer timeout",
        ),
        (
            "too few",
            "200 OK",
            "",
            r#"{"data":[]}"#,
            0,
            1,
            "corrupt: embedding service http://HOST/v1/embeddings: it answered 0 vectors for 1 texts",
        ),
        (
            "NaN",
            "200 OK",
            "",
            r#"{"data":[{"index":0,"embedding":[NaN,1.0]}]}"#,
            0,
            1,
            "corrupt: embedding service http://HOST/v1/embeddings: what it answered is not in OpenAI's form, numbers in data[].embedding and data[].index: is the address right?",
        ),
        (
            "null",
            "200 OK",
            "",
            r#"{"data":[{"index":0,"embedding":[null,1.0]}]}"#,
            0,
            1,
            "corrupt: embedding service http://HOST/v1/embeddings: what it answered is not in OpenAI's form, numbers in data[].embedding and data[].index: is the address right?",
        ),
        (
            "dimension",
            "200 OK",
            "",
            r#"{"data":[{"index":0,"embedding":[1.0,2.0,3.0]}]}"#,
            0,
            1,
            "corrupt: embedding service http://HOST/v1/embeddings: it answered vectors of 3 components instead of 2",
        ),
        (
            "nonsense",
            "200 OK",
            "",
            "<html>",
            0,
            1,
            "corrupt: embedding service http://HOST/v1/embeddings: what it answered is not in OpenAI's form, numbers in data[].embedding and data[].index: is the address right?",
        ),
    ] {
        let tool = Tool::new();
        let service = Double::new(status, headers, body, Duration::from_millis(pause));
        let ran = tool.with(&service.embedder(), &["add", "my hunter2", "--id", "a"]);
        let err = ran.err.replace(&service.address, "HOST");
        let told = err.lines().last().unwrap_or_default();
        assert_eq!((ran.code, told), (code, format!("memoryctl: {expected}").as_str()), "{what}");
        assert!(!err.contains("hunter2"), "{what}: {err}");
        assert_eq!(tool.run(&["count"]).out.trim(), "0", "{what}: nothing is put without its vector");
    }
}

#[test]
fn a_service_that_is_away_is_4() {
    let tool = Tool::new();
    let closed = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let embedder = format!("http://{closed}/v1?model=m&dimension=2&retries=0");
    let ran = tool.with(&embedder, &["add", "the cat"]);
    let err = ran.err.replace(&closed.to_string(), "HOST");
    assert_eq!(
        (ran.code, err.lines().last().unwrap_or_default()),
        (
            4,
            "memoryctl: unavailable: embedding service http://HOST/v1/embeddings: there is no connection: check the address, whether the service runs, and for https its certificate"
        )
    );
    // Words need no service.
    tool.ok(&["add", "the cat", "--id", "a"]);
    assert_eq!(tool.ids(&["search", "cat", "--mode", "text"]), ["a"]);
}
