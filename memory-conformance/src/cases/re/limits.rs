//! Other published limits, and which error comes first (RE-7).

use memory_core::{
    CollectionSpec, Filter, HybridRequest, ListRequest, Memory, Metadata, Metric, Query, Record, Scope, SearchRequest,
};

use crate::cases::state::{Must as _, everything, read};
use crate::context::{Context, namespace};
use crate::harness::Settings;
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "RE-7": [
        k_at_its_limit_and_one_more,
        dimensions_at_their_limit_and_one_more,
        what_the_text_fixes_is_invalid,
        invalid_comes_before_a_limit,
        batches_of_any_length,
    ],
}

async fn k_at_its_limit_and_one_more(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { k: Some(100), ..Settings::default() }).await?;
    let memory = context.home("a").await?;
    let records = (0..101).map(|n| Record::draft(format!("{n:03}")).embedding([1.0, n as f32, 0.0]).content("word"));
    memory.put_all(records).await?;
    let vector = || -> memory_core::Result<_> { Ok(SearchRequest::new(Query::vector([1.0, 0.0, 0.0].try_into()?))) };
    for (what, request) in [("vector", vector()?), ("text", memory.text("word"))] {
        let all = memory.search(&request.clone().with_k(100)).await.must("k at the limit")?;
        ensure_eq!(all.hits.len(), 100, "{what}: k at the limit answers as many");
        let last = memory.search(&request.clone().with_skip(99).with_k(1)).await.must("skip + k at the limit")?;
        ensure_eq!(last.hits.first().map(|hit| hit.rank), Some(100), "{what}: skip + k at the limit answers the last");
        let calls = context.calls.count();
        for (k, skip) in [(101, 0), (100, 1), (0, 101), (1, 100), (usize::MAX, 0), (usize::MAX, usize::MAX)] {
            let over = request.clone().with_k(k).with_skip(skip);
            let error = ensure_kind!(memory.search(&over).await, LimitExceeded, "{what}: k {k}, skip {skip}");
            ensure!(error.to_string().contains("100"), "the error names the limit: {error}");
        }
        ensure_eq!(context.calls.count(), calls, "{what}: over the limit nothing is asked of the store");
    }
    // Hybrid search has a tenth of it.
    let hybrid = HybridRequest::new("word", [1.0, 0.0, 0.0].try_into()?);
    ensure_eq!(memory.hybrid(&hybrid.clone().with_k(10)).await.must("a tenth")?.hits.len(), 10, "a tenth of the limit");
    let calls = context.calls.count();
    ensure_kind!(memory.hybrid(&hybrid.clone().with_k(11)).await, LimitExceeded, "a tenth and one more");
    ensure_kind!(memory.hybrid(&hybrid.with_skip(1)).await, LimitExceeded, "a tenth and one more with skip");
    ensure_eq!(context.calls.count(), calls, "over the limit nothing is asked of the store");
    Ok(())
}

async fn dimensions_at_their_limit_and_one_more(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { dimension: Some(1_536), ..Settings::default() }).await?;
    let spec =
        |suffix: &str, dimension| CollectionSpec::new(context.name(suffix)?).with_vectors(dimension, Metric::Dot);
    let memory =
        context.database.create(&spec("a", 1_536)?, Scope::exact(namespace(["n"])?)).await.must("1,536 dimensions")?;
    memory.put(Record::draft("1").embedding(vec![0.5; 1_536])).await.must("a vector of as many")?;
    let hits = memory.search_vector(vec![0.5; 1_536], 1).await.must("a search by one")?.hits;
    ensure_eq!(hits.first().map(|hit| hit.score.value()), Some(384.0), "1,536 quarters are 384");
    let calls = context.calls.count();
    let error =
        ensure_kind!(context.database.create(&spec("b", 1_537)?, Scope::all()).await, LimitExceeded, "one more");
    ensure!(error.to_string().contains("1536"), "the error names the limit: {error}");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    ensure_kind!(
        context.database.open(&context.name("b")?, Scope::all()).await,
        NotFound,
        "no such collection was made"
    );
    ensure_kind!(CollectionSpec::new(context.name("c")?).with_vectors(0, Metric::Dot), InvalidArgument, "no dimension");
    Ok(())
}

