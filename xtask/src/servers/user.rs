//! As whom a server runs: servers refuse to run as root, so root starts them as another user.

use std::io;
use std::path::Path;
use std::process::Command;

/// The user `nobody` where root starts a server.
#[cfg(unix)]
const NOBODY: u32 = 65_534;

#[cfg(unix)]
pub(super) fn is_root() -> bool {
    me().is_some_and(|user| user == 0)
}

/// Who runs this program, as the owner of its entry in /proc.
#[cfg(unix)]
fn me() -> Option<u32> {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata("/proc/self").ok().map(|entry| entry.uid())
}

/// Whether this is ours: in a folder that everybody may write to, another user can have made it first.
#[cfg(unix)]
pub(super) fn owns(path: &Path) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    std::fs::metadata(path).is_ok_and(|entry| Some(entry.uid()) == me())
}

/// The command as the user for servers, without root's groups (std drops them with the user), and out of reach of a Ctrl-C.
#[cfg(unix)]
pub(super) fn apart(command: &mut Command) -> &mut Command {
    use std::os::unix::process::CommandExt as _;
    if is_root() {
        command.uid(NOBODY).gid(NOBODY).env("HOME", "/nonexistent");
    }
    command.process_group(0)
}

/// Gives a file or folder to the user for servers.
#[cfg(unix)]
pub(super) fn give(path: &Path) -> io::Result<()> {
    if is_root() { std::os::unix::fs::chown(path, Some(NOBODY), Some(NOBODY)) } else { Ok(()) }
}

/// Sets the permission bits.
#[cfg(unix)]
pub(super) fn permit(path: &Path, mode: u32) -> io::Result<()> {
    use std::os::unix::fs::PermissionsExt as _;
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode))
}

/// Makes a symbolic link of this content.
#[cfg(unix)]
pub(super) fn link(content: &str, at: &Path) -> io::Result<()> {
    std::os::unix::fs::symlink(content, at)
}

/// Becomes this program; only returns if that fails.
#[cfg(unix)]
pub(super) fn become_program(command: &mut Command) -> io::Error {
    use std::os::unix::process::CommandExt as _;
    command.exec()
}

/// There are no servers on other systems (`install::ensure` says so); this lets the rest of xtask build there.
#[cfg(not(unix))]
mod elsewhere {
    use super::{Command, Path, io};

    pub(crate) fn is_root() -> bool {
        false
    }
    pub(crate) fn owns(_: &Path) -> bool {
        false
    }
    pub(crate) fn apart(command: &mut Command) -> &mut Command {
        command
    }
    pub(crate) fn give(_: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    pub(crate) fn permit(_: &Path, _: u32) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    pub(crate) fn link(_: &str, _: &Path) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }
    pub(crate) fn become_program(_: &mut Command) -> io::Error {
        io::ErrorKind::Unsupported.into()
    }
}
#[cfg(not(unix))]
pub(super) use elsewhere::*;
