//! What the suite does in a process of its own: write until it is killed, or use a database that others use too.
//!
//! The suite starts its own executable again, with the task in the environment. Parent and child speak in lines.

use std::env;
use std::io::{BufRead, BufReader, Write as _, stdin, stdout};
use std::process::{Child as Process, ChildStdin, Command, ExitCode, Stdio};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use memory_core::{CollectionName, CollectionSpec, Database, Error, ErrorKind, Memory, Record, Result, Scope};

use crate::case::Failure;
use crate::context::{Context, hits, namespace};
use crate::harness::Harness;
use crate::runner::block_on;

const TASK: &str = "MEMORY_CONFORMANCE_CHILD";
const HARNESS: &str = "MEMORY_CONFORMANCE_HARNESS";
const LOCATION: &str = "MEMORY_CONFORMANCE_LOCATION";
const COLLECTION: &str = "MEMORY_CONFORMANCE_COLLECTION";

/// How long the parent waits for a line. A child that is slower hangs.
const PATIENCE: Duration = Duration::from_secs(60);

/// A process of the suite. It is killed when this is dropped.
#[derive(Debug)]
pub(crate) struct Child {
    process: Process,
    input: ChildStdin,
    output: Receiver<String>,
}

impl Child {
    /// Starts the task on this collection of the case's database.
    pub(crate) fn start(context: &Context, task: &str, collection: &CollectionName) -> Result<Self, Failure> {
        let location = context
            .test_database
            .location()
            .ok_or_else(|| Failure::assertion("the harness has no location for another process"))?;
        let mut process = Command::new(env::current_exe().map_err(cannot)?)
            .env(TASK, task)
            .env(HARNESS, context.harness.name())
            .env(LOCATION, location)
            .env(COLLECTION, collection.as_str())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .map_err(cannot)?;
        let (Some(input), Some(output)) = (process.stdin.take(), process.stdout.take()) else {
            return Err(Failure::assertion("the child process has no pipes"));
        };
        let (send, receive) = channel();
        // Read beside the case: the pipe never fills, and a wait can have an end.
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(std::result::Result::ok) {
                if send.send(line).is_err() {
                    break;
                }
            }
        });
        Ok(Self { process, input, output: receive })
    }

    /// Sends a line.
    pub(crate) fn say(&mut self, line: &str) -> Result<(), Failure> {
        writeln!(self.input, "{line}").and_then(|()| self.input.flush()).map_err(cannot)
    }

    /// Waits for the next line.
    pub(crate) fn line(&mut self) -> Result<String, Failure> {
        self.output.recv_timeout(PATIENCE).map_err(|error| Failure::assertion(format!("a child says nothing: {error}")))
    }

    /// Waits for the next line, which must be this one.
    pub(crate) fn expect(&mut self, expected: &str) -> Result<(), Failure> {
        let line = self.line()?;
        if line == expected {
            Ok(())
        } else {
            Err(Failure::assertion(format!("a child says {line:?}, not {expected:?}")))
        }
    }

    /// Sends a line and waits for the answer.
    pub(crate) fn ask(&mut self, line: &str) -> Result<String, Failure> {
        self.say(line)?;
        self.line()
    }

    /// Kills the process (SIGKILL) and gives the lines that it has said and no one has read.
    pub(crate) fn kill(mut self) -> Result<Vec<String>, Failure> {
        self.process.kill().map_err(cannot)?;
        self.process.wait().map_err(cannot)?;
        Ok(self.output.iter().collect())
    }
}

impl Drop for Child {
    fn drop(&mut self) {
        // It has ended already if it was killed; there is nothing else to be done about a failure here.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn cannot(error: std::io::Error) -> Failure {
    Failure::assertion(format!("a child process cannot be used: {error}"))
}

/// Runs the child's part if the environment asks for it.
pub(crate) fn run_if_asked(harnesses: &[Arc<dyn Harness>]) -> Option<ExitCode> {
    let task = env::var(TASK).ok()?;
    let asked = |name: &str| env::var(name).unwrap_or_default();
    let (name, location, collection) = (asked(HARNESS), asked(LOCATION), asked(COLLECTION));
    let Some(harness) = harnesses.iter().find(|harness| harness.name() == name).cloned() else {
        say(&format!("there is no harness {name}"));
        return Some(ExitCode::FAILURE);
    };
    let outcome = block_on(async move {
        let database = Database::new(harness.attach(&location).await?.connect().await?);
        perform(&task, &database, CollectionName::new(collection)?).await
    });
    Some(match outcome {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            say(&format!("error: {error}"));
            ExitCode::FAILURE
        }
    })
}

async fn perform(task: &str, database: &Database, name: CollectionName) -> Result<()> {
    let home = Scope::subtree(namespace(["n"])?);
    match task {
        "create" => create(database, name).await,
        "write" => write(&database.open(&name, home).await?).await,
        "increment" => increment(&database.open(&name, home).await?).await,
        "put_get" => put_get(&database.open(&name, home).await?).await,
        _ => Err(Error::invalid("an unknown task")),
    }
}

