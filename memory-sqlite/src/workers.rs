//! The threads that own the connections: one writes, a few read. Callers wait for a channel, never for SQLite.
//!
//! A queue holds what live callers wait for: each waits for one job at a time, and the job of a caller that has gone before it
//! began is skipped, as are the runs of a large batch that have not begun. What has begun runs to its end, so each record is old
//! or new (WR-7). Each queue has a bound, outside of which callers wait for a place.

pub(crate) mod group;
pub(crate) mod queue;
mod rooms;

use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use memory_core::{Error, Result};
use rusqlite::{Connection, Transaction};

use self::group::Member;
use self::queue::{Queue, Takers};
pub(crate) use self::rooms::Room;
use self::rooms::Rooms;
use crate::config::SqliteConfig;
use crate::connection;
use crate::jobs::Runs;

/// More readers than this do not help: SQLite's own locks and the disk are shared.
const MOST_READERS: usize = 4;

/// So many jobs may be in a queue, or be under way; who comes then waits for a place.
const MOST_JOBS: usize = 1_024;

/// And so many bytes of records may they hold together; a larger batch has the queue to itself.
const MOST_BYTES: usize = 64 << 20;

type Job = Box<dyn FnOnce(Result<&mut Connection>) + Send>;

/// What the thread that writes is given.
pub(crate) enum Work {
    /// A transaction that it shares with its neighbours in the queue.
    Shared(Box<dyn Member>),
    /// The connection to itself.
    Alone(Job),
    /// The last: when nothing else is left, empty the log, close the connection, answer.
    Close(oneshot::Sender<Result<()>>, Vec<JoinHandle<()>>),
}

/// The threads that read, but for a database in memory, which is one connection.
struct Reads {
    rooms: Arc<Rooms>,
    queue: Arc<Queue<Job>>,
}

/// The threads of one open database. When this is dropped, they end by themselves after the jobs that are queued.
pub(crate) struct Workers {
    /// The threads that read, until [`Self::close`] takes them.
    open: Mutex<Option<Vec<JoinHandle<()>>>>,
    reads: Option<Reads>,
    /// For what goes into `writes`.
    rooms: Arc<Rooms>,
    writes: Arc<Queue<Work>>,
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
        let writes = Arc::new(Queue::new());
        let (opened, answer) = oneshot::channel();
        let (writer_config, takers) = (config.clone(), Takers(Arc::clone(&writes)));
        spawn("memory-sqlite-write", move || writer(&writer_config, &takers, opened))?;
        let rooms = || Rooms::new(MOST_JOBS, MOST_BYTES);
        let reads = config.path().map(|_| Reads { rooms: rooms(), queue: Arc::new(Queue::new()) });
        // From here on an error ends what was started.
        let workers = Self { open: Mutex::default(), reads, rooms: rooms(), writes };
        let mut readers = Vec::new();
        if let Some(reads) = &workers.reads {
            let takers = Arc::new(Takers(Arc::clone(&reads.queue)));
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get).min(MOST_READERS) {
                let (config, takers) = (config.clone(), Arc::clone(&takers));
                readers.push(spawn("memory-sqlite-read", move || reader(&config, &takers.0))?);
            }
        }
        *workers.open.lock().unwrap_or_else(PoisonError::into_inner) = Some(readers);
        Ok((workers, answer))
    }

    /// Asks for a place in the queue for such jobs; the receiver is let down when the database is closed.
    pub(crate) fn room(&self, access: Access, bytes: usize) -> oneshot::Receiver<Room> {
        match (&self.reads, access) {
            (Some(reads), Access::Read) => reads.rooms.ask(bytes),
            _ => self.rooms.ask(bytes),
        }
    }

    /// Queues a job that has the connection to itself; the receiver gets what it answers.
    ///
    /// # Errors
    /// `InvalidArgument` after [`Self::close`].
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        access: Access,
        room: Room,
        work: impl FnOnce(&mut Connection) -> Result<T> + Send + 'static,
    ) -> Result<oneshot::Receiver<Result<T>>> {
        let (sender, receiver) = oneshot::channel();
        let job: Job = Box::new(move |connection| {
            let _room = room;
            if !sender.is_canceled() {
                // If the caller has gone meanwhile, nobody wants the answer.
                let _ = sender.send(connection.and_then(work));
            }
        });
        let guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().ok_or_else(closed)?;
        let taken = match (&self.reads, access) {
            (Some(reads), Access::Read) => reads.queue.push(job),
            _ => self.writes.push(Work::Alone(job)),
        };
        if !taken {
            return Err(gone());
        }
        Ok(receiver)
    }

    /// Queues a write that shares its transactions with others.
    ///
    /// # Errors
    /// `InvalidArgument` after [`Self::close`].
    pub(crate) fn share<R: Runs>(&self, room: Room, runs: R) -> Result<oneshot::Receiver<Result<R::Answer>>> {
        let (sender, receiver) = oneshot::channel();
        let guard = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        guard.as_ref().ok_or_else(closed)?;
        self.push(Work::Shared(Box::new(Waiting { runs, sender, _room: room })))?;
        Ok(receiver)
    }

    fn push(&self, work: Work) -> Result<()> {
        if self.writes.push(work) { Ok(()) } else { Err(gone()) }
    }

    /// Ends the threads after the jobs that are queued. `None` if that was asked before.
    pub(crate) fn close(&self) -> Result<Option<oneshot::Receiver<Result<()>>>> {
        let Some(readers) = self.open.lock().unwrap_or_else(PoisonError::into_inner).take() else { return Ok(None) };
        if let Some(reads) = &self.reads {
            reads.close();
        }
        self.rooms.close();
        let (sender, receiver) = oneshot::channel();
        self.push(Work::Close(sender, readers))?;
        self.writes.close();
        Ok(Some(receiver))
    }
}

