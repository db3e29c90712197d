//! What an open database holds in memory of its collections, and how much that may be.

use std::collections::HashMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use memory_core::{CollectionName, CollectionSpec, Error, ErrorKind, Result};

use super::helpers::Helpers;
use super::vector::Kernel;
use super::{Index, Part, snapshot};

/// The indexes of one open database.
pub(crate) struct Indexes {
    budget: usize,
    /// The database; `None` in memory, where no file is made.
    path: Option<PathBuf>,
    pub(super) kernel: Kernel,
    pub(super) helpers: Helpers,
    slots: Mutex<HashMap<CollectionName, Arc<Held>>>,
    /// Counts uses, to know the last of each.
    clock: AtomicU64,
}

/// The index of one collection, or room for it.
#[derive(Default)]
pub(super) struct Held {
    /// Locked to read before the transaction begins that reads the records: it then sees no older state than the index has.
    pub(super) index: RwLock<Option<Arc<Index>>>,
    /// How many bytes its parts take: the words, the vectors, and all together.
    bytes: [AtomicUsize; 3],
    has_file: AtomicBool,
    used: AtomicU64,
    /// With so many records a part did not fit, if not 0: the words, and the vectors.
    refused: [AtomicUsize; 2],
}

const ALL: usize = 2;

impl Held {
    /// Whether a part did not fit when there were not many more records than these.
    pub(super) fn is_refused(&self, part: Part, records: usize) -> bool {
        let refused = self.refused[part as usize].load(Ordering::Relaxed);
        refused > 0 && records >= refused - refused / 8
    }

    /// Notes that a part does not fit.
    pub(super) fn refuse(&self, part: Part, records: usize) {
        self.refused[part as usize].store(records.max(1), Ordering::Relaxed);
    }

    fn note(&self, index: Option<&Index>) {
        let bytes = |part| index.map_or(0, |index| index.bytes_of(part));
        self.bytes[Part::Text as usize].store(bytes(Part::Text), Ordering::Relaxed);
        self.bytes[Part::Vector as usize].store(bytes(Part::Vector), Ordering::Relaxed);
        self.has_file.store(index.is_some_and(|index| index.has_file), Ordering::Relaxed);
        self.bytes[ALL].store(index.map_or(0, Index::bytes), Ordering::Relaxed);
    }

    fn total(&self) -> usize {
        self.bytes[ALL].load(Ordering::Relaxed)
    }
}

impl Indexes {
    pub(crate) fn new(path: Option<&Path>, budget: usize, kernel: Kernel) -> Self {
        let path = path.map(Path::to_owned);
        Self { budget, path, kernel, helpers: Helpers::default(), slots: Mutex::default(), clock: AtomicU64::new(0) }
    }

    /// The bytes that all indexes may take together.
    pub(super) fn budget(&self) -> usize {
        self.budget
    }

    /// The place of a collection's index, which is used now.
    pub(super) fn of(&self, name: &CollectionName) -> Arc<Held> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let held = Arc::clone(slots.entry(name.clone()).or_default());
        held.used.store(self.clock.fetch_add(1, Ordering::Relaxed) + 1, Ordering::Relaxed);
        held
    }

    /// Notes how much a collection's index takes now, and gives up those that were not used for longest until all fit. One that
    /// is being used at this moment stays.
    pub(super) fn settle(&self, held: &Held, index: Option<&Index>) {
        held.note(index);
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others: Vec<&Arc<Held>> = slots.values().filter(|other| !std::ptr::eq(&***other, held)).collect();
        others.sort_unstable_by_key(|other| other.used.load(Ordering::Relaxed));
        let mut total: usize = slots.values().map(|held| held.total()).sum();
        for other in others {
            if total <= self.budget {
                return;
            }
            if let Ok(mut index) = other.index.try_write() {
                *index = None;
                total -= other.total();
                other.note(None);
            }
        }
    }

    /// Gives up the index of a collection that was dropped or is to be made anew, or of all, with the files.
    ///
    /// # Errors
    /// `Unavailable` for a file that cannot be removed.
    pub(crate) fn forget(&self, name: Option<&CollectionName>) -> Result<()> {
        let mut slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        match name {
            Some(name) => drop(slots.remove(name)),
            None => slots.clear(),
        }
        let Some(path) = &self.path else { return Ok(()) };
        snapshot::remove(path, name).map_err(|_| {
            let message =
                format!("a file beside {} that begins with its name and -index cannot be removed", path.display());
            Error::new(ErrorKind::Unavailable, format!("{message}: see to the rights of the folder, and try again"))
        })
    }

    /// The index of a collection as a process has left it in its file; `None` where there is no file that is whole.
    pub(super) fn saved(&self, spec: &CollectionSpec) -> Option<Index> {
        let index = snapshot::load(self.path.as_deref()?, spec.name(), spec.vectors()).ok()?;
        Some(Index { unsaved: 0, has_file: true, ..index })
    }

    /// Leaves the index in its file, if so much has changed that the next process would take long to catch up. A file that cannot be
    /// written costs time and nothing else; that the index has none is told by [`Self::describe`].
    pub(super) fn save(&self, name: &CollectionName, index: &mut Index) {
        let Some(path) = &self.path else { return };
        let count = index.records.count();
        if count < snapshot::LEAST || index.unsaved < 1_000 + count / 16 || !index.damaged.is_empty() {
            return;
        }
        // If it fails, it is not tried again before as much has changed once more.
        index.unsaved = 0;
        index.has_file = snapshot::save(index, path, name).is_ok();
    }

    /// Gives up all and ends the threads.
    pub(crate) fn clear(&self) {
        self.helpers.stop();
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How a part of a collection's index stands, for [`Stats`](memory_core::Stats).
    pub(crate) fn describe(&self, name: &CollectionName, part: Part) -> String {
        let held = self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone);
        let bytes = held.as_ref().map_or(0, |held| held.bytes[part as usize].load(Ordering::Relaxed));
        let filed = held.is_some_and(|held| held.has_file.load(Ordering::Relaxed));
        let file = if filed { ", with a file beside the database" } else { "" };
        match (self.budget, bytes, part) {
            (0, _, _) => "none, for the memory budget is 0: each search reads every record in its scope".to_owned(),
            (_, 0, _) => {
                "not in memory: the next search reads all records, and keeps what it needs of them if the memory \
                          budget allows"
                    .to_owned()
            }
            (_, _, Part::Text) => format!("exact, in memory: {bytes} bytes{file}"),
            (_, _, Part::Vector) => {
                format!("exact, in memory: {bytes} bytes{file}, instruction set {}", self.kernel.name())
            }
        }
    }
}

impl fmt::Debug for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indexes").field("budget", &self.budget).field("kernel", &self.kernel).finish_non_exhaustive()
    }
}
