//! `cargo xtask demo`: the main job on real input. Memories go into a SQLite file and come back by text, by filter, by
//! vector and by both.

use std::path::PathBuf;

use crate::process::{cargo, cleared, output, program, run, target, typed};

/// What is shown, in this order: a heading, and what stands between `memoryctl` and `--store sqlite:FILE`.
const STEPS: &[(&str, &[&str])] = &[
    ("A collection for vectors of 56 components", &["create", "--dimension", "56", "--metric", "cosine"]),
    ("A few hundred memories of several users and agents", &["import", "examples/memories.jsonl"]),
    ("Whose they are", &["namespaces"]),
    ("By text", &["search", "deleted data", "--mode", "text", "--limit", "3"]),
    (
        "The same, only what must not happen again",
        &["search", "deleted data", "--mode", "text", "--filter", FILTER, "--limit", "3"],
    ),
    ("By vector: \"how to talk to an upset person\", as an embedding", &["search", "--vector", UPSET, "--limit", "3"]),
    ("More like one of them", &["search", "--like", "heur-freeze-clock", "--limit", "3"]),
    ("By both", &["search", "repair or refund", "--vector", REFUND, "--limit", "3"]),
    ("By both, for one user", &["search", "foods to avoid", "--vector", FOODS, "--namespace", "deniz", "--limit", "3"]),
];

const FILTER: &str = r#"kind = "anti-pattern" and metadata.priority >= 4"#;
const UPSET: &str = "examples/queries/how-to-talk-to-an-upset-person.json";
const REFUND: &str = "examples/queries/customer-wants-a-refund.json";
const FOODS: &str = "examples/queries/which-foods-to-avoid.json";

/// What the reader may type next.
const NEXT: &[&[&str]] = &[
    &["search", "backup", "--mode", "text", "--limit", "5"],
    &["add", "The demo was run today.", "--kind", "fact", "--tag", "demo"],
    &["list", "--limit", "5"],
    &["export", "-"],
];

/// Builds memoryctl, makes the file anew and runs every step, showing each command and its answer. The vectors of the demo
/// are brought along, so the model in the program, which takes minutes to build, is left out.
pub(crate) fn run_all(out: Option<&str>) -> Result<(), String> {
    run(&mut cargo(&["build", "--locked", "-p", "memory-cli", "--no-default-features"]))?;
    let tool = tool()?;
    let file = match out {
        Some(out) => new_file(out)?,
        None => cleared(target().join("demo"))?.join("memories.db"),
    };
    let store = format!("sqlite:{}", file.display());
    for (heading, args) in STEPS {
        println!("\n# {heading}");
        run(program(&tool, args).args(["--store", &store]))?;
    }
    println!("\nThe memories stay in {}. Go on with:", file.display());
    for args in NEXT {
        println!("  {} {} --store {}", typed([tool.to_string_lossy()]), typed(*args), typed([&store]));
    }
    Ok(())
}

/// Runs the demo into a folder of its own, and every search once more, to see that it answers something.
pub(crate) fn try_out() -> Result<(), String> {
    let file = cleared(target().join("xtask").join("demo"))?.join("memories.db");
    run_all(Some(&file.to_string_lossy()))?;
    let store = format!("sqlite:{}", file.display());
    for (heading, args) in STEPS.iter().filter(|(_, args)| args.first() == Some(&"search")) {
        if output(program(tool()?, args).args(["--store", &store]))?.is_empty() {
            return Err(format!("`{heading}` found nothing"));
        }
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
