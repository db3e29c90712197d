//! Vectors that come back, and records that have none (RE-4, RE-5).

use memory_core::{
    CollectionSpec, Embedding, Exactness, Filter, HybridRequest, ListRequest, Memory, Metric, Query, Record, Returns,
    Scope, SearchRequest,
};

use crate::cases::state::{Must as _, read};
use crate::context::{Context, ids, namespace};
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "RE-4": [
        vectors_come_back_bit_for_bit,
        many_components_come_back_bit_for_bit,
        vectors_are_not_normalised,
    ],
    "RE-5": [
        a_record_without_a_vector_is_legal,
        it_is_never_found_by_vector,
        it_never_ranks_in_hybrid_search_by_accident,
    ],
}

/// Components by their bits, each vector within the lengths of RE-6.
const BITS: &[[u32; 3]] = &[
    // 0.1, -0.0, 1/3
    [0x3dcc_cccd, 0x8000_0000, 0x3eaa_aaab],
    // 0.0, -0.0, 1
    [0x0000_0000, 0x8000_0000, 0x3f80_0000],
    // The least denormal, the greatest negative one, the least normal, beside one that gives the vector its length.
    [0x0000_0001, 0x3f80_0000, 0x8000_0001],
    [0x807f_ffff, 0x0080_0000, 0x2690_1d7d],
    // 1 and its neighbours
    [0x3f80_0000, 0x3f80_0001, 0x3f7f_ffff],
    // 3e14, the least denormal, -2^24
    [0x5788_6c99, 0x0000_0001, 0xcb80_0000],
    // 123456.789, -1.5e-10, 0.3
    [0x47f1_2065, 0xaf24_ed3f, 0x3e99_999a],
];

fn bits(embedding: Option<&Embedding>) -> Vec<u32> {
    embedding.map_or_else(Vec::new, |embedding| embedding.as_slice().iter().map(|c| c.to_bits()).collect())
}

async fn bound(context: &Context, suffix: &str, dimension: usize, metric: Metric) -> memory_core::Result<Memory> {
    let spec = CollectionSpec::new(context.name(suffix)?).with_vectors(dimension, metric)?;
    context.database.create(&spec, Scope::subtree(namespace(["n"])?)).await
}

async fn vectors_come_back_bit_for_bit(context: Context) -> Outcome {
    for (suffix, metric) in [("c", Metric::Cosine), ("d", Metric::Dot), ("e", Metric::Euclidean)] {
        let memory = bound(&context, suffix, 3, metric).await?;
        for (at, vector) in BITS.iter().enumerate() {
            let draft = Record::draft(at.to_string()).embedding(vector.map(f32::from_bits)).content("word");
            memory.put(draft).await.must("a legal vector")?;
        }
        let at = |record: &Record| {
            record.key.id.as_str().parse::<usize>().ok().and_then(|at| BITS.get(at)).map(|v| v.to_vec())
        };
        for name in 0..BITS.len() {
            let found = read(&memory, name.to_string()).await?;
            ensure_eq!(Some(bits(found.embedding.as_ref())), at(&found), "{metric}: a read");
        }
        let page = memory.list(&ListRequest::new()).await.must("a listing")?;
        ensure_eq!(page.records.len(), BITS.len(), "{metric}: all are listed");
        for stored in &page.records {
            ensure_eq!(Some(bits(stored.record.embedding.as_ref())), at(&stored.record), "{metric}: a listing");
        }
        let query = Query::vector([1.0, 1.0, 1.0].try_into()?);
        for request in [SearchRequest::new(query), memory.text("word")] {
            let hits = memory.search(&request.with_returns(Returns::Embeddings)).await.must("a search")?.hits;
            ensure_eq!(hits.len(), BITS.len(), "{metric}: all are found");
            for record in hits.iter().filter_map(|hit| hit.record.as_ref()) {
                ensure_eq!(Some(bits(record.embedding.as_ref())), at(record), "{metric}: a search");
            }
        }
    }
    Ok(())
}

async fn many_components_come_back_bit_for_bit(context: Context) -> Outcome {
    for dimension in [1, 2, 257, 1_536] {
        let memory = bound(&context, &format!("d{dimension}"), dimension, Metric::Cosine).await?;
        // A linear congruence; the exponent is set so that components lie from 2^-8 to 2^8, of both signs.
        let mut state = 1_u32;
        let mut vector = Vec::with_capacity(dimension);
        for _ in 0..dimension {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            let exponent = 119 + (state >> 28);
            vector.push(f32::from_bits((state & 0x807f_ffff) | (exponent << 23)));
        }
        memory.put(Record::draft("1").embedding(vector.clone())).await.must("a long vector")?;
        let found = read(&memory, "1").await?;
        let expected: Vec<u32> = vector.iter().map(|c| c.to_bits()).collect();
        ensure!(bits(found.embedding.as_ref()) == expected, "all {dimension} components come back");
    }
    Ok(())
}

