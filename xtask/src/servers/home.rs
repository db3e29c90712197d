//! Where servers live: one folder for all of them, and in it a home for each one that runs.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use super::user;

/// The variable that names another folder for everything.
const FOLDER: &str = "MEMORY_SERVERS_DIR";

/// Where programs and data lie: the user's cache; for root a folder that the user for servers can reach.
pub(super) fn base() -> Result<PathBuf, String> {
    let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
    let chosen = set(FOLDER).or_else(|| {
        if user::is_root() {
            return Some(PathBuf::from("/var/tmp/memory-xtask"));
        }
        let cache = set("XDG_CACHE_HOME").or_else(|| Some(set("HOME")?.join(".cache")))?;
        Some(cache.join("memory-xtask"))
    });
    let folder = chosen.ok_or(format!("there is no home folder here; set {FOLDER} to a folder for servers"))?;
    let folder = std::path::absolute(&folder).map_err(|error| failed(&folder, &error))?;
    if !folder.exists() {
        fs::create_dir_all(&folder).and_then(|()| user::permit(&folder, 0o755)).map_err(|e| failed(&folder, &e))?;
    }
    if !user::owns(&folder) {
        return Err(format!("{} belongs to somebody else; set {FOLDER} to another folder", folder.display()));
    }
    Ok(folder)
}

pub(super) fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

/// What one running server needs: its data, its port, its password, its log, and who it is.
#[derive(Debug)]
pub(crate) struct Home(PathBuf);

impl Home {
    pub(super) fn new(folder: PathBuf) -> Self {
        Self(folder)
    }

    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    pub(super) fn data(&self) -> PathBuf {
        self.0.join("data")
    }

    pub(super) fn log(&self) -> PathBuf {
        self.0.join("log")
    }

    pub(super) fn pid(&self) -> PathBuf {
        self.0.join("pid")
    }

    pub(super) fn password_file(&self) -> PathBuf {
        self.0.join("password")
    }

    /// The folder, which it makes, held until the answer is dropped: one command at a time may change what is in it.
    pub(super) fn locked(&self) -> Result<File, String> {
        let lock = self.0.with_extension("lock");
        let held = fs::create_dir_all(&self.0)
            // Data is the server's own; the way to it has to be open.
            .and_then(|()| user::permit(&self.0, 0o755))
            .and_then(|()| File::create(&lock))
            .and_then(|file| file.lock().map(|()| file));
        held.map_err(|error| failed(&lock, &error))
    }

    /// The port that was chosen for this server.
    pub(super) fn port(&self) -> Result<u16, String> {
        let text = self.read("port")?;
        text.parse().map_err(|_| format!("{}: {text} is no port", self.0.join("port").display()))
    }

    pub(super) fn set_port(&self, port: u16) -> Result<(), String> {
        let file = self.0.join("port");
        fs::write(&file, port.to_string()).map_err(|error| failed(&file, &error))
    }

    /// The password that was made for this server.
    pub(super) fn password(&self) -> Result<String, String> {
        self.read("password")
    }

    /// Makes a password that nobody knows: on a machine with several users, each can reach the port.
    pub(super) fn set_password(&self) -> Result<(), String> {
        let mut random = [0; 16];
        let source = Path::new("/dev/urandom");
        File::open(source)
            .and_then(|mut file| std::io::Read::read_exact(&mut file, &mut random))
            .map_err(|error| failed(source, &error))?;
        let password: String = random.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = self.password_file();
        File::create(&file)
            .and_then(|_| user::permit(&file, 0o600))
            .and_then(|()| fs::write(&file, password))
            .and_then(|()| user::give(&file))
            .map_err(|error| failed(&file, &error))
    }

    pub(super) fn remove(&self) -> Result<(), String> {
        fs::remove_dir_all(&self.0).map_err(|error| failed(&self.0, &error))
    }

    fn read(&self, name: &str) -> Result<String, String> {
        let file = self.0.join(name);
        fs::read_to_string(&file).map(|text| text.trim().to_owned()).map_err(|error| failed(&file, &error))
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;
    use crate::process::{cleared, target};

    #[test]
    fn a_home_keeps_port_and_password_and_no_two_have_one_password() {
        let folder = cleared(target().join("xtask").join("homes")).unwrap();
        let homes = ["one", "two"].map(|name| Home::new(folder.join(name)));
        for home in &homes {
            drop(home.locked().unwrap());
            assert!(home.port().is_err() && home.password().is_err(), "nothing was chosen yet");
            home.set_port(54_321).unwrap();
            home.set_password().unwrap();
            assert_eq!(home.port(), Ok(54_321));
            let password = home.password().unwrap();
            assert!(password.len() == 32 && password.chars().all(|c| c.is_ascii_hexdigit()), "{password}");
        }
        assert_ne!(homes[0].password(), homes[1].password());
        homes[0].remove().unwrap();
        assert!(homes[0].password().is_err() && homes[1].password().is_ok());
    }

    #[test]
    fn a_home_is_held_by_one_at_a_time() {
        let home = Home::new(cleared(target().join("xtask").join("held")).unwrap().join("home"));
        let held = home.locked().unwrap();
        let again = File::open(home.folder().with_extension("lock")).unwrap();
        assert!(again.try_lock().is_err());
        drop(held);
        assert!(again.try_lock().is_ok());
    }
}
