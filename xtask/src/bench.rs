//! `cargo xtask bench`: builds memory-bench as a release and runs it.

use crate::process::{cargo, run, target};

/// Passes everything on. Without `--out` the results go to the target folder; a relative one is of the folder in which the
/// command was typed.
pub(crate) fn run_all(flags: &[&str]) -> Result<(), String> {
    let here = std::env::current_dir().map_err(|error| format!("the current folder: {error}"))?;
    let mut command = cargo(&["run", "--quiet", "--release", "--locked", "--package", "memory-bench", "--"]);
    command.current_dir(here).args(flags);
    if !flags.iter().any(|flag| *flag == "--out" || flag.starts_with("--out=")) {
        command.arg("--out").arg(target().join("bench"));
    }
    run(&mut command)
}
