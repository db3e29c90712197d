//! Vectors as embedders make them: of length 1, in clusters.

use crate::random::Random;

/// The number of components: that of the small embedders in wide use.
pub(crate) const DIMENSION: usize = 384;

const CLUSTERS: usize = 200;

/// How far a vector lies from the middle of its cluster, as a part of that one's length. Two of one cluster then have a cosine
/// of about 1 / (1 + 0.7²) = 0.67, two of different ones about 0.
const SCATTER: f32 = 0.7;

/// The middles of the clusters.
#[derive(Debug)]
pub(super) struct Clusters(Vec<f32>);

impl Clusters {
    pub(super) fn new(random: &mut Random) -> Self {
        Self((0..CLUSTERS * DIMENSION).map(|_| random.bell()).collect())
    }

    /// Adds the components of a vector of a random cluster.
    pub(super) fn add(&self, random: &mut Random, vectors: &mut Vec<f32>) {
        let cluster = random.below(CLUSTERS);
        let middle = self.0.get(cluster * DIMENSION..(cluster + 1) * DIMENSION).unwrap_or_default();
        let start = vectors.len();
        vectors.extend(middle.iter().map(|component| component + SCATTER * random.bell()));
        let vector = vectors.get_mut(start..).unwrap_or_default();
        let length = vector.iter().map(|x| f64::from(*x) * f64::from(*x)).sum::<f64>().sqrt() as f32;
        vector.iter_mut().for_each(|component| *component /= length);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn vectors_have_length_one_and_neighbours() {
        let mut random = Random::new(1);
        let clusters = Clusters::new(&mut random);
        let mut vectors = Vec::new();
        (0..1_000).for_each(|_| clusters.add(&mut random, &mut vectors));
        let dot = |a: &[f32], b: &[f32]| a.iter().zip(b).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum::<f64>();
        let all: Vec<&[f32]> = vectors.chunks_exact(DIMENSION).collect();
        assert!(all.iter().all(|vector| (dot(vector, vector) - 1.0).abs() < 1e-5));
        let near = all[1..].iter().filter(|vector| dot(all[0], vector) > 0.5).count();
        assert!((1..20).contains(&near), "{near} of about 5");
        assert!(all.iter().all(|vector| dot(all[0], vector) > 0.5 || dot(all[0], vector).abs() < 0.3));
    }
}
