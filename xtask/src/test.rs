//! `cargo xtask test`: every test there is, and one line at the end that says how many there were.

use crate::process::{cargo, program, root, run, run_tests, works};
use crate::tally::Tally;
use crate::{demo, lint, mutants, new_backend, readme, servers, tidy};

/// Where the servers are, for the tests.
type Environment = Vec<(String, String)>;

/// What `cargo xtask test` was asked to do.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Options {
    embedded: bool,
    thorough: bool,
}

impl Options {
    /// Reads the flags that follow `test`.
    pub(crate) fn parse(flags: &[&str]) -> Result<Self, String> {
        let mut options = Self::default();
        for flag in flags {
            match *flag {
                "--embedded" => options.embedded = true,
                "--thorough" => options.thorough = true,
                other => return Err(format!("`test` has no option {other}")),
            }
        }
        Ok(options)
    }
}

/// Runs everything, also after a failure, and ends with the line `N passed, M failed`.
fn run_all(options: &Options, servers: &Environment) -> Tally {
    let mut tally = Tally::default();
    tally.step("tidy", tidy::run());
    workspace(options, servers, &mut tally);
    core_with_other_features(options, &mut tally);
    connect_without_features(options, &mut tally);
    tally.step("demo", demo::try_out());
    tally.step("the README's example", readme::try_out());
    let template = new_backend::try_out(&mut tally);
    tally.step("new-backend", template);
    if options.thorough {
        tally.step("packages", run(&mut cargo(&lint::PACKAGE)));
        mutants::run_all(&mut tally);
    }
    tally
}

/// The command: checks the machine, runs everything, and says what came of it.
pub(crate) fn run_command(options: &Options) -> Result<(), String> {
    c_compiler()?;
    let lent = if options.embedded { Vec::new() } else { servers::lend_all()? };
    let tally = run_all(options, &servers::environment(&lent)?);
    drop(lent);
    if options.embedded {
        println!("\nLeft out because they need a server: {}.", need_servers().collect::<Vec<_>>().join(", "));
    }
    if !options.thorough {
        println!(
            "\nThe long forms were not run: long traces, core's mutants, packages built from their archives (--thorough)."
        );
    }
    verdict(&tally)
}

/// A run is good if something ran, nothing failed and nothing was skipped. What failed is shown again; the tally is the last line
/// of output.
fn verdict(tally: &Tally) -> Result<(), String> {
    for failure in tally.failures() {
        println!("\nFailed: {}", failure.trim());
    }
    if tally.ignored > 0 {
        println!("{} ignored: no test may be skipped", tally.ignored);
    }
    println!("{} passed, {} failed", tally.passed, tally.failed);
    match tally {
        Tally { passed: 0, .. } => Err("no test was run".to_owned()),
        Tally { failed: 0, ignored: 0, .. } => Ok(()),
        _ => Err("the tests failed".to_owned()),
    }
}

/// All tests of all members, documentation tests too.
fn workspace(options: &Options, servers: &Environment, tally: &mut Tally) {
    let mut command = cargo(&["test", "--workspace", "--locked", "--no-fail-fast"]);
    if options.embedded {
        command.args(need_servers().flat_map(|name| ["--exclude", name]));
    }
    tests("workspace", command.envs(options.environment()).envs(servers.iter().cloned()), tally);
}

/// The members whose tests need a server.
fn need_servers() -> impl Iterator<Item = &'static str> {
    let mut backends: Vec<_> = servers::SERVERS.iter().map(|server| server.backend).collect();
    backends.dedup();
    backends.into_iter().filter(|name| root().join(name).is_dir())
}

/// Other crates of a program can turn on features of serde_json that change how it reads numbers and orders keys. The
/// core must not notice.
fn core_with_other_features(options: &Options, tally: &mut Tally) {
    let features = "serde_json/arbitrary_precision,serde_json/preserve_order";
    let mut command = cargo(&["test", "-p", "memory-core", "--locked", "--no-fail-fast", "--features", features]);
    tests("memory-core with serde_json's features", command.envs(options.environment()), tally);
}

/// What was not built in has to say so, which only shows where it is not.
fn connect_without_features(options: &Options, tally: &mut Tally) {
    let mut command = cargo(&["test", "-p", "memory-connect", "--locked", "--lib", "--no-default-features"]);
    tests("memory-connect without its features", command.envs(options.environment()), tally);
}

impl Options {
    fn environment(&self) -> Option<(&'static str, &'static str)> {
        self.thorough.then_some(("MEMORY_THOROUGH", "1"))
    }
}

/// Runs a command that tests. One that fails without a failed test, or that runs no test, counts as one failure.
fn tests(name: &str, command: &mut std::process::Command, tally: &mut Tally) {
    let (passed, failed) = (tally.passed, tally.failed);
    let outcome = run_tests(command, tally);
    if let Err(message) = &outcome {
        eprintln!("{name}: {message}");
    }
    if tally.failed == failed && (outcome.is_err() || tally.passed == passed) {
        tally.fail(format!("{name}: no test failed, but the tests did not run as they should"));
    }
}

/// SQLite is compiled from its C source. Without a compiler that fails late and with a long text, so it is asked first.
fn c_compiler() -> Result<(), String> {
    let compiler = std::env::var("CC").unwrap_or_else(|_| "cc".to_owned());
    if cfg!(windows) || works(&mut program(&compiler, &["--version"])) {
        return Ok(());
    }
    Err(format!(
        "there is no C compiler here ({compiler} --version fails). Install one and start again:\n  \
         apt-get install gcc libc6-dev    (Debian, Ubuntu)\n  dnf install gcc                  (Fedora)\n  \
         xcode-select --install           (macOS)"
    ))
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn flags_are_read_and_an_unknown_one_is_refused() {
        assert_eq!(Options::parse(&[]), Ok(Options { embedded: false, thorough: false }));
        assert_eq!(Options::parse(&["--thorough", "--embedded"]), Ok(Options { embedded: true, thorough: true }));
        assert_eq!(Options::parse(&["--fast"]), Err("`test` has no option --fast".to_owned()));
    }

    #[test]
    fn a_run_without_tests_or_with_a_failed_or_skipped_one_is_not_good() {
        let tally = |passed, failed, ignored| {
            let mut tally = Tally::default();
            (tally.passed, tally.failed, tally.ignored) = (passed, failed, ignored);
            tally
        };
        assert_eq!(verdict(&tally(3, 0, 0)), Ok(()));
        assert!(verdict(&tally(0, 0, 0)).is_err());
        assert!(verdict(&tally(3, 1, 0)).is_err());
        assert!(verdict(&tally(3, 0, 1)).is_err());
    }

    #[test]
    fn a_command_that_runs_no_test_is_a_failure() {
        let mut tally = Tally::default();
        tally.passed = 5;
        tests("none", &mut cargo(&["--version"]), &mut tally);
        assert_eq!((tally.passed, tally.failed, tally.failures().len()), (5, 1, 1));
    }
}
