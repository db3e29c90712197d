#![doc = include_str!("../README.md")]
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test suite: a panic is a failed case")]
#![allow(clippy::print_stderr, reason = "what does not apply is said beside the test runner's own output")]

mod case;
mod cases;
mod child;
pub mod context;
mod counting;
mod harness;
pub mod hostile;
pub mod proxy;
pub mod report;
pub mod rules;
mod runner;
mod traces;
mod waivers;

pub use case::{Case, Failure, FailureKind, Needs, Outcome, Running};
pub use cases::all;
pub use context::Context;
pub use counting::Calls;
pub use harness::{Harness, Settings, TestDatabase};
pub use runner::{Suite, run, run_all, run_case};

/// The contract, as text.
pub const SPEC: &str = include_str!("../SPEC.md");
