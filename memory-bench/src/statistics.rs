//! Medians and spread.

/// One measured quantity.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Figure {
    /// The value that stands for it.
    pub(crate) value: f64,
    /// The least of the rounds' values.
    pub(crate) low: f64,
    /// The greatest of the rounds' values.
    pub(crate) high: f64,
}

impl Figure {
    /// A quantity that was not measured in rounds, such as a size.
    pub(crate) fn exact(value: f64) -> Self {
        Self { value, low: value, high: value }
    }

    /// The median of all values, and the range of the rounds' medians. Rounds without a value say nothing.
    pub(crate) fn of_rounds(rounds: &[Vec<f64>]) -> Self {
        let all: Vec<f64> = rounds.iter().flatten().copied().collect();
        let medians = rounds.iter().filter(|round| !round.is_empty()).map(|round| median(round));
        Self::with_range(median(&all), medians)
    }

    /// A value that was computed over all rounds, such as a throughput, and the range of the rounds' own.
    pub(crate) fn with_range(value: f64, rounds: impl IntoIterator<Item = f64>) -> Self {
        let start = Self::exact(value);
        rounds.into_iter().fold(start, |figure, round| Self {
            value,
            low: figure.low.min(round),
            high: figure.high.max(round),
        })
    }
}

/// The middle value, or the mean of the two in the middle; NaN for none.
pub(crate) fn median(values: &[f64]) -> f64 {
    let mut sorted = values.to_vec();
    sorted.sort_unstable_by(f64::total_cmp);
    match (sorted.get(sorted.len() / 2), sorted.len() % 2) {
        (None, _) => f64::NAN,
        (Some(&middle), 1) => middle,
        (Some(&upper), _) => sorted.get(sorted.len() / 2 - 1).map_or(upper, |&lower| (lower + upper) / 2.0),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_of_odd_and_even_numbers() {
        assert_eq!(median(&[3.0, 1.0, 10.0]), 3.0);
        assert_eq!(median(&[4.0, 1.0, 10.0, 2.0]), 3.0);
        assert_eq!(median(&[7.0]), 7.0);
        assert!(median(&[]).is_nan());
    }

    #[test]
    fn the_spread_is_that_of_the_rounds_not_of_single_values() {
        let rounds = [vec![1.0, 2.0, 90.0], vec![4.0, 5.0, 6.0], vec![]];
        assert_eq!(Figure::of_rounds(&rounds), Figure { value: 4.5, low: 2.0, high: 5.0 });
    }

    #[test]
    fn a_throughput_lies_within_its_rounds() {
        let figure = Figure::with_range(10.0, [8.0, 12.0]);
        assert_eq!(figure, Figure { value: 10.0, low: 8.0, high: 12.0 });
    }
}
