//! Records on their way into a collection, many at once.

use std::io::BufRead;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use memory_core::{Error, ErrorKind, Memory, Record, Stored, Timestamp};
use tokio::sync::mpsc;

use super::source::{BadLine, Source};
use crate::failure::Failure;
use crate::output::text;

/// How many records are put at once.
const RECORDS: usize = 1_000;

/// How many are embedded and put at once: a model takes its time, and an interruption loses what is not put yet.
const EMBEDDED: usize = 128;

/// About how many bytes of texts and vectors are put at once.
const BYTES: usize = 16 << 20;

/// The lots of an input, read on a thread of their own, one ahead: a pipe that stays silent keeps nobody from Ctrl-C.
pub(crate) struct Lots {
    read: mpsc::Receiver<Lot>,
    size: Arc<AtomicUsize>,
}

impl Lots {
    /// Begins to read. Until it is known whether texts are embedded, lots are small.
    pub(crate) fn read<R: BufRead + Send + 'static>(mut source: Source<R>) -> Self {
        let (sender, read) = mpsc::channel(1);
        let size = Arc::new(AtomicUsize::new(EMBEDDED));
        let wanted = Arc::clone(&size);
        thread::spawn(move || {
            loop {
                let lot = Lot::read(&mut source, wanted.load(Ordering::Relaxed));
                let more = matches!(lot.end, End::Full);
                // Who waits for no more has ended.
                if sender.blocking_send(lot).is_err() || !more {
                    return;
                }
            }
        });
        Self { read, size }
    }

    /// Says whether texts are embedded, which makes lots smaller.
    pub(crate) fn set_size(&self, embeds: bool) {
        self.size.store(if embeds { EMBEDDED } else { RECORDS }, Ordering::Relaxed);
    }

    /// The next lot. After one that is not full there is none.
    pub(crate) async fn next(&mut self) -> Result<Lot, Failure> {
        self.read.recv().await.ok_or_else(|| Error::internal("the input was read beyond its end").into())
    }
}

/// Some records with their numbers, and why there are no more.
pub(crate) struct Lot {
    /// What the numbers count: lines, or records.
    unit: &'static str,
    numbers: Vec<u64>,
    records: Vec<Record>,
    /// The number of its last one.
    last: u64,
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

/// What became of the records so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Done {
    /// Put.
    pub(crate) written: u64,
    /// Left out, for the collection holds them already as they would be put.
    pub(crate) unchanged: u64,
    /// Put with a vector of the beginning of their text alone.
    pub(crate) cut: u64,
    /// The number of the last of them.
    pub(crate) last: u64,
}

impl Done {
    /// What is to be said beside the number written.
    pub(crate) fn besides(&self) -> String {
        let mut said = String::new();
        if self.unchanged > 0 {
            said.push_str(&format!("; {} were there already", self.unchanged));
        }
        if self.cut > 0 {
            said.push_str(&format!(
                "; of {} the text is, or may be, longer than the embedder reads: the vector holds its beginning alone",
                text::records(self.cut)
            ));
        }
        said
    }
}

impl Lot {
    fn read<R: BufRead>(source: &mut Source<R>, most: usize) -> Self {
        let mut lot = Self { unit: "line", numbers: Vec::new(), records: Vec::new(), last: 0, end: End::Full };
        let mut bytes = 0;
        while lot.records.len() < most && bytes < BYTES {
            match source.next() {
                Ok(Some((line, record))) => {
                    let components = record.embedding.as_ref().map_or(0, |embedding| embedding.dimension());
                    bytes += record.content.as_str().len() + components * size_of::<f32>();
                    lot.last = line;
                    lot.numbers.push(line);
                    lot.records.push(record);
                }
                Ok(None) => return Self { end: End::Input, ..lot },
                Err(bad) => return Self { end: End::Bad(bad), ..lot },
            }
        }
        lot
    }

    /// Records of a collection, of which `before` came already.
    pub(crate) fn of(records: Vec<Record>, before: u64) -> Self {
        let last = before + records.len() as u64;
        Self { unit: "record", numbers: (before + 1..=last).collect(), records, last, end: End::Full }
    }

    pub(crate) fn records(&self) -> &[Record] {
        &self.records
    }

