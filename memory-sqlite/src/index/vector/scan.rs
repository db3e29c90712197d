//! The nearest among the slots of a search: codes first, then the vectors that may still be among the best, then the core's
//! arithmetic for those that are left.

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memory_core::{Score, similarity};

use super::bounds::{Bounds, Exact};
use super::codes::chunks;
use super::helpers::Helpers;
use super::kernel::Kernel;
use super::vectors::Vectors;

/// Products that are computed before they are looked at.
const BLOCK: usize = 256;

/// Which slots a search may find.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Slots {
    /// Every slot that has a record.
    All,
    /// These, ascending.
    Some(Vec<u32>),
}

impl Slots {
    fn count(&self, vectors: &Vectors) -> usize {
        match self {
            Self::All => vectors.len(),
            Self::Some(slots) => slots.len(),
        }
    }
}

/// How many of the best are wanted, from which score on, and live at what time.
#[derive(Clone, Copy, Debug)]
pub(super) struct Wanted {
    /// In microseconds.
    pub(super) now: i64,
    pub(super) most: usize,
    pub(super) min_score: Option<f64>,
}

/// A slot and the upper bound of its closeness.
#[derive(Clone, Copy, Debug)]
struct Candidate {
    upper: f64,
    slot: u32,
}

/// How many chunks of codes are worth a piece of work for a helper: 2 MiB, one or two tenths of a millisecond.
const PIECE: usize = 1 << 15;

/// Fewer chunks than this are scanned sooner than a helper wakes up.
const LARGE: usize = 1 << 16;

/// The best slots with their scores, best first: all that can be among the `most` best, whatever the order of equal ones is.
pub(super) fn nearest(
    vectors: &Arc<Vectors>,
    (kernel, helpers): (Kernel, &Helpers),
    query: &[f32],
    slots: Slots,
    wanted: Wanted,
) -> Vec<(Score, u32)> {
    if wanted.most == 0 {
        return Vec::new();
    }
    let count = slots.count(vectors);
    let survey = Survey::new(Arc::clone(vectors), kernel, query, slots, wanted);
    let in_a_piece = (PIECE / chunks(vectors.dimension)).max(BLOCK);
    let pieces = count.div_ceil(in_a_piece);
    let found = if count * chunks(vectors.dimension) < LARGE {
        survey.candidates(0..count)
    } else {
        let piece = move |at| survey.candidates(at * in_a_piece..count.min((at + 1) * in_a_piece));
        helpers.run(pieces, piece).concat()
    };
    let near = look(vectors, kernel, query, found, wanted);
    let score = |slot| (Score::new(similarity(vectors.metric, query, vectors.vector(slot))), slot);
    let mut scored: Vec<(Score, u32)> = near.into_iter().map(score).collect();
    scored.sort_unstable_by_key(|(score, _)| Reverse(*score));
    scored
}

/// The first step of one search, by codes alone.
#[derive(Debug)]
struct Survey {
    vectors: Arc<Vectors>,
    kernel: Kernel,
    bounds: Bounds,
    slots: Slots,
    wanted: Wanted,
    /// The bits of the least upper bound that still counts. It only grows, and each piece of the work profits from the others.
    cut: AtomicU64,
}

impl Survey {
    fn new(vectors: Arc<Vectors>, kernel: Kernel, query: &[f32], slots: Slots, wanted: Wanted) -> Self {
        let bounds = Bounds::new(vectors.metric, query);
        let cut = wanted.min_score.map_or(f64::NEG_INFINITY, |score| bounds.cut_of_score(score));
        Self { vectors, kernel, bounds, slots, wanted, cut: AtomicU64::new(cut.to_bits()) }
    }

    fn cut(&self) -> f64 {
        f64::from_bits(self.cut.load(Ordering::Relaxed))
    }

    fn raise_cut(&self, cut: f64) {
        // The error only says that it was higher already.
        let _ = self.cut.fetch_update(Ordering::Relaxed, Ordering::Relaxed, |bits| {
            (f64::from_bits(bits) < cut).then(|| cut.to_bits())
        });
    }

    /// Those of a range of the slots that may be among the best of all.
    fn candidates(&self, range: Range<usize>) -> Vec<Candidate> {
        let Self { vectors, bounds, .. } = self;
        let mut best = Best::new(self.wanted.most);
        let mut found: Vec<Candidate> = Vec::new();
        let mut prune_at = 4 * BLOCK;
        let (mut numbers, mut products) = ([0_u32; BLOCK], [0_i32; BLOCK]);
        for start in range.clone().step_by(BLOCK) {
            let end = range.end.min(start + BLOCK);
            let block: &[u32] = match &self.slots {
                Slots::Some(slots) => slots.get(start..end).unwrap_or_default(),
                Slots::All => {
                    // There are fewer slots than u32 can count.
                    numbers.iter_mut().zip(start..end).for_each(|(number, slot)| *number = slot as u32);
                    numbers.get(..end - start).unwrap_or_default()
                }
            };
            self.kernel.products(&vectors.codes, &bounds.code, block, &mut products);
            let mut cut = self.cut();
            for (slot, product) in block.iter().zip(products) {
                let Some(fit) = vectors.fits.get(*slot as usize) else { continue };
                let (lower, upper) = bounds.closeness(*fit, product);
                // Few get this far, so what has expired is sorted out here.
                if upper >= cut && vectors.is_live(*slot, self.wanted.now) {
                    found.push(Candidate { upper, slot: *slot });
                    if best.offer(lower)
                        && let Some(least) = best.least()
                    {
                        self.raise_cut(bounds.cut(least));
                        cut = self.cut();
                    }
                }
            }
            if found.len() > prune_at {
                found.retain(|candidate| candidate.upper >= cut);
                prune_at = 2 * found.len() + 4 * BLOCK;
            }
        }
        let cut = self.cut();
        found.retain(|candidate| candidate.upper >= cut);
        found
    }
}

/// The slots that may still be among the best once the vectors themselves are looked at, the most promising first.
fn look(vectors: &Vectors, kernel: Kernel, query: &[f32], mut found: Vec<Candidate>, wanted: Wanted) -> Vec<u32> {
    found.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
    let exact = Exact::new(vectors.metric, query, kernel);
    let mut best = Best::new(wanted.most);
    let mut scored = Vec::with_capacity(found.len());
    for candidate in found {
        let (lower, upper) = exact.score(vectors.vector(candidate.slot));
        best.offer(lower);
        scored.push((upper, candidate.slot));
    }
    let least = best.least().unwrap_or(f64::NEG_INFINITY);
    let cut = least.max(wanted.min_score.unwrap_or(f64::NEG_INFINITY));
    scored.into_iter().filter(|(upper, _)| *upper >= cut).map(|(_, slot)| slot).collect()
}

/// The greatest numbers of those offered, so many.
#[derive(Debug)]
struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<Score>>,
}

impl Best {
    fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new() }
    }

    /// Whether [`Self::least`] may have changed.
    fn offer(&mut self, number: f64) -> bool {
        let number = Reverse(Score::new(number));
        if self.heap.len() < self.most {
            self.heap.push(number);
            return self.heap.len() == self.most;
        }
        match self.heap.peek_mut() {
            Some(mut least) if number < *least => {
                *least = number;
                true
            }
            _ => false,
        }
    }

    /// The least of them, once they are so many.
    fn least(&self) -> Option<f64> {
        if self.heap.len() < self.most { None } else { self.heap.peek().map(|least| least.0.value()) }
    }
}

#[cfg(test)]
mod tests;
