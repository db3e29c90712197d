//! The suite on a file and on a database in memory, and the cases that only SQLite has.

#![allow(clippy::unwrap_used, clippy::panic, reason = "tests: a panic is a failed case")]

mod harness;
mod own;

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    if let Some(code) = own::child::run_if_asked() {
        return code;
    }
    memory_conformance::run_all(vec![Arc::new(harness::File::default()), Arc::new(harness::InMemory)], &own::cases())
}
