use std::sync::mpsc::{self, Receiver, Sender};
use std::time::{Duration, Instant};

use memory_core::ErrorKind;

use super::*;

/// A double of a write: SQL, and a log of what it is told.
struct Double {
    name: &'static str,
    sql: &'static str,
    size: (usize, usize),
    /// Written in so many runs.
    runs: usize,
    wanted: bool,
    /// Its condition does not hold.
    loses: bool,
    log: Sender<String>,
    /// What comes into the queue while this is written.
    meanwhile: Option<Box<dyn FnOnce() + Send>>,
}

impl Member for Double {
    fn size(&self) -> (usize, usize) {
        self.size
    }

    fn is_wanted(&self) -> bool {
        self.wanted
    }

    fn apply(&mut self, transaction: &Transaction<'_>) -> Result<()> {
        self.log.send(format!("apply {}", self.name)).unwrap();
        if let Some(meanwhile) = self.meanwhile.take() {
            meanwhile();
        }
        transaction.execute_batch(self.sql).map_err(Failure::from)?;
        if self.loses { Err(Error::new(ErrorKind::Conflict, "its condition does not hold")) } else { Ok(()) }
    }

    fn settle(mut self: Box<Self>, outcome: Result<()>) -> Option<Box<dyn Member>> {
        let heard = outcome.map_or_else(|error| format!("{:?}", error.kind()), |()| "ok".to_owned());
        self.log.send(format!("{} {heard}", self.name)).unwrap();
        self.runs -= 1;
        if self.runs == 0 { None } else { Some(self) }
    }
}

struct World {
    connection: Connection,
    queue: Queue<Work>,
    log: Sender<String>,
    heard: Receiver<String>,
}

impl World {
    /// A table of numbers, and one whose rows must name a number when the transaction commits.
    fn new() -> Self {
        Self::on(Connection::open_in_memory().unwrap())
    }

    fn on(connection: Connection) -> Self {
        let sql = "PRAGMA foreign_keys = ON; CREATE TABLE numbers (n INTEGER PRIMARY KEY); \
                   CREATE TABLE names (n INTEGER REFERENCES numbers (n) DEFERRABLE INITIALLY DEFERRED);";
        connection.execute_batch(sql).unwrap();
        let (log, heard) = mpsc::channel();
        Self { connection, queue: Queue::new(), log, heard }
    }

    fn double(&self, name: &'static str, sql: &'static str) -> Double {
        Double {
            name,
            sql,
            size: (1, 100),
            runs: 1,
            wanted: true,
            loses: false,
            log: self.log.clone(),
            meanwhile: None,
        }
    }

    /// Queues them and writes until the queue is empty.
    fn run(&mut self, doubles: impl IntoIterator<Item = Double>) -> Vec<String> {
        for double in doubles {
            assert!(self.queue.push(Work::Shared(Box::new(double))));
        }
        while let Some(Work::Shared(first)) = self.queue.take_if(|_| true) {
            run(&mut self.connection, first, &self.queue);
        }
        self.heard.try_iter().collect()
    }

    fn numbers(&self) -> String {
        let sql = "SELECT ifnull(group_concat(n, ' ' ORDER BY n), '') FROM numbers";
        self.connection.query_row(sql, [], |row| row.get(0)).unwrap()
    }
}

const ONE: &str = "INSERT INTO numbers VALUES (1)";
const TWO: &str = "INSERT INTO numbers VALUES (2)";
const THREE: &str = "INSERT INTO numbers VALUES (3)";

#[test]
fn what_is_queued_shares_a_transaction_and_hears_of_it_after_the_commit() {
    let mut world = World::new();
    let doubles = [world.double("a", ONE), world.double("b", TWO), world.double("c", THREE)];
    assert_eq!(world.run(doubles), ["apply a", "apply b", "apply c", "a ok", "b ok", "c ok"]);
    assert_eq!(world.numbers(), "1 2 3");
}

#[test]
fn what_comes_while_others_are_written_joins_them() {
    let mut world = World::new();
    let queue = std::sync::Arc::new(std::mem::replace(&mut world.queue, Queue::new()));
    let late = world.double("late", TWO);
    let mut first = world.double("a", ONE);
    let arriving = std::sync::Arc::clone(&queue);
    first.meanwhile = Some(Box::new(move || assert!(arriving.push(Work::Shared(Box::new(late))))));
    run(&mut world.connection, Box::new(first), &queue);
    let heard: Vec<String> = world.heard.try_iter().collect();
    assert_eq!(heard, ["apply a", "apply late", "a ok", "late ok"]);
}

#[test]
fn a_failure_takes_back_what_it_wrote_and_no_more() {
    let mut world = World::new();
    let wrong = "INSERT INTO numbers VALUES (5); INSERT INTO numbers VALUES (1)";
    let doubles = [world.double("a", ONE), world.double("wrong", wrong), world.double("b", TWO)];
    assert_eq!(world.run(doubles), ["apply a", "apply wrong", "apply b", "a ok", "wrong Internal", "b ok"]);
    assert_eq!(world.numbers(), "1 2");
}

#[test]
fn a_failure_that_comes_first_leaves_a_transaction_to_the_others() {
    let mut world = World::new();
    let wrong = "INSERT INTO numbers VALUES (5); INSERT INTO numbers VALUES (5)";
    let doubles = [world.double("wrong", wrong), world.double("a", ONE), world.double("b", TWO)];
    assert_eq!(world.run(doubles), ["apply wrong", "wrong Internal", "apply a", "apply b", "a ok", "b ok"]);
    assert_eq!(world.numbers(), "1 2");
}

