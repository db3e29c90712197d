//! The server: it does what a ticket stands for, and answers with the ticket.

use std::collections::HashMap;
use std::fmt;
use std::io::{self, Read as _, Write as _};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::spawn;

/// What an answer is long, so that it can be cut. It begins with the ticket; each other byte is [`FILLER`].
pub(super) const ANSWER: usize = 4_096;

pub(super) const FILLER: u8 = 0x5A;

type Job = Box<dyn FnOnce() + Send>;

/// The server, and the work that its tickets stand for.
pub(super) struct Server {
    pub(super) address: SocketAddr,
    jobs: Mutex<(u64, HashMap<u64, Job>)>,
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server").field("address", &self.address).finish_non_exhaustive()
    }
}

impl Server {
    pub(super) fn start() -> io::Result<Arc<Self>> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let server = Arc::new(Self { address: listener.local_addr()?, jobs: Mutex::default() });
        let serving = Arc::clone(&server);
        spawn(move || {
            for stream in listener.incoming().flatten() {
                let server = Arc::clone(&serving);
                // A client that is gone ends its connection, and that is all.
                spawn(move || drop(server.serve(stream)));
            }
        });
        Ok(server)
    }

    /// A ticket for this work. It is done when the ticket comes over the wire, also if nobody waits any more.
    pub(super) fn ticket(&self, job: Job) -> u64 {
        let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
        jobs.0 += 1;
        let ticket = jobs.0;
        jobs.1.insert(ticket, job);
        ticket
    }

    fn serve(&self, mut stream: TcpStream) -> io::Result<()> {
        stream.set_nodelay(true)?;
        let mut ticket = [0; 8];
        loop {
            stream.read_exact(&mut ticket)?;
            let job = {
                let mut jobs = self.jobs.lock().unwrap_or_else(PoisonError::into_inner);
                jobs.1.remove(&u64::from_be_bytes(ticket))
            };
            if let Some(job) = job {
                job();
            }
            let mut answer = [FILLER; ANSWER];
            answer[..8].copy_from_slice(&ticket);
            stream.write_all(&answer)?;
        }
    }
}
