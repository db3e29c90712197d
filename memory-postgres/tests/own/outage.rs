//! A server that is killed, stopped, or has no connection left. It is one of its own, which `cargo xtask` runs.

use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use memory_conformance::{Context, Failure, Needs, Outcome, cases, ensure, ensure_eq};
use memory_core::{
    Batch, CollectionName, CollectionSpec, Database, Error, ErrorKind, Filter, Memory, Namespace, Record, Result,
    Scope, Timestamp, Write,
};
use memory_postgres::{PostgresBackend, PostgresConfig};
use tempfile::TempDir;
use tokio_postgres::{Client, NoTls};

use super::server::configured;

/// The variable with the program that runs a server; `cargo xtask test` and `cargo xtask servers env` set it.
const PROGRAM: &str = "MEMORY_TEST_XTASK";

const OWN: Needs = Needs::Capability("a server of its own, by MEMORY_TEST_XTASK, which cargo xtask sets", |_| {
    std::env::var_os(PROGRAM).is_some()
});

cases! {
    "CD-2": [(what_was_accepted_outlives_twenty_kills, OWN)],
    "ER-3": [
        (a_server_that_is_stopped_and_comes_back, OWN),
        (a_server_without_a_free_connection, OWN),
    ],
}

/// How often the server is killed.
const KILLS: usize = 20;

/// A call is over by then, whatever has become of the server.
const SOON: Duration = Duration::from_secs(5);

/// A server that this test may end. Its folder keeps data and port from one start to the next.
struct Own {
    folder: TempDir,
    options: &'static [&'static str],
    process: Child,
    url: String,
}

impl Own {
    fn start(options: &'static [&'static str]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        // The server runs as another user, where the test is root.
        std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
        let (process, url) = run(&folder, options);
        Self { folder, options, process, url }
    }

    fn again(&mut self) {
        (self.process, self.url) = run(&self.folder, self.options);
    }

    fn kill(&mut self) {
        self.process.kill().unwrap();
        self.process.wait().unwrap();
    }

    /// Ends it as an administrator does, who waits for nobody's call.
    fn stop(&mut self) {
        // The shell's own `kill`, for not every machine has a program of that name.
        let process = self.process.id().to_string();
        let stopped = Command::new("sh").args(["-c", "kill -s INT \"$1\"", "sh", &process]).status().unwrap();
        assert!(stopped.success());
        self.process.wait().unwrap();
    }

    /// A configuration with time-outs that add up to less than [`SOON`].
    fn config(&self) -> PostgresConfig {
        let config = configured(&self.url.parse().unwrap()).unwrap().with_pool_size(8);
        let time = Duration::from_secs(1);
        config.with_wait_timeout(time).with_connect_timeout(time).with_statement_timeout(time)
    }

    async fn connection(&self) -> std::result::Result<Client, tokio_postgres::Error> {
        let (client, connection) = self.url.parse::<tokio_postgres::Config>()?.connect(NoTls).await?;
        tokio::spawn(connection);
        Ok(client)
    }
}

