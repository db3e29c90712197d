//! The vectors of one collection, by slot.

use std::io;
use std::mem::size_of;

use memory_core::{Metric, VectorSpec};

use super::codes::{CHUNK, Chunk, Codes, Fit, chunks, encode};
use crate::index::bytes::{In, Out, damaged};
use crate::index::slots::keep;

/// The vectors of the records of a collection. What has none has a code that no search comes near.
#[derive(Debug)]
pub(crate) struct Vectors {
    pub(super) metric: Metric,
    pub(super) dimension: usize,
    /// By slot, as all that follows.
    pub(super) fits: Vec<Fit>,
    pub(super) codes: Codes,
    /// Of the slots from `first` on. Of those before, which come from a file of codes alone, only the records know the vectors.
    components: Vec<f32>,
    first: usize,
}

/// Its bounds are no numbers, so they are not above any cut.
pub(super) const ABSENT: Fit = Fit { scale: 0.0, error: 0.0, coarse: 0.0, length: f32::NAN };

impl Vectors {
    /// Nothing yet, with room for so many.
    pub(crate) fn new(spec: VectorSpec, room: usize) -> Self {
        Self {
            metric: spec.metric,
            dimension: spec.dimension,
            fits: Vec::with_capacity(room),
            codes: Codes::with_capacity(room * chunks(spec.dimension)),
            components: Vec::with_capacity(room * spec.dimension),
            first: 0,
        }
    }

    /// How many components each vector has.
    pub(crate) fn dimension(&self) -> usize {
        self.dimension
    }

    /// How many bytes a vector takes: itself, its code, and how well that fits.
    pub(crate) fn bytes_each(dimension: usize) -> usize {
        dimension * size_of::<f32>() + 2 * chunks(dimension) * CHUNK + size_of::<Fit>()
    }

    /// How many bytes are held.
    pub(crate) fn bytes(&self) -> usize {
        self.fits.capacity() * (Self::bytes_each(self.dimension) - self.dimension * size_of::<f32>())
            + self.components.capacity() * size_of::<f32>()
    }

    /// The components in a slot; `None` where only the record knows them.
    pub(super) fn vector(&self, slot: u32) -> Option<&[f32]> {
        let start = (slot as usize).checked_sub(self.first)? * self.dimension;
        self.components.get(start..start + self.dimension)
    }

    /// Writes what a scan needs for [`Self::read_from`].
    pub(in crate::index) fn write(&self, out: &mut Out) -> io::Result<()> {
        let numbers = |fit: &Fit| [fit.scale, fit.error, fit.coarse, fit.length];
        out.numbers(&self.fits.iter().flat_map(numbers).collect::<Vec<f32>>())?;
        let Codes { upper, lower } = &self.codes;
        upper.iter().chain(lower).try_for_each(|chunk| out.bytes(&chunk.0))
    }

    pub(in crate::index) fn read_from(input: &mut In, spec: VectorSpec, slots: usize) -> io::Result<Self> {
        let numbers: Vec<f32> = input.numbers()?;
        let (fits, rest) = numbers.as_chunks::<4>();
        if fits.len() > slots || !rest.is_empty() {
            return Err(damaged());
        }
        let fit = |[scale, error, coarse, length]: &[f32; 4]| Fit {
            scale: *scale,
            error: *error,
            coarse: *coarse,
            length: *length,
        };
        let fits: Vec<Fit> = fits.iter().map(fit).collect();
        let count = fits.len() * chunks(spec.dimension);
        let mut codes = Codes::with_capacity(count);
        for half in [&mut codes.upper, &mut codes.lower] {
            let bytes = input.bytes(count * CHUNK)?;
            half.extend(bytes.as_chunks::<CHUNK>().0.iter().map(|chunk| Chunk(*chunk)));
        }
        Ok(Self { first: fits.len(), fits, codes, ..Self::new(spec, 0) })
    }

    /// Notes the vector of a slot, which has the collection's dimension.
    pub(crate) fn put(&mut self, slot: u32, vector: &[f32]) {
        let (at, chunks) = (slot as usize, chunks(self.dimension));
        if at >= self.fits.len() {
            self.make_room(at + 1);
            self.fits.resize(at + 1, ABSENT);
            self.codes.resize((at + 1) * chunks);
            self.components.resize((at + 1 - self.first) * self.dimension, 0.0);
        }
        if let Some(place) = at.checked_sub(self.first) {
            self.components[place * self.dimension..][..self.dimension].copy_from_slice(vector);
        }
        let square = vector.iter().fold(0.0, |sum, x| sum + f64::from(*x) * f64::from(*x));
        let factor = if self.metric == Metric::Cosine && square > 0.0 { 1.0 / f64::sqrt(square) } else { 1.0 };
        self.fits[at] = encode(vector, factor, &mut self.codes, at * chunks);
    }

    /// Room grows by an eighth, not by doubling, for this is most of what the process holds.
    fn make_room(&mut self, slots: usize) {
        if slots > self.fits.capacity() {
            let more = slots + slots / 8 + 16 - self.fits.len();
            self.fits.reserve_exact(more);
            self.codes.reserve_exact(more * chunks(self.dimension));
            self.components.reserve_exact(more * self.dimension);
        }
    }

    /// Gives up all slots but these, which ascend.
    pub(crate) fn compact(&mut self, kept: &[u32]) {
        keep(&mut self.fits, 1, kept);
        keep(&mut self.codes.upper, chunks(self.dimension), kept);
        keep(&mut self.codes.lower, chunks(self.dimension), kept);
        let (in_file, here) = kept.split_at(kept.partition_point(|slot| (*slot as usize) < self.first));
        // There are fewer slots than u32 can count.
        let here: Vec<u32> = here.iter().map(|slot| slot - self.first as u32).collect();
        keep(&mut self.components, self.dimension, &here);
        self.first = in_file.len();
    }
}

#[cfg(test)]
pub(super) mod tests {
    use memory_core::{CollectionName, CollectionSpec};

    use super::*;

    pub(in crate::index) fn empty(metric: Metric, dimension: usize) -> Vectors {
        let spec = CollectionSpec::new(CollectionName::new("t").unwrap()).with_vectors(dimension, metric).unwrap();
        Vectors::new(spec.vectors().unwrap(), 0)
    }

    #[test]
    fn slots_without_a_vector_and_compaction() {
        let mut vectors = empty(Metric::Dot, 2);
        vectors.put(0, &[1.0, 2.0]);
        vectors.put(3, &[3.0, 4.0]);
        assert_eq!((vectors.vector(3), vectors.vector(4)), (Some(&[3.0, 4.0][..]), None));
        assert!(vectors.fits[1].length.is_nan() && !vectors.fits[3].length.is_nan());
        let code = |vectors: &Vectors, slot: usize| (vectors.codes.upper[slot], vectors.codes.lower[slot]);
        let of_three = code(&vectors, 3);
        vectors.compact(&[1, 3, 4]);
        assert_eq!((vectors.vector(1), vectors.fits.len()), (Some(&[3.0, 4.0][..]), 2));
        assert_eq!(code(&vectors, 1), of_three);
        assert!(vectors.fits[0].length.is_nan());
    }

    #[test]
    fn room_grows_by_little() {
        let mut vectors = empty(Metric::Dot, 3);
        for slot in 0..10_000 {
            vectors.put(slot, &[1.0, 2.0, 3.0]);
        }
        assert!(vectors.fits.capacity() < 11_300 && vectors.components.capacity() < 33_900);
    }
}
