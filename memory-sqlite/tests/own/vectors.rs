//! The vector index in memory: whatever happens to the records, and whatever else holds the file, it answers what they say.

use std::path::Path;

use memory_conformance::{Context, Failure, Needs, Outcome, ensure, ensure_eq};
use memory_core::{
    CollectionName, CollectionSpec, Database, Embedding, Facts, Filter, Memory, Metric, Namespace, Place, Query,
    Record, Scope, SearchRequest, SearchResponse, Timestamp,
};
use memory_sqlite::{SqliteBackend, SqliteConfig};

use super::child::{Server, draft, ids, notes};
use crate::harness::connection;

const A_FILE: Needs = Needs::Fact("a file", in_a_file);

fn in_a_file(facts: &Facts) -> bool {
    facts.place == Place::File
}

memory_conformance::cases! {
    "VE-5": [
        (every_instruction_set_and_no_memory_answer_alike, A_FILE),
        (a_collection_beyond_the_budget_makes_room_or_is_read, A_FILE),
        (random_writes_through_two_handles_are_all_seen, A_FILE),
    ],
    "CD-1": [
        (a_process_that_fell_far_behind_catches_up, A_FILE),
        (a_collection_made_anew_elsewhere_is_not_the_old_one, A_FILE),
    ],
    "CD-3": [(a_file_of_the_first_layout_is_migrated, A_FILE)],
}

const QUERY: [f32; 3] = [1.0, 0.0, 0.0];

/// Every hit with the bits of its score.
fn exactly(response: &SearchResponse) -> Vec<(String, u64)> {
    response.hits.iter().map(|hit| (hit.key.to_string(), hit.score.value().to_bits())).collect()
}

async fn open(config: SqliteConfig) -> Result<Database, Failure> {
    Ok(Database::new(SqliteBackend::open(config).await?))
}

async fn collection(database: &Database, name: &str, metric: Metric, dimension: usize) -> Result<Memory, Failure> {
    let spec = CollectionSpec::new(CollectionName::new(name)?).with_vectors(dimension, metric)?;
    Ok(database.create(&spec, Scope::all()).await?)
}

/// What the index of a collection says of itself.
async fn state(memory: &Memory) -> Result<String, Failure> {
    let stats = memory.stats().await?;
    Ok(stats.indexes.into_iter().find(|index| index.name == "vector").map(|index| index.state).unwrap_or_default())
}

fn number(n: usize) -> f32 {
    ((n * 7_919) % 1_009) as f32 / 100.0 - 5.0
}

