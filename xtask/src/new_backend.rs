//! `cargo xtask new-backend NAME`: a crate that compiles, is tidy, and runs the suite, where every case fails.

use std::path::Path;
use std::process::Stdio;

use crate::process::{cargo, cleared, root, run, run_tests, target};
use crate::tally::Tally;

/// Path and text of each file of a new crate. `template` and `Template` stand for the backend's name.
const TEMPLATE: [(&str, &str); 12] = [
    ("Cargo.toml", include_str!("../template/Cargo.toml")),
    ("README.md", include_str!("../template/README.md")),
    ("examples/quickstart.rs", include_str!("../template/examples/quickstart.rs")),
    ("src/backend.rs", include_str!("../template/src/backend.rs")),
    ("src/collection.rs", include_str!("../template/src/collection.rs")),
    ("src/config.rs", include_str!("../template/src/config.rs")),
    ("src/error.rs", include_str!("../template/src/error.rs")),
    ("src/filter.rs", include_str!("../template/src/filter.rs")),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    ("src/mapping.rs", include_str!("../template/src/mapping.rs")),
    ("src/schema.rs", include_str!("../template/src/schema.rs")),
    ("tests/conformance.rs", include_str!("../template/tests/conformance.rs")),
];

/// Writes the crate, formats it, lets Cargo.lock know it, and says how to go on.
pub(crate) fn run_all(name: &str) -> Result<(), String> {
    let files = files(name)?;
    let package = format!("memory-{name}");
    let folder = root().join(&package);
    if folder.exists() {
        return Err(format!("{package} exists"));
    }
    for (path, text) in &files {
        write(root(), path, text)?;
    }
    run(&mut cargo(&["fmt", "--package", &package]))?;
    run(&mut cargo(&["check", "--package", &package, "--all-targets"]))?;
    println!("\n{package} is there. What is left to do, rule by rule:");
    println!("  cargo test -p {package} --test conformance");
    println!("The guide is docs/guides/writing-a-backend.md; begin with src/backend.rs.");
    Ok(())
}

/// Shows that the template still fits the traits and the suite: writes a crate into a workspace of its own, runs its
/// tests, and sees every case of the suite fail because nothing is implemented.
pub(crate) fn try_out(tally: &mut Tally) -> Result<(), String> {
    let folder = cleared(target().join("xtask").join("new-backend"))?;
    let read = |name: &str| std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"));
    let own = format!("path = \"{}/memory-", root().display());
    let manifest = read("Cargo.toml")?.replace("\"memory-*\", \"xtask\"", "\"memory-acme\"");
    let manifest = manifest.replace("[workspace.lints.rust]", "[workspace.lints.rust]\nwarnings = \"deny\"");
    write(&folder, "Cargo.toml", &manifest.replace("path = \"memory-", &own))?;
    write(&folder, "Cargo.lock", &read("Cargo.lock")?)?;
    for (path, text) in files("acme")? {
        write(&folder, &path, &text.replace("path = \"../memory-", &own))?;
    }
    let here = |args: &[&str]| {
        let mut command = cargo(args);
        command.current_dir(&folder).env("CARGO_TARGET_DIR", target());
        command
    };
    run_tests(&mut here(&["test", "--lib", "--examples"]), tally)?;
    let suite = here(&["test", "--test", "conformance"]).stderr(Stdio::inherit()).output();
    let suite = suite.map_err(|error| format!("the suite: {error}"))?;
    let (text, mut cases) = (String::from_utf8_lossy(&suite.stdout), Tally::default());
    text.lines().for_each(|line| cases.read(line));
    let explained = text.lines().filter(|line| line.contains("not implemented: ")).count() as u64;
    println!("the suite on an empty backend: {} passed, {} failed", cases.passed, cases.failed);
    if cases.passed > 0 || cases.failed == 0 || explained < cases.failed || suite.status.success() {
        return Err(format!("not every case fails because nothing is implemented:\n{text}"));
    }
    Ok(())
}

fn write(folder: &Path, name: &str, text: &str) -> Result<(), String> {
    let file = folder.join(name);
    let failed = |error| format!("{}: {error}", file.display());
    std::fs::create_dir_all(file.parent().unwrap_or(folder)).map_err(failed)?;
    std::fs::write(&file, text).map_err(failed)
}

/// The files of the crate `memory-NAME`, with their paths from the repository's root.
pub(crate) fn files(name: &str) -> Result<Vec<(String, String)>, String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let Some(first) = name.chars().next().filter(char::is_ascii_lowercase) else {
        return Err("the name of a backend begins with a letter from a to z".to_owned());
    };
    if !name.chars().all(legal) {
        return Err(format!("the name of a backend is letters from a to z and digits, not `{name}`"));
    }
    let title = format!("{}{}", first.to_ascii_uppercase(), &name[1..]);
    let filled = |text: &str| text.replace("template", name).replace("Template", &title);
    Ok(TEMPLATE.iter().map(|(path, text)| (format!("memory-{name}/{path}"), filled(text))).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_is_filled_in() {
        let files = files("acme2").unwrap();
        assert!(files.iter().all(|(path, text)| path.starts_with("memory-acme2/") && !text.contains("emplate")));
        let manifest = &files[0].1;
        assert!(manifest.contains("name = \"memory-acme2\"") && manifest.contains("in Acme2"));
        assert!(files.iter().any(|(_, text)| text.contains("pub struct Acme2Backend")));
    }

    #[test]
    fn a_name_that_is_no_crate_is_refused() {
        for bad in ["", "Acme", "2acme", "acme-db", "../acme", "acmé"] {
            assert!(files(bad).is_err(), "{bad}");
        }
        assert_eq!(run_all("core"), Err("memory-core exists".to_owned()));
    }
}
