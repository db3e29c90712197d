//! Random numbers that are the same on every machine and in every release, so that figures of different days are of one workload.

/// SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number Generators, 2014).
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    /// A stream of its own for each seed.
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// 64 random bits.
    pub(crate) fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A whole number below `limit`. The bias is below limit / 2^64.
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        ((u128::from(self.bits()) * limit as u128) >> 64) as usize
    }

    /// From 0 up to 1, without 1.
    pub(crate) fn fraction(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1_u64 << 53) as f64
    }

    /// Bell-shaped with mean 0 and variance 1: four 16-bit numbers added up (Irwin and Hall). Exact, unlike a logarithm.
    pub(crate) fn bell(&mut self) -> f32 {
        let bits = self.bits();
        let sum: u64 = [0, 16, 32, 48].iter().map(|shift| (bits >> shift) & 0xffff).sum();
        // The variance of each is 1/12, that of the sum 1/3.
        (sum as f32 / 65_536.0 - 2.0) * 1.732_050_8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_stream_is_pinned() {
        // From the reference implementation in C, seed 1234567.
        let mut random = Random::new(1_234_567);
        assert_eq!(random.bits(), 6_457_827_717_110_365_317);
        assert_eq!(random.bits(), 3_203_168_211_198_807_973);
        assert_eq!(random.bits(), 9_817_491_932_198_370_423);
    }

    #[test]
    fn numbers_stay_in_bounds_and_the_bell_has_variance_one() {
        let mut random = Random::new(1);
        assert!((0..1_000).all(|_| random.below(7) < 7 && (0.0..1.0).contains(&random.fraction())));
        let bells: Vec<f64> = (0..100_000).map(|_| f64::from(random.bell())).collect();
        let mean = bells.iter().sum::<f64>() / 1e5;
        let variance = bells.iter().map(|bell| (bell - mean).powi(2)).sum::<f64>() / 1e5;
        assert!(mean.abs() < 0.01 && (variance - 1.0).abs() < 0.02, "{mean} {variance}");
    }
}
