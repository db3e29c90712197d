//! Whether the suite would find out a file without checksums: the mutant of CD-4, which needs a file to damage.

use std::sync::Arc;

use memory_conformance::{Context, FailureKind, Needs, Outcome, all, cases, ensure, run_case};
use memory_core::Place;

use crate::harness::File;

cases! {
    "CD-4": [(a_store_without_checksums_is_found_out, Needs::Fact("place: file", |facts| facts.place == Place::File))],
}

async fn a_store_without_checksums_is_found_out(_context: Context) -> Outcome {
    let harness = Arc::new(File::unchecked());
    let mut found_out = 0;
    for case in all().filter(|case| case.rule == "CD-4") {
        let harness = Arc::clone(&harness);
        // A case runs on a runtime of its own, so it needs a thread of its own.
        let outcome = std::thread::spawn(move || run_case(case, harness)).join();
        found_out += u32::from(matches!(outcome, Ok(Err(failure)) if failure.kind() == FailureKind::Assertion));
    }
    ensure!(found_out >= 2, "only {found_out} cases of CD-4 notice that damage goes unnoticed");
    Ok(())
}
