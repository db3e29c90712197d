//! Why the program ends without success, and with which exit code.

use std::error::Error as _;
use std::fmt;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use memory_core::{Error, ErrorKind};

use crate::output::text::safe;

/// An end without success: a message for people, and the exit code for programs.
#[derive(Debug)]
pub(crate) enum Failure {
    /// 1: anything that is none of the others.
    Error(String),
    /// 2: the command line asks for what makes no sense.
    Usage(String),
    /// 3: a named collection, record or file does not exist.
    Absent(String),
    /// 4: the store did not answer, for now.
    Away(String),
    /// 130, as shells count it: the user pressed Ctrl-C.
    Interrupted(String),
    /// Whoever reads standard output wants no more, as `head` does: an end like any other.
    ClosedPipe,
}

impl Failure {
    /// Says why on standard error and gives the exit code.
    pub(crate) fn report(self) -> ExitCode {
        let (code, message) = match self {
            Self::Error(message) => (1, message),
            Self::Usage(message) => (2, message),
            Self::Absent(message) => (3, message),
            Self::Away(message) => (4, message),
            Self::Interrupted(message) => (130, message),
            Self::ClosedPipe => return ExitCode::SUCCESS,
        };
        note(&format!("memoryctl: {message}"));
        ExitCode::from(code)
    }

    /// What stopped a write to standard output.
    pub(crate) fn stdout(error: &io::Error) -> Self {
        match error.kind() {
            io::ErrorKind::BrokenPipe => Self::ClosedPipe,
            _ => Self::Error(format!("standard output cannot be written: {error}")),
        }
    }

    /// What stopped the reading or writing of a file, or of standard input.
    pub(crate) fn file(path: &Path, error: &io::Error) -> Self {
        let message = format!("{}: {error}", path.display());
        match error.kind() {
            io::ErrorKind::NotFound => Self::Absent(message),
            _ => Self::Error(message),
        }
    }

    /// The same end, with more said.
    pub(crate) fn map(self, change: impl FnOnce(String) -> String) -> Self {
        match self {
            Self::Error(message) => Self::Error(change(message)),
            Self::Usage(message) => Self::Usage(change(message)),
            Self::Absent(message) => Self::Absent(change(message)),
            Self::Away(message) => Self::Away(change(message)),
            Self::Interrupted(message) => Self::Interrupted(change(message)),
            Self::ClosedPipe => Self::ClosedPipe,
        }
    }
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        let mut message = error.to_string();
        let mut source = error.source();
        while let Some(cause) = source {
            message.push_str(&format!(": {cause}"));
            source = cause.source();
        }
        match error.kind() {
            ErrorKind::NotFound => Self::Absent(message),
            ErrorKind::Unavailable | ErrorKind::Timeout => Self::Away(message),
            _ => Self::Error(message),
        }
    }
}

impl From<clap::Error> for Failure {
    fn from(error: clap::Error) -> Self {
        let message = error.render().to_string();
        if error.kind() == clap::error::ErrorKind::DisplayHelpOnMissingArgumentOrSubcommand {
            return Self::Usage(format!("say what to do\n\n{}", message.trim_end()));
        }
        Self::Usage(message.strip_prefix("error: ").unwrap_or(&message).trim_end().to_owned())
    }
}

/// The message of an error about a text that the user typed, with the place in it.
pub(crate) fn about_text(error: &Error) -> String {
    match error.offset() {
        Some(offset) => format!("{} (at byte {offset})", error.message()),
        None => error.message().to_owned(),
    }
}

/// Says something on standard error. If that is closed, nobody wants to know.
pub(crate) fn note(message: &(impl fmt::Display + ?Sized)) {
    let message: Vec<String> = message.to_string().lines().map(|line| safe(line).into_owned()).collect();
    drop(writeln!(io::stderr(), "{}", message.join("\n")));
}
