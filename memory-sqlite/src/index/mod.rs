//! What a process holds in memory of a collection, so that it need not read every record for each search.
//!
//! It is derived from the records and caught up with them before each search (`changes.rs`), in parts that are loaded when the first
//! search asks for them: what every search needs to know of a record (`records.rs`), the vectors (`vector/`), the words (`text/`).
//! What was loaded is kept in a file beside the database for the next process (`snapshot.rs`).
//! What may be held is bounded (`held.rs`); beyond that, and where a record is damaged, a search reads the records themselves.

mod answer;
mod best;
mod bytes;
pub(crate) mod changes;
mod columns;
mod filters;
mod held;
mod helpers;
mod load;
mod names;
mod nodes;
mod records;
mod search;
mod select;
mod slots;
mod snapshot;
mod text;
mod vector;

use std::collections::BTreeSet;
use std::sync::{Mutex, PoisonError};

use self::changes::State;
use self::columns::Columns;
use self::filters::Filters;
pub(crate) use self::held::Indexes;
use self::records::Records;
pub(crate) use self::search::{count, search};
use self::text::Text;
pub(crate) use self::vector::Kernel;
use self::vector::Vectors;

/// A part of the index that one kind of search needs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Part {
    Text,
    Vector,
}

/// What is held of one incarnation of a collection.
#[derive(Debug)]
struct Index {
    /// The state of the collection that this is.
    state: State,
    records: Records,
    /// `None` until a search needs it, as the next.
    vectors: Option<Vectors>,
    text: Option<Text>,
    /// Rows whose checksum is wrong. While there are any, searches read the records themselves.
    damaged: BTreeSet<i64>,
    filters: Mutex<Filters>,
    columns: Mutex<Columns>,
    /// How many changes the file beside the database does not know, or was tried without; the greatest number before that.
    unsaved: usize,
    /// Whether there is such a file.
    has_file: bool,
}

impl Index {
    fn new(state: State, room: usize) -> Self {
        let (filters, columns) = (Mutex::default(), Mutex::default());
        let (records, damaged, unsaved) = (Records::new(room), BTreeSet::new(), usize::MAX);
        Self { state, records, vectors: None, text: None, damaged, filters, columns, unsaved, has_file: false }
    }

    /// How many bytes are held, nearly.
    fn bytes(&self) -> usize {
        let filters = self.filters.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        let columns = self.columns.lock().unwrap_or_else(PoisonError::into_inner).bytes();
        self.records.bytes() + self.bytes_of(Part::Vector) + self.bytes_of(Part::Text) + filters + columns
    }

    fn bytes_of(&self, part: Part) -> usize {
        match part {
            Part::Text => self.text.as_ref().map_or(0, Text::bytes),
            Part::Vector => self.vectors.as_ref().map_or(0, Vectors::bytes),
        }
    }

    fn has(&self, part: Part) -> bool {
        match part {
            Part::Text => self.text.is_some(),
            Part::Vector => self.vectors.is_some(),
        }
    }

    /// A part that it has; there is at least one.
    fn any_part(&self) -> Part {
        if self.text.is_some() { Part::Text } else { Part::Vector }
    }

    /// Gives up the other part.
    fn keep_only(&mut self, part: Part) {
        match part {
            Part::Text => self.vectors = None,
            Part::Vector => self.text = None,
        }
    }

    /// Removes what is known of a row.
    fn remove(&mut self, row: i64) {
        self.damaged.remove(&row);
        self.records.remove(row);
    }

    /// Gives up the slots of records that have gone.
    fn compact(&mut self) {
        if !self.records.has_gaps() {
            return;
        }
        let kept = self.records.compact();
        if let Some(vectors) = &mut self.vectors {
            vectors.compact(&kept);
        }
        if let Some(text) = &mut self.text {
            text.compact(&kept);
        }
        self.columns.get_mut().unwrap_or_else(PoisonError::into_inner).compact(&kept);
        *self.filters.get_mut().unwrap_or_else(PoisonError::into_inner) = Filters::default();
    }
}
