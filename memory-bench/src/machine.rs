//! What the figures were measured on, and what it could do at best.

use std::fmt;
use std::fs::File;
use std::io::{Seek as _, Write as _};
use std::path::Path;
use std::time::{Duration, Instant};

use crate::Result;
use crate::handwritten::{Kernel, Scanner};
use crate::workload::Workload;

/// The processor as this program sees it.
#[derive(Debug)]
pub(crate) struct Machine {
    /// How many threads the process may use: both sides may use as many.
    pub(crate) threads: usize,
    /// The instruction sets that matter for vectors, separated by spaces.
    pub(crate) cpu_features: String,
}

impl Machine {
    /// Asks the system and the processor. The number of threads obeys an affinity that the process was started with.
    pub(crate) fn of_this_process() -> Self {
        let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
        Self { threads, cpu_features: cpu_features().join(" ") }
    }
}

impl fmt::Display for Machine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { threads, cpu_features } = self;
        write!(f, "{}, {cpu_features}; at most {threads} threads on either side", std::env::consts::ARCH)
    }
}

#[cfg(target_arch = "x86_64")]
fn cpu_features() -> Vec<&'static str> {
    let features = [
        ("fma", is_x86_feature_detected!("fma")),
        ("avx2", is_x86_feature_detected!("avx2")),
        ("avx512f", is_x86_feature_detected!("avx512f")),
        ("avx512bw", is_x86_feature_detected!("avx512bw")),
        ("avx512vnni", is_x86_feature_detected!("avx512vnni")),
    ];
    features.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
}

#[cfg(target_arch = "aarch64")]
fn cpu_features() -> Vec<&'static str> {
    let features = [
        ("neon", std::arch::is_aarch64_feature_detected!("neon")),
        ("dotprod", std::arch::is_aarch64_feature_detected!("dotprod")),
        ("sve", std::arch::is_aarch64_feature_detected!("sve")),
    ];
    features.into_iter().filter_map(|(name, there)| there.then_some(name)).collect()
}

#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
fn cpu_features() -> Vec<&'static str> {
    Vec::new()
}

/// What bounds some of the figures, whoever writes the program.
#[derive(Debug)]
pub(crate) struct Limits {
    records: usize,
    /// The scan that the table compares with, such as `AVX-512, 2 threads`, and its milliseconds.
    scan: (String, f64),
    /// The same with simsimd's kernel on as many threads.
    simsimd: f64,
    /// Milliseconds to read the bytes of all vectors once, on one thread.
    read: f64,
    /// How often a second 4 KiB of a file can be written over and reach the disk.
    syncs: f64,
}

impl Limits {
    /// Measures them in the folder that the data is in.
    pub(crate) fn measure(folder: &Path, workload: &Workload, scanner: &Scanner) -> Result<Self> {
        let query = workload.questions.first().map(|question| question.vector.clone()).unwrap_or_default();
        let simsimd = Scanner::new(workload.vectors.clone(), Kernel::simsimd(), scanner.threads());
        let scan = (scanner.describe(), scanner.milliseconds(&query));
        let (simsimd, read) = (simsimd.milliseconds(&query), read(&workload.vectors));
        Ok(Self { records: workload.records(), scan, simsimd, read, syncs: syncs(folder)? })
    }
}

impl fmt::Display for Limits {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, scan: (kernel, scan), simsimd, read, syncs } = self;
        write!(
            f,
            "{records} records: flat scan {scan:.3} ms ({kernel}), with simsimd's kernel {simsimd:.3} ms; reading all vectors \
             once on one thread {read:.3} ms; {syncs:.0} times a second 4 KiB reach the disk"
        )
    }
}

/// The fastest of ten passes over the memory.
fn read(vectors: &[f32]) -> f64 {
    let pass = |_| {
        let start = Instant::now();
        // Whole numbers, eight sums: nothing but the memory is waited for.
        let mut sums = [0_u32; 16];
        for chunk in vectors.as_chunks::<16>().0 {
            for (sum, value) in sums.iter_mut().zip(chunk) {
                *sum = sum.wrapping_add(value.to_bits());
            }
        }
        std::hint::black_box(sums);
        start.elapsed().as_secs_f64() * 1e3
    };
    (0..10).map(pass).fold(f64::INFINITY, f64::min)
}

/// Over half a second.
fn syncs(folder: &Path) -> Result<f64> {
    let path = folder.join("syncs");
    let mut file = File::create(&path)?;
    file.write_all(&[0; 4096])?;
    file.sync_all()?;
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_millis(500) {
        file.rewind()?;
        file.write_all(&[1; 4096])?;
        file.sync_data()?;
        count += 1;
    }
    let rate = f64::from(count) / start.elapsed().as_secs_f64();
    std::fs::remove_file(path)?;
    Ok(rate)
}
