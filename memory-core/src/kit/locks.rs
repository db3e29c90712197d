//! A lock for each record, so that a later write waits until an earlier one to the same record is settled (WR-7).

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_util::lock::{Mutex as AsyncMutex, OwnedMutexGuard};

use crate::names::{CollectionName, RecordKey};

type Name = (CollectionName, RecordKey);
type Map = HashMap<Name, Entry>;

/// A record's lock, and how many hold it or wait for it.
#[derive(Default)]
struct Entry {
    mutex: Arc<AsyncMutex<()>>,
    users: usize,
}

/// The locks of one backend object; its collections' handles share them, so clones are the same locks.
///
/// A backend takes the locks of a write's records, hands them to the owned task that does the write, and the task drops them
/// when the write is settled or its deadline has passed. If the caller's future is dropped meanwhile, the locks stay held.
/// A record that nobody locks or waits for takes no space.
#[derive(Clone, Default)]
pub struct RecordLocks(Arc<Mutex<Map>>);

impl RecordLocks {
    /// No lock is held yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits for the locks of all these records, each once. They are taken in the order of their keys, so that two calls never
    /// wait for one another. If the future is dropped, those that it had are free again.
    pub async fn lock<'a>(
        &self,
        collection: &CollectionName,
        keys: impl IntoIterator<Item = &'a RecordKey>,
    ) -> RecordGuard {
        let mut keys: Vec<&RecordKey> = keys.into_iter().collect();
        keys.sort_unstable();
        keys.dedup();
        let mut held = Vec::with_capacity(keys.len());
        for key in keys {
            let (ticket, mutex) = self.ticket((collection.clone(), key.clone()));
            let guard = mutex.lock_owned().await;
            held.push(Held { _guard: guard, _ticket: ticket });
        }
        RecordGuard(held)
    }

    fn ticket(&self, name: Name) -> (Ticket, Arc<AsyncMutex<()>>) {
        let mut map = map(&self.0);
        let entry = map.entry(name.clone()).or_default();
        entry.users += 1;
        (Ticket { locks: Arc::clone(&self.0), name }, Arc::clone(&entry.mutex))
    }
}

/// The number of records that are locked or waited for.
impl fmt::Debug for RecordLocks {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordLocks").field("in_use", &map(&self.0).len()).finish()
    }
}

/// The map is whole between any two statements, so a panic elsewhere does not spoil it.
fn map(locks: &Mutex<Map>) -> MutexGuard<'_, Map> {
    locks.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Holds the locks of some records until it is dropped.
#[must_use = "dropping it frees the records"]
pub struct RecordGuard(Vec<Held>);

impl fmt::Debug for RecordGuard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RecordGuard").field("records", &self.0.len()).finish()
    }
}

/// Fields are dropped in this order: the lock is free before its entry is looked at.
struct Held {
    _guard: OwnedMutexGuard<()>,
    _ticket: Ticket,
}

/// One user of a record's lock. The last one to go removes the entry.
struct Ticket {
    locks: Arc<Mutex<Map>>,
    name: Name,
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut map = map(&self.locks);
        if let Some(entry) = map.get_mut(&self.name) {
            entry.users -= 1;
            if entry.users == 0 {
                map.remove(&self.name);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::task::{Context, Poll, Waker};

    use futures_executor::block_on;

    use super::*;
    use crate::kit::fixture::key;

    fn name(name: &str) -> CollectionName {
        CollectionName::new(name).unwrap()
    }

    fn poll<F: Future>(future: std::pin::Pin<&mut F>) -> Poll<F::Output> {
        future.poll(&mut Context::from_waker(Waker::noop()))
    }

    fn in_use(locks: &RecordLocks) -> usize {
        map(&locks.0).len()
    }

    #[test]
    fn the_same_record_waits_and_others_do_not() {
        let locks = RecordLocks::new();
        let (c, x, y) = (name("c"), key("a/", "x"), key("a/", "y"));
        let first = block_on(locks.lock(&c, [&x, &x]));
        let mut second = pin!(locks.lock(&c, [&y, &x]));
        assert!(poll(second.as_mut()).is_pending());
        let mut third = pin!(locks.lock(&c, [&y]));
        assert!(poll(third.as_mut()).is_ready(), "x comes first in the order, so y is still free");
        assert!(matches!(poll(pin!(locks.lock(&name("d"), [&x]))), Poll::Ready(_)), "another collection");
        assert!(matches!(poll(pin!(locks.lock(&c, [&key("b/", "x")]))), Poll::Ready(_)), "another namespace");
        drop(first);
        assert!(poll(second.as_mut()).is_ready());
    }

    #[test]
    fn entries_vanish_with_the_last_holder_or_waiter() {
        let locks = RecordLocks::new();
        let (c, x, y) = (name("c"), key("a/", "x"), key("a/", "y"));
        let guard = block_on(locks.lock(&c, [&y]));
        {
            let mut waiting = pin!(locks.lock(&c, [&x, &y]));
            assert!(poll(waiting.as_mut()).is_pending());
            assert_eq!(in_use(&locks), 2, "the waiter has x and waits for y");
        }
        assert_eq!(in_use(&locks), 1, "a dropped waiter gives back what it had");
        drop(guard);
        assert_eq!(in_use(&locks), 0);
        let _guard = block_on(locks.lock(&c, []));
        assert_eq!(in_use(&locks), 0);
    }

    #[test]
    fn threads_that_lock_crosswise_exclude_each_other_and_end() {
        let locks = RecordLocks::new();
        let inside = AtomicUsize::new(0);
        let (x, y) = (key("a/", "x"), key("a/", "y"));
        std::thread::scope(|scope| {
            for order in [[&x, &y], [&y, &x]] {
                let (locks, inside) = (locks.clone(), &inside);
                scope.spawn(move || {
                    for _ in 0..1_000 {
                        let _guard = block_on(locks.lock(&name("c"), order));
                        assert_eq!(inside.fetch_add(1, Ordering::SeqCst), 0);
                        inside.fetch_sub(1, Ordering::SeqCst);
                    }
                });
            }
        });
        assert_eq!(in_use(&locks), 0);
    }
}