impl Drop for Own {
    fn drop(&mut self) {
        // It may be gone already.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// Runs the server in the folder. It takes connections some moments later.
fn run(folder: &TempDir, options: &[&str]) -> (Child, String) {
    let mut command = Command::new(std::env::var_os(PROGRAM).unwrap());
    command.args(["servers", "run", "postgres"]).arg(folder.path()).args(options);
    let mut process = command.stdout(Stdio::piped()).spawn().unwrap();
    let said = BufReader::new(process.stdout.take().unwrap()).lines().map_while(std::result::Result::ok);
    let environment: Vec<String> = said.take_while(|line| !line.is_empty()).collect();
    let url = environment.iter().find_map(|line| line.strip_prefix("MEMORY_TEST_POSTGRES_URL=")).unwrap();
    (process, url.to_owned())
}

/// The collection, once the server takes connections.
async fn notes(config: PostgresConfig) -> Result<Memory> {
    let backend = answered(|| PostgresBackend::connect(config.clone())).await?;
    let spec = CollectionSpec::new(CollectionName::new("notes")?);
    Database::new(backend).create(&spec, Scope::exact(Namespace::new(["n"])?)).await
}

/// What a call answers once the server is back; an error that says not to repeat it is passed on.
async fn answered<T, F: Future<Output = Result<T>>>(call: impl Fn() -> F) -> Result<T> {
    let start = Instant::now();
    loop {
        match in_time(call()).await {
            Err(error) if error.is_retryable() && start.elapsed() < Duration::from_secs(60) => {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
            answer => return answer,
        }
    }
}

async fn in_time<T>(call: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::time::timeout(SOON, call).await.expect("a call does not hang")
}

fn is_away(error: &Error) -> bool {
    matches!(error.kind(), ErrorKind::Unavailable | ErrorKind::Timeout)
}

fn record(id: &str) -> Result<Record> {
    Record::draft(id).build(Some(&Namespace::new(["n"])?), Timestamp::from_micros(0)?)
}

/// What one task has written until its first failure.
#[derive(Default)]
struct Log {
    accepted: Vec<String>,
    /// Ids of atomic batches; the last may be there as a whole or not at all.
    batches: Vec<Vec<String>>,
    ended_by: Option<Error>,
}

/// Writes single records and atomic batches in turn until a call fails.
async fn write(memory: Memory, name: String) -> Log {
    let mut log = Log::default();
    for number in 0.. {
        let single = format!("{name} {number}");
        let batch: Vec<String> = (0..5).map(|part| format!("{name} {number} {part}")).collect();
        let writes: Result<Vec<Write>> = batch.iter().map(|id| Ok(record(id)?.into())).collect();
        log.batches.push(batch.clone());
        let put = in_time(memory.put(Record::draft(single.as_str()))).await;
        log.accepted.extend(put.is_ok().then_some(single));
        let written = match put {
            Ok(_) => in_time(memory.apply_writes(&writes.unwrap(), Batch::atomic())).await.map(drop),
            Err(error) => Err(error),
        };
        match written {
            Ok(()) => log.accepted.extend(batch),
            Err(error) => {
                log.ended_by = Some(error);
                break;
            }
        }
    }
    log
}

#[allow(clippy::print_stdout, reason = "how much was at stake is said, since a count of nothing would prove nothing")]
async fn what_was_accepted_outlives_twenty_kills(_: Context) -> Outcome {
    let mut server = Own::start(&[]);
    let memory = notes(server.config()).await?;
    let (mut accepted, mut batches) = (0, 0);
    for kill in 0..KILLS {
        let tasks: Vec<_> = (0..8).map(|task| tokio::spawn(write(memory.clone(), format!("{kill} {task}")))).collect();
        tokio::time::sleep(Duration::from_millis(100 + 17 * kill as u64)).await;
        server.kill();
        let mut logs = Vec::new();
        for task in tasks {
            logs.push(task.await.unwrap());
        }
        server.again();
        // The same handle as before.
        answered(|| memory.get("before")).await?;
        for log in logs {
            let ended_by = log.ended_by.as_ref();
            ensure!(ended_by.is_some_and(is_away), "kill {kill}: a write ended by {ended_by:?}");
            let found = memory.get_all(log.accepted.iter().map(String::as_str)).await?;
            ensure!(found.iter().all(Option::is_some), "kill {kill}: an accepted record is lost");
            for batch in &log.batches {
                let found = memory.get_all(batch.iter().map(String::as_str)).await?.into_iter().flatten().count();
                ensure!(found == 0 || found == batch.len(), "kill {kill}: {found} of a batch of {}", batch.len());
            }
            (accepted, batches) = (accepted + log.accepted.len(), batches + log.batches.len());
        }
    }
    ensure!(accepted > 8 * KILLS, "too little was written: {accepted}");
    println!("{KILLS} kills of the server: {accepted} accepted records, {batches} batches, none lost, none halved");
    Ok(())
}

async fn a_server_that_is_stopped_and_comes_back(_: Context) -> Outcome {
    let mut server = Own::start(&[]);
    let memory = notes(server.config()).await?;
    memory.put(Record::draft("before")).await?;
    let writing = tokio::spawn(write(memory.clone(), "during".to_owned()));
    tokio::time::sleep(Duration::from_millis(200)).await;
    server.stop();
    let log = writing.await.unwrap();
    let ended_by = log.ended_by.as_ref();
    ensure!(ended_by.is_some_and(is_away), "a write ended by {ended_by:?}");
    let error = in_time(memory.get("before")).await.err().ok_or_else(|| Failure::assertion("nobody can answer"))?;
    ensure!(error.kind() == ErrorKind::Unavailable && error.is_retryable(), "{error}");
    server.again();
    ensure!(answered(|| memory.get("before")).await?.is_some(), "the same handle works");
    let found = memory.get_all(log.accepted.iter().map(String::as_str)).await?;
    ensure!(found.iter().all(Option::is_some), "what was accepted is there");
    Ok(())
}

async fn a_server_without_a_free_connection(_: Context) -> Outcome {
    let server = Own::start(&["-c", "max_connections=6", "-c", "superuser_reserved_connections=0"]);
    let memory = notes(server.config()).await?;
    // The pool has one; the others go to somebody else, until there is none.
    let mut others = Vec::new();
    while let Ok(other) = server.connection().await {
        others.push(other);
    }
    ensure!((1..=6).contains(&others.len()), "{} connections", others.len());
    let calls: Vec<_> = (0..4)
        .map(|_| {
            let memory = memory.clone();
            tokio::spawn(async move { in_time(memory.count(&Filter::all())).await })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        match call.await.unwrap() {
            Ok(count) => ensure_eq!(count, 0, "nothing was written"),
            Err(error) => {
                ensure!(is_away(&error) && error.is_retryable(), "{error}");
                ensure!(error.message().contains("max_connections"), "{error}");
                refused += 1;
            }
        }
    }
    ensure!(refused > 0, "one connection does not serve four calls at once");
    drop(others);
    ensure!(answered(|| memory.get("before")).await?.is_none(), "the same handle works");
    Ok(())
}
