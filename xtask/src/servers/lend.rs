//! Servers for one run of the tests: fresh data, a free port, and an end that comes also when the run is killed.

use std::fs::{self, File};
use std::io::{BufRead as _, BufReader, Read as _, stdin};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use super::home::{Home, base, failed};
use super::process::{self, free_port};
use super::{Server, install, program, user};

/// What the homes of lent servers are called.
const LENT: &str = "lent-";

/// A server that runs until this is dropped. A process of its own watches over it, since one that is killed ends nothing.
#[derive(Debug)]
pub(crate) struct Lent {
    pub(crate) environment: Vec<(String, String)>,
    watcher: Child,
}

/// Starts a server for this process.
pub(super) fn lend(server: &Server) -> Result<Lent, String> {
    let mut command = Command::new(program()?);
    command.args(["servers", "lend", server.name]).stdin(Stdio::piped()).stdout(Stdio::piped());
    let mut watcher = out_of_reach(&mut command).spawn().map_err(|error| format!("{}: {error}", server.name))?;
    let mut environment = Vec::new();
    if let Some(output) = watcher.stdout.take() {
        // An empty line ends them: the server answers now.
        for line in BufReader::new(output).lines().map_while(Result::ok).take_while(|line| !line.is_empty()) {
            environment.extend(line.split_once('=').map(|(name, value)| (name.to_owned(), value.to_owned())));
        }
    }
    let lent = Lent { environment, watcher };
    // Why there is none was said on standard error.
    if lent.environment.is_empty() { Err(format!("{} cannot be had", server.name)) } else { Ok(lent) }
}

impl Drop for Lent {
    fn drop(&mut self) {
        // The end of its input tells the watcher. If that fails there is nothing left to do here.
        drop(self.watcher.stdin.take());
        let _ = self.watcher.wait();
    }
}

/// A Ctrl-C is for the tests; the watcher ends when they have.
fn out_of_reach(command: &mut Command) -> &mut Command {
    #[cfg(unix)]
    std::os::unix::process::CommandExt::process_group(command, 0);
    command
}

/// The watcher: starts a server, prints its environment and an empty line, and ends it when standard input ends.
pub(super) fn serve(server: &Server) -> Result<(), String> {
    let app = install::ensure(server)?;
    let home = Home::new(base()?.join(format!("{LENT}{}-{}", server.name, std::process::id())));
    // No other sweeps between the making of this home and its lock.
    let only = install::locked(server)?;
    sweep(server)?;
    let _mine = home.locked()?;
    drop(only);
    home.set_port(free_port()?)?;
    let served = process::start(server, &app, &home).and_then(|()| {
        print_environment(server, &home)?;
        let mut rest = Vec::new();
        stdin().read_to_end(&mut rest).map_err(|error| format!("standard input: {error}"))?;
        process::stop(server, &home)
    });
    let removed = home.remove();
    remove_lock(home.folder());
    served.and(removed)
}

/// Ends and removes what watchers that were killed have left: nobody holds the lock of such a home.
fn sweep(server: &Server) -> Result<(), String> {
    let base = base()?;
    let prefix = format!("{LENT}{}-", server.name);
    for entry in fs::read_dir(&base).map_err(|error| failed(&base, &error))?.flatten() {
        let name = entry.file_name();
        if !name.to_string_lossy().starts_with(&prefix) || !entry.path().is_dir() {
            continue;
        }
        let lock = entry.path().with_extension("lock");
        let Ok(file) = File::open(&lock) else { continue };
        if file.try_lock().is_ok() {
            let home = Home::new(entry.path());
            process::stop(server, &home)?;
            home.remove()?;
            remove_lock(home.folder());
        }
    }
    Ok(())
}

/// Nobody needs it any more; if it stays, it is an empty file.
fn remove_lock(home: &Path) {
    let _ = fs::remove_file(home.with_extension("lock"));
}

/// One variable a line, and an empty line.
fn print_environment(server: &Server, home: &Home) -> Result<(), String> {
    for (name, value) in (server.environment)(home)? {
        println!("{name}={value}");
    }
    println!();
    Ok(())
}

/// Runs a server in this folder and in this very process, so that who started it can stop or kill it. Prints its environment
/// first, and an empty line.
/// The folder keeps data, port and password: started there again, it is the same server.
pub(super) fn run(server: &Server, folder: &Path, more: &[&str]) -> Result<(), String> {
    let app = install::ensure(server)?;
    let folder = std::path::absolute(folder).map_err(|error| failed(folder, &error))?;
    let home = Home::new(folder);
    fs::create_dir_all(home.folder())
        .and_then(|()| user::permit(home.folder(), 0o755))
        .map_err(|error| failed(home.folder(), &error))?;
    if home.port().is_err() {
        home.set_port(free_port()?)?;
    }
    let mut command = (server.command)(&app, &home)?;
    let log = File::options().create(true).append(true).open(home.log());
    command.args(more).stderr(log.map_err(|error| failed(&home.log(), &error))?);
    print_environment(server, &home)?;
    Err(format!("{}: {}", server.name, user::become_program(user::apart(&mut command))))
}
