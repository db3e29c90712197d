//! The README's Rust example: it is an example program of memory-sqlite, word for word, and it runs.

use std::fs;

use crate::process::{cargo, cleared, output, root, target};

const EXAMPLE: &str = "memory-sqlite/examples/quickstart.rs";

/// What the example prints after the score.
const FOUND: &str = "Ada drinks her tea without milk.";

/// Compares the two, and runs the example.
pub(crate) fn try_out() -> Result<(), String> {
    let read = |name: &str| fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"));
    if code(&read("README.md")?) != program_text(&read(EXAMPLE)?) {
        return Err(format!("README.md's Rust example is not {EXAMPLE}"));
    }
    let file = cleared(target().join("xtask").join("quickstart"))?.join("memories.db");
    let printed = output(
        cargo(&["run", "--quiet", "--locked", "-p", "memory-sqlite", "--example", "quickstart", "--"]).arg(file),
    )?;
    if printed.contains(FOUND) { Ok(()) } else { Err(format!("{EXAMPLE} does not find what it put")) }
}

/// The first block of Rust code.
fn code(readme: &str) -> &str {
    let after = readme.split_once("```rust\n").map_or("", |(_, after)| after);
    after.split_once("```").map_or("", |(code, _)| code)
}

/// The program from its first `use` on.
fn program_text(source: &str) -> &str {
    source.find("use ").map_or("", |start| &source[start..])
}

#[cfg(test)]
mod unit {
    use super::*;

    #[test]
    fn the_code_and_the_program_are_cut_out() {
        assert_eq!(code("text\n```sh\nls\n```\n```rust\nuse a;\n```\nmore ```"), "use a;\n");
        assert_eq!(code("no code"), "");
        assert_eq!(program_text("//! docs\n\n#![allow(x)]\n\nuse a;\nfn main() {}\n"), "use a;\nfn main() {}\n");
    }
}
