//! The inner loops, compiled for the instruction sets that a processor may have. All give the same numbers, bit for bit.
#![allow(
    unsafe_code,
    reason = "a function compiled for an instruction set is unsafe to call where that may be missing"
)]

use super::codes::{Chunk, Code};

/// An instruction set that this machine has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    /// What the target always has; on aarch64 that is NEON.
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

impl Kernel {
    /// Those that this machine can run, the best last.
    pub(crate) fn available() -> Vec<Self> {
        let mut kernels = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(Self(Set::Avx2));
            }
            let wide = is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("avx512bw");
            if wide && is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("fma") {
                kernels.push(Self(Set::Avx512));
            }
        }
        kernels
    }

    /// The best that this machine can run.
    pub(crate) fn best() -> Self {
        Self::available().pop().unwrap_or(Self(Set::Portable))
    }

    /// `portable`, `avx2` or `avx512`.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// Writes the product of the query's code with that of each slot, both as integers: exactly.
    ///
    /// `codes` holds as many chunks for each slot as the query has. A slot that is not there gives 0.
    pub(super) fn products(self, codes: &[Chunk], query: &Code, slots: &[u32], products: &mut [i32]) {
        match self.0 {
            Set::Portable => portable(codes, query, slots, products),
            // SAFETY: this value is made in `available` alone, after the processor was asked for these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2(codes, query, slots, products) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { avx512(codes, query, slots, products) },
        }
    }

    /// Σqx and Σx² in f64, summed in [`LANES`] parts.
    pub(super) fn product_and_square(self, query: &[f32], stored: &[f32]) -> (f64, f64) {
        match self.0 {
            Set::Portable => product_and_square(query, stored),
            // SAFETY: this value is made in `available` alone, after the processor was asked for these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { product_and_square_avx2(query, stored) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { product_and_square_avx512(query, stored) },
        }
    }
}

/// So many slots before its turn a row is asked for, since slots that lie apart are not foreseen by the processor.
const AHEAD: usize = 6;

/// The rows of the slots, beside where their products belong.
#[inline(always)]
fn each<'a>(
    codes: &'a [Chunk],
    query: &Code,
    slots: &'a [u32],
    products: &'a mut [i32],
) -> impl Iterator<Item = (&'a [Chunk], &'a mut i32)> {
    let chunks = query.wide.len();
    let row = move |slot: u32| {
        let start = slot as usize * chunks;
        codes.get(start..start + chunks).unwrap_or_default()
    };
    slots.iter().zip(products).enumerate().map(move |(at, (slot, product))| {
        if let Some(later) = slots.get(at + AHEAD) {
            fetch(row(*later));
        }
        (row(*slot), product)
    })
}

