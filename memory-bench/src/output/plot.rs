//! Latency by number of records, both axes logarithmic, as SVG that stands by itself.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::escaped;
use super::table::short;
use crate::row::{Row, Unit};
use crate::statistics::Figure;

const WIDTH: f64 = 460.0;
const HEIGHT: f64 = 300.0;
/// Left, right, top and bottom of the square between the axes.
const LEFT: f64 = 58.0;
const RIGHT: f64 = 350.0;
const TOP: f64 = 44.0;
const BOTTOM: f64 = 254.0;

/// The two lines: their colours (readable on white, told apart without colour vision) and classes.
const OURS: &str = "#0b62a8";
const BASELINE: &str = "#c2571a";

/// A plot for each operation that is measured as time, in the order of the rows: its name and its SVG.
pub(super) fn all(rows: &[Row]) -> Vec<(&'static str, String)> {
    let mut order = Vec::new();
    let mut groups: BTreeMap<&str, Vec<&Row>> = BTreeMap::new();
    for row in rows.iter().filter(|row| matches!(row.unit, Unit::Milliseconds | Unit::Seconds)) {
        let group = groups.entry(row.operation).or_default();
        if group.is_empty() {
            order.push(row.operation);
        }
        group.push(row);
    }
    let plot = |operation| Some((operation, svg(operation, groups.get(operation)?)));
    order.into_iter().filter_map(plot).collect()
}

/// A logarithmic axis over whole powers of ten.
struct Axis {
    /// Exponents of the first and the last power.
    first: i32,
    last: i32,
    /// Where they lie.
    start: f64,
    end: f64,
}

impl Axis {
    fn over(values: impl Iterator<Item = f64> + Clone, start: f64, end: f64) -> Self {
        let least = values.clone().fold(f64::INFINITY, f64::min).log10().floor() as i32;
        let most = values.fold(0.0, f64::max).log10().ceil() as i32;
        Self { first: least, last: most.max(least + 1), start, end }
    }

    fn place(&self, value: f64) -> f64 {
        let part = (value.log10() - f64::from(self.first)) / f64::from(self.last - self.first);
        self.start + part * (self.end - self.start)
    }

    fn ticks(&self) -> impl Iterator<Item = f64> {
        (self.first..=self.last).map(|exponent| 10_f64.powi(exponent))
    }
}

/// The rows are of one operation.
fn svg(operation: &str, rows: &[&Row]) -> String {
    let x = Axis::over(rows.iter().map(|row| row.records as f64), LEFT, RIGHT);
    let figures = rows.iter().flat_map(|row| [row.ours, row.baseline]);
    let positive = |value: &f64| *value > 0.0;
    let values = figures.flat_map(|figure| [figure.value, figure.low, figure.high]).filter(positive);
    let y = Axis::over(values, BOTTOM, TOP);
    let unit = rows.first().map_or("", |row| row.unit.as_str());
    let mut svg = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" width=\"{WIDTH}\" height=\"{HEIGHT}\" \
         font-family=\"system-ui, sans-serif\" font-size=\"11\" role=\"img\" aria-label=\"{title}\">\n\
         <rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n\
         <text x=\"10\" y=\"20\" font-size=\"13\" font-weight=\"600\" fill=\"#1a1a1a\">{title}</text>\n",
        title = escaped(operation)
    );
    grid(&mut svg, &x, &y, unit);
    let ends: Vec<f64> = [Side::Ours, Side::Baseline].map(|side| line(&mut svg, &x, &y, rows, side)).to_vec();
    labels(&mut svg, &ends, rows);
    svg.push_str("</svg>\n");
    svg
}

/// Lines at the powers of ten and what they are.
fn grid(svg: &mut String, x: &Axis, y: &Axis, unit: &str) {
    for tick in x.ticks() {
        let at = x.place(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{at:.1} {TOP}V{BOTTOM}\" stroke=\"#e3e3e3\"/>\
             <text x=\"{at:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">{}</text>",
            BOTTOM + 16.0,
            grouped(tick)
        );
    }
    for tick in y.ticks() {
        let at = y.place(tick);
        let _ = writeln!(
            svg,
            "<path d=\"M{LEFT} {at:.1}H{RIGHT}\" stroke=\"#e3e3e3\"/>\
             <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{tick}</text>",
            LEFT - 6.0,
            at + 4.0
        );
    }
    let middle = f64::midpoint(LEFT, RIGHT);
    let _ = writeln!(
        svg,
        "<text x=\"{middle}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#555\">records</text>\
         <text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"end\" fill=\"#555\">{unit}</text>",
        BOTTOM + 34.0,
        LEFT - 6.0,
        TOP - 10.0
    );
}

#[derive(Clone, Copy)]
enum Side {
    Ours,
    Baseline,
}

impl Side {
    fn colour(self) -> &'static str {
        match self {
            Self::Ours => OURS,
            Self::Baseline => BASELINE,
        }
    }

    /// The baseline is dashed, so that the lines differ on paper too.
    fn dashes(self) -> &'static str {
        match self {
            Self::Ours => "",
            Self::Baseline => " stroke-dasharray=\"5 3\"",
        }
    }

    fn figure(self, row: &Row) -> Figure {
        match self {
            Self::Ours => row.ours,
            Self::Baseline => row.baseline,
        }
    }
}

