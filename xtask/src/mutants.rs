//! The core's mutants, by cargo-mutants: every small change to the arithmetic and the rules must turn a test red.
//!
//! Which mutants survive for a good reason is in `.cargo/mutants.toml`.

use std::path::Path;
use std::process::Command;

use crate::process::{cargo, program, run, shown, target, works};
use crate::tally::Tally;

const VERSION: &str = "27.1.0";

/// What is mutated, and which tests need not run for it. The analyser's tests look at every code point, which takes seconds,
/// and say nothing of the other files.
const PARTS: [(&str, &[&str], &[&str]); 2] = [
    ("analyser", &["memory-core/src/analyser/**"], &[]),
    (
        "rules",
        &[
            "memory-core/src/filter/**",
            "memory-core/src/bm25.rs",
            "memory-core/src/fusion.rs",
            "memory-core/src/score.rs",
            "memory-core/src/memory/check.rs",
        ],
        &["--skip", "analyser::"],
    ),
];

/// Runs all mutants. A killed one counts as passed, a survivor that is not listed as failed.
pub(crate) fn run_all(tally: &mut Tally) {
    let tools = target().join("tools");
    let tool = tools.join("bin").join("cargo-mutants");
    if !works(&mut program(&tool, &["mutants", "--version"])) {
        let install = ["install", "cargo-mutants", "--locked", "--version", VERSION, "--root"];
        if let Err(message) = run(cargo(&install).arg(&tools)) {
            tally.step("mutants", Err(message));
            return;
        }
    }
    for (name, files, left_out) in PARTS {
        part(&tool, &target().join("xtask").join(name), files, left_out, tally);
    }
}

/// Runs the mutants of these files, against the unit tests but those left out.
fn part(tool: &Path, folder: &Path, files: &[&str], left_out: &[&str], tally: &mut Tally) {
    let results = folder.join("mutants.out");
    let mut command = program(tool, &["mutants", "--package", "memory-core", "--jobs", "2", "--output"]);
    command.arg(folder);
    for file in files {
        command.args(["--file", file]);
    }
    // Each job builds in a folder of its own; a shared one would make them wait for each other.
    let outcome = tried(command.args(["--", "--lib", "--"]).args(left_out).env_remove("CARGO_TARGET_DIR"));
    let killed = lines(&results.join("caught.txt")).len() + lines(&results.join("timeout.txt")).len();
    let alive = lines(&results.join("missed.txt"));
    tally.passed += killed as u64;
    for mutant in &alive {
        tally.fail(format!("alive, and not listed in .cargo/mutants.toml: {mutant}"));
    }
    if alive.is_empty() {
        let outcome = if killed == 0 { Err("no mutant was tried".to_owned()) } else { outcome };
        tally.step("mutants", outcome);
    }
}

/// Runs the tool. Besides 0 it ends with 2 where mutants are alive and with 3 where some did not end, which count as killed: what
/// became of each is in its lists.
fn tried(command: &mut Command) -> Result<(), String> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command.status().map_err(|error| format!("{line}: {error}"))?;
    if matches!(status.code(), Some(0 | 2 | 3)) { Ok(()) } else { Err(format!("{line}: {status}")) }
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
