//! Where the database is and how it is opened.

use std::path::{Path, PathBuf};
use std::time::Duration;

use memory_core::{Error, Limits, Result};

use crate::index::Kernel;

/// The limits that a database has unless they are lowered.
pub(crate) fn default_limits() -> Limits {
    let mut limits = Limits::default();
    limits.record_bytes = 16 * 1024 * 1024;
    limits.k = 10_000;
    limits.dimension = 16_384;
    limits
}

/// What a write survives once it was acknowledged. Neither harms what a file means: after any crash it holds whole transactions,
/// the oldest ones without a gap, and the indexes agree with the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Durability {
    /// Everything short of the loss of the disk: each commit waits until the disk has it (`synchronous=FULL`). Writes that run at
    /// the same time share that wait.
    #[default]
    Full,
    /// The end of the process, `kill -9` included, as [`Self::Full`] does. **When the power fails or the operating system
    /// crashes, the last commits before it can be lost**, acknowledged ones too: those since the log was last moved into the
    /// file, which happens when it has some 4,000 pages (32 MB), and when the database is closed. The disk is waited for then alone
    /// (`synchronous=NORMAL`).
    Relaxed,
}

/// Where the database is, how much it bears, and how long a call waits for other processes.
#[derive(Clone, Debug)]
pub struct SqliteConfig {
    path: Option<PathBuf>,
    limits: Limits,
    busy_deadline: Duration,
    durability: Durability,
    memory_budget: usize,
    kernel: Kernel,
}

/// 4 GiB: two million vectors of 384 components.
const MEMORY_BUDGET: usize = 4 << 30;

impl SqliteConfig {
    /// A file, which is made if it is absent; its folder must exist. Beside it SQLite keeps `<path>-wal` and `<path>-shm`
    /// while it is open, and this crate `<path>-index-<collection>`, which may be deleted at any time.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: Some(path.into()), ..Self::memory() }
    }

    /// A database in this process's memory, gone when it is closed.
    pub fn memory() -> Self {
        Self {
            path: None,
            limits: default_limits(),
            busy_deadline: Duration::from_secs(30),
            durability: Durability::Full,
            memory_budget: MEMORY_BUDGET,
            kernel: Kernel::best(),
        }
    }

    /// With lower limits; [`Capabilities::limits`](memory_core::Capabilities) of an open database shows those that hold.
    #[must_use]
    pub fn with_limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// How long a call waits for another process to finish its write before it is `Timeout`: 30 seconds unless set. SQLite
    /// counts in milliseconds.
    #[must_use]
    pub fn with_busy_deadline(mut self, deadline: Duration) -> Self {
        self.busy_deadline = deadline;
        self
    }

    /// What an acknowledged write survives: [`Durability::Full`] unless set. It holds for the writes of this handle and its clones;
    /// another process that has the file open decides for its own.
    #[must_use]
    pub fn with_durability(mut self, durability: Durability) -> Self {
        self.durability = durability;
        self
    }

    /// How many bytes what is held in memory of all collections together may take: 4 GiB unless set. A record takes about 80 bytes,
    /// its vector of d components 5 d + 16, and each different word in it 5. Where it is too little for all, those of the collections that were not searched for longest are given
    /// up; a collection that does not fit alone is searched in the file, which is slower and gives the same answers. 0 keeps none.
    #[must_use]
    pub fn with_memory_budget(mut self, bytes: usize) -> Self {
        self.memory_budget = bytes;
        self
    }

    /// For tests: with an instruction set other than the best, `portable`, `avx2` or `avx512`. One that this machine has not got
    /// leaves it as it is.
    #[doc(hidden)]
    #[must_use]
    pub fn with_instruction_set(mut self, name: &str) -> Self {
        self.kernel = Kernel::available().into_iter().find(|kernel| kernel.name() == name).unwrap_or(self.kernel);
        self
    }

    pub(crate) fn durability(&self) -> Durability {
        self.durability
    }

    pub(crate) fn memory_budget(&self) -> usize {
        self.memory_budget
    }

    pub(crate) fn kernel(&self) -> Kernel {
        self.kernel
    }

    /// The file; `None` for a database in memory.
    pub(crate) fn path(&self) -> Option<&Path> {
        self.path.as_deref()
    }

    pub(crate) fn limits(&self) -> &Limits {
        &self.limits
    }

    pub(crate) fn busy_deadline(&self) -> Duration {
        self.busy_deadline
    }

    /// Refuses what cannot work, before any I/O.
    pub(crate) fn check(&self) -> Result<()> {
        // SQLite itself would take these two for databases that are no files.
        if self.path.as_deref().is_some_and(|path| path.as_os_str().is_empty() || path.as_os_str() == ":memory:") {
            return Err(Error::invalid("the path names no file; SqliteConfig::memory() opens a database in memory"));
        }
        let (asked, most) = (&self.limits, default_limits());
        for (name, asked, most) in [
            ("record_bytes", asked.record_bytes, most.record_bytes),
            ("k", asked.k, most.k),
            ("dimension", asked.dimension, most.dimension),
        ] {
            if asked > most {
                return Err(Error::invalid(format!(
                    "the limit {name} can be lowered, not raised: at most {most}, not {asked}"
                )));
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn limits_can_be_lowered_and_not_raised() {
        let mut limits = default_limits();
        limits.k = 100;
        assert!(SqliteConfig::memory().with_limits(limits.clone()).check().is_ok());
        limits.k = 10_001;
        let error = SqliteConfig::memory().with_limits(limits).check().unwrap_err();
        assert_eq!(error.message(), "the limit k can be lowered, not raised: at most 10000, not 10001");
    }

    #[test]
    fn paths_that_sqlite_takes_for_no_file_are_refused() {
        assert!(SqliteConfig::new("").check().is_err());
        assert!(SqliteConfig::new(":memory:").check().is_err());
        assert!(SqliteConfig::new("./:memory:").check().is_ok());
    }
}
