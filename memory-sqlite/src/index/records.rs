//! What a search must know of each record but its vector and its words, by slot.

use std::collections::HashMap;
use std::io;
use std::mem::size_of;

use super::bytes::{In, Out, damaged};
use super::names::Names;
use super::slots::keep;

/// What a slot whose record has gone expires at: before all times, so that no search sees it.
const NEVER_SEEN: i64 = i64::MIN;

/// What a record is to the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) row: i64,
    pub(super) namespace: &'a str,
    pub(super) kind: &'a str,
    /// Times in microseconds.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) embedded: bool,
}

/// The records of one incarnation of a collection. Each has a slot of its own; one that changes gets a new one at the end, so that
/// what other parts of the index say of a slot never comes to mean another record.
#[derive(Debug)]
pub(super) struct Records {
    /// By slot, as all that follows.
    pub(super) rows: Vec<i64>,
    pub(super) namespaces: Vec<u32>,
    pub(super) kinds: Vec<u32>,
    pub(super) created: Vec<i64>,
    pub(super) updated: Vec<i64>,
    /// In microseconds, or the greatest number.
    expires: Vec<i64>,
    pub(super) embedded: Vec<bool>,
    slots: HashMap<i64, u32>,
    /// The slots whose record has gone, in no order.
    gone: Vec<u32>,
    /// No record that expires does so before.
    soonest: i64,
    pub(super) namespace_names: Names,
    pub(super) kind_names: Names,
}

impl Records {
    /// Nothing yet, with room for so many.
    pub(super) fn new(room: usize) -> Self {
        Self {
            rows: Vec::with_capacity(room),
            namespaces: Vec::with_capacity(room),
            kinds: Vec::with_capacity(room),
            created: Vec::with_capacity(room),
            updated: Vec::with_capacity(room),
            expires: Vec::with_capacity(room),
            embedded: Vec::with_capacity(room),
            slots: HashMap::with_capacity(room),
            gone: Vec::new(),
            soonest: i64::MAX,
            namespace_names: Names::default(),
            kind_names: Names::default(),
        }
    }

    /// How many bytes a record takes, nearly: its columns, and its place in the map.
    pub(super) const BYTES_EACH: usize = 4 * size_of::<i64>() + 2 * size_of::<u32>() + 1 + 24;

    /// How many bytes are held, nearly.
    pub(super) fn bytes(&self) -> usize {
        let names = self.namespace_names.bytes() + self.kind_names.bytes();
        self.rows.capacity() * (Self::BYTES_EACH - 24) + self.slots.capacity() * 20 + names
    }

    /// How many slots there are, those of records that have gone included.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many records there are.
    pub(super) fn count(&self) -> usize {
        self.slots.len()
    }

    /// Whether asking the records for so many, one by one, is cheaper than asking for all.
    pub(super) fn are_few(&self, rows: usize) -> bool {
        rows < 256 || rows < self.count() / 16
    }

    /// Whether some slots belong to no record.
    pub(super) fn has_gaps(&self) -> bool {
        !self.gone.is_empty()
    }

    /// Whether so many slots belong to no record that it is time to [`Self::compact`].
    pub(super) fn is_sparse(&self) -> bool {
        self.gone.len() > 1_024 && self.gone.len() > self.len() / 8
    }

    /// Whether the slot has a record that is live at this time.
    pub(super) fn is_live(&self, slot: u32, now: i64) -> bool {
        self.expires.get(slot as usize).is_some_and(|at| *at > now)
    }

    /// The slots that have no record, or one that is not live at this time: ascending.
    pub(super) fn hidden(&self, now: i64) -> Vec<u32> {
        if self.soonest > now {
            let mut gone = self.gone.clone();
            gone.sort_unstable();
            return gone;
        }
        (0..).zip(&self.expires).filter(|(_, at)| **at <= now).map(|(slot, _)| slot).collect()
    }

    /// When the record in a slot expires, in microseconds, if it does.
    pub(super) fn expires_at(&self, slot: u32) -> Option<i64> {
        self.expires.get(slot as usize).copied().filter(|at| *at != i64::MAX)
    }

    /// The slot of a row.
    pub(super) fn slot(&self, row: i64) -> Option<u32> {
        self.slots.get(&row).copied()
    }

    /// Adds a record, which takes the place of what is known of its row, and answers its slot.
    pub(super) fn put(&mut self, entry: Entry<'_>) -> u32 {
        self.remove(entry.row);
        self.make_room();
        // Four thousand million records do not fit into memory.
        let slot = u32::try_from(self.len()).unwrap_or(u32::MAX);
        self.slots.insert(entry.row, slot);
        self.rows.push(entry.row);
        self.namespaces.push(self.namespace_names.number(entry.namespace));
        self.kinds.push(self.kind_names.number(entry.kind));
        self.created.push(entry.created_at);
        self.updated.push(entry.updated_at);
        let expires = entry.expires_at.unwrap_or(i64::MAX);
        self.expires.push(expires);
        self.soonest = self.soonest.min(expires);
        self.embedded.push(entry.embedded);
        slot
    }

