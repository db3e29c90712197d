//! `cargo xtask new-backend NAME`: a crate that compiles, is tidy, and runs the suite, where every case fails; and its lines in
//! memory-connect.

use std::collections::BTreeMap;
use std::path::Path;
use std::process::Stdio;

use crate::process::{cargo, cleared, root, run, run_tests, target};
use crate::tally::Tally;

/// Path and text of each file of a new crate. `template` and `Template` stand for the backend's name.
const TEMPLATE: [(&str, &str); 13] = [
    ("Cargo.toml", include_str!("../template/Cargo.toml")),
    ("README.md", include_str!("../template/README.md")),
    ("examples/quickstart.rs", include_str!("../template/examples/quickstart.rs")),
    ("src/backend.rs", include_str!("../template/src/backend.rs")),
    ("src/collection.rs", include_str!("../template/src/collection.rs")),
    ("src/config.rs", include_str!("../template/src/config.rs")),
    ("src/connector.rs", include_str!("../template/src/connector.rs")),
    ("src/error.rs", include_str!("../template/src/error.rs")),
    ("src/filter.rs", include_str!("../template/src/filter.rs")),
    ("src/lib.rs", include_str!("../template/src/lib.rs")),
    ("src/mapping.rs", include_str!("../template/src/mapping.rs")),
    ("src/schema.rs", include_str!("../template/src/schema.rs")),
    ("tests/conformance.rs", include_str!("../template/tests/conformance.rs")),
];

/// File, the line that its list begins with, and the new backend's line in that list.
const LINES: [(&str, &str, &str); 4] = [
    (
        "Cargo.toml",
        "[workspace.dependencies]",
        "memory-template = { path = \"memory-template\", version = \"=VERSION\" }",
    ),
    (CONNECT, "# The backends, each by its name.", "template = [\"dep:memory-template\"]"),
    (CONNECT, "[dependencies]", "memory-template = { workspace = true, optional = true }"),
    (
        "memory-connect/src/table.rs",
        "    vec![",
        "        row!(\"template\", [\"template\"], memory_template::TemplateConnector),",
    ),
];

const CONNECT: &str = "memory-connect/Cargo.toml";

/// Writes the crate, formats it, lets Cargo.lock know it, and says how to go on.
pub(crate) fn run_all(name: &str) -> Result<(), String> {
    let files = files(name)?;
    let package = format!("memory-{name}");
    let folder = root().join(&package);
    if folder.exists() {
        return Err(format!("{package} exists"));
    }
    let lines = lines(name, read)?;
    for (path, text) in files.into_iter().chain(lines) {
        write(root(), &path, &text)?;
    }
    run(&mut cargo(&["fmt", "--package", &package]))?;
    run(&mut cargo(&["check", "--package", &package, "--package", "memory-connect", "--all-targets"]))?;
    println!("\n{package} is there. What is left to do, rule by rule:");
    println!("  cargo test -p {package} --test conformance");
    println!("The guide is docs/guides/writing-a-backend.md; begin with src/backend.rs.");
    Ok(())
}

