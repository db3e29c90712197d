//! The nearest among the slots of a search: by the upper halves of codes, by whole codes, by the vectors that may still be among the
//! best, and by the core's arithmetic for those that are left.

use std::borrow::Cow;
use std::ops::Range;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memory_core::{Metric, Score, similarity};

use super::bounds::{Bounds, Exact};
use super::codes::{Fit, chunks};
use super::kernel::Kernel;
use super::vectors::{ABSENT, Vectors};
use crate::error::Failure;
use crate::index::Index;
use crate::index::answer::best_first;
use crate::index::best::Best;
use crate::index::helpers::Helpers;
use crate::index::slots::Slots;

/// Products that are computed before they are looked at.
const BLOCK: usize = 256;

/// Bounds that are compared at once.
const GROUP: usize = 16;

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

/// How many chunks of upper halves are worth a piece of work for a helper: 1 MiB, a tenth of a millisecond.
const PIECE: usize = 1 << 14;

/// Fewer chunks than this are scanned sooner than a helper wakes up.
const LARGE: usize = 1 << 15;

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
    let survey = Arc::new(Survey::new(Arc::clone(index), vectors.metric, kernel, query, slots, wanted));
    let in_a_piece = (PIECE / chunks(vectors.dimension)).max(BLOCK);
    let pieces = count.div_ceil(in_a_piece);
    let found = if count * chunks(vectors.dimension) < LARGE {
        survey.candidates(0..count)
    } else {
        let shared = Arc::clone(&survey);
        let piece = move |at| shared.candidates(at * in_a_piece..count.min((at + 1) * in_a_piece));
        helpers.run(pieces, piece).concat()
    };
    let near = look(vectors, &survey, query, found, read)?;
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
        let Some(vectors) = &self.index.vectors else { return Vec::new() };
        let mut promising = self.promising(vectors, range);
        // The best of them first, for what they are found to be cuts most of the others before their whole codes are read.
        let first = self.wanted.most.min(promising.len());
        if first < promising.len() {
            promising.select_nth_unstable_by(first, |a, b| b.upper.total_cmp(&a.upper));
        }
        let (first, rest) = promising.split_at(first);
        let (mut best, mut found) = (Best::new(self.wanted.most), Vec::new());
        for group in first.chunks(BLOCK).chain(rest.chunks(BLOCK)) {
            self.compare(vectors, group, &mut best, &mut found);
        }
        let cut = self.cut();
        found.retain(|candidate| candidate.upper >= cut);
        found
    }

    /// Looks at the whole codes of those that may still be among the best; at most [`BLOCK`] at once.
    fn compare(&self, vectors: &Vectors, promising: &[Candidate], best: &mut Best, found: &mut Vec<Candidate>) {
        let Self { index, bounds, .. } = self;
        let (mut slots, mut count, mut products) = ([0_u32; BLOCK], 0, [0_i32; BLOCK]);
        let mut cut = self.cut();
        for Candidate { upper, slot } in promising {
            // Few get this far, so what has expired or gone is sorted out here.
            if *upper >= cut && index.records.is_live(*slot, self.wanted.now) {
                slots[count] = *slot;
                count += 1;
            }
        }
        let slots = slots.get(..count).unwrap_or_default();
        self.kernel.whole(&vectors.codes, &bounds.code, slots, &mut products);
        for (slot, product) in slots.iter().zip(products) {
            let Some(fit) = vectors.fits.get(*slot as usize) else { continue };
            let (lower, upper) = bounds.closeness(*fit, product);
            if upper >= cut {
                found.push(Candidate { upper, slot: *slot });
                if best.offer(lower)
                    && let Some(least) = best.least()
                {
                    self.raise_cut(bounds.cut(least));
                    cut = self.cut();
                }
            }
        }
    }

    /// Those of a range of the slots that may be among the best by the upper halves of their codes.
    fn promising(&self, vectors: &Vectors, range: Range<usize>) -> Vec<Candidate> {
        let (mut numbers, mut gathered) = ([0_u32; BLOCK], [Fit::default(); BLOCK]);
        let (mut products, mut uppers) = ([0_i32; BLOCK], [0_f64; BLOCK]);
        let mut promising = Vec::with_capacity(BLOCK);
        for start in range.clone().step_by(BLOCK) {
            let end = range.end.min(start + BLOCK);
            let (block, fits) = match &self.slots {
                Slots::Some(slots) => {
                    let block = slots.get(start..end).unwrap_or_default();
                    for (fit, slot) in gathered.iter_mut().zip(block) {
                        *fit = vectors.fits.get(*slot as usize).copied().unwrap_or(ABSENT);
                    }
                    (block, gathered.as_slice())
                }
                Slots::All => {
                    // There are fewer slots than u32 can count.
                    numbers.iter_mut().zip(start..end).for_each(|(number, slot)| *number = slot as u32);
                    let block = numbers.get(..end - start).unwrap_or_default();
                    (block, vectors.fits.get(start..end).unwrap_or_default())
                }
            };
            self.kernel.products(&vectors.codes.upper, &self.bounds.code.high, block, &mut products);
            self.kernel.uppers(&self.bounds, fits, &products, &mut uppers);
            let cut = self.cut();
            for (slots, uppers) in block.chunks(GROUP).zip(uppers.chunks(GROUP)) {
                // Mostly none of them.
                if uppers.iter().fold(false, |any, upper| any | (*upper >= cut)) {
                    let all = slots.iter().zip(uppers).map(|(slot, upper)| Candidate { upper: *upper, slot: *slot });
                    promising.extend(all.filter(|candidate| candidate.upper >= cut));
                }
            }
        }
        promising
    }
}

/// What may still be among the best once the vectors themselves are looked at, the most promising first.
fn look<'a>(
    vectors: &'a Vectors,
    survey: &Survey,
    query: &[f32],
    mut found: Vec<Candidate>,
    read: Read<'_>,
) -> Result<Vec<Near<'a>>, Failure> {
    found.sort_unstable_by(|a, b| b.upper.total_cmp(&a.upper));
    let exact = Exact::new(vectors.metric, query, survey.kernel);
    let mut best = Best::new(survey.wanted.most);
    // Each piece of the survey has cut by what was known then.
    let mut cut = survey.cut();
    let mut near = Vec::with_capacity(found.len());
    for Candidate { upper, slot } in found {
        if upper < cut {
            break;
        }
        let vector = match vectors.vector(slot) {
            Some(vector) => Cow::Borrowed(vector),
            None => Cow::Owned(read(slot)?),
        };
        let (lower, upper) = exact.score(&vector);
        if best.offer(lower)
            && let Some(least) = best.least()
        {
            cut = cut.max(survey.bounds.cut_of_score(least));
        }
        near.push(Near { upper, slot, vector });
    }
    let least = best.least().unwrap_or(f64::NEG_INFINITY);
    let cut = least.max(survey.wanted.min_score.unwrap_or(f64::NEG_INFINITY));
    near.retain(|near| near.upper >= cut);
    Ok(near)
}

#[cfg(test)]
mod tests;
