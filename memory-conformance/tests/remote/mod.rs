//! A server of the suite's own, on a real socket, for the cases about a broken way to it: the reference behind TCP, with a
//! client that has time-outs and may be wrong in one thing. It is a double: what a call says and answers goes by memory, and
//! only a ticket for it goes over the wire.

mod client;
mod server;
mod store;

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use memory_conformance::{Harness, Settings, TestDatabase};
use memory_core::{Backend, Result};
use memory_reference::ReferenceBackend;

use client::Client;
use server::Server;
use store::Remote;

/// A defect of the client. Each is read where it changes what happens.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defect {
    /// An answer is waited for without end.
    WaitsForever,
    /// It gives up long before the configured time.
    GivesUpEarly,
    /// A server that is away is an internal error.
    AbsenceIsInternal,
    /// A time-out is said to be an absent server.
    TimeoutIsAbsence,
    /// A broken connection is used again.
    KeepsBroken,
    /// A call that is dropped keeps its place among the connections.
    LeaksPlaces,
    /// What has come of an answer that was cut is taken for the whole.
    TakesPart,
    /// The answer is not looked at before it is believed.
    BelievesNonsense,
    /// A batch whose answer is lost lists nothing.
    DoubtUnsaid,
    /// A conditional write whose answer is lost may be tried again.
    DoubtRetryable,
    /// A call whose answer is lost is made again by the client itself.
    RepeatsItself,
}

/// A defect, and the rules of which at least one kills it.
pub(crate) const DEFECTS: &[(Defect, &[&str])] = &[
    (Defect::WaitsForever, &["ER-3"]),
    (Defect::GivesUpEarly, &["ER-3"]),
    (Defect::AbsenceIsInternal, &["ER-3"]),
    (Defect::TimeoutIsAbsence, &["ER-3"]),
    (Defect::KeepsBroken, &["ER-3"]),
    (Defect::LeaksPlaces, &["ER-3"]),
    (Defect::TakesPart, &["ER-3"]),
    (Defect::BelievesNonsense, &["ER-3"]),
    (Defect::DoubtUnsaid, &["WR-4"]),
    (Defect::DoubtRetryable, &["WR-5"]),
    (Defect::RepeatsItself, &["WR-5"]),
];

/// The store and its server, which runs until the process ends.
#[derive(Debug)]
pub(crate) struct RemoteHarness {
    server: Arc<Server>,
    store: ReferenceBackend,
    flaw: Flaw,
}

/// The defect of one client, if it has one, and whether it has changed anything yet.
#[derive(Clone, Debug, Default)]
struct Flaw {
    chosen: Option<Defect>,
    applied: Arc<AtomicBool>,
}

impl Flaw {
    /// Asked where the defect would change something: whether it does.
    fn hit(&self, defect: Defect) -> bool {
        let hit = self.chosen == Some(defect);
        self.applied.fetch_or(hit, Ordering::SeqCst);
        hit
    }
}

impl RemoteHarness {
    pub(crate) fn new(defect: Option<Defect>) -> std::io::Result<Self> {
        let flaw = Flaw { chosen: defect, applied: Arc::default() };
        Ok(Self { server: Server::start()?, store: ReferenceBackend::new(), flaw })
    }

    /// Whether the defect has changed what the client did.
    pub(crate) fn applied(&self) -> bool {
        self.flaw.applied.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Harness for RemoteHarness {
    fn name(&self) -> String {
        "remote".to_owned()
    }

    fn versions(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    async fn database(&self, _settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        self.through(self.server.address, Duration::from_secs(30)).await
    }

    fn server(&self) -> Option<SocketAddr> {
        Some(self.server.address)
    }

    async fn through(&self, address: SocketAddr, deadline: Duration) -> Result<Arc<dyn TestDatabase>> {
        let client = Client::new(Arc::clone(&self.server), address, deadline, self.flaw.clone());
        Ok(Arc::new(Database { client: Arc::new(client), store: self.store.clone() }))
    }
}

#[derive(Debug)]
struct Database {
    client: Arc<Client>,
    store: ReferenceBackend,
}

#[async_trait]
impl TestDatabase for Database {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Remote::new(Arc::new(self.store.clone()) as Arc<dyn Backend>, Arc::clone(&self.client))))
    }
}
