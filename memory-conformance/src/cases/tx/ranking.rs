//! The scores of texts to the bit, where `bm25` is exact (TX-4). The numbers come from a second program, in Python, with
//! a port of the `log` that the rule names.

use memory_core::{CollectionSpec, Filter, Language, Memory, Namespace, Record, Result, Scope, WordMatch};

use crate::cases::hits::{EXACT_TEXT, by_text, names, scored, search, shuffled, texts};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, cases, ensure_eq};

cases! {
    "TX-4": [
        (scores_of_a_few_records, EXACT_TEXT),
        (one_record_shows_the_logarithm, EXACT_TEXT),
        (words_are_added_in_bytewise_order, EXACT_TEXT),
        (a_repeated_query_word_changes_no_score, EXACT_TEXT),
        (records_without_words_count, EXACT_TEXT),
        (statistics_are_those_of_the_scope, EXACT_TEXT),
        (statistics_are_not_those_of_the_filter, EXACT_TEXT),
        (statistics_leave_out_what_is_expired, EXACT_TEXT),
        (statistics_follow_every_write, EXACT_TEXT),
        (scores_of_hundreds, EXACT_TEXT),
    ],
}

const TREES: [(&str, &str); 6] = [
    ("a", "cedar oak oak"),
    ("b", "oak elm"),
    ("c", "elm elm elm birch birch"),
    ("d", "cedar"),
    ("e", "birch oak cedar elm"),
    ("f", "pine pine"),
];

/// What `oak cedar` finds among the [`TREES`].
const OAK_CEDAR: [(&str, f64); 4] =
    [("a", 1.6144252949886657), ("e", 1.186439567640364), ("d", 0.9426801655615256), ("b", 0.7879545456821263)];

async fn trees(context: &Context) -> Result<Memory> {
    let memory = texts(context, "trees", Language::None).await?;
    memory.put_all(TREES.map(|(id, content)| Record::draft(id).content(content))).await?;
    Ok(memory)
}

async fn scores_of_a_few_records(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    for (text, expected) in [
        ("oak", &[("a", 0.9375661682799984), ("b", 0.7879545456821263), ("e", 0.593219783820182)][..]),
        ("cedar", &[("d", 0.9426801655615256), ("a", 0.6768591267086672), ("e", 0.593219783820182)]),
        ("oak cedar", &OAK_CEDAR),
        ("cedar, oak!", &OAK_CEDAR),
        ("elm birch", &[("c", 2.101010458157226), ("e", 1.474404365114812), ("b", 0.7879545456821263)]),
        ("pine fir", &[("f", 2.3091240293155657)]),
    ] {
        scored(&by_text(&memory, text).await?.hits, expected, text)?;
    }
    let response = search(&memory, &memory.text_matching("oak cedar", WordMatch::All)).await?;
    let expected = [("a", 1.6144252949886657), ("e", 1.186439567640364)];
    scored(&response.hits, &expected, "every word: fewer match, their scores are the same")
}

async fn one_record_shows_the_logarithm(context: Context) -> Outcome {
    // The logarithm of many platforms gives 0.28768207245178085 here.
    let memory = texts(&context, "a", Language::English).await?;
    memory.put(Record::draft("1").content("alone")).await?;
    scored(&by_text(&memory, "alone").await?.hits, &[("1", 0.2876820724517809)], "one word in one record")
}

