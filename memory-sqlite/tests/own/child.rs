//! What these tests do in a process of its own: this test's program again, told by its environment what to be.

use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Child, ChildStdin, ChildStdout, Command, ExitCode, Stdio};

use futures_executor::block_on;
use memory_core::{CollectionName, CollectionSpec, Database, Memory, Namespace, Record, Result, Scope};
use memory_sqlite::{Durability, SqliteBackend, SqliteConfig};

const ROLE: &str = "MEMORY_SQLITE_CHILD";
const PATH: &str = "MEMORY_SQLITE_PATH";

/// The collection that parents and children share: three dimensions, one namespace.
pub(crate) async fn notes(path: &Path) -> Result<(Database, Memory)> {
    configured(SqliteConfig::new(path)).await
}

pub(crate) async fn configured(config: SqliteConfig) -> Result<(Database, Memory)> {
    let database = Database::new(SqliteBackend::open(config).await?);
    let spec = CollectionSpec::new(CollectionName::new("notes")?).with_vectors(3, memory_core::Metric::Cosine)?;
    let memory = database.create(&spec, Scope::exact(Namespace::new(["n"])?)).await?;
    Ok((database, memory))
}

/// Plays the child's part if the environment asks for it.
pub(crate) fn run_if_asked() -> Option<ExitCode> {
    let role = std::env::var(ROLE).ok()?;
    let path = std::env::var_os(PATH)?;
    let path = Path::new(&path);
    match role.as_str() {
        "open" => say(&outcome(block_on(SqliteBackend::open(SqliteConfig::new(path))).map(|_| ()))),
        "fill" => block_on(fill(path)),
        "write" => block_on(super::crashes::write(path)),
        "serve" => block_on(serve(path, Durability::Full)),
        "serve relaxed" => block_on(serve(path, Durability::Relaxed)),
        _ => return None,
    }
    Some(ExitCode::SUCCESS)
}

/// `ok`, or the error's kind and message.
fn outcome(result: Result<()>) -> String {
    match result {
        Ok(()) => "ok".into(),
        Err(error) => format!("{:?}: {}", error.kind(), error.message()),
    }
}

/// Puts records until that fails; says how many were accepted, what failed, and what is found of the first one then.
async fn fill(path: &Path) {
    let (_, memory) = notes(path).await.unwrap();
    for count in 0.. {
        let draft = Record::draft(format!("fill-{count}")).content("a b c ".repeat(5_000));
        if let Err(error) = memory.put(draft).await {
            say(&count.to_string());
            say(&outcome(Err(error)));
            say(memory.get("old").await.unwrap().unwrap().record.content.as_str());
            return;
        }
    }
}

/// Answers `put ID WORD`, `get ID`, `text WORD` and `vector` line by line until the input ends.
async fn serve(path: &Path, durability: Durability) {
    let (database, memory) = configured(SqliteConfig::new(path).with_durability(durability)).await.unwrap();
    for line in std::io::stdin().lines() {
        let line = line.unwrap();
        let answer = match line.split(' ').collect::<Vec<_>>()[..] {
            ["put", id, word] => {
                memory.put(draft(id, word)).await.unwrap();
                "done".to_owned()
            }
            ["get", id] => {
                memory.get(id).await.unwrap().map_or("-".into(), |stored| stored.record.content.as_str().to_owned())
            }
            ["text", word] => ids(memory.search_text(word, 10).await.unwrap()),
            ["vector"] => ids(memory.search_vector([1.0, 0.0, 0.0], 10).await.unwrap()),
            _ => "what?".to_owned(),
        };
        say(&answer);
    }
    database.close().await.unwrap();
}

pub(crate) fn draft(id: &str, word: &str) -> memory_core::Draft {
    Record::draft(id).content(word).embedding([1.0, word.len() as f32, 0.0])
}

pub(crate) fn ids(response: memory_core::SearchResponse) -> String {
    response.hits.iter().map(|hit| hit.key.id.as_str()).collect::<Vec<_>>().join(" ")
}

pub(crate) fn say(line: &str) {
    let mut out = std::io::stdout();
    writeln!(out, "{line}").unwrap();
    out.flush().unwrap();
}

/// This program again, in this role.
pub(crate) fn command(role: &str, path: &Path) -> Command {
    prepared(Command::new(std::env::current_exe().unwrap()), role, path)
}

/// Any program that will run this one, in this role.
pub(crate) fn prepared(mut command: Command, role: &str, path: &Path) -> Command {
    command.env(ROLE, role).env(PATH, path).stdin(Stdio::piped()).stdout(Stdio::piped());
    command
}

/// The lines that a child says until it ends.
pub(crate) fn lines(mut command: Command) -> Vec<String> {
    let output = command.output().unwrap();
    assert!(output.status.success(), "the child ended with {}", output.status);
    String::from_utf8(output.stdout).unwrap().lines().map(str::to_owned).collect()
}

/// A child that serves.
pub(crate) struct Server {
    child: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
}

impl Server {
    pub(crate) fn start(path: &Path) -> Self {
        Self::play("serve", path)
    }

    /// One whose database has relaxed durability.
    pub(crate) fn relaxed(path: &Path) -> Self {
        Self::play("serve relaxed", path)
    }

    fn play(role: &str, path: &Path) -> Self {
        let mut child = command(role, path).spawn().unwrap();
        let (input, output) = (child.stdin.take().unwrap(), BufReader::new(child.stdout.take().unwrap()));
        Self { child, input, output }
    }

    pub(crate) fn ask(&mut self, line: &str) -> String {
        writeln!(self.input, "{line}").unwrap();
        let mut answer = String::new();
        self.output.read_line(&mut answer).unwrap();
        answer.trim_end().to_owned()
    }

    /// Ends the child at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Lets the child close its database and end.
    pub(crate) fn stop(self) {
        let Self { mut child, input, .. } = self;
        drop(input);
        assert!(child.wait().unwrap().success());
    }
}
