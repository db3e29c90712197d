//! What is left behind: bench.json for programs, a page with plots for people.

mod page;
mod plot;
pub(crate) mod table;

use std::fs;
use std::path::Path;

use crate::Result;
use crate::machine::{Limits, Machine};
use crate::row::Row;

/// Writes bench.json, index.html and one SVG for each plot.
pub(crate) fn write(folder: &Path, machine: &Machine, rows: &[Row], limits: &[Limits]) -> Result<()> {
    let objects: Vec<String> = rows.iter().map(|row| row.json(&machine.cpu_features).to_string()).collect();
    fs::write(folder.join("bench.json"), format!("[\n{}\n]\n", objects.join(",\n")))?;
    let plots = plot::all(rows);
    let folder_of_plots = folder.join("plots");
    if folder_of_plots.exists() {
        fs::remove_dir_all(&folder_of_plots)?;
    }
    fs::create_dir(&folder_of_plots)?;
    for (operation, svg) in &plots {
        fs::write(folder_of_plots.join(file_name(operation)), svg)?;
    }
    let machine = machine.to_string();
    let notes: Vec<String> = std::iter::once(machine).chain(limits.iter().map(ToString::to_string)).collect();
    Ok(fs::write(folder.join("index.html"), page::html(&notes, rows, &plots))?)
}

/// Letters and digits, with one hyphen for whatever is between.
fn file_name(operation: &str) -> String {
    let words = operation.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    format!("{}.svg", words.collect::<Vec<_>>().join("-"))
}

/// The characters that HTML and SVG read as their own, written so that they stand for themselves.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::row::Unit;
    use crate::row::tests::row;

    #[test]
    fn an_operation_makes_a_plain_file_name() {
        let name = "vector, filter keeps 1 % (a user, by namespace)";
        assert_eq!(file_name(name), "vector-filter-keeps-1-a-user-by-namespace.svg");
    }

    #[test]
    fn three_things_are_written_and_the_json_is_an_array_of_rows() {
        let folder = tempfile::tempdir().unwrap();
        let machine = Machine { threads: 2, cpu_features: "fma".to_owned() };
        let rows = [row(2.0, 6.0, Unit::Milliseconds), row(2.0, 6.0, Unit::Bytes)];
        write(folder.path(), &machine, &rows, &[]).unwrap();
        let text = fs::read_to_string(folder.path().join("bench.json")).unwrap();
        let json: serde_json::Value = serde_json::from_str(&text).unwrap();
        assert_eq!(json.as_array().unwrap().len(), 2);
        assert_eq!((&json[0]["ratio"], &json[1]["unit"]), (&3.0.into(), &"bytes".into()));
        assert!(folder.path().join("plots/vector-top-10-exact.svg").exists());
        assert!(fs::read_to_string(folder.path().join("index.html")).unwrap().contains("<svg"));
    }
}
