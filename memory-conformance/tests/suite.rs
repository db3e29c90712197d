//! The suite's own tests: whole on the second store, once strong and once weak; its teeth; rules against cases.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]
#![allow(clippy::print_stdout, reason = "which assertion killed which mutant is said beside the test")]

mod mutants;
mod remote;
mod second;

use std::process::ExitCode;
use std::sync::Arc;

use libtest_mimic::{Arguments, Failed, Trial};
use memory_conformance::{Needs, Suite, all, rules, run_case};

use mutants::{Wrapped, hunt};
use remote::{DEFECTS, RemoteHarness};
use second::{FAULTS, Faults, Profile, SecondHarness};

/// When every case starts, in microseconds; see `memory_conformance::context`.
pub(crate) const START: i64 = memory_conformance::context::START;

/// Rules that no backend can break alone: the core keeps them before a backend is asked, or they are about the suite.
const KEPT_BY_THE_CORE: [&str; 4] = ["CA-4", "ID-6", "FI-10", "MO-3"];

/// Rules of which a half is planned; the other half has cases.
const PLANNED_IN_PART: [&str; 2] = ["VE-5", "ER-3"];

/// The rule whose mutant needs a file to damage: it is among memory-sqlite's own tests.
const SHOWN_ON_A_FILE: &str = "CD-4";

fn main() -> ExitCode {
    let mut trials = vec![
        Trial::test("rules_and_cases_agree", rules_and_cases_agree),
        Trial::test("every_rule_has_a_mutant", every_rule_has_a_mutant),
    ];
    let mut suites = Vec::new();
    for (name, profile) in [("strong", Profile::Strong), ("weak", Profile::Weak)] {
        match Suite::new(Arc::new(SecondHarness { profile, faults: Faults::default() })) {
            Ok(suite) => {
                trials.extend(suite.trials(&format!("second_store::{name}::"), &[]));
                suites.push(suite);
            }
            Err(error) => trials.push(Trial::test(name, move || Err(Failed::from(error.to_string())))),
        }
    }
    for mutant in mutants::mutants() {
        let name = format!("mutant::{}::{}", mutant.rule, mutant.name.replace(' ', "_"));
        trials.push(Trial::test(name.clone(), move || said(&name, Wrapped::hunt(mutant))));
    }
    for (fault, rules, profile) in FAULTS {
        let name = format!("mutant::{}::{fault:?}", rules.join("+"));
        trials.push(Trial::test(name.clone(), move || {
            let faults = Faults::with(*fault);
            let harness = Arc::new(SecondHarness { profile: *profile, faults: faults.clone() });
            said(&name, hunt(rules, harness, move || faults.applied()))
        }));
    }
    for case in all().filter(|case| matches!(case.needs, Needs::Server)) {
        trials.push(Trial::test(format!("remote::{}", case.test_name()), move || {
            run_case(case, Arc::new(RemoteHarness::new(None)?)).map_err(|failure| Failed::from(failure.to_string()))
        }));
    }
    for (defect, rules) in DEFECTS {
        let name = format!("mutant::{}::{defect:?}", rules.join("+"));
        trials.push(Trial::test(name.clone(), move || {
            let harness = Arc::new(RemoteHarness::new(Some(*defect))?);
            let applied = Arc::clone(&harness);
            said(&name, hunt(rules, harness, move || applied.applied()))
        }));
    }
    let conclusion = libtest_mimic::run(&Arguments::from_args(), trials);
    conclusion.exit_code()
}

/// Prints the assertion that killed the mutant, or fails.
fn said(name: &str, killed: Result<String, String>) -> Result<(), Failed> {
    let by = killed?;
    println!("{name} is killed by {by}");
    Ok(())
}

fn rules_and_cases_agree() -> Result<(), Failed> {
    let mismatches = rules::mismatches(&all().collect::<Vec<_>>());
    if mismatches.is_empty() { Ok(()) } else { Err(mismatches.join("\n").into()) }
}

fn every_rule_has_a_mutant() -> Result<(), Failed> {
    let mutants: Vec<&str> = mutants::mutants().map(|mutant| mutant.rule).collect();
    let faults = FAULTS.iter().flat_map(|(_, rules, _)| rules.iter().copied());
    let faults: Vec<&str> = faults.chain(DEFECTS.iter().flat_map(|(_, rules)| rules.iter().copied())).collect();
    let count = mutants.len() + FAULTS.len() + DEFECTS.len();
    if count < 80 {
        return Err(format!("only {count} mutants").into());
    }
    let missing: Vec<String> = rules::rules()
        .into_iter()
        .filter(|rule| rule.planned.is_none() || PLANNED_IN_PART.contains(&rule.number.as_str()))
        .map(|rule| rule.number)
        .filter(|rule| !mutants.contains(&rule.as_str()) && !faults.contains(&rule.as_str()))
        .filter(|rule| !KEPT_BY_THE_CORE.contains(&rule.as_str()) && rule != SHOWN_ON_A_FILE)
        .collect();
    if missing.is_empty() { Ok(()) } else { Err(format!("rules without a mutant: {}", missing.join(", ")).into()) }
}
