//! Makes one page of the JSON reports in a folder: `report FOLDER PAGE`. Run from the folder that the sources' names start in.

#![allow(clippy::print_stderr, reason = "a small command")]

use std::path::Path;
use std::process::ExitCode;
use std::{env, fs};

use memory_conformance::report::{Report, page};

fn main() -> ExitCode {
    let arguments: Vec<String> = env::args().skip(1).collect();
    let [folder, target] = &arguments[..] else {
        eprintln!("usage: report FOLDER PAGE");
        return ExitCode::from(2);
    };
    let written = Report::read_all(Path::new(folder)).and_then(|reports| {
        let page = page(&reports, |file| fs::read_to_string(file).ok());
        fs::write(target, page)
    });
    match written {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("report: {error}");
            ExitCode::FAILURE
        }
    }
}
