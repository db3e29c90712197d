//! What a text search shares with a vector search (TX-5).

use memory_core::{
    CollectionSpec, Filter, Language, Memory, Metric, Namespace, Record, Result, Returns, Scope, Switch, WordMatch,
};
use serde_json::json;

use crate::cases::hits::{Found, by_text, names, search, shuffled, texts, vectors};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, Settings, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "TX-5": [
        the_filter_comes_before_the_cut,
        the_scope_comes_before_the_cut,
        expired_records_are_not_found,
        equal_scores_are_cut_by_namespace_key_and_id,
        k_and_skip,
        k_at_the_limit_and_one_over,
        min_score_is_refused,
        only_the_records_named_are_found,
        a_hit_holds_what_was_asked,
        records_without_an_embedding_are_found,
    ],
}

async fn the_filter_comes_before_the_cut(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    let better = shuffled(300)
        .map(|at| Record::draft(format!("b{at:03}")).content("oak oak oak").kind("no").metadata(json!({"n": 1})));
    let passing = shuffled(12).map(|at| {
        Record::draft(format!("p{at:02}"))
            .content(format!("oak {}", "pad ".repeat((1 << at.min(8)) - 1)))
            .kind("yes")
            .metadata(json!({"n": 2}))
    });
    memory.put_all(better.chain(passing)).await?;
    for filter in [
        Filter::kind().eq("yes"),
        !Filter::kind().ne("yes"),
        Filter::metadata(["n"]).ge(2),
        Filter::id().starts_with("p"),
    ] {
        for matching in [WordMatch::Any, WordMatch::All] {
            let request = memory.text_matching("oak", matching).with_filter(filter.clone());
            let response = search(&memory, &request.clone().with_k(6)).await?;
            ensure_eq!(
                names(&response.hits),
                ["p00", "p01", "p02", "p03", "p04", "p05"],
                "the six best that pass {filter:?}"
            );
            let response = search(&memory, &request.with_k(100)).await?;
            ensure_eq!(response.hits.len(), 12, "all that pass {filter:?}");
        }
    }
    let response = search(&memory, &memory.text("oak").with_filter(Filter::kind().eq("no")).with_k(300)).await?;
    ensure_eq!(response.hits.len(), 300, "the others under the other filter");
    let response = search(&memory, &memory.text("oak").with_filter(Filter::kind().eq("maybe"))).await?;
    ensure!(response.hits.is_empty(), "a filter that nothing passes");
    Ok(())
}

async fn the_scope_comes_before_the_cut(context: Context) -> Outcome {
    let spec = CollectionSpec::new(context.name("a")?).with_language(Language::None);
    let memory = context.database.create(&spec, Scope::all()).await?;
    for stranger in [namespace(["foobar"])?, namespace(["fo"])?, namespace(["bar", "foo"])?] {
        let better = shuffled(60)
            .map(|at| Record::draft(format!("p{at:02}")).content("oak oak oak").namespace(stranger.clone()));
        memory.put_all(better).await?;
    }
    for (at, segments) in [&["foo"][..], &["foo", "x"], &["foo", "x", "y"]].into_iter().enumerate() {
        let draft = Record::draft(format!("p{at:02}")).content(format!("oak {}", "pad ".repeat((1 << at) - 1)));
        memory.put(draft.namespace(Namespace::new(segments)?)).await?;
    }
    for (scope, expected) in [
        (Scope::subtree(namespace(["foo"])?), &["p00", "p01", "p02"][..]),
        (Scope::exact(namespace(["foo"])?), &["p00"]),
        (Scope::subtree(namespace(["foo", "x"])?), &["p01", "p02"]),
        (Scope::exact(namespace(["fooba"])?), &[]),
    ] {
        let response = by_text(&memory.narrow(scope.clone())?, "oak").await?;
        ensure_eq!(names(&response.hits), expected, "what {scope:?} holds");
        ensure!(response.hits.iter().all(|hit| hit.key.namespace.key().starts_with("foo/")), "from nowhere else");
    }
    ensure_eq!(search(&memory, &memory.text("oak").with_k(1_000)).await?.hits.len(), 183, "what all hold");
    Ok(())
}

