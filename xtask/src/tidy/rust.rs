//! Checks of Rust sources, as tokens: text and comments that speak of a thing are not the thing.

use proc_macro2::{Delimiter, TokenStream, TokenTree};

use super::tree::Tree;

const LONGEST: usize = 500;

/// The files that may hold `unsafe`, each with the reason.
const UNSAFE: &[(&str, &str)] = &[
    ("memory-bench/src/counting/heap.rs", "an allocator that counts"),
    ("memory-bench/src/counting/syncs.rs", "calls of fsync are counted in the place of the C library's"),
    (
        "memory-bench/src/handwritten/kernel.rs",
        "functions compiled for an instruction set that the machine may not have",
    ),
    (
        "memory-sqlite/src/index/vector/kernel.rs",
        "calling what is compiled for an instruction set, and loading wide registers",
    ),
    ("memory-sqlite/src/index/vector/pages.rs", "advice to the system about memory"),
];

/// Lints that guard against a panic. Only tests may turn one off, and the suite, which is a test.
const AGAINST_PANICS: [&str; 5] = ["expect_used", "panic", "todo", "unimplemented", "unwrap_used"];

/// Words that mark what is left to do. In two parts, so that this file does not hold them.
const LEFT_TO_DO: [&str; 3] = [concat!("TO", "DO"), concat!("FIX", "ME"), concat!("```", "ignore")];

/// A name, a mark, a bracket, or `""` for any literal; and its line, from 1.
pub(super) type Token = (String, usize);

/// The tokens of a source, brackets included, comments left out. A text that is no Rust gives one token, `not Rust`.
pub(super) fn tokens(text: &str) -> Vec<Token> {
    match text.parse::<TokenStream>() {
        Ok(stream) => {
            let mut flat = Vec::new();
            flatten(stream, &mut flat);
            flat
        }
        Err(error) => vec![("not Rust".to_owned(), error.span().start().line)],
    }
}

fn flatten(stream: TokenStream, flat: &mut Vec<Token>) {
    for token in stream {
        let line = token.span().start().line;
        match token {
            TokenTree::Group(group) => {
                let (open, close) = match group.delimiter() {
                    Delimiter::Parenthesis => ("(", ")"),
                    Delimiter::Brace => ("{", "}"),
                    Delimiter::Bracket => ("[", "]"),
                    Delimiter::None => ("", ""),
                };
                flat.push((open.to_owned(), line));
                flatten(group.stream(), flat);
                flat.push((close.to_owned(), group.span_close().start().line));
            }
            TokenTree::Ident(name) => flat.push((name.to_string(), line)),
            TokenTree::Punct(mark) => flat.push((mark.as_char().to_string(), line)),
            TokenTree::Literal(_) => flat.push((String::new(), line)),
        }
    }
}

/// The lines on which this sequence of tokens ends.
pub(super) fn find(tokens: &[Token], wanted: &[&str]) -> Vec<usize> {
    let same = |window: &&[Token]| window.iter().zip(wanted).all(|((token, _), wanted)| token == wanted);
    tokens.windows(wanted.len()).filter(same).filter_map(|window| window.last().map(|(_, line)| *line)).collect()
}

/// `unsafe` stands in listed files only, and there each has a comment `SAFETY:` at most three lines above.
pub(super) fn unsafe_code(tree: &Tree) -> Vec<String> {
    unsafe_outside(tree, UNSAFE)
}

fn unsafe_outside(tree: &Tree, listed: &[(&str, &str)]) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".rs").filter(|(_, text)| text.contains("unsafe")) {
        let lines: Vec<&str> = text.lines().collect();
        for line in find(&tokens(text), &["unsafe"]) {
            let above = lines.get(line.saturating_sub(4)..line).unwrap_or_default();
            if !listed.iter().any(|(file, _)| *file == path) {
                problems.push(format!("{path}:{line}: unsafe, and the file is not listed"));
            } else if !above.iter().any(|line| line.contains("SAFETY:")) {
                problems.push(format!("{path}:{line}: unsafe without a comment SAFETY:"));
            }
        }
    }
    // What is said of a crate that is not there, as in the trees of the tests below, is not out of date.
    let of_members = listed.iter().filter(|(file, _)| file.split_once('/').is_some_and(|(name, _)| tree.has(name)));
    for (file, reason) in of_members.filter(|(file, _)| tree.text(file).is_none_or(|text| !text.contains("unsafe"))) {
        problems.push(format!("{file} is listed ({reason}) but holds no unsafe"));
    }
    problems
}

