//! Query text is data (TX-3).

use memory_core::{Language, Record, WordMatch};

use crate::cases::hits::{by_text, name_set, names, search, texts};
use crate::context::Context;
use crate::hostile;
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "TX-3": [
        operators_are_words_or_nothing,
        text_without_a_word_matches_nothing,
        a_hundred_kilobytes_are_a_query,
        hostile_strings_find_themselves,
    ],
}

async fn operators_are_words_or_nothing(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all([
            Record::draft("ab").content("alpha then beta"),
            Record::draft("ba").content("beta then alpha"),
            Record::draft("ops").content("AND or Not near content match rank null true 1"),
            Record::draft("other").content("alphabet betamax"),
        ])
        .await?;
    let both = &["ab", "ba"][..];
    let three = &["ab", "ba", "ops"][..];
    for (text, any, all) in [
        ("\"alpha beta\"", both, both),
        ("'beta alpha'", both, both),
        ("alpha AND zeta", three, &[][..]),
        ("alpha NOT beta", three, &[]),
        ("zeta OR near", &["ops"], &[]),
        ("AND", &["ops"], &["ops"]),
        ("NOT", &["ops"], &["ops"]),
        ("NEAR(alpha beta, 5)", three, &[]),
        ("NEAR", &["ops"], &["ops"]),
        ("-alpha", both, both),
        ("+alpha -beta", both, both),
        ("!alpha & beta", both, both),
        ("alpha | beta", both, both),
        ("alpha <-> beta", both, both),
        ("alpha <2> beta", both, &[]),
        ("^alpha", both, both),
        ("alpha^2", both, &[]),
        ("alpha:*", both, both),
        ("alpha~", both, both),
        ("alph*", &[], &[]),
        ("alph?", &[], &[]),
        ("al%", &[], &[]),
        ("_lpha", &[], &[]),
        (".*", &[], &[]),
        ("content:alpha", three, &[]),
        ("content : NEAR", &["ops"], &["ops"]),
        ("{content rank}: match", &["ops"], &["ops"]),
        ("[alpha]", both, both),
        ("(alpha", both, both),
        ("alpha))", both, both),
        ("\"alpha", both, both),
        ("alpha\"\"beta", both, both),
        ("alpha\\", both, both),
        ("alpha;--", both, both),
        ("' OR 1=1 --", &["ops"], &["ops"]),
        ("alpha\0beta", both, both),
        ("${alpha} {{beta}}", both, both),
        ("<b>alpha</b>", both, &[]),
        ("null", &["ops"], &["ops"]),
        ("true", &["ops"], &["ops"]),
    ] {
        for (matching, expected) in [(WordMatch::Any, any), (WordMatch::All, all)] {
            let response = search(&memory, &memory.text_matching(text, matching)).await?;
            ensure_eq!(name_set(&response.hits), expected, "{text:?}, {matching:?}");
        }
    }
    Ok(())
}

async fn text_without_a_word_matches_nothing(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::English).await?;
    memory
        .put_all([
            Record::draft("1").content("some words"),
            Record::draft("2").content("\" * - ? ' 🙂 ()"),
            Record::draft("3"),
        ])
        .await?;
    for text in [
        "",
        " ",
        "\n\t",
        "\"",
        "\"\"",
        "'",
        "''",
        "\u{2019}",
        "*",
        "-",
        "--",
        "?",
        "()",
        ")(",
        "{}",
        "[]",
        "\\",
        "%",
        "_",
        "&",
        "|",
        "!",
        "^",
        "~",
        ":",
        ";",
        "+",
        "=",
        "<>",
        "...",
        "🙂",
        "👨\u{200d}👩\u{200d}👧",
        "\0",
        "\u{feff}",
        "\u{200b}",
        "\u{e000}",
        "\u{10ffff}",
        "\" * - ? ' 🙂 ()",
    ] {
        for matching in [WordMatch::Any, WordMatch::All] {
            let response = search(&memory, &memory.text_matching(text, matching)).await?;
            ensure!(response.hits.is_empty(), "{text:?} has no word and matches nothing, {matching:?}");
        }
    }
    Ok(())
}

async fn a_hundred_kilobytes_are_a_query(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::English).await?;
    memory.put_all([Record::draft("1").content("alpha"), Record::draft("2").content("t42 beta")]).await?;
    let different: Vec<String> = (0..20_000).map(|at| format!("t{at}")).collect();
    for (text, expected) in [
        ("alpha ".repeat(20_000), &["1"][..]),
        ("a".repeat(120_000), &[]),
        (format!("{} alpha", "\"".repeat(100_000)), &["1"]),
        ("🙂".repeat(30_000), &[]),
        ("(".repeat(100_000), &[]),
        ("NOT ".repeat(30_000), &[]),
        (format!("{} alpha", different.join(" ")), &["2"]),
        (format!("{}beta", " ".repeat(100_000)), &["2"]),
    ] {
        let response = by_text(&memory, &text).await?;
        ensure_eq!(
            name_set(&response.hits),
            expected,
            "{} bytes that begin with {:?}",
            text.len(),
            text.chars().next()
        );
    }
    Ok(())
}

async fn hostile_strings_find_themselves(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all(hostile::STRINGS.iter().enumerate().map(|(at, text)| Record::draft(format!("{at}")).content(*text)))
        .await?;
    for (at, text) in hostile::STRINGS.iter().enumerate() {
        let response = search(&memory, &memory.text_matching(text, WordMatch::All).with_k(1_000)).await?;
        let itself = names(&response.hits).contains(&format!("{at}").as_str());
        if text.contains(|c: char| c.is_ascii_alphanumeric()) {
            ensure!(itself, "the hostile string of number {at} has a word and finds its record");
        }
    }
    Ok(())
}
