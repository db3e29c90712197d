//! The project's own commands. `cargo xtask help` lists them; each lives in a file of its own.
#![allow(clippy::print_stdout, clippy::print_stderr, reason = "a command talks on its standard streams")]

mod bench;
mod demo;
mod lint;
mod mutants;
mod new_backend;
mod process;
mod readme;
mod report;
mod servers;
mod tables;
mod tally;
mod test;
mod tidy;

use std::process::ExitCode;

const HELP: &str = "\
The project's own commands:

  cargo xtask test [--embedded] [--thorough]
      Runs every test there is, with servers of its own, unless the environment
      names others (MEMORY_TEST_POSTGRES_URL). --embedded leaves them out;
      --thorough runs the long forms: long traces, the core's mutants, packages.
  cargo xtask servers up|down|status|env|reset [NAME...]
      Real servers for the tests, on this machine's loopback: postgres. `up`
      installs and starts, and prints what `cargo test` needs in its environment;
      `env` prints it again; `down` stops; `reset` deletes the data too.
  cargo xtask servers run NAME DIR [ARGUMENT...]
      A server for one test: prints its URL and becomes the server, so that the
      test can kill it. DIR keeps data, port and password. ARGUMENTs are for the
      server (postgres: -c max_connections=10).
  cargo xtask lint
      Formatting, clippy, documentation, packages; a warning is an error.
  cargo xtask tidy
      The invariants of ARCHITECTURE.md.
  cargo xtask tables [--check]
      Writes the analyser's Unicode tables, or says whether they are fresh.
  cargo xtask report
      Runs the conformance suite and writes one HTML page: rules by backends.
  cargo xtask bench [--records N,...] [--out DIR] [--quick] [--only NAME,...]
      Measures memory-sqlite against hand-written baselines: a table, bench.json
      and a page with plots. memory-bench/README.md says how to read them.
  cargo xtask demo [--out FILE]
      Loads example memories into a SQLite file and searches them.
  cargo xtask new-backend NAME
      Writes the crate memory-NAME, which runs the suite and fails every case.
  cargo xtask help
      This text.
";

/// A mistake in the command line, or a command that failed; the text is for the person at the terminal.
enum Failure {
    Usage(String),
    Failed(String),
}

fn main() -> ExitCode {
    let args: Vec<String> = std::env::args().skip(1).collect();
    match dispatch(&args) {
        Ok(()) => ExitCode::SUCCESS,
        Err(Failure::Usage(message)) => {
            eprintln!("error: {message}\n\n{HELP}");
            ExitCode::from(2)
        }
        Err(Failure::Failed(message)) => {
            eprintln!("error: {message}");
            ExitCode::FAILURE
        }
    }
}

fn dispatch(args: &[String]) -> Result<(), Failure> {
    let words: Vec<&str> = args.iter().map(String::as_str).collect();
    let Some((command, rest)) = words.split_first() else {
        return Err(Failure::Usage("which command?".to_owned()));
    };
    let done = match (*command, rest) {
        ("test", flags) => test::run_command(&test::Options::parse(flags).map_err(Failure::Usage)?),
        ("servers", words) => servers::run_all(words),
        ("lint", []) => lint::run_all(),
        ("tidy", []) => tidy::run(),
        ("tables", _) => tables::run(args.get(1..).unwrap_or_default()),
        ("report", []) => report::run_all(),
        ("bench", flags) => bench::run_all(flags),
        ("demo", []) => demo::run_all(None),
        ("demo", ["--out", file]) => demo::run_all(Some(file)),
        ("new-backend", [name]) => new_backend::run_all(name),
        ("help" | "--help" | "-h", []) => {
            print!("{HELP}");
            Ok(())
        }
        _ => return Err(Failure::Usage(format!("this is not a command: {}", words.join(" ")))),
    };
    done.map_err(Failure::Failed)
}
