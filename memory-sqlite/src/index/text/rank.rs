//! The best records for the words of a query: the full sum of every record that can be found, in the order and with the operations
//! of the core, so that the scores have its bits (TX-4).

use std::ops::Range;
use std::sync::Arc;

use memory_core::bm25::{TextStatistics, idf, norm, weight};
use memory_core::{Score, WordMatch};

use super::lists::{List, Text};
use crate::index::Index;
use crate::index::answer::best_first;
use crate::index::best::Best;
use crate::index::helpers::Helpers;
use crate::index::slots::{Bits, Slots, Visible};

/// How many of the best are wanted, from which score on, live at what time, and what they must hold.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Wanted {
    /// In microseconds.
    pub(in crate::index) now: i64,
    pub(in crate::index) most: usize,
    pub(in crate::index) min_score: Option<f64>,
    pub(in crate::index) matching: WordMatch,
}

/// So many slots are summed up at a time: their sums fit into a core's own memory.
const PIECE: usize = 1 << 14;

/// So many entries of lists are summed up sooner than a helper wakes up.
const LARGE: usize = 1 << 15;

/// The best slots with their scores, best first: all that can be among the `most` best, whatever the order of equal ones is. The
/// statistics are those of the `visible` ones; only `eligible` ones are found.
pub(in crate::index) fn ranked(
    index: &Arc<Index>,
    helpers: &Helpers,
    words: &[String],
    visible: &Visible,
    eligible: Slots,
    wanted: Wanted,
) -> Vec<(Score, u32)> {
    let Some(text) = &index.text else { return Vec::new() };
    let mut words: Vec<&str> = words.iter().map(String::as_str).collect();
    // Scores are summed in this order (TX-4).
    words.sort_unstable();
    words.dedup();
    let held: Vec<(u32, &List)> = words.iter().filter_map(|word| text.list(word)).collect();
    if held.is_empty() || wanted.most == 0 || (wanted.matching == WordMatch::All && held.len() < words.len()) {
        return Vec::new();
    }
    let (statistics, holding) = counted(text, index.records.len(), &held, visible);
    let entries: usize = held.iter().map(|(_, list)| list.slots.len()).sum();
    let words: Vec<Word> = held
        .iter()
        .zip(holding)
        .map(|((number, _), holding)| Word::new(*number, idf(statistics.records, holding), statistics))
        .collect();
    let sums = Sums { index: Arc::clone(index), words, statistics, wanted };
    let found = match (wanted.matching, &eligible) {
        (WordMatch::All, _) => {
            let shortest = held.iter().map(|(_, list)| list).min_by_key(|list| list.slots.len());
            let slots = shortest.map_or(&[][..], |list| &list.slots);
            match &eligible {
                Slots::All => sums.of_slots(slots.iter().copied()),
                Slots::Some(eligible) if eligible.len() < slots.len() => sums.of_slots(eligible.iter().copied()),
                Slots::Some(eligible) => {
                    let eligible = Bits::of(eligible);
                    sums.of_slots(slots.iter().copied().filter(|slot| eligible.has(*slot)))
                }
            }
        }
        (WordMatch::Any, Slots::Some(slots)) if slots.len() * held.len() * 8 < entries => {
            sums.of_slots(slots.iter().copied())
        }
        (WordMatch::Any, _) => {
            let eligible = match eligible {
                Slots::All => None,
                Slots::Some(slots) => Some(Bits::of(&slots)),
            };
            let end = index.records.len();
            if entries < LARGE {
                sums.of_range(0..end, eligible.as_ref())
            } else {
                let piece = move |at| sums.of_range(at * PIECE..end.min((at + 1) * PIECE), eligible.as_ref());
                helpers.run(end.div_ceil(PIECE), piece).concat()
            }
        }
    };
    best_first(found, wanted.most)
}

/// How many records of `all` slots are visible, of what length together, and how many of them hold each word.
fn counted(text: &Text, all: usize, held: &[(u32, &List)], visible: &Visible) -> (TextStatistics, Vec<u64>) {
    let (Visible::AllBut(slots) | Visible::Some(slots)) = visible;
    let bits = Bits::of(slots);
    let length = slots.iter().map(|slot| u64::from(text.length(*slot))).sum();
    let among = |(_, list): &(u32, &List)| {
        if slots.len() * 8 < list.slots.len() {
            let mut from = 0;
            slots.iter().filter(|slot| list.seek(**slot, &mut from).is_some()).count()
        } else {
            list.slots.iter().filter(|slot| bits.has(**slot)).count()
        }
    };
    match visible {
        Visible::Some(slots) => {
            let statistics = TextStatistics { records: slots.len() as u64, total_length: length };
            (statistics, held.iter().map(|held| among(held) as u64).collect())
        }
        Visible::AllBut(slots) => {
            let records = (all - slots.len()) as u64;
            let statistics = TextStatistics { records, total_length: text.total_length() - length };
            (statistics, held.iter().map(|held| (held.1.slots.len() - among(held)) as u64).collect())
        }
    }
}

