//! Running other programs from the repository's root: the command line is shown, its output goes through.

use std::ffi::OsStr;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::LazyLock;

use crate::tally::Tally;

/// The repository's root: of the one in which `cargo xtask` was typed, for two clones that share a target folder may
/// share this program too.
pub(crate) fn root() -> &'static Path {
    static ROOT: LazyLock<PathBuf> = LazyLock::new(|| {
        let here = std::env::var_os("CARGO_MANIFEST_DIR").unwrap_or_else(|| env!("CARGO_MANIFEST_DIR").into());
        Path::new(&here).parent().map_or_else(PathBuf::new, Path::to_path_buf)
    });
    &ROOT
}

/// Where commands leave what they make: the target folder that cargo uses.
pub(crate) fn target() -> PathBuf {
    match std::env::var_os("CARGO_TARGET_DIR") {
        Some(folder) => root().join(folder),
        None => root().join("target"),
    }
}

/// An empty folder under the target folder: what an earlier run left in it is removed.
pub(crate) fn cleared(folder: PathBuf) -> Result<PathBuf, String> {
    let failed = |error| format!("{}: {error}", folder.display());
    if folder.exists() {
        std::fs::remove_dir_all(&folder).map_err(failed)?;
    }
    std::fs::create_dir_all(&folder).map_err(failed)?;
    Ok(folder)
}

/// A program, started in the repository's root.
pub(crate) fn program(name: impl AsRef<OsStr>, args: &[&str]) -> Command {
    let mut command = Command::new(name);
    command.args(args).current_dir(root());
    command
}

/// The cargo that runs this program.
pub(crate) fn cargo(args: &[&str]) -> Command {
    program(std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into()), args)
}

/// The command as one would type it.
pub(crate) fn shown(command: &Command) -> String {
    let name = Path::new(command.get_program()).file_stem().unwrap_or(command.get_program());
    typed(std::iter::once(name).chain(command.get_args()).map(OsStr::to_string_lossy))
}

/// Words as one would type them.
pub(crate) fn typed<S: AsRef<str>>(words: impl IntoIterator<Item = S>) -> String {
    words.into_iter().map(|word| quoted(word.as_ref())).collect::<Vec<_>>().join(" ")
}

/// A word as a POSIX shell takes it: in single quotes where it holds more than plain characters.
fn quoted(word: &str) -> String {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_=./,:+@%".contains(c);
    if !word.is_empty() && word.chars().all(plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

/// Shows the command and runs it; its output goes to the terminal. An exit code other than 0 is an error.
pub(crate) fn run(command: &mut Command) -> Result<(), String> {
    let line = shown(command);
    eprintln!("$ {line}");
    let status = command.status().map_err(|error| format!("{line}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{line}: {status}")) }
}

/// Runs the command in silence and returns what it wrote to standard output.
pub(crate) fn output(command: &mut Command) -> Result<String, String> {
    let line = shown(command);
    let output = command.stderr(Stdio::inherit()).output().map_err(|error| format!("{line}: {error}"))?;
    if !output.status.success() {
        return Err(format!("{line}: {}", output.status));
    }
    String::from_utf8(output.stdout).map_err(|error| format!("{line}: {error}"))
}

/// True if the program can be started and is content with these arguments.
pub(crate) fn works(command: &mut Command) -> bool {
    command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).status().is_ok_and(|s| s.success())
}

/// Like `run`, for a command that runs tests: the results in its output, line by line, are added to the tally.
pub(crate) fn run_tests(command: &mut Command, tally: &mut Tally) -> Result<(), String> {
    let line = shown(command);
    eprintln!("$ {line}");
    let mut child = command.stdout(Stdio::piped()).spawn().map_err(|error| format!("{line}: {error}"))?;
    if let Some(stdout) = child.stdout.take() {
        let mut terminal = std::io::stdout();
        for text in BufReader::new(stdout).split(b'\n') {
            let text = text.map_err(|error| format!("{line}: {error}"))?;
            tally.read(&String::from_utf8_lossy(&text));
            let shown = terminal.write_all(&text).and_then(|()| terminal.write_all(b"\n"));
            shown.map_err(|error| format!("standard output: {error}"))?;
        }
    }
    let status = child.wait().map_err(|error| format!("{line}: {error}"))?;
    if status.success() { Ok(()) } else { Err(format!("{line}: {status}")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_command_is_shown_as_one_would_type_it() {
        let command = program("/usr/bin/memoryctl", &["search", "what's new?", "--limit", "3", ""]);
        assert_eq!(shown(&command), r"memoryctl search 'what'\''s new?' --limit 3 ''");
    }

    #[test]
    fn test_results_are_counted_and_a_bad_exit_is_an_error() {
        let mut tally = Tally::default();
        let mut good = program("cargo", &["--version"]);
        assert_eq!(run_tests(&mut good, &mut tally), Ok(()));
        assert_eq!(tally, Tally::default());
        let mut bad = program("cargo", &["no-such-command"]);
        assert!(run_tests(bad.stderr(Stdio::null()), &mut tally).is_err());
        assert!(run(&mut program("no-such-program-anywhere", &[])).is_err());
    }
}
