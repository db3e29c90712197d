//! The vectors of one collection and what a search must know of their records, by slot.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::mem::size_of;
use std::ops::Bound;
use std::sync::Mutex;

use memory_core::{Metric, Scope, VectorSpec};

use super::codes::{CHUNK, Chunk, Fit, chunks, encode};
use super::filters::Filters;
use crate::index::changes::State;

/// What a slot without a record expires at: before all times, so that no search sees it.
const NEVER_SEEN: i64 = i64::MIN;

/// Numbers for names.
#[derive(Debug, Default)]
pub(super) struct Names(BTreeMap<String, u32>);

impl Names {
    fn number(&mut self, name: &str) -> u32 {
        if let Some(number) = self.0.get(name) {
            return *number;
        }
        let next = u32::try_from(self.0.len()).unwrap_or(u32::MAX);
        self.0.insert(name.to_owned(), next);
        next
    }

    /// The numbers from 0 for whose names this holds, as a table by number.
    pub(super) fn table(&self, holds: impl Fn(&str) -> bool) -> Vec<bool> {
        let mut table = vec![false; self.0.len()];
        self.0.iter().filter(|(name, _)| holds(name)).for_each(|(_, number)| table[*number as usize] = true);
        table
    }

    /// The names by number.
    pub(super) fn list(&self) -> Vec<&str> {
        let mut names = vec![""; self.0.len()];
        self.0.iter().for_each(|(name, number)| names[*number as usize] = name);
        names
    }

    /// The numbers of the keys of a scope, which is not all.
    pub(super) fn scope(&self, scope: &Scope) -> Vec<u32> {
        let mut numbers = Vec::new();
        for part in scope.parts().unwrap_or_default() {
            let key = part.namespace.key();
            if part.below {
                let from = self.0.range::<str, _>((Bound::Included(key), Bound::Unbounded));
                numbers.extend(from.take_while(|(name, _)| name.starts_with(key)).map(|(_, number)| *number));
            } else {
                numbers.extend(self.0.get(key));
            }
        }
        numbers
    }
}

/// What a record with a vector is to the index.
#[derive(Clone, Copy, Debug)]
pub(super) struct Entry<'a> {
    pub(super) row: i64,
    pub(super) namespace: &'a str,
    pub(super) kind: &'a str,
    /// Times in microseconds.
    pub(super) created_at: i64,
    pub(super) updated_at: i64,
    pub(super) expires_at: Option<i64>,
    pub(super) vector: &'a [f32],
}

/// The vectors of one incarnation of a collection.
#[derive(Debug)]
pub(super) struct Vectors {
    /// The state of the collection that this is.
    pub(super) state: State,
    pub(super) metric: Metric,
    pub(super) dimension: usize,
    /// By slot, as all that follows.
    pub(super) rows: Vec<i64>,
    pub(super) namespaces: Vec<u32>,
    pub(super) kinds: Vec<u32>,
    pub(super) created: Vec<i64>,
    pub(super) updated: Vec<i64>,
    /// In microseconds, or the greatest number.
    expires: Vec<i64>,
    pub(super) fits: Vec<Fit>,
    pub(super) codes: Vec<Chunk>,
    components: Vec<f32>,
    slots: HashMap<i64, u32>,
    free: Vec<u32>,
    pub(super) namespace_names: Names,
    pub(super) kind_names: Names,
    /// Rows whose checksum is wrong. While there are any, searches read the records themselves.
    pub(super) damaged: BTreeSet<i64>,
    pub(super) filters: Mutex<Filters>,
}

impl Vectors {
    /// An empty index with room for so many vectors.
    pub(super) fn new(state: State, spec: VectorSpec, room: usize) -> Self {
        Self {
            state,
            metric: spec.metric,
            dimension: spec.dimension,
            rows: Vec::with_capacity(room),
            namespaces: Vec::with_capacity(room),
            kinds: Vec::with_capacity(room),
            created: Vec::with_capacity(room),
            updated: Vec::with_capacity(room),
            expires: Vec::with_capacity(room),
            fits: Vec::with_capacity(room),
            codes: Vec::with_capacity(room * chunks(spec.dimension)),
            components: Vec::with_capacity(room * spec.dimension),
            slots: HashMap::with_capacity(room),
            free: Vec::new(),
            namespace_names: Names::default(),
            kind_names: Names::default(),
            damaged: BTreeSet::new(),
            filters: Mutex::default(),
        }
    }