/// The medians, joined, with an upright bar for the range of the rounds. Answers how high the last one lies.
fn line(svg: &mut String, x: &Axis, y: &Axis, rows: &[&Row], side: Side) -> f64 {
    let colour = side.colour();
    let mut path = String::new();
    let mut end = BOTTOM;
    for (number, row) in rows.iter().filter(|row| side.figure(row).value > 0.0).enumerate() {
        let figure = side.figure(row);
        let (across, up) = (x.place(row.records as f64), y.place(figure.value));
        let _ = write!(path, "{}{across:.1} {up:.1}", if number == 0 { 'M' } else { 'L' });
        let (low, high) = (y.place(figure.low.max(f64::MIN_POSITIVE)).min(BOTTOM), y.place(figure.high));
        let _ = writeln!(
            svg,
            "<path d=\"M{across:.1} {low:.1}V{high:.1}\" stroke=\"{colour}\" stroke-width=\"4\" stroke-opacity=\"0.3\"/>\
             <circle cx=\"{across:.1}\" cy=\"{up:.1}\" r=\"3.5\" fill=\"{colour}\"/>"
        );
        end = up;
    }
    let _ = writeln!(svg, "<path d=\"{path}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2\"{}/>", side.dashes());
    end
}

/// The names of the lines, at their ends, and the last values; moved apart where they would meet.
fn labels(svg: &mut String, ends: &[f64], rows: &[&Row]) {
    let [ours, baseline] = ends else { return };
    let gap = 30.0_f64;
    let apart = (gap - (ours - baseline).abs()).max(0.0) / 2.0;
    let (ours, baseline) =
        if ours <= baseline { (ours - apart, baseline + apart) } else { (ours + apart, baseline - apart) };
    for (side, name, up) in [(Side::Ours, "ours", ours), (Side::Baseline, "baseline", baseline)] {
        let Some(row) = rows.last() else { continue };
        let value = format!("{} {}", short(side.figure(row).value), row.unit.as_str());
        let (left, colour) = (RIGHT + 12.0, side.colour());
        let _ = writeln!(
            svg,
            "<text x=\"{left}\" y=\"{:.1}\" fill=\"{colour}\" font-weight=\"600\">{name}</text>\
             <text x=\"{left}\" y=\"{:.1}\" fill=\"{colour}\">{}</text>",
            up - 2.0,
            up + 11.0,
            escaped(&value)
        );
    }
}

/// 100000 as 100,000.
fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (place, digit) in digits.chars().enumerate() {
        if place > 0 && (digits.len() - place).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::tests::row;

    /// Every element that is opened is closed, in order, and no text holds a bare mark of the language.
    fn is_well_formed(svg: &str) -> bool {
        let mut open = Vec::new();
        for part in svg.split('<').skip(1) {
            let Some((tag, text)) = part.split_once('>') else { return false };
            if text.contains('>') || tag.matches('"').count() % 2 != 0 {
                return false;
            }
            let name = tag.split([' ', '/']).next().unwrap_or_default();
            if let Some(closed) = tag.strip_prefix('/') {
                if open.pop() != Some(closed) {
                    return false;
                }
            } else if !tag.ends_with('/') {
                open.push(name);
            }
        }
        open.is_empty() && svg.contains("<svg ")
    }

    #[test]
    fn the_check_of_the_form_sees_what_is_wrong() {
        assert!(is_well_formed("<svg a=\"1\"><g/><text>a &lt; b</text></svg>"));
        for bad in ["<svg ><g></svg>", "<svg >", "<svg a=\"1></svg>", "<svg >a > b</svg>", "no picture"] {
            assert!(!is_well_formed(bad), "{bad}");
        }
    }

    #[test]
    fn a_plot_is_well_formed_and_has_a_point_for_each_figure() {
        let mut rows = vec![row(2.0, 6.0, Unit::Milliseconds), row(20.0, 60.0, Unit::Milliseconds)];
        rows[1].records = 100_000;
        rows[0].operation = "a < b & \"c\"";
        rows[1].operation = rows[0].operation;
        let plots = all(&rows);
        assert_eq!(plots.len(), 1);
        let svg = &plots[0].1;
        assert!(is_well_formed(svg), "{svg}");
        assert_eq!(svg.matches("<circle").count(), 4);
        assert!(
            svg.contains(">a &lt; b &amp; &quot;c&quot;<") && svg.contains(">100,000<") && svg.contains(">20.0 ms<")
        );
    }

    #[test]
    fn a_point_lies_where_its_logarithm_says() {
        let axis = Axis::over([1_000.0, 100_000.0].into_iter(), 0.0, 200.0);
        assert_eq!((axis.first, axis.last), (3, 5));
        assert_eq!([1_000.0, 10_000.0, 100_000.0].map(|value| axis.place(value)), [0.0, 100.0, 200.0]);
        let one = Axis::over([50.0].into_iter(), 0.0, 1.0);
        assert_eq!((one.first, one.last), (1, 2));
    }

    #[test]
    fn only_times_are_plotted_and_zeros_bend_nothing() {
        assert_eq!(all(&[row(1.0, 1.0, Unit::Bytes), row(1.0, 1.0, Unit::PerSecond)]).len(), 0);
        let plots = all(&[row(0.0, 6.0, Unit::Milliseconds)]);
        assert!(is_well_formed(&plots[0].1) && !plots[0].1.contains("NaN") && !plots[0].1.contains("inf"));
    }
}