async fn expired_records_are_not_found(context: Context) -> Outcome {
    let memory = texts(&context, "a", Language::None).await?;
    memory
        .put_all([
            Record::draft("gone").content("oak").expires_at(at(0)?),
            Record::draft("going").content("oak").expires_at(at(1)?),
            Record::draft("stays").content("oak"),
        ])
        .await?;
    ensure_eq!(names(&by_text(&memory, "oak").await?.hits), ["going", "stays"], "what is not expired yet");
    context.set_clock(1)?;
    ensure_eq!(names(&by_text(&memory, "oak").await?.hits), ["stays"], "a microsecond later");
    Ok(())
}

async fn equal_scores_are_cut_by_namespace_key_and_id(context: Context) -> Outcome {
    // In the order of keys, which is neither that of segments nor that of UTF-16, nor the order of insertion.
    let expected: [(&[&str], &str); 10] = [
        (&["a!"], "z"),
        (&["a/"], "x"),
        (&["a"], "10"),
        (&["a"], "9"),
        (&["a"], "B"),
        (&["a"], "a"),
        (&["a"], "\u{fffd}"),
        (&["a"], "\u{10000}"),
        (&["a", "b"], "0"),
        (&["a0"], "0"),
    ];
    let memory = context.text_collection("a").await?;
    for at in shuffled(expected.len()) {
        let (segments, id) = expected[at];
        memory.put(Record::draft(id).namespace(Namespace::new(segments)?).content("oak and elm")).await?;
    }
    for k in [1, 2, 4, 7, 8, 10, 50] {
        let response = search(&memory, &memory.text("oak").with_k(k)).await?;
        let found: Vec<_> =
            response.hits.iter().map(|hit| (hit.key.namespace.segments(), hit.key.id.as_str())).collect();
        let first: Vec<_> = expected
            .iter()
            .take(k)
            .map(|(segments, id)| (segments.iter().map(|s| (*s).to_owned()).collect(), *id))
            .collect();
        ensure_eq!(found, first, "the first {k} of equal scores by (namespace key, id)");
    }
    let home = texts(&context, "many", Language::English).await?;
    home.put_all(shuffled(250).map(|at| Record::draft(format!("r{at:03}")).content("oak"))).await?;
    let ids: Vec<String> = (0..250).map(|at| format!("r{at:03}")).collect();
    for k in [1, 10, 99, 100, 125, 249, 250] {
        let response = search(&home, &home.text("oaks").with_k(k)).await?;
        ensure_eq!(names(&response.hits), ids[..k], "the first {k} of many equal scores by id");
    }
    Ok(())
}

/// Five records, better from `r4` to `r0`.
async fn five(context: &Context) -> Result<Memory> {
    let memory = texts(context, "five", Language::None).await?;
    memory
        .put_all(
            (0..5).map(|at| Record::draft(format!("r{at}")).content(format!("oak {}", "pad ".repeat((64 >> at) - 1)))),
        )
        .await?;
    Ok(memory)
}

async fn k_and_skip(context: Context) -> Outcome {
    let memory = five(&context).await?;
    let all = [("r4", 1), ("r3", 2), ("r2", 3), ("r1", 4), ("r0", 5)];
    for (skip, k) in [(0, 0), (2, 0), (0, 1), (0, 5), (0, 99), (1, 2), (3, 1), (4, 9), (5, 1), (50, 10)] {
        let response = search(&memory, &memory.text("oak").with_k(k).with_skip(skip)).await?;
        let found: Vec<_> = response.hits.iter().map(|hit| (hit.id(), hit.place())).collect();
        ensure_eq!(found, all[skip.min(5)..(skip + k).min(5)], "skip {skip}, k {k}: hits, and ranks from before skip");
    }
    Ok(())
}

