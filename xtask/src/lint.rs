//! `cargo xtask lint`: what can be judged without running the code. A warning is an error.

use crate::process::{cargo, program, run, works};
use crate::tidy;

/// Runs every check, also after one has failed, and names those that did.
pub(crate) fn run_all() -> Result<(), String> {
    components()?;
    let mut failed = Vec::new();
    let mut step = |name, outcome: Result<(), String>| {
        if let Err(message) = outcome {
            eprintln!("{message}");
            failed.push(name);
        }
    };
    step("formatting", run(&mut cargo(&["fmt", "--all", "--check"])));
    let clippy = ["clippy", "--workspace", "--all-targets", "--locked", "--", "-D", "warnings"];
    step("clippy", run(&mut cargo(&clippy)));
    let doc = ["doc", "--workspace", "--no-deps", "--locked"];
    step("documentation", run(cargo(&doc).env("RUSTDOCFLAGS", "-D warnings")));
    step("packages", run(cargo(&PACKAGE).arg("--no-verify")));
    step("registry", tidy::run_registry());
    if failed.is_empty() { Ok(()) } else { Err(format!("lint failed: {}", failed.join(", "))) }
}

/// Packages every crate that is published. Work that is not committed yet is packaged too: one lints before committing.
pub(crate) const PACKAGE: [&str; 8] =
    ["package", "--workspace", "--exclude", "xtask", "--exclude", "memory-bench", "--locked", "--allow-dirty"];

/// Installs rustfmt and clippy where the toolchain came without them.
fn components() -> Result<(), String> {
    if works(&mut cargo(&["fmt", "--version"])) && works(&mut cargo(&["clippy", "--version"])) {
        return Ok(());
    }
    run(&mut program("rustup", &["component", "add", "rustfmt", "clippy"])).map_err(|error| {
        format!("{error}\nrustfmt or clippy is missing; install them beside the toolchain, then start again")
    })
}
