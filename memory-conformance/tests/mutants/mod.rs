//! The suite's teeth: backends that are wrong in one thing each, and must be found out by the cases of the rule that they
//! break.

mod configuration;
mod filters;
mod listing;
mod names;
mod records;
mod search;
mod wrapper;
mod writes;

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use async_trait::async_trait;
use memory_conformance::{Case, FailureKind, Harness, Settings, TestDatabase, all, run_case};
use memory_core::connect::Connector;
use memory_core::{Backend, Result};
use memory_reference::ReferenceBackend;

pub(crate) use wrapper::Mutant;
use wrapper::{Bent, Hook};

/// Every mutant that is a wrapper around the reference.
pub(crate) fn mutants() -> impl Iterator<Item = Mutant> {
    [
        configuration::MUTANTS,
        names::MUTANTS,
        records::MUTANTS,
        writes::MUTANTS,
        filters::MUTANTS,
        search::MUTANTS,
        listing::MUTANTS,
    ]
    .into_iter()
    .flatten()
    .copied()
}

/// Runs the rule's cases on such a backend until an assertion fails, and answers which; the error says that none did.
pub(crate) fn hunt(rules: &[&str], harness: Arc<dyn Harness>, applied: impl Fn() -> bool) -> Result<String, String> {
    let capabilities = capabilities(&harness)?;
    let mut errors = Vec::new();
    let cases: Vec<Case> = all()
        .filter(|case| rules.contains(&case.rule) && case.needs.unmet(&capabilities, &*harness).is_none())
        .collect();
    for case in &cases {
        let outcome = run_case(*case, Arc::clone(&harness));
        match outcome {
            Err(failure) if failure.kind() == FailureKind::Assertion && applied() => {
                return Ok(format!("{}: {failure}", case.test_name()));
            }
            Err(failure) => errors.push(format!("\n  {} failed without an assertion: {failure}", case.test_name())),
            Ok(()) => {}
        }
    }
    let fate = if applied() { "alive" } else { "never applied" };
    Err(format!("{fate} after {} cases of {}{}", cases.len(), rules.join(", "), errors.concat()))
}

fn capabilities(harness: &Arc<dyn Harness>) -> Result<memory_core::Capabilities, String> {
    let connect = async {
        let backend = harness.database(&Settings::default()).await?.connect().await?;
        Ok::<_, memory_core::Error>(backend.capabilities().clone())
    };
    futures_util::FutureExt::now_or_never(connect)
        .ok_or("connecting took more than one poll")?
        .map_err(|error| error.to_string())
}

/// The reference behind a wrapper.
#[derive(Debug)]
pub(crate) struct Wrapped {
    mutant: Mutant,
    applied: Arc<AtomicBool>,
    /// The first database that was made.
    first: OnceLock<Arc<Bent<Arc<dyn Backend>>>>,
}

impl Wrapped {
    pub(crate) fn new(mutant: Mutant) -> Self {
        Self { mutant, applied: Arc::default(), first: OnceLock::new() }
    }

    /// Finds the case that kills the mutant.
    pub(crate) fn hunt(mutant: Mutant) -> Result<String, String> {
        let wrapped = Arc::new(Self::new(mutant));
        let applied = Arc::clone(&wrapped.applied);
        hunt(&[mutant.rule], wrapped, move || applied.load(Ordering::SeqCst))
    }
}

#[async_trait]
impl Harness for Wrapped {
    fn name(&self) -> String {
        self.mutant.name.to_owned()
    }

    fn versions(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    fn connector(&self) -> Option<Arc<dyn Connector>> {
        let bent = self.mutant.hooks.iter().find_map(Hook::connector)?;
        self.applied.store(true, Ordering::SeqCst);
        Some(bent)
    }

    async fn database(&self, settings: &Settings) -> Result<Arc<dyn TestDatabase>> {
        let limits = ReferenceBackend::new().capabilities().limits.clone();
        let backend: Arc<dyn Backend> = Arc::new(ReferenceBackend::with_limits(settings.lower(limits)));
        let bent = Arc::new(Bent::new(backend, self.mutant, Arc::clone(&self.applied)));
        if self.mutant.hooks.iter().any(Hook::is_one_database) {
            self.applied.store(true, Ordering::SeqCst);
            return Ok(Arc::new(Database(Arc::clone(self.first.get_or_init(|| bent)))));
        }
        Ok(Arc::new(Database(bent)))
    }
}

#[derive(Debug)]
struct Database(Arc<Bent<Arc<dyn Backend>>>);

#[async_trait]
impl TestDatabase for Database {
    async fn connect(&self) -> Result<Arc<dyn Backend>> {
        Ok(Arc::new(Arc::clone(&self.0)))
    }
}
