//! What a case is, and how it fails.

use std::fmt;
use std::pin::Pin;

use memory_core::{Capabilities, Error, Facts, Switch};

use crate::context::Context;
use crate::harness::Harness;

/// How a case ends.
pub type Outcome = std::result::Result<(), Failure>;

/// Why a case failed.
#[derive(Debug)]
pub struct Failure {
    kind: FailureKind,
    message: String,
}

/// The two ways of failing. Only an assertion kills a mutant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_enums)]
pub enum FailureKind {
    /// Something was observed that the rule forbids.
    Assertion,
    /// A call failed that the case needs to get anywhere.
    Error,
}

impl Failure {
    /// The rule does not hold.
    pub fn assertion(message: impl Into<String>) -> Self {
        Self { kind: FailureKind::Assertion, message: message.into() }
    }

    /// Which of the two ways.
    pub fn kind(&self) -> FailureKind {
        self.kind
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self { kind: FailureKind::Error, message: format!("a call failed unexpectedly: {error}\n{error:?}") }
    }
}

/// What a running case is.
pub type Running = Pin<Box<dyn Future<Output = Outcome> + Send>>;

/// One check of one rule.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Case {
    /// The rule, as SPEC.md writes it: `FI-4`.
    pub rule: &'static str,
    /// The function's name: `not_is_the_set_complement`.
    pub name: &'static str,
    /// Where it applies.
    pub needs: Needs,
    /// The file that it stands in.
    pub file: &'static str,
    /// What it does.
    pub run: fn(Context) -> Running,
}

impl Case {
    /// For the macro [`cases!`](crate::cases).
    pub const fn new(
        rule: &'static str,
        name: &'static str,
        needs: Needs,
        file: &'static str,
        run: fn(Context) -> Running,
    ) -> Self {
        Self { rule, name, needs, file, run }
    }

    /// The name of the test: `fi_04::not_is_the_set_complement`.
    pub fn test_name(&self) -> String {
        let (letters, number) = self.rule.split_once('-').unwrap_or((self.rule, "0"));
        format!("{}_{number:0>2}::{}", letters.to_lowercase(), self.name)
    }
}

/// Where a case applies. A case that does not apply is listed as such, with the reason; another case of the rule, or of
/// CA-2, then shows the weaker form.
#[derive(Clone, Copy, Debug)]
#[allow(clippy::exhaustive_enums)]
pub enum Needs {
    /// Everywhere.
    Nothing,
    /// Where this switch is claimed.
    Switch(Switch),
    /// Where this switch is not claimed.
    NoSwitch(Switch),
    /// Where the facts are so; the words say what is needed.
    Fact(&'static str, fn(&Facts) -> bool),
    /// Where the capabilities are so; the words say what is needed.
    Capability(&'static str, fn(&Capabilities) -> bool),
    /// Where the harness gives a [connector](Harness::connector).
    Connector,
    /// Where the harness names a [server](Harness::server), before which a fault proxy can be put.
    Server,
}

impl Needs {
    /// Why the case does not apply to such a backend, if it does not.
    pub fn unmet(&self, capabilities: &Capabilities, harness: &dyn Harness) -> Option<String> {
        match self {
            Self::Nothing => None,
            Self::Switch(switch) => (!capabilities.has(*switch)).then(|| format!("needs the switch {switch}")),
            Self::NoSwitch(switch) => capabilities.has(*switch).then(|| format!("the switch {switch} is claimed")),
            Self::Fact(words, holds) => (!holds(&capabilities.facts)).then(|| format!("needs {words}")),
            Self::Capability(words, holds) => (!holds(capabilities)).then(|| format!("needs {words}")),
            Self::Connector => harness.connector().is_none().then(|| "needs a connector".to_owned()),
            Self::Server => harness.server().is_none().then(|| "needs a server behind a fault proxy".to_owned()),
        }
    }
}

/// Lists the cases of a file: `cases! { "FI-4": [not_is_the_set_complement, (only_here, Needs::Switch(..))], … }` makes
/// `pub(crate) const CASES: &[Case]`. Each name is an `async fn(Context) -> Outcome` of the same module.
#[macro_export]
macro_rules! cases {
    ($($rule:literal: [$($case:tt),* $(,)?]),* $(,)?) => {
        /// The cases of this file.
        pub(crate) const CASES: &[$crate::Case] = &[$($($crate::case!($rule, $case)),*),*];
    };
}

/// One entry of [`cases!`].
#[macro_export]
macro_rules! case {
    ($rule:literal, ($name:ident, $needs:expr)) => {
        $crate::Case::new($rule, stringify!($name), $needs, file!(), |context| Box::pin($name(context)))
    };
    ($rule:literal, $name:ident) => {
        $crate::case!($rule, ($name, $crate::Needs::Nothing))
    };
}

/// Fails the case unless the condition holds.
#[macro_export]
macro_rules! ensure {
    ($condition:expr, $($message:tt)+) => {
        if !$condition {
            return Err($crate::Failure::assertion(format!($($message)+)));
        }
    };
}

/// Fails the case unless both are equal; the first is what was observed, the second the literal that the rule demands.
#[macro_export]
macro_rules! ensure_eq {
    ($observed:expr, $expected:expr, $($message:tt)+) => {
        // A match keeps temporaries alive.
        match (&$observed, &$expected) {
            (observed, expected) => {
                if *observed != *expected {
                    return Err($crate::Failure::assertion(format!(
                        "{}\n  observed: {observed:?}\n  expected: {expected:?}",
                        format!($($message)+)
                    )));
                }
            }
        }
    };
}

/// Fails the case unless the result is an error of this kind: `ensure_kind!(result, Conflict, "…")`. Gives the error.
#[macro_export]
macro_rules! ensure_kind {
    ($result:expr, $kind:ident, $($message:tt)+) => {
        match $result {
            Ok(_) => {
                return Err($crate::Failure::assertion(format!(
                    "{}: expected {:?}, but the call succeeded", format!($($message)+), memory_core::ErrorKind::$kind
                )));
            }
            Err(error) if error.kind() == memory_core::ErrorKind::$kind => error,
            Err(error) => {
                return Err($crate::Failure::assertion(format!(
                    "{}: expected {:?}, but got {error}", format!($($message)+), memory_core::ErrorKind::$kind
                )));
            }
        }
    };
}
