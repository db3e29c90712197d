//! Runs the cases as tests.

use std::process::ExitCode;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use memory_core::{Capabilities, Clock as _, Result, SystemClock};

use crate::case::{Case, Failure, Outcome};
use crate::cases::all;
use crate::child;
use crate::context::Context;
use crate::harness::{Harness, Settings};
use crate::report::{Entry, Report, Verdict};
use crate::waivers;

/// The entry point of a backend's `tests/conformance.rs`: every case of the suite, the random traces, and the backend's own
/// cases, each as a test of its own. Takes libtest's arguments. With `MEMORY_REPORT_DIR` set, writes the JSON report there.
pub fn run(harness: impl Harness, own: &[Case]) -> ExitCode {
    run_all(vec![Arc::new(harness)], own)
}

/// As [`run`], for a backend that comes in several forms, such as a file and `:memory:`. The names of tests then start with
/// the harness's name.
pub fn run_all(harnesses: Vec<Arc<dyn Harness>>, own: &[Case]) -> ExitCode {
    if let Some(code) = child::run_if_asked(&harnesses) {
        return code;
    }
    let arguments = Arguments::from_args();
    let mut trials = Vec::new();
    let mut suites = Vec::new();
    for harness in &harnesses {
        let prefix = if harnesses.len() > 1 { format!("{}::", harness.name()) } else { String::new() };
        match Suite::new(Arc::clone(harness)) {
            Ok(suite) => {
                trials.extend(suite.trials(&prefix, own));
                suites.push(suite);
            }
            // Nothing is known of what applies, so that every case fails, and says why.
            Err(error) => trials.extend(all().chain(own.iter().copied()).map(|case| {
                let message = format!("{}: {} cannot be reached: {error}", case.rule, harness.name());
                Trial::test(format!("{prefix}{}", case.test_name()), move || Err(message.into()))
            })),
        }
    }
    let whole = arguments.filter.is_none() && arguments.skip.is_empty() && !arguments.list;
    let conclusion = libtest_mimic::run(&arguments, trials);
    if arguments.list {
        return ExitCode::SUCCESS;
    }
    let mut code = conclusion.exit_code();
    for suite in &suites {
        eprint!("{}", suite.not_applicable());
        if whole && let Err(error) = suite.report().write_if_asked() {
            eprintln!("the report could not be written: {error}");
            code = ExitCode::FAILURE;
        }
    }
    if whole && conclusion.num_passed + conclusion.num_failed == 0 {
        eprintln!("no case was run");
        code = ExitCode::FAILURE;
    }
    code
}

/// The suite on one backend.
#[derive(Clone, Debug)]
pub struct Suite {
    harness: Arc<dyn Harness>,
    capabilities: Capabilities,
    entries: Arc<Mutex<Vec<Entry>>>,
}

impl Suite {
    /// Connects once, to learn the backend's capabilities.
    ///
    /// # Errors
    /// Those of the harness.
    pub fn new(harness: Arc<dyn Harness>) -> Result<Self> {
        let database = Arc::clone(&harness);
        let capabilities = block_on(async move {
            let database = database.database(&Settings::default()).await?;
            let backend = database.connect().await?;
            let capabilities = backend.capabilities().clone();
            backend.close().await?;
            Ok::<_, memory_core::Error>(capabilities)
        })?;
        Ok(Self { harness, capabilities, entries: Arc::default() })
    }

    /// A test for each case that applies, the suite's and then `own`, with this before their names. Cases that do not apply
    /// are entered in the report with the reason.
    pub fn trials(&self, prefix: &str, own: &[Case]) -> Vec<Trial> {
        let mut trials = Vec::new();
        for case in all().chain(own.iter().copied()) {
            match case.needs.unmet(&self.capabilities, &*self.harness) {
                Some(reason) => self.enter(case, Verdict::NotApplicable(reason)),
                None => {
                    let suite = self.clone();
                    trials.push(Trial::test(format!("{prefix}{}", case.test_name()), move || suite.trial(case)));
                }
            }
        }
        trials
    }

    /// What was found so far.
    pub fn report(&self) -> Report {
        let entries = self.entries.lock().unwrap_or_else(PoisonError::into_inner).clone();
        Report::new(self.harness.name(), &self.capabilities, self.harness.versions(), entries)
    }

    /// The cases that do not apply, a line each.
    pub fn not_applicable(&self) -> String {
        let report = self.report();
        report
            .entries
            .iter()
            .filter_map(|entry| match &entry.verdict {
                Verdict::NotApplicable(reason) => {
                    Some(format!("not applicable to {}: {}: {reason}\n", report.backend, entry.test))
                }
                _ => None,
            })
            .collect()
    }

    fn trial(&self, case: Case) -> std::result::Result<(), Failed> {
        let mut outcome = run_case(case, Arc::clone(&self.harness));
        let waiver = waivers::waiver(&case, &self.harness.name());
        if let Some(waiver) = waiver {
            let today = SystemClock.now().to_string();
            outcome = waivers::judge(waiver, &today[..10], outcome);
        }
        self.enter(
            case,
            match (&outcome, waiver) {
                (Err(failure), _) => Verdict::Failed(failure.to_string()),
                (Ok(()), None) => Verdict::Passed,
                (Ok(()), Some(waiver)) => {
                    Verdict::NotApplicable(format!("waived until {}: {}", waiver.until, waiver.reason))
                }
            },
        );
        outcome.map_err(|failure| Failed::from(format!("{}: {failure}", case.rule)))
    }

    fn enter(&self, case: Case, verdict: Verdict) {
        let entry = Entry { rule: case.rule.to_owned(), test: case.test_name(), file: case.file.to_owned(), verdict };
        self.entries.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }
}

/// How long one case may take, so that a backend that hangs fails it. The thorough form runs thousands of traces in one.
fn deadline() -> Duration {
    Duration::from_secs(if std::env::var_os("MEMORY_THOROUGH").is_some() { 3_600 } else { 300 })
}

/// Runs one case on a database of its own, to its end. One that does not end fails by an assertion.
pub fn run_case(case: Case, harness: Arc<dyn Harness>) -> Outcome {
    block_on(async move {
        let context = Context::new(harness, &Settings::default()).await?;
        match tokio::time::timeout(deadline(), (case.run)(context)).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Failure::assertion(format!("the case did not end within {} s", deadline().as_secs()))),
        }
    })
}

/// A runtime of two threads for one case, so that tasks really run beside each other.
pub(crate) fn block_on<F: Future>(future: F) -> F::Output {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build();
    match runtime {
        Ok(runtime) => runtime.block_on(future),
        Err(error) => panic!("no runtime could be started: {error}"),
    }
}
