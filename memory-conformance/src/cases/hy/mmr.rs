//! Maximal marginal relevance (HY-4). The orders come from a second program, in Python, that tries every candidate
//! against every one picked.

use memory_core::{Memory, Metric, Record, Result, Returns, SearchRequest, SearchResponse};

use super::{both, put};
use crate::cases::hits::{EXACT_TEXT, Found, names, nearest, search, shuffled, vectors};
use crate::context::Context;
use crate::{Failure, Outcome, Settings, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "HY-4": [
        picks_of_a_cosine_search,
        picks_of_a_dot_search,
        picks_of_a_euclidean_search,
        picks_below_zero,
        (picks_of_a_text_search, EXACT_TEXT),
        (picks_of_a_hybrid_search, EXACT_TEXT),
        hits_keep_score_and_plain_rank,
        no_deeper_than_a_hundred_or_ten_times_k,
        a_hybrid_search_goes_no_deeper,
        k_counts_against_a_tenth_of_the_limit,
        skip_and_lambda_are_checked,
        hits_hold_what_was_asked,
    ],
}

const X: [f32; 3] = [1.0, 0.0, 0.0];

/// `h` is the zero vector, which a cosine collection does not take.
const STORED: [(&str, &str, Option<[f32; 3]>); 9] = [
    ("a", "", Some([1.0, 0.0, 0.0])),
    ("b", "", Some([0.99, 0.1, 0.0])),
    ("c", "", Some([0.95, 0.2, 0.1])),
    ("d", "", Some([0.8, -0.5, 0.2])),
    ("e", "", Some([0.7, 0.1, 0.7])),
    ("f", "", Some([0.5, 0.8, 0.1])),
    ("g", "", Some([0.3, 0.0, -0.9])),
    ("i", "", Some([-0.4, 0.1, 0.1])),
    ("h", "", Some([0.0, 0.0, 0.0])),
];

async fn mmr(memory: &Memory, request: &SearchRequest, lambda: f64) -> Result<SearchResponse, Failure> {
    let result = memory.search_mmr(request, lambda).await;
    result.map_err(|error| Failure::assertion(format!("the search failed: {error}")))
}

/// The picks of all of [`STORED`] for each lambda, and that fewer are the first of them.
async fn picks(context: &Context, metric: Metric, expected: &[(f64, &str)]) -> Outcome {
    let count = if metric == Metric::Cosine { 8 } else { 9 };
    let memory = put(context, metric.as_str(), metric, &STORED[..count]).await?;
    for (lambda, order) in expected {
        for k in [0, 1, 3, 7, 50] {
            let response = mmr(&memory, &nearest(X)?.with_k(k), *lambda).await?;
            let found = names(&response.hits).concat();
            ensure_eq!(found, order[..k.min(count)], "{metric}, lambda {lambda}, k {k}");
        }
    }
    Ok(())
}

async fn picks_of_a_cosine_search(context: Context) -> Outcome {
    // At 0.5 a candidate's score and its likeness to the first are equal, so that the plain order decides.
    let expected = [(1.0, "abcdefgi"), (0.8, "abcdefgi"), (0.5, "abdgiecf"), (0.2, "aigfedcb"), (0.0, "aigfedcb")];
    picks(&context, Metric::Cosine, &expected).await
}

async fn picks_of_a_dot_search(context: Context) -> Outcome {
    let expected = [(1.0, "abcdefghi"), (0.8, "abcdefghi"), (0.5, "ahiebgdcf"), (0.2, "ahigfedcb"), (0.0, "ahigfedcb")];
    picks(&context, Metric::Dot, &expected).await
}

async fn picks_of_a_euclidean_search(context: Context) -> Outcome {
    let expected = [(1.0, "abcdefhgi"), (0.8, "abchdigef"), (0.5, "ahigfbecd"), (0.2, "ahigfedbc"), (0.0, "ahigfedcb")];
    picks(&context, Metric::Euclidean, &expected).await
}

async fn picks_below_zero(context: Context) -> Outcome {
    let records = [
        ("a", "", Some([-1.0, 0.0, 0.0])),
        ("b", "", Some([-2.0, 0.1, 0.0])),
        ("c", "", Some([-3.0, 5.0, 0.0])),
        ("d", "", Some([-4.0, -1.0, 1.0])),
    ];
    let memory = put(&context, "a", Metric::Dot, &records).await?;
    for (lambda, order) in [(1.0, "abcd"), (0.5, "acdb"), (0.0, "acdb")] {
        let response = mmr(&memory, &nearest(X)?, lambda).await?;
        ensure_eq!(names(&response.hits).concat(), order, "no relevance where the best is below zero, lambda {lambda}");
    }
    Ok(())
}

