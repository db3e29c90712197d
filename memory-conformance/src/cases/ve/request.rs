//! k, skip, query vectors, and what a hit holds (VE-6, VE-7, VE-8).

use memory_core::{Embedding, Memory, Metric, Query, Record, Result, Returns, SearchRequest, Switch};
use serde_json::json;

use crate::cases::hits::{Found, names, nearest, scored, search, shuffled, vectors};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, Settings, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "VE-6": [k_of_nothing_and_of_more_than_there_is, skip_drops_the_first, k_at_the_limit_and_one_over],
    "VE-7": [query_vectors_are_checked_like_stored_ones, a_text_collection_takes_no_query_vector],
    "VE-8": [a_hit_holds_the_whole_record, returns_say_how_much, ranks_count_before_skip],
}

const X: [f32; 3] = [1.0, 0.0, 0.0];

/// Ten records whose inner products with [`X`] are 9 to 0, by name.
async fn ten(context: &Context) -> Result<Memory> {
    let memory = vectors(context, "ten", Metric::Dot).await?;
    memory
        .put_all(shuffled(10).map(|at| Record::draft(format!("r{at}")).embedding([9.0 - at as f32, 1.0, 0.0])))
        .await?;
    Ok(memory)
}

async fn k_of_nothing_and_of_more_than_there_is(context: Context) -> Outcome {
    let memory = ten(&context).await?;
    for (k, count) in [(0, 0), (1, 1), (9, 9), (10, 10), (11, 10), (100, 10)] {
        let response = search(&memory, &nearest(X)?.with_k(k)).await?;
        ensure_eq!(response.hits.len(), count, "k {k} of ten records");
    }
    let empty = vectors(&context, "empty", Metric::Dot).await?;
    let response = search(&empty, &nearest(X)?).await?;
    ensure!(response.hits.is_empty(), "an empty collection has no hits");
    let response = search(&memory, &nearest(X)?.with_k(0).with_skip(3)).await?;
    ensure!(response.hits.is_empty(), "k 0 gives nothing, whatever is skipped");
    Ok(())
}

async fn skip_drops_the_first(context: Context) -> Outcome {
    let memory = ten(&context).await?;
    let all = ["r0", "r1", "r2", "r3", "r4", "r5", "r6", "r7", "r8", "r9"];
    for (skip, k) in [(0, 3), (1, 3), (4, 4), (8, 5), (9, 1), (10, 1), (50, 10)] {
        let response = search(&memory, &nearest(X)?.with_k(k).with_skip(skip)).await?;
        let expected = &all[skip.min(10)..(skip + k).min(10)];
        ensure_eq!(names(&response.hits), expected, "skip {skip}, k {k}");
    }
    let response = search(&memory, &nearest(X)?.with_min_score(5.0).with_skip(3)).await?;
    ensure_eq!(names(&response.hits), ["r3", "r4"], "skip counts what reaches min_score");
    Ok(())
}

async fn k_at_the_limit_and_one_over(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { k: Some(100), ..Settings::default() }).await?;
    ensure_eq!(context.capabilities().limits.k, 100, "the limit is lowered");
    let memory = vectors(&context, "a", Metric::Dot).await?;
    memory.put_all(shuffled(110).map(|at| Record::draft(format!("r{at:03}")).embedding([at as f32, 1.0, 0.0]))).await?;
    let response = search(&memory, &nearest(X)?.with_k(100)).await?;
    ensure_eq!(response.hits.len(), 100, "k at the limit");
    let response = search(&memory, &nearest(X)?.with_k(40).with_skip(60)).await?;
    ensure_eq!(
        response.hits.iter().map(Found::place).collect::<Vec<_>>(),
        (61..=100).collect::<Vec<_>>(),
        "skip + k at the limit"
    );
    let before = context.calls.count();
    for (skip, k) in
        [(0, 101), (60, 41), (101, 0), (100, 1), (usize::MAX, 1), (1, usize::MAX), (usize::MAX, usize::MAX)]
    {
        let error = ensure_kind!(
            memory.search(&nearest(X)?.with_k(k).with_skip(skip)).await,
            LimitExceeded,
            "skip {skip}, k {k}"
        );
        ensure!(error.to_string().contains("100"), "the error names the limit: {error}");
    }
    ensure_eq!(context.calls.count(), before, "more is refused before any I/O");
    Ok(())
}

