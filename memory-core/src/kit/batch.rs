//! Batches: the last of equal keys wins (WR-3), and cutting to what a server takes at once.

use std::collections::HashMap;

use crate::names::RecordKey;

/// A batch in which each key occurs once, and how to answer the one that was given.
#[derive(Debug)]
#[allow(clippy::exhaustive_structs)]
pub struct Distinct<'a, T> {
    /// The last item of each key, in the order in which these last ones were given.
    pub items: Vec<&'a T>,
    /// For each item that was given, which of `items` answers it.
    pub answered_by: Vec<usize>,
}

impl<T> Distinct<'_, T> {
    /// One answer for each item that was given, from one answer for each of `items` in their order.
    pub fn answers<A: Clone>(&self, of_items: &[A]) -> Vec<A> {
        self.answered_by.iter().filter_map(|&at| of_items.get(at).cloned()).collect()
    }
}

/// Keeps the last item of each key.
pub fn last_wins<'a, T>(given: &'a [T], key: impl Fn(&'a T) -> &'a RecordKey) -> Distinct<'a, T> {
    let last: HashMap<&RecordKey, usize> = given.iter().enumerate().map(|(at, item)| (key(item), at)).collect();
    let mut kept: Vec<usize> = last.values().copied().collect();
    kept.sort_unstable();
    let place: HashMap<usize, usize> = kept.iter().enumerate().map(|(place, &at)| (at, place)).collect();
    Distinct {
        items: kept.iter().map(|&at| &given[at]).collect(),
        answered_by: given.iter().map(|item| place[&last[key(item)]]).collect(),
    }
}

/// Cuts items, in order, into runs of at most `count` items and at most `bytes` bytes, each item as large as `size` says. One
/// that is larger than `bytes` by itself makes a run of its own. At least one item is in each run, so no run is empty.
pub fn split<T>(items: Vec<T>, count: usize, bytes: usize, size: impl Fn(&T) -> usize) -> Vec<Vec<T>> {
    let mut runs: Vec<Vec<T>> = Vec::new();
    let mut filled = 0_usize;
    for item in items {
        let grown = filled.saturating_add(size(&item));
        match runs.last_mut() {
            Some(run) if run.len() < count && grown <= bytes => {
                filled = grown;
                run.push(item);
            }
            _ => {
                filled = size(&item);
                runs.push(vec![item]);
            }
        }
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::kit::fixture::key;

    #[test]
    fn the_last_wins_and_answers_for_all() {
        let given =
            [(key("a/", "x"), 1), (key("a/", "y"), 2), (key("a/", "x"), 3), (key("b/", "x"), 4), (key("a/", "x"), 5)];
        let distinct = last_wins(&given, |item| &item.0);
        let kept: Vec<i32> = distinct.items.iter().map(|item| item.1).collect();
        assert_eq!(kept, [2, 4, 5]);
        assert_eq!(distinct.answers(&["y", "bx", "x"]), ["x", "y", "x", "bx", "x"]);
    }

    #[test]
    fn nothing_stays_nothing() {
        let distinct = last_wins(&[], |item: &RecordKey| item);
        assert!(distinct.items.is_empty() && distinct.answered_by.is_empty());
        assert!(split(Vec::<u8>::new(), 5, 5, |_| 1).is_empty());
    }

    #[test]
    fn runs_keep_both_limits_and_the_order() {
        let sizes = |items: &[usize], count, bytes| split(items.to_vec(), count, bytes, |size| *size);
        assert_eq!(sizes(&[1, 1, 1, 1], 3, 99), [vec![1, 1, 1], vec![1]]);
        assert_eq!(sizes(&[2, 3, 4, 1], 9, 5), [vec![2, 3], vec![4, 1]]);
        assert_eq!(sizes(&[2, 9, 2], 9, 5), [vec![2], vec![9], vec![2]]);
        assert_eq!(sizes(&[2, 2], 0, 0), [vec![2], vec![2]]);
        assert_eq!(sizes(&[usize::MAX, usize::MAX], 9, 5), [vec![usize::MAX], vec![usize::MAX]]);
    }
}
