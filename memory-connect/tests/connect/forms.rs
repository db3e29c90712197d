//! Wrong configuration files: each error names the file, the line and what is wrong, and shows no value.

use memory_connect::ConfigFile;
use memory_core::ErrorKind;

use crate::registry;

/// What is said of a file, when it is read, its profile picked and its settings looked at.
fn said(path: &str, text: &str) -> String {
    let registry = registry();
    let settings = ConfigFile::parse(path, text).and_then(|file| {
        let profile = file.profile(&registry, None)?;
        profile.store.map_or(Ok(()), |store| registry.settings(&store).map(drop))
    });
    settings.map_or_else(|error| error.to_string(), |()| "nothing".to_owned())
}

#[test]
fn what_is_no_toml_is_said_with_its_line() {
    for (text, expected) in [
        ("", "not found: a.toml: it holds no profile; write [profiles.NAME]"),
        (
            "[profiles.one]\nstore = hunter2",
            "invalid argument: a.toml:2: this is no TOML: string values must be quoted, expected literal string",
        ),
        (
            "[profiles.one\nstore = 'reference:'",
            "invalid argument: a.toml:1: this is no TOML: unclosed table, expected `]`",
        ),
        ("profile = 'a'\n\nprofile = 'b'", "invalid argument: a.toml:3: this is no TOML: duplicate key"),
        ("[profiles.one]\n[profiles.one]", "invalid argument: a.toml:2: this is no TOML: duplicate key"),
    ] {
        assert_eq!(said("a.toml", text), expected, "{text}");
    }
}

#[test]
fn what_is_no_yaml_of_ours_is_said_with_its_line() {
    for (text, expected) in [
        ("", "not found: a.yaml: it holds no profile; write [profiles.NAME]"),
        ("# nothing\n---\n", "not found: a.yaml: it holds no profile; write [profiles.NAME]"),
        ("hunter2", "invalid argument: a.yaml:1: a configuration is made of lines `key: value`"),
        ("- a\n- b", "invalid argument: a.yaml:1: a configuration is made of lines `key: value`"),
        (
            "profiles:\n\tone: 'hunter2'",
            "invalid argument: a.yaml:2: this is no YAML: tabs disallowed within this context (block indentation)",
        ),
        (
            "profiles: {one: hunter2",
            "invalid argument: a.yaml:1: this is no YAML: while parsing a flow mapping, did not find expected ',' or '}'",
        ),
        ("profiles:\n  one: {}\n  one: {}", "invalid argument: a.yaml:3: \"one\" stands twice, first in line 2"),
        ("profile: &a one\n", "invalid argument: a.yaml:1: an anchor (&name) is not read here"),
        ("profiles: &a\n  one: *a\n", "invalid argument: a.yaml:1: an anchor (&name) is not read here"),
        ("profile: !!str one", "invalid argument: a.yaml:1: a tag (!name) is not read here"),
        ("profiles:\n  1: {}", "invalid argument: a.yaml:2: a key is a text; put it in quotes if it is one"),
        ("profiles:\n  [a]: {}", "invalid argument: a.yaml:2: a key is a text; put it in quotes if it is one"),
        ("profiles:\n  one: {}\n---\nprofile: one", "invalid argument: a.yaml:3: a second document is not read here"),
        (
            "profile: one\n<<: {}",
            "invalid argument: a.yaml:2: what stands there is no key of a configuration file (known: profile, profiles)",
        ),
    ] {
        assert_eq!(said("a.yaml", text), expected, "{text}");
    }
    let deep = format!("a: {}", "[".repeat(100));
    assert_eq!(said("a.yaml", &deep), "invalid argument: a.yaml:1: this is nested too deeply");
    let deep = format!("a: {}", "{a: ".repeat(100_000));
    assert!(said("a.yml", &deep).starts_with("invalid argument: a.yml:1: "), "and no stack overflows");
    assert!(said("a.toml", &format!("a = {}", "[".repeat(100_000))).starts_with("invalid argument: a.toml:1: "));
}