async fn query_vectors_are_checked_like_stored_ones(context: Context) -> Outcome {
    for metric in Metric::ALL {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        memory.put(Record::draft("a").embedding([2.0, 0.0, 0.0])).await?;
        let before = context.calls.count();
        let bad: [&[f32]; 11] = [
            &[],
            &[1.0],
            &[1.0, 2.0],
            &[1.0, 2.0, 3.0, 4.0],
            &[f32::NAN, 0.0, 1.0],
            &[f32::INFINITY, 0.0, 0.0],
            &[0.0, f32::NEG_INFINITY, 0.0],
            &[1e-16, 0.0, 0.0],
            &[0.0, 0.0, 9.9e-16],
            &[1.1e15, 0.0, 0.0],
            &[f32::MAX, 0.0, 0.0],
        ];
        for query in bad {
            ensure_kind!(memory.search_vector(query, 1).await, InvalidArgument, "{metric}: a query of {query:?}");
        }
        if metric == Metric::Cosine {
            for zero in [[0.0, 0.0, 0.0], [-0.0, 0.0, -0.0]] {
                ensure_kind!(memory.search_vector(zero, 1).await, InvalidArgument, "{metric}: the zero vector");
                ensure_kind!(
                    memory.search_vector(zero, 0).await,
                    InvalidArgument,
                    "{metric}: the zero vector, for no hits"
                );
            }
        }
        ensure_eq!(context.calls.count(), before, "{metric}: refused before any I/O");
        for fine in [[1.1e-15, 0.0, 0.0], [9.9e14, 0.0, 0.0]] {
            let response = search(&memory, &nearest(fine)?).await?;
            ensure_eq!(names(&response.hits), ["a"], "{metric}: a query of {fine:?}");
        }
    }
    for (metric, score) in [(Metric::Dot, 0.0), (Metric::Euclidean, 0.3333333333333333)] {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        let response = search(&memory, &nearest([0.0, -0.0, 0.0])?).await?;
        scored(&response.hits, &[("a", score)], &format!("{metric}: the zero vector is a query like any other"))?;
    }
    Ok(())
}

async fn a_text_collection_takes_no_query_vector(context: Context) -> Outcome {
    let memory = context.text_collection("a").await?;
    let before = context.calls.count();
    ensure_kind!(memory.search_vector(X, 1).await, InvalidArgument, "a vector asked of a collection without vectors");
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    Ok(())
}

async fn a_hit_holds_the_whole_record(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    let vector = [0.1, 1e-20, -0.7];
    let full = Record::draft("full")
        .namespace(namespace(["n", "x"])?)
        .kind("fact")
        .content("What was put,\nis what is got. ")
        .embedding(vector)
        .metadata(json!({"a": [1, 1.0, null, {"": []}], "b": "\"'"}))
        .tags(["b", "a,b"])
        .created_at(at(-7)?)
        .updated_at(at(8)?)
        .expires_at(at(9)?);
    let full = memory.record(full)?;
    memory.put(full.clone()).await?;
    let response = search(&memory, &nearest(X)?.with_returns(Returns::Embeddings)).await?;
    scored(&response.hits, &[("full", 0.10000000149011612)], "one record")?;
    ensure_eq!(response.hits[0].record, Some(full.clone()), "the whole record, its embedding included");
    let mut bare = full.clone();
    bare.embedding = None;
    let response = search(&memory, &nearest(X)?).await?;
    ensure_eq!(response.hits[0].record, Some(bare), "the whole record without its embedding, which was not asked");
    ensure_eq!(response.hits[0].key, full.key, "its key");
    Ok(())
}

async fn returns_say_how_much(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    memory.put(Record::draft("a").content("text").embedding([2.0, 0.0, 0.0])).await?;
    let stored = memory.get("a").await?;
    let version = stored.and_then(|stored| stored.version);
    ensure_eq!(
        version.is_some(),
        memory.capabilities().has(Switch::ConditionalWrites),
        "a version is there as the switch says"
    );
    let vector: Embedding = vec![2.0, 0.0, 0.0].try_into()?;
    for (returns, content, embedding) in [
        (Returns::Keys, None, None),
        (Returns::Records, Some("text"), None),
        (Returns::Embeddings, Some("text"), Some(&vector)),
    ] {
        let response = search(&memory, &nearest(X)?.with_returns(returns)).await?;
        scored(&response.hits, &[("a", 2.0)], &format!("{returns:?}"))?;
        let hit = &response.hits[0];
        ensure_eq!(hit.key, key(["n"], "a")?, "{returns:?}: the key");
        ensure_eq!(hit.record.as_ref().map(|record| record.content.as_str()), content, "{returns:?}: the record");
        ensure_eq!(
            hit.record.as_ref().and_then(|record| record.embedding.as_ref()),
            embedding,
            "{returns:?}: the embedding"
        );
        if content.is_some() {
            ensure_eq!(hit.version, version, "{returns:?}: the version that get answers");
        }
    }
    Ok(())
}

async fn ranks_count_before_skip(context: Context) -> Outcome {
    let memory = ten(&context).await?;
    let response = search(&memory, &nearest(X)?.with_k(3).with_skip(4)).await?;
    let found: Vec<_> = response.hits.iter().map(|hit| (hit.id(), hit.place(), hit.number())).collect();
    ensure_eq!(found, [("r4", 5, 5.0), ("r5", 6, 4.0), ("r6", 7, 3.0)], "ranks are places among all hits, from 1");
    let query = Query::vector(vec![1.0, 0.0, 0.0].try_into()?);
    let first = search(&memory, &SearchRequest::new(query).with_k(1)).await?;
    ensure_eq!(first.hits[0].rank, 1, "the first hit is of rank 1");
    Ok(())
}
