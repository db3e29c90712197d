//! Checks of Markdown files.

use std::collections::BTreeSet;

use super::tree::Tree;

const SPEC: &str = "memory-conformance/SPEC.md";

/// What `new-backend` copies; its links are right where the copy is.
const TEMPLATE: &str = "xtask/template/";

/// SPEC.md is there, and no two rules have one number. That each has a case is checked by memory-conformance.
pub(super) fn rules(tree: &Tree) -> Vec<String> {
    let Some(text) = tree.text(SPEC) else { return vec![format!("{SPEC} is missing")] };
    let mut seen = BTreeSet::new();
    let numbers = text.lines().filter_map(|line| line.strip_prefix("- **")?.split_once("**")).map(|(number, _)| number);
    let mut problems: Vec<String> =
        numbers.filter(|number| !seen.insert(*number)).map(|number| format!("{SPEC}: {number} stands twice")).collect();
    if seen.is_empty() {
        problems.push(format!("{SPEC} holds no rule"));
    }
    problems
}

/// Every relative link leads somewhere, and so does every path in code quotes: from the document, the root, or a crate.
pub(super) fn paths(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (document, text) in tree.ending(".md").filter(|(path, _)| !path.starts_with(TEMPLATE)) {
        let folder = document.rsplit_once('/').map_or("", |(folder, _)| folder);
        let mut fenced = false;
        for (number, line) in text.lines().enumerate() {
            if line.trim_start().starts_with("```") {
                fenced = !fenced;
            }
            if !fenced {
                let missing = missing_in(tree, folder, line);
                problems.extend(missing.map(|path| format!("{document}:{}: {path} does not exist", number + 1)));
            }
        }
    }
    problems
}

/// The paths that a line names and that are not there.
fn missing_in<'a>(tree: &Tree, folder: &str, line: &'a str) -> impl Iterator<Item = &'a str> {
    let (mut links, mut quoted) = (Vec::new(), Vec::new());
    for (index, part) in line.split('`').enumerate() {
        if index % 2 == 1 {
            quoted.push(part);
        } else {
            links.extend(part.split("](").skip(1).filter_map(|rest| rest.split([')', ' ']).next()));
        }
    }
    if let Some((_, target)) = line.strip_prefix('[').and_then(|rest| rest.split_once("]: ")) {
        links.push(target.trim());
    }
    let dead = |link: &&str| {
        let path = link.split('#').next().unwrap_or_default();
        !path.is_empty() && !path.contains(':') && !exists(tree, &[folder], path)
    };
    let places: Vec<&str> = [folder, ""].into_iter().chain(tree.members()).collect();
    let gone = |path: &&str| names_a_path(tree, folder, path) && !exists(tree, &places, path);
    let missing: Vec<&str> = links.into_iter().filter(dead).chain(quoted.into_iter().filter(gone)).collect();
    missing.into_iter()
}

/// True if the quoted text reads as a path of this repository: plain characters, a slash, and it begins with a folder
/// that exists at the root or beside the document, or with the name of a crate.
fn names_a_path(tree: &Tree, folder: &str, text: &str) -> bool {
    let plain = |c: char| c.is_ascii_alphanumeric() || "-_./".contains(c);
    let Some((first, rest)) = text.split_once('/') else { return false };
    let is_crate = first.starts_with("memory-") && !first.contains(|c: char| c.is_ascii_uppercase());
    !rest.is_empty()
        && text.chars().all(plain)
        && (is_crate || (!first.is_empty() && exists(tree, &[folder, ""], first)))
}

/// True if one of the folders holds this path.
fn exists(tree: &Tree, folders: &[&str], path: &str) -> bool {
    folders.iter().any(|folder| {
        let mut parts: Vec<&str> = folder.split('/').filter(|part| !part.is_empty()).collect();
        for part in path.split('/') {
            match part {
                "" | "." => {}
                ".." if parts.pop().is_none() => return false,
                ".." => {}
                name => parts.push(name),
            }
        }
        parts.is_empty() || tree.has(&parts.join("/"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_number_stands_once() {
        let spec = |text| Tree::from([(SPEC, text)]);
        assert_eq!(rules(&spec("- **AB-1** One.\n  See **AB-1**.\n- **AB-2** Two.\n")), [] as [&str; 0]);
        let twice = rules(&spec("- **AB-1** One.\n- **AB-1** Again.\n"));
        assert_eq!(twice, ["memory-conformance/SPEC.md: AB-1 stands twice"]);
        assert_eq!(rules(&spec("Nothing.")), ["memory-conformance/SPEC.md holds no rule"]);
        assert_eq!(rules(&Tree::default()), ["memory-conformance/SPEC.md is missing"]);
    }

    fn found(line: &str) -> Vec<String> {
        let files = [("memory-a/src/x.rs", ""), ("docs/guide.md", ""), (".ci/run", ""), ("examples/data", "")];
        let more = [("memory-b/Cargo.toml", ""), ("memory-b/examples/b.rs", ""), ("memory-a/README.md", line)];
        let all = files.into_iter().chain(more).map(|(path, text)| (path.to_owned(), text.to_owned()));
        let problems = paths(&all.collect());
        problems.into_iter().map(|problem| problem.replace(" does not exist", "")).collect()
    }

    #[test]
    fn paths_that_exist_and_texts_that_are_none_pass() {
        for good in [
            "[x](src/x.rs) and [g](../docs/guide.md#part) and [`x`](src) and [up](..)",
            "[web](https://example.org/no/such) and [here](#part) and [m](mailto:a@example.org)",
            "`src/x.rs`, `memory-a/src/x.rs`, `.ci/run`, `docs/`, `memory-NAME/src/y.rs`, `examples/b.rs`",
            "`a/b/c`, `application/json`, `src/*.rs`, `text/vector/hybrid`, `memory-b`",
            "[x]: src/x.rs",
            "```text\n[x](nowhere.md) `src/nowhere.rs`\n```",
        ] {
            assert_eq!(found(good), [] as [&str; 0], "{good}");
        }
    }

    #[test]
    fn paths_that_do_not_exist_are_seen() {
        for (bad, path) in [
            ("[x](src/y.rs)", "src/y.rs"),
            ("[g](docs/guide.md)", "docs/guide.md"),
            ("[g](../../docs/guide.md)", "../../docs/guide.md"),
            ("[x]: nowhere.md", "nowhere.md"),
            ("see `src/y.rs`", "src/y.rs"),
            ("see `memory-b/src/lib.rs`", "memory-b/src/lib.rs"),
            ("see `docs/other.md`", "docs/other.md"),
        ] {
            assert_eq!(found(bad), [format!("memory-a/README.md:1: {path}")], "{bad}");
        }
    }
}
