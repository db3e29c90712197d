//! The nearest among the slots of a search: codes first, then the vectors that may still be among the best, then the core's
//! arithmetic for those that are left.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memory_core::{Metric, Score, similarity};

use super::bounds::{Bounds, Exact};
use super::codes::chunks;
use super::kernel::Kernel;
use super::vectors::Vectors;
use crate::error::Failure;
use crate::index::Index;
use crate::index::answer::best_first;
use crate::index::best::Best;
use crate::index::helpers::Helpers;
use crate::index::slots::Slots;

/// Products that are computed before they are looked at.
const BLOCK: usize = 256;

/// How many of the best are wanted, from which score on, and live at what time.
#[derive(Clone, Copy, Debug)]
pub(in crate::index) struct Wanted {
    /// In microseconds.
    pub(in crate::index) now: i64,
    pub(in crate::index) most: usize,
    pub(in crate::index) min_score: Option<f64>,
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
pub(in crate::index) fn nearest(
    index: &Arc<Index>,
    (kernel, helpers): (Kernel, &Helpers),
    query: &[f32],
    slots: Slots,
    wanted: Wanted,
    read: Read<'_>,
) -> Result<Vec<(Score, u32)>, Failure> {
    let Some(vectors) = index.vectors.as_ref().filter(|_| wanted.most > 0) else { return Ok(Vec::new()) };
    let count = match &slots {
        Slots::All => vectors.fits.len(),
        Slots::Some(slots) => slots.len(),
    };
    let survey = Survey::new(Arc::clone(index), vectors.metric, kernel, query, slots, wanted);
    let in_a_piece = (PIECE / chunks(vectors.dimension)).max(BLOCK);
    let pieces = count.div_ceil(in_a_piece);
    let found = if count * chunks(vectors.dimension) < LARGE {
        survey.candidates(0..count)
    } else {
        let piece = move |at| survey.candidates(at * in_a_piece..count.min((at + 1) * in_a_piece));
        helpers.run(pieces, piece).concat()
    };
    let near = look(vectors, kernel, query, found, wanted, read)?;
    let score = |near: &Near<'_>| (Score::new(similarity(vectors.metric, query, &near.vector)), near.slot);
    Ok(best_first(near.iter().map(score).collect(), wanted.most))
}

/// Reads the vector of the record in a slot, where the index has its code alone.
pub(in crate::index) type Read<'a> = &'a mut dyn FnMut(u32) -> Result<Vec<f32>, Failure>;

/// What is still in question once the vectors themselves are looked at.
struct Near<'a> {
    upper: f64,
    slot: u32,
    vector: Cow<'a, [f32]>,
}

/// The first step of one search, by codes alone.
#[derive(Debug)]
struct Survey {
    index: Arc<Index>,
    kernel: Kernel,
    bounds: Bounds,
    slots: Slots,
    wanted: Wanted,
    /// The bits of the least upper bound that still counts. It only grows, and each piece of the work profits from the others.
    cut: AtomicU64,
}

impl Survey {
    fn new(index: Arc<Index>, metric: Metric, kernel: Kernel, query: &[f32], slots: Slots, wanted: Wanted) -> Self {
        let bounds = Bounds::new(metric, query);
        let cut = wanted.min_score.map_or(f64::NEG_INFINITY, |score| bounds.cut_of_score(score));
        Self { index, kernel, bounds, slots, wanted, cut: AtomicU64::new(cut.to_bits()) }
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
        let Self { index, bounds, .. } = self;
        let Some(vectors) = &index.vectors else { return Vec::new() };
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
                // Few get this far, so what has expired or gone is sorted out here.
                if upper >= cut && index.records.is_live(*slot, self.wanted.now) {
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

/// What may still be among the best once the vectors themselves are looked at, the most promising first.
fn look<'a>(
    vectors: &'a Vectors,
    kernel: Kernel,
    query: &[f32],
    mut found: Vec<Candidate>,
    wanted: Wanted,
    read: Read<'_>,
) -> Result<Vec<Near<'a>>, Failure> {
    found.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
    let exact = Exact::new(vectors.metric, query, kernel);
    let mut best = Best::new(wanted.most);
    let mut near = Vec::with_capacity(found.len());
    for Candidate { slot, .. } in found {
        let vector = match vectors.vector(slot) {
            Some(vector) => Cow::Borrowed(vector),
            None => Cow::Owned(read(slot)?),
        };
        let (lower, upper) = exact.score(&vector);
        best.offer(lower);
        near.push(Near { upper, slot, vector });
    }
    let least = best.least().unwrap_or(f64::NEG_INFINITY);
    let cut = least.max(wanted.min_score.unwrap_or(f64::NEG_INFINITY));
    near.retain(|near| near.upper >= cut);
    Ok(near)
}

#[cfg(test)]
mod tests;
