//! Checks of manifests and of what depends on what.

use super::backends::backends;
use super::tree::Tree;

/// What memory-core may name in its manifest: data formats, arithmetic and Unicode, nothing that reaches out.
const CORE_MAY_USE: [&str; 11] = [
    "async-trait",
    "base64",
    "futures-util",
    "libm",
    "rust-stemmers",
    "ryu",
    "serde",
    "serde_json",
    "time",
    "unicode-normalization",
    "xxhash-rust",
];

/// What must not come in by way of another crate either: runtimes, drivers, and what only these use.
const CORE_NEVER: [&str; 18] = [
    "async-global-executor",
    "async-io",
    "async-std",
    "compio",
    "diesel",
    "hyper",
    "libsqlite3-sys",
    "mio",
    "monoio",
    "polling",
    "reqwest",
    "rusqlite",
    "rustls",
    "smol",
    "socket2",
    "sqlx",
    "tokio",
    "ureq",
];

/// Judges the output of `cargo tree --prefix depth` for memory-core.
pub(super) fn core_is_lean(dependencies: &str) -> Vec<String> {
    let mut problems = Vec::new();
    for line in dependencies.lines().filter(|line| !line.is_empty()) {
        let depth: String = line.chars().take_while(char::is_ascii_digit).collect();
        let name = line[depth.len()..].split(' ').next().unwrap_or_default();
        if depth == "1" && !CORE_MAY_USE.contains(&name) {
            problems.push(format!("memory-core depends on {name}, which is not in its list (CORE_MAY_USE)"));
        } else if CORE_NEVER.contains(&name) {
            problems.push(format!("{name} is among what memory-core is built from"));
        }
    }
    if !dependencies.starts_with("0memory-core ") {
        problems.push("cargo tree did not speak of memory-core".to_owned());
    }
    problems.dedup();
    problems
}

/// Every member's manifest takes the lints of the workspace.
pub(super) fn lints(tree: &Tree) -> Vec<String> {
    let without = tree.members().filter(|name| {
        let manifest = tree.text(&format!("{name}/Cargo.toml")).unwrap_or_default();
        section(manifest, "lints") != ["workspace = true"]
    });
    without.map(|name| format!("{name}/Cargo.toml: [lints] is not `workspace = true`")).collect()
}

/// An internal dependency says `version = "=x.y.z"`, so that a published crate finds just its siblings.
pub(super) fn exact_versions(tree: &Tree) -> Vec<String> {
    let manifest = tree.text("Cargo.toml").unwrap_or_default();
    let mine = section(manifest, "workspace.package");
    let version = mine.iter().find_map(|line| line.strip_prefix("version = ")).unwrap_or_default().trim_matches('"');
    let wanted = format!("version = \"={version}\"");
    let internal = section(manifest, "workspace.dependencies").into_iter().filter(|line| line.starts_with("memory-"));
    internal.filter(|line| !line.contains(&wanted)).map(|line| format!("Cargo.toml: {line} (not {wanted})")).collect()
}

/// No package of Cargo.lock with a name of ours has a source: a path has none, a registry has one.
pub(super) fn no_registry(tree: &Tree) -> Vec<String> {
    let Some(lock) = tree.text("Cargo.lock") else { return vec!["Cargo.lock is missing".to_owned()] };
    let mut problems = Vec::new();
    for package in lock.split("[[package]]") {
        let value = |key: &str| package.lines().find_map(|line| line.strip_prefix(key));
        let name = value("name = ").unwrap_or_default().trim_matches('"');
        if let (true, Some(source)) = (name.starts_with("memory-"), value("source = ")) {
            problems.push(format!("Cargo.lock: {name} comes from {source}"));
        }
    }
    problems
}

/// Of this project's crates a backend uses the core, what backends of a kind share, and, to be tested, the suite.
const BACKEND_MAY_USE: [&str; 4] = ["memory-conformance", "memory-core", "memory-http", "memory-sql"];

/// No backend names another one in its manifest, not for its tests either.
pub(super) fn backends_apart(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for backend in backends(tree) {
        let manifest = tree.text(&format!("{backend}/Cargo.toml")).unwrap_or_default();
        for line in manifest.lines().filter(|line| line.starts_with("memory-")) {
            let name = line.split([' ', '.', '=']).next().unwrap_or_default();
            if !BACKEND_MAY_USE.contains(&name) {
                problems.push(format!("{backend}/Cargo.toml: depends on {name}"));
            }
        }
    }
    problems
}

/// The benchmark, which only those build who ask for it.
const BENCH: &str = "memory-bench";

/// memory-bench is the one member that `default-members` leaves out, and no member depends on it.
pub(super) fn bench_apart(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    let workspace = section(tree.text("Cargo.toml").unwrap_or_default(), "workspace");
    if tree.has(BENCH) && !workspace.contains(&"default-members = [\"memory-[!b]*\", \"xtask\"]") {
        problems.push(format!("Cargo.toml: default-members must be all members but {BENCH}"));
    }
    for name in tree.members().filter(|name| *name != BENCH) {
        if name.starts_with("memory-b") {
            problems.push(format!("{name}: default-members leaves it out, for its name begins as that of {BENCH}"));
        }
        let manifest = tree.text(&format!("{name}/Cargo.toml")).unwrap_or_default();
        if manifest.lines().any(|line| line.starts_with(BENCH)) {
            problems.push(format!("{name}/Cargo.toml: depends on {BENCH}"));
        }
    }
    problems
}

