//! The suite against a real PostgreSQL, and the cases that only it has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests: a panic is a failed case")]

mod own;

use std::process::ExitCode;
use std::sync::Arc;

fn main() -> ExitCode {
    let code = memory_conformance::run_all(vec![Arc::new(own::server::Server)], &own::cases());
    own::server::clean_up();
    code
}
