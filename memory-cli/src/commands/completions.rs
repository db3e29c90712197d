//! `memoryctl completions`

use std::io::Write as _;

use clap::CommandFactory as _;
use clap_complete::Shell;

use crate::args::{Args, Global};
use crate::failure::Failure;
use crate::output::Output;

/// Write the completions of a shell, for it to read when it starts
#[derive(clap::Args)]
pub(crate) struct Completions {
    /// The shell
    #[arg(value_enum)]
    shell: Shell,
}

/// Writes the script.
pub(crate) fn run(global: &Global, out: &mut Output, args: &Completions) -> Result<(), Failure> {
    global.none_for("completions")?;
    // Into memory first: the generator panics where a pipe is closed.
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut Args::command(), "memoryctl", &mut script);
    out.stream().write_all(&script).map_err(|error| Failure::stdout(&error))?;
    out.flush()
}
