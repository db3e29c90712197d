//! The program under test, with a folder and a store of its own.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A folder with a store in it, for one test.
pub(crate) struct Tool {
    folder: TempDir,
    store: String,
}

/// How a run ended.
#[derive(Debug)]
pub(crate) struct Ran {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Tool {
    /// A store that does not exist yet.
    pub(crate) fn new() -> Self {
        let folder = TempDir::new().unwrap();
        let store = format!("sqlite:{}", folder.path().join("memories.db").display());
        Self { folder, store }
    }

    /// A path in the folder.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// As [`Self::path`], for a command line.
    pub(crate) fn arg(&self, name: &str) -> String {
        self.path(name).to_str().unwrap().to_owned()
    }

    /// Writes a file into the folder and answers its path.
    pub(crate) fn file(&self, name: &str, text: impl AsRef<[u8]>) -> String {
        fs::write(self.path(name), text).unwrap();
        self.arg(name)
    }

    /// The program with no store named, a home of its own, and without an embedder: most tests are about other things.
    pub(crate) fn bare(&self) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_memoryctl"));
        for (name, _) in std::env::vars_os() {
            let text = name.to_string_lossy();
            if ["MEMORY_", "XDG_", "CLICOLOR", "OPENAI_"].iter().any(|prefix| text.starts_with(prefix)) {
                command.env_remove(&name);
            }
        }
        command.env_remove("NO_COLOR").env_remove("TERM").env("HOME", self.folder.path());
        command.env("MEMORY_EMBEDDER", "none");
        command.current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// The program on the test's store.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = self.bare();
        command.args(["--store", &self.store]).args(args);
        command
    }

    /// Runs it to its end.
    pub(crate) fn run(&self, args: &[&str]) -> Ran {
        ran(&mut self.command(args))
    }

    /// Runs it, expecting success, and answers standard output.
    pub(crate) fn ok(&self, args: &[&str]) -> String {
        let ran = self.run(args);
        assert_eq!(ran.code, 0, "{args:?}: {ran:?}");
        ran.out
    }

    /// Runs it with `--json`, expecting success, and answers the document.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        let out = self.ok(&[&["--json"], args].concat());
        assert_eq!(out.lines().count(), 1, "{args:?}");
        serde_json::from_str(&out).unwrap()
    }

    /// Runs it with this on standard input.
    pub(crate) fn piped(&self, args: &[&str], input: &[u8]) -> Ran {
        let mut command = self.command(args);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        // A program that refuses its input early closes the pipe; that is its right.
        drop(child.stdin.take().unwrap().write_all(input));
        ended(&child.wait_with_output().unwrap())
    }

    /// The ids of a search's or a listing's document, in order.
    pub(crate) fn ids(&self, args: &[&str]) -> Vec<String> {
        let document = self.json(args);
        let items = document["hits"].as_array().or(document["records"].as_array()).unwrap();
        items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
    }
}

/// Runs a command to its end.
pub(crate) fn ran(command: &mut Command) -> Ran {
    ended(&command.output().unwrap())
}

fn ended(output: &std::process::Output) -> Ran {
    let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
    let ran = Ran { code: output.status.code().unwrap(), out: text(&output.stdout), err: text(&output.stderr) };
    assert!(!ran.err.contains("panicked"), "{ran:?}");
    ran
}
