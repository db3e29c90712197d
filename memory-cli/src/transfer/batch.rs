//! Records on their way into a collection, many at once.

use std::io::BufRead;

use memory_core::{Batch, ErrorKind, Memory, Write};

use super::source::{BadLine, Source};
use crate::failure::Failure;
use crate::output::text;

/// How many records are put at once.
const RECORDS: usize = 1_000;

/// About how many bytes of texts and vectors are put at once.
const BYTES: usize = 16 << 20;

/// Some records with the numbers of their lines, and why there are no more.
pub(crate) struct Lot {
    pub(crate) lines: Vec<u64>,
    pub(crate) writes: Vec<Write>,
    pub(crate) end: End,
}

/// Where a lot ends.
pub(crate) enum End {
    /// It is full.
    Full,
    /// At the end of the input.
    Input,
    /// Before a line that cannot be taken.
    Bad(BadLine),
}

impl Lot {
    /// Reads the next one.
    pub(crate) fn read<R: BufRead>(source: &mut Source<R>) -> Self {
        let (mut lines, mut writes, mut bytes) = (Vec::new(), Vec::new(), 0);
        while writes.len() < RECORDS && bytes < BYTES {
            match source.next() {
                Ok(Some((line, record))) => {
                    let components = record.embedding.as_ref().map_or(0, |embedding| embedding.dimension());
                    bytes += record.content.as_str().len() + components * size_of::<f32>();
                    lines.push(line);
                    writes.push(Write::from(record));
                }
                Ok(None) => return Self { lines, writes, end: End::Input },
                Err(bad) => return Self { lines, writes, end: End::Bad(bad) },
            }
        }
        Self { lines, writes, end: End::Full }
    }

    /// Puts it and answers its size. `before` records were put already.
    pub(crate) async fn put(&self, memory: &Memory, before: u64) -> Result<u64, Failure> {
        match memory.apply_writes(&self.writes, Batch::independent()).await {
            Ok(_) => Ok(self.writes.len() as u64),
            Err(error) if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::LimitExceeded) => {
                self.put_singly(memory, before).await
            }
            Err(error) => {
                let (first, last) = (self.lines.first().unwrap_or(&0), self.lines.last().unwrap_or(&0));
                let (accepted, unknown) = (error.accepted().len(), error.unknown().len());
                Err(Failure::from(error).map(|message| {
                    format!(
                        "lines {first} to {last}: {message}; written before them: {}; of them {accepted} for certain and \
                         {unknown} perhaps. Import the file again: a record replaces itself",
                        text::records(before)
                    )
                }))
            }
        }
    }

    /// One bad record refuses its whole batch before any I/O (WR-3). Alone it is found, and the others are not lost with it.
    async fn put_singly(&self, memory: &Memory, before: u64) -> Result<u64, Failure> {
        for (written, (line, write)) in (before..).zip(self.lines.iter().zip(&self.writes)) {
            if let Err(error) = memory.apply_writes(std::slice::from_ref(write), Batch::independent()).await {
                let tell = |message| format!("line {line}: {message}; written before it: {}", text::records(written));
                return Err(Failure::from(error).map(tell));
            }
        }
        Ok(self.writes.len() as u64)
    }
}
