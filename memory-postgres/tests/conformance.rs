//! The suite against a real PostgreSQL, and the cases that only it has.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests: a panic is a failed case")]

mod own;

use std::process::ExitCode;
use std::sync::Arc;

use memory_conformance::Harness;

use own::server::Server;

fn main() -> ExitCode {
    let harnesses: Vec<Arc<dyn Harness>> =
        vec![Arc::new(Server { secured: false }), Arc::new(Server { secured: true })];
    let code = memory_conformance::run_all(harnesses, &own::cases());
    own::server::clean_up();
    code
}
