//! The table on the terminal, a line as soon as it is known.

use crate::row::{Row, Unit};
use crate::statistics::Figure;

/// The names of the columns.
pub(crate) fn head() -> String {
    columns(["records", "ours", "(rounds)", "baseline", "(rounds)", "unit", "ratio", "recall", "operation"])
}

/// One row. `ratio` is how much better ours is.
pub(crate) fn line(row: &Row) -> String {
    let records = row.records.to_string();
    let ratio = row.ratio().map_or("-".to_owned(), short);
    let recall = row.recall.map_or("-".to_owned(), |recall| format!("{recall:.4}"));
    let (ours, baseline) = (number(row.ours.value, row.unit), number(row.baseline.value, row.unit));
    let (our_range, their_range) = (range(row.ours, row.unit), range(row.baseline, row.unit));
    let unit = row.unit.as_str();
    columns([&records, &ours, &our_range, &baseline, &their_range, unit, &ratio, &recall, row.operation])
}

fn columns([records, ours, our_range, baseline, their_range, unit, ratio, recall, operation]: [&str; 9]) -> String {
    format!(
        "{records:>8}  {ours:>9} {our_range:<18}  {baseline:>9} {their_range:<18}  {unit:<14}  {ratio:>6}  {recall:>6}  \
         {operation}"
    )
}

/// The range of the rounds; nothing where there is none.
pub(super) fn range(figure: Figure, unit: Unit) -> String {
    let Figure { value, low, high } = figure;
    if low == value && high == value {
        return String::new();
    }
    format!("({} - {})", number(low, unit), number(high, unit))
}

/// Bytes and throughputs as whole numbers, times to three digits.
pub(super) fn number(value: f64, unit: Unit) -> String {
    match unit {
        Unit::Bytes | Unit::PerSecond => format!("{value:.0}"),
        Unit::Milliseconds | Unit::Seconds | Unit::Syncs => short(value),
    }
}

/// Three digits that count.
pub(super) fn short(value: f64) -> String {
    let digits = if value > 0.0 { (2.0 - value.log10().floor()).clamp(0.0, 4.0) } else { 0.0 };
    format!("{value:.*}", digits as usize)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    #[test]
    fn three_digits_are_enough() {
        assert_eq!(
            [0.012_345, 0.5, 1.234_5, 12.345, 123.45, 1_234.5, 0.0].map(short),
            ["0.0123", "0.500", "1.23", "12.3", "123", "1234", "0"]
        );
        assert_eq!(number(1_234.5, Unit::PerSecond), "1234");
    }

    #[test]
    fn a_line_says_everything_of_a_row() {
        let mut row = row(2.0, 6.0, Unit::Milliseconds);
        row.ours.high = 2.5;
        let words: Vec<String> = line(&row).split_whitespace().map(str::to_owned).collect();
        let wanted = "1000 2.00 (2.00 - 2.50) 6.00 ms 3.00 1.0000 vector top-10, exact";
        assert_eq!(words.join(" "), wanted);
    }
}