async fn k_at_the_limit_and_one_over(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { k: Some(100), ..Settings::default() }).await?;
    let memory = texts(&context, "a", Language::None).await?;
    memory.put_all(shuffled(110).map(|at| Record::draft(format!("r{at:03}")).content("oak"))).await?;
    for (skip, k, count) in [(0, 100, 100), (60, 40, 40)] {
        let response = search(&memory, &memory.text("oak").with_k(k).with_skip(skip)).await?;
        ensure_eq!(response.hits.len(), count, "skip {skip}, k {k} at the limit");
    }
    let before = context.calls.count();
    for (skip, k) in [(0, 101), (60, 41), (101, 0), (usize::MAX, 1), (1, usize::MAX)] {
        for text in ["oak", ""] {
            let result = memory.search(&memory.text(text).with_k(k).with_skip(skip)).await;
            ensure_kind!(result, LimitExceeded, "skip {skip}, k {k} for {text:?}");
        }
    }
    ensure_eq!(context.calls.count(), before, "more is refused before any I/O");
    Ok(())
}

async fn min_score_is_refused(context: Context) -> Outcome {
    let memory = five(&context).await?;
    let before = context.calls.count();
    for least in [0.0, -1.0, 0.5, f64::NEG_INFINITY, f64::NAN] {
        for text in ["oak", ""] {
            let result = memory.search(&memory.text(text).with_min_score(least)).await;
            ensure_kind!(result, InvalidArgument, "min_score {least:?} for {text:?}");
        }
    }
    let too_many = memory.text("oak").with_min_score(0.0).with_k(usize::MAX);
    ensure_kind!(memory.search(&too_many).await, InvalidArgument, "min_score comes before the limit");
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    Ok(())
}

async fn only_the_records_named_are_found(context: Context) -> Outcome {
    let memory = five(&context).await?;
    let only =
        vec![key(["n"], "r1")?, key(["n"], "absent")?, key(["n"], "r3")?, key(["n", "x"], "r4")?, key(["n"], "r1")?];
    let response = search(&memory, &memory.text("oak").with_only(only)).await?;
    ensure_eq!(names(&response.hits), ["r3", "r1"], "those named, each once");
    let response = search(&memory, &memory.text("oak").with_only(Vec::new())).await?;
    ensure!(response.hits.is_empty(), "of no records, none is found");
    let response = search(&memory, &memory.text("fir").with_only(vec![key(["n"], "r1")?])).await?;
    ensure!(response.hits.is_empty(), "a record that is named but does not match");
    Ok(())
}

async fn a_hit_holds_what_was_asked(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    let draft = Record::draft("full")
        .namespace(namespace(["n", "x"])?)
        .kind("fact")
        .content("An oak,\nand an elm. ")
        .embedding([0.1, 1e-20, -0.7])
        .metadata(json!({"a": [1, 1.0, null, {"": []}]}))
        .tags(["b", "a,b"])
        .created_at(at(-7)?)
        .updated_at(at(8)?)
        .expires_at(at(9)?);
    let full = memory.record(draft)?;
    memory.put(full.clone()).await?;
    let version = memory.get(full.key.clone()).await?.and_then(|stored| stored.version);
    ensure_eq!(
        version.is_some(),
        memory.capabilities().has(Switch::ConditionalWrites),
        "a version is there as the switch says"
    );
    let mut bare = full.clone();
    bare.embedding = None;
    for (returns, record) in
        [(Returns::Keys, None), (Returns::Records, Some(bare)), (Returns::Embeddings, Some(full.clone()))]
    {
        let response = search(&memory, &memory.text("elms").with_returns(returns)).await?;
        ensure_eq!(response.hits.len(), 1, "{returns:?}: one hit");
        let hit = &response.hits[0];
        ensure_eq!(hit.key, full.key, "{returns:?}: the key");
        ensure_eq!(hit.record, record, "{returns:?}: the record");
        ensure_eq!(hit.rank, 1, "{returns:?}: the rank");
        if returns != Returns::Keys {
            ensure_eq!(hit.version, version, "{returns:?}: the version that get answers");
        }
    }
    Ok(())
}

async fn records_without_an_embedding_are_found(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Cosine).await?;
    memory
        .put_all([
            Record::draft("bare").content("oak"),
            Record::draft("both").content("oak").embedding([1.0, 0.0, 0.0]),
            Record::draft("vector").embedding([1.0, 0.0, 0.0]),
        ])
        .await?;
    ensure_eq!(names(&by_text(&memory, "oak").await?.hits), ["bare", "both"], "a text needs no vector");
    Ok(())
}