    /// How many bytes a record takes, nearly: its vector, its code, and 91 for the rest.
    pub(super) fn bytes_each(dimension: usize) -> usize {
        dimension * size_of::<f32>() + chunks(dimension) * CHUNK + 91
    }

    /// How many bytes are held, nearly.
    pub(super) fn bytes(&self) -> usize {
        let filters = self.filters.lock().map_or(0, |filters| filters.bytes());
        self.rows.capacity() * Self::bytes_each(self.dimension) + filters
    }

    /// How many slots there are, the free ones included.
    pub(super) fn len(&self) -> usize {
        self.rows.len()
    }

    /// How many records there are.
    pub(super) fn records(&self) -> usize {
        self.slots.len()
    }

    /// Whether so many slots are free that building anew is better.
    pub(super) fn is_sparse(&self) -> bool {
        self.free.len() > 1_024 && self.free.len() > self.len() / 2
    }

    /// Whether the slot has a record that is live at this time.
    pub(super) fn is_live(&self, slot: u32, now: i64) -> bool {
        self.expires.get(slot as usize).is_some_and(|at| *at > now)
    }

    /// When the record in a slot expires, in microseconds, if it does.
    pub(super) fn expires_at(&self, slot: u32) -> Option<i64> {
        self.expires.get(slot as usize).copied().filter(|at| *at != i64::MAX)
    }

    /// The components in a slot.
    pub(super) fn vector(&self, slot: u32) -> &[f32] {
        let start = slot as usize * self.dimension;
        self.components.get(start..start + self.dimension).unwrap_or_default()
    }

    /// The slot of a row.
    pub(super) fn slot(&self, row: i64) -> Option<u32> {
        self.slots.get(&row).copied()
    }

    /// Adds a record, or replaces what is known of its row. The vector has the collection's dimension.
    pub(super) fn put(&mut self, entry: Entry<'_>) {
        self.remove(entry.row);
        let slot = self.free.pop().unwrap_or_else(|| self.append());
        let at = slot as usize;
        self.slots.insert(entry.row, slot);
        self.rows[at] = entry.row;
        self.namespaces[at] = self.namespace_names.number(entry.namespace);
        self.kinds[at] = self.kind_names.number(entry.kind);
        self.created[at] = entry.created_at;
        self.updated[at] = entry.updated_at;
        self.expires[at] = entry.expires_at.unwrap_or(i64::MAX);
        self.components[at * self.dimension..][..self.dimension].copy_from_slice(entry.vector);
        let chunks = chunks(self.dimension);
        let square = entry.vector.iter().fold(0.0, |sum, x| sum + f64::from(*x) * f64::from(*x));
        let factor = if self.metric == Metric::Cosine && square > 0.0 { 1.0 / f64::sqrt(square) } else { 1.0 };
        self.fits[at] = encode(entry.vector, factor, &mut self.codes[at * chunks..][..chunks]);
        self.filters.get_mut().unwrap_or_else(std::sync::PoisonError::into_inner).changed(slot);
    }

    /// A new slot at the end. Room grows by an eighth, not by doubling, for this is most of what the process holds.
    fn append(&mut self) -> u32 {
        let (slots, chunks) = (self.len(), chunks(self.dimension));
        if slots == self.rows.capacity() {
            let more = slots / 8 + 16;
            self.rows.reserve_exact(more);
            self.namespaces.reserve_exact(more);
            self.kinds.reserve_exact(more);
            self.created.reserve_exact(more);
            self.updated.reserve_exact(more);
            self.expires.reserve_exact(more);
            self.fits.reserve_exact(more);
            self.codes.reserve_exact(more * chunks);
            self.components.reserve_exact(more * self.dimension);
        }
        self.rows.push(0);
        self.namespaces.push(0);
        self.kinds.push(0);
        self.created.push(0);
        self.updated.push(0);
        self.expires.push(NEVER_SEEN);
        self.fits.push(Fit::default());
        self.codes.resize((slots + 1) * chunks, Chunk([128; CHUNK]));
        self.components.resize((slots + 1) * self.dimension, 0.0);
        // Four thousand million vectors do not fit into memory.
        u32::try_from(slots).unwrap_or(u32::MAX)
    }

