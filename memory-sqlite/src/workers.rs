//! The threads that own the connections: one writes, a few read. Callers wait for a channel, never for SQLite.
//!
//! A queue holds what live callers wait for: each waits for one job at a time, and the job of a caller that has gone before it
//! began is skipped. A job that has begun runs to its end, so each record is old or new (WR-7).

use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use memory_core::{Error, Result};
use rusqlite::Connection;

use crate::config::SqliteConfig;
use crate::connection;

/// More readers than this do not help: SQLite's own locks and the disk are shared.
const MOST_READERS: usize = 4;

type Job = Box<dyn FnOnce(Result<&mut Connection>) + Send>;

enum Message {
    Job(Job),
    /// Empty the log, close the connection, answer. The last message: nothing is sent after it.
    Close(oneshot::Sender<Result<()>>, Vec<JoinHandle<()>>),
}

/// The queues, until [`Workers::close`].
struct Open {
    writes: mpsc::Sender<Message>,
    /// Absent for a database in memory, which is one connection.
    reads: Option<mpsc::Sender<Job>>,
    readers: Vec<JoinHandle<()>>,
}

/// The threads of one open database. When this is dropped, they end by themselves after the jobs that are queued.
pub(crate) struct Workers {
    open: Mutex<Option<Open>>,
}

/// Which thread runs a job.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Access {
    Read,
    Write,
}

impl Workers {
    /// Starts the threads. The receiver answers when the file is open and up to date; after an error the threads are gone.
    pub(crate) fn start(config: &SqliteConfig) -> Result<(Self, oneshot::Receiver<Result<()>>)> {
        let (writes, messages) = mpsc::channel();
        let (opened, answer) = oneshot::channel();
        let writer_config = config.clone();
        spawn("memory-sqlite-write", move || writer(&writer_config, &messages, opened))?;
        let (mut reads, mut readers) = (None, Vec::new());
        if config.path().is_some() {
            let (sender, jobs) = mpsc::channel();
            let jobs = Arc::new(Mutex::new(jobs));
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get).min(MOST_READERS) {
                let (config, jobs) = (config.clone(), Arc::clone(&jobs));
                readers.push(spawn("memory-sqlite-read", move || reader(&config, &jobs))?);
            }
            reads = Some(sender);
        }
        Ok((Self { open: Mutex::new(Some(Open { writes, reads, readers })) }, answer))
    }

    /// Queues a job; the receiver gets what it answers.
    ///
    /// # Errors
    /// `InvalidArgument` after [`Self::close`].
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        access: Access,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            if !sender.is_canceled() {
                // If the caller has gone meanwhile, nobody wants the answer.
                let _ = sender.send(connection.and_then(work));
            }
        });
        let guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        let open = guard.as_ref().ok_or_else(|| Error::invalid("the database is closed"))?;
        match (&open.reads, access) {
            (Some(reads), Access::Read) => reads.send(job).map_err(|_| gone())?,
            _ => open.writes.send(Message::Job(job)).map_err(|_| gone())?,
        }
        Ok(receiver)
    }

    /// Ends the threads after the jobs that are queued. `None` if that was asked before.
    pub(crate) fn close(&self) -> Result<Option<oneshot::Receiver<Result<()>>>> {
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { writes, reads, readers }) = open else { return Ok(None) };
        drop(reads);
        let (sender, receiver) = oneshot::channel();
        writes.send(Message::Close(sender, readers)).map_err(|_| gone())?;
        Ok(Some(receiver))
    }
}

impl fmt::Debug for Workers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").finish_non_exhaustive()
    }
}

/// What a caller is told whose thread has ended without an answer.
pub(crate) fn gone() -> Error {
    Error::internal("a thread of the database has ended: open the database again")
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let unavailable = |_| Error::new(memory_core::ErrorKind::Unavailable, "the system gives no further thread");
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(unavailable)
}

fn writer(config: &SqliteConfig, messages: &mpsc::Receiver<Message>, opened: oneshot::Sender<Result<()>>) {
    let mut connection = match connection::open(config) {
        Ok(connection) => connection,
        Err(error) => {
            let _ = opened.send(Err(error));
            return;
        }
    };
    if opened.send(Ok(())).is_err() {
        return;
    }
    while let Ok(message) = messages.recv() {
        match message {
            Message::Job(job) => job(Ok(&mut connection)),
            Message::Close(answer, readers) => {
                for reader in readers {
                    // A reader that panicked has told its caller so already.
                    let _ = reader.join();
                }
                let _ = answer.send(connection::close(connection));
                return;
            }
        }
    }
}

fn reader(config: &SqliteConfig, jobs: &Mutex<mpsc::Receiver<Job>>) {
    let mut connection = None;
    loop {
        // The lock is held while waiting: the others wait for the lock instead.
        let job = jobs.lock().unwrap_or_else(PoisonError::into_inner).recv();
        let Ok(job) = job else { return };
        let opened = match connection.take() {
            Some(opened) => Ok(opened),
            None => connection::open_reader(config),
        };
        match opened {
            Ok(opened) => job(Ok(connection.insert(opened))),
            Err(error) => job(Err(error)),
        }
    }
}
