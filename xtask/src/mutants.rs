//! The core's mutants, by cargo-mutants: every small change to the arithmetic and the rules must turn a test red.
//!
//! Which files are mutated, and which mutants survive for a good reason, is in `.cargo/mutants.toml`.

use std::path::Path;

use crate::process::{cargo, program, run, target, works};
use crate::tally::Tally;

const VERSION: &str = "27.1.0";

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
    let folder = target().join("xtask");
    let results = folder.join("mutants.out");
    let mut command = program(&tool, &["mutants", "--package", "memory-core", "--jobs", "2", "--output"]);
    // Each job builds in a folder of its own; a shared one would make them wait for each other.
    let outcome = run(command.arg(&folder).env_remove("CARGO_TARGET_DIR"));
    let killed = lines(&results.join("caught.txt")).len() + lines(&results.join("timeout.txt")).len();
    let alive = lines(&results.join("missed.txt"));
    for mutant in &alive {
        eprintln!("alive, and not listed in .cargo/mutants.toml: {mutant}");
    }
    tally.passed += killed as u64;
    tally.failed += alive.len() as u64;
    if alive.is_empty() {
        let outcome = if killed == 0 { Err("no mutant was tried".to_owned()) } else { outcome };
        tally.step("mutants", outcome);
    }
}

fn lines(file: &Path) -> Vec<String> {
    std::fs::read_to_string(file).unwrap_or_default().lines().map(str::to_owned).collect()
}