/// Texts with vectors; `c` has none.
const TREES: [(&str, &str, Option<[f32; 3]>); 8] = [
    ("a", "oak oak oak elm", Some([1.0, 0.0, 0.0])),
    ("b", "oak oak elm", Some([1.0, 0.1, 0.0])),
    ("c", "oak oak", None),
    ("d", "oak elm elm elm elm", Some([0.0, 1.0, 0.0])),
    ("e", "oak", Some([0.9, -0.1, 0.0])),
    ("f", "elm fir fir", Some([0.0, 0.1, 1.0])),
    ("g", "elm", Some([-0.5, 0.5, 0.5])),
    ("h", "pine pine pine pine pine", Some([1.0, 1.0, 1.0])),
];

async fn picks_of_a_text_search(context: Context) -> Outcome {
    let memory = put(&context, "a", Metric::Cosine, &TREES).await?;
    for (lambda, order) in [(1.0, "badcegf"), (0.7, "bdcafge"), (0.4, "bdcfgae"), (0.0, "bcgdfea")] {
        let response = mmr(&memory, &memory.text("oak elm"), lambda).await?;
        ensure_eq!(names(&response.hits).concat(), order, "by text, compared by stored vectors, lambda {lambda}");
    }
    Ok(())
}

async fn picks_of_a_hybrid_search(context: Context) -> Outcome {
    let memory = put(&context, "a", Metric::Cosine, &TREES).await?;
    let request = both("oak elm", Some([1.0, 0.2, 0.3]))?;
    for (lambda, order, ranks) in [
        (1.0, "baedhfcg", [1, 2, 3, 4, 5, 6, 7, 8]),
        (0.7, "badefchg", [1, 2, 4, 3, 6, 7, 5, 8]),
        (0.4, "bdcfahge", [1, 4, 7, 6, 2, 5, 8, 3]),
        (0.0, "bcgdhfea", [1, 7, 8, 4, 5, 6, 3, 2]),
    ] {
        let response = memory.hybrid_mmr(&request, lambda).await;
        let response = response.map_err(|error| Failure::assertion(format!("the search failed: {error}")))?;
        ensure_eq!(names(&response.hits).concat(), order, "by both, lambda {lambda}");
        let found: Vec<u64> = response.hits.iter().map(Found::place).collect();
        ensure_eq!(found, ranks, "plain ranks, lambda {lambda}");
    }
    Ok(())
}

async fn hits_keep_score_and_plain_rank(context: Context) -> Outcome {
    let memory = put(&context, "a", Metric::Dot, &STORED).await?;
    let response = mmr(&memory, &nearest(X)?.with_k(4), 0.5).await?;
    let found: Vec<_> = response.hits.iter().map(|hit| (hit.id(), hit.place(), hit.number())).collect();
    let expected = [("a", 1, 1.0), ("h", 8, 0.0), ("i", 9, -0.4000000059604645), ("e", 5, 0.699999988079071)];
    ensure_eq!(found, expected, "hits stand as picked and keep plain rank and score");
    Ok(())
}

/// A hundred and four vectors of one direction, and, as the hundred and first, `far` of another.
async fn alike_but_one(context: &Context) -> Result<Memory> {
    let memory = vectors(context, "alike", Metric::Dot).await?;
    let alike = shuffled(104).map(|at| {
        let length = if at < 100 { 200 - at } else { 104 - at };
        Record::draft(format!("r{at:03}")).embedding([length as f32, 0.0, 0.0])
    });
    memory.put_all(alike.chain([Record::draft("far").content("oak").embedding([50.0, 99.0, 0.0])])).await?;
    Ok(memory)
}

async fn no_deeper_than_a_hundred_or_ten_times_k(context: Context) -> Outcome {
    let memory = alike_but_one(&context).await?;
    let plain = search(&memory, &nearest(X)?.with_k(101)).await?;
    ensure_eq!(names(&plain.hits)[100], "far", "the hundred and first of the plain order");
    for (k, second) in [(2, "r001"), (10, "r001"), (11, "far")] {
        let response = mmr(&memory, &nearest(X)?.with_k(k), 0.1).await?;
        ensure_eq!(response.hits.len(), k, "k {k} of more than a hundred");
        ensure_eq!(names(&response.hits)[..2], ["r000", second], "k {k}: picked of the first max(100, 10 k)");
    }
    Ok(())
}

async fn a_hybrid_search_goes_no_deeper(context: Context) -> Outcome {
    // The text leg finds `far` alone, so that the fused list has a hundred and one entries, of which it is the last.
    let memory = alike_but_one(&context).await?;
    let request = both("oak", Some(X))?.with_weight(0.1);
    for (k, second) in [(2, "r001"), (10, "r001"), (11, "far")] {
        let response = memory.hybrid_mmr(&request.clone().with_k(k), 0.1).await;
        let response = response.map_err(|error| Failure::assertion(format!("the search failed: {error}")))?;
        ensure_eq!(names(&response.hits)[..2], ["r000", second], "k {k}: picked of the fused list at that depth");
    }
    Ok(())
}

