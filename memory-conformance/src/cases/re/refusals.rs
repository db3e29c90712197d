//! Vectors that are refused (RE-6).

use memory_core::{
    CollectionSpec, Draft, Embedding, HybridRequest, Memory, Metric, Query, Record, Scope, SearchRequest,
};

use crate::cases::state::{Must as _, everything, read};
use crate::context::{Context, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "RE-6": [
        a_wrong_dimension_names_all_there_is_to_know,
        vectors_and_text_only_collections,
        what_is_no_number_is_refused,
        the_zero_vector_has_no_cosine,
        lengths_at_the_edge_work,
        lengths_beyond_the_edge_are_refused,
        queries_are_refused_alike,
        after_a_refusal_the_database_opens_and_works,
    ],
}

async fn of_metric(context: &Context, suffix: &str, metric: Metric) -> memory_core::Result<Memory> {
    context.database.create(&context.spec(suffix, metric)?, Scope::subtree(namespace(["n"])?)).await
}

async fn a_wrong_dimension_names_all_there_is_to_know(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let name = memory.spec().name().as_str();
    let calls = context.calls.count();
    for (vector, actual) in [(vec![1.0, 0.0], "2"), (vec![1.0; 4], "4"), (vec![1.0; 1_536], "1536")] {
        let error =
            ensure_kind!(memory.put(Record::draft("rec-a").embedding(vector)).await, InvalidArgument, "{actual} for 3");
        let text = error.to_string();
        for part in ["rec-a", name, "3", actual] {
            // The collection's name holds random digits, so the numbers are looked for beside it.
            let place = if part == name { text.clone() } else { text.replace(name, "") };
            ensure!(place.contains(part), "the error names {part}: {text}");
        }
    }
    let batch = [Record::draft("good").embedding([1.0, 0.0, 0.0]), Record::draft("bad").embedding([1.0, 0.0])];
    ensure_kind!(memory.put_all(batch).await, InvalidArgument, "one of a batch");
    ensure_eq!(context.calls.count(), calls, "a wrong dimension is refused before any I/O");
    ensure!(everything(&memory).await?.is_empty(), "nothing of it was written");
    Ok(())
}

async fn vectors_and_text_only_collections(context: Context) -> Outcome {
    let memory = context.text_collection("t").await?.narrow(Scope::exact(namespace(["n"])?))?;
    memory.put(Record::draft("1").content("word")).await?;
    let calls = context.calls.count();
    let error = ensure_kind!(
        memory.put(Record::draft("rec-a").embedding([1.0, 0.0, 0.0])).await,
        InvalidArgument,
        "a vector written to a text-only collection"
    );
    ensure!(error.to_string().contains("rec-a"), "the error names the record: {error}");
    ensure_kind!(memory.search_vector([1.0, 0.0, 0.0], 10).await, InvalidArgument, "a vector asked of one");
    let hybrid = HybridRequest::new("word", Embedding::new(vec![1.0])?);
    ensure_kind!(memory.hybrid(&hybrid).await, InvalidArgument, "a vector asked of one by hybrid search");
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    ensure_eq!(everything(&memory).await?.len(), 1, "nothing was written");
    Ok(())
}

async fn what_is_no_number_is_refused(context: Context) -> Outcome {
    for (suffix, metric) in [("c", Metric::Cosine), ("d", Metric::Dot), ("e", Metric::Euclidean)] {
        let memory = of_metric(&context, suffix, metric).await?;
        let calls = context.calls.count();
        for bad in [f32::NAN, -f32::NAN, f32::INFINITY, f32::NEG_INFINITY] {
            for at in 0..3 {
                let mut vector = [1.0_f32, 0.0, 0.0];
                vector[at] = bad;
                ensure_kind!(memory.put(Record::draft("1").embedding(vector)).await, InvalidArgument, "{bad} at {at}");
                ensure_kind!(memory.search_vector(vector, 10).await, InvalidArgument, "{bad} at {at} of a query");
            }
        }
        let json = r#"{"namespace":["n"],"id":"1","embedding":[1,0,1e39]}"#;
        ensure_kind!(Draft::from_json(json), InvalidArgument, "a component of text that is infinite as an f32");
        ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
        ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    }
    Ok(())
}

