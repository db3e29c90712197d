//! Which records match a text (TX-2).

use memory_core::{Language, Record, WordMatch};

use crate::cases::hits::{by_text, name_set, names, search, shuffled, texts};
use crate::context::Context;
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "TX-2": [
        any_word_or_every_word,
        every_word_at_any_place_and_length,
        an_upsert_takes_the_old_words_away,
        the_first_256_words_count,
        words_of_one_stem_count_once,
        matches_of_hundreds,
    ],
}

async fn any_word_or_every_word(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all([
            Record::draft("oak").content("oak"),
            Record::draft("elm").content("elm elm elm"),
            Record::draft("both").content("elm and oak"),
            Record::draft("all").content("oak, elm; birch!"),
            Record::draft("none").content("oaks elms"),
            Record::draft("empty"),
        ])
        .await?;
    for (text, any, all) in [
        ("oak", &["all", "both", "oak"][..], &["all", "both", "oak"][..]),
        ("oak elm", &["all", "both", "elm", "oak"], &["all", "both"]),
        ("elm oak elm oak", &["all", "both", "elm", "oak"], &["all", "both"]),
        ("birch oak elm", &["all", "both", "elm", "oak"], &["all"]),
        ("oak fir", &["all", "both", "oak"], &[]),
        ("fir", &[], &[]),
        ("", &[], &[]),
        (" ?! ", &[], &[]),
    ] {
        for (matching, expected) in [(WordMatch::Any, any), (WordMatch::All, all)] {
            let response = search(&memory, &memory.text_matching(text, matching)).await?;
            ensure_eq!(name_set(&response.hits), expected, "{text:?}, {matching:?}");
        }
        ensure_eq!(name_set(&by_text(&memory, text).await?.hits), any, "{text:?}: any is the default");
    }
    Ok(())
}

async fn every_word_at_any_place_and_length(context: Context) -> Outcome {
    // A word is found wherever it stands, and never within another.
    let memory = texts(&context, "a", Language::None).await?;
    let long = "pad ".repeat(2_000);
    memory
        .put_all([
            Record::draft("first").content(format!("needle {long}")),
            Record::draft("last").content(format!("{long} needle")),
            Record::draft("middle").content(format!("{long} needle {}", &long[..4_000])),
            Record::draft("within").content(format!("{long} needles xneedle needlex")),
        ])
        .await?;
    ensure_eq!(name_set(&by_text(&memory, "needle").await?.hits), ["first", "last", "middle"], "a word in a long text");
    ensure!(by_text(&memory, "need").await?.hits.is_empty(), "a part of a word is another word");
    Ok(())
}

async fn an_upsert_takes_the_old_words_away(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory.put_all([Record::draft("1").content("oak elm"), Record::draft("2").content("oak")]).await?;
    memory.put(Record::draft("1").content("elm birch")).await?;
    ensure_eq!(name_set(&by_text(&memory, "oak").await?.hits), ["2"], "the word that is gone");
    ensure_eq!(name_set(&by_text(&memory, "elm").await?.hits), ["1"], "the word that stayed");
    ensure_eq!(name_set(&by_text(&memory, "birch").await?.hits), ["1"], "the word that came");
    memory.put(Record::draft("1")).await?;
    ensure!(by_text(&memory, "elm birch").await?.hits.is_empty(), "an empty content has no words");
    memory.delete("2").await?;
    ensure!(by_text(&memory, "oak").await?.hits.is_empty(), "a deleted record has no words");
    memory.put(Record::draft("2").content("elm")).await?;
    ensure_eq!(name_set(&by_text(&memory, "oak elm").await?.hits), ["2"], "put anew, it has the new ones");
    Ok(())
}

async fn the_first_256_words_count(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    let list = |range: std::ops::Range<usize>| range.map(|at| format!("w{at}")).collect::<Vec<_>>().join(" ");
    memory
        .put_all([
            Record::draft("256").content("w255"),
            Record::draft("257").content("w256"),
            Record::draft("all").content(list(0..256)),
            Record::draft("not 1").content(list(1..257)),
        ])
        .await?;
    // In order of appearance, which is not that of the alphabet.
    let text = list(0..300);
    let response = search(&memory, &memory.text(&text)).await?;
    ensure_eq!(name_set(&response.hits), ["256", "all", "not 1"], "any: the 256th word counts, the 257th does not");
    let response = search(&memory, &memory.text_matching(&text, WordMatch::All)).await?;
    ensure_eq!(names(&response.hits), ["all"], "all: every one of the first 256, and none after them");
    let response = search(&memory, &memory.text_matching(&list(0..257), WordMatch::All)).await?;
    ensure_eq!(names(&response.hits), ["all"], "all: one word too many does not count");
    let response =
        search(&memory, &memory.text_matching(&format!("w0 {} {}", list(0..200), list(0..257)), WordMatch::All))
            .await?;
    ensure_eq!(names(&response.hits), ["all"], "a repeated word counts once");
    let backwards: Vec<String> = (0..257).rev().map(|at| format!("w{at}")).collect();
    let response = search(&memory, &memory.text_matching(&backwards.join(" "), WordMatch::All)).await?;
    ensure_eq!(names(&response.hits), ["not 1"], "the other way round the first one is left out");
    Ok(())
}

async fn words_of_one_stem_count_once(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::English).await?;
    memory.put_all([Record::draft("last").content("zebra"), Record::draft("run").content("He runs.")]).await?;
    let many: Vec<String> = (0..254).map(|at| format!("w{at}")).collect();
    for (text, expected) in [
        (format!("{} run running runs RUN zebra", many.join(" ")), &["last", "run"][..]),
        (format!("{} run one running zebra", many.join(" ")), &["run"]),
    ] {
        ensure_eq!(
            name_set(&by_text(&memory, &text).await?.hits),
            expected,
            "words that differ after stemming are counted"
        );
    }
    let response = search(&memory, &memory.text_matching("running runs run", WordMatch::All)).await?;
    ensure_eq!(names(&response.hits), ["run"], "three words of one stem are one");
    Ok(())
}

async fn matches_of_hundreds(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all(shuffled(600).map(|at| {
            Record::draft(format!("r{at:03}")).content(format!(
                "all {} t{}",
                if at % 2 == 0 { "even" } else { "odd" },
                at % 100
            ))
        }))
        .await?;
    for (text, matching, count) in [
        ("all", WordMatch::Any, 600),
        ("even", WordMatch::Any, 300),
        ("even t7", WordMatch::Any, 306),
        ("odd t7 all", WordMatch::All, 6),
        ("even t7 all", WordMatch::All, 0),
    ] {
        let response = search(&memory, &memory.text_matching(text, matching).with_k(1_000)).await?;
        ensure_eq!(response.hits.len(), count, "{text:?}, {matching:?}, of six hundred records");
        let mut different = name_set(&response.hits);
        different.dedup();
        ensure_eq!(different.len(), count, "each once");
    }
    Ok(())
}
