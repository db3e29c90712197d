//! URLs: what they name, how they show, and what is said of wrong ones.

use memory_core::connect::{Given, Secret, Written};

use crate::registry;

#[test]
fn urls_show_as_they_are_written_but_for_secrets() {
    for (url, shown) in [
        ("sqlite:a b:c.db", "sqlite:a b:c.db"),
        ("SQLite:/a%3Fb%25.db?busy_deadline=5s", "sqlite:/a%3Fb%25.db?busy_deadline=5s"),
        ("sqlite::memory:", "sqlite::memory:"),
        ("reference:", "reference:"),
        (
            "acme://ada:hunter2@db:70/m/n?tls=off&certificate=/a b",
            "acme://ada:***@db:70/m/n?tls=off&certificate=%2Fa%20b",
        ),
        ("acme+tls://:hunter2@[::1]:70", "acme://:***@[::1]:70"),
        ("acme://ada@db?password=hunter2", "acme://ada:***@db"),
        ("acme://db?pasword=hunter2&hunter2=x", "acme://db?***=***&***=***"),
    ] {
        let target = registry().target("--store", url).unwrap();
        assert_eq!(target.to_string(), shown);
        assert_eq!(format!("{target:?}"), format!("Target({shown}, from --store)"));
    }
}

#[test]
fn what_a_url_says_arrives_decoded() {
    let registry = registry();
    let target = registry.target("--store", "acme://ad%61:p%40ss@db/memories%2Fold?deadline=250ms&pool=true").unwrap();
    let settings = registry.settings(&target).unwrap();
    assert_eq!(settings.text("user").unwrap(), Some("ada"));
    assert_eq!(settings.secret("password").unwrap(), Some(&Secret::new("p@ss")), "before the environment");
    assert_eq!(settings.text("database").unwrap(), Some("memories/old"));
    assert_eq!(settings.whole("port").unwrap(), Some(7_000));
    assert_eq!(settings.duration("deadline").unwrap(), Some(std::time::Duration::from_millis(250)));
    assert_eq!(settings.switch("pool").unwrap(), Some(true));
    assert!(!format!("{settings:?}").contains("p@ss"));
}

#[test]
fn a_store_is_named_without_a_url_too() {
    let path = Given { key: "path".into(), value: Written::Text("a%25?b.db".into()), place: "--data".into() };
    let target = registry().target_of("--data", "sqlite", vec![path]).unwrap();
    assert_eq!((target.path(), target.to_string().as_str()), (Some("a%25?b.db"), "sqlite:a%2525%3Fb.db"));
    let error = registry().target_of("--data", "sqlte", Vec::new()).unwrap_err();
    assert!(error.message().starts_with("--data: `sqlte` is no backend; did you mean `sqlite`?"), "{error}");
}

#[test]
fn a_url_is_not_expanded() {
    let target = registry().target("--store", "sqlite:${FOLDER}/$a.db").unwrap();
    assert_eq!(target.path(), Some("${FOLDER}/$a.db"));
}

#[test]
fn wrong_urls_are_refused_by_name() {
    for (url, expected) in [
        (
            "",
            "invalid argument: --store: a store is written BACKEND:…, as in sqlite:memories.db (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "memories.db",
            "invalid argument: --store: a store is written BACKEND:…, as in sqlite:memories.db (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "sqlit:memories.db",
            "invalid argument: --store: `sqlit` is no backend; did you mean `sqlite`? (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "mongodb://ada:hunter2@db",
            "invalid argument: --store: `mongodb` is no backend (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        (
            "./a hunter2:b",
            "invalid argument: --store: what stands there is no backend (known: acme, acme+tls, postgres, postgresql, reference, sqlite)",
        ),
        ("sqlite:", "invalid argument: --store: a path belongs after sqlite:, as in sqlite:PATH"),
        (
            "sqlite:///var/a.db",
            "invalid argument: --store: the path follows the colon without slashes of its own, as in sqlite:memories.db or \
             sqlite:/var/lib/memories.db",
        ),
        ("reference:x", "invalid argument: --store: nothing follows reference:"),
        ("acme:db", "invalid argument: --store: two slashes and a host belong after acme:, as in acme://localhost"),
    ] {
        assert_eq!(registry().target("--store", url).unwrap_err().to_string(), expected, "{url}");
    }
}

#[test]
fn wrong_settings_are_refused_by_key() {
    for (url, expected) in [
        (
            "sqlite:a.db?busy_dedline=5s",
            "--store: `busy_dedline` is no key of sqlite; did you mean `busy_deadline`? (known: path, busy_deadline, \
             durability, memory_budget, limit_record_bytes, limit_k, limit_dimension)",
        ),
        (
            "sqlite:a.db?busy_deadline=5",
            "--store: `busy_deadline` is a whole number and a unit, such as 250ms, 30s, 5m, 2h or 7d",
        ),
        ("sqlite:a.db?limit_k=10001", "--store: `limit_k` is a whole number from 1 to 10000"),
        ("sqlite:a.db?path=b.db", "--store: `path` is given twice, first at --store"),
        ("reference:?path=b.db", "--store: `path` is no key of reference (there is none)"),
        ("acme://db:hunter2", "--store: `port` is a whole number from 1 to 65535"),
        ("acme://db?tls=of", "--store: `tls` is one of off, verify"),
        ("acme://db?certificate=", "--store: `certificate` is a path"),
        ("acme:///m", "--store: acme needs `host`, a text: give it, or set the environment variable ACME_HOST"),
    ] {
        let registry = registry();
        let target = registry.target("--store", url).unwrap();
        assert_eq!(registry.settings(&target).unwrap_err().message(), expected, "{url}");
    }
}
