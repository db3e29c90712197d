//! From our configuration to the driver's.

use std::sync::Arc;
use std::time::Duration;

use memory_core::{Error, ErrorKind, Result};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject as _;
use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_postgres::Config;
use tokio_postgres::config::SslMode as DriverSslMode;

use crate::config::{PostgresConfig, SslMode};

/// How long the server has to say that it ended a statement which took too long.
pub(crate) const GRACE: Duration = Duration::from_secs(1);

/// How the driver connects.
pub(crate) fn config(config: &PostgresConfig) -> Config {
    let mut driver = Config::new();
    driver
        .host(&config.host)
        .port(config.port)
        .user(&config.user)
        .dbname(&config.database)
        .application_name("memory-postgres")
        .connect_timeout(config.connect_timeout)
        .tcp_user_timeout(config.statement_timeout + GRACE)
        .ssl_mode(match config.ssl_mode {
            SslMode::Disable => DriverSslMode::Disable,
            SslMode::Prefer => DriverSslMode::Prefer,
            SslMode::Require => DriverSslMode::Require,
        });
    if let Some(password) = &config.password {
        driver.password(password.expose());
    }
    if !config.pooler {
        // `jit` costs more than it gives for statements of milliseconds.
        driver.options(format!("-c statement_timeout={} -c jit=off", config.statement_timeout.as_millis()));
    }
    driver
}

/// Whom to trust. Read for encrypted connections alone, for a machine may have no certificates.
pub(crate) fn tls(config: &PostgresConfig) -> Result<rustls::ClientConfig> {
    let internal = |_| Error::internal("TLS does not start");
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = rustls::ClientConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().map_err(internal)?;
    let mut roots = rustls::RootCertStore::empty();
    if let Some(file) = config.root_certificates() {
        let unread = || {
            let file = file.display();
            Error::invalid(format!("root_certificates: {file} is no PEM file with certificates, or cannot be read"))
        };
        for certificate in CertificateDer::pem_file_iter(file).map_err(|_| unread())? {
            roots.add(certificate.map_err(|_| unread())?).map_err(|_| unread())?;
        }
        if roots.is_empty() {
            return Err(unread());
        }
    } else if config.ssl_mode != SslMode::Disable {
        match builder.clone().with_platform_verifier() {
            Ok(trusting) => return Ok(trusting.with_no_client_auth()),
            Err(_) if config.ssl_mode == SslMode::Require => {
                let message =
                    "this machine has no certificates to trust: install ca-certificates, or set root_certificates";
                return Err(Error::new(ErrorKind::Unavailable, message));
            }
            // Where the server offers TLS all the same, nothing is trusted, which is an error.
            Err(_) => {}
        }
    }
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
