//! `cargo xtask tidy`: the invariants of ARCHITECTURE.md, each a function from the repository's files to what is wrong.

mod backends;
mod compose;
mod crates;
mod documents;
mod rust;
mod tree;

use tree::Tree;

use crate::process::{self, cargo};
use crate::tables;

/// A sentence about the repository, and the function that finds where it does not hold: one line for each place.
type Check = (&'static str, fn(&Tree) -> Vec<String>);

/// Another project holds the name memory-core on the registry.
const REGISTRY: Check = ("no memory-* crate comes from a registry", crates::no_registry);

const CHECKS: &[Check] = &[
    ("every member takes the workspace's lints", crates::lints),
    ("internal dependencies carry the exact version", crates::exact_versions),
    REGISTRY,
    ("no backend depends on another", crates::backends_apart),
    ("nobody builds memory-bench without asking", crates::bench_apart),
    ("a backend holds only the files of ARCHITECTURE.md", backends::files),
    ("a URL leads to every backend", backends::connected),
    ("compose.yaml has the servers that the tests have", compose::versions),
    ("a backend waits (.await) only where it talks to its server", backends::awaits),
    ("unsafe only in listed files", rust::unsafe_code),
    ("nothing unfinished, skipped or silenced", rust::unfinished),
    ("no file over 500 lines", rust::length),
    ("the rules of SPEC.md have numbers of their own", documents::rules),
    ("paths named in Markdown exist", documents::paths),
];

/// Runs every check and prints what each found.
pub(crate) fn run() -> Result<(), String> {
    let mut problems = judge(CHECKS, &Tree::read(process::root())?);
    problems += show("the core depends on no driver and no runtime", &crates::core_is_lean(&core_dependencies()?));
    let tables = tables::run(&["--check".to_owned()]);
    problems += show("generated tables are fresh", &tables.err().into_iter().collect::<Vec<_>>());
    verdict(problems)
}

/// Runs the one check that `cargo xtask lint` makes too.
pub(crate) fn run_registry() -> Result<(), String> {
    verdict(judge(&[REGISTRY], &Tree::read(process::root())?))
}

/// The crates that run the suite on themselves: the reference and every backend.
pub(crate) fn tested_by_the_suite() -> Result<Vec<String>, String> {
    let tree = Tree::read(process::root())?;
    Ok(std::iter::once("memory-reference").chain(backends::backends(&tree)).map(str::to_owned).collect())
}

/// Runs these checks, prints what each found, and counts it.
fn judge(checks: &[Check], tree: &Tree) -> usize {
    checks.iter().map(|(sentence, check)| show(sentence, &check(tree))).sum()
}

fn verdict(problems: usize) -> Result<(), String> {
    if problems == 0 { Ok(()) } else { Err(format!("tidy: {problems} to mend")) }
}

fn show(sentence: &str, problems: &[String]) -> usize {
    println!("{}: {sentence}", if problems.is_empty() { "ok" } else { "FAILED" });
    for problem in problems {
        println!("    {problem}");
    }
    problems.len()
}

/// Everything that memory-core is built from, on every platform and with every feature, as `cargo tree` tells it: one
/// crate a line, its distance from memory-core in front.
fn core_dependencies() -> Result<String, String> {
    let tree = ["tree", "--locked", "-p", "memory-core", "-e", "normal", "--all-features", "--target", "all"];
    process::output(cargo(&tree).args(["--prefix", "depth"]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::new_backend;

    #[test]
    fn the_repository_is_tidy() {
        run().unwrap();
    }

    #[test]
    fn a_new_backend_is_tidy() {
        let repository = Tree::read(process::root()).unwrap();
        let files = repository.under("").map(|(path, text)| (path.to_owned(), text.to_owned()));
        let lines = new_backend::lines("acme", |file| Ok(repository.text(file).unwrap().to_owned())).unwrap();
        let tree: Tree = files.chain(new_backend::files("acme").unwrap()).chain(lines).collect();
        for (sentence, check) in CHECKS {
            let problems = check(&tree).into_iter().filter(|problem| problem.contains("acme"));
            assert_eq!(problems.collect::<Vec<_>>(), [] as [&str; 0], "{sentence}");
        }
    }

    #[test]
    fn the_suite_tests_the_reference_and_the_backends() {
        let tested = tested_by_the_suite().unwrap();
        assert!(
            tested.iter().any(|name| name == "memory-reference") && tested.iter().any(|name| name == "memory-sqlite")
        );
        assert!(!tested.iter().any(|name| name == "memory-core" || name == "memory-conformance"));
    }

    #[test]
    fn problems_are_counted_and_fail() {
        let compose: String =
            compose::wanted().map(|(name, image)| format!("  {name}:\n    image: {image}\n")).collect();
        let spec = ("memory-conformance/SPEC.md", "- **AB-1** x");
        assert_eq!(judge(CHECKS, &Tree::from([("Cargo.lock", ""), spec, ("compose.yaml", &compose)])), 0);
        assert_eq!(judge(&[REGISTRY], &Tree::default()), 1);
        assert_eq!(judge(CHECKS, &Tree::default()), 3);
        assert_eq!(verdict(0), Ok(()));
        assert_eq!(verdict(2), Err("tidy: 2 to mend".to_owned()));
        assert_eq!(run_registry(), Ok(()));
    }
}