/// Up to this often, and in records up to this length, what a word adds to a score is looked up: most are so.
const TIMES: usize = 4;
const LENGTHS: usize = 256;

/// A word of the query that some record holds.
#[derive(Debug)]
struct Word {
    number: u32,
    idf: f64,
    /// What it adds to a score where it stands once, in a record of each length, then where it stands twice, and so on.
    weights: Vec<f64>,
}

impl Word {
    fn new(number: u32, idf: f64, statistics: TextStatistics) -> Self {
        let lengths = (0..LENGTHS as u64).map(|length| norm(statistics, length));
        let norms: Vec<f64> = lengths.collect();
        let weights = (1..=TIMES as u64).flat_map(|times| norms.iter().map(move |norm| weight(idf, times, *norm)));
        Self { number, idf, weights: weights.collect() }
    }

    fn weight(&self, times: u64, length: u32, statistics: TextStatistics) -> f64 {
        if (times as usize) <= TIMES
            && (length as usize) < LENGTHS
            && let Some(weight) = self.weights.get((times as usize - 1) * LENGTHS + length as usize)
        {
            return *weight;
        }
        weight(self.idf, times, norm(statistics, length.into()))
    }
}

/// The sums of one search.
#[derive(Debug)]
struct Sums {
    index: Arc<Index>,
    /// In bytewise order.
    words: Vec<Word>,
    statistics: TextStatistics,
    wanted: Wanted,
}

impl Sums {
    /// The best of a few slots, which ascend.
    fn of_slots(&self, slots: impl Iterator<Item = u32>) -> Vec<(Score, u32)> {
        let Some(text) = &self.index.text else { return Vec::new() };
        let lists: Vec<(&Word, &List)> =
            self.words.iter().filter_map(|word| Some((word, text.numbered(word.number)?))).collect();
        let mut places = vec![0; lists.len()];
        let mut best = Kept::new(self.wanted);
        for slot in slots {
            let (length, mut sum, mut holds) = (text.length(slot), 0.0, 0);
            for ((word, list), place) in lists.iter().zip(&mut places) {
                if let Some(at) = list.seek(slot, place) {
                    sum += word.weight(text.times(word.number, list, at), length, self.statistics);
                    holds += 1;
                }
            }
            let matches = if self.wanted.matching == WordMatch::All { holds == lists.len() } else { holds > 0 };
            if matches && sum >= best.cut && self.index.records.is_live(slot, self.wanted.now) {
                best.take(sum, slot);
            }
        }
        best.found()
    }

    /// The best of a range of slots.
    fn of_range(&self, range: Range<usize>, eligible: Option<&Bits>) -> Vec<(Score, u32)> {
        let Some(text) = &self.index.text else { return Vec::new() };
        let mut sums = vec![0.0; range.len()];
        let lengths = text.lengths(range.clone());
        for word in &self.words {
            let Some(list) = text.numbered(word.number) else { continue };
            let from = list.slots.partition_point(|slot| (*slot as usize) < range.start);
            for (at, slot) in (from..).zip(list.slots.get(from..).unwrap_or_default()) {
                let place = *slot as usize - range.start;
                let (Some(sum), Some(length)) = (sums.get_mut(place), lengths.get(place)) else { break };
                *sum += word.weight(text.times(word.number, list, at), *length, self.statistics);
            }
        }
        let mut best = Kept::new(self.wanted);
        for (sum, slot) in sums.into_iter().zip(range) {
            // What a word adds is above 0, so that only what holds none is at 0.
            if sum > 0.0 && sum >= best.cut {
                // There are fewer slots than u32 can count.
                let slot = slot as u32;
                if eligible.is_none_or(|eligible| eligible.has(slot))
                    && self.index.records.is_live(slot, self.wanted.now)
                {
                    best.take(sum, slot);
                }
            }
        }
        best.found()
    }
}

/// What may still be among the best.
struct Kept {
    best: Best,
    cut: f64,
    found: Vec<(Score, u32)>,
}

impl Kept {
    fn new(wanted: Wanted) -> Self {
        let cut = wanted.min_score.unwrap_or(f64::NEG_INFINITY);
        Self { best: Best::new(wanted.most), cut, found: Vec::new() }
    }

    fn take(&mut self, sum: f64, slot: u32) {
        self.found.push((Score::new(sum), slot));
        if self.best.offer(sum)
            && let Some(least) = self.best.least()
        {
            self.cut = self.cut.max(least);
        }
    }

    fn found(mut self) -> Vec<(Score, u32)> {
        self.found.retain(|(score, _)| score.value() >= self.cut);
        self.found
    }
}

#[cfg(test)]
mod tests;
