//! Checks of the backend crates: all of them hold the same files, and wait in the same places.

use super::rust::{find, tokens};
use super::tree::Tree;

/// The members that are no backend. Every other `memory-*` is one.
const LIBRARIES: [&str; 10] = [
    "memory-bench",
    "memory-cli",
    "memory-conformance",
    "memory-connect",
    "memory-core",
    "memory-embed",
    "memory-http",
    "memory-layers",
    "memory-reference",
    "memory-sql",
];

const REQUIRED: [&str; 13] = [
    "Cargo.toml",
    "README.md",
    "examples/quickstart.rs",
    "src/backend.rs",
    "src/collection.rs",
    "src/config.rs",
    "src/connector.rs",
    "src/error.rs",
    "src/filter.rs",
    "src/lib.rs",
    "src/mapping.rs",
    "src/schema.rs",
    "tests/conformance.rs",
];

const OPTIONAL: [&str; 3] = ["src/client.rs", "src/query.rs", "tests/traces.seeds"];

/// The one place of each crate that may hold further files of one kind: folder and ending.
const KINDS: [(&str, &str); 2] = [("schema/", ".sql"), ("tests/own/", ".rs")];

/// Files and folders that one backend has beyond the list, each with the reason.
const EXTRA: &[(&str, &str)] = &[
    ("memory-postgres/src/batches.rs", "which statements write a batch, and who lost, is decided without a server"),
    ("memory-postgres/src/catalogue.rs", "the list of collections is a table of its own, with statements of its own"),
    ("memory-postgres/src/driver.rs", "time-outs and TLS of the driver, without a connection"),
    (
        "memory-postgres/src/health.rs",
        "settings, privileges and indexes of a server are many, and each finding has advice",
    ),
    ("memory-postgres/src/reindex.rs", "the one task that reads and rewrites all of a collection"),
    ("memory-postgres/src/vectors.rs", "what pgvector's indexes take, and how a search uses one or keeps away from it"),
    ("memory-postgres/src/searches.rs", "the statements of searches, which alone are as long as all others"),
    (
        "memory-postgres/src/setup.rs",
        "connecting looks at the server and brings its schema up to date, or says what that takes",
    ),
    (
        "memory-postgres/src/statements.rs",
        "a call is one statement; their texts belong together, beside the pieces in query.rs",
    ),
    ("memory-sqlite/src/connection.rs", "opening a file right takes a dozen settings, checked in one place"),
    ("memory-sqlite/src/index/", "SQLite has no vector search and another BM25: the indexes are this crate's own"),
    ("memory-sqlite/src/jobs/", "what a server would do runs here, on the threads that own the connections"),
    ("memory-sqlite/src/workers.rs", "a file takes one writer, and no async caller may wait for it on its own thread"),
    ("memory-sqlite/src/workers/", "concurrent writes share a flush of the disk: a queue with a bound, and groups"),
    ("memory-sqlite/tests/harness/", "there is no server to restart, kill or damage: the harness does it to a file"),
];

/// The files of a backend that talk to its server and may wait for the answer, and those that open it.
const MAY_AWAIT: [&str; 5] =
    ["src/backend.rs", "src/client.rs", "src/collection.rs", "src/connector.rs", "src/setup.rs"];

/// Where a URL's scheme leads to a backend.
const TABLE: &str = "memory-connect/src/table.rs";

/// The names of the members that are backends.
pub(super) fn backends(tree: &Tree) -> impl Iterator<Item = &str> {
    tree.members().filter(|name| name.starts_with("memory-") && !LIBRARIES.contains(name))
}

/// Each backend has every file of ARCHITECTURE.md and no other. The reference, too, runs the suite.
pub(super) fn files(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for backend in backends(tree) {
        let folder = format!("{backend}/");
        for name in REQUIRED.iter().filter(|name| !tree.has(&format!("{folder}{name}"))) {
            problems.push(format!("{folder}{name} is missing"));
        }
        for (path, _) in tree.under(&folder).filter(|(path, _)| !belongs(&path[folder.len()..]) && !is_extra(path)) {
            problems.push(format!("{path} is no file of a backend (ARCHITECTURE.md lists them)"));
        }
        for (path, reason) in EXTRA.iter().filter(|(path, _)| path.starts_with(&folder)) {
            if !tree.has(path.trim_end_matches('/')) {
                problems.push(format!("{path} is listed ({reason}) but does not exist"));
            }
        }
    }
    if tree.has("memory-reference") && !tree.has("memory-reference/tests/conformance.rs") {
        problems.push("memory-reference/tests/conformance.rs is missing".to_owned());
    }
    problems
}

/// Each backend has its line in memory-connect's table, so that a URL leads to it.
pub(super) fn connected(tree: &Tree) -> Vec<String> {
    let table = tree.text(TABLE).unwrap_or_default();
    let missing = backends(tree).filter(|name| !table.contains(&format!("{}::", name.replace('-', "_"))));
    missing.map(|name| format!("{TABLE}: {name} has no line")).collect()
}