    /// Removes what is known of a row, if anything is.
    pub(super) fn remove(&mut self, row: i64) {
        self.damaged.remove(&row);
        let Some(slot) = self.slots.remove(&row) else { return };
        let at = slot as usize;
        self.expires[at] = NEVER_SEEN;
        self.components[at * self.dimension..][..self.dimension].fill(0.0);
        let chunks = chunks(self.dimension);
        self.codes[at * chunks..][..chunks].fill(Chunk([128; CHUNK]));
        self.free.push(slot);
    }
}

#[cfg(test)]
pub(super) mod tests {
    use memory_core::{CollectionName, CollectionSpec, Namespace};

    use super::*;

    pub(crate) fn empty(metric: Metric, dimension: usize) -> Vectors {
        let spec = CollectionSpec::new(CollectionName::new("t").unwrap()).with_vectors(dimension, metric).unwrap();
        Vectors::new(State::default(), spec.vectors().unwrap(), 0)
    }

    pub(crate) fn entry(row: i64, vector: &[f32]) -> Entry<'_> {
        Entry { row, namespace: "n/", kind: "k", created_at: 0, updated_at: 0, expires_at: None, vector }
    }

    #[test]
    fn slots_are_used_again() {
        let mut vectors = empty(Metric::Dot, 2);
        for row in 0..3 {
            vectors.put(entry(row, &[row as f32, 1.0]));
        }
        vectors.remove(1);
        vectors.remove(7);
        assert_eq!((vectors.records(), vectors.len(), vectors.slot(1), vectors.is_live(1, 0)), (2, 3, None, false));
        assert_eq!(vectors.vector(1), [0.0, 0.0]);
        vectors.put(entry(9, &[9.0, 9.0]));
        assert_eq!((vectors.slot(9), vectors.len(), vectors.is_live(1, 0)), (Some(1), 3, true));
        vectors.put(Entry { expires_at: Some(5), ..entry(2, &[4.0, 4.0]) });
        assert_eq!((vectors.vector(2), vectors.len()), (&[4.0, 4.0][..], 3));
        assert_eq!((vectors.is_live(2, 4), vectors.is_live(2, 5)), (true, false));
    }

    #[test]
    fn a_scope_is_a_set_of_numbers() {
        let mut names = Names::default();
        for name in ["a/", "a/b/", "a0/", "a/b/c/", "b/"] {
            names.number(name);
        }
        let ns = |key| Namespace::from_key(key).unwrap();
        let numbers = |scope| {
            let mut numbers = names.scope(&scope);
            numbers.sort_unstable();
            numbers
        };
        assert_eq!(numbers(Scope::subtree(ns("a/"))), [0, 1, 3]);
        assert_eq!(numbers(Scope::exact(ns("a/"))), [0]);
        assert_eq!(numbers(Scope::exact(ns("c/"))), [] as [u32; 0]);
        assert_eq!(numbers(Scope::union([Scope::subtree(ns("a/b/")), Scope::exact(ns("b/"))]).unwrap()), [1, 3, 4]);
        assert_eq!(names.table(|name| name.len() == 2), [true, false, false, false, true]);
    }

    #[test]
    fn room_grows_by_little() {
        let mut vectors = empty(Metric::Dot, 3);
        for row in 0..10_000 {
            vectors.put(entry(row, &[1.0, 2.0, 3.0]));
        }
        assert!(vectors.rows.capacity() < 11_300 && vectors.components.capacity() < 33_900);
    }
}
