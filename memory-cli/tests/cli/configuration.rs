//! The configuration file, profiles, variables, and what is said about wrong ones.

use std::process::Command;

use crate::tool::{Ran, Tool, ran};

/// The program with this configuration file and no store of the test's own.
fn configured(tool: &Tool, file: &str, args: &[&str]) -> Command {
    let mut command = tool.bare();
    command.env("MEMORY_CONFIG", file).env_remove("MEMORY_EMBEDDER").args(args);
    command
}

/// How a run with this file ended, the folder of the test written `DIR`.
fn told(tool: &Tool, name: &str, text: &str, args: &[&str]) -> (i32, String) {
    let file = tool.file(name, text);
    let Ran { code, err, .. } = ran(&mut configured(tool, &file, args));
    let folder = tool.path("").display().to_string();
    (code, err.replace(folder.trim_end_matches('/'), "DIR"))
}

const TWO: &str = r#"
profile = "home"

[profiles.home]
store = "sqlite:home.db"
collection = "notes"
embedder = "hash"

[profiles.work]
store = { backend = "sqlite", path = "${WORK}/work.db" }
namespace = "acme/ops"
embedder = "none"
"#;

#[test]
fn flags_stand_over_the_environment_over_the_file_over_defaults() {
    let tool = Tool::new();
    let file = tool.file("config.toml", TWO);
    let run = |args: &[&str], variables: &[(&str, &str)]| {
        let ran = ran(configured(&tool, &file, args).env("WORK", tool.path("")).envs(variables.iter().copied()));
        assert_eq!(ran.code, 0, "{args:?} {ran:?}");
        ran.out
    };
    run(&["create", "notes"], &[]);
    run(&["add", "the cat", "--id", "a"], &[]);
    assert!(tool.path("home.db").exists(), "a relative path starts at the file's folder");
    assert_eq!(run(&["count"], &[]), "1\n");
    run(&["--profile", "work", "add", "the dog", "--id", "b"], &[]);
    run(&["add", "the bird", "--id", "c"], &[("MEMORY_PROFILE", "work")]);
    assert_eq!(run(&["--profile", "work", "count"], &[]), "2\n");
    assert_eq!(run(&["--profile", "work", "namespaces"], &[]), "acme/ops\n");
    assert_eq!(run(&["--profile", "work", "--namespace", "acme/dev", "count"], &[]), "0\n");
    assert_eq!(run(&["--profile", "work", "count"], &[("MEMORY_NAMESPACE", "acme/dev")]), "0\n");
    let home = format!("sqlite:{}", tool.arg("home.db"));
    assert_eq!(
        run(&["--profile", "work", "--namespace", "default", "--store", &home, "--collection", "notes", "count"], &[]),
        "1\n"
    );
    assert_eq!(
        run(&["--namespace", "default", "count"], &[("MEMORY_STORE", &home), ("MEMORY_COLLECTION", "notes")]),
        "1\n"
    );
}

#[test]
fn config_show_names_the_origin_of_each_value_and_no_secret() {
    let tool = Tool::new();
    let file = tool.file(
        "config.toml",
        "[profiles.a]\nstore = \"sqlite:a.db\"\n[profiles.a.embedder]\nuse = \"http://ada:hunter2@localhost:1/v1\"\nmodel = \"m\"\napi_key = \"hunter2\"\n",
    );
    let ran_ = |args: &[&str]| ran(&mut configured(&tool, &file, args));
    let shown = ran_(&["--namespace", "ada", "config", "show"]);
    let folder = tool.path("").display().to_string();
    let text = shown.out.replace(folder.trim_end_matches('/'), "DIR");
    assert_eq!(
        text,
        "# profile a of DIR/config.toml\n\
         store       sqlite:DIR/a.db  # DIR/config.toml:1\n\
         collection  memories  # the default\n\
         namespace   ada  # --namespace\n\
         embedder    http://***@localhost:1/v1  # DIR/config.toml:3\n"
    );
    let checked = ran_(&["config", "check"]);
    assert_eq!(checked.code, 0, "{checked:?}");
    for ran in [ran_(&["--json", "config", "show"]), checked, shown] {
        assert!(!ran.out.contains("hunter2") && !ran.err.contains("hunter2"), "{ran:?}");
    }
}

#[test]
fn init_writes_a_file_that_is_read_and_replaces_none() {
    let tool = Tool::new();
    let init = |args: &[&str]| ran(tool.bare().env_remove("MEMORY_EMBEDDER").args(["init"]).args(args));
    let first =
        init(&["--store", "sqlite:own ${x}.db", "--embedder", "hash", "--namespace", "a%2Fb/c", "--profile", "mine"]);
    assert_eq!(first.code, 0, "{first:?}");
    let again = init(&[]);
    assert_eq!(again.code, 1);
    assert!(again.err.contains("exists already: --force replaces it"), "{again:?}");
    let run = |args: &[&str]| {
        let ran = ran(tool.bare().env_remove("MEMORY_EMBEDDER").args(args));
        assert_eq!(ran.code, 0, "{args:?} {ran:?}");
        ran.out
    };
    run(&["config", "check"]);
    run(&["add", "the cat", "--id", "a"]);
    assert!(tool.path("own ${x}.db").exists(), "the path that was given, from where it was given");
    assert_eq!(run(&["namespaces"]), "a%2Fb/c\n");
    assert!(run(&["collections"]).contains("hash/1/english/1/256"));
    // A broken file is replaced all the same, and checked all the same.
    let path = tool.path(".config/memoryctl/config.toml");
    std::fs::write(&path, "profile = ").unwrap();
    assert_eq!(ran(tool.bare().args(["config", "check"])).code, 1);
    assert_eq!(ran(tool.bare().arg("count")).code, 1);
    assert_eq!(init(&["--force"]).code, 0);
    run(&["config", "check"]);
    #[cfg(unix)]
    assert_eq!(
        std::os::unix::fs::PermissionsExt::mode(&std::fs::metadata(&path).unwrap().permissions()) & 0o777,
        0o600
    );
}

