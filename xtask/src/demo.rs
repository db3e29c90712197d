//! `cargo xtask demo`: the main job on real input. Memories go into a SQLite file and come back by text, by filter, by
//! vector and by both.

use std::path::PathBuf;

use crate::process::{cargo, cleared, program, run, target, typed};

/// What is shown, in this order: a heading, and what follows `memoryctl --store sqlite:FILE`.
const STEPS: &[(&str, &[&str])] = &[
    ("A collection for vectors of 56 components", &["create", "--dimension", "56", "--metric", "cosine"]),
    ("A few hundred memories of several users and agents", &["import", "examples/memories.jsonl"]),
    ("Whose they are", &["namespaces"]),
    ("By text", &["search", "flaky tests", "--mode", "text", "--limit", "3"]),
    (
        "By text, of one kind and high priority only",
        &["search", "release", "--mode", "text", "--limit", "3", "--filter", FILTER],
    ),
    (
        "By vector: an embedding of \"how to talk to an upset person\"",
        &[
            "search",
            "--mode",
            "vector",
            "--limit",
            "3",
            "--vector",
            "examples/queries/how-to-talk-to-an-upset-person.json",
        ],
    ),
    ("More like one of them", &["search", "--mode", "vector", "--limit", "3", "--like", "heur-freeze-clock"]),
    (
        "By both, for one user",
        &[
            "--namespace",
            "deniz",
            "search",
            "which foods to avoid",
            "--mode",
            "hybrid",
            "--limit",
            "3",
            "--vector",
            "examples/queries/which-foods-to-avoid.json",
        ],
    ),
];

const FILTER: &str = r#"{"and": [{"field": "kind", "op": "eq", "value": "anti-pattern"},
    {"field": ["metadata", "priority"], "op": "ge", "value": 4}]}"#;

/// What the reader may type next.
const NEXT: &[&[&str]] = &[
    &["search", "backup", "--limit", "5"],
    &["add", "The demo was run today.", "--kind", "fact", "--tag", "demo"],
    &["list", "--limit", "5"],
    &["export", "-"],
];

/// Builds memoryctl, makes the file anew and runs every step, showing each command and its answer.
pub(crate) fn run_all(out: Option<&str>) -> Result<(), String> {
    run(&mut cargo(&["build", "--locked", "-p", "memory-cli"]))?;
    let tool = tool()?;
    let file = match out {
        Some(out) => new_file(out)?,
        None => cleared(target().join("demo"))?.join("memories.db"),
    };
    let store = format!("sqlite:{}", file.display());
    for (heading, args) in STEPS {
        println!("\n# {heading}");
        run(program(&tool, &["--store", &store]).args(*args))?;
    }
    println!("\nThe memories stay in {}. Go on with:", file.display());
    for args in NEXT {
        println!("  {} --store {store} {}", tool.display(), typed(*args));
    }
    Ok(())
}

/// memoryctl, which cargo puts beside this program.
fn tool() -> Result<PathBuf, String> {
    let me = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    Ok(me.with_file_name(format!("memoryctl{}", std::env::consts::EXE_SUFFIX)))
}

/// A file that the reader named. One that exists may be the reader's own and is left alone.
fn new_file(name: &str) -> Result<PathBuf, String> {
    let file = std::env::current_dir().map_err(|error| format!("the current folder: {error}"))?.join(name);
    if file.exists() {
        return Err(format!("{} exists; name a file that does not", file.display()));
    }
    Ok(file)
}
