//! What an open database holds in memory of its collections' vectors, and how much that may be.

use std::collections::HashMap;
use std::fmt;
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, RwLock};

use memory_core::CollectionName;

use super::helpers::Helpers;
use super::kernel::Kernel;
use super::vectors::Vectors;

/// The vector indexes of one open database.
pub(crate) struct Indexes {
    budget: usize,
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
    pub(super) index: RwLock<Option<Arc<Vectors>>>,
    bytes: AtomicUsize,
    used: AtomicU64,
}

impl Indexes {
    pub(crate) fn new(budget: usize, kernel: Kernel) -> Self {
        Self { budget, kernel, helpers: Helpers::default(), slots: Mutex::default(), clock: AtomicU64::new(0) }
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
    pub(super) fn settle(&self, held: &Held, bytes: usize) {
        held.bytes.store(bytes, Ordering::Relaxed);
        let slots = self.slots.lock().unwrap_or_else(PoisonError::into_inner);
        let mut others: Vec<&Arc<Held>> = slots.values().filter(|other| !std::ptr::eq(&***other, held)).collect();
        others.sort_unstable_by_key(|other| other.used.load(Ordering::Relaxed));
        let mut total: usize = slots.values().map(|held| held.bytes.load(Ordering::Relaxed)).sum();
        for other in others {
            if total <= self.budget {
                return;
            }
            if let Ok(mut index) = other.index.try_write() {
                *index = None;
                total -= other.bytes.swap(0, Ordering::Relaxed);
            }
        }
    }

    /// Gives up the index of a collection that was dropped.
    pub(crate) fn forget(&self, name: &CollectionName) {
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
    }

    /// Gives up all and ends the threads.
    pub(crate) fn clear(&self) {
        self.helpers.stop();
        self.slots.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// How a collection's index stands, for [`Stats`](memory_core::Stats).
    pub(crate) fn describe(&self, name: &CollectionName) -> String {
        let held = self.slots.lock().unwrap_or_else(PoisonError::into_inner).get(name).map(Arc::clone);
        let (bytes, kernel) = (held.map_or(0, |held| held.bytes.load(Ordering::Relaxed)), self.kernel.name());
        match (self.budget, bytes) {
            (0, _) => "none, for the memory budget is 0: each search reads every vector in its scope".to_owned(),
            (_, 0) => "not in memory: the next search reads all vectors, and keeps them if the memory budget allows"
                .to_owned(),
            (_, bytes) => format!("exact, in memory: {bytes} bytes, instruction set {kernel}"),
        }
    }
}

impl fmt::Debug for Indexes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Indexes").field("budget", &self.budget).field("kernel", &self.kernel).finish_non_exhaustive()
    }
}