async fn words_are_added_in_bytewise_order(context: Context) -> Outcome {
    // In the order of the query, of UTF-16, of an alphabet or backwards some of these differ in the last digit.
    let memory = texts(&context, "a", Language::None).await?;
    let stored = [
        ("d0", "﨎 zebra 42 42 éclair 42 42 42"),
        ("d1", "﨎 﨎 42 𐐨 﨎 éclair zebra éclair 﨎"),
        ("d2", "éclair pad éclair éclair"),
        ("d3", "éclair 﨎 zebra 﨎 42 éclair 𐐨 﨎 﨎"),
        ("d4", "éclair 𐐨 zebra zebra 﨎 𐐨 𐐨"),
    ];
    memory.put_all(stored.map(|(id, content)| Record::draft(id).content(content))).await?;
    let expected = [
        ("d1", 1.8367619531870107),
        ("d3", 1.8367619531870107),
        ("d4", 1.641755943559084),
        ("d0", 1.5862699366035329),
        ("d2", 0.151664370170361),
    ];
    for text in ["𐐨 zebra 42 﨎 éclair", "42 zebra éclair 﨎 𐐨", "﨎 éclair zebra 𐐨 42"] {
        scored(&by_text(&memory, text).await?.hits, &expected, "the sum over the words")?;
    }
    Ok(())
}

async fn a_repeated_query_word_changes_no_score(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    for text in ["oak oak cedar", "cedar oak cedar oak oak", "OAK cedar oak Cedar"] {
        scored(&by_text(&memory, text).await?.hits, &OAK_CEDAR, text)?;
    }
    Ok(())
}

async fn records_without_words_count(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    memory.put_all([Record::draft("g"), Record::draft("h").content("... !?")]).await?;
    let expected =
        [("a", 1.9721540772124397), ("e", 1.3879317945244731), ("d", 1.2055585041176737), ("b", 0.9677497033054203)];
    scored(&by_text(&memory, "oak cedar").await?.hits, &expected, "two records more, of length 0")
}

async fn statistics_are_those_of_the_scope(context: Context) -> Outcome {
    let spec = CollectionSpec::new(context.name("a")?).with_language(Language::None);
    let memory = context.database.create(&spec, Scope::all()).await?;
    for (segments, range) in [(&["n"][..], 0..3), (&["n", "deep"], 3..6)] {
        let namespace = Namespace::new(segments)?;
        let drafts =
            TREES[range].iter().map(|(id, content)| Record::draft(*id).content(*content).namespace(namespace.clone()));
        memory.put_all(drafts).await?;
    }
    let strangers = [namespace(["nn"])?, namespace(["m"])?, namespace(["n%"])?];
    for stranger in strangers {
        let drafts = (0..20)
            .map(|at| Record::draft(format!("z{at}")).content("oak oak oak oak cedar").namespace(stranger.clone()));
        memory.put_all(drafts).await?;
    }
    memory.put(Record::draft("z").content("oak oak oak oak").namespace(namespace(["l"])?)).await?;
    let tree = memory.narrow(Scope::subtree(namespace(["n"])?))?;
    scored(&by_text(&tree, "oak cedar").await?.hits, &OAK_CEDAR, "a tree, whatever other tenants hold")?;
    let alone = memory.narrow(Scope::exact(namespace(["n"])?))?;
    let expected = [("a", 1.6876224749735056), ("b", 0.5619608610546839)];
    scored(&by_text(&alone, "oak cedar").await?.hits, &expected, "the namespace without what is below")?;
    let union = Scope::union([
        Scope::subtree(namespace(["n"])?),
        Scope::exact(namespace(["l"])?),
        Scope::exact(namespace(["n", "deep"])?),
    ])?;
    let expected = [
        ("a", 1.6178042724268653),
        ("e", 1.2337975919174662),
        ("d", 1.1366830381286435),
        ("z", 0.9205826318456989),
        ("b", 0.6662111151514927),
    ];
    scored(
        &by_text(&memory.narrow(union)?, "oak cedar").await?.hits,
        &expected,
        "two parts, what overlaps counted once",
    )
}

async fn statistics_are_not_those_of_the_filter(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    let request = memory.text("oak cedar").with_filter(Filter::id().is_in(["b", "e"]));
    scored(
        &search(&memory, &request).await?.hits,
        &[OAK_CEDAR[1], OAK_CEDAR[3]],
        "two of four by a filter, their scores as before",
    )?;
    let request = memory.text("oak cedar").with_only(vec![key(["n"], "d")?, key(["n"], "b")?]);
    scored(&search(&memory, &request).await?.hits, &OAK_CEDAR[2..], "two of four by name, their scores as before")
}

