//! The commented file of each backend: made from its declaration, and read back by it.

use memory_connect::{ConfigFile, Registry};

use crate::acme::Acme;

fn registry() -> Registry {
    Registry::new().with(Acme).unwrap().with_environment(|name| (name == "ACME_PASSWORD").then(|| "hunter2".to_owned()))
}

fn check(text: &str, backend: &str) {
    let registry = registry();
    let profile = ConfigFile::parse("a.toml", text).unwrap().profile(&registry, None).unwrap();
    let store = profile.store.unwrap();
    assert_eq!(store.backend(), backend);
    registry.settings(&store).unwrap_or_else(|error| panic!("{error}\n{text}"));
}

/// The text with the comment sign of one line of `key = value` taken away, for each such line.
fn uncommented(text: &str) -> Vec<String> {
    let is_key = |line: &&str| line.strip_prefix("# ").is_some_and(|line| line.split(' ').nth(1) == Some("="));
    text.lines()
        .filter(is_key)
        .map(|line| text.replacen(&format!("\n{line}\n"), &format!("\n{}\n", &line[2..]), 1))
        .collect()
}

#[test]
fn every_backends_file_reads_back_with_each_key_uncommented() {
    for (backend, keys) in [("reference", 3), ("sqlite", 9), ("acme", 11)] {
        let text = registry().commented(backend).unwrap();
        check(&text, backend);
        let each = uncommented(&text);
        assert_eq!(each.len(), keys, "{text}");
        for one in each {
            assert_ne!(one, text);
            check(&one, backend);
        }
    }
    assert_eq!(
        registry().commented("acmee").unwrap_err().message(),
        "`acmee` is no backend; did you mean `acme`? (known: acme, acme+tls, postgres, postgresql, reference, sqlite)"
    );
}

#[test]
fn the_file_says_what_each_key_is() {
    let expected = r#"# A store in acme: a server that does not exist.
# ${VAR} in a value is an environment variable, ${VAR:-text} one with a default.

# The profile that is meant if none is named.
profile = "acme"

[profiles.acme]
# The collection that is used if none is named.
# collection = "memories"

# The namespace that is used if none is named.
# namespace = "default"

# What makes vectors of texts: builtin, none, hash, or the URL of a service.
# embedder = "builtin"

[profiles.acme.store]
backend = "acme"

# Where the server is.
# A text; required; or the environment variable ACME_HOST.
host = "localhost"

# Its port.
# A whole number from 1 to 65535; 7000 unless given; or the environment variable ACME_PORT.
# port = 7000

# Who one is.
# A text.
# user = "text"

# The user's password.
# A secret text; or the environment variable ACME_PASSWORD or ACME_PASS.
# password = "${ACME_PASSWORD}"

# The name of the database.
# A text; memories unless given.
# database = "memories"

# Whether the line is encrypted.
# One of off, verify; verify unless given.
# tls = "verify"

# A file with the server's certificate.
# A path.
# certificate = "path"

# Whether connections are kept.
# True or false.
# pool = true

# How long a call may take.
# A whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d.
# deadline = "30s"
"#;
    assert_eq!(registry().commented("acme+tls").unwrap(), expected);
}
