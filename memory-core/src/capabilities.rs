//! What a backend is, can and bears: facts, switches, limits (SPEC 0). Nothing else may differ between backends.

use std::collections::BTreeSet;
use std::fmt;

use crate::error::{Error, Result};

/// What a backend publishes about itself (CA-1).
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Capabilities {
    /// The backend's name, such as `sqlite`; errors carry it.
    pub backend: String,
    /// What is so.
    pub facts: Facts,
    /// What it can do beyond the contract's base.
    pub switches: BTreeSet<Switch>,
    /// How much it bears.
    pub limits: Limits,
}

impl Capabilities {
    /// With these facts, no switches, and the default limits.
    pub fn new(backend: impl Into<String>, facts: Facts) -> Self {
        Self { backend: backend.into(), facts, switches: BTreeSet::new(), limits: Limits::default() }
    }

    /// With these switches claimed.
    #[must_use]
    pub fn with_switches(mut self, switches: impl IntoIterator<Item = Switch>) -> Self {
        self.switches = switches.into_iter().collect();
        self
    }

    /// With these limits.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// Whether this switch is claimed.
    pub fn has(&self, switch: Switch) -> bool {
        self.switches.contains(&switch)
    }

    /// Refuses a call that needs a switch which is not claimed (CA-2).
    ///
    /// # Errors
    /// `Unsupported`, which names the switch.
    pub fn require(&self, switch: Switch) -> Result<()> {
        if self.has(switch) {
            Ok(())
        } else {
            Err(Error::unsupported(format!("{} does not claim the switch {switch}", self.backend)))
        }
    }
}

/// What is so about a backend (CA-1). A rule that a fact weakens names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Facts {
    /// Where the data is.
    pub place: Place,
    /// Whether it survives a restart (CO-1, CD-2).
    pub durable: bool,
    /// Who may use one database at once (CD-1).
    pub sharing: Sharing,
    /// How a write becomes visible (WR-2).
    pub consistency: Consistency,
    /// How exact text scores are (TX-4).
    pub bm25: Bm25,
    /// Whether a vector search that does not ask for `exact` may be approximate (VE-5).
    pub approximate: bool,
    /// What `delete_where` does with a record that is changed while it runs (WR-6).
    pub changed_while_deleting: ChangedWhileDeleting,
}

/// Where the data is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Place {
    /// In this process.
    Memory,
    /// In a file of this machine.
    File,
    /// In a server.
    Server,
}

/// Who may use one database at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[allow(clippy::exhaustive_enums)]
pub enum Sharing {
    /// One backend object and its clones.
    OneHandle,
    /// Several backend objects of one process.
    OneProcess,
    /// Several processes.
    Many,
}

/// How a write becomes visible; in both cases it is visible once the call has returned (WR-2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Consistency {
    /// By itself.
    Immediate,
    /// The backend waits for it inside the call, with a deadline.
    Waited,
}

/// How exact text scores are (TX-4).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum Bm25 {
    /// Computed by the core over the scope: the same bits everywhere.
    Exact,
    /// The server's own, which keeps TX-4's promises of order.
    Ordered,
}

/// What `delete_where` does with a record that is changed while it runs (WR-6).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum ChangedWhileDeleting {
    /// It is deleted only if what is then stored matches.
    Kept,
    /// It may be deleted.
    MayBeDeleted,
}

/// What a backend may be able to do beyond the base (CA-1). One that is not claimed answers `Unsupported` before any I/O.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Switch {
    /// Preconditions on put and delete, and versions beside what is read (WR-5).
    ConditionalWrites,
    /// `put` with [`Batch::atomic`](crate::Batch): all or nothing (WR-4).
    AtomicBatches,
    /// [`Maintenance::Verify`](crate::Maintenance::Verify).
    Verify,
    /// [`Maintenance::Compact`](crate::Maintenance::Compact).
    Compact,
    /// [`Maintenance::Reindex`](crate::Maintenance::Reindex).
    Reindex,
}

impl Switch {
    /// All of them.
    pub const ALL: [Switch; 5] =
        [Self::ConditionalWrites, Self::AtomicBatches, Self::Verify, Self::Compact, Self::Reindex];
}

impl fmt::Display for Switch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::ConditionalWrites => "conditional writes",
            Self::AtomicBatches => "atomic batches",
            Self::Verify => "verify",
            Self::Compact => "compact",
            Self::Reindex => "reindex",
        })
    }
}

/// How much a backend bears. More is `LimitExceeded`: N works, N + 1 does not (RE-7). Each can be lowered in the backend's
/// configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// The bytes of a record's canonical JSON form without the embedding; at least 16 KiB.
    pub record_bytes: u64,
    /// skip + k of a search; at least 1,000 (100 for a test).
    pub k: u64,
    /// The greatest dimension; at least 1,536.
    pub dimension: u64,
    /// How many records one call may read to the client, where it must (RE-8); at least 100,000. `None`: it never must.
    pub read_records: Option<u64>,
    /// How many records an atomic batch may hold. `None`: any number.
    pub atomic_records: Option<u64>,
    /// How many record bytes an atomic batch may hold. `None`: any number.
    pub atomic_bytes: Option<u64>,
    /// Whether an atomic batch must keep to one namespace.
    pub atomic_one_namespace: bool,
}

/// What every backend bears at least (RE-7).
impl Default for Limits {
    fn default() -> Self {
        Self {
            record_bytes: 16 * 1024,
            k: 1_000,
            dimension: 1_536,
            read_records: None,
            atomic_records: None,
            atomic_bytes: None,
            atomic_one_namespace: false,
        }
    }
}