#[test]
fn each_wrong_configuration_says_what_and_where() {
    let tool = Tool::new();
    for (name, text, code, expected) in SNAPSHOTS {
        let whole = if name.ends_with("toml") && !text.contains("[profiles") {
            format!("[profiles.a]\n{text}\n")
        } else {
            (*text).to_owned()
        };
        let (found, err) = told(&tool, name, &whole, &["count"]);
        println!("{text}\n{found} {err}");
        assert_eq!((found, err.trim_end()), (*code, format!("memoryctl: {expected}").as_str()), "{text}");
    }
    let missing = ran(tool.bare().args(["--config", "absent.toml", "count"]));
    assert_eq!((missing.code, missing.err.as_str()), (3, "memoryctl: there is no configuration file at absent.toml\n"));
    let nobody = ran(tool.bare().args(["--profile", "a", "count"]));
    assert_eq!(
        (nobody.code, nobody.err.as_str()),
        (3, "memoryctl: --profile names the profile a, but there is no configuration file; memoryctl init makes one\n")
    );
}

/// File name, text, exit code, message.
const SNAPSHOTS: &[(&str, &str, i32, &str)] = &[
    (
        "c.toml",
        "store = \"sqlight:a.db\"",
        1,
        "DIR/c.toml:2: `sqlight` is no backend (known: postgres, postgresql, reference, sqlite)",
    ),
    (
        "c.toml",
        "stroe = \"sqlite:a.db\"",
        1,
        "DIR/c.toml:2: `stroe` is no key of a profile; did you mean `store`? (known: store, collection, namespace, embedder)",
    ),
    (
        "c.toml",
        "store = \"sqlite:a.db?bussy_deadline=1s\"",
        1,
        "DIR/c.toml:2: `bussy_deadline` is no key of sqlite; did you mean `busy_deadline`? (known: path, busy_deadline, durability, memory_budget, limit_record_bytes, limit_k, limit_dimension)",
    ),
    (
        "c.toml",
        "store = \"sqlite:a.db?busy_deadline=soon\"",
        1,
        "DIR/c.toml:2: `busy_deadline` is a whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d",
    ),
    (
        "c.toml",
        "store = \"sqlite:${NOWHERE}/a.db\"",
        1,
        "DIR/c.toml:2: `store`: the environment variable NOWHERE is not set; set it, or write ${NOWHERE:-…} with a default",
    ),
    ("c.toml", "store = 7", 1, "DIR/c.toml:2: `store` is a URL or a table of settings"),
    ("c.toml", "store = \"sqlite:a.db\"\nstore = \"sqlite:b.db\"", 1, "DIR/c.toml:3: this is no TOML: duplicate key"),
    ("c.toml", "store = \"sqlite:a.db", 1, "DIR/c.toml:2: this is no TOML: invalid basic string, expected `\"`"),
    (
        "c.toml",
        "embedder = \"buitlin\"",
        1,
        "DIR/c.toml:2: the embedder to use is none, builtin, hash, or an address that begins with http:// or https://",
    ),
    (
        "c.toml",
        "collection = \"Not A Name\"",
        1,
        "DIR/c.toml:2: a collection's name is a lower-case letter and up to 47 of a-z, 0-9 and _, not \"Not A Name\"",
    ),
    (
        "c.toml",
        "[profiles.a]\nstore = \"sqlite:a.db\"\n[profiles.a.embedder]\nuse = \"hash\"\ndimenson = 3\n",
        1,
        "DIR/c.toml:5: `dimenson` is no key of embedder; did you mean `dimension`? (known: use, threads, language, dimension, service, model, api_key, openai_api_key, azure_api_key, mistral_api_key, voyage_api_key, shorten, token_limit, batch_texts, batch_bytes, requests, timeout, deadline, retries, query_prefix, document_prefix, identity)",
    ),
    (
        "c.toml",
        "profile = \"b\"\n[profiles.a]\nstore = \"sqlite:a.db\"\n",
        3,
        "DIR/c.toml:1: `b` is no profile; did you mean `a`? (known: a)",
    ),
    (
        "c.yaml",
        "profiles:\n  a:\n    store: sqlight:a.db\n",
        1,
        "DIR/c.yaml:3: `sqlight` is no backend (known: postgres, postgresql, reference, sqlite)",
    ),
    ("c.yaml", "profiles:\n  a:\n   - store\n", 1, "DIR/c.yaml:2: a profile is a table of settings"),
    (
        "c.yaml",
        "profiles: [a\n",
        1,
        "DIR/c.yaml:1: this is no YAML: while parsing a flow sequence, expected ',' or ']'",
    ),
    (
        "c.yaml",
        "profiles:\n  a: &x\n    store: sqlite:a.db\n  b: *x\n",
        1,
        "DIR/c.yaml:2: an anchor (&name) is not read here",
    ),
];