async fn statistics_leave_out_what_is_expired(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    let gone = (0..9).map(|at| Record::draft(format!("x{at}")).content("oak cedar oak elm elm"));
    let expired: Vec<_> = gone.map(|draft| Ok(draft.expires_at(at(0)?))).collect::<Result<_>>()?;
    memory.put_all(expired).await?;
    memory.put(Record::draft("f").content("pine pine").expires_at(at(5)?)).await?;
    context.set_clock(4)?;
    scored(&by_text(&memory, "oak cedar").await?.hits, &OAK_CEDAR, "expired ones are not counted")?;
    context.set_clock(5)?;
    let expected =
        [("a", 1.280116689240132), ("e", 0.9486338412895294), ("d", 0.7411201885074449), ("b", 0.6241012113746904)];
    scored(&by_text(&memory, "oak cedar").await?.hits, &expected, "one that has just expired is not counted")?;
    context.set_clock(4)?;
    scored(&by_text(&memory, "oak cedar").await?.hits, &OAK_CEDAR, "now is what the call says")
}

async fn statistics_follow_every_write(context: Context) -> Outcome {
    let memory = trees(&context).await?;
    memory.put(Record::draft("b").content("fir")).await?;
    for (text, expected) in [
        ("oak", &[("a", 1.3676454145198782), ("e", 0.8547783840749239)][..]),
        ("elm", &[("c", 1.3625038904051416), ("e", 0.8547783840749239)]),
        ("fir", &[("b", 2.0696055511961697)]),
    ] {
        scored(&by_text(&memory, text).await?.hits, expected, "after an upsert")?;
    }
    memory.put(Record::draft("b").content("oak elm")).await?;
    scored(&by_text(&memory, "oak cedar").await?.hits, &OAK_CEDAR, "after the way back")?;
    memory.put(Record::draft("b").content("oak elm")).await?;
    scored(&by_text(&memory, "oak cedar").await?.hits, &OAK_CEDAR, "after the same record again")?;
    memory.delete("a").await?;
    let expected = [("b", 0.9913395996507396), ("e", 0.7448739533287326)];
    scored(&by_text(&memory, "oak").await?.hits, &expected, "after a delete")
}

async fn scores_of_hundreds(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all(shuffled(300).map(|at| {
            let comet = if at % 50 == 7 { "comet" } else { "" };
            let content = ["tide ".repeat(at % 4), "moon ".repeat(at % 3), "filler ".repeat(at % 11), comet.to_owned()];
            Record::draft(format!("r{at:03}")).content(content.concat())
        }))
        .await?;
    let expected = [
        ("r057", 5.09352745982894),
        ("r157", 4.929394812682219),
        ("r257", 4.557997909429562),
        ("r007", 3.802675014925283),
        ("r107", 3.6582279444788433),
        ("r207", 3.337788317697759),
        ("r011", 1.1046290629239444),
        ("r143", 1.1046290629239444),
        ("r275", 1.1046290629239444),
        ("r110", 1.0996286534696158),
        ("r242", 1.0996286534696158),
        ("r023", 1.0654834166773686),
        ("r155", 1.0654834166773686),
        ("r287", 1.0654834166773686),
    ];
    for k in [1, 6, 7, 8, 9, 10, 12, 13, 14] {
        let response = search(&memory, &memory.text("tide moon comet").with_k(k)).await?;
        scored(&response.hits, &expected[..k], &format!("the {k} best of three hundred"))?;
    }
    let response = search(&memory, &memory.text("tide moon comet").with_k(1_000)).await?;
    ensure_eq!(response.hits.len(), 275, "all that match");
    let response = search(&memory, &memory.text_matching("tide moon", WordMatch::All).with_k(1_000)).await?;
    ensure_eq!(response.hits.len(), 150, "all that match every word");
    ensure_eq!(names(&response.hits)[..3], ["r011", "r143", "r275"], "the best of them");
    Ok(())
}
