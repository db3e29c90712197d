//! Sorting more records than fit into memory: runs in temporary files, then one merge.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::fs::File;
use std::io::{self, BufReader, BufWriter, ErrorKind, Read, Seek as _, Write};
use std::vec::IntoIter;

/// How many bytes are kept before they go to a file.
pub(crate) const IN_MEMORY: usize = 64 << 20;

/// A key, and the line that belongs to it. Sorted by the key, bytewise.
pub(crate) type Entry = (Vec<u8>, String);

/// Takes entries in any order.
pub(crate) struct Sorter {
    limit: usize,
    bytes: usize,
    entries: Vec<Entry>,
    runs: Vec<File>,
}

impl Sorter {
    /// Keeps about so many bytes in memory.
    pub(crate) fn new(limit: usize) -> Self {
        Self { limit, bytes: 0, entries: Vec::new(), runs: Vec::new() }
    }

    /// Takes one.
    pub(crate) fn push(&mut self, key: Vec<u8>, line: String) -> io::Result<()> {
        self.bytes += key.len() + line.len();
        self.entries.push((key, line));
        if self.bytes > self.limit { self.spill() } else { Ok(()) }
    }

    /// Gives them all back, in order.
    pub(crate) fn finish(mut self) -> io::Result<Sorted> {
        if self.runs.is_empty() {
            self.entries.sort_unstable();
            return Ok(Sorted::Memory(self.entries.into_iter()));
        }
        self.spill()?;
        let mut merge = Merge { runs: self.runs.into_iter().map(BufReader::new).collect(), next: BinaryHeap::new() };
        (0..merge.runs.len()).try_for_each(|run| merge.advance(run))?;
        Ok(Sorted::Merge(merge))
    }

    fn spill(&mut self) -> io::Result<()> {
        self.entries.sort_unstable();
        let mut out = BufWriter::new(tempfile::tempfile()?);
        for (key, line) in self.entries.drain(..) {
            write_part(&mut out, &key)?;
            write_part(&mut out, line.as_bytes())?;
        }
        let mut run = out.into_inner()?;
        run.rewind()?;
        self.runs.push(run);
        self.bytes = 0;
        Ok(())
    }
}

/// The entries in order.
pub(crate) enum Sorted {
    /// All in memory.
    Memory(IntoIter<Entry>),
    /// From several files.
    Merge(Merge),
}

/// The runs, and the first entry of each that has one left.
pub(crate) struct Merge {
    runs: Vec<BufReader<File>>,
    next: BinaryHeap<Reverse<(Entry, usize)>>,
}

impl Merge {
    fn advance(&mut self, run: usize) -> io::Result<()> {
        let Some(key) = read_part(&mut self.runs[run])? else { return Ok(()) };
        let line = read_part(&mut self.runs[run])?.ok_or(ErrorKind::UnexpectedEof)?;
        let line = String::from_utf8(line).map_err(|_| ErrorKind::InvalidData)?;
        self.next.push(Reverse(((key, line), run)));
        Ok(())
    }
}

impl Iterator for Sorted {
    type Item = io::Result<String>;

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Self::Memory(entries) => entries.next().map(|(_, line)| Ok(line)),
            Self::Merge(merge) => {
                let Reverse(((_, line), run)) = merge.next.pop()?;
                Some(merge.advance(run).map(|()| line))
            }
        }
    }
}

/// A length in eight bytes, then the bytes: keys and lines may hold anything.
fn write_part(out: &mut impl Write, bytes: &[u8]) -> io::Result<()> {
    out.write_all(&(bytes.len() as u64).to_le_bytes())?;
    out.write_all(bytes)
}

fn read_part(run: &mut BufReader<File>) -> io::Result<Option<Vec<u8>>> {
    let mut length = [0; 8];
    match run.read_exact(&mut length) {
        Err(error) if error.kind() == ErrorKind::UnexpectedEof => return Ok(None),
        read => read?,
    }
    let mut bytes = vec![0; usize::try_from(u64::from_le_bytes(length)).map_err(|_| ErrorKind::InvalidData)?];
    run.read_exact(&mut bytes)?;
    Ok(Some(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sorted(limit: usize) -> (usize, Vec<String>) {
        let mut sorter = Sorter::new(limit);
        for key in ["d", "b\n", "", "a", "c", "b", "é"] {
            sorter.push(key.into(), format!("<{key}>")).unwrap();
        }
        let runs = sorter.runs.len();
        (runs, sorter.finish().unwrap().map(Result::unwrap).collect())
    }

    #[test]
    fn the_order_is_the_same_in_memory_and_over_files() {
        let expected = ["<>", "<a>", "<b>", "<b\n>", "<c>", "<d>", "<é>"];
        assert_eq!(sorted(1_000), (0, expected.map(str::to_owned).to_vec()));
        assert_eq!(sorted(0), (7, expected.map(str::to_owned).to_vec()));
        assert_eq!(sorted(10), (2, expected.map(str::to_owned).to_vec()));
    }
}