    /// Room grows by an eighth, not by doubling, for this is held for every record.
    fn make_room(&mut self) {
        if self.len() == self.rows.capacity() {
            let more = self.len() / 8 + 16;
            self.rows.reserve_exact(more);
            self.namespaces.reserve_exact(more);
            self.kinds.reserve_exact(more);
            self.created.reserve_exact(more);
            self.updated.reserve_exact(more);
            self.expires.reserve_exact(more);
            self.embedded.reserve_exact(more);
        }
    }

    /// Removes what is known of a row, if anything is.
    pub(super) fn remove(&mut self, row: i64) {
        if let Some(slot) = self.slots.remove(&row) {
            self.expires[slot as usize] = NEVER_SEEN;
            self.gone.push(slot);
        }
    }

    /// Writes them, of which none may have gone, for [`Self::read_from`].
    pub(super) fn write(&self, out: &mut Out) -> io::Result<()> {
        self.namespace_names.write(out)?;
        self.kind_names.write(out)?;
        out.numbers(&self.rows)?;
        out.numbers(&self.namespaces)?;
        out.numbers(&self.kinds)?;
        out.numbers(&self.created)?;
        out.numbers(&self.updated)?;
        out.numbers(&self.expires)?;
        out.numbers(&self.embedded.iter().map(|embedded| u8::from(*embedded)).collect::<Vec<u8>>())
    }

    pub(super) fn read_from(input: &mut In) -> io::Result<Self> {
        let (namespace_names, kind_names) = (Names::read_from(input)?, Names::read_from(input)?);
        let rows: Vec<i64> = input.numbers()?;
        let count = rows.len();
        let (namespaces, kinds) = (input.column(count)?, input.column(count)?);
        let known = |numbers: &[u32], names: &Names| numbers.iter().all(|number| (*number as usize) < names.len());
        if !known(&namespaces, &namespace_names) || !known(&kinds, &kind_names) {
            return Err(damaged());
        }
        let (created, updated, expires) = (input.column(count)?, input.column(count)?, input.column::<i64>(count)?);
        let embedded = input.column::<u8>(count)?.into_iter().map(|embedded| embedded == 1).collect();
        let slots: HashMap<i64, u32> = rows.iter().copied().zip(0..).collect();
        if slots.len() != count {
            return Err(damaged());
        }
        let soonest = expires.iter().copied().min().unwrap_or(i64::MAX);
        let gone = Vec::new();
        let columns = Self { rows, namespaces, kinds, created, updated, expires, embedded, ..Self::new(0) };
        Ok(Self { slots, gone, soonest, namespace_names, kind_names, ..columns })
    }

    /// Gives up the slots without a record. The answer names those that were kept, by what they are now.
    pub(super) fn compact(&mut self) -> Vec<u32> {
        let kept: Vec<u32> =
            (0..).zip(&self.expires).filter(|(_, at)| **at != NEVER_SEEN).map(|(slot, _)| slot).collect();
        keep(&mut self.rows, 1, &kept);
        keep(&mut self.namespaces, 1, &kept);
        keep(&mut self.kinds, 1, &kept);
        keep(&mut self.created, 1, &kept);
        keep(&mut self.updated, 1, &kept);
        keep(&mut self.expires, 1, &kept);
        keep(&mut self.embedded, 1, &kept);
        self.gone.clear();
        self.slots = self.rows.iter().copied().zip(0..).collect();
        self.soonest = self.expires.iter().copied().min().unwrap_or(i64::MAX);
        kept
    }
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;

    pub(in crate::index) fn entry(row: i64) -> Entry<'static> {
        let (created_at, updated_at) = (0, 0);
        Entry { row, namespace: "n/", kind: "k", created_at, updated_at, expires_at: None, embedded: true }
    }

    #[test]
    fn a_changed_record_gets_a_new_slot() {
        let mut records = Records::new(0);
        let slots: Vec<u32> = (10..13).map(|row| records.put(entry(row))).collect();
        assert_eq!(slots, [0, 1, 2]);
        assert!(records.hidden(0).is_empty());
        assert_eq!(records.put(Entry { expires_at: Some(5), ..entry(11) }), 3);
        records.remove(7);
        assert_eq!((records.count(), records.len(), records.slot(11), records.slot(7)), (3, 4, Some(3), None));
        assert_eq!((records.is_live(1, 0), records.is_live(3, 4), records.is_live(3, 5)), (false, true, false));
        assert_eq!(records.hidden(0), [1]);
        records.remove(10);
        assert_eq!((records.hidden(4), records.hidden(5)), (vec![0, 1], vec![0, 1, 3]));
        assert_eq!(records.compact(), [2, 3]);
        assert_eq!((records.rows.as_slice(), records.slot(12), records.slot(11)), (&[12, 11][..], Some(0), Some(1)));
        assert_eq!((records.hidden(4), records.hidden(5)), (vec![], vec![1]));
        assert_eq!((records.expires_at(0), records.expires_at(1)), (None, Some(5)));
    }

    #[test]
    fn room_grows_by_little() {
        let mut records = Records::new(0);
        for row in 0..10_000 {
            records.put(entry(row));
        }
        assert!(records.rows.capacity() < 11_300 && records.expires.capacity() < 11_300);
        (0..1_250).for_each(|row| records.remove(row));
        assert!(!records.is_sparse());
        records.remove(1_250);
        assert!(records.is_sparse());
    }
}
