//! Inner products of one vector with many, one after the other in memory: in the widest registers that this machine has.
#![allow(
    unsafe_code,
    reason = "a function compiled for an instruction set is unsafe to call where that may be missing"
)]

use simsimd::SpatialSimilarity as _;

/// The way in which products are computed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Kernel(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
    Simsimd,
}

impl Kernel {
    /// Every one that this machine can run, the best of our own last; simsimd's is not among them.
    pub(crate) fn own() -> Vec<Self> {
        let mut kernels = vec![Self(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                kernels.push(Self(Set::Avx2));
            }
            if is_x86_feature_detected!("avx512f") && is_x86_feature_detected!("fma") {
                kernels.push(Self(Set::Avx512));
            }
        }
        kernels
    }

    /// That of the crate simsimd, which chooses an instruction set by itself.
    pub(crate) fn simsimd() -> Self {
        Self(Set::Simsimd)
    }

    /// For the table.
    pub(crate) fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "AVX2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "AVX-512",
            Set::Simsimd => "simsimd",
        }
    }

    /// Writes the product of the query with each row; as many as `products` has room for. The dimension is a multiple of 128.
    pub(crate) fn products(self, rows: &[f32], query: &[f32], products: &mut [f32]) {
        match self.0 {
            Set::Portable => portable(rows, query, products),
            // SAFETY: this value is made in `own` alone, after the processor was asked for these instructions.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { avx2(rows, query, products) },
            // SAFETY: as above.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { avx512(rows, query, products) },
            Set::Simsimd => {
                for (row, product) in rows.chunks_exact(query.len()).zip(products) {
                    *product = f32::dot(row, query).unwrap_or(f64::NAN) as f32;
                }
            }
        }
    }
}

/// 16 sums; on aarch64, where every processor has it, with one instruction for times and plus.
fn portable(rows: &[f32], query: &[f32], products: &mut [f32]) {
    if cfg!(target_arch = "aarch64") {
        each::<32>(rows, query, products, f32::mul_add);
    } else {
        each::<16>(rows, query, products, |x, y, sum| x * y + sum);
    }
}

/// 64 sums in 8 registers, so that no product waits for the one before.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma")]
fn avx2(rows: &[f32], query: &[f32], products: &mut [f32]) {
    each::<64>(rows, query, products, f32::mul_add);
}

/// 128 sums in 8 registers.
#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx512f,fma")]
fn avx512(rows: &[f32], query: &[f32], products: &mut [f32]) {
    each::<128>(rows, query, products, f32::mul_add);
}

/// Inlined, so that it is compiled for the instruction set of its caller.
#[inline(always)]
fn each<const SUMS: usize>(
    rows: &[f32],
    query: &[f32],
    products: &mut [f32],
    times_plus: impl Fn(f32, f32, f32) -> f32,
) {
    for (row, product) in rows.chunks_exact(query.len()).zip(products) {
        let mut sums = [0.0; SUMS];
        for (x, y) in row.chunks_exact(SUMS).zip(query.chunks_exact(SUMS)) {
            for lane in 0..SUMS {
                sums[lane] = times_plus(x[lane], y[lane], sums[lane]);
            }
        }
        let mut width = SUMS / 2;
        while width > 0 {
            for lane in 0..width {
                sums[lane] += sums[lane + width];
            }
            width /= 2;
        }
        *product = sums[0];
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::workload::{DIMENSION, Workload};

    #[test]
    fn every_kernel_computes_the_same_products() {
        let workload = Workload::new(100, 1);
        let query = &workload.questions[0].vector;
        for kernel in Kernel::own().into_iter().chain([Kernel::simsimd()]) {
            let mut products = vec![0.0; 100];
            kernel.products(&workload.vectors, query, &mut products);
            for (row, product) in workload.vectors.chunks_exact(DIMENSION).zip(products) {
                let wanted: f64 = row.iter().zip(query).map(|(x, y)| f64::from(*x) * f64::from(*y)).sum();
                assert!((f64::from(product) - wanted).abs() < 1e-5, "{kernel:?}: {product} {wanted}");
            }
        }
    }
}