async fn vectors_are_not_normalised(context: Context) -> Outcome {
    let memory = bound(&context, "a", 3, Metric::Cosine).await?;
    // The same direction at four lengths, one of them 1 but for a rounding.
    let vectors = [[3.0, 4.0, 0.0], [0.6, 0.8, 0.0], [3e14, 4e14, 0.0], [6e-8, 8e-8, 0.0]];
    for (at, vector) in vectors.iter().enumerate() {
        memory.put(Record::draft(at.to_string()).embedding(*vector)).await.must("a vector of any length")?;
    }
    for (at, vector) in vectors.iter().enumerate() {
        let found = read(&memory, at.to_string()).await?;
        ensure_eq!(found.embedding.as_ref().map(Embedding::as_slice), Some(&vector[..]), "its length is kept");
    }
    memory.put(Record::draft("0").embedding([6.0, 8.0, 0.0])).await.must("a change of length")?;
    let found = read(&memory, "0").await?;
    ensure_eq!(
        found.embedding.as_ref().map(Embedding::as_slice),
        Some(&[6.0, 8.0, 0.0][..]),
        "a new length alone is stored"
    );
    Ok(())
}

/// Two records with vectors that point away from `[1, 0, 0]`, and one without.
async fn away(context: &Context, suffix: &str, metric: Metric) -> memory_core::Result<Memory> {
    let memory = bound(context, suffix, 3, metric).await?;
    memory.put(Record::draft("far").embedding([-1.0, 0.0, 0.0]).content("shared far")).await?;
    memory.put(Record::draft("none").content("shared none")).await?;
    memory.put(Record::draft("farther").embedding([-2.0, 1.0, 0.0]).content("shared farther")).await?;
    Ok(memory)
}

async fn a_record_without_a_vector_is_legal(context: Context) -> Outcome {
    let memory = away(&context, "a", Metric::Cosine).await?;
    ensure!(read(&memory, "none").await?.embedding.is_none(), "no vector comes back, and no zeros");
    for (wanted, expected) in [(true, 2), (false, 1)] {
        let filter = Filter::has_embedding(wanted);
        ensure_eq!(memory.count(&filter).await.must("a count")?, expected, "embedding exists: {wanted}");
    }
    let hits = memory.search_text("none", 10).await.must("a text search")?.hits;
    ensure_eq!(ids(hits.iter().filter_map(|hit| hit.record.as_ref())), ["none"], "text search finds it");
    let text_only = context.text_collection("t").await?.narrow(Scope::exact(namespace(["n"])?))?;
    text_only.put(Record::draft("1").content("word")).await.must("a record of a text-only collection")?;
    ensure!(read(&text_only, "1").await?.embedding.is_none(), "nor is there one in a text-only collection");
    Ok(())
}

async fn it_is_never_found_by_vector(context: Context) -> Outcome {
    for (suffix, metric) in [("c", Metric::Cosine), ("d", Metric::Dot), ("e", Metric::Euclidean)] {
        let memory = away(&context, suffix, metric).await?;
        for exactness in [Exactness::Any, Exactness::Exact] {
            let request = |vector: [f32; 3]| -> memory_core::Result<SearchRequest> {
                Ok(SearchRequest::new(Query::Vector { embedding: vector.try_into()?, exactness }))
            };
            let without = request([1.0, 0.0, 0.0])?.with_filter(Filter::has_embedding(false));
            let only = request([1.0, 0.0, 0.0])?.with_only(vec![crate::context::key(["n"], "none")?]);
            let negated = request([1.0, 0.0, 0.0])?.with_filter(!Filter::has_embedding(true));
            for (request, expected) in [
                (request([1.0, 0.0, 0.0])?, 2),
                (request([1.0, 0.0, 0.0])?.with_min_score(-100.0), 2),
                (request([1e-9, 0.0, 0.0])?.with_k(100), 2),
                (without, 0),
                (negated, 0),
                (only, 0),
            ] {
                let hits = memory.search(&request).await.must("a vector search")?.hits;
                ensure!(
                    hits.iter().all(|hit| hit.key.id.as_str() != "none"),
                    "{metric}: without a vector it is no hit"
                );
                ensure_eq!(hits.len(), expected, "{metric}: all others are");
            }
        }
    }
    Ok(())
}

async fn it_never_ranks_in_hybrid_search_by_accident(context: Context) -> Outcome {
    let memory = away(&context, "a", Metric::Dot).await?;
    let query = || Embedding::new(vec![1.0, 0.0, 0.0]);
    let response = memory.hybrid(&HybridRequest::new("shared", query()?)).await.must("a hybrid search")?;
    ensure_eq!(response.hits.len(), 3, "all are found by text");
    for hit in &response.hits {
        let has_vector = hit.key.id.as_str() != "none";
        ensure_eq!(hit.vector.is_some(), has_vector, "the vector leg has scored {}", hit.key.id);
    }
    let response = memory.hybrid(&HybridRequest::new("absent", query()?)).await.must("a hybrid search")?;
    let mut found: Vec<_> = response.hits.iter().map(|hit| hit.key.id.as_str()).collect();
    found.sort_unstable();
    ensure_eq!(found, ["far", "farther"], "where no word matches, only vectors find");
    Ok(())
}