/// True for what is listed, for what may lie in a listed folder, and for the tests of a listed module.
fn belongs(name: &str) -> bool {
    let listed = |entry: &str| name == entry || (entry.ends_with('/') && name.starts_with(entry));
    REQUIRED.iter().chain(&OPTIONAL).any(|entry| listed(entry))
        || name.strip_suffix("/tests.rs").is_some_and(|module| REQUIRED.contains(&format!("{module}.rs").as_str()))
        || KINDS.iter().any(|(folder, end)| name.starts_with(folder) && name.ends_with(end))
}

fn is_extra(path: &str) -> bool {
    EXTRA.iter().any(|(entry, _)| path == *entry || (entry.ends_with('/') && path.starts_with(entry)))
}

/// `.await` stands only in the files that talk to the server; all else is a function of its arguments.
pub(super) fn awaits(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for backend in backends(tree) {
        let folder = format!("{backend}/");
        let sources = tree.under(&folder).filter(|(path, _)| path.ends_with(".rs"));
        for (path, text) in sources {
            let name = &path[folder.len()..];
            if name.starts_with("src/") && !MAY_AWAIT.contains(&name) {
                let found = find(&tokens(text), &[".", "await"]);
                problems.extend(found.iter().map(|line| format!("{path}:{line}: .await in a file that does not wait")));
            }
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    fn whole() -> Vec<(String, String)> {
        REQUIRED.iter().map(|name| (format!("memory-one/{name}"), String::new())).collect()
    }

    fn with(extra: &[(&str, &str)]) -> Tree {
        let extra = extra.iter().map(|(path, text)| ((*path).to_owned(), (*text).to_owned()));
        Tree::from_iter(whole().into_iter().chain(extra))
    }

    #[test]
    fn a_file_too_few_or_too_many_is_seen() {
        assert_eq!(files(&with(&[])), [] as [&str; 0]);
        let good = ["tests/own/two_processes.rs", "schema/1.sql", "src/query.rs", "src/filter/tests.rs"];
        for name in good {
            assert_eq!(files(&with(&[(&format!("memory-one/{name}"), "")])), [] as [&str; 0], "{name}");
        }
        for name in ["src/util.rs", "tests/more.rs", "src/index/flat.rs", "schema/1.rs", "src/backend.rs.orig"] {
            assert_eq!(files(&with(&[(&format!("memory-one/{name}"), "")])).len(), 1, "{name}");
        }
        let without = whole().into_iter().filter(|(path, _)| !path.ends_with("conformance.rs"));
        assert_eq!(files(&Tree::from_iter(without)), ["memory-one/tests/conformance.rs is missing"]);
        let reference = Tree::from([("memory-reference/Cargo.toml", "")]);
        assert_eq!(files(&reference), ["memory-reference/tests/conformance.rs is missing"]);
    }

    #[test]
    fn a_listed_extra_may_and_must_exist() {
        for (path, _) in EXTRA {
            let file = if path.ends_with('/') { format!("{path}x.rs") } else { (*path).to_owned() };
            let problems = files(&Tree::from([("memory-sqlite/Cargo.toml", ""), (&file, "")]));
            assert!(!problems.iter().any(|problem| problem.contains(path)), "{problems:?}");
        }
        let tree = Tree::from([("memory-sqlite/Cargo.toml", "")]);
        let stale = files(&tree).into_iter().filter(|problem| problem.contains("is listed")).count();
        assert_eq!(stale, EXTRA.iter().filter(|(path, _)| path.starts_with("memory-sqlite/")).count());
    }

    #[test]
    fn a_backend_without_a_line_in_the_table_is_seen() {
        assert_eq!(connected(&with(&[(TABLE, "row!(\"one\", [\"one\"], memory_one::One)")])), [] as [&str; 0]);
        for table in ["", "row!(\"one\", [\"one\"], memory_one_more::One)"] {
            assert_eq!(connected(&with(&[(TABLE, table)])), ["memory-connect/src/table.rs: memory-one has no line"]);
        }
    }

    #[test]
    fn an_await_outside_its_files_is_seen() {
        let waits = "async fn f() {\n    g()\n        .await;\n}\n";
        assert_eq!(awaits(&with(&[("memory-one/src/backend.rs", waits)])), [] as [&str; 0]);
        assert_eq!(awaits(&with(&[("memory-one/tests/own/a.rs", waits)])), [] as [&str; 0]);
        assert_eq!(awaits(&with(&[("memory-one/src/filter.rs", "// x.await\nlet s = \".await\";")])), [] as [&str; 0]);
        let found = awaits(&with(&[("memory-one/src/filter.rs", waits)]));
        assert_eq!(found, ["memory-one/src/filter.rs:3: .await in a file that does not wait"]);
    }
}
