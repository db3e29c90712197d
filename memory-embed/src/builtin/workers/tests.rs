use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::thread;
use std::time::{Duration, Instant};

use futures_executor::block_on;
use futures_util::FutureExt as _;
use futures_util::future::join_all;

use super::*;

fn one_thread() -> Workers<()> {
    Workers::new(NonZero::<usize>::MIN, || Ok(()))
}

/// A job that keeps the only thread until the sender is dropped.
fn gate() -> (mpsc::Sender<()>, impl FnOnce(&()) -> Result<()> + Send + 'static) {
    let (sender, receiver) = mpsc::channel::<()>();
    (sender, move |(): &()| {
        let _ = receiver.recv();
        Ok(())
    })
}

#[test]
fn callers_take_turns() {
    let workers = one_thread();
    let (open, wait) = gate();
    let order = Arc::new(Mutex::new(Vec::new()));
    let note = |name: &'static str| {
        let order = Arc::clone(&order);
        move |(): &()| {
            order.lock().unwrap().push(name);
            Ok(())
        }
    };
    let (first, many, single) = (workers.caller(), workers.caller(), workers.caller());
    let mut jobs = vec![workers.run(first, wait).boxed()];
    for name in ["many 1", "many 2", "many 3"] {
        jobs.push(workers.run(many, note(name)).boxed());
    }
    jobs.push(workers.run(single, note("single")).boxed());
    for job in &mut jobs {
        assert!(job.now_or_never().is_none());
    }
    drop(open);
    for answer in block_on(join_all(jobs)) {
        answer.unwrap();
    }
    assert_eq!(*order.lock().unwrap(), ["many 1", "single", "many 2", "many 3"]);
}

#[test]
fn what_a_caller_who_has_gone_waited_for_is_not_done() {
    let workers = one_thread();
    let (open, wait) = gate();
    let done = Arc::new(AtomicUsize::new(0));
    let count = || {
        let done = Arc::clone(&done);
        move |(): &()| Ok(done.fetch_add(1, Ordering::SeqCst))
    };
    let caller = workers.caller();
    let mut blocked = workers.run(caller, wait).boxed();
    let mut dropped = workers.run(caller, count()).boxed();
    let mut kept = workers.run(caller, count()).boxed();
    assert!((&mut blocked).now_or_never().is_none());
    assert!((&mut dropped).now_or_never().is_none());
    assert!((&mut kept).now_or_never().is_none());
    drop((dropped, open));
    assert_eq!(block_on(kept).unwrap(), 0);
    block_on(blocked).unwrap();
    assert_eq!(done.load(Ordering::SeqCst), 1);
}

#[test]
fn several_threads_work_at_once() {
    let workers: Workers<()> = Workers::new(NonZero::new(3).unwrap(), || Ok(()));
    // Each of the three jobs waits for the other two.
    let meeting = Arc::new(std::sync::Barrier::new(3));
    let caller = workers.caller();
    let job = |_| {
        let meeting = Arc::clone(&meeting);
        workers.run(caller, move |(): &()| {
            meeting.wait();
            Ok(())
        })
    };
    assert!(block_on(join_all((0..3).map(job))).into_iter().all(|answer| answer.is_ok()));
}

#[test]
fn a_state_that_cannot_be_made_is_an_error_of_every_call() {
    let workers: Workers<()> = Workers::new(NonZero::<usize>::MIN, || Err(Error::invalid("no model")));
    for _ in 0..2 {
        let error = block_on(workers.run(workers.caller(), |(): &()| Ok(()))).unwrap_err();
        assert_eq!((error.kind(), error.message()), (ErrorKind::InvalidArgument, "no model"));
    }
}

#[test]
fn a_job_that_panics_is_an_error_and_the_thread_goes_on() {
    let workers = one_thread();
    let failed: Result<()> = block_on(workers.run(workers.caller(), |(): &()| panic!("on purpose")));
    assert_eq!(failed.unwrap_err().kind(), ErrorKind::Internal);
    assert_eq!(block_on(workers.run(workers.caller(), |(): &()| Ok(7))).unwrap(), 7);
}

#[test]
fn threads_start_on_first_use_and_end_with_the_workers() {
    static ALIVE: AtomicUsize = AtomicUsize::new(0);
    struct Counted;
    impl Drop for Counted {
        fn drop(&mut self) {
            ALIVE.fetch_sub(1, Ordering::SeqCst);
        }
    }
    let workers = Workers::new(NonZero::<usize>::MIN, || {
        ALIVE.fetch_add(1, Ordering::SeqCst);
        Ok(Counted)
    });
    assert_eq!(ALIVE.load(Ordering::SeqCst), 0);
    block_on(workers.run(workers.caller(), |_| Ok(()))).unwrap();
    assert_eq!(ALIVE.load(Ordering::SeqCst), 1);
    drop(workers);
    let begun = Instant::now();
    while ALIVE.load(Ordering::SeqCst) > 0 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the thread does not end");
        thread::sleep(Duration::from_millis(2));
    }
}
