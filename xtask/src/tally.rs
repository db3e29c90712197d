//! Counting test results from the summary lines of libtest and libtest-mimic, and keeping what failed for the end.

/// How many lines of one failure are shown again at the end.
const SHOWN: usize = 60;

/// How many tests passed, failed and were skipped.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Tally {
    pub(crate) passed: u64,
    pub(crate) failed: u64,
    pub(crate) ignored: u64,
    /// What failed and what it said: a reader of a log of thousands of lines looks at its end first.
    failures: Vec<String>,
    /// The lines since `failures:`, until the summary line ends them.
    open: Option<Vec<String>>,
}

impl Tally {
    /// Reads a line of a test program's output. One like `test result: ok. 3 passed; 0 failed; 0 ignored; …` is counted;
    /// what stands between `failures:` and such a line is kept.
    pub(crate) fn read(&mut self, line: &str) {
        let summary = line.trim().strip_prefix("test result: ").and_then(|rest| rest.split_once(". "));
        if let Some((_, counts)) = summary {
            self.count(counts);
            self.failures.extend(self.open.take().map(|lines| shortened(&lines)));
        } else if let Some(lines) = &mut self.open {
            lines.push(line.to_owned());
        } else if line == "failures:" {
            self.open = Some(Vec::new());
        }
    }

    fn count(&mut self, counts: &str) {
        for part in counts.split(';') {
            let Some((number, what)) = part.trim().split_once(' ') else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match what {
                "passed" => self.passed += number,
                "failed" => self.failed += number,
                "ignored" => self.ignored += number,
                _ => {}
            }
        }
    }

    /// Counts one step that is not a set of tests.
    pub(crate) fn step(&mut self, name: &str, outcome: Result<(), String>) {
        match outcome {
            Ok(()) => self.passed += 1,
            Err(message) => self.fail(format!("{name}: {message}")),
        }
    }

    /// Counts one failure, and says what it is.
    pub(crate) fn fail(&mut self, message: String) {
        eprintln!("{message}");
        self.failed += 1;
        self.failures.push(message);
    }

    /// What failed, in the order of the run.
    pub(crate) fn failures(&self) -> &[String] {
        &self.failures
    }
}

/// The first and the last lines of a long text: a failure says what it is at its start, and names the tests at its end.
fn shortened(lines: &[String]) -> String {
    let Some(left_out) = lines.len().checked_sub(SHOWN).filter(|count| *count > 0) else { return lines.join("\n") };
    let (first, last) = (&lines[..SHOWN / 2], &lines[lines.len() - SHOWN / 2..]);
    format!("{}\n({left_out} lines left out)\n{}", first.join("\n"), last.join("\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn summary_lines_are_added_up() {
        let mut tally = Tally::default();
        for line in [
            "running 5 tests",
            "test a ... ok",
            "test result: ok. 5 passed; 0 failed; 0 ignored; 0 measured; 2 filtered out; finished in 0.01s",
            "test result: FAILED. 7 passed; 2 failed; 1 ignored; 0 measured; 0 filtered out; finished in 1.20s",
            "the test result: ok. 9 passed; 9 failed",
        ] {
            tally.read(line);
        }
        assert_eq!(tally, Tally { passed: 12, failed: 2, ignored: 1, ..Tally::default() });
    }

    #[test]
    fn a_step_counts_as_one() {
        let mut tally = Tally::default();
        tally.step("good", Ok(()));
        tally.step("bad", Err("it broke".to_owned()));
        assert_eq!((tally.passed, tally.failed), (1, 1));
        assert_eq!(tally.failures(), ["bad: it broke"]);
    }

    #[test]
    fn what_a_failed_test_said_is_kept_for_the_end() {
        let mut tally = Tally::default();
        let summary = "test result: FAILED. 1 passed; 1 failed; 0 ignored; 0 measured; 0 filtered out";
        for line in [
            "test a ... ok",
            "test b ... FAILED",
            "failures:",
            "---- b ----",
            "it broke",
            "failures:",
            "    b",
            summary,
        ] {
            tally.read(line);
        }
        tally.read("test result: ok. 1 passed; 0 failed; 0 ignored");
        assert_eq!(tally.failures(), ["---- b ----\nit broke\nfailures:\n    b"]);
    }

    #[test]
    fn a_long_failure_keeps_its_start_and_its_end() {
        let lines: Vec<String> = (0..SHOWN + 3).map(|n| n.to_string()).collect();
        let text = shortened(&lines);
        assert!(text.starts_with("0\n1\n") && text.ends_with("\n61\n62"), "{text}");
        assert!(text.contains("\n29\n(3 lines left out)\n33\n"), "{text}");
        assert_eq!(shortened(&lines[..SHOWN]), lines[..SHOWN].join("\n"));
    }
}