async fn the_zero_vector_has_no_cosine(context: Context) -> Outcome {
    for zero in [[0.0, 0.0, 0.0], [0.0, -0.0, -0.0]] {
        for (suffix, metric) in [("d", Metric::Dot), ("e", Metric::Euclidean)] {
            let memory = of_metric(&context, suffix, metric).await?;
            memory.put(Record::draft("zero").embedding(zero)).await.must("the zero vector")?;
            memory.put(Record::draft("one").embedding([1.0, 0.0, 0.0])).await?;
            let found = read(&memory, "zero").await?.embedding;
            let bits: Option<Vec<u32>> = found.map(|e| e.as_slice().iter().map(|c| c.to_bits()).collect());
            ensure_eq!(bits, Some(zero.iter().map(|c: &f32| c.to_bits()).collect()), "{metric}: it comes back");
            let hits = memory.search_vector([-1.0, 0.0, 0.0], 10).await.must("a search")?.hits;
            let first = hits.first().map(|hit| (hit.key.id.as_str(), hit.score.value()));
            // dot: 0 before -1; euclidean: 1 / (1 + 1) before 1 / (1 + 2).
            let score = if metric == Metric::Dot { 0.0 } else { 0.5 };
            ensure_eq!((hits.len(), first), (2, Some(("zero", score))), "{metric}: it is found, and is not absent");
            let hits = memory.search_vector(zero, 10).await.must("the zero vector as a query")?.hits;
            ensure_eq!(hits.len(), 2, "{metric}: it finds");
        }
        let memory = of_metric(&context, "c", Metric::Cosine).await?;
        let calls = context.calls.count();
        let error =
            ensure_kind!(memory.put(Record::draft("rec-a").embedding(zero)).await, InvalidArgument, "under cosine");
        ensure!(error.to_string().contains("rec-a"), "the error names the record: {error}");
        ensure_kind!(memory.search_vector(zero, 10).await, InvalidArgument, "as a query under cosine");
        ensure_eq!(context.calls.count(), calls, "under cosine it is refused before any I/O");
        ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    }
    Ok(())
}

/// The f32 next to 1e-15 from above, and the one next to 1e15 from below.
const LEAST: u32 = 0x2690_1d7d;
const GREATEST: u32 = 0x5863_5fa9;

async fn lengths_at_the_edge_work(context: Context) -> Outcome {
    let (least, greatest) = (f32::from_bits(LEAST), f32::from_bits(GREATEST));
    for (suffix, metric) in [("c", Metric::Cosine), ("d", Metric::Dot), ("e", Metric::Euclidean)] {
        let memory = of_metric(&context, suffix, metric).await?;
        memory.put(Record::draft("least").embedding([0.0, least, 0.0])).await.must("length 1e-15")?;
        memory.put(Record::draft("greatest").embedding([greatest, 0.0, 0.0])).await.must("length 1e15")?;
        ensure_eq!(
            read(&memory, "least").await?.embedding,
            Some(Embedding::new(vec![0.0, least, 0.0])?),
            "{metric}: the least length comes back"
        );
        ensure_eq!(
            read(&memory, "greatest").await?.embedding,
            Some(Embedding::new(vec![greatest, 0.0, 0.0])?),
            "{metric}: the greatest length comes back"
        );
        for (query, cosine, dot, euclidean) in [
            ([greatest, 0.0, 0.0], ("greatest", 1.0), ("greatest", 9.999_999_739_822_082e29), ("greatest", 1.0)),
            ([0.0, least, 0.0], ("least", 1.0), ("least", 1.000_000_007_254_987_5e-30), ("least", 1.0)),
        ] {
            let hits = memory.search_vector(query, 10).await.must("a query at the edge")?.hits;
            let found = hits.first().map(|hit| (hit.key.id.as_str(), hit.score.value()));
            let expected = match metric {
                Metric::Cosine => cosine,
                Metric::Dot => dot,
                Metric::Euclidean => euclidean,
            };
            ensure_eq!((hits.len(), found), (2, Some(expected)), "{metric}: both are found, the nearer one first");
        }
    }
    Ok(())
}

