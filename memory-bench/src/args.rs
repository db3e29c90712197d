//! The command line.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;

use crate::measure::Effort;
use crate::operations;

/// Measures a store against hand-written baselines in the same program. The README of memory-bench says how to read it.
#[derive(Debug, Parser)]
#[command(name = "cargo xtask bench", bin_name = "cargo xtask bench")]
pub(crate) struct Args {
    /// How many records; several, with commas between them, give lines in the plots. A million needs 8 GB of memory and of disk
    #[arg(long, value_name = "N", value_delimiter = ',', default_values_t = [1_000, 10_000, 100_000])]
    #[arg(value_parser = records)]
    pub(crate) records: Vec<usize>,
    /// Where bench.json, index.html and the plots go, and the data while it runs: a folder on the disk that is to be measured
    #[arg(long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Another store than memory-sqlite in a file, by its URL as memoryctl takes it. A collection is made there for the run and dropped
    /// at its end; the operations about a store's own files and memory are left out
    #[arg(long, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// Fewer questions and a second of saving: for trying things out, not for figures
    #[arg(long)]
    pub(crate) quick: bool,
    /// Only these operations (the load always runs)
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    #[arg(value_parser = clap::builder::PossibleValuesParser::new(operations::ALL.iter().map(|operation| operation.name)))]
    pub(crate) only: Vec<String>,
}

impl Args {
    /// How long and how often is measured.
    pub(crate) fn effort(&self) -> Effort {
        if self.quick {
            let (most, saving) = (Duration::from_secs(2), Duration::from_secs(1));
            Effort { questions: 20, least: Duration::ZERO, most, saving, loads: 1 }
        } else {
            let (most, saving) = (Duration::from_secs(20), Duration::from_secs(10));
            Effort { questions: 200, least: Duration::from_secs(1), most, saving, loads: 3 }
        }
    }

    /// Whether an operation is to be measured.
    pub(crate) fn wants(&self, name: &str) -> bool {
        self.only.is_empty() || self.only.iter().any(|only| only == name)
    }
}

/// A number of records. Fewer than a hundred would leave users without one.
fn records(text: &str) -> Result<usize, String> {
    match text.replace('_', "").parse() {
        Ok(number @ 100..=10_000_000) => Ok(number),
        _ => Err("a number from 100 to 10000000 is needed".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_come_with_commas_and_have_bounds() {
        let args = Args::try_parse_from(["bench", "--out", "x", "--records", "1000,1_000_000"]).unwrap();
        assert_eq!(args.records, [1_000, 1_000_000]);
        assert!(args.wants("vector"));
        assert_eq!(Args::try_parse_from(["bench", "--out", "x"]).unwrap().records, [1_000, 10_000, 100_000]);
        assert!(Args::try_parse_from(["bench", "--out", "x", "--records", "99"]).is_err());
        assert!(Args::try_parse_from(["bench", "--out", "x", "--only", "nothing"]).is_err());
        assert!(!Args::try_parse_from(["bench", "--out", "x", "--only", "save"]).unwrap().wants("vector"));
    }
}
