//! The flat scan: every vector, on one thread or on several that wait for work, whichever is faster.

use std::ops::Range;
use std::sync::{Arc, mpsc};
use std::thread;
use std::time::Instant;

use super::kernel::Kernel;
use crate::truth::K;
use crate::workload::DIMENSION;

/// Products that are computed before they are looked at: they stay in the nearest cache.
const BLOCK: usize = 256;

/// Vectors in one piece of memory, and what it takes to scan them.
#[derive(Debug)]
pub(crate) struct Scanner {
    vectors: Arc<Vec<f32>>,
    kernel: Kernel,
    mine: Range<usize>,
    helpers: Vec<Helper>,
}

/// A thread with a range of its own. It ends when its sender is dropped.
#[derive(Debug)]
struct Helper {
    ask: mpsc::Sender<Arc<[f32]>>,
    answer: mpsc::Receiver<Vec<(f32, usize)>>,
}

impl Scanner {
    /// On so many threads, each with an equal part.
    pub(crate) fn new(vectors: Arc<Vec<f32>>, kernel: Kernel, threads: usize) -> Self {
        let rows = vectors.len() / DIMENSION;
        let range = move |part: usize| rows * part / threads..rows * (part + 1) / threads;
        let helper = |part| {
            let ((ask, asked), (reply, answer)) = (mpsc::channel::<Arc<[f32]>>(), mpsc::channel());
            let vectors = Arc::clone(&vectors);
            thread::spawn(move || {
                while let Ok(query) = asked.recv() {
                    if reply.send(top(kernel, &vectors, range(part), &query)).is_err() {
                        return;
                    }
                }
            });
            Helper { ask, answer }
        };
        let helpers = (1..threads).map(helper).collect();
        Self { kernel, mine: range(0), helpers, vectors }
    }

    /// The fastest of this machine's kernels on one thread and on `threads`, by the fastest of ten scans each.
    pub(crate) fn fastest(vectors: &Arc<Vec<f32>>, query: &[f32], threads: usize) -> Self {
        let mut best = Self::new(Arc::clone(vectors), Kernel::own()[0], 1);
        let mut least = best.milliseconds(query);
        for kernel in Kernel::own() {
            for threads in if threads > 1 { vec![1, threads] } else { vec![1] } {
                let other = Self::new(Arc::clone(vectors), kernel, threads);
                let took = other.milliseconds(query);
                if took < least {
                    (best, least) = (other, took);
                }
            }
        }
        best
    }

    /// The rows of the ten best, with their products, best first.
    pub(crate) fn nearest(&self, query: &[f32]) -> Vec<(f32, usize)> {
        let shared: Arc<[f32]> = if self.helpers.is_empty() { Arc::default() } else { query.into() };
        // A helper that has ended panicked, which its own message says.
        let asked: Vec<&Helper> =
            self.helpers.iter().filter(|helper| helper.ask.send(Arc::clone(&shared)).is_ok()).collect();
        let mut best = top(self.kernel, &self.vectors, self.mine.clone(), query);
        best.extend(asked.into_iter().filter_map(|helper| helper.answer.recv().ok()).flatten());
        best.sort_by(|(a, _), (b, _)| b.total_cmp(a));
        best.truncate(K);
        best
    }

    /// The fastest of ten scans, which what else the machine does disturbs least.
    pub(crate) fn milliseconds(&self, query: &[f32]) -> f64 {
        let scan = |_| {
            let start = Instant::now();
            std::hint::black_box(self.nearest(query));
            start.elapsed().as_secs_f64() * 1e3
        };
        (0..10).map(scan).fold(f64::INFINITY, f64::min)
    }

    /// Such as `AVX-512, 2 threads`.
    pub(crate) fn describe(&self) -> String {
        match self.helpers.len() {
            0 => format!("{}, 1 thread", self.kernel.name()),
            helpers => format!("{}, {} threads", self.kernel.name(), helpers + 1),
        }
    }

    /// How many threads scan.
    pub(crate) fn threads(&self) -> usize {
        self.helpers.len() + 1
    }
}

/// The ten best rows of a range.
fn top(kernel: Kernel, vectors: &[f32], range: Range<usize>, query: &[f32]) -> Vec<(f32, usize)> {
    let mut best: Vec<(f32, usize)> = Vec::with_capacity(K + 1);
    let mut least = f32::NEG_INFINITY;
    let mut products = [0.0; BLOCK];
    let rows = vectors.get(range.start * DIMENSION..range.end * DIMENSION).unwrap_or_default();
    for (block, rows) in rows.chunks(BLOCK * DIMENSION).enumerate() {
        kernel.products(rows, query, &mut products);
        for (place, &product) in products.iter().enumerate().take(rows.len() / DIMENSION) {
            if product > least {
                let row = range.start + block * BLOCK + place;
                best.insert(best.partition_point(|(better, _)| *better >= product), (product, row));
                best.truncate(K);
                least = if best.len() == K { best[K - 1].0 } else { least };
            }
        }
    }
    best
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::truth::{Keep, Truth};
    use crate::workload::Workload;

    #[test]
    fn every_kernel_finds_the_nearest_on_any_number_of_threads() {
        let workload = Workload::new(1_000, 3);
        let truth = Truth::new(&workload, 1);
        for kernel in Kernel::own().into_iter().chain([Kernel::simsimd()]) {
            for threads in [1, 3] {
                let scanner = Scanner::new(Arc::clone(&workload.vectors), kernel, threads);
                for (number, question) in workload.questions.iter().enumerate() {
                    let rows: Vec<usize> = scanner.nearest(&question.vector).iter().map(|(_, row)| *row).collect();
                    assert_eq!(rows.len(), K);
                    assert_eq!(truth.vector_recall(&workload, number, Keep::All, &rows), 1.0, "{}", scanner.describe());
                }
            }
        }
    }

    #[test]
    fn fewer_rows_than_hits_are_all_found() {
        let workload = Workload::new(7, 1);
        let scanner = Scanner::fastest(&workload.vectors, &workload.questions[0].vector, 2);
        let found = scanner.nearest(&workload.questions[0].vector);
        assert_eq!(found.len(), 7);
        assert!(found.is_sorted_by(|(a, _), (b, _)| a >= b));
    }
}
