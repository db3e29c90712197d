//! One HTML page: the table and the plots, without a script or anything from elsewhere.

use std::fmt::Write as _;

use super::escaped;
use super::table::{number, range, short};
use crate::row::Row;

const STYLE: &str = "\
body { font: 14px/1.45 system-ui, sans-serif; margin: 24px auto; max-width: 1450px; padding: 0 16px; color: #1a1a1a; background: #fff }
h1 { font-size: 20px } h2 { font-size: 16px; margin-top: 32px } p { max-width: 90ch }
table { border-collapse: collapse } th, td { padding: 3px 10px; text-align: right; border-bottom: 1px solid #e3e3e3 }
th { border-bottom-color: #999; font-weight: 600 } td.text, th.text { text-align: left } small { color: #666 }
td { font-variant-numeric: tabular-nums; white-space: nowrap } td.worse { color: #a3350f } tr.first td { border-top: 2px solid #999 }
.plots { display: flex; flex-wrap: wrap; gap: 12px } .plots svg { border: 1px solid #e3e3e3 }";

/// The notes are sentences about the machine.
pub(super) fn html(notes: &[String], rows: &[Row], plots: &[(&str, String)]) -> String {
    let mut html = format!(
        "<!DOCTYPE html>\n<html lang=\"en\">\n<head><meta charset=\"utf-8\"><title>memory-bench</title>\n\
         <style>\n{STYLE}\n</style></head>\n<body>\n<h1>memory-bench</h1>\n\
         <p>Medians; in grey the range of the rounds' medians. Ours and the baseline were asked in turn, in one program. A ratio \
         above 1 means that ours is better, whatever the unit. Recall is against brute force in f64.</p>\n"
    );
    for note in notes {
        let _ = writeln!(html, "<p><small>{}</small></p>", escaped(note));
    }
    html.push_str(
        "<table>\n<tr><th>records</th><th class=\"text\">operation</th><th>ours</th><th>baseline</th><th class=\"text\">unit</th>\
         <th>ratio</th><th>recall</th><th>samples</th><th class=\"text\">against</th></tr>\n",
    );
    let mut records = None;
    for row in rows {
        table_row(&mut html, row, records != Some(row.records));
        records = Some(row.records);
    }
    html.push_str("</table>\n<h2>Latency by number of records</h2>\n<div class=\"plots\">\n");
    html.extend(plots.iter().map(|(_, svg)| svg.as_str()));
    html.push_str("</div>\n</body>\n</html>\n");
    html
}

fn table_row(html: &mut String, row: &Row, first: bool) {
    let (ours, baseline) = (row.ours, row.baseline);
    let ratio = row.ratio();
    let _ = writeln!(
        html,
        "<tr{}><td>{}</td><td class=\"text\">{}</td><td>{} <small>{}</small></td><td>{} <small>{}</small></td>\
         <td class=\"text\">{}</td><td{}>{}</td><td>{}</td><td>{}</td><td class=\"text\">{}</td></tr>",
        if first { " class=\"first\"" } else { "" },
        row.records,
        escaped(row.operation),
        number(ours.value, row.unit),
        range(ours, row.unit),
        number(baseline.value, row.unit),
        range(baseline, row.unit),
        row.unit.as_str(),
        if ratio.is_some_and(|ratio| ratio < 1.0) { " class=\"worse\"" } else { "" },
        ratio.map_or("–".to_owned(), short),
        row.recall.map_or("–".to_owned(), |recall| format!("{recall:.4}")),
        row.samples,
        escaped(row.against),
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Unit;
    use crate::row::tests::row;

    #[test]
    fn a_page_has_a_line_for_each_row_and_marks_what_is_worse() {
        let mut rows = [row(2.0, 6.0, Unit::Milliseconds), row(6.0, 2.0, Unit::Milliseconds)];
        rows[1].against = "a < b";
        let page = html(&["x & y".to_owned()], &rows, &[("plot", "<svg></svg>".to_owned())]);
        assert_eq!(page.matches("<tr").count(), 3);
        assert_eq!(page.matches("class=\"worse\"").count(), 1);
        assert!(page.contains("<td>3.00</td>") && page.contains("x &amp; y") && page.contains("a &lt; b"));
        assert!(page.contains("<svg></svg>"));
    }
}
