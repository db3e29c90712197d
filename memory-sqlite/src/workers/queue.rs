//! A queue for threads: first come, first served, and each item wakes one of them.

use std::collections::VecDeque;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

/// Any thread puts in, those whose work it is take out.
#[derive(Debug)]
pub(crate) struct Queue<T> {
    state: Mutex<State<T>>,
    changed: Condvar,
}

#[derive(Debug)]
struct State<T> {
    items: VecDeque<T>,
    closed: bool,
}

impl<T> Queue<T> {
    pub(crate) fn new() -> Self {
        Self { state: Mutex::new(State { items: VecDeque::new(), closed: false }), changed: Condvar::new() }
    }

    /// Puts an item at the end; false after [`Self::close`].
    pub(crate) fn push(&self, item: T) -> bool {
        let mut state = self.lock();
        if state.closed {
            return false;
        }
        state.items.push_back(item);
        self.changed.notify_one();
        true
    }

    /// Puts what is left of an item at the end, closed or not. For the thread that takes.
    pub(crate) fn push_rest(&self, item: T) {
        self.lock().items.push_back(item);
    }

    /// The next item, waited for; `None` when it is closed and empty.
    pub(crate) fn take(&self) -> Option<T> {
        let mut state = self.lock();
        loop {
            if let Some(item) = state.items.pop_front() {
                return Some(item);
            }
            if state.closed {
                return None;
            }
            state = self.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
    }

    /// The next item if it is there already and is wanted; none behind it is looked at.
    pub(crate) fn take_if(&self, wanted: impl FnOnce(&T) -> bool) -> Option<T> {
        let mut state = self.lock();
        if state.items.front().is_some_and(wanted) { state.items.pop_front() } else { None }
    }

    /// Takes nothing more in. What is in is still taken out.
    pub(crate) fn close(&self) {
        self.lock().closed = true;
        self.changed.notify_all();
    }

    /// Closes and throws away what is in.
    pub(crate) fn abandon(&self) {
        let items = {
            let mut state = self.lock();
            state.closed = true;
            std::mem::take(&mut state.items)
        };
        // Without the lock: an item may do anything when it is dropped.
        drop(items);
    }

    fn lock(&self) -> MutexGuard<'_, State<T>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// What the threads hold that take out: when the last of them has ended, nobody that put something in waits for ever.
#[derive(Debug)]
pub(crate) struct Takers<T>(pub(crate) Arc<Queue<T>>);

impl<T> Drop for Takers<T> {
    fn drop(&mut self) {
        self.0.abandon();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn first_come_first_served() {
        let queue = Queue::new();
        assert!([1, 2, 3].map(|item| queue.push(item)) == [true; 3]);
        assert_eq!(queue.take(), Some(1));
        queue.push_rest(10);
        assert_eq!(queue.take_if(|item| *item == 3), None, "3 is not the next");
        assert_eq!(queue.take_if(|item| *item == 2), Some(2));
        assert_eq!([queue.take(), queue.take()], [Some(3), Some(10)], "the rest of 1 stands at the end");
        assert_eq!(queue.take_if(|_| true), None);
    }

    #[test]
    fn closed_it_gives_out_what_is_in() {
        let queue = Queue::new();
        queue.push(1);
        queue.close();
        assert!(!queue.push(2));
        queue.push_rest(3);
        assert_eq!([queue.take(), queue.take(), queue.take()], [Some(1), Some(3), None]);
    }

    #[test]
    fn abandoned_it_gives_out_nothing() {
        let queue = Queue::new();
        queue.push(1);
        queue.abandon();
        assert_eq!((queue.push(2), queue.take()), (false, None));
    }

    #[test]
    fn without_takers_it_takes_nothing_in() {
        let queue = Arc::new(Queue::new());
        let takers = Arc::new(Takers(Arc::clone(&queue)));
        let other = Arc::clone(&takers);
        drop(takers);
        assert!(queue.push(1));
        drop(other);
        assert_eq!((queue.push(2), queue.take()), (false, None));
    }

    #[test]
    fn who_waits_is_woken() {
        let queue = Queue::new();
        std::thread::scope(|scope| {
            let taken = scope.spawn(|| [queue.take(), queue.take()]);
            queue.push(1);
            queue.close();
            assert_eq!(taken.join().unwrap(), [Some(1), None]);
        });
    }
}
