//! The index for vectors: what it misses is little, what it leaves out is found without it, and `exact` keeps away from it (VE-4, VE-5).

use std::time::Duration;

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq};
use memory_core::{
    CollectionName, CollectionSpec, Database, Embedding, Exactness, Filter, Maintenance, Memory, Metadata, Metric,
    Namespace, Query, Record, Result, Scope, SearchRequest,
};
use memory_postgres::{PostgresBackend, PostgresConfig, VectorIndex};

use super::server::{config, connection, schema};

cases! {
    "VE-5": [
        an_index_answers_and_exact_does_without,
        every_kind_of_index_is_made_and_used,
        a_collection_below_the_bound_has_no_index,
    ],
    "VE-4": [an_index_leaves_no_answer_short],
}

/// A number from 0 to 1 for each step of a fixed sequence (xorshift64).
struct Random(u64);

impl Random {
    fn next(&mut self) -> f32 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        (self.0 >> 40) as f32 / (1_u64 << 24) as f32
    }

    fn vector(&mut self, centres: &[[f32; 16]]) -> Vec<f32> {
        let centre = centres[(self.next() * centres.len() as f32) as usize];
        centre.iter().map(|x| x + 0.4 * self.next()).collect()
    }
}

struct Place {
    config: PostgresConfig,
    schema: String,
    queries: Vec<Vec<f32>>,
}

const RECORDS: usize = 4_000;

/// Vectors in clusters, each record with a number below 1,000, and an index over them where the configuration wants one.
async fn place(config: PostgresConfig, metric: Metric) -> Result<Place> {
    let schema = schema();
    let config = config.with_schema(&schema);
    let database = Database::new(PostgresBackend::connect(config.clone()).await?);
    let spec = CollectionSpec::new(CollectionName::new("notes")?).with_vectors(16, metric)?;
    let memory = database.create(&spec, Scope::exact(Namespace::new(["n"])?)).await?;
    let mut random = Random(88_172_645_463_325_252);
    let centres: Vec<[f32; 16]> = (0..40).map(|_| std::array::from_fn(|_| random.next() - 0.5)).collect();
    let drafts = (0..RECORDS).map(|n| {
        let metadata = format!("{{\"n\":{}}}", n * 7 % 1_000);
        let metadata = Metadata::from_json(&metadata).unwrap();
        Record::draft(format!("{n:04}")).embedding(random.vector(&centres)).metadata(metadata)
    });
    memory.put_all(drafts.collect::<Vec<_>>()).await?;
    let report = database.maintain(&Maintenance::Reindex(spec.name().clone())).await?;
    assert_eq!(report.records, RECORDS as u64);
    connection().await.batch_execute(&format!("ANALYZE {schema}.\"notes_1\"")).await.unwrap();
    let queries = (0..50).map(|_| random.vector(&centres)).collect();
    database.close().await?;
    Ok(Place { config, schema, queries })
}

impl Place {
    async fn open(&self) -> Result<(Database, Memory)> {
        let database = Database::new(PostgresBackend::connect(self.config.clone()).await?);
        let memory = database.open(&CollectionName::new("notes")?, Scope::exact(Namespace::new(["n"])?)).await?;
        Ok((database, memory))
    }