#[test]
fn when_sqlite_rolls_everything_back_the_others_are_written_again() {
    let mut world = World::new();
    // As SQLite does by itself when the disk is full.
    let fatal = "INSERT OR ROLLBACK INTO numbers VALUES (1)";
    let doubles =
        [world.double("a", ONE), world.double("b", TWO), world.double("fatal", fatal), world.double("c", THREE)];
    let heard = world.run(doubles);
    let expected = [
        "apply a",
        "apply b",
        "apply fatal",
        "fatal Internal",
        "apply a",
        "a ok",
        "apply b",
        "b ok",
        "apply c",
        "c ok",
    ];
    assert_eq!(heard, expected);
    assert_eq!(world.numbers(), "1 2 3");
}

#[test]
fn a_commit_that_fails_fails_all() {
    let mut world = World::new();
    let doubles = [
        world.double("a", ONE),
        Double { loses: true, ..world.double("loser", TWO) },
        world.double("dangling", "INSERT INTO names VALUES (77)"),
    ];
    let heard = world.run(doubles);
    let expected = ["apply a", "apply loser", "apply dangling", "a Internal", "loser Internal", "dangling Internal"];
    assert_eq!(heard, expected);
    assert_eq!(world.numbers(), "", "and nothing of them stays");
    assert_eq!(
        {
            let last = world.double("b", TWO);
            world.run([last])
        },
        ["apply b", "b ok"]
    );
}

#[test]
fn groups_are_bounded_by_records_and_bytes() {
    let mut world = World::new();
    let sized = |world: &World, name, sql, size| Double { size, ..world.double(name, sql) };
    let doubles = [
        sized(&world, "a", ONE, (1_000, 0)),
        sized(&world, "b", TWO, (1_000, 0)),
        sized(&world, "c", THREE, (1, 0)),
        sized(&world, "d", "SELECT 1", (1, 16 << 20)),
        sized(&world, "huge", "SELECT 1", (1, 90 << 20)),
        sized(&world, "e", "SELECT 1", (1, 0)),
    ];
    let expected = [
        "apply a",
        "apply b",
        "a ok",
        "b ok",
        "apply c",
        "apply d",
        "c ok",
        "d ok",
        "apply huge",
        "huge ok",
        "apply e",
        "e ok",
    ];
    assert_eq!(world.run(doubles), expected);
}

#[test]
fn the_rest_of_a_large_one_comes_after_those_that_wait() {
    let mut world = World::new();
    let large = Double { size: (2_000, 0), runs: 3, ..world.double("large", "SELECT 1") };
    let doubles = [large, world.double("a", ONE), world.double("b", TWO)];
    let expected = [
        "apply large",
        "large ok",
        "apply a",
        "apply b",
        "a ok",
        "b ok",
        "apply large",
        "large ok",
        "apply large",
        "large ok",
    ];
    assert_eq!(world.run(doubles), expected);
}

#[test]
fn whose_caller_has_gone_is_skipped() {
    let mut world = World::new();
    let gone = |world: &World| Double { wanted: false, ..world.double("gone", THREE) };
    let doubles = [gone(&world), world.double("a", ONE), gone(&world), world.double("b", TWO)];
    assert_eq!(world.run(doubles), ["apply a", "apply b", "a ok", "b ok"]);
    assert_eq!(
        {
            let last = gone(&world);
            world.run([last])
        },
        [""; 0]
    );
    assert_eq!(world.numbers(), "1 2");
}

#[test]
fn another_job_ends_the_group() {
    let mut world = World::new();
    let (first, behind) = (world.double("a", ONE), world.double("b", TWO));
    assert!(world.queue.push(Work::Alone(Box::new(|_| ()))));
    assert!(world.queue.push(Work::Shared(Box::new(behind))));
    run(&mut world.connection, Box::new(first), &world.queue);
    assert_eq!(world.heard.try_iter().collect::<Vec<_>>(), ["apply a", "a ok"]);
    assert!(matches!(world.queue.take(), Some(Work::Alone(_))));
}

#[test]
fn a_file_that_another_keeps_locked_fails_those_that_waited() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let mut world = World::on(Connection::open(&path).unwrap());
    world.connection.busy_timeout(Duration::from_millis(500)).unwrap();
    let other = Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let doubles: Vec<Double> = (0..20).map(|_| world.double("a", ONE)).collect();
    let start = Instant::now();
    assert_eq!(world.run(doubles), ["a Timeout"; 20]);
    assert!(start.elapsed() < Duration::from_secs(5), "they have waited together, not 20 times half a second");
    other.execute_batch("ROLLBACK").unwrap();
    let last = world.double("c", THREE);
    assert_eq!(world.run([last]), ["apply c", "c ok"]);
}

#[test]
fn only_a_flush_that_failed_leaves_the_outcome_open() {
    let error = |code| rusqlite::Error::SqliteFailure(rusqlite::ffi::Error::new(code), None);
    let (flush, full) = (commit_error(&error(1034)), commit_error(&error(13)));
    assert_eq!((flush.kind(), flush.is_outcome_open()), (ErrorKind::Unavailable, true));
    assert_eq!((full.kind(), full.is_outcome_open()), (ErrorKind::Unavailable, false));
}