fn record(n: usize) -> memory_core::Draft {
    Record::draft(format!("r{n}"))
        .namespace(Namespace::new([format!("u{}", n % 10)]).unwrap())
        .kind(if n.is_multiple_of(5) { "fact" } else { "note" })
        .tags(if n.is_multiple_of(7) { vec!["seven"] } else { vec![] })
        .metadata(memory_core::Metadata::from_json(&format!(r#"{{"n":{n},"half":{}}}"#, n as f64 / 2.0)).unwrap())
        .created_at(Timestamp::from_micros(n as i64 * 1_000_000).unwrap())
        .updated_at(Timestamp::from_micros(n as i64 * 2_000_000).unwrap())
        .embedding((0..20).map(|at| number(n * 20 + at)).collect::<Vec<f32>>())
}

fn filters() -> Vec<Filter> {
    let path = |name: &str| Filter::metadata([name.to_owned()]);
    vec![
        Filter::all(),
        Filter::kind().eq("fact"),
        Filter::kind().eq("neither"),
        Filter::tags().contains("seven"),
        path("n").lt(40),
        path("half").ge(20),
        Filter::And(vec![Filter::kind().eq("note"), path("half").lt(100), Filter::id().ne("r8")]),
        Filter::Or(vec![Filter::kind().eq("fact"), Filter::tags().contains("seven")]),
        Filter::Not(Box::new(Filter::kind().eq("fact"))),
        Filter::created_at().ge(Timestamp::from_micros(40_000_000).unwrap()),
        Filter::And(vec![Filter::updated_at().lt(Timestamp::from_micros(90_000_000).unwrap()), path("n").lt(60)]),
        Filter::Or(vec![Filter::expires_at().exists(true), Filter::kind().eq("fact")]),
    ]
}

async fn every_instruction_set_and_no_memory_answer_alike(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let plain = || SqliteConfig::new(&path);
    for metric in Metric::ALL {
        let writer = open(plain()).await?;
        let name = metric.as_str();
        collection(&writer, name, metric, 20).await?.put_all((0..900).map(record)).await?;
        let mut answers = Vec::new();
        for config in [
            plain().with_memory_budget(0),
            plain(),
            plain().with_instruction_set("portable"),
            plain().with_instruction_set("avx2"),
            plain().with_instruction_set("avx512"),
        ] {
            let database = open(config).await?;
            let memory = collection(&database, name, metric, 20).await?;
            let mut answer = Vec::new();
            let user = Scope::exact(Namespace::new(["u3"])?);
            for memory in [memory.clone(), memory.narrow(user)?] {
                // Twice, for what is kept from the first time is used the second time.
                for filter in filters().iter().chain(&filters()) {
                    let query: Vec<f32> = (0..20).map(number).collect();
                    let request = asking(query)?.with_filter(filter.clone()).with_k(15).with_skip(2);
                    answer.push(exactly(&memory.search(&request).await?));
                    let query: Vec<f32> = (100..120).map(number).collect();
                    let request = asking(query)?.with_filter(filter.clone()).with_min_score(0.1);
                    answer.push(exactly(&memory.search(&request).await?));
                }
            }
            answers.push(answer);
            database.close().await?;
        }
        ensure!(answers[0].iter().any(|hits| hits.len() == 15), "{metric}: something is found");
        ensure!(answers.iter().all(|answer| *answer == answers[0]), "{metric}: the answers differ");
        writer.close().await?;
    }
    Ok(())
}

async fn a_collection_beyond_the_budget_makes_room_or_is_read(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    // Each vector takes 20 · 4 + 64 + 91 bytes: there is room for one collection of 1,000, not for two.
    let database = open(SqliteConfig::new(&path).with_memory_budget(330_000)).await?;
    let query = || (0..20).map(number).collect::<Vec<f32>>();
    let mut memories = Vec::new();
    for (name, count) in [("first", 1_000), ("second", 1_000), ("large", 2_000)] {
        let memory = collection(&database, name, Metric::Dot, 20).await?;
        memory.put_all((0..count).map(record)).await?;
        memories.push(memory);
    }
    let held = |state: &str| state.starts_with("exact, in memory: ");
    let mut found = Vec::new();
    for (at, expected) in
        [(0, [true, false, false]), (1, [false, true, false]), (2, [false, true, false]), (0, [true, false, false])]
    {
        found.push(ids(memories[at].search_vector(query(), 3).await?));
        for (memory, expected) in memories.iter().zip(expected) {
            ensure_eq!(held(&state(memory).await?), expected, "{} after a search of {at}", memory.spec().name());
        }
    }
    ensure_eq!(found[0], found[1], "the first thousand are the same");
    ensure_eq!(found[0], found[3], "what was given up answers as before");
    database.close().await?;
    Ok(())
}

fn asking(query: Vec<f32>) -> Result<SearchRequest, Failure> {
    Ok(SearchRequest::new(Query::vector(Embedding::new(query)?)))
}

/// A generator, so that a failure can be repeated.
fn next(seed: &mut u64) -> usize {
    *seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
    (*seed >> 33) as usize
}

async fn random_writes_through_two_handles_are_all_seen(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (one, two) = (open(SqliteConfig::new(&path)).await?, open(SqliteConfig::new(&path)).await?);
    let rows = open(SqliteConfig::new(&path).with_memory_budget(0)).await?;
    let mut seed = 11;
    let handles = [collection(&one, "c", Metric::Cosine, 20).await?, collection(&two, "c", Metric::Cosine, 20).await?];
    let plain = collection(&rows, "c", Metric::Cosine, 20).await?;
    handles[0].put_all((0..60).map(record)).await?;
    for round in 0..250 {
        let memory = &handles[next(&mut seed) % 2];
        let n = next(&mut seed) % 80;
        let user = memory.narrow(Scope::exact(Namespace::new([format!("u{}", n % 10)])?))?;
        match next(&mut seed) % 8 {
            0..3 => drop(user.delete(format!("r{n}")).await?),
            3 => drop(memory.delete_where(&Filter::metadata(["n"]).eq(n as i64)).await?),
            4 => drop(memory.put(record(n).embedding((0..20).map(number).collect::<Vec<f32>>())).await?),
            5 => {
                let past = Timestamp::from_micros(1_000)?;
                drop(
                    memory
                        .put(record(n).created_at(past).updated_at(past).expires_at(Timestamp::from_micros(2_000)?))
                        .await?,
                );
            }
            6 => drop(memory.put(record(n).kind("fact").tags(["seven"])).await?),
            _ => drop(memory.put(record(n)).await?),
        }
        let filter = filters().swap_remove(next(&mut seed) % filters().len());
        let query: Vec<f32> = (n * 3..n * 3 + 20).map(number).collect();
        let request = asking(query)?.with_filter(filter).with_k(12);
        let expected = exactly(&plain.search(&request).await?);
        for memory in &handles {
            ensure_eq!(exactly(&memory.search(&request).await?), expected, "round {round}");
        }
    }
    for database in [one, two, rows] {
        database.close().await?;
    }
    Ok(())
}

async fn a_process_that_fell_far_behind_catches_up(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put(draft("a", "x")).await?;
    let mut other = Server::start(&path);
    ensure_eq!(other.ask("vector"), "a", "both hold the index");
    ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "a", "both hold the index");
    for (count, log_is_cut, what) in
        [(3, false, "a few"), (2_000, false, "more than there were"), (3, true, "what the log has lost")]
    {
        memory.put_all((0..count).map(|n| draft(&format!("far{n}"), &"y".repeat(9)))).await?;
        memory.delete_where(&Filter::id().starts_with("far")).await?;
        memory.put(draft("b", "yy")).await?;
        if log_is_cut {
            let sql = "DELETE FROM \"changes.notes\" WHERE sequence < (SELECT max(sequence) FROM \"changes.notes\")";
            connection(&path).execute(sql, []).unwrap();
        }
        ensure_eq!(other.ask("vector"), "a b", "after {what}");
        ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "a b", "here too, after {what}");
        memory.delete("b").await?;
        ensure_eq!(other.ask("vector"), "a", "after {what} and a deletion");
    }
    other.stop();
    database.close().await?;
    Ok(())
}

async fn a_collection_made_anew_elsewhere_is_not_the_old_one(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (one, memory) = notes(&path).await?;
    memory.put(draft("old", "x")).await?;
    ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "old", "the index is held");
    let (two, _) = notes(&path).await?;
    two.drop_collection(memory.spec().name()).await?;
    let (three, again) = notes(&path).await?;
    again.put(draft("new", "x")).await?;
    ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "new", "as many changes, but of another collection");
    for database in [one, two, three] {
        database.close().await?;
    }
    Ok(())
}

/// Takes away what layout 2 has added.
fn make_first_layout(path: &Path) {
    let sql = "DROP TRIGGER \"inserted.notes\"; DROP TRIGGER \"replaced.notes\"; DROP TRIGGER \"deleted.notes\"; \
               DROP TABLE \"changes.notes\"; PRAGMA user_version = 1;";
    connection(path).execute_batch(sql).unwrap();
}

async fn a_file_of_the_first_layout_is_migrated(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (database, memory) = notes(&path).await?;
    memory.put_all([draft("a", "x"), draft("b", "yy")]).await?;
    database.close().await?;
    make_first_layout(&path);
    let (database, memory) = notes(&path).await?;
    ensure!(database.health().await?.schema.starts_with("layout 2"), "the layout is the newest");
    ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "a b", "what was there is found");
    memory.delete("a").await?;
    memory.put(draft("c", "zzz")).await?;
    ensure_eq!(ids(memory.search_vector(QUERY, 10).await?), "b c", "and what changes then");
    database.close().await?;
    Ok(())
}
