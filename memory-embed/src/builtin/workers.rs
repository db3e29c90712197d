//! The threads that a model runs on. Callers wait for a channel, never for the model.
//!
//! Each caller has a queue of its own, and the queues take turns, so that a single query does not wait for an import. A queue
//! is as long as what its caller has handed over and waits for; the job of a caller that has gone before it began is skipped.

use std::collections::VecDeque;
use std::fmt;
use std::num::NonZero;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;
use memory_core::{Error, ErrorKind, Result};
use rayon::ThreadPoolBuilder;

type Job<S> = Box<dyn FnOnce(Result<&S>) + Send>;

/// Threads, started on first use, each with a state of its own. When this is dropped, they end by themselves after the job
/// that they are at.
pub(super) struct Workers<S> {
    shared: Arc<Shared<S>>,
    callers: AtomicU64,
}

struct Shared<S> {
    make: fn() -> Result<S>,
    threads: NonZero<usize>,
    state: Mutex<State<S>>,
    changed: Condvar,
}

struct State<S> {
    /// The queues that are not empty, each with its caller's number; the first has the next turn.
    queues: VecDeque<(u64, VecDeque<Job<S>>)>,
    started: usize,
    closed: bool,
}

/// One caller's place among the others.
#[derive(Clone, Copy, Debug)]
pub(super) struct Caller(u64);

impl<S: 'static> Workers<S> {
    /// So many threads, each of which makes its state when it starts.
    pub(super) fn new(threads: NonZero<usize>, make: fn() -> Result<S>) -> Self {
        let state = Mutex::new(State { queues: VecDeque::new(), started: 0, closed: false });
        Self { shared: Arc::new(Shared { make, threads, state, changed: Condvar::new() }), callers: AtomicU64::new(0) }
    }

    pub(super) fn threads(&self) -> NonZero<usize> {
        self.shared.threads
    }

    /// A queue for one call.
    pub(super) fn caller(&self) -> Caller {
        Caller(self.callers.fetch_add(1, Ordering::Relaxed))
    }

    /// Runs a job on one of the threads, after those that this caller submitted before, and answers what it answers.
    ///
    /// # Errors
    /// `Unavailable` if a thread cannot be started; that of the state's maker; `Internal` for a job that panics.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        caller: Caller,
        work: impl FnOnce(&S) -> Result<T> + Send + 'static,
    ) -> Result<T> {
        let (sender, receiver) = oneshot::channel();
        let job: Job<S> = Box::new(move |state| {
            if !sender.is_canceled() {
                let answer = state.and_then(|state| {
                    let caught = catch_unwind(AssertUnwindSafe(|| work(state)));
                    caught.unwrap_or_else(|_| Err(Error::internal("the model has panicked over a text")))
                });
                // If the caller has gone meanwhile, nobody wants the answer.
                let _ = sender.send(answer);
            }
        });
        self.submit(caller, job)?;
        receiver.await.unwrap_or_else(|_| Err(Error::internal("a thread of the model has ended without an answer")))
    }

    fn submit(&self, caller: Caller, job: Job<S>) -> Result<()> {
        let mut state = self.shared.state();
        while state.started < self.shared.threads.get() {
            start(Arc::clone(&self.shared))?;
            state.started += 1;
        }
        match state.queues.iter_mut().find(|(number, _)| *number == caller.0) {
            Some((_, queue)) => queue.push_back(job),
            None => state.queues.push_back((caller.0, VecDeque::from([job]))),
        }
        drop(state);
        self.shared.changed.notify_one();
        Ok(())
    }
}

impl<S> Shared<S> {
    /// Held to put in and take out, never while a job runs.
    fn state(&self) -> MutexGuard<'_, State<S>> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The next job, of the caller whose turn it is; `None` at the end.
    fn next(&self) -> Option<Job<S>> {
        let waiting = |state: &mut State<S>| state.queues.is_empty() && !state.closed;
        let guard = self.changed.wait_while(self.state(), waiting);
        let mut state = guard.unwrap_or_else(PoisonError::into_inner);
        if state.closed {
            return None;
        }
        let (caller, mut queue) = state.queues.pop_front()?;
        let job = queue.pop_front();
        if !queue.is_empty() {
            state.queues.push_back((caller, queue));
        }
        job
    }
}

impl<S> Drop for Workers<S> {
    fn drop(&mut self) {
        self.shared.state().closed = true;
        self.shared.changed.notify_all();
    }
}

impl<S> fmt::Debug for Workers<S> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Workers").field("threads", &self.shared.threads).finish_non_exhaustive()
    }
}

/// Starts one thread, as a rayon pool of one. The model's arithmetic asks rayon for help, and there finds none: a text is done
/// on one core, and the cores go to different texts.
fn start<S: 'static>(shared: Arc<Shared<S>>) -> Result<()> {
    let pool = ThreadPoolBuilder::new().num_threads(1).thread_name(|_| "memory-embed".to_owned()).build();
    let pool = pool.map_err(|_| Error::new(ErrorKind::Unavailable, "the system gives no further thread"))?;
    pool.spawn(move || {
        let made = (shared.make)();
        while let Some(job) = shared.next() {
            job(made.as_ref().map_err(|error| Error::new(error.kind(), error.message())));
        }
    });
    Ok(())
}

#[cfg(test)]
mod tests;
