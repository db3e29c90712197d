//! What a hybrid search answers beside the order (HY-2, HY-3).

use memory_core::{Filter, Fusion, HybridRequest, Leg, Memory, Metric, Record, Returns, Switch};
use serde_json::json;

use super::{NEAR_A, both, put, trees};
use crate::cases::hits::{Found, hybrid, names};
use crate::context::{Context, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "HY-2": [
        min_fused_is_inclusive,
        a_threshold_that_is_not_a_number_is_refused,
        a_hit_says_which_legs_found_it,
        a_hit_holds_what_was_asked,
    ],
    "HY-3": [the_response_says_what_became_of_each_leg, legs_of_a_text_collection],
}

async fn min_fused_is_inclusive(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let request = both("", Some(NEAR_A))?.with_weight(0.0);
    for (least, expected) in [
        (f64::NEG_INFINITY, &["a", "c", "b", "f", "e"][..]),
        (-0.0, &["a", "c", "b", "f", "e"]),
        (5e-324, &["a", "c", "b", "f"]),
        (0.6800000100135799, &["a", "c", "b"]),
        (0.68000001001358, &["a", "c"]),
        (0.9812782343968514, &["a", "c"]),
        (0.9812782343968515, &["a"]),
        (1.0, &["a"]),
        (1.0000000000000002, &[]),
        (f64::INFINITY, &[]),
    ] {
        let response = hybrid(&memory, &request.clone().with_min_fused(least)).await?;
        ensure_eq!(names(&response.hits), expected, "fused scores of at least {least:?}");
    }
    let response = hybrid(&memory, &request.clone().with_min_fused(0.6800000100135799).with_skip(1).with_k(5)).await?;
    let found: Vec<_> = response.hits.iter().map(|hit| (hit.id(), hit.place())).collect();
    ensure_eq!(found, [("c", 2), ("b", 3)], "skip drops the first of those that reach it");
    let ranks = both("", Some(NEAR_A))?.with_fusion(Fusion::Ranks);
    let response = hybrid(&memory, &ranks.clone().with_min_fused(0.008064516129032258)).await?;
    ensure_eq!(names(&response.hits), ["a", "c"], "with reciprocal rank too: 0.5 / 62 is enough");
    let response = hybrid(&memory, &ranks.with_min_fused(0.00806451612903226)).await?;
    ensure_eq!(names(&response.hits), ["a"], "the next number is too much for it");
    Ok(())
}

async fn a_threshold_that_is_not_a_number_is_refused(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let before = context.calls.count();
    for request in [both("oak", Some(NEAR_A))?, both("", None)?, both("oak", Some(NEAR_A))?.with_weight(0.0)] {
        let result = memory.hybrid(&request.clone().with_min_fused(f64::NAN)).await;
        ensure_kind!(result, InvalidArgument, "min_fused NaN");
        let result = memory.hybrid(&request.with_min_fused(f64::NAN).with_k(usize::MAX)).await;
        ensure_kind!(result, InvalidArgument, "min_fused NaN, before the limit");
    }
    ensure_eq!(context.calls.count(), before, "it is refused before any I/O");
    Ok(())
}

async fn a_hit_says_which_legs_found_it(context: Context) -> Outcome {
    let records = [
        ("both", "oak", Some([1.0, 0.0, 0.0])),
        ("far", "oak pad pad pad", Some([0.0, 1.0, 0.0])),
        ("text", "oak pad pad pad pad pad pad pad", None),
        ("vector", "elm", Some([3.0, 4.0, 0.0])),
    ];
    let memory = put(&context, "a", Metric::Cosine, &records).await?;
    for fusion in [Fusion::Scores, Fusion::Ranks] {
        let response = hybrid(&memory, &both("oak", Some([1.0, 0.0, 0.0]))?.with_fusion(fusion)).await?;
        let mut told: Vec<_> = response
            .hits
            .iter()
            .map(|hit| (hit.id(), hit.text.map(|leg| leg.rank), hit.vector.map(|leg| (leg.rank, leg.score.value()))))
            .collect();
        told.sort_by_key(|hit| hit.0);
        let expected = [
            ("both", Some(Some(1)), Some((Some(1), 1.0))),
            ("far", Some(Some(2)), Some((Some(3), 0.0))),
            ("text", Some(Some(3)), None),
            ("vector", None, Some((Some(2), 0.6))),
        ];
        ensure_eq!(told, expected, "{fusion:?}: id, the rank in the text leg, rank and score in the vector leg");
        ensure!(
            response.hits.iter().filter_map(|hit| hit.text).all(|leg| leg.score.value() > 0.0),
            "texts have scores"
        );
        ensure_eq!(
            response.hits.iter().map(Found::place).collect::<Vec<_>>(),
            [1, 2, 3, 4],
            "{fusion:?}: ranks from 1"
        );
    }
    Ok(())
}

