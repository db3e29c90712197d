//! `memoryctl man`

use std::io::Write as _;
use std::path::PathBuf;

use clap::CommandFactory as _;

use crate::args::{Args, Global};
use crate::failure::Failure;
use crate::output::Output;

/// Write the manual page
#[derive(clap::Args)]
pub(crate) struct Man {
    /// Write the pages of the program and of each verb into this folder instead: memoryctl.1, memoryctl-add.1, …
    folder: Option<PathBuf>,
}

/// Writes the page, or all of them.
pub(crate) fn run(global: &Global, out: &mut Output, args: &Man) -> Result<(), Failure> {
    global.none_for("man")?;
    let command = Args::command().disable_help_subcommand(true);
    if let Some(folder) = &args.folder {
        return clap_mangen::generate_to(command, folder).map_err(|error| Failure::file(folder, &error));
    }
    let mut page = Vec::new();
    let rendered = clap_mangen::Man::new(command).render(&mut page);
    rendered.and_then(|()| out.stream().write_all(&page)).map_err(|error| Failure::stdout(&error))?;
    out.flush()
}
