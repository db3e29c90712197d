//! The index in a file beside the database, so that the next process need not read every record. It is derived, like the index:
//! what is missing, damaged or of another past is made anew.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read as _, Result};
use std::path::{Path, PathBuf};

use memory_core::{Analyser, CollectionName, VectorSpec};

use super::Index;
use super::bytes::{In, Out, damaged};
use super::changes::State;
use super::records::Records;
use super::text::Text;
use super::vector::Vectors;

/// What the file begins with. Its last number changes with what follows.
const MAGIC: &[u8; 8] = b"MEMRIDX2";

/// Of fewer records none is made: reading them takes no longer.
pub(super) const LEAST: usize = 2_000;

/// The file of a collection's index: `memory.db-index-notes`.
pub(super) fn path(database: &Path, name: &CollectionName) -> PathBuf {
    let mut path = OsString::from(database);
    path.push(format!("-index-{name}"));
    path.into()
}

/// Writes the index, without any trace of records that have gone, in the place of what is there. Other processes may write at the
/// same time: whoever is last wins, and what is not whole has not its sum. It has the rights of the database.
pub(super) fn save(index: &mut Index, database: &Path, name: &CollectionName) -> Result<()> {
    index.compact();
    let path = path(database, name);
    let mut new = path.clone().into_os_string();
    new.push(format!(".{}", std::process::id()));
    let written = write(index, Path::new(&new), database).and_then(|()| fs::rename(&new, &path));
    if written.is_err() {
        // It may not even be there.
        let _ = fs::remove_file(&new);
    }
    written
}

fn write(index: &Index, new: &Path, database: &Path) -> Result<()> {
    let file = private(new)?;
    file.set_permissions(fs::metadata(database)?.permissions())?;
    let mut out = Out::new(file);
    out.bytes(MAGIC)?;
    out.number(Analyser::VERSION)?;
    index.state.write(&mut out)?;
    index.records.write(&mut out)?;
    out.number(u8::from(index.vectors.is_some()))?;
    if let Some(vectors) = &index.vectors {
        vectors.write(&mut out)?;
    }
    out.number(u8::from(index.text.is_some()))?;
    if let Some(text) = &index.text {
        text.write(&mut out)?;
    }
    out.finish()
}

/// A new file that nobody else may read.
fn private(path: &Path) -> Result<File> {
    let mut options = File::options();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;
        options.mode(0o600);
    }
    options.open(path)
}

/// The index that was saved; an error where there is none that is whole.
pub(super) fn load(database: &Path, name: &CollectionName, spec: Option<VectorSpec>) -> Result<Index> {
    let mut input = In::new(File::open(path(database, name))?)?;
    if input.bytes(MAGIC.len())? != MAGIC || input.number::<u32>()? != Analyser::VERSION {
        return Err(damaged());
    }
    let mut index = Index::new(State::read_from(&mut input)?, 0);
    index.records = Records::read_from(&mut input)?;
    let slots = index.records.len();
    if input.number::<u8>()? == 1 {
        index.vectors = Some(Vectors::read_from(&mut input, spec.ok_or_else(damaged)?, slots)?);
    }
    if input.number::<u8>()? == 1 {
        index.text = Some(Text::read_from(&mut input, slots)?);
    }
    input.finish()?;
    Ok(index)
}

/// Whether the file is one of SQLite's.
fn is_database(path: &Path) -> bool {
    let mut start = [0; 15];
    File::open(path).and_then(|mut file| file.read_exact(&mut start)).is_ok() && start == *b"SQLite format 3"
}

/// Removes the file of a collection's index, or of all, and what processes that ended while they wrote one have left.
pub(super) fn remove(database: &Path, name: Option<&CollectionName>) -> Result<()> {
    let one = name.map(|name| path(database, name));
    let prefix =
        one.unwrap_or_else(|| [database.as_os_str(), "-index-".as_ref()].into_iter().collect::<OsString>().into());
    let (Some(folder), Some(prefix)) = (prefix.parent(), prefix.file_name()) else { return Ok(()) };
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let found = entry.file_name();
        let rest = found.as_encoded_bytes().strip_prefix(prefix.as_encoded_bytes());
        // Of one collection: not of those whose names only begin with its name. And never a database, whatever it is called.
        let is_ours = rest.is_some_and(|rest| name.is_none() || rest.is_empty() || rest.starts_with(b"."));
        if is_ours && !is_database(&entry.path()) {
            match fs::remove_file(entry.path()) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                _ => {}
            }
        }
    }
    Ok(())
}
