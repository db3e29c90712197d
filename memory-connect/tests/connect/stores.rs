//! From a URL to an open database.

use futures_executor::block_on;
use memory_connect::Registry;
use memory_core::ErrorKind;
use memory_core::connect::Opening;

use crate::{acme, registry};

#[test]
fn every_backend_opens_from_its_url() {
    let folder = tempfile::tempdir().unwrap();
    let file = format!("sqlite:{}?limit_k=7", folder.path().join("a.db").display());
    for (url, name, k) in
        [(file.as_str(), "sqlite", 7), ("sqlite::memory:?limit_k=5", "sqlite", 5), ("reference:", "reference", 10_000)]
    {
        let backend = block_on(Registry::new().open_url(url, Opening::OrMake)).unwrap();
        let capabilities = backend.capabilities();
        assert_eq!((capabilities.backend.as_str(), capabilities.limits.k), (name, k));
        block_on(backend.health()).unwrap();
        block_on(backend.close()).unwrap();
    }
    assert!(folder.path().join("a.db").exists());
}

#[test]
fn what_exists_alone_is_opened_where_nothing_may_be_made() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("a.db");
    let url = format!("sqlite:{}", path.display());
    let open = |opening| block_on(Registry::new().open_url(&url, opening));
    let error = open(Opening::Existing).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert_eq!(error.to_string(), format!("not found: there is no database at {} [sqlite]", path.display()));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0, "and nothing was made");
    block_on(open(Opening::OrMake).unwrap().close()).unwrap();
    block_on(open(Opening::Existing).unwrap().close()).unwrap();
    for url in ["sqlite::memory:", "reference:"] {
        block_on(Registry::new().open_url(url, Opening::Existing)).unwrap();
    }
}

#[test]
fn a_backend_of_somebody_elses_is_registered_and_opened() {
    let registry = registry();
    assert_eq!(
        registry.connectors().map(|c| c.schemes()[0]).collect::<Vec<_>>(),
        ["postgres", "reference", "sqlite", "acme"]
    );
    // The password comes from the environment.
    let backend = block_on(registry.open_url("acme+tls://db/m", Opening::OrMake)).unwrap();
    assert_eq!(backend.capabilities().backend, "reference");
    let error = block_on(registry.open_url("acme://ada:wrong@db/m", Opening::OrMake)).unwrap_err();
    assert_eq!(error.to_string(), "permission denied: the user or the password is wrong [acme]");
}

#[test]
fn a_scheme_is_given_once() {
    let error = registry().with(acme::Acme).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Conflict);
    assert_eq!(error.message(), "the scheme acme is taken: register the connector under another one");
    let error = Registry::new().with(memory_sqlite::SqliteConnector).unwrap_err();
    assert_eq!(error.message(), "the scheme sqlite is taken: register the connector under another one");
    assert_eq!(
        format!("{:?}", registry()),
        r#"Registry(["postgres", "postgresql", "reference", "sqlite", "acme", "acme+tls"])"#
    );
}