async fn a_hit_holds_what_was_asked(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let draft = Record::draft("a")
        .content("zebra")
        .embedding([0.1, 1e-20, -0.7])
        .metadata(json!({"a": [1, 1.0, null]}))
        .tags(["t"]);
    let full = memory.record(draft)?;
    memory.put(full.clone()).await?;
    let version = memory.get("a").await?.and_then(|stored| stored.version);
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
        let response = hybrid(&memory, &both("zebra", Some([1.0, 0.0, -7.0]))?.with_returns(returns).with_k(1)).await?;
        ensure_eq!(names(&response.hits), ["a"], "{returns:?}: one hit");
        let hit = &response.hits[0];
        ensure_eq!(hit.key, full.key, "{returns:?}: the key");
        ensure_eq!(hit.record, record, "{returns:?}: the record");
        if returns != Returns::Keys {
            ensure_eq!(hit.version, version, "{returns:?}: the version that get answers");
        }
    }
    Ok(())
}

async fn the_response_says_what_became_of_each_leg(context: Context) -> Outcome {
    let memory = trees(&context, Metric::Cosine).await?;
    let empty = put(&context, "empty", Metric::Cosine, &[]).await?;
    let bare = put(&context, "bare", Metric::Cosine, &[("a", "oak", None)]).await?;
    let vector = Some(NEAR_A);
    let none = Filter::kind().eq("none");
    let table: [(&str, &Memory, HybridRequest, Leg, Leg, usize); 14] = [
        ("both", &memory, both("oak", vector)?, Leg::Ran, Leg::Ran, 5),
        ("no text", &memory, both("", vector)?, Leg::NoWords, Leg::Ran, 5),
        ("an empty text", &memory, HybridRequest::new("", NEAR_A.try_into()?), Leg::NoWords, Leg::Ran, 5),
        ("a text without a word", &memory, both("\" * ?", vector)?, Leg::NoWords, Leg::Ran, 5),
        ("a word that nothing holds", &memory, both("zebra", vector)?, Leg::FoundNothing, Leg::Ran, 5),
        ("no vector", &memory, both("oak", None)?, Leg::Ran, Leg::NoEmbedding, 3),
        ("neither", &memory, both("", None)?, Leg::NoWords, Leg::NoEmbedding, 0),
        ("weight 0", &memory, both("oak", vector)?.with_weight(0.0), Leg::NotAsked, Leg::Ran, 5),
        ("weight 0 and no vector", &memory, both("oak", None)?.with_weight(0.0), Leg::NotAsked, Leg::NoEmbedding, 0),
        ("weight 1", &memory, both("oak", vector)?.with_weight(1.0), Leg::Ran, Leg::NotAsked, 3),
        ("weight 1 and no text", &memory, both("", vector)?.with_weight(1.0), Leg::NoWords, Leg::NotAsked, 0),
        (
            "a filter that nothing passes",
            &memory,
            both("oak", vector)?.with_filter(none),
            Leg::FoundNothing,
            Leg::FoundNothing,
            0,
        ),
        ("an empty collection", &empty, both("oak", vector)?, Leg::FoundNothing, Leg::FoundNothing, 0),
        ("records without vectors", &bare, both("oak", vector)?, Leg::Ran, Leg::FoundNothing, 1),
    ];
    for (what, memory, request, text, vector, count) in table {
        for fusion in [Fusion::Scores, Fusion::Ranks] {
            let response = hybrid(memory, &request.clone().with_fusion(fusion)).await?;
            ensure_eq!(
                (response.text, response.vector),
                (text, vector),
                "{what}, {fusion:?}: the text leg and the vector leg"
            );
            ensure_eq!(response.hits.len(), count, "{what}, {fusion:?}: how many hits");
            ensure!(response.complete, "{what}, {fusion:?}: an exact search is complete");
        }
    }
    Ok(())
}

async fn legs_of_a_text_collection(context: Context) -> Outcome {
    let memory = context.text_collection("a").await?;
    memory.put(Record::draft("a").namespace(namespace(["n"])?).content("oak")).await?;
    let response = hybrid(&memory, &both("oak", None)?).await?;
    ensure_eq!((response.text, response.vector), (Leg::Ran, Leg::NoEmbedding), "a search without a vector runs");
    ensure_eq!(names(&response.hits), ["a"], "and finds by text");
    let before = context.calls.count();
    for weight in [0.0, 0.5, 1.0] {
        let result = memory.hybrid(&both("oak", Some(NEAR_A))?.with_weight(weight)).await;
        ensure_kind!(result, InvalidArgument, "a vector asked of a collection without vectors, weight {weight}");
    }
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    Ok(())
}
