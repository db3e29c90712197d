#![doc = include_str!("../README.md")]

mod args;
mod commands;
mod context;
mod embedder;
mod failure;
mod interrupt;
mod options;
mod output;
mod parse;
mod pointed;
mod progress;
mod transfer;

use std::process::ExitCode;

use clap::Parser as _;

use crate::args::{Args, Asked};
use crate::commands::{completions, man};
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

fn main() -> ExitCode {
    match Args::try_parse() {
        Ok(args) => started(args).map_or_else(|failure| failure.report(), |()| ExitCode::SUCCESS),
        // `--help` and `--version` come this way too.
        Err(error) if !error.use_stderr() => match error.print() {
            Ok(()) => ExitCode::SUCCESS,
            Err(broken) => Failure::stdout(&broken).report(),
        },
        Err(error) => Failure::from(error).report(),
    }
}

/// Backends that speak to servers, and embedding services, need a runtime; one thread of it is enough for one verb.
fn started(args: Args) -> Result<(), Failure> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let runtime = runtime.map_err(|error| Failure::Error(format!("the program cannot start: {error}")))?;
    runtime.block_on(run(args))
}

/// Runs the verb and closes the database, also after an error, so that nothing is left beside its file.
async fn run(args: Args) -> Result<(), Failure> {
    let mut out = Output::new(args.global.json);
    let verb = match args.asked {
        Asked::Verb(verb) => verb,
        Asked::Completions(asked) => return completions::run(&args.global, &mut out, &asked),
        Asked::Man(asked) => return man::run(&args.global, &mut out, &asked),
    };
    let context = Context::new(args.global, &verb)?;
    let done = commands::run(&context, &mut out, verb).await;
    let closed = context.close().await;
    done?;
    closed?;
    out.flush()
}