async fn k_counts_against_a_tenth_of_the_limit(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { k: Some(100), ..Settings::default() }).await?;
    let memory = alike_but_one(&context).await?;
    let response = mmr(&memory, &nearest(X)?.with_k(10), 0.5).await?;
    ensure_eq!(response.hits.len(), 10, "k at a tenth of the limit");
    let before = context.calls.count();
    for k in [11, 100, 101, usize::MAX] {
        ensure_kind!(memory.search_mmr(&nearest(X)?.with_k(k), 0.5).await, LimitExceeded, "k {k} by vector");
        ensure_kind!(memory.search_mmr(&memory.text("oak").with_k(k), 0.5).await, LimitExceeded, "k {k} by text");
        ensure_kind!(memory.hybrid_mmr(&both("oak", Some(X))?.with_k(k), 0.5).await, LimitExceeded, "k {k} by both");
    }
    ensure_eq!(context.calls.count(), before, "more is refused before any I/O");
    Ok(())
}

async fn skip_and_lambda_are_checked(context: Context) -> Outcome {
    let memory = put(&context, "a", Metric::Cosine, &TREES).await?;
    let before = context.calls.count();
    // Each with a k that is too large as well: what is wrong in itself comes first.
    for k in [3, usize::MAX] {
        let (vector, text, hybrid) =
            (nearest(X)?.with_k(k), memory.text("oak").with_k(k), both("oak", Some(X))?.with_k(k));
        for lambda in [-0.1, -5e-324, 1.0000000000000002, f64::NAN, f64::INFINITY] {
            ensure_kind!(
                memory.search_mmr(&vector, lambda).await,
                InvalidArgument,
                "lambda {lambda:?} by vector, k {k}"
            );
            ensure_kind!(memory.search_mmr(&text, lambda).await, InvalidArgument, "lambda {lambda:?} by text, k {k}");
            ensure_kind!(memory.hybrid_mmr(&hybrid, lambda).await, InvalidArgument, "lambda {lambda:?} by both, k {k}");
        }
        for skip in [1, usize::MAX] {
            ensure_kind!(
                memory.search_mmr(&vector.clone().with_skip(skip), 0.5).await,
                InvalidArgument,
                "skip {skip} by vector, k {k}"
            );
            ensure_kind!(
                memory.search_mmr(&text.clone().with_skip(skip), 0.5).await,
                InvalidArgument,
                "skip {skip} by text, k {k}"
            );
            ensure_kind!(
                memory.hybrid_mmr(&hybrid.clone().with_skip(skip), 0.5).await,
                InvalidArgument,
                "skip {skip} by both, k {k}"
            );
        }
        let weight = hybrid.clone().with_weight(2.0);
        ensure_kind!(memory.hybrid_mmr(&weight, 0.5).await, InvalidArgument, "a weight of 2 with k {k}");
    }
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    Ok(())
}

async fn hits_hold_what_was_asked(context: Context) -> Outcome {
    let memory = put(&context, "a", Metric::Cosine, &TREES).await?;
    let stored = memory.get("a").await?;
    for (returns, content, embedding) in
        [(Returns::Keys, false, false), (Returns::Records, true, false), (Returns::Embeddings, true, true)]
    {
        let vector = mmr(&memory, &nearest(X)?.with_k(1).with_returns(returns), 0.5).await?;
        let both = memory.hybrid_mmr(&both("", Some(X))?.with_k(1).with_returns(returns), 0.5).await;
        let both = both.map_err(|error| Failure::assertion(format!("the search failed: {error}")))?;
        ensure_eq!((vector.hits.len(), both.hits.len()), (1, 1), "{returns:?}: one hit");
        let (vector, both) = (&vector.hits[0], &both.hits[0]);
        for (key, record, version) in
            [(&vector.key, &vector.record, &vector.version), (&both.key, &both.record, &both.version)]
        {
            ensure_eq!(key.id.as_str(), "a", "{returns:?}: the nearest");
            ensure_eq!(
                record.as_ref().map(|record| record.content.as_str()),
                content.then_some("oak oak oak elm"),
                "{returns:?}: the record"
            );
            let has = record.as_ref().is_some_and(|record| record.embedding.is_some());
            ensure_eq!(has, embedding, "{returns:?}: the embedding");
            let wanted = stored.as_ref().and_then(|stored| stored.version.as_ref()).filter(|_| content);
            ensure!(version.as_ref() == wanted, "{returns:?}: the version comes with the record, where there is one");
        }
    }
    Ok(())
}
