//! The page: rules as rows, backends as columns; a click on a rule opens its text and the source of its cases.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::{Entry, Report, Verdict};
use crate::rules::{Rule, rules};

const STYLE: &str = "
:root { color-scheme: light dark; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 76rem; padding: 0 1rem; }
table { border-collapse: collapse; table-layout: fixed; width: 100%; }
thead th:not(:first-child) { width: 8rem; }
th, td { border-bottom: 1px solid #8884; padding: .3rem .6rem; text-align: left; vertical-align: top; }
thead th { position: sticky; top: 0; background: Canvas; }
td.cell { white-space: nowrap; text-align: center; }
.passed { color: #17803d; } .failed { color: #c02626; font-weight: bold; } .other { color: #777; }
summary { cursor: pointer; }
pre { background: #8881; overflow-x: auto; padding: .6rem; font-size: 13px; }
h2 { margin-top: 2rem; }
tr.chapter th { padding-top: 1.2rem; }
";

/// The page of these reports. `source` answers the text of a source file, where it is at hand.
pub fn page(reports: &[Report], source: impl Fn(&str) -> Option<String>) -> String {
    let rules = rules();
    let mut files = BTreeMap::new();
    for entry in reports.iter().flat_map(|report| &report.entries) {
        files.entry(entry.file.as_str()).or_insert_with(|| source(&entry.file));
    }
    let mut out = String::new();
    out.push_str("<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Conformance</title>");
    out.push_str("<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">");
    let _ = write!(out, "<style>{STYLE}</style></head><body>\n<h1>Conformance</h1>\n<p>");
    for report in reports {
        let _ = write!(out, "{}<br>", escape(&summary(report)));
    }
    out.push_str("</p>\n<table><thead><tr><th>Rule</th>");
    for report in reports {
        let _ = write!(out, "<th>{}</th>", escape(&report.backend));
    }
    out.push_str("</tr></thead><tbody>\n");
    let mut chapter = "";
    for rule in &rules {
        if rule.chapter != chapter {
            chapter = &rule.chapter;
            let _ = writeln!(
                out,
                "<tr class=\"chapter\"><th colspan=\"{}\">{}</th></tr>",
                reports.len() + 1,
                escape(chapter)
            );
        }
        let _ = write!(out, "<tr id=\"{}\"><td>{}</td>", rule.number, details(rule, reports, &files));
        for report in reports {
            let _ = write!(out, "<td class=\"cell\">{}</td>", cell(rule, report));
        }
        out.push_str("</tr>\n");
    }
    out.push_str("</tbody></table>\n");
    out.push_str(&tables(reports));
    out.push_str("</body></html>\n");
    out
}

fn summary(report: &Report) -> String {
    let count = |holds: fn(&Verdict) -> bool| report.entries.iter().filter(|entry| holds(&entry.verdict)).count();
    format!(
        "{}: {} passed, {} failed, {} not applicable",
        report.backend,
        count(|verdict| matches!(verdict, Verdict::Passed)),
        count(|verdict| matches!(verdict, Verdict::Failed(_))),
        count(|verdict| matches!(verdict, Verdict::NotApplicable(_))),
    )
}

fn cases<'a>(rule: &Rule, report: &'a Report) -> Vec<&'a Entry> {
    report.entries.iter().filter(|entry| entry.rule == rule.number).collect()
}

fn cell(rule: &Rule, report: &Report) -> String {
    let entries = cases(rule, report);
    let passed = entries.iter().filter(|entry| entry.verdict == Verdict::Passed).count();
    let failed = entries.iter().filter(|entry| matches!(entry.verdict, Verdict::Failed(_))).count();
    match (passed, failed) {
        (_, 1..) => format!("<span class=\"failed\">✗ {failed} of {}</span>", passed + failed),
        (1.., 0) => format!("<span class=\"passed\">✓ {passed}</span>"),
        (0, 0) if rule.planned.is_some() => "<span class=\"other\">planned</span>".to_owned(),
        (0, 0) if entries.is_empty() => "<span class=\"other\">not run</span>".to_owned(),
        (0, 0) => "<span class=\"other\">n/a</span>".to_owned(),
    }
}

/// The rule's text, and each of its cases once, with its source and what it found where.
fn details(rule: &Rule, reports: &[Report], files: &BTreeMap<&str, Option<String>>) -> String {
    let mut out = format!("<details><summary><b>{}</b></summary><p>{}</p>", rule.number, escape(&rule.text));
    if let Some(planned) = &rule.planned {
        let _ = write!(out, "<p class=\"other\">Planned: {}</p>", escape(planned));
    }
    let mut tests: BTreeMap<&str, Vec<(&Report, &Entry)>> = BTreeMap::new();
    for report in reports {
        for entry in cases(rule, report) {
            tests.entry(&entry.test).or_default().push((report, entry));
        }
    }
    for (test, entries) in tests {
        let _ = write!(out, "<details><summary>{}</summary>", escape(test));
        for (report, entry) in &entries {
            let (class, said) = match &entry.verdict {
                Verdict::Passed => ("passed", "passed".to_owned()),
                Verdict::Failed(message) => ("failed", message.clone()),
                Verdict::NotApplicable(reason) => ("other", format!("not applicable: {reason}")),
            };
            let _ =
                write!(out, "<div>{}: <span class=\"{class}\">{}</span></div>", escape(&report.backend), escape(&said));
        }
        if let Some((_, entry)) = entries.first() {
            let _ = write!(out, "<div class=\"other\">{}</div>", escape(&entry.file));
            let text = files.get(entry.file.as_str()).and_then(Option::as_deref);
            if let Some(code) = text.and_then(|text| function(text, test)) {
                let _ = write!(out, "<pre>{}</pre>", escape(code));
            }
        }
        out.push_str("</details>");
    }
    out.push_str("</details>");
    out
}

/// The function that a test is named after: from its first line to the first closing brace in the first column.
fn function<'a>(text: &'a str, test: &str) -> Option<&'a str> {
    let name = test.rsplit("::").next()?;
    let start = text.find(&format!("async fn {name}("))?;
    let end = text[start..].find("\n}\n").map_or(text.len(), |at| start + at + 2);
    Some(&text[start..end])
}

/// A part of a report that is names and values.
type Pairs = fn(&Report) -> &[(String, String)];

/// Versions and capabilities, a column for each backend.
fn tables(reports: &[Report]) -> String {
    let mut out = String::new();
    let sections: [(&str, Pairs); 2] =
        [("Versions", |report| &report.versions), ("Facts, switches, limits", |report| &report.capabilities)];
    for (title, pairs) in sections {
        let mut names: Vec<&str> = Vec::new();
        for (name, _) in reports.iter().flat_map(pairs) {
            if !names.contains(&name.as_str()) {
                names.push(name);
            }
        }
        let _ = write!(out, "<h2>{title}</h2>\n<table><thead><tr><th></th>");
        for report in reports {
            let _ = write!(out, "<th>{}</th>", escape(&report.backend));
        }
        out.push_str("</tr></thead><tbody>\n");
        for name in names {
            let _ = write!(out, "<tr><th>{}</th>", escape(name));
            for report in reports {
                let value = pairs(report).iter().find(|(n, _)| n == name).map_or("", |(_, value)| value.as_str());
                let _ = write!(out, "<td>{}</td>", escape(value));
            }
            out.push_str("</tr>\n");
        }
        out.push_str("</tbody></table>\n");
    }
    out
}

fn escape(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}
