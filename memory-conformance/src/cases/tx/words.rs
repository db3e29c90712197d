//! What the words of records and queries are (TX-1), as a search shows them.

use memory_core::{Language, Record, Scope};

use crate::cases::hits::{by_text, name_set, names, texts};
use crate::context::{Context, namespace};
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "TX-1": [
        apostrophes_stand_between_letters,
        signs_part_words,
        text_is_normalised_and_lowered_without_locale,
        scripts_without_spaces_have_words_of_one_character,
        digits_and_marks_are_parts_of_words,
        stop_words_are_kept,
        a_word_is_cut_to_64_code_points,
        english_words_are_stemmed,
        each_collection_has_its_language,
        words_are_read_from_content_alone,
    ],
}

/// A content, queries that find it, and queries that do not.
type Row = (&'static str, &'static [&'static str], &'static [&'static str]);

async fn words(context: &Context, language: Language, rows: &[Row]) -> Outcome {
    let memory = texts(context, "words", language).await?;
    memory.put_all(rows.iter().enumerate().map(|(at, row)| Record::draft(format!("{at}")).content(row.0))).await?;
    for (at, (content, found_by, not_found_by)) in rows.iter().enumerate() {
        for (queries, wanted) in [(found_by, true), (not_found_by, false)] {
            for query in *queries {
                let response = by_text(&memory, query).await?;
                let found = names(&response.hits).contains(&format!("{at}").as_str());
                ensure!(
                    found == wanted,
                    "{content:?} is {}found by {query:?}",
                    if wanted { "to be " } else { "not to be " }
                );
            }
        }
    }
    Ok(())
}

async fn apostrophes_stand_between_letters(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("what's", &["what's", "What\u{2019}s", "WHAT\u{ff07}S"], &["what", "whats", "s", "what's'up"]),
        ("d\u{2019}accord", &["d'accord", "D\u{2019}ACCORD"], &["d", "accord"]),
        ("rock'n'roll", &["rock'n'roll"], &["rock", "n", "roll", "rock'n"]),
        ("dogs' 'cats' 'twas", &["dogs", "cats", "'twas'", "\"cats\""], &["dogs'cats", "cats'twas"]),
        ("1'000 a1'b b'1", &["1", "000", "a1", "b"], &["1000", "0", "a", "1b"]),
        ("漢'a ก'ข", &["漢", "a", "ก", "ข"], &["b"]),
        ("q\u{301}\u{302}'u", &["q\u{301}\u{302}'u"], &["q", "u", "q'u"]),
    ];
    words(&context, Language::None, rows).await
}

async fn signs_part_words(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("C++ rules", &["c", "C++", "c#", "+rules+"], &["++", "cpp", "+"]),
        ("foo-bar_baz/qux", &["foo", "bar", "baz", "qux", "foo-zzz"], &["foobar", "barbaz", "bazqux"]),
        ("user@example.com", &["user", "example", "com"], &["userexample", "examplecom"]),
        ("😀smile🙂face👨\u{200d}👩", &["smile", "face"], &["smileface", "😀", "👨"]),
        ("zero\u{200b}width co\u{ad}op", &["zero", "width", "co", "op"], &["zerowidth", "coop"]),
        ("tab\tnew\nline\u{a0}hard", &["tab", "new", "line", "hard"], &["newline", "linehard"]),
        ("left\u{378}right", &["left", "right"], &["leftright"]),
        ("private\u{e000}use", &["private", "use"], &["privateuse"]),
    ];
    words(&context, Language::None, rows).await
}

async fn text_is_normalised_and_lowered_without_locale(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("café", &["café", "cafe\u{301}", "CAFÉ"], &["cafe", "caf"]),
        ("naive", &["NAIVE"], &["naïve"]),
        ("straße", &["straße", "STRA\u{1e9e}E"], &["strasse", "strase"]),
        ("İzmir", &["İZMiR", "i\u{307}zmir"], &["izmir", "ızmir"]),
        ("ıssız", &["ıssız"], &["issiz", "ISSIZ"]),
        ("ISLAND", &["island", "Island"], &["ısland"]),
        ("ΣΟΦΟΣ", &["ΣΟΦΟΣ", "σοφοσ"], &["σοφος"]),
        ("Ångström", &["ångström", "A\u{30a}NGSTRO\u{308}M", "\u{212b}ngström"], &["angstrom"]),
        ("ﬁnd ①② x²", &["find", "FIND", "12", "x2"], &["nd", "1", "x"]),
        ("Ｆｕｌｌ ｗｉｄｔｈ", &["full", "width", "ＦＵＬＬ"], &["fullwidth"]),
        ("ДОМ", &["дом", "Дом"], &["dom"]),
    ];
    words(&context, Language::None, rows).await
}

async fn scripts_without_spaces_have_words_of_one_character(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("漢字", &["漢", "字", "字漢", "漢x"], &["学"]),
        ("abc仮名def", &["abc", "仮", "名", "def"], &["abcdef", "ab"]),
        ("ひカｶﾞ", &["ひ", "カ", "ガ", "ｶ"], &["か", "ほ"]),
        ("ไทย", &["ไ", "ท", "ย"], &["ก"]),
        ("ລາວ", &["ລ", "ວ"], &["ກ"]),
        ("ខ្មែរ", &["ខ", "ម", "រ"], &["ក"]),
        ("မြန်မာ", &["မ", "န"], &["က"]),
        ("한국어", &["한국어", "\u{1112}\u{1161}\u{11ab}국어"], &["한", "국어"]),
        ("हिन्दी", &["हिन्दी"], &["ह", "हन"]),
    ];
    words(&context, Language::None, rows).await
}

