//! `memoryctl export`

use std::fs;
use std::io::{self, BufWriter, IsTerminal as _, Write};
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use indicatif::{ProgressBar, ProgressFinish};
use memory_core::{Filter, ListRequest, Memory, Stored};
use serde::Serialize;
use tempfile::NamedTempFile;

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::output::{Output, text};
use crate::transfer::format::{Sum, header};
use crate::transfer::sorter::{IN_MEMORY, Sorted, Sorter};

/// How many records are read at once.
const PAGE: usize = 1_000;

/// Write all records to a file, the same bytes for the same data from every store
#[derive(clap::Args)]
pub(crate) struct Export {
    /// The file, which is replaced whole or not at all; - is standard output
    file: PathBuf,
}

#[derive(Serialize)]
struct Answer<'a> {
    exported: u64,
    collection: &'a str,
}

/// Reads the records, sorts them, and writes the file.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Export) -> Result<(), Failure> {
    let to_stdout = args.file == Path::new("-");
    let target = if to_stdout { None } else { Some(target(&args.file)?) };
    let memory = context.memory().await?;
    let lines = sorted(&memory, to_stdout && out.is_terminal()).await?;
    let count = match target {
        None => write(&memory, lines, out.stream()).map_err(|error| stopped(error, Failure::stdout))?,
        Some(target) => {
            let failed = |error: io::Error| Failure::file(&target, &error);
            let folder = target.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
            let mut file = NamedTempFile::new_in(folder).map_err(failed)?;
            let mut buffered = BufWriter::new(file.as_file_mut());
            let count = write(&memory, lines, &mut buffered)
                .map_err(|error| stopped(error, |error| Failure::file(&target, error)))?;
            buffered.flush().map_err(failed)?;
            drop(buffered);
            file.as_file().sync_all().map_err(failed)?;
            file.persist(&target).map_err(|error| failed(error.error))?;
            count
        }
    };
    let name = memory.spec().name();
    if out.is_json() && !to_stdout {
        return out.json(&Answer { exported: count, collection: name.as_str() });
    }
    out.flush()?;
    note(&format!("exported {} of collection {name}", text::records(count)));
    Ok(())
}

/// The file to replace: what a link leads to, and never a device or a pipe.
fn target(file: &Path) -> Result<PathBuf, Failure> {
    match fs::canonicalize(file) {
        Ok(path) if path.is_file() => Ok(path),
        Ok(path) => {
            Err(Failure::Error(format!("{} is no file to replace; - writes to standard output", path.display())))
        }
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(file.to_owned()),
        Err(error) => Err(Failure::file(file, &error)),
    }
}

/// All lines in the order of (namespace key, id), sorted outside the store (MO-1).
async fn sorted(memory: &Memory, quiet: bool) -> Result<Sorted, Failure> {
    let bar = if quiet || !io::stderr().is_terminal() {
        ProgressBar::hidden()
    } else {
        ProgressBar::new(memory.count(&Filter::all()).await?).with_finish(ProgressFinish::AndClear)
    };
    let mut sorter = Sorter::new(IN_MEMORY);
    let mut records = std::pin::pin!(memory.stream(ListRequest::new().with_limit(PAGE)));
    while let Some(Stored { record, .. }) = records.try_next().await? {
        // No namespace holds NUL, so this orders as the pair does.
        let key = format!("{}\0{}", record.key.namespace.key(), record.key.id);
        sorter.push(key.into_bytes(), record.to_json()).map_err(|error| spill(&error))?;
        bar.inc(1);
    }
    sorter.finish().map_err(|error| spill(&error))
}

fn spill(error: &io::Error) -> Failure {
    let folder = std::env::temp_dir();
    Failure::file(&folder, error).map(|message| format!("sorting in temporary files: {message}"))
}

/// What stopped the writing: the sorted lines, or the target.
enum Stopped {
    Sorting(io::Error),
    Writing(io::Error),
}

fn stopped(error: Stopped, writing: impl FnOnce(&io::Error) -> Failure) -> Failure {
    match error {
        Stopped::Sorting(error) => spill(&error),
        Stopped::Writing(error) => writing(&error),
    }
}

fn write(memory: &Memory, lines: Sorted, out: &mut impl Write) -> Result<u64, Stopped> {
    let mut sum = Sum::default();
    let header = header(memory.spec());
    sum.add(header.as_bytes(), false);
    out.write_all(header.as_bytes()).map_err(Stopped::Writing)?;
    for line in lines {
        let mut line = line.map_err(Stopped::Sorting)?;
        line.push('\n');
        sum.add(line.as_bytes(), true);
        out.write_all(line.as_bytes()).map_err(Stopped::Writing)?;
    }
    out.write_all(sum.trailer().as_bytes()).map_err(Stopped::Writing)?;
    Ok(sum.records())
}
