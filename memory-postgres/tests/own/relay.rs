//! A relay between the backend and its server that counts: round trips, and statements that are kept prepared.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::config::Host;

/// What passed so far, on all connections.
#[derive(Debug, Default)]
pub(crate) struct Relay {
    round_trips: AtomicUsize,
    kept: AtomicUsize,
    /// Whether the server spoke last.
    answered: AtomicBool,
}

impl Relay {
    /// Listens on a port of this machine.
    pub(crate) async fn start() -> (Arc<Self>, u16) {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let relay = Arc::new(Self { answered: AtomicBool::new(true), ..Self::default() });
        let shared = Arc::clone(&relay);
        tokio::spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let url = super::server::url().unwrap();
                let [Host::Tcp(host), ..] = url.get_hosts() else { panic!("no host") };
                let server = TcpStream::connect((host.as_str(), url.get_ports()[0])).await.unwrap();
                let ((from_client, to_client), (from_server, to_server)) = (client.into_split(), server.into_split());
                tokio::spawn(pass(from_server, to_client, Arc::clone(&shared), None));
                tokio::spawn(pass(from_client, to_server, Arc::clone(&shared), Some(Messages::default())));
            }
        });
        (relay, port)
    }

    /// How often something was sent after an answer.
    pub(crate) fn round_trips(&self) -> usize {
        self.round_trips.load(Ordering::SeqCst)
    }

    /// How many statements got a name, by which a connection keeps them.
    pub(crate) fn kept(&self) -> usize {
        self.kept.load(Ordering::SeqCst)
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, relay: Arc<Relay>, mut sent: Option<Messages>) {
    let mut bytes = vec![0; 1 << 16];
    while let Ok(count) = from.read(&mut bytes).await {
        if count == 0 {
            break;
        }
        match &mut sent {
            Some(messages) => {
                if relay.answered.swap(false, Ordering::SeqCst) {
                    relay.round_trips.fetch_add(1, Ordering::SeqCst);
                }
                relay.kept.fetch_add(messages.kept(&bytes[..count]), Ordering::SeqCst);
            }
            None => relay.answered.store(true, Ordering::SeqCst),
        }
        if to.write_all(&bytes[..count]).await.is_err() {
            break;
        }
    }
}

/// What a client has sent and is not looked at yet. The first message has no letter before its length.
#[derive(Debug, Default)]
struct Messages {
    begun: bool,
    rest: Vec<u8>,
}

impl Messages {
    /// How many of the messages that are whole now prepare a statement (`P`) under a name.
    fn kept(&mut self, bytes: &[u8]) -> usize {
        self.rest.extend_from_slice(bytes);
        let mut kept = 0;
        loop {
            let head = usize::from(self.begun);
            let Some(length) = self.rest.get(head..head + 4) else { return kept };
            let end = head + u32::from_be_bytes(length.try_into().unwrap()) as usize;
            if self.rest.len() < end {
                return kept;
            }
            kept += usize::from(self.begun && self.rest[0] == b'P' && self.rest[5] != 0);
            self.begun = true;
            self.rest.drain(..end);
        }
    }
}
