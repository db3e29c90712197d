//! Asking before something is gone for good.

use std::io::{self, IsTerminal as _, Write as _};

use crate::failure::Failure;

/// Whether there is somebody to ask. Known before any I/O, so that a script is refused before anything happens.
pub(super) fn possible(yes: bool, what: &str) -> Result<(), Failure> {
    if yes || (io::stdin().is_terminal() && io::stderr().is_terminal()) {
        return Ok(());
    }
    Err(Failure::Usage(format!("{what} asks first, and there is no terminal to ask on: say --yes to go ahead")))
}

/// Asks, unless the answer was given beforehand.
pub(super) fn ask(yes: bool, question: &str) -> Result<(), Failure> {
    if yes {
        return Ok(());
    }
    let mut answer = String::new();
    let asked = write!(io::stderr(), "{question} [y/N] ").and_then(|()| io::stdin().read_line(&mut answer));
    match (asked, answer.trim()) {
        (Ok(_), "y" | "Y" | "yes") => Ok(()),
        _ => Err(Failure::Error("not confirmed: nothing was deleted".to_owned())),
    }
}