    /// How often the server says that an index for vectors was read, once that has not changed for a second: a session tells at its
    /// end, which is a little after its connection's.
    async fn uses(&self) -> i64 {
        let sql = "SELECT coalesce(sum(s.idx_scan), 0)::int8 FROM pg_stat_user_indexes s \
                   JOIN pg_class c ON c.oid = s.indexrelid JOIN pg_am a ON a.oid = c.relam \
                   WHERE s.schemaname = $1 AND a.amname IN ('hnsw', 'ivfflat')";
        let connection = connection().await;
        let (mut last, mut same) = (-1, 0);
        while same < 4 {
            let now: i64 = connection.query_one(sql, &[&self.schema]).await.unwrap().get(0);
            same = if now == last { same + 1 } else { 0 };
            last = now;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
        last
    }

    /// How often ten searches read it.
    async fn uses_of_ten(&self, filter: &Filter, exactness: Exactness) -> Result<i64> {
        let before = self.uses().await;
        let (database, memory) = self.open().await?;
        for query in &self.queries[..10] {
            let embedding = Embedding::new(query.clone())?;
            let request = SearchRequest::new(Query::Vector { embedding, exactness }).with_filter(filter.clone());
            assert_eq!(memory.search(&request).await?.hits.len(), 10);
        }
        database.close().await?;
        Ok(self.uses().await - before)
    }

    /// The share of the true ten best, over all queries, that a search finds.
    async fn recall(&self, filter: &Filter) -> Result<f64> {
        let (database, memory) = self.open().await?;
        let (mut found, mut all) = (0, 0);
        for query in &self.queries {
            let embedding = Embedding::new(query.clone())?;
            let request = |exactness| {
                let query = Query::Vector { embedding: embedding.clone(), exactness };
                SearchRequest::new(query).with_filter(filter.clone())
            };
            let exact = memory.search(&request(Exactness::Exact)).await?;
            let any = memory.search(&request(Exactness::Any)).await?;
            assert!(any.complete && any.hits.len() == exact.hits.len(), "min(k, matches) hits");
            let last = exact.hits.last().map(|hit| hit.score);
            found += any.hits.iter().filter(|hit| Some(hit.score) >= last).count();
            all += exact.hits.len();
        }
        database.close().await?;
        Ok(f64::from(u32::try_from(found).unwrap()) / f64::from(u32::try_from(all).unwrap()))
    }
}

fn below(n: i64) -> Filter {
    Filter::metadata(["n"]).lt(n)
}

async fn an_index_answers_and_exact_does_without(_: Context) -> Outcome {
    let place = place(config()?.with_index_from(1_000), Metric::Cosine).await?;
    for filter in [Filter::all(), below(500)] {
        let recall = place.recall(&filter).await?;
        ensure!(recall >= 0.95, "recall {recall}");
        ensure_eq!(place.uses_of_ten(&filter, Exactness::Any).await?, 10, "the index answers each search");
        ensure_eq!(place.uses_of_ten(&filter, Exactness::Exact).await?, 0, "and none that asks for exact");
    }
    Ok(())
}

async fn every_kind_of_index_is_made_and_used(_: Context) -> Outcome {
    for (index, half, metric) in [
        (VectorIndex::Hnsw, false, Metric::Dot),
        (VectorIndex::Hnsw, true, Metric::Euclidean),
        (VectorIndex::IvfFlat, false, Metric::Euclidean),
        (VectorIndex::IvfFlat, true, Metric::Cosine),
    ] {
        let config = config()?.with_index_from(1_000).with_vector_index(index).with_halfvec(half);
        let place = place(config, metric).await?;
        let recall = place.recall(&Filter::all()).await?;
        ensure!(recall >= 0.95, "{index:?} {half} {metric}: recall {recall}");
        ensure_eq!(place.uses_of_ten(&Filter::all(), Exactness::Any).await?, 10, "{index:?} {half} {metric}");
    }
    Ok(())
}

async fn a_collection_below_the_bound_has_no_index(_: Context) -> Outcome {
    for config in [config()?, config()?.with_index_from(1).with_vector_index(VectorIndex::None)] {
        let mut place = place(config, Metric::Cosine).await?;
        ensure_eq!(place.uses_of_ten(&Filter::all(), Exactness::Any).await?, 0, "there is none to use");
        ensure_eq!(place.recall(&Filter::all()).await?, 1.0, "any is exact");
        // Health tells where one is wanted and missing.
        for (from, index, told) in
            [(1_000, VectorIndex::Hnsw, true), (1_000, VectorIndex::None, false), (10_000, VectorIndex::Hnsw, false)]
        {
            place.config = place.config.with_index_from(from).with_vector_index(index);
            let (database, _) = place.open().await?;
            let findings = database.health().await?.findings;
            ensure_eq!(findings.iter().any(|f| f.what.contains("notes has no index")), told, "{from} {index:?}");
        }
    }
    Ok(())
}

/// Few records pass the filter, so the index finds fewer than wanted before it gives up.
async fn an_index_leaves_no_answer_short(_: Context) -> Outcome {
    let place = place(config()?.with_index_from(1_000), Metric::Cosine).await?;
    for (most, records) in [(100, 400), (10, 40), (2, 8)] {
        let recall = place.recall(&below(most)).await?;
        ensure!(recall >= 0.95, "of {records} records: recall {recall}");
        let (database, memory) = place.open().await?;
        let query = Query::vector(Embedding::new(place.queries[0].clone())?);
        let request = SearchRequest::new(query).with_filter(below(most)).with_k(1_000);
        ensure_eq!(memory.search(&request).await?.hits.len(), records, "all that match are found");
        database.close().await?;
    }
    Ok(())
}