/// Shows that the template still fits the traits and the suite: writes a crate into a workspace of its own, runs its
/// tests, and sees every case of the suite fail because nothing is implemented.
pub(crate) fn try_out(tally: &mut Tally) -> Result<(), String> {
    let folder = cleared(target().join("xtask").join("new-backend"))?;
    let own = format!("path = \"{}/memory-", root().display());
    write(&folder, "Cargo.lock", &read("Cargo.lock")?)?;
    copy(&root().join("memory-connect"), &folder.join("memory-connect"))?;
    for (path, text) in lines("acme", read)? {
        let text = text.replace("path = \"memory-", &own).replace("\"memory-*\", \"xtask\"", "\"memory-*\"");
        let text = text.replace("\"memory-[!b]*\", \"xtask\"", "\"memory-*\"");
        let text = text.replace("[workspace.lints.rust]", "[workspace.lints.rust]\nwarnings = \"deny\"");
        // These two are here.
        let text = text.replace(&format!("{own}acme"), "path = \"memory-acme");
        write(&folder, &path, &text.replace(&format!("{own}connect"), "path = \"memory-connect"))?;
    }
    for (path, text) in files("acme")? {
        write(&folder, &path, &text.replace("path = \"../memory-", &own))?;
    }
    let here = |args: &[&str]| {
        let mut command = cargo(args);
        command.current_dir(&folder).env("CARGO_TARGET_DIR", target());
        command
    };
    run_tests(&mut here(&["test", "-p", "memory-acme", "--lib", "--examples"]), tally)?;
    run_tests(
        &mut here(&["test", "-p", "memory-connect", "--lib", "--no-default-features", "--features", "acme"]),
        tally,
    )?;
    let suite = here(&["test", "-p", "memory-acme", "--test", "conformance"]).stderr(Stdio::inherit()).output();
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

fn read(name: &str) -> Result<String, String> {
    std::fs::read_to_string(root().join(name)).map_err(|error| format!("{name}: {error}"))
}

/// Copies a folder with all that is in it.
fn copy(from: &Path, to: &Path) -> Result<(), String> {
    let failed = |error| format!("{}: {error}", from.display());
    std::fs::create_dir_all(to).map_err(failed)?;
    for entry in std::fs::read_dir(from).map_err(failed)? {
        let (from, to) = entry.map(|entry| (entry.path(), to.join(entry.file_name()))).map_err(failed)?;
        if from.is_dir() {
            copy(&from, &to)?;
        } else {
            std::fs::copy(&from, &to).map_err(|error| format!("{}: {error}", from.display()))?;
        }
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
    let filled = filled(name)?;
    Ok(TEMPLATE.iter().map(|(path, text)| (format!("memory-{name}/{path}"), filled(text))).collect())
}

/// The files that name every backend, with the new one's lines in them.
pub(crate) fn lines(
    name: &str,
    read: impl Fn(&str) -> Result<String, String>,
) -> Result<BTreeMap<String, String>, String> {
    let filled = filled(name)?;
    let mut files = BTreeMap::new();
    for (file, head, line) in LINES {
        let text = files.remove(file).map_or_else(|| read(file), Ok)?;
        let version =
            text.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default().trim_matches('"');
        let line = filled(line).replace("VERSION", version);
        let text = inserted(&text, head, &line).ok_or_else(|| format!("{file}: there is no line {head}"))?;
        files.insert(file.to_owned(), text);
    }
    if let Some(connect) = files.get_mut(CONNECT) {
        *connect = connect.replace("default = [", &format!("default = [\"{name}\", "));
    }
    Ok(files)
}

/// The text with a line in the list behind this head, where it belongs by its letters.
fn inserted(text: &str, head: &str, line: &str) -> Option<String> {
    let mut lines: Vec<&str> = text.lines().collect();
    let first = lines.iter().position(|line| *line == head)? + 1;
    let behind = lines.get(first..)?.iter().take_while(|other| **other < line && !other.is_empty()).count();
    lines.insert(first + behind, line);
    Some(lines.join("\n") + "\n")
}

/// Puts the backend's name into a text of the template.
fn filled(name: &str) -> Result<impl Fn(&str) -> String, String> {
    let legal = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit();
    let Some(first) = name.chars().next().filter(char::is_ascii_lowercase) else {
        return Err("the name of a backend begins with a letter from a to z".to_owned());
    };
    if !name.chars().all(legal) {
        return Err(format!("the name of a backend is letters from a to z and digits, not `{name}`"));
    }
    let title = format!("{}{}", first.to_ascii_uppercase(), &name[1..]);
    Ok(move |text: &str| text.replace("template", name).replace("Template", &title))
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
    fn the_lines_stand_where_they_belong() {
        let files = |file: &str| {
            Ok(match file {
                "Cargo.toml" => "version = \"0.2.0\"\n[workspace.dependencies]\nmemory-core = 1\nserde = 1\n",
                CONNECT => "[features]\ndefault = [\"sqlite\"]\n# The backends, each by its name.\nsqlite = []\n\n# More.\nyaml = []\n\n[dependencies]\ntoml = 1\n",
                _ => "    vec![\n        row!(\"abc\"),\n        row!(\"sqlite\"),\n    ]\n",
            }
            .to_owned())
        };
        let lines = lines("acme", files).unwrap();
        assert_eq!(
            lines["Cargo.toml"],
            "version = \"0.2.0\"\n[workspace.dependencies]\n\
             memory-acme = { path = \"memory-acme\", version = \"=0.2.0\" }\nmemory-core = 1\nserde = 1\n"
        );
        assert_eq!(
            lines[CONNECT],
            "[features]\ndefault = [\"acme\", \"sqlite\"]\n# The backends, each by its name.\nacme = [\"dep:memory-acme\"]\nsqlite = []\n\n\
             # More.\nyaml = []\n\n[dependencies]\nmemory-acme = { workspace = true, optional = true }\ntoml = 1\n"
        );
        assert_eq!(
            lines["memory-connect/src/table.rs"],
            "    vec![\n        row!(\"abc\"),\n        row!(\"acme\", [\"acme\"], memory_acme::AcmeConnector),\n        \
             row!(\"sqlite\"),\n    ]\n"
        );
        assert_eq!(lines.len(), 3);
        assert!(super::lines("acme", |_| Ok(String::new())).is_err());
    }

    #[test]
    fn a_name_that_is_no_crate_is_refused() {
        for bad in ["", "Acme", "2acme", "acme-db", "../acme", "acmé"] {
            assert!(files(bad).is_err(), "{bad}");
        }
        assert_eq!(run_all("core"), Err("memory-core exists".to_owned()));
    }
}
