//! One line of the table, one object of bench.json.

use serde_json::{Value, json};

use crate::statistics::Figure;

/// What a figure counts, and with it whether more is better.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unit {
    /// Time of one call.
    Milliseconds,
    /// Time of a whole job.
    Seconds,
    /// Calls a second, all writers together.
    PerSecond,
    /// Memory or disk.
    Bytes,
    /// Calls of fsync or fdatasync for each record saved.
    Syncs,
}

impl Unit {
    /// As it stands in the table and in bench.json.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Milliseconds => "ms",
            Self::Seconds => "s",
            Self::PerSecond => "1/s",
            Self::Bytes => "bytes",
            Self::Syncs => "fsyncs a write",
        }
    }

    fn more_is_better(self) -> bool {
        match self {
            Self::PerSecond => true,
            Self::Milliseconds | Self::Seconds | Self::Bytes | Self::Syncs => false,
        }
    }
}

/// What one operation took, ours and the baseline.
#[derive(Clone, Debug)]
pub(crate) struct Row {
    /// What was done; the first column of the floors' table where it has one.
    pub(crate) operation: &'static str,
    /// How many records there were.
    pub(crate) records: usize,
    /// The store.
    pub(crate) ours: Figure,
    /// What it is compared with.
    pub(crate) baseline: Figure,
    /// What that is.
    pub(crate) against: &'static str,
    /// Of both figures.
    pub(crate) unit: Unit,
    /// The part of the right answers that were found, against brute force in f64, from 0 to 1; `None` where there is nothing to find.
    pub(crate) recall: Option<f64>,
    /// How many measured values each figure is made of.
    pub(crate) samples: usize,
}

impl Row {
    /// How much better ours is: above 1 always means better. `None` if a figure is 0 and nothing can be said.
    pub(crate) fn ratio(&self) -> Option<f64> {
        let (ours, baseline) = (self.ours.value, self.baseline.value);
        let ratio = if self.unit.more_is_better() { ours / baseline } else { baseline / ours };
        ratio.is_finite().then_some(ratio)
    }

    /// The object of bench.json; its keys are in the order of the alphabet.
    pub(crate) fn json(&self, cpu_features: &str) -> Value {
        json!({
            "operation": self.operation,
            "records": self.records,
            "ours": self.ours.value,
            "baseline": self.baseline.value,
            "unit": self.unit.as_str(),
            "ratio": self.ratio(),
            "recall": self.recall,
            "cpu_features": cpu_features,
            "against": self.against,
            "samples": self.samples,
            "ours_range": [self.ours.low, self.ours.high],
            "baseline_range": [self.baseline.low, self.baseline.high],
        })
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    pub(crate) fn row(ours: f64, baseline: f64, unit: Unit) -> Row {
        let (ours, baseline) = (Figure::exact(ours), Figure::exact(baseline));
        let (operation, against) = ("vector top-10, exact", "flat scan");
        Row { operation, records: 1_000, ours, baseline, against, unit, recall: Some(1.0), samples: 200 }
    }

    #[test]
    fn a_ratio_above_one_is_better_in_every_unit() {
        for unit in [Unit::Milliseconds, Unit::Seconds, Unit::Bytes, Unit::Syncs] {
            assert_eq!(row(2.0, 6.0, unit).ratio(), Some(3.0), "{unit:?}");
        }
        assert_eq!(row(6.0, 2.0, Unit::PerSecond).ratio(), Some(3.0));
        assert_eq!(row(0.0, 2.0, Unit::Bytes).ratio(), None);
        assert_eq!(row(2.0, 0.0, Unit::PerSecond).ratio(), None);
    }

    #[test]
    fn an_object_has_the_keys_that_readers_rely_on() {
        let mut row = row(2.0, 6.0, Unit::Milliseconds);
        row.ours.high = 2.5;
        let wanted = json!({
            "operation": "vector top-10, exact", "records": 1000, "ours": 2.0, "baseline": 6.0, "unit": "ms", "ratio": 3.0,
            "recall": 1.0, "cpu_features": "fma avx2", "against": "flat scan", "samples": 200, "ours_range": [2.0, 2.5],
            "baseline_range": [6.0, 6.0],
        });
        assert_eq!(row.json("fma avx2"), wanted);
        row.recall = None;
        row.ours = Figure::exact(0.0);
        assert_eq!(row.json("")["ratio"], Value::Null);
        assert_eq!(row.json("")["recall"], Value::Null);
    }
}