async fn digits_and_marks_are_parts_of_words(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("v2.0 of 2024-01-31", &["v2", "0", "2024", "01", "31"], &["v", "2", "v20", "1", "20240131"]),
        ("mp3 007 3d", &["mp3", "007", "3d"], &["mp", "3", "7", "d"]),
        ("٣٤ ３५", &["٣٤", "3५"], &["34", "35"]),
        ("\u{301}a b\u{301}", &["\u{301}a", "b\u{301}"], &["a", "b"]),
        ("العَرَبِيَّة", &["العَرَبِيَّة"], &["العربية"]),
    ];
    words(&context, Language::None, rows).await
}

async fn stop_words_are_kept(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("to be or not to be", &["to", "be", "or", "not"], &["the", "tobe"]),
        ("the and AND near a I", &["the", "and", "NEAR", "a", "i"], &["an", "in"]),
    ];
    words(&context, Language::None, rows).await?;
    let memory = texts(&context, "english", Language::English).await?;
    memory.put(Record::draft("1").content("It is what it is, and the rest is not.")).await?;
    for word in ["it", "is", "what", "and", "the", "not"] {
        ensure_eq!(names(&by_text(&memory, word).await?.hits), ["1"], "{word} is a word like any other");
    }
    Ok(())
}

async fn a_word_is_cut_to_64_code_points(context: Context) -> Outcome {
    let memory = texts(&context, "none", Language::None).await?;
    memory
        .put_all([
            Record::draft("70").content("é".repeat(70)),
            Record::draft("64").content("é".repeat(64)),
            Record::draft("63").content("é".repeat(63)),
        ])
        .await?;
    for count in [64, 65, 100, 5_000] {
        let response = by_text(&memory, &"é".repeat(count)).await?;
        ensure_eq!(name_set(&response.hits), ["64", "70"], "{count} letters are cut to 64");
    }
    ensure_eq!(names(&by_text(&memory, &"é".repeat(63)).await?.hits), ["63"], "63 letters are not cut");
    let memory = texts(&context, "english", Language::English).await?;
    memory.put(Record::draft("1").content(format!("{}ing", "x".repeat(62)))).await?;
    let response = by_text(&memory, &format!("{}in", "x".repeat(62))).await?;
    ensure_eq!(names(&response.hits), ["1"], "the cut comes before the stem");
    ensure!(by_text(&memory, &"x".repeat(62)).await?.hits.is_empty(), "the whole word would have lost its ending");
    Ok(())
}

async fn english_words_are_stemmed(context: Context) -> Outcome {
    let rows: &[Row] = &[
        ("Running quickly", &["run", "runs", "RUNNING", "quick"], &["ran", "runner"]),
        ("clear skies", &["sky", "SKIES", "clearly"], &["skis", "skin"]),
        ("What’s new", &["what", "what's", "whats"], &["wha"]),
        ("the news", &["news"], &["new"]),
        ("dying", &["die", "dies"], &["dye"]),
        ("good evening", &["even", "evenings"], &["eve"]),
        ("the cats' dishes", &["cat", "cats", "cat's", "dish"], &["catty"]),
        ("don’t", &["don't"], &["don", "dont", "t"]),
        ("generously", &["generous"], &["general", "gene"]),
    ];
    words(&context, Language::English, rows).await
}

async fn each_collection_has_its_language(context: Context) -> Outcome {
    let records = [("en", "running"), ("de", "häuser"), ("both", "laufen")];
    for (language, expected) in [
        (Language::English, [&["en"][..], &[], &[]]),
        (Language::German, [&[], &["de"], &["both"]]),
        (Language::None, [&[], &[], &[]]),
    ] {
        let memory = texts(&context, language.as_str(), language).await?;
        memory.put_all(records.map(|(id, content)| Record::draft(id).content(content))).await?;
        // The language is the collection's, so that a handle on an old one has it too.
        let again = context.database.open(memory.spec().name(), Scope::exact(namespace(["n"])?)).await?;
        for handle in [&memory, &again] {
            for (query, expected) in ["run", "haus", "laufe"].into_iter().zip(expected) {
                ensure_eq!(names(&by_text(handle, query).await?.hits), expected, "{query} in {}", language.as_str());
            }
            ensure_eq!(names(&by_text(handle, "HÄUSER").await?.hits), ["de"], "the same word in {}", language.as_str());
        }
    }
    Ok(())
}

async fn words_are_read_from_content_alone(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    let draft = Record::draft("ident").kind("sort").content("text").tags(["label"]);
    memory.put(draft.metadata(serde_json::json!({"key": "value"}))).await?;
    ensure_eq!(names(&by_text(&memory, "text").await?.hits), ["ident"], "content is searched");
    for other in ["ident", "sort", "label", "key", "value", "n"] {
        ensure!(by_text(&memory, other).await?.hits.is_empty(), "{other} is not in the content");
    }
    Ok(())
}
