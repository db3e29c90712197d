//! The greatest of many numbers, and the cut that they set for others.

use std::cmp::Reverse;
use std::collections::BinaryHeap;

use memory_core::Score;

/// The greatest numbers of those offered, so many.
#[derive(Debug)]
pub(super) struct Best {
    most: usize,
    heap: BinaryHeap<Reverse<Score>>,
}

impl Best {
    pub(super) fn new(most: usize) -> Self {
        Self { most, heap: BinaryHeap::new() }
    }

    /// Whether [`Self::least`] may have changed.
    pub(super) fn offer(&mut self, number: f64) -> bool {
        let number = Reverse(Score::new(number));
        if self.heap.len() < self.most {
            self.heap.push(number);
            return self.heap.len() == self.most;
        }
        match self.heap.peek_mut() {
            Some(mut least) if number < *least => {
                *least = number;
                true
            }
            _ => false,
        }
    }

    /// The least of them, once they are so many.
    pub(super) fn least(&self) -> Option<f64> {
        if self.heap.len() < self.most { None } else { self.heap.peek().map(|least| least.0.value()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_of_the_best_is_known_once_they_are_enough() {
        let mut best = Best::new(2);
        assert!(!best.offer(1.0) && best.least().is_none());
        assert!(best.offer(5.0) && best.least() == Some(1.0));
        assert!(!best.offer(0.5) && best.least() == Some(1.0));
        assert!(best.offer(2.0) && best.least() == Some(2.0));
    }
}