async fn lengths_beyond_the_edge_are_refused(context: Context) -> Outcome {
    let memory = of_metric(&context, "d", Metric::Dot).await?;
    let calls = context.calls.count();
    let (below, above) = (f32::from_bits(LEAST - 1), f32::from_bits(GREATEST + 1));
    for bad in [
        [below, 0.0, 0.0],
        [0.0, -below, 0.0],
        [above, 0.0, 0.0],
        // Each component is within the range, the length is not: 8e14 times the root of 3.
        [8e14, -8e14, 8e14],
        [f32::MAX, f32::MAX, f32::MAX],
        [f32::from_bits(1), 0.0, 0.0],
        [1e-20, 1e-20, 1e-20],
    ] {
        ensure_kind!(memory.put(Record::draft("1").embedding(bad)).await, InvalidArgument, "a length out of range");
        ensure_kind!(memory.search_vector(bad, 10).await, InvalidArgument, "a query's length out of range");
    }
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    // Each is too short alone; together they are long enough.
    memory.put(Record::draft("1").embedding([7e-16, 7e-16, 7e-16])).await.must("1.2e-15 in three components")?;
    memory.put(Record::draft("2").embedding([5.5e14, 5.5e14, 5.5e14])).await.must("9.5e14 in three components")?;
    Ok(())
}

async fn queries_are_refused_alike(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").embedding([1.0, 0.0, 0.0]).content("word")).await?;
    let calls = context.calls.count();
    let short = || Embedding::new(vec![1.0, 0.0]);
    let error = ensure_kind!(memory.search_vector([1.0, 0.0], 10).await, InvalidArgument, "two dimensions of three");
    let text = error.to_string();
    ensure!(text.contains(memory.spec().name().as_str()), "the error names the collection: {text}");
    ensure_kind!(memory.hybrid(&HybridRequest::new("word", short()?)).await, InvalidArgument, "hybrid search");
    let no_hits = SearchRequest::new(Query::vector(short()?)).with_k(0);
    ensure_kind!(memory.search(&no_hits).await, InvalidArgument, "also where no hit is asked for");
    let unweighted = HybridRequest::new("word", short()?).with_weight(1.0);
    ensure_kind!(memory.hybrid(&unweighted).await, InvalidArgument, "also where the leg weighs nothing");
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    Ok(())
}

async fn after_a_refusal_the_database_opens_and_works(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").embedding([1.0, 0.0, 0.0]).content("before")).await?;
    for bad in [vec![1.0], vec![0.0; 3], vec![f32::NAN; 3], vec![1e20; 3]] {
        ensure_kind!(
            memory.put(Record::draft("1").embedding(bad)).await,
            InvalidArgument,
            "a vector that is not legal"
        );
    }
    let spec: &CollectionSpec = memory.spec();
    let opened =
        context.connect().await.must("to connect")?.open(spec.name(), memory.scope().clone()).await.must("to open")?;
    ensure_eq!(read(&opened, "1").await?.content.as_str(), "before", "the old version is there");
    for handle in [&memory, &opened] {
        handle.put(Record::draft("2").embedding([0.0, 1.0, 0.0]).content("after")).await.must("a legal put")?;
        ensure_eq!(handle.search_vector([0.0, 1.0, 0.0], 1).await.must("a search")?.hits.len(), 1, "search works");
    }
    Ok(())
}