    /// Leaves out what the collection holds already, so that a repeated import goes on where it stopped. Records that name no
    /// time have `now`, and are compared without.
    pub(crate) async fn skip_present(
        &mut self,
        memory: &Memory,
        now: Timestamp,
        done: &mut Done,
    ) -> Result<(), Failure> {
        let stored = memory.get_all(self.records.iter().map(|record| record.key.clone())).await?;
        let embeds = memory.embedder().is_some();
        let before = self.records.len();
        let numbered = self.numbers.drain(..).zip(self.records.drain(..)).zip(stored);
        let is_present = |record: &Record, stored: Option<Stored>| {
            stored.is_some_and(|stored| is_current(&stored.record, record, now, embeds))
        };
        let kept = numbered
            .filter_map(|((number, record), stored)| (!is_present(&record, stored)).then_some((number, record)));
        (self.numbers, self.records) = kept.collect::<Vec<_>>().into_iter().unzip();
        done.unchanged += (before - self.records.len()) as u64;
        Ok(())
    }

    /// Puts it.
    pub(crate) async fn put(&self, memory: &Memory, done: &mut Done) -> Result<(), Failure> {
        match memory.put_all(self.records.iter().cloned()).await {
            Ok(written) => {
                done.written += self.records.len() as u64;
                done.cut += written.cut.len() as u64;
            }
            Err(error) if matches!(error.kind(), ErrorKind::InvalidArgument | ErrorKind::LimitExceeded) => {
                self.put_singly(memory, done).await?;
            }
            Err(error) => {
                let (first, last) = (self.numbers.first().unwrap_or(&0), self.numbers.last().unwrap_or(&0));
                let (accepted, unknown) = (error.accepted().len(), error.unknown().len());
                return Err(Failure::from(error).map(|message| {
                    format!(
                        "{}s {first} to {last}: {message}; written before them: {}; of them {accepted} for certain and \
                         {unknown} perhaps. The same command goes on from there",
                        self.unit,
                        text::records(done.written)
                    )
                }));
            }
        }
        done.last = done.last.max(self.last);
        Ok(())
    }

    /// One bad record refuses its whole batch before any I/O (WR-3). Alone it is found, and the others are not lost with it.
    async fn put_singly(&self, memory: &Memory, done: &mut Done) -> Result<(), Failure> {
        for (number, record) in self.numbers.iter().zip(&self.records) {
            match memory.put_all([record.clone()]).await {
                Ok(written) => {
                    done.written += 1;
                    done.cut += written.cut.len() as u64;
                }
                Err(error) => {
                    let written = text::records(done.written);
                    let tell = |message| format!("{} {number}: {message}; written before it: {written}", self.unit);
                    return Err(Failure::from(error).map(tell));
                }
            }
        }
        Ok(())
    }
}

/// Whether putting this record would change nothing but its times, where it names none.
fn is_current(stored: &Record, record: &Record, now: Timestamp, embeds: bool) -> bool {
    let time = |stored: Timestamp, named: Timestamp| named == now || stored == named;
    let embedding = match &record.embedding {
        None if embeds && !record.content.as_str().trim().is_empty() => stored.embedding.is_some(),
        embedding => stored.embedding == *embedding,
    };
    let same = Record { embedding: None, created_at: now, updated_at: now, ..record.clone() }
        == Record { embedding: None, created_at: now, updated_at: now, ..stored.clone() };
    same && embedding && time(stored.created_at, record.created_at) && time(stored.updated_at, record.updated_at)
}

#[cfg(test)]
mod tests {
    use memory_core::{Draft, Namespace};

    use super::*;

    fn record(draft: Draft) -> Record {
        draft.build(Some(&Namespace::new(["n"]).unwrap()), at(9)).unwrap()
    }

    fn at(seconds: i64) -> Timestamp {
        Timestamp::from_micros(seconds * 1_000_000).unwrap()
    }

    #[test]
    fn a_record_is_current_if_putting_it_changes_nothing() {
        let draft = || Record::draft("a").content("tea").tags(["x"]);
        let stored = record(draft().created_at(at(1)).updated_at(at(2)).embedding([1.0, 2.0]));
        let current = |draft: Draft, embeds| is_current(&stored, &record(draft), at(9), embeds);
        assert!(current(draft().embedding([1.0, 2.0]), false), "it names no times");
        assert!(current(draft().embedding([1.0, 2.0]).created_at(at(1)).updated_at(at(2)), true));
        assert!(current(draft(), true), "the vector is its text's");
        assert!(!current(draft(), false), "it has none, and gets none");
        assert!(!current(draft().embedding([1.0, 2.5]), true));
        assert!(!current(draft().embedding([1.0, 2.0]).created_at(at(2)), false));
        assert!(!current(draft().content("coffee"), true));
        assert!(!current(draft().tags(["y"]), true));
        let bare = record(draft().created_at(at(1)));
        assert!(!is_current(&bare, &record(draft()), at(9), true), "its vector is still to be made");
        assert!(is_current(&bare, &record(draft()), at(9), false));
    }
}