#[test]
fn keys_and_sorts_are_checked_at_every_level() {
    for (text, expected) in [
        (
            "profil = 'a'",
            "`profil` is no key of a configuration file; did you mean `profile`? (known: profile, profiles)",
        ),
        ("profile = 1", "profile is the name of a profile"),
        ("profiles = 'hunter2'", "profiles is a table of profiles"),
        ("profiles.one = 'hunter2'", "a profile is a table of settings"),
        (
            "profiles.one.colection = 'a'",
            "`colection` is no key of a profile; did you mean `collection`? (known: store, collection, namespace, embedder)",
        ),
        ("profiles.one.store = 1", "`store` is a URL or a table of settings"),
        ("profiles.one.collection = ['a']", "`collection` is a text"),
        ("profiles.one.namespace = 1979-05-27", "`namespace` is a text"),
        ("profiles.one.embedder = true", "`embedder` is a word, a URL or a table of settings"),
        ("profiles.one.store = { path = 'a' }", "`store` needs `backend`, the name of one in quotes: give it"),
        ("profiles.one.store = { backend = 5 }", "`store` needs `backend`, the name of one in quotes: give it"),
        (
            "profiles.one.store = { backend = 'sqllite' }",
            "`sqllite` is no backend; did you mean `sqlite`? (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "profiles.one.store = 'sqllite:a'",
            "`sqllite` is no backend; did you mean `sqlite`? (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "profiles.one.store = { backend = 'acme', hots = 'hunter2' }",
            "`hots` is no key of acme; did you mean `host`? (known: host, port, user, password, database, tls, certificate, pool, \
             deadline)",
        ),
        (
            "profiles.one.store = { backend = 'acme', port = 1.5 }",
            "`port` is a whole number from 1 to 65535, not a number with a fraction",
        ),
        (
            "profiles.one.store = { backend = 'acme', port = -1 }",
            "`port` is a whole number from 1 to 65535, not a number below zero or beyond 64 bits",
        ),
        (
            "profiles.one.store = { backend = 'acme', password = 1234 }",
            "`password` is a secret text, not a number; put it in quotes if it is one",
        ),
        ("profiles.one.store = { backend = 'acme', host.a = 'hunter2' }", "`host` is a text, not a table"),
        (
            "profiles.one.store = { backend = 'acme' }",
            "acme needs `host`, a text: give it, or set the environment variable ACME_HOST",
        ),
        ("profiles.one.store = { backend = 'sqlite' }", "sqlite needs `path`, a path: give it"),
        (
            "profiles.one.store = 'sqlite:${NONE}/hunter2'",
            "`store`: the environment variable NONE is not set; set it, or write ${NONE:-…} with a default",
        ),
        (
            "profiles.one.store = { backend = 'acme', password = 'hunter2${NONE}' }",
            "`password`: the environment variable NONE is not set; set it, or write ${NONE:-…} with a default",
        ),
    ] {
        assert_eq!(said("a.toml", &format!("\n\n{text}")), format!("invalid argument: a.toml:3: {expected}"), "{text}");
    }
}

#[test]
fn a_line_of_its_own_is_named_inside_a_table() {
    let text = "[profiles.one]\n\n[profiles.one.store]\nbackend = 'acme'\nhost = 'db'\n\nport = '${NAME}'\n";
    assert_eq!(said("a.toml", text), "invalid argument: a.toml:7: `port` is a whole number from 1 to 65535");
    let text = "profiles:\n  one:\n    store:\n      backend: acme\n      host: db\n      port: 0x10000\n";
    assert_eq!(said("a.yaml", text), "invalid argument: a.yaml:6: `port` is a whole number from 1 to 65535");
}

#[test]
fn a_profile_that_is_not_there_is_named() {
    let file = ConfigFile::parse("a.toml", "profile = 'tow'\n[profiles.one]\n[profiles.two]").unwrap();
    let said = |name| file.profile(&registry(), name).unwrap_err().to_string();
    assert_eq!(said(Some("ona")), "not found: a.toml: `ona` is no profile; did you mean `one`? (known: one, two)");
    assert_eq!(said(None), "not found: a.toml:1: `tow` is no profile; did you mean `two`? (known: one, two)");
    let file = ConfigFile::parse("a.toml", "[profiles.one]\n[profiles.two]").unwrap();
    let error = file.profile(&registry(), None).unwrap_err();
    assert_eq!(
        error.message(),
        "a.toml: it holds several profiles; name one (one, two), or write profile = \"…\" at the top"
    );
}

#[test]
fn files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let said = |name: &str, bytes: Option<&[u8]>| {
        let path = folder.path().join(name);
        if let Some(bytes) = bytes {
            std::fs::write(&path, bytes).unwrap();
        }
        let error = ConfigFile::read(&path).unwrap_err();
        (error.kind(), error.to_string().replace(&path.display().to_string(), "PATH"))
    };
    let invalid = ErrorKind::InvalidArgument;
    for (name, bytes, kind, expected) in [
        ("none.toml", None, ErrorKind::NotFound, "not found: there is no configuration file at PATH"),
        ("a.toml", Some(&b"a = '\xFF'"[..]), invalid, "invalid argument: PATH is no UTF-8 text (at byte 5)"),
        (
            "a.json",
            Some(&b"{}"[..]),
            invalid,
            "invalid argument: PATH: the name of a configuration file ends in .toml, .yaml or .yml",
        ),
        (
            "long.toml",
            Some(&vec![b'\n'; 1_048_577][..]),
            invalid,
            "invalid argument: PATH is longer than 1 MiB: is it a configuration file?",
        ),
    ] {
        assert_eq!(said(name, bytes), (kind, expected.to_owned()));
    }
    let path = folder.path().join("good.toml");
    std::fs::write(&path, "\u{feff}[profiles.one]\nstore = 'sqlite:a.db'").unwrap();
    let store = ConfigFile::read(&path).unwrap().profile(&registry(), None).unwrap().store.unwrap();
    assert_eq!(store.path().map(std::path::PathBuf::from), Some(folder.path().join("a.db")));
    assert_eq!(said(".", None).0, ErrorKind::Unavailable, "a folder");
}
