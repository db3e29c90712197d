//! Threads that help with large scans. They are started by the first one and end with the database.

use std::fmt;
use std::num::NonZero;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};

use crate::workers::queue::{Queue, Takers};

/// More than this gain little, for all wait for the same memory.
const MOST: usize = 8;

type Job = Box<dyn FnOnce() + Send>;

/// The threads, once they are needed.
#[derive(Default)]
pub(super) struct Helpers(Mutex<Option<Started>>);

struct Started {
    jobs: Arc<Queue<Job>>,
    threads: Vec<JoinHandle<()>>,
}

/// Pieces of work that whoever has time takes, one after the other.
struct Round<T, W> {
    work: W,
    next: AtomicUsize,
    /// What came of each piece; nothing yet, while somebody is at it.
    results: Mutex<Vec<Option<T>>>,
}

impl<T, W: Fn(usize) -> T> Round<T, W> {
    fn results(&self) -> MutexGuard<'_, Vec<Option<T>>> {
        self.results.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes pieces until all are taken.
    fn take_part(&self) {
        let pieces = self.results().len();
        loop {
            let piece = self.next.fetch_add(1, Ordering::Relaxed);
            if piece >= pieces {
                return;
            }
            self.finish(piece);
        }
    }

    fn finish(&self, piece: usize) {
        let result = (self.work)(piece);
        if let Some(place) = self.results().get_mut(piece) {
            *place = Some(result);
        }
    }

    /// The first piece of which nothing came yet.
    fn missing(&self) -> Option<usize> {
        self.results().iter().position(Option::is_none)
    }
}

impl Helpers {
    /// The results of all pieces, in their order. This thread works too, and waits for nobody: where a helper is late, because the
    /// system has put it aside or it panicked, this thread does its piece again, so that a busy machine is no slower than one core.
    pub(super) fn run<T, W>(&self, pieces: usize, work: W) -> Vec<T>
    where
        T: Send + 'static,
        W: Fn(usize) -> T + Send + Sync + 'static,
    {
        let results = Mutex::new((0..pieces).map(|_| None).collect());
        let round = Arc::new(Round { work, next: AtomicUsize::new(0), results });
        self.call(&round, pieces);
        round.take_part();
        while let Some(piece) = round.missing() {
            round.finish(piece);
        }
        let mut results = round.results();
        results.iter_mut().filter_map(Option::take).collect()
    }

    /// Tells the helpers of the round. Who hears of it after its end finds nothing, so it keeps nothing alive.
    fn call<T, W>(&self, round: &Arc<Round<T, W>>, pieces: usize)
    where
        T: Send + 'static,
        W: Fn(usize) -> T + Send + Sync + 'static,
    {
        let mut guard = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let started = guard.get_or_insert_with(start);
        for _ in 1..pieces.min(started.threads.len() + 1) {
            let round: Weak<Round<T, W>> = Arc::downgrade(round);
            let help = move || {
                if let Some(round) = round.upgrade() {
                    round.take_part();
                }
            };
            // Without helpers this thread does all.
            started.jobs.push(Box::new(help));
        }
    }

    /// Ends the threads and waits for them.
    pub(super) fn stop(&self) {
        for thread in self.close() {
            // What one that panicked left undone was done by its searcher.
            let _ = thread.join();
        }
    }

    /// Lets the threads end. They do so by themselves.
    fn close(&self) -> Vec<JoinHandle<()>> {
        let started = self.0.lock().unwrap_or_else(PoisonError::into_inner).take();
        let Some(Started { jobs, threads }) = started else { return Vec::new() };
        jobs.close();
        threads
    }
}

impl Drop for Helpers {
    fn drop(&mut self) {
        self.close();
    }
}

/// One thread less than there are cores, for the one that searches works too; fewer if the system gives no more.
fn start() -> Started {
    let jobs = Arc::new(Queue::<Job>::new());
    let cores = thread::available_parallelism().map_or(1, NonZero::get).min(MOST);
    let takers = Arc::new(Takers(Arc::clone(&jobs)));
    let help = |_| {
        let takers = Arc::clone(&takers);
        let work = move || {
            while let Some(job) = takers.0.take() {
                job();
            }
        };
        thread::Builder::new().name("memory-sqlite-scan".to_owned()).spawn(work).ok()
    };
    let threads = (1..cores).filter_map(help).collect();
    Started { jobs, threads }
}

impl fmt::Debug for Helpers {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Helpers").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::time::{Duration, Instant};

    use super::*;

    #[test]
    fn every_piece_has_a_result() {
        let helpers = Helpers::default();
        for pieces in [0, 1, 2, 50] {
            assert_eq!(helpers.run(pieces, |piece| piece), (0..pieces).collect::<Vec<usize>>());
        }
        helpers.stop();
        assert_eq!(helpers.run(1, |piece| piece), [0], "after the end they are started again");
    }

    #[test]
    fn a_round_keeps_nothing_alive() {
        let (helpers, shared) = (Helpers::default(), Arc::new(()));
        for _ in 0..100 {
            let held = Arc::clone(&shared);
            helpers.run(4, move |_| Arc::strong_count(&held));
        }
        helpers.stop();
        assert_eq!(Arc::strong_count(&shared), 1);
    }

    #[test]
    fn nobody_waits_for_a_helper_that_panics_or_sleeps() {
        let helpers = Helpers::default();
        let searcher = thread::current().id();
        for panics in [true, false] {
            let work = move |piece: usize| {
                if thread::current().id() == searcher {
                    thread::sleep(Duration::from_millis(1));
                } else if panics {
                    panic!("on purpose");
                } else {
                    thread::sleep(Duration::from_secs(2));
                }
                piece
            };
            let start = Instant::now();
            assert_eq!(helpers.run(100, work), (0..100).collect::<Vec<usize>>());
            assert!(start.elapsed() < Duration::from_secs(2));
            // New threads, for those that panicked are gone.
            helpers.stop();
        }
    }
}
