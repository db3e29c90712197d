//! The client: a few connections, a time-out over everything, and errors that say what is in doubt.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use memory_core::{Error, ErrorKind, RecordKey, Result};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::time::timeout;

use super::server::{ANSWER, FILLER, Server};
use super::{Defect, Flaw};

/// At most so many connections at once.
const CONNECTIONS: usize = 8;

#[derive(Debug)]
pub(super) struct Client {
    server: Arc<Server>,
    address: SocketAddr,
    deadline: Duration,
    flaw: Flaw,
    places: Semaphore,
    idle: Mutex<Vec<TcpStream>>,
}

/// What an error of a call leaves open.
#[derive(Clone, Debug, Default)]
pub(super) struct Doubt {
    /// What the call writes.
    pub(super) keys: Vec<RecordKey>,
    /// Whether a write has a condition.
    pub(super) conditional: bool,
}

/// How the way of a ticket ended.
enum Trip {
    /// The answer came.
    Whole,
    /// The connection ended within the answer.
    Part,
    /// The connection ended after the call was sent, or made no sense any more.
    Lost,
    /// The server could not be reached, and nothing was sent.
    Unreached,
}

impl Client {
    pub(super) fn new(server: Arc<Server>, address: SocketAddr, deadline: Duration, flaw: Flaw) -> Self {
        let (places, idle) = (Semaphore::new(CONNECTIONS), Mutex::default());
        Self { server, address, deadline, flaw, places, idle }
    }

    /// Has this done on the server, and answers what it answered; and whether the answer came whole.
    pub(super) async fn call<T, F>(&self, doubt: Doubt, work: impl Fn() -> F) -> Result<(T, bool)>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let mut trip = self.trip(&work).await?;
        if matches!(trip, (Trip::Part | Trip::Lost, _))
            && !doubt.keys.is_empty()
            && self.flaw.hit(Defect::RepeatsItself)
        {
            trip = self.trip(&work).await?;
        }
        match trip {
            (Trip::Whole, Some(answer)) => Ok((answer?, true)),
            (Trip::Part, Some(answer)) if self.flaw.hit(Defect::TakesPart) => Ok((answer?, false)),
            (Trip::Unreached, _) if self.flaw.hit(Defect::AbsenceIsInternal) => Err(Error::internal("no connection")),
            (Trip::Unreached, _) => Err(Error::new(ErrorKind::Unavailable, "the server cannot be reached")),
            _ => Err(self.in_doubt(Error::new(ErrorKind::Unavailable, "the connection was lost"), doubt)),
        }
    }

    fn in_doubt(&self, error: Error, doubt: Doubt) -> Error {
        let unsaid = !doubt.keys.is_empty() && self.flaw.hit(Defect::DoubtUnsaid);
        let retryable = doubt.conditional && self.flaw.hit(Defect::DoubtRetryable);
        let error = if unsaid { error } else { error.with_unknown(doubt.keys) };
        if retryable { error } else { error.with_open_outcome(doubt.conditional) }
    }

    /// One ticket's way, within the time, and what the work answered if it was done.
    async fn trip<T, F>(&self, work: &impl Fn() -> F) -> Result<(Trip, Option<Result<T>>)>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        let answer = Arc::new(Mutex::new(None));
        let (slot, work) = (Arc::clone(&answer), work());
        let ticket = self.server.ticket(Box::new(move || {
            // The reference never waits.
            *slot.lock().unwrap_or_else(PoisonError::into_inner) = work.now_or_never();
        }));
        let patience = match self.deadline {
            _ if self.flaw.hit(Defect::WaitsForever) => Duration::from_secs(3_600),
            deadline if self.flaw.hit(Defect::GivesUpEarly) => deadline / 100,
            deadline => deadline,
        };
        let trip = match timeout(patience, self.send(ticket)).await {
            Ok(trip) => trip,
            Err(_) if self.flaw.hit(Defect::TimeoutIsAbsence) => Trip::Unreached,
            Err(_) => return Err(Error::new(ErrorKind::Timeout, "the server does not answer")),
        };
        let done = answer.lock().unwrap_or_else(PoisonError::into_inner).take();
        Ok((trip, done))
    }

    async fn send(&self, ticket: u64) -> Trip {
        let Ok(place) = self.places.acquire().await else { return Trip::Unreached };
        if self.flaw.hit(Defect::LeaksPlaces) {
            place.forget();
        }
        let connection = match self.idle() {
            Some(connection) => Ok(connection),
            None => TcpStream::connect(self.address).await,
        };
        let Ok(mut connection) = connection else { return self.leave(Trip::Unreached) };
        let trip = exchange(&mut connection, ticket, || self.flaw.hit(Defect::BelievesNonsense)).await;
        if matches!(trip, Trip::Whole) || self.flaw.hit(Defect::KeepsBroken) {
            self.idle.lock().unwrap_or_else(PoisonError::into_inner).push(connection);
        }
        self.leave(trip)
    }

    /// A connection that is there and, as far as it can be seen, alive: nothing has come, not its end either.
    fn idle(&self) -> Option<TcpStream> {
        let mut idle = self.idle.lock().unwrap_or_else(PoisonError::into_inner);
        while let Some(connection) = idle.pop() {
            let quiet =
                matches!(connection.try_read(&mut [0]), Err(error) if error.kind() == io::ErrorKind::WouldBlock);
            if quiet || self.flaw.hit(Defect::KeepsBroken) {
                return Some(connection);
            }
        }
        None
    }

    /// A call that comes to its end gives its place back, also where a dropped one does not.
    fn leave(&self, trip: Trip) -> Trip {
        if self.flaw.hit(Defect::LeaksPlaces) {
            self.places.add_permits(1);
        }
        trip
    }
}

async fn exchange(connection: &mut TcpStream, ticket: u64, believes: impl Fn() -> bool) -> Trip {
    let ticket = ticket.to_be_bytes();
    if connection.set_nodelay(true).is_err() || connection.write_all(&ticket).await.is_err() {
        return Trip::Lost;
    }
    let mut answer = Vec::with_capacity(ANSWER);
    while answer.len() < ANSWER {
        if !matches!(connection.read_buf(&mut answer).await, Ok(1..)) {
            return if answer.starts_with(&ticket) { Trip::Part } else { Trip::Lost };
        }
    }
    let sense = answer.len() == ANSWER && answer.starts_with(&ticket) && answer[8..].iter().all(|byte| *byte == FILLER);
    if sense || believes() { Trip::Whole } else { Trip::Lost }
}
