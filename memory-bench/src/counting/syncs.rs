//! How often this program waits for the disk. On Linux the two calls that do so are defined here, and the linker takes these
//! before those of the system's library: so every one counts, whoever makes it, SQLite, Rust or another library.
#![allow(unsafe_code, reason = "two functions take the place of the C library's, and call the system themselves")]

use std::sync::atomic::{AtomicU64, Ordering};

static CALLS: AtomicU64 = AtomicU64::new(0);

/// How many calls of fsync and fdatasync there were; `None` where they cannot be counted.
pub(crate) fn calls() -> Option<u64> {
    cfg!(target_os = "linux").then(|| CALLS.load(Ordering::Relaxed))
}

#[cfg(target_os = "linux")]
mod linux {
    use super::{CALLS, Ordering};
    use std::ffi::{c_int, c_long};

    // SAFETY: the name is one of the C library's, with the same signature and the same meaning.
    #[unsafe(no_mangle)]
    extern "C" fn fsync(file: c_int) -> c_int {
        CALLS.fetch_add(1, Ordering::Relaxed);
        call(libc::SYS_fsync, file)
    }

    // SAFETY: as above.
    #[unsafe(no_mangle)]
    extern "C" fn fdatasync(file: c_int) -> c_int {
        CALLS.fetch_add(1, Ordering::Relaxed);
        call(libc::SYS_fdatasync, file)
    }

    fn call(number: c_long, file: c_int) -> c_int {
        // SAFETY: both calls take one number, and report one that is no open file as an error; errno is set as by the library.
        unsafe { libc::syscall(number, file) as c_int }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn syncs_of_rust_and_of_sqlite_are_counted() {
        let folder = tempfile::tempdir().unwrap();
        let before = calls().unwrap();
        let file = std::fs::File::create(folder.path().join("file")).unwrap();
        file.sync_all().unwrap();
        file.sync_data().unwrap();
        let rust = calls().unwrap();
        assert!(rust >= before + 2);
        let database = rusqlite::Connection::open(folder.path().join("db")).unwrap();
        database.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; CREATE TABLE t (x)").unwrap();
        assert!(calls().unwrap() > rust);
    }
}
