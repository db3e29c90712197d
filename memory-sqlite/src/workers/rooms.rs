//! How much may wait for a thread. Who finds it full waits as a future, and is let in in the order of asking.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use futures_channel::oneshot;

/// The places for jobs that are queued or being run, bounded by number and by bytes.
#[derive(Debug)]
pub(crate) struct Rooms {
    most_jobs: usize,
    most_bytes: usize,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    jobs: usize,
    bytes: usize,
    closed: bool,
    /// Who is not in yet, first come first. It holds what live callers wait for, and none of their data.
    waiting: VecDeque<(usize, oneshot::Sender<Room>)>,
}

/// A place for one job. Dropping it gives it back.
#[derive(Debug)]
pub(crate) struct Room {
    rooms: Arc<Rooms>,
    bytes: usize,
}

impl Rooms {
    /// Places for so many jobs, which together hold so many bytes.
    pub(crate) fn new(most_jobs: usize, most_bytes: usize) -> Arc<Self> {
        Arc::new(Self { most_jobs, most_bytes, state: Mutex::default() })
    }

    /// Asks for a place. The receiver gets it when it is free, and nothing once this is closed. A job that is larger than all
    /// bytes together takes all of them.
    pub(crate) fn ask(self: &Arc<Self>, bytes: usize) -> oneshot::Receiver<Room> {
        let (sender, receiver) = oneshot::channel();
        {
            let mut state = self.lock();
            if !state.closed {
                state.waiting.push_back((bytes.min(self.most_bytes), sender));
            }
        }
        self.admit();
        receiver
    }

    /// Lets nobody in any more. Who is in stays.
    pub(crate) fn close(&self) {
        let mut state = self.lock();
        state.closed = true;
        state.waiting.clear();
    }

    fn admit(self: &Arc<Self>) {
        loop {
            // The lock is gone before the place is sent: if the caller has gone, it is dropped here and given back.
            let next = self.lock().next(self.most_jobs, self.most_bytes);
            let Some((bytes, sender)) = next else { return };
            let _ = sender.send(Room { rooms: Arc::clone(self), bytes });
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Who is to be let in now; counted already.
    fn next(&mut self, most_jobs: usize, most_bytes: usize) -> Option<(usize, oneshot::Sender<Room>)> {
        while self.waiting.front().is_some_and(|(_, sender)| sender.is_canceled()) {
            self.waiting.pop_front();
        }
        let (bytes, _) = self.waiting.front()?;
        if self.jobs == most_jobs || self.bytes + bytes > most_bytes {
            return None;
        }
        let next = self.waiting.pop_front()?;
        self.jobs += 1;
        self.bytes += next.0;
        Some(next)
    }
}

impl Drop for Room {
    fn drop(&mut self) {
        {
            let mut state = self.rooms.lock();
            state.jobs -= 1;
            state.bytes -= self.bytes;
        }
        self.rooms.admit();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The place, if it is there already.
    fn given(receiver: &mut oneshot::Receiver<Room>) -> Option<Room> {
        receiver.try_recv().unwrap()
    }

    #[test]
    fn places_are_bounded_by_number() {
        let rooms = Rooms::new(2, 100);
        let mut asked: Vec<_> = (0..4).map(|_| rooms.ask(1)).collect();
        let first = given(&mut asked[0]).unwrap();
        let _second = given(&mut asked[1]).unwrap();
        assert!(given(&mut asked[2]).is_none() && given(&mut asked[3]).is_none());
        drop(first);
        assert!(given(&mut asked[2]).is_some());
    }

    #[test]
    fn places_are_bounded_by_bytes_and_nobody_overtakes() {
        let rooms = Rooms::new(9, 100);
        let (mut large, mut larger, mut small) = (rooms.ask(60), rooms.ask(41), rooms.ask(1));
        let place = given(&mut large).unwrap();
        assert!(given(&mut larger).is_none(), "60 + 41 are too many");
        assert!(given(&mut small).is_none(), "it would fit, but came later");
        drop(place);
        assert!(given(&mut larger).is_some() && given(&mut small).is_some());
    }

    #[test]
    fn what_is_larger_than_all_gets_in_alone() {
        let rooms = Rooms::new(9, 100);
        let (mut small, mut huge, mut last) = (rooms.ask(1), rooms.ask(5_000), rooms.ask(0));
        let place = given(&mut small).unwrap();
        assert!(given(&mut huge).is_none());
        drop(place);
        let place = given(&mut huge).unwrap();
        assert!(given(&mut last).is_some(), "it has no bytes");
        let mut other = rooms.ask(1);
        assert!(given(&mut other).is_none());
        drop(place);
        assert!(given(&mut other).is_some());
    }

    #[test]
    fn who_has_gone_takes_no_place() {
        let rooms = Rooms::new(1, 100);
        let mut first = rooms.ask(1);
        let place = given(&mut first).unwrap();
        let (gone, mut next) = (rooms.ask(1), rooms.ask(1));
        drop(gone);
        drop(place);
        assert!(given(&mut next).is_some());
        // A place that was sent and never taken.
        drop(rooms.ask(1));
        assert!(given(&mut rooms.ask(1)).is_some());
        let state = rooms.lock();
        assert_eq!((state.jobs, state.bytes), (0, 0));
    }

    #[test]
    fn who_has_gone_holds_up_nobody() {
        let rooms = Rooms::new(9, 100);
        let _inside = given(&mut rooms.ask(60)).unwrap();
        // 50 more do not fit, 10 do.
        drop(rooms.ask(50));
        assert!(given(&mut rooms.ask(10)).is_some());
    }

    #[test]
    fn closing_sends_away_who_waits() {
        let rooms = Rooms::new(1, 100);
        let mut inside = rooms.ask(1);
        let mut waiting = rooms.ask(1);
        rooms.close();
        assert!(given(&mut inside).is_some());
        assert!(waiting.try_recv().is_err());
        assert!(rooms.ask(1).try_recv().is_err());
    }
}
