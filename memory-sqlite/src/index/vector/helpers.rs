//! Threads that help with large scans. They are started by the first one and end with the database.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Condvar, Mutex, PoisonError, Weak, mpsc};
use std::thread::{self, JoinHandle};

use memory_core::{Error, Result};

/// More than this gain little, for all wait for the same memory.
const MOST: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The threads, once they are needed.
#[derive(Default)]
pub(super) struct Helpers(Mutex<Option<Started>>);

struct Started {
    jobs: mpsc::Sender<Job>,
    threads: Vec<JoinHandle<()>>,
}

/// Pieces of work that whoever has time takes, one after the other.
struct Round<T, W> {
    work: W,
    pieces: usize,
    next: AtomicUsize,
    /// How many pieces have ended, and what came of those that did not panic.
    done: Mutex<(usize, Vec<T>)>,
    all: Condvar,
}

impl<T, W: Fn(usize) -> T> Round<T, W> {
    fn take_part(&self) {
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= self.pieces {
                return;
            }
            let mut ended = Ended { round: self, result: None };
            ended.result = Some((self.work)(piece));
        }
    }
}

/// Counts a piece when it is dropped, so that one that panics is counted too and nobody waits for it.
struct Ended<'a, T, W> {
    round: &'a Round<T, W>,
    result: Option<T>,
}

impl<T, W> Drop for Ended<'_, T, W> {
    fn drop(&mut self) {
        let mut done = self.round.done.lock().unwrap_or_else(PoisonError::into_inner);
        done.0 += 1;
        done.1.extend(self.result.take());
        if done.0 == self.round.pieces {
            self.round.all.notify_one();
        }
    }
}

impl Helpers {
    /// The results of all pieces, in no order. This thread works too, and waits for no thread that has not begun.
    ///
    /// # Errors
    /// `Internal` if a helper panicked.
    pub(super) fn run<T, W>(&self, pieces: usize, work: W) -> Result<Vec<T>>
    where
        T: Send + 'static,
        W: Fn(usize) -> T + Send + Sync + 'static,
    {
        let (next, done) = (AtomicUsize::new(0), Mutex::new((0, Vec::with_capacity(pieces))));
        let round = Arc::new(Round { work, pieces, next, done, all: Condvar::new() });
        self.call(&round);
        round.take_part();
        let mut done = round.done.lock().unwrap_or_else(PoisonError::into_inner);
        while done.0 < pieces {
            done = round.all.wait(done).unwrap_or_else(PoisonError::into_inner);
        }
        let results = std::mem::take(&mut done.1);
        if results.len() == pieces {
            Ok(results)
        } else {
            Err(Error::internal("a thread that searched vectors has ended"))
        }
    }

    /// Tells the helpers of the round. Who hears of it after its end finds nothing, so it keeps nothing alive.
    fn call<T, W>(&self, round: &Arc<Round<T, W>>)
    where
        T: Send + 'static,
        W: Fn(usize) -> T + Send + Sync + 'static,
    {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let started = guard.get_or_insert_with(start);
        for _ in 1..round.pieces.min(started.threads.len() + 1) {
            let round: Weak<Round<T, W>> = Arc::downgrade(round);
            let help = move || {
                if let Some(round) = round.upgrade() {
                    round.take_part();
                }
            };
            // Without helpers this thread does all.
            let _ = started.jobs.send(Box::new(help));
        }
    }

    /// Ends the threads and waits for them.
    pub(super) fn stop(&self) {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Started { jobs, threads }) = started else { return };
        drop(jobs);
        for thread in threads {
            // One that panicked has told its searcher so.
            let _ = thread.join();
        }
    }
}

/// One thread less than there are cores, for the one that searches works too; fewer if the system gives no more.
fn start() -> Started {
    let (jobs, receiver) = mpsc::channel::<Job>();
    let receiver = Arc::new(Mutex::new(receiver));
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    let help = |_| {
        let receiver = Arc::clone(&receiver);
        let work = move || {
            loop {
                // The lock is held while waiting: the others wait for the lock instead.
                let job = receiver.lock().unwrap_or_else(PoisonError::into_inner).recv();
                let Ok(job) = job else { return };
                job();
            }
        };
        thread::Builder::new().name("memory-sqlite-scan".to_owned()).spawn(work).ok()
    };
    Started { jobs, threads: (1..cores).filter_map(help).collect() }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helpers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_piece_is_done_once() {
        let helpers = Helpers::default();
        for pieces in [0, 1, 2, 50] {
            let mut results = helpers.run(pieces, |piece| piece).unwrap();
            results.sort_unstable();
            assert_eq!(results, (0..pieces).collect::<Vec<usize>>());
        }
        helpers.stop();
        assert_eq!(helpers.run(1, |piece| piece).unwrap(), [0], "after the end they are started again");
    }

    #[test]
    fn a_round_keeps_nothing_alive() {
        let (helpers, shared) = (Helpers::default(), Arc::new(()));
        for _ in 0..100 {
            let held = Arc::clone(&shared);
            helpers.run(4, move |_| Arc::strong_count(&held)).unwrap();
        }
        helpers.stop();
        assert_eq!(Arc::strong_count(&shared), 1);
    }

    #[test]
    fn a_helper_that_panics_is_an_error() {
        let helpers = Helpers::default();
        let searcher = thread::current().id();
        let work = move |_| {
            if thread::current().id() == searcher {
                thread::sleep(std::time::Duration::from_millis(1));
            } else {
                panic!("on purpose");
            }
        };
        let cores = thread::available_parallelism().map_or(1, NonZero::get);
        if cores > 1 {
            let error = helpers.run(1_000, work).unwrap_err();
            assert_eq!(error.message(), "a thread that searched vectors has ended");
        }
    }
}
