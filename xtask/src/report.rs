//! `cargo xtask report`: what each backend was seen to do, rule by rule, as one HTML page.

use crate::process::{cargo, cleared, run, target};
use crate::{servers, tidy};

/// Runs the suite on every backend, then makes the page from what they wrote. A failed case is on the page and makes
/// the command fail too.
pub(crate) fn run_all() -> Result<(), String> {
    let folder = cleared(target().join("report"))?;
    let mut suite = cargo(&["test", "--locked", "--no-fail-fast", "--test", "conformance"]);
    for backend in tidy::tested_by_the_suite()? {
        suite.args(["--package", &backend]);
    }
    let lent = servers::lend_all()?;
    let suite = run(suite.env("MEMORY_REPORT_DIR", &folder).envs(servers::environment(&lent)?));
    drop(lent);
    let page = folder.join("index.html");
    let make = ["run", "--quiet", "--locked", "-p", "memory-conformance", "--example", "report", "--"];
    run(cargo(&make).arg(&folder).arg(&page))?;
    println!("{}", page.display());
    suite
}
