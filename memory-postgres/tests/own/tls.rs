//! Encrypted connections: the server's certificate is checked, and nothing falls back in silence.
//!
//! The server for tests has no TLS, so a relay before it ends it, as a proxy in front of a server may.

use std::sync::Arc;

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq, ensure_kind};
use memory_core::{CollectionName, CollectionSpec, Database, Record, Scope};
use memory_postgres::{PostgresBackend, SslMode};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _, copy_bidirectional};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::config::Host;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};

use super::server::{config, schema, url};

cases! {
    "ER-4": [an_encrypted_connection_is_one_whose_certificate_is_trusted],
}

/// A relay that ends TLS: its port, and its certificate, for the host `localhost`, as PEM.
async fn relay() -> (u16, String) {
    let made = rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let key = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(made.signing_key.serialize_der()));
    let server = ServerConfig::builder_with_provider(Arc::new(default_provider()));
    let server = server.with_safe_default_protocol_versions().unwrap().with_no_client_auth();
    let server = server.with_single_cert(vec![made.cert.der().clone()], key).unwrap();
    let (acceptor, listener) = (TlsAcceptor::from(Arc::new(server)), TcpListener::bind("127.0.0.1:0").await.unwrap());
    let port = listener.local_addr().unwrap().port();
    tokio::spawn(async move {
        while let Ok((mut client, _)) = listener.accept().await {
            let acceptor = acceptor.clone();
            tokio::spawn(async move {
                let mut request = [0; 8];
                client.read_exact(&mut request).await.unwrap();
                assert_eq!(request[4..], 80_877_103_u32.to_be_bytes(), "the first message asks for TLS");
                client.write_all(b"S").await.unwrap();
                // A client that does not trust the certificate goes away here.
                let Ok(mut client) = acceptor.accept(client).await else { return };
                let url = url().unwrap();
                let [Host::Tcp(host), ..] = url.get_hosts() else { panic!("no host") };
                let mut server = TcpStream::connect((host.as_str(), url.get_ports()[0])).await.unwrap();
                let _ = copy_bidirectional(&mut client, &mut server).await;
            });
        }
    });
    (port, made.cert.pem())
}

async fn an_encrypted_connection_is_one_whose_certificate_is_trusted(_: Context) -> Outcome {
    let (port, certificate) = relay().await;
    let folder = tempfile::tempdir().unwrap();
    let roots = folder.path().join("roots.pem");
    std::fs::write(&roots, certificate).unwrap();
    let at = |host: &str| Ok::<_, memory_core::Error>(config()?.with_host(host).with_port(port).with_schema(schema()));
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
