//! Running servers: starting one, finding it again, ending it and no other.

use std::fs::{self, File};
use std::io;
use std::net::TcpListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::thread::sleep;
use std::time::{Duration, Instant};

use super::Server;
use super::home::{Home, failed};
use super::user;
use crate::process::works;

/// How long a start or a stop may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

const PAUSE: Duration = Duration::from_millis(20);

/// A process: its number, and when it started, for numbers are used again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Running {
    pid: u32,
    started: u64,
}

impl Running {
    fn find(pid: u32) -> Option<Self> {
        let stat = fs::read_to_string(format!("/proc/{pid}/stat")).ok()?;
        Some(Self { pid, started: start_time(&stat)? })
    }

    fn lives(self) -> bool {
        Self::find(self.pid) == Some(self)
    }
}

/// The 22nd field of /proc/PID/stat, unless the process has ended and only waits to be collected. The second field is a
/// name in parentheses, which may hold anything.
fn start_time(stat: &str) -> Option<u64> {
    let mut fields = stat.rsplit_once(')')?.1.split_whitespace();
    if matches!(fields.next()?, "Z" | "X") {
        return None;
    }
    fields.nth(18)?.parse().ok()
}

/// The server that was started in this home, if it still runs.
pub(super) fn of(home: &Home) -> Option<Running> {
    let text = fs::read_to_string(home.pid()).ok()?;
    let (pid, started) = text.trim().split_once(' ')?;
    let running = Running { pid: pid.parse().ok()?, started: started.parse().ok()? };
    running.lives().then_some(running)
}

/// Starts the server in the background and waits until it answers.
pub(super) fn start(server: &Server, app: &Path, home: &Home) -> Result<(), String> {
    let mut command = (server.command)(app, home)?;
    let log = File::create(home.log()).map_err(|error| failed(&home.log(), &error))?;
    let error_log = log.try_clone().map_err(|error| failed(&home.log(), &error))?;
    command.stdin(Stdio::null()).stdout(log).stderr(error_log);
    let mut child = user::apart(&mut command).spawn().map_err(|error| format!("{}: {error}", server.name))?;
    let running = Running::find(child.id());
    let entry = running.map(|running| format!("{} {}", running.pid, running.started)).unwrap_or_default();
    fs::write(home.pid(), entry).map_err(|error| failed(&home.pid(), &error))?;
    let until = Instant::now() + PATIENCE;
    while Instant::now() < until {
        if (server.answers)(app, home) {
            return Ok(());
        }
        if !matches!(child.try_wait(), Ok(None)) {
            break;
        }
        sleep(PAUSE);
    }
    stop(server, home)?;
    let said = fs::read_to_string(home.log()).unwrap_or_default();
    Err(format!("{} did not start; it said:\n{said}", server.name))
}

/// Ends the server that was started in this home, if it runs: in order, and by force when that takes too long.
pub(super) fn stop(server: &Server, home: &Home) -> Result<(), String> {
    if let Some(running) = of(home) {
        signal(running, server.stop_signal);
        if !ended(running, PATIENCE) {
            signal(running, "KILL");
            if !ended(running, PATIENCE) {
                return Err(format!("{}: process {} cannot be ended", server.name, running.pid));
            }
        }
    }
    match fs::remove_file(home.pid()) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(failed(&home.pid(), &error)),
        _ => Ok(()),
    }
}

/// `kill` is a part of every shell; the program of that name is not everywhere.
fn signal(running: Running, signal: &str) {
    works(Command::new("sh").args(["-c", "kill -s \"$1\" \"$2\"", "sh", signal, &running.pid.to_string()]));
}

fn ended(running: Running, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    while running.lives() {
        if Instant::now() > until {
            return false;
        }
        sleep(PAUSE);
    }
    true
}

/// A port of the loopback that nobody uses now.
pub(super) fn free_port() -> Result<u16, String> {
    let bound = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
    bound.map(|address| address.port()).map_err(|error| format!("no free port: {error}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_process_is_known_by_its_number_and_start() {
        let stat = "12 (a ) b) S 1 12 12 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 4711 9 9";
        assert_eq!(start_time(stat), Some(4711));
        assert_eq!(start_time(&stat.replace(") S", ") Z")), None, "it has ended");
        assert_eq!(start_time("12 (x) S 1"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn only_the_process_that_was_noted_is_ended() {
        let folder = crate::process::cleared(crate::process::target().join("xtask").join("processes")).unwrap();
        let home = Home::new(folder);
        // It keeps nobody waiting if this test fails and leaves it behind.
        let mut child = Command::new("sleep").arg("60").stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap();
        let running = Running::find(child.id()).unwrap();
        let server = Server::called("postgres").unwrap();

        fs::write(home.pid(), format!("{} {}", running.pid, running.started + 1)).unwrap();
        assert_eq!(of(&home), None, "another process had this number");
        stop(server, &home).unwrap();
        assert!(running.lives() && !home.pid().exists());

        fs::write(home.pid(), format!("{} {}", running.pid, running.started)).unwrap();
        assert_eq!(of(&home), Some(running));
        stop(server, &home).unwrap();
        assert!(!running.lives());
        child.wait().unwrap();
    }
}
