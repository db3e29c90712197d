//! The rules of SPEC.md, as data.

use crate::SPEC;

/// One rule.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Rule {
    /// Its number: `FI-4`.
    pub number: String,
    /// The chapter that it stands in: `5 Filters`.
    pub chapter: String,
    /// Its text, in Markdown, without the number.
    pub text: String,
    /// What it waits for, if it is planned. A rule of which a part is planned has cases too.
    pub planned: Option<String>,
}

/// Every rule, in the order of the text.
pub fn rules() -> Vec<Rule> {
    let (text, planned) = SPEC.split_once("\n## Planned\n").unwrap_or((SPEC, ""));
    let mut rules: Vec<Rule> = Vec::new();
    let mut chapter = "";
    for line in text.lines() {
        if let Some(title) = line.strip_prefix("## ") {
            chapter = title;
        } else if let Some((number, start)) = line.strip_prefix("- **").and_then(|rest| rest.split_once("** ")) {
            let planned = waits_for(planned, number);
            let (number, chapter, text) = (number.to_owned(), chapter.to_owned(), start.to_owned());
            rules.push(Rule { number, chapter, text, planned });
        } else if let (Some(more), Some(rule)) = (line.strip_prefix("  "), rules.last_mut()) {
            rule.text.push(' ');
            rule.text.push_str(more.trim());
        }
    }
    rules
}

fn waits_for(planned: &str, number: &str) -> Option<String> {
    planned.lines().filter_map(|line| line.strip_prefix("- ")).find(|line| line.starts_with(number)).map(str::to_owned)
}

/// Whether a rule may stand without a case: it is planned as a whole, not in part.
pub(crate) fn may_lack_cases(rule: &Rule) -> bool {
    rule.planned.as_deref().is_some_and(|line| line.starts_with(&format!("{} waits", rule.number)))
}

/// What is wrong between rules and cases: a rule without a case that is not planned, a planned one that has cases, a case
/// without a rule, two cases of one name. Empty when all is well.
pub fn mismatches(cases: &[crate::Case]) -> Vec<String> {
    let rules = rules();
    let mut found = Vec::new();
    for rule in &rules {
        let has_case = cases.iter().any(|case| case.rule == rule.number);
        match (has_case, may_lack_cases(rule)) {
            (false, false) => found.push(format!("rule {} has no case and is not planned", rule.number)),
            (true, true) => found.push(format!("rule {} is planned, but has a case", rule.number)),
            _ => {}
        }
    }
    let mut names = std::collections::HashSet::new();
    for case in cases {
        if rules.iter().all(|rule| rule.number != case.rule) {
            found.push(format!("case {} names the rule {}, which does not exist", case.name, case.rule));
        }
        if !names.insert(case.test_name()) {
            found.push(format!("two cases are called {}", case.test_name()));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Case, Needs};

    fn case(rule: &'static str, name: &'static str) -> Case {
        Case::new(rule, name, Needs::Nothing, file!(), |_| Box::pin(async { Ok(()) }))
    }

    #[test]
    fn rules_are_read_with_their_chapters() {
        let rules = rules();
        let rule = rules.iter().find(|rule| rule.number == "FI-8").unwrap();
        assert_eq!(rule.chapter, "5 Filters");
        assert_eq!(
            rule.text,
            "Strings compare bytewise: no case folding, trimming, tokenising or Unicode normalisation."
        );
        assert_eq!(rules.len(), 82);
        let planned: Vec<_> = rules.iter().filter(|r| r.planned.is_some()).map(|r| r.number.as_str()).collect();
        assert_eq!(planned, ["VE-5", "ER-3", "MO-2"]);
        let bare: Vec<_> = rules.iter().filter(|r| may_lack_cases(r)).map(|r| r.number.as_str()).collect();
        assert_eq!(bare, ["MO-2"], "the others are planned in part and have cases");
    }

    #[test]
    fn every_sort_of_mismatch_is_found() {
        let cases = [case("XX-1", "a"), case("MO-2", "b"), case("ID-1", "c"), case("ID-1", "c")];
        let found = mismatches(&cases).join("\n");
        for expected in ["rule ID-2 has no case", "rule MO-2 is planned", "rule XX-1, which", "called id_01::c"] {
            assert!(found.contains(expected), "{expected} in\n{found}");
        }
        assert!(!found.contains("rule ID-1 "), "{found}");
    }
}
