//! Encrypted connections: the server's certificate is checked, and nothing falls back in silence.

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq, ensure_kind};
use memory_core::{CollectionName, CollectionSpec, Database, Record, Scope};
use memory_postgres::{PostgresBackend, SslMode};

use super::server::{config, configured, named_by, schema};

cases! {
    "ER-4": [an_encrypted_connection_is_one_whose_certificate_is_trusted],
}

/// The variables with the URL of a server that speaks TLS as `localhost`, and with the file of its certificate.
const URL: &str = "MEMORY_TEST_POSTGRES_TLS_URL";
const ROOT: &str = "MEMORY_TEST_POSTGRES_TLS_ROOT";

/// What a missing server says.
const HINT: &str = "MEMORY_TEST_POSTGRES_TLS_URL is not set: `cargo xtask servers up postgres-tls` starts a server and prints the lines to type";

async fn an_encrypted_connection_is_one_whose_certificate_is_trusted(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::copy(std::env::var_os(ROOT).unwrap_or_default(), &roots).unwrap();
    let server = named_by(URL, HINT)?;
    let at = |host: &str| Ok::<_, memory_core::Error>(configured(&server)?.with_host(host).with_schema(schema()));
    for mode in [SslMode::Require, SslMode::Prefer] {
        let trusting = at("localhost")?.with_ssl_mode(mode).with_root_certificates(&roots);
        let database = Database::new(PostgresBackend::connect(trusting).await?);
        let memory = database.create(&CollectionSpec::new(CollectionName::new("notes")?), Scope::all()).await?;
        let record = Record::draft("1").namespace(memory_core::Namespace::new(["n"])?);
        memory.put(record).await?;
        ensure_eq!(memory.count(&memory_core::Filter::all()).await?, 1, "{mode:?}");
        // Also where TLS is only preferred, one that is offered has to be trusted.
        let system = PostgresBackend::connect(at("localhost")?.with_ssl_mode(mode)).await;
        let error = ensure_kind!(system, PermissionDenied, "the system does not vouch for it");
        ensure!(error.message().contains("certificate"), "{error}");
        let other = at("127.0.0.1")?.with_ssl_mode(mode).with_root_certificates(&roots);
        ensure_kind!(PostgresBackend::connect(other).await, PermissionDenied, "it is for another host");
    }
    let plain = config()?.with_ssl_mode(SslMode::Require).with_root_certificates(&roots);
    let error = ensure_kind!(PostgresBackend::connect(plain).await, PermissionDenied, "a server without TLS");
    ensure!(error.message().contains("sslmode"), "{error}");
    std::fs::write(&roots, "no certificate").unwrap();
    let damaged = at("localhost")?.with_root_certificates(&roots);
    let error = ensure_kind!(PostgresBackend::connect(damaged).await, InvalidArgument, "no certificates");
    ensure!(error.message().contains("roots.pem"), "{error}");
    Ok(())
}