async fn what_the_text_fixes_is_invalid(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let deep = format!("{}{{}}{}", r#"{"a":"#.repeat(16), "}".repeat(16));
    ensure_kind!(Metadata::from_json(&deep), InvalidArgument, "17 levels");
    let calls = context.calls.count();
    ensure_kind!(memory.put(Record::draft("x".repeat(513))).await, InvalidArgument, "an id of 513 bytes");
    ensure_kind!(memory.put(Record::draft("1").kind("x".repeat(65))).await, InvalidArgument, "a kind of 65 bytes");
    ensure_kind!(memory.put(Record::draft("1").tags(["x".repeat(257)])).await, InvalidArgument, "a tag of 257 bytes");
    let tags = (0..65).map(|n| n.to_string());
    ensure_kind!(memory.put(Record::draft("1").tags(tags)).await, InvalidArgument, "65 tags");
    let list = Filter::id().is_in((0..1_001).map(|n| n.to_string()));
    ensure_kind!(memory.count(&list).await, InvalidArgument, "a list of 1,001");
    ensure_kind!(memory.list(&ListRequest::new().with_limit(0)).await, InvalidArgument, "a page of none");
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    let id = "x".repeat(512);
    memory.put(Record::draft(&id).kind("x".repeat(64)).tags(["x".repeat(256)])).await.must("names at their limits")?;
    ensure_eq!(read(&memory, id.as_str()).await?.key.id.as_str(), id, "an id of 512 bytes comes back");
    Ok(())
}

async fn invalid_comes_before_a_limit(context: Context) -> Outcome {
    let settings = Settings { record_bytes: Some(16_384), k: Some(100), ..Settings::default() };
    let context = context.with_settings(&settings).await?;
    let memory = context.home("a").await?;
    let large = "x".repeat(20_000);
    let calls = context.calls.count();
    let both = Record::draft("1").content(&large).embedding([1.0, 0.0]);
    ensure_kind!(memory.put(both).await, InvalidArgument, "a record too large, with a wrong dimension");
    let batch = [Record::draft("1").content(&large), Record::draft("2").embedding([0.0, 0.0, 0.0])];
    ensure_kind!(memory.put_all(batch).await, InvalidArgument, "one too large, and after it one with the zero vector");
    let batch = [Record::draft("1").content(&large), Record::draft("2").tags([""])];
    ensure_kind!(memory.put_all(batch).await, InvalidArgument, "one too large, and after it one with an empty tag");
    let score = memory.text("word").with_k(101).with_min_score(0.5);
    ensure_kind!(memory.search(&score).await, InvalidArgument, "k too large, with min_score for a text");
    let query = SearchRequest::new(Query::vector([1.0, 0.0].try_into()?)).with_k(101);
    ensure_kind!(memory.search(&query).await, InvalidArgument, "k too large, with a wrong dimension");
    let nan = SearchRequest::new(Query::vector([1.0, 0.0, 0.0].try_into()?)).with_k(101).with_min_score(f64::NAN);
    ensure_kind!(memory.search(&nan).await, InvalidArgument, "k too large, with a threshold that is NaN");
    let list = memory.text("word").with_k(101).with_filter(Filter::metadata([""; 0]).exists(true));
    ensure_kind!(memory.search(&list).await, InvalidArgument, "k too large, with an empty path");
    ensure_eq!(context.calls.count(), calls, "all of it is refused before any I/O");
    ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    Ok(())
}

async fn batches_of_any_length(context: Context) -> Outcome {
    let memory: Memory = context.home("a").await?;
    for length in [1, 2, 999, 1_001, 2_500] {
        let records = (0..length).map(|n| Record::draft(format!("{length}-{n}")));
        let written = memory.put_all(records).await.must("a batch of any length")?;
        ensure_eq!(written.versions.len(), length, "each of {length} is answered");
        let last = format!("{length}-{}", length - 1);
        ensure_eq!(memory.get(last).await.must("a read")?.is_some(), true, "the last of {length} is there");
    }
    let ids: Vec<String> = (0..2_500).map(|n| format!("2500-{n}")).collect();
    let found = memory.get_all(ids.iter().map(String::as_str)).await.must("a read of 2,500")?;
    ensure_eq!(found.iter().flatten().count(), 2_500, "all of them are read in one call");
    ensure_eq!(memory.delete_all(ids).await.must("a delete of 2,500")?, 2_500, "and deleted in one call");
    ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 2_003, "the others are there");
    Ok(())
}
