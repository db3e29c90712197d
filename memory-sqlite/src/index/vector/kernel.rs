//! The inner loops, compiled for the instruction sets that a processor may have. All give the same numbers, bit for bit.
#![allow(
    unsafe_code,
    reason = "a function compiled for an instruction set is unsafe to call where that may be missing"
)]

use super::bounds::Bounds;
use super::codes::{CHUNK, Chunk, Code, Codes, Fit, Pairs};

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
            if wide && is_x86_feature_detected!("avx512vnni") && kernels.contains(&Self(Set::Avx2)) {
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

    /// Writes the product of a query's numbers with the half bytes of each slot: exactly.
    ///
    /// `halves` holds as many chunks for each slot as the query has. A slot that is not there gives 0.
    pub(super) fn products(self, halves: &[Chunk], query: &Pairs, slots: &[u32], products: &mut [i32]) {
        match self.0 {
            Set::Portable => portable(halves, query, slots, products),
            // SAFETY: this value is made in `available` alone, after the processor was asked for these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2(halves, query, slots, products) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { avx512(halves, query, slots, products) },
        }
    }

    /// Writes the product of the query's code with that of each slot, both as integers: exactly.
    ///
    /// Stored codes have an offset of 128, which is taken out at the end. Sums may wrap around on the way; the true product is within
    /// i32 (`codes.rs`), so that it is right in the end.
    pub(super) fn whole(self, codes: &Codes, query: &Code, slots: &[u32], products: &mut [i32]) {
        products.fill(query.offset.wrapping_neg());
        let parts = [
            (&codes.upper, &query.high, 16 * 128),
            (&codes.upper, &query.low, 16),
            (&codes.lower, &query.high, 128),
            (&codes.lower, &query.low, 1),
        ];
        let mut part_products = vec![0; slots.len()];
        for (halves, numbers, factor) in parts {
            self.products(halves, numbers, slots, &mut part_products);
            for (product, part) in products.iter_mut().zip(&part_products) {
                *product = product.wrapping_add(part.wrapping_mul(factor));
            }
        }
    }

    /// Writes [`Bounds::upper`] of each fit with its product.
    pub(super) fn uppers(self, bounds: &Bounds, fits: &[Fit], products: &[i32], uppers: &mut [f64]) {
        match self.0 {
            Set::Portable => each_upper(bounds, fits, products, uppers),
            // SAFETY: this value is made in `available` alone, after the processor was asked for these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { uppers_avx2(bounds, fits, products, uppers) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { uppers_avx512(bounds, fits, products, uppers) },
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
const AHEAD: usize = 12;

/// Finds the rows of the slots, and hands them over four by four, so that what is known of the query is loaded once for four and
/// their sums are added up together.
#[inline(always)]
fn by_four<'a>(
    halves: &'a [Chunk],
    query: &Pairs,
    slots: &[u32],
    products: &mut [i32],
    four: impl Fn([&'a [Chunk]; 4]) -> [i32; 4],
) {
    let chunks = query.len();
    let row = |slot: u32| {
        let start = slot as usize * chunks;
        halves.get(start..start + chunks)
    };
    let each = |slots: &[u32], products: &mut [i32]| {
        slots.iter().zip(products).for_each(|(slot, product)| *product = row(*slot).map_or(0, |row| one(row, query)));
    };
    for ((at, some), products) in slots.chunks(4).enumerate().zip(products.chunks_mut(4)) {
        match some.try_into().map(|four: [u32; 4]| (four[3].wrapping_sub(four[0]) > 3, four.map(row))) {
            Ok((lie_apart, [Some(a), Some(b), Some(c), Some(d)])) => {
                if lie_apart {
                    let later = slots.get(at * 4 + AHEAD..).unwrap_or_default().iter().take(4);
                    later.filter_map(|slot| row(*slot)).flatten().for_each(fetch);
                }
                products.copy_from_slice(&four([a, b, c, d]));
            }
            _ => each(some, products),
        }
    }
}

/// The product of one row.
fn one(row: &[Chunk], query: &Pairs) -> i32 {
    let mut sum = 0;
    for (chunk, [first, second]) in row.iter().zip(query) {
        // At most 15 · 128 each, so that two are within i16.
        let part = |at: usize| {
            let (x, a, b) = (i16::from(chunk.0[at]), i16::from(first[at]), i16::from(second[at]));
            i32::from((x & 15) * a + (x >> 4) * b)
        };
        sum += (0..CHUNK).map(part).sum::<i32>();
    }
    sum
}

/// Asks for what will be read soon; does nothing else, and nothing where there is no such instruction.
#[inline(always)]
fn fetch<T>(item: &T) {
    #[cfg(target_arch = "x86_64")]
    {
        use std::arch::x86_64::{_MM_HINT_T0, _mm_prefetch};
        // SAFETY: every x86_64 processor has the instruction, and it reads nothing that the program could see.
        unsafe { _mm_prefetch::<_MM_HINT_T0>(std::ptr::from_ref(item).cast()) };
    }
    #[cfg(not(target_arch = "x86_64"))]
    let _ = item;
}

fn portable(halves: &[Chunk], query: &Pairs, slots: &[u32], products: &mut [i32]) {
    by_four(halves, query, slots, products, |rows| rows.map(|row| one(row, query)));
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(halves: &[Chunk], query: &Pairs, slots: &[u32], products: &mut [i32]) {
    use std::arch::x86_64::*;
    let half = _mm256_set1_epi8(15);
    by_four(halves, query, slots, products, |[a, b, c, d]| {
        let mut sums = [_mm256_setzero_si256(); 4];
        for ((((a, b), c), d), [first, second]) in a.iter().zip(b).zip(c).zip(d).zip(query) {
            let mut parts = [_mm256_setzero_si256(); 4];
            for start in [0, CHUNK / 2] {
                // SAFETY: both have twice 32 bytes.
                let (low, high) = unsafe {
                    (
                        _mm256_loadu_si256(first.as_ptr().add(start).cast()),
                        _mm256_loadu_si256(second.as_ptr().add(start).cast()),
                    )
                };
                for (chunk, part) in [a, b, c, d].into_iter().zip(&mut parts) {
                    // SAFETY: a chunk has twice 32 bytes.
                    let x = unsafe { _mm256_loadu_si256(chunk.0.as_ptr().add(start).cast()) };
                    let low = _mm256_maddubs_epi16(_mm256_and_si256(x, half), low);
                    let high = _mm256_maddubs_epi16(_mm256_and_si256(_mm256_srli_epi16::<4>(x), half), high);
                    // At most 8 · 15 · 128 in the end, which i16 holds.
                    *part = _mm256_add_epi16(*part, _mm256_add_epi16(low, high));
                }
            }
            for (sum, part) in sums.iter_mut().zip(parts) {
                *sum = _mm256_add_epi32(*sum, _mm256_madd_epi16(part, _mm256_set1_epi16(1)));
            }
        }
        added_up(sums)
    });
}

/// The sum of the numbers of each.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2")]
#[inline]
fn added_up(sums: [std::arch::x86_64::__m256i; 4]) -> [i32; 4] {
    use std::arch::x86_64::*;
    let [a, b, c, d] = sums.map(|sum| _mm_add_epi32(_mm256_castsi256_si128(sum), _mm256_extracti128_si256::<1>(sum)));
    let all = _mm_hadd_epi32(_mm_hadd_epi32(a, b), _mm_hadd_epi32(c, d));
    [_mm_extract_epi32::<0>(all), _mm_extract_epi32::<1>(all), _mm_extract_epi32::<2>(all), _mm_extract_epi32::<3>(all)]
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,avx512vnni,avx2,fma")]
fn avx512(halves: &[Chunk], query: &Pairs, slots: &[u32], products: &mut [i32]) {
    use std::arch::x86_64::*;
    let half = _mm512_set1_epi8(15);
    by_four(halves, query, slots, products, |[a, b, c, d]| {
        let mut sums = [_mm512_setzero_si512(); 4];
        for ((((a, b), c), d), [first, second]) in a.iter().zip(b).zip(c).zip(d).zip(query) {
            // SAFETY: both have 64 bytes.
            let (low, high) =
                unsafe { (_mm512_loadu_si512(first.as_ptr().cast()), _mm512_loadu_si512(second.as_ptr().cast())) };
            for (chunk, sum) in [a, b, c, d].into_iter().zip(&mut sums) {
                // SAFETY: a chunk has 64 bytes.
                let x = unsafe { _mm512_loadu_si512(chunk.0.as_ptr().cast()) };
                *sum = _mm512_dpbusd_epi32(*sum, _mm512_and_si512(x, half), low);
                *sum = _mm512_dpbusd_epi32(*sum, _mm512_and_si512(_mm512_srli_epi16::<4>(x), half), high);
            }
        }
        added_up(sums.map(|sum| _mm256_add_epi32(_mm512_castsi512_si256(sum), _mm512_extracti64x4_epi64::<1>(sum))))
    });
}

/// Inlined, so that it is compiled for the instruction set of its caller.
#[inline(always)]
fn each_upper(bounds: &Bounds, fits: &[Fit], products: &[i32], uppers: &mut [f64]) {
    for ((upper, fit), product) in uppers.iter_mut().zip(fits).zip(products) {
        *upper = bounds.upper(*fit, *product);
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn uppers_avx2(bounds: &Bounds, fits: &[Fit], products: &[i32], uppers: &mut [f64]) {
    each_upper(bounds, fits, products, uppers);
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,avx512bw,fma")]
fn uppers_avx512(bounds: &Bounds, fits: &[Fit], products: &[i32], uppers: &mut [f64]) {
    each_upper(bounds, fits, products, uppers);
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
    use super::super::codes::{HALVES, greatest};
    use super::*;

    #[test]
    fn all_kernels_compute_the_same_integers() {
        // Extreme codes, so that sums come as near to the ends of i32 as they may.
        for chunks in [1, 2, 128] {
            let byte = |at: usize| match at % 7 {
                0 => 0x10,
                1 => 0xff,
                n => (at * 37 % 251 + n) as u8,
            };
            let halves = |seed: usize| -> Vec<Chunk> {
                let chunk = |n: usize| Chunk(std::array::from_fn(|lane| byte(n * CHUNK + lane + seed)));
                (0..chunks * 3).map(chunk).collect()
            };
            let codes = Codes { upper: halves(0), lower: halves(3) };
            let code = |slot: u32, at: usize| {
                let half = |halves: &[Chunk]| {
                    let byte = halves[slot as usize * chunks + at / HALVES].0[at % CHUNK];
                    if at % HALVES < CHUNK { byte & 15 } else { byte >> 4 }
                };
                i64::from(half(&codes.upper)) * 16 + i64::from(half(&codes.lower)) - 128
            };
            let dimension = chunks * HALVES;
            let numbers = |sign: i16| -> Vec<i16> {
                let limit = greatest(dimension) as i16;
                (0..dimension).map(|at| if at % 3 == 0 { sign * limit } else { (at * 71 % 1_000) as i16 }).collect()
            };
            for sign in [1, -1] {
                let numbers = numbers(sign);
                let query = Code::from_numbers(&numbers);
                let slots = [2, 0, 1];
                let sum = |slot: u32| -> i64 {
                    numbers.iter().zip(0..).map(|(number, at)| code(slot, at) * i64::from(*number)).sum()
                };
                for kernel in Kernel::available() {
                    let mut found = [5; 3];
                    kernel.whole(&codes, &query, &slots, &mut found);
                    assert_eq!(found.map(i64::from), slots.map(sum), "{} {chunks} {sign}", kernel.name());
                }
                for kernel in Kernel::available() {
                    let mut products = [7; 4];
                    kernel.products(&codes.upper, &query.low, &[1, 0, 2, 3], &mut products);
                    let mut expected = [7; 4];
                    portable(&codes.upper, &query.low, &[1, 0, 2, 3], &mut expected);
                    assert_eq!((products, products[3]), (expected, 0), "{} {chunks} {sign}", kernel.name());
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