impl Reads {
    fn close(&self) {
        self.rooms.close();
        self.queue.close();
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
        if let Some(reads) = &self.reads {
            reads.close();
        }
        self.rooms.close();
        self.writes.close();
    }
}

/// A write with its caller.
struct Waiting<R: Runs> {
    runs: R,
    sender: oneshot::Sender<Result<R::Answer>>,
    /// Given back when the caller has the answer.
    _room: Room,
}

impl<R: Runs> Member for Waiting<R> {
    fn size(&self) -> (usize, usize) {
        self.runs.size()
    }

    fn is_wanted(&self) -> bool {
        !self.sender.is_canceled()
    }

    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        self.runs.apply(transaction)
    }

    fn settle(mut self: Box<Self>, outcome: Result<()>) -> Option<Box<dyn Member>> {
        match self.runs.settle(outcome) {
            None => Some(self),
            Some(answer) => {
                // If the caller has gone meanwhile, nobody wants the answer.
                let _ = self.sender.send(answer);
                None
            }
        }
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

/// What a caller is told who comes after [`Workers::close`], or waited for a place until then.
pub(crate) fn closed() -> Error {
    Error::invalid("the database is closed")
}

fn spawn(name: &str, work: impl FnOnce() + Send + 'static) -> Result<JoinHandle<()>> {
    let unavailable = |_| Error::new(memory_core::ErrorKind::Unavailable, "the system gives no further thread");
    thread::Builder::new().name(name.to_owned()).spawn(work).map_err(unavailable)
}

fn writer(config: &SqliteConfig, Takers(queue): &Takers<Work>, opened: oneshot::Sender<Result<()>>) {
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
    let mut closing = None;
    while let Some(work) = queue.take() {
        match work {
            Work::Shared(first) => group::run(&mut connection, first, queue),
            Work::Alone(job) => job(Ok(&mut connection)),
            Work::Close(answer, readers) => closing = Some((answer, readers)),
        }
    }
    let Some((answer, readers)) = closing else { return };
    for reader in readers {
        // A reader that panicked has told its caller so already.
        let _ = reader.join();
    }
    let _ = answer.send(connection::close(connection));
}

fn reader(config: &SqliteConfig, jobs: &Queue<Job>) {
    let mut connection = None;
    while let Some(job) = jobs.take() {
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
