//! The threads that own the connections: one writes, a few read. Callers wait for a channel, never for SQLite.
//!
//! A queue holds what live callers wait for: each waits for one job at a time, and the job of a caller that has gone before it
//! began is skipped, as are the runs of a large batch that have not begun. What has begun runs to its end, so each record is old
//! or new (WR-7). The queue of the thread that writes has a bound, outside of which callers wait for a place.

pub(crate) mod group;
mod queue;
mod rooms;

use std::fmt;
use std::num::NonZero;
use std::sync::{Arc, Mutex, PoisonError, mpsc};
use std::thread::{self, JoinHandle};

use futures_channel::oneshot;
use memory_core::{Error, Result};
use rusqlite::{Connection, Transaction};

use self::group::Member;
use self::queue::Queue;
pub(crate) use self::rooms::Room;
use self::rooms::Rooms;
use crate::config::SqliteConfig;
use crate::connection;
use crate::jobs::Runs;

/// More readers than this do not help: SQLite's own locks and the disk are shared.
const MOST_READERS: usize = 4;

/// So many jobs may be queued for the thread that writes, or be under way; who comes then waits for a place.
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

/// What [`Workers::close`] takes.
struct Open {
    /// Absent for a database in memory, which is one connection.
    reads: Option<mpsc::Sender<Job>>,
    readers: Vec<JoinHandle<()>>,
}

/// The threads of one open database. When this is dropped, they end by themselves after the jobs that are queued.
pub(crate) struct Workers {
    open: Mutex<Option<Open>>,
    /// For what goes into `writes`.
    rooms: Arc<Rooms>,
    writes: Arc<Queue<Work>>,
    /// Whether reads, too, go to the thread that writes.
    single: bool,
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
        let (writer_config, taken) = (config.clone(), Arc::clone(&writes));
        spawn("memory-sqlite-write", move || writer(&writer_config, &taken, opened))?;
        let (mut reads, mut readers) = (None, Vec::new());
        if config.path().is_some() {
            let (sender, jobs) = mpsc::channel();
            let jobs = Arc::new(Mutex::new(jobs));
            for _ in 0..thread::available_parallelism().map_or(1, NonZero::get).min(MOST_READERS) {
                let (config, jobs) = (config.clone(), Arc::clone(&jobs));
                let spawned = spawn("memory-sqlite-read", move || reader(&config, &jobs));
                // Without this the thread that writes would wait for ever.
                readers.push(spawned.inspect_err(|_| writes.close())?);
            }
            reads = Some(sender);
        }
        let (single, rooms) = (reads.is_none(), Rooms::new(MOST_JOBS, MOST_BYTES));
        Ok((Self { open: Mutex::new(Some(Open { reads, readers })), rooms, writes, single }, answer))
    }

    /// Whether a job of this kind goes to the thread that writes, and so needs a place there.
    pub(crate) fn has_queue(&self, access: Access) -> bool {
        self.single || access == Access::Write
    }

    /// Asks for a place in the queue of the thread that writes; the receiver is let down when the database is closed.
    pub(crate) fn room(&self, bytes: usize) -> oneshot::Receiver<Room> {
        self.rooms.ask(bytes)
    }

    /// Queues a job that has the connection to itself; the receiver gets what it answers.
    ///
    /// # Errors
    /// `InvalidArgument` after [`Self::close`].
    pub(crate) fn submit<T: Send + 'static>(
        &self,
        access: Access,
        room: Option<Room>,
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
        let open = guard.as_ref().ok_or_else(closed)?;
        match (&open.reads, access) {
            (Some(reads), Access::Read) => reads.send(job).map_err(|_| gone())?,
            _ => self.push(Work::Alone(job))?,
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
        let open = self.open.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Open { reads, readers }) = open else { return Ok(None) };
        drop(reads);
        self.rooms.close();
        let (sender, receiver) = oneshot::channel();
        self.push(Work::Close(sender, readers))?;
        self.writes.close();
        Ok(Some(receiver))
    }
}

impl Drop for Workers {
    fn drop(&mut self) {
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

/// Lets the callers down whose jobs are left when the thread ends, so that none waits for ever.
struct Ending<'a>(&'a Queue<Work>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

fn writer(config: &SqliteConfig, queue: &Queue<Work>, opened: oneshot::Sender<Result<()>>) {
    let _ending = Ending(queue);
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