/// Waits for a spec (`none`, or dimension and metric), makes the collection, and says how that went.
async fn create(database: &Database, name: CollectionName) -> Result<()> {
    say("ready");
    let asked = hear()?;
    let plain = CollectionSpec::new(name);
    let spec = match asked.split_once(' ') {
        None => plain,
        Some((dimension, metric)) => {
            let dimension = dimension.parse().map_err(|_| Error::invalid("no dimension"))?;
            plain.with_vectors(dimension, metric.parse()?)?
        }
    };
    match database.create(&spec, Scope::all()).await {
        Ok(_) => say("made"),
        Err(error) if error.kind() == ErrorKind::Conflict => say("conflict"),
        Err(error) => say(&format!("error: {error}")),
    }
    Ok(())
}

/// The record that the writer puts under this id: every field tells the number.
pub(crate) fn numbered(id: &str, number: u64) -> memory_core::Draft {
    Record::draft(id)
        .kind(format!("kind {number}"))
        .content(format!("apple number{number}"))
        .embedding([1.0, number as f32, 0.0])
        .tags([format!("tag {number}")])
        .metadata(serde_json::json!({ "number": number }))
}

/// Puts until it is killed, and says `+id number` once a put has returned, `~id` before a delete, `-id` after it. The
/// record `hot` is put again and again.
async fn write(memory: &Memory) -> Result<()> {
    for number in 0.. {
        let id = format!("single{number}");
        memory.put(numbered(&id, number)).await?;
        say(&format!("+{id} {number}"));
        memory.put(numbered("hot", number)).await?;
        say(&format!("+hot {number}"));
        if number % 3 == 1 {
            let ids: Vec<String> = (0..5).map(|i| format!("batch{number}_{i}")).collect();
            memory.put_all(ids.iter().map(|id| numbered(id, number))).await?;
            ids.iter().for_each(|id| say(&format!("+{id} {number}")));
        }
        if number % 3 == 2 {
            let id = format!("single{}", number - 1);
            say(&format!("~{id}"));
            memory.delete(id.as_str()).await?;
            say(&format!("-{id}"));
        }
    }
    Ok(())
}

/// Waits for a number and adds 1 to the record `counter` so often.
async fn increment(memory: &Memory) -> Result<()> {
    say("ready");
    let times: u32 = hear()?.parse().map_err(|_| Error::invalid("no number"))?;
    for _ in 0..times {
        add_one(memory, "counter").await?;
    }
    say("done");
    Ok(())
}

/// Adds 1 to the number that is the record's content.
pub(crate) async fn add_one(memory: &Memory, id: &str) -> Result<()> {
    let plus_one = |record: &Record, draft: memory_core::Draft| {
        let number: u64 = record.content.as_str().parse().unwrap_or(0);
        draft.content((number + 1).to_string())
    };
    // An update tries again a bounded number of times; with many others at it, all may be lost.
    loop {
        match memory.update(id, plus_one).await {
            Err(error) if error.kind() == ErrorKind::Conflict => {}
            other => return other.map(drop),
        }
    }
}

/// Until its input ends: `put N` puts the record `shared` with this number, `get` says its content, `nearest` and `word`
/// what a search finds: the ids of all hits.
async fn put_get(memory: &Memory) -> Result<()> {
    say("ready");
    while let Ok(line) = hear() {
        let (command, argument) = line.split_once(' ').unwrap_or((&line, ""));
        match command {
            "put" => {
                let number = argument.parse().map_err(|_| Error::invalid("no number"))?;
                memory.put(numbered("shared", number)).await?;
                say("done");
            }
            "get" => {
                let stored = memory.get("shared").await?;
                say(stored.as_ref().map_or("none", |stored| stored.record.content.as_str()));
            }
            "delete" => say(&memory.delete("shared").await?.to_string()),
            "nearest" => {
                let number: f32 = argument.parse().map_err(|_| Error::invalid("no number"))?;
                let request = memory_core::Embedding::new(vec![1.0, number, 0.0])?;
                let request = memory_core::SearchRequest::new(memory_core::Query::vector(request)).with_min_score(1.0);
                say(&hits(&memory.search(&request).await?).join(","));
            }
            "word" => say(&hits(&memory.search_text(argument, 10).await?).join(",")),
            _ => return Err(Error::invalid("an unknown command")),
        }
    }
    Ok(())
}

fn say(line: &str) {
    let mut output = stdout().lock();
    // In one piece, so that a process which is killed has said the whole line or nothing of it.
    if output.write_all(format!("{line}\n").as_bytes()).and_then(|()| output.flush()).is_err() {
        // The parent is gone: no one is left to work for.
        std::process::exit(1);
    }
}

fn hear() -> Result<String> {
    let mut line = String::new();
    match stdin().lock().read_line(&mut line) {
        Ok(read) if read > 0 => Ok(line.trim_end_matches('\n').to_owned()),
        _ => Err(Error::invalid("the input has ended")),
    }
}
