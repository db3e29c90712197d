//! What a backend is let off (CA-4): nothing, for now.

use crate::case::{Case, Failure, Outcome};

/// A case that one backend unavoidably fails, for a while.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Waiver {
    /// The rule: `FI-6`.
    pub(crate) rule: &'static str,
    /// The case's name.
    pub(crate) case: &'static str,
    /// The harness's name.
    pub(crate) backend: &'static str,
    /// Why it cannot be otherwise; shown in the report.
    pub(crate) reason: &'static str,
    /// The last day on which it holds: `2026-12-31`.
    pub(crate) until: &'static str,
}

/// Every waiver there is.
pub(crate) const WAIVERS: &[Waiver] = &[];

/// The waiver of this case for this backend.
pub(crate) fn waiver(case: &Case, backend: &str) -> Option<&'static Waiver> {
    WAIVERS.iter().find(|waiver| waiver.rule == case.rule && waiver.case == case.name && waiver.backend == backend)
}

/// What a waived case comes to on this day: a failure is borne, until the waiver ends; a success ends it.
pub(crate) fn judge(waiver: &Waiver, today: &str, outcome: Outcome) -> Outcome {
    let Waiver { rule, case, until, .. } = waiver;
    match outcome {
        Ok(()) => Err(Failure::assertion(format!("{case} passes: its waiver of {rule} is to go"))),
        Err(failure) if today > *until => {
            Err(Failure::assertion(format!("the waiver of {rule} ended on {until}: {failure}")))
        }
        Err(_) => Ok(()),
    }
}