/// The lines of one section of a manifest, without blank lines and comments.
fn section<'a>(manifest: &'a str, name: &str) -> Vec<&'a str> {
    let head = format!("[{name}]");
    let lines = manifest.lines().map(str::trim).skip_while(|line| *line != head).skip(1);
    lines.take_while(|line| !line.starts_with('[')).filter(|line| !line.is_empty() && !line.starts_with('#')).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_runtime_in_the_core_is_seen_however_deep() {
        let good = "0memory-core v0.1.0 (/x)\n1serde v1.0.0\n2serde_core v1.0.0\n1time v0.3.0 (*)\n";
        assert_eq!(core_is_lean(good), [] as [&str; 0]);
        let direct = core_is_lean("0memory-core v0.1.0 (/x)\n1tokio v1.0.0\n1rand v0.9.0\n");
        assert_eq!(direct.len(), 2);
        assert!(direct[1].contains("rand"));
        let deep = "0memory-core v0.1.0 (/x)\n1serde v1.0.0\n12mio v1.0.0\n";
        assert_eq!(core_is_lean(deep), ["mio is among what memory-core is built from"]);
        assert_eq!(core_is_lean(""), ["cargo tree did not speak of memory-core"]);
    }

    #[test]
    fn a_member_without_the_lints_is_seen() {
        let tree = Tree::from([
            ("Cargo.toml", "[workspace]"),
            ("memory-a/Cargo.toml", "[package]\n\n[lints]\nworkspace = true\n"),
            ("memory-b/Cargo.toml", "[package]\n[lints]\n# workspace = true\n[dependencies]\nx.workspace = true\n"),
            ("memory-c/Cargo.toml", "[package]\n"),
        ]);
        let problems = lints(&tree);
        assert_eq!(problems.len(), 2);
        assert!(problems[0].starts_with("memory-b/") && problems[1].starts_with("memory-c/"));
    }

    #[test]
    fn a_loose_internal_version_is_seen() {
        let manifest = |version| {
            format!(
                "[workspace.package]\nversion = \"0.2.0\"\n[workspace.dependencies]\n\
                 memory-core = {{ path = \"memory-core\", version = \"{version}\" }}\nserde = \"1\"\n"
            )
        };
        assert_eq!(exact_versions(&Tree::from([("Cargo.toml", manifest("=0.2.0").as_str())])), [] as [&str; 0]);
        for bad in ["0.2.0", "=0.1.0"] {
            assert_eq!(exact_versions(&Tree::from([("Cargo.toml", manifest(bad).as_str())])).len(), 1, "{bad}");
        }
    }

    #[test]
    fn a_namesake_from_the_registry_is_seen() {
        let own = "version = 4\n\n[[package]]\nname = \"memory-core\"\nversion = \"0.1.0\"\n\
                   [[package]]\nname = \"serde\"\nsource = \"registry\"\n";
        assert_eq!(no_registry(&Tree::from([("Cargo.lock", own)])), [] as [&str; 0]);
        let foreign =
            format!("{own}\n[[package]]\nname = \"memory-core\"\nversion = \"0.3.0\"\nsource = \"registry\"\n");
        assert_eq!(no_registry(&Tree::from([("Cargo.lock", foreign.as_str())])).len(), 1);
        assert_eq!(no_registry(&Tree::default()).len(), 1);
    }

    #[test]
    fn who_builds_the_benchmark_unasked_is_seen() {
        let with = |root, extra: (&str, &str)| {
            bench_apart(&Tree::from([("Cargo.toml", root), ("memory-bench/Cargo.toml", ""), extra]))
        };
        let good = "[workspace]\ndefault-members = [\"memory-[!b]*\", \"xtask\"]\n";
        assert_eq!(with(good, ("memory-a/Cargo.toml", "memory-core.workspace = true")), [] as [&str; 0]);
        assert_eq!(with("[workspace]\n", ("memory-a/Cargo.toml", "")).len(), 1);
        assert_eq!(with(good, ("memory-badger/Cargo.toml", "")).len(), 1);
        assert_eq!(with(good, ("memory-cli/Cargo.toml", "memory-bench.workspace = true")).len(), 1);
    }

    #[test]
    fn a_backend_on_another_is_seen() {
        let manifest = |line| Tree::from([("memory-one/Cargo.toml", line)]);
        assert_eq!(backends_apart(&manifest("memory-core.workspace = true\nserde = \"1\"")), [] as [&str; 0]);
        for bad in
            ["memory-two.workspace = true", "memory-two = { path = \"../memory-two\" }", "memory-reference=\"1\""]
        {
            assert_eq!(backends_apart(&manifest(bad)).len(), 1, "{bad}");
        }
        let core = Tree::from([("memory-cli/Cargo.toml", "memory-sqlite.workspace = true")]);
        assert_eq!(backends_apart(&core), [] as [&str; 0]);
    }
}
