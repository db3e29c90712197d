//! A double of an embedding service: it notes what it is asked and answers as it was told, one request a connection.

use std::collections::HashMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};

/// One request, as it came.
#[derive(Clone, Debug)]
pub(crate) struct Seen {
    /// Path and query.
    pub(crate) target: String,
    /// Names in lower case.
    pub(crate) headers: HashMap<String, String>,
    pub(crate) body: Value,
}

impl Seen {
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(String::as_str)
    }

    pub(crate) fn inputs(&self) -> Vec<&str> {
        self.body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap()).collect()
    }
}

/// What to answer: the head's first line after the version and further header lines, a pause before, the body.
pub(crate) struct Reply {
    pub(crate) head: &'static str,
    pub(crate) pause: Duration,
    pub(crate) body: Vec<u8>,
    /// Bytes that the head promises and that never come.
    pub(crate) missing: usize,
}

impl Reply {
    pub(crate) fn new(head: &'static str, body: impl Into<Vec<u8>>) -> Self {
        Self { head, pause: Duration::ZERO, body: body.into(), missing: 0 }
    }

    /// For each text a vector of two components, its number and 1, in the order of these indexes.
    pub(crate) fn vectors(indexes: impl IntoIterator<Item = usize>) -> Self {
        let item = |index: usize| json!({ "object": "embedding", "index": index, "embedding": [index, 1] });
        let data: Vec<Value> = indexes.into_iter().map(item).collect();
        let usage = json!({ "prompt_tokens": 1, "total_tokens": 1 });
        Self::new("200 OK", json!({ "object": "list", "data": data, "model": "m", "usage": usage }).to_string())
    }

    /// For each text of the request, in order.
    pub(crate) fn to(seen: &Seen) -> Self {
        Self::vectors(0..seen.inputs().len())
    }

    pub(crate) fn after(self, pause: Duration) -> Self {
        Self { pause, ..self }
    }
}

pub(crate) struct Service {
    pub(crate) port: u16,
    state: Arc<State>,
}

#[derive(Default)]
struct State {
    seen: Mutex<Vec<Seen>>,
    now: AtomicUsize,
    most: AtomicUsize,
}

impl Service {
    /// Answers the requests, numbered from 0, as this function says.
    pub(crate) fn start(answer: impl Fn(usize, &Seen) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let state = Arc::new(State::default());
        let (shared, answer) = (Arc::clone(&state), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming() {
                let (stream, state, answer) = (stream.unwrap(), Arc::clone(&shared), Arc::clone(&answer));
                // A client that hangs up makes this fail, which is its right.
                thread::spawn(move || serve(stream, &state, &*answer));
            }
        });
        Self { port, state }
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}/v1", self.port)
    }

    pub(crate) fn seen(&self) -> Vec<Seen> {
        self.state.seen.lock().unwrap().clone()
    }

    /// The most requests that were under way at once.
    pub(crate) fn most(&self) -> usize {
        self.state.most.load(Ordering::SeqCst)
    }
}

fn serve(mut stream: TcpStream, state: &State, answer: &dyn Fn(usize, &Seen) -> Reply) -> std::io::Result<()> {
    let seen = read(&stream)?;
    let number = {
        let mut all = state.seen.lock().unwrap();
        all.push(seen.clone());
        all.len() - 1
    };
    state.most.fetch_max(state.now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
    let reply = answer(number, &seen);
    thread::sleep(reply.pause);
    state.now.fetch_sub(1, Ordering::SeqCst);
    let length = reply.body.len() + reply.missing;
    write!(stream, "HTTP/1.1 {}\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n", reply.head)?;
    stream.write_all(&reply.body)
}

fn read(stream: &TcpStream) -> std::io::Result<Seen> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let target = line.split(' ').nth(1).unwrap_or_default().to_owned();
    let mut headers = HashMap::new();
    loop {
        let mut line = String::new();
        reader.read_line(&mut line)?;
        let Some((name, value)) = line.trim_end().split_once(": ") else { break };
        headers.insert(name.to_lowercase(), value.to_owned());
    }
    let length = headers.get("content-length").and_then(|length| length.parse().ok()).unwrap_or(0);
    let mut body = vec![0; length];
    reader.read_exact(&mut body)?;
    Ok(Seen { target, headers, body: serde_json::from_slice(&body)? })
}
