//! The pretended server: one ordered map of bytes, writes under way, and pauses.

use std::future::{Future, poll_fn};
use std::pin::pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll};

use memory_core::kit::locks::RecordGuard;
use memory_core::{Error, ErrorKind, Result};

use super::rows::Rows;

/// A server that several clients may use. It works whenever one of them is polled.
#[derive(Default)]
pub(super) struct Server(Mutex<State>);

#[derive(Default)]
struct State {
    rows: Rows,
    under_way: Vec<UnderWay>,
    submitted: u64,
    /// How often the server has worked.
    clock: u64,
}

/// A write that the server has taken in and that has not landed yet. It lands also if its client has gone.
struct UnderWay {
    due: u64,
    land: Box<dyn FnOnce(&mut Rows) + Send>,
    /// The locks of its records: until it has landed, no later write to them is sent.
    guard: Option<RecordGuard>,
}

impl Server {
    /// Does something at once, within one poll, with pauses before and after.
    pub(super) async fn call<T>(&self, work: impl FnOnce(&mut Rows) -> T) -> T {
        self.pause().await;
        let answer = work(&mut self.state().rows);
        self.pause().await;
        answer
    }

    /// Takes in a write at one poll and answers when it has landed, some polls later. Writes under way overtake one another.
    ///
    /// # Errors
    /// `Unavailable` with an open outcome if the server restarts meanwhile.
    pub(super) async fn submit<T: Send + 'static>(
        &self,
        delay: u64,
        guard: Option<RecordGuard>,
        work: impl FnOnce(&mut Rows) -> T + Send + 'static,
    ) -> Result<T> {
        let answer = Arc::new(Mutex::new(None));
        self.pause().await;
        self.take_in(delay, guard, {
            let answer = Arc::clone(&answer);
            Box::new(move |rows| *lock(&answer) = Some(work(rows)))
        });
        poll_fn(|context| {
            self.work();
            match lock(&answer).take() {
                Some(value) => Poll::Ready(Ok(value)),
                None if Arc::strong_count(&answer) == 1 => Poll::Ready(Err(lost())),
                None => again(context),
            }
        })
        .await
    }

    /// Takes in a write that nobody waits for.
    pub(super) fn take_in(&self, delay: u64, guard: Option<RecordGuard>, land: Box<dyn FnOnce(&mut Rows) + Send>) {
        let mut state = self.state();
        state.submitted += 1;
        // From 1 to 8, so that many are overtaken by those sent after them.
        let due = state.clock + delay + 1 + state.submitted * 7 % 11 % 8;
        state.under_way.push(UnderWay { due, land, guard });
    }

    /// Waits for something else, a lock, while the server works.
    pub(super) async fn working<F: Future>(&self, other: F) -> F::Output {
        let mut other = pin!(other);
        poll_fn(|context| {
            self.work();
            match other.as_mut().poll(context) {
                Poll::Ready(output) => Poll::Ready(output),
                Poll::Pending => again(context),
            }
        })
        .await
    }

    /// Lets so many records pass to the client, three at a time.
    pub(super) async fn transfer(&self, records: usize) {
        for _ in 0..records / 3 {
            self.pause().await;
        }
    }

    /// What has landed stays, what is under way is lost.
    pub(super) fn restart(&self) {
        let under_way = std::mem::take(&mut self.state().under_way);
        drop(under_way);
    }

    /// Gives way once.
    async fn pause(&self) {
        let mut paused = false;
        poll_fn(|context| {
            if paused {
                return Poll::Ready(());
            }
            paused = true;
            self.work();
            again(context)
        })
        .await;
    }

    /// Lands what is due, the newest first.
    fn work(&self) {
        let mut state = self.state();
        state.clock += 1;
        let clock = state.clock;
        let (due, later) = std::mem::take(&mut state.under_way).into_iter().partition(|write| write.due <= clock);
        state.under_way = later;
        let due: Vec<UnderWay> = due;
        let mut settled = Vec::new();
        for UnderWay { land, guard, .. } in due.into_iter().rev() {
            land(&mut state.rows);
            settled.push(guard);
        }
        // Locks are freed, and those who wait are woken, when the server is free.
        drop(state);
        drop(settled);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        lock(&self.0)
    }
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

fn again<T>(context: &Context<'_>) -> Poll<T> {
    context.waker().wake_by_ref();
    Poll::Pending
}

fn lost() -> Error {
    Error::new(ErrorKind::Unavailable, "the server was restarted while it had the write")
}