/// Asks for what will be read soon; does nothing else, and nothing where there is no such instruction.
#[inline(always)]
fn fetch(row: &[Chunk]) {
    #[cfg(target_arch = "x86_64")]
    for chunk in row {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86_64 processor has the instruction, and it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(chunk.0.as_ptr().cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = row;
}

/// The stored codes have an offset of 128, which is taken out at the end. Sums may wrap around on the way; the true product
/// is within i32 (`codes.rs`), so that it is right in the end.
fn portable(codes: &[Chunk], query: &Code, slots: &[u32], products: &mut [i32]) {
    for (row, product) in each(codes, query, slots, products) {
        let mut sum = 0_i32;
        for (chunk, query) in row.iter().zip(&query.wide) {
            let mut part = 0;
            for (x, q) in chunk.0.iter().zip(query) {
                part += i32::from(*x) * i32::from(*q);
            }
            sum = sum.wrapping_add(part);
        }
        *product = sum.wrapping_sub(query.offset);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(codes: &[Chunk], query: &Code, slots: &[u32], products: &mut [i32]) {
    use std::arch::x86_64::*;
    for (row, product) in each(codes, query, slots, products) {
        let mut sums = [_mm256_setzero_si256(); 4];
        for (chunk, query) in row.iter().zip(&query.wide) {
            for (part, sum) in sums.iter_mut().enumerate() {
                // SAFETY: a chunk has 4 times 16 bytes, and the query 4 times 16 numbers for it.
                let (x, q) = unsafe {
                    (
                        _mm_loadu_si128(chunk.0.as_ptr().add(part * 16).cast()),
                        _mm256_loadu_si256(query.as_ptr().add(part * 16).cast()),
                    )
                };
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(_mm256_cvtepu8_epi16(x), q));
            }
        }
        let sum = _mm256_add_epi32(_mm256_add_epi32(sums[0], sums[1]), _mm256_add_epi32(sums[2], sums[3]));
        let sum = _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b_01_00_11_10>(sum));
        let sum = _mm_add_epi32(sum, _mm_shuffle_epi32::<0b_10_11_00_01>(sum));
        *product = _mm_cvtsi128_si32(sum).wrapping_sub(query.offset);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,fma")]
fn avx512(codes: &[Chunk], query: &Code, slots: &[u32], products: &mut [i32]) {
    use std::arch::x86_64::*;
    for (row, product) in each(codes, query, slots, products) {
        let (mut high, mut low) = (_mm512_setzero_si512(), _mm512_setzero_si512());
        for ((chunk, h), l) in row.iter().zip(&query.high).zip(&query.low) {
            // SAFETY: each of the three has 64 bytes.
            let (x, h, l) = unsafe {
                (
                    _mm512_loadu_si512(chunk.0.as_ptr().cast()),
                    _mm512_loadu_si512(h.as_ptr().cast()),
                    _mm512_loadu_si512(l.as_ptr().cast()),
                )
            };
            high = _mm512_dpbusd_epi32(high, x, h);
            low = _mm512_dpbusd_epi32(low, x, l);
        }
        let sum = _mm512_reduce_add_epi32(_mm512_add_epi32(_mm512_slli_epi32::<7>(high), low));
        *product = sum.wrapping_sub(query.offset);
    }
}

/// How many sums [`Kernel::product_and_square`] keeps, so that none waits for the one before and wide registers are full.
pub(super) const LANES: usize = 16;

/// Inlined, so that it is compiled for the instruction set of its caller. A product of two f32 is exact in f64, so that times
/// and plus in one instruction or in two is the same.
#[inline(always)]
fn product_and_square(query: &[f32], stored: &[f32]) -> (f64, f64) {
    let (mut products, mut squares) = ([0.0; LANES], [0.0; LANES]);
    let (q, x) = (query.as_chunks::<LANES>(), stored.as_chunks::<LANES>());
    for (q, x) in q.0.iter().zip(x.0) {
        for lane in 0..LANES {
            let (q, x) = (f64::from(q[lane]), f64::from(x[lane]));
            products[lane] += q * x;
            squares[lane] += x * x;
        }
    }
    for (lane, (q, x)) in q.1.iter().zip(x.1).enumerate() {
        let (q, x) = (f64::from(*q), f64::from(*x));
        products[lane] += q * x;
        squares[lane] += x * x;
    }
    (products.iter().sum(), squares.iter().sum())
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn product_and_square_avx2(query: &[f32], stored: &[f32]) -> (f64, f64) {
    product_and_square(query, stored)
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn product_and_square_avx512(query: &[f32], stored: &[f32]) -> (f64, f64) {
    product_and_square(query, stored)
}

#[cfg(test)]
mod tests {
    use super::super::codes::{CHUNK, greatest};
    use super::*;

    #[test]
    fn all_kernels_compute_the_same_integers() {
        // Extreme codes, so that sums come as near to the ends of i32 as they may.
        for chunks in [1, 4, 256] {
            let byte = |at: usize| match at % 7 {
                0 => 1,
                1 => 255,
                n => (at * 37 % 251 + n) as u8,
            };
            let codes: Vec<Chunk> =
                (0..chunks * 3).map(|n| Chunk(std::array::from_fn(|lane| byte(n * CHUNK + lane)))).collect();
            let wide = |sign: i16| -> Vec<i16> {
                let limit = greatest(chunks * CHUNK) as i16;
                (0..chunks * CHUNK)
                    .map(|at| if at % 3 == 0 { sign * limit } else { (at * 71 % 1_000) as i16 })
                    .collect()
            };
            for sign in [1, -1] {
                let query = Code::from_numbers(&wide(sign));
                let slots = [2, 0, 1, 2];
                let expected: Vec<i32> = slots
                    .iter()
                    .map(|slot| {
                        let row = &codes[*slot as usize * chunks..][..chunks];
                        let bytes = row.iter().flat_map(|chunk| chunk.0);
                        let sum: i64 = bytes.zip(wide(sign)).map(|(x, q)| (i64::from(x) - 128) * i64::from(q)).sum();
                        i32::try_from(sum).unwrap()
                    })
                    .collect();
                for kernel in Kernel::available() {
                    let mut products = [0; 4];
                    kernel.products(&codes, &query, &slots, &mut products);
                    assert_eq!(products[..], expected, "{} {chunks} {sign}", kernel.name());
                }
            }
        }
    }

    #[test]
    fn all_kernels_compute_the_same_sums() {
        for dimension in [1, 15, 16, 17, 384, 1000] {
            let of = |seed: usize| -> Vec<f32> {
                (0..dimension).map(|at| ((at * 7919 + seed) % 1009) as f32 / 17.0 - 29.0).collect()
            };
            let (query, stored) = (of(1), of(500));
            let expected = Kernel(Set::Portable).product_and_square(&query, &stored);
            let plain: f64 = query.iter().zip(&stored).map(|(q, x)| f64::from(*q) * f64::from(*x)).sum();
            assert!((expected.0 - plain).abs() < 1e-6);
            for kernel in Kernel::available() {
                assert_eq!(kernel.product_and_square(&query, &stored), expected, "{}", kernel.name());
            }
        }
    }
}