/// No `todo!`, `unimplemented!`, `dbg!`, no ignored test, no mark of unfinished work, no lint against panics turned off.
pub(super) fn unfinished(tree: &Tree) -> Vec<String> {
    let mut problems = Vec::new();
    for (path, text) in tree.ending(".rs") {
        let tokens = tokens(text);
        let mut report = |wanted: &[&str]| {
            let found = find(&tokens, wanted);
            problems.extend(found.iter().map(|line| format!("{path}:{line}: {}", wanted.concat())));
        };
        report(&["not Rust"]);
        report(&["todo", "!"]);
        report(&["unimplemented", "!"]);
        report(&["dbg", "!"]);
        report(&["#", "[", "ignore"]);
        if path.contains("/src/") && !path.starts_with("memory-conformance/") {
            for lint in AGAINST_PANICS {
                report(&["clippy", ":", ":", lint]);
            }
        }
    }
    for (path, text) in [".rs", ".toml", ".sql"].iter().flat_map(|end| tree.ending(end)) {
        for (number, line) in text.lines().enumerate() {
            if let Some(word) = LEFT_TO_DO.iter().find(|word| line.contains(*word)) {
                problems.push(format!("{path}:{}: {word}", number + 1));
            }
        }
    }
    problems
}

/// No Rust file has more than 500 lines.
pub(super) fn length(tree: &Tree) -> Vec<String> {
    let lengths = tree.ending(".rs").map(|(path, text)| (path, text.lines().count()));
    let long = lengths.filter(|(_, lines)| *lines > LONGEST);
    long.map(|(path, lines)| format!("{path}: {lines} lines, {LONGEST} are the most")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(text: &str) -> Tree {
        Tree::from([("memory-a/src/x.rs", text)])
    }

    #[test]
    fn comments_and_texts_are_not_code() {
        let quiet = "//! todo!() unsafe\n/// `dbg!`\nfn f() -> &'static str {\n    /* unsafe */ r#\"todo!() \"#\n}\n";
        assert_eq!(unfinished(&one(quiet)), [] as [&str; 0]);
        assert_eq!(unsafe_code(&one(quiet)), [] as [&str; 0]);
    }

    #[test]
    fn unfinished_work_is_seen() {
        let marks = LEFT_TO_DO.map(|word| format!("fn f() {{}}\n// {word}: more\n"));
        let marks = marks.iter().map(String::as_str);
        let code = [
            "\ntodo!()",
            "\nunimplemented!()",
            "\ndbg!(1)",
            "\n#[ignore] fn f() {}",
            "\n#[ignore = \"slow\"] fn f() {}",
        ];
        for bad in code.into_iter().chain(marks) {
            let problems = unfinished(&one(bad));
            assert_eq!(problems.len(), 1, "{bad}");
            assert!(problems[0].starts_with("memory-a/src/x.rs:2: "), "{problems:?}");
        }
        assert_eq!(unfinished(&one("fn f() { ) }")).len(), 1);
    }

    #[test]
    fn a_lint_against_panics_is_turned_off_in_tests_only() {
        let allow = "#![allow(clippy::unwrap_used)]";
        assert_eq!(unfinished(&one(allow)), ["memory-a/src/x.rs:1: clippy::unwrap_used"]);
        for path in ["memory-a/tests/x.rs", "memory-conformance/src/x.rs"] {
            assert_eq!(unfinished(&Tree::from([(path, allow)])), [] as [&str; 0]);
        }
    }

    #[test]
    fn unsafe_needs_a_listed_file_and_a_reason() {
        let bare = "fn f() {\n    unsafe { g() }\n}\n";
        let reasoned = "fn f() {\n    // SAFETY: g has no condition.\n    unsafe { g() }\n}\n";
        let listed: &[(&str, &str)] = &[("memory-a/src/x.rs", "calls C")];
        assert_eq!(unsafe_code(&one(reasoned)), ["memory-a/src/x.rs:3: unsafe, and the file is not listed"]);
        assert_eq!(unsafe_outside(&one(reasoned), listed), [] as [&str; 0]);
        assert_eq!(unsafe_outside(&one(bare), listed), ["memory-a/src/x.rs:2: unsafe without a comment SAFETY:"]);
        assert_eq!(unsafe_outside(&one("fn f() {}"), listed).len(), 1);
    }

    #[test]
    fn the_501st_line_is_one_too_many() {
        assert_eq!(length(&one(&"\n".repeat(500))), [] as [&str; 0]);
        assert_eq!(length(&one(&"\n".repeat(501))), ["memory-a/src/x.rs: 501 lines, 500 are the most"]);
    }
}
