//! The indexes in memory: whatever happens to the records, and whatever else holds the file, it answers what they say.

use std::fs;
use std::path::{Path, PathBuf};

use memory_conformance::{Context, Failure, Needs, Outcome, ensure, ensure_eq};
use memory_core::{
    CollectionName, CollectionSpec, Database, Embedding, Facts, Filter, Maintenance, Memory, Metric, Namespace, Place,
    Query, Record, Scope, SearchRequest, SearchResponse, Timestamp, Value, WordMatch,
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
        (an_index_that_grew_out_of_the_budget_keeps_what_fits, A_FILE),
        (random_writes_through_two_handles_are_all_seen, A_FILE),
        (what_is_written_over_and_over_is_found_once, A_FILE),
    ],
    "CD-3": [
        (the_next_process_reads_the_index_from_its_file, A_FILE),
        (a_file_of_an_index_that_is_not_whole_or_of_another_past_is_made_anew, A_FILE),
    ],
    "CO-5": [(compact_and_drop_remove_the_files_of_indexes, A_FILE)],
    "CD-1": [
        (a_process_that_fell_far_behind_catches_up, A_FILE),
        (a_collection_made_anew_elsewhere_is_not_the_old_one, A_FILE),
    ],
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
    // A few words stand in many records, many words in few.
    let content: String = (0..n % 23).map(|at| format!("w{} ", (n * 31 + at * at * 7) % (1 + at * 9))).collect();
    Record::draft(format!("r{n}"))
        .content(content)
        .namespace(Namespace::new([format!("u{}", n % 10)]).unwrap())
        .kind(if n.is_multiple_of(5) { "fact" } else { "note" })
        .tags(if n.is_multiple_of(7) { vec!["seven"] } else { vec![] })
        .metadata(metadata(n))
        .created_at(Timestamp::from_micros(n as i64 * 1_000_000).unwrap())
        .updated_at(Timestamp::from_micros(n as i64 * 2_000_000).unwrap())
        .embedding((0..20).map(|at| number(n * 20 + at)).collect::<Vec<f32>>())
}

fn metadata(n: usize) -> memory_core::Metadata {
    let colour =
        ["null", r#""red""#, r#""Red\u0001\"""#, "17", "17.0", "true", r#"["red",17]"#, r#"{"red":17}"#, "[]"][n % 9];
    let colour = if n.is_multiple_of(4) { String::new() } else { format!(r#","colour":{colour}"#) };
    let json = format!(r#"{{"n":{n},"half":{},"a.b":{{"c\"":{}}}{colour}}}"#, n as f64 / 2.0, n % 3);
    memory_core::Metadata::from_json(&json).unwrap()
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
        path("colour").eq("red"),
        path("colour").is_in([Value::from(17), Value::from("Red\u{1}\"")]),
        path("colour").exists(false),
        Filter::Not(Box::new(path("colour").ne("red"))),
        path("colour").contains("red"),
        Filter::And(vec![path("colour").exists(true), Filter::Or(vec![path("colour").gt(3), path("colour").eq(true)])]),
        Filter::Or(vec![
            path("colour").eq("red"),
            Filter::And(vec![Filter::tags().contains("seven"), path("n").lt(90)]),
        ]),
        Filter::Not(Box::new(Filter::Or(vec![path("colour").eq("red"), Filter::id().starts_with("r1")]))),
        // What SQLite's paths cannot say.
        Filter::metadata(["a.b", "c\""]).eq(2),
        Filter::tags().eq(Vec::<String>::new()),
        Filter::Or(vec![]),
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
                    answer.push(vec![("count".to_owned(), memory.count(filter).await?)]);
                    let query: Vec<f32> = (0..20).map(number).collect();
                    let request = asking(query)?.with_filter(filter.clone()).with_k(15).with_skip(2);
                    answer.push(exactly(&memory.search(&request).await?));
                    let query: Vec<f32> = (100..120).map(number).collect();
                    let request = asking(query)?.with_filter(filter.clone()).with_min_score(0.1);
                    answer.push(exactly(&memory.search(&request).await?));
                    for text in ["w0", "w3 w17 w0", "w40 w41"] {
                        let request = memory.text(text).with_filter(filter.clone()).with_k(15).with_skip(2);
                        answer.push(exactly(&memory.search(&request).await?));
                        let all = memory.text_matching(text, WordMatch::All).with_filter(filter.clone());
                        answer.push(exactly(&memory.search(&all).await?));
                    }
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
    // Each record takes 20 · 4 + 128 + 95 bytes: there is room for one collection of 1,000, not for two.
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
        let text = plain.text("w0 w5 w17").with_filter(request.filter.clone());
        let count = plain.count(&request.filter).await?;
        for memory in &handles {
            ensure_eq!(memory.count(&request.filter).await?, count, "round {round}");
        }
        for request in [request, text] {
            let expected = exactly(&plain.search(&request).await?);
            for memory in &handles {
                ensure_eq!(exactly(&memory.search(&request).await?), expected, "round {round}");
            }
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

async fn what_is_written_over_and_over_is_found_once(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let (held, rows) =
        (open(SqliteConfig::new(&path)).await?, open(SqliteConfig::new(&path).with_memory_budget(0)).await?);
    let memory = collection(&held, "c", Metric::Dot, 20).await?;
    let plain = collection(&rows, "c", Metric::Dot, 20).await?;
    let query = || (0..20).map(number).collect::<Vec<f32>>();
    let requests = [
        asking(query())?.with_k(50),
        asking(query())?.with_k(50).with_filter(Filter::tags().contains("seven")),
        memory.text("w0 w3 w17").with_k(50),
    ];
    memory.put_all((0..4_000).map(record)).await?;
    // Less than what is read anew at once, and so often that slots of records that have gone are given up between.
    for round in 0..5 {
        let changed = (0..400).map(|n| record(n * 7 + round).metadata(memory_core::Metadata::new()));
        memory.put_all(changed).await?;
        memory.delete_where(&Filter::metadata(["n"]).lt(60 * round as i64)).await?;
        for request in &requests {
            let expected = exactly(&plain.search(request).await?);
            ensure_eq!(exactly(&memory.search(request).await?), expected, "round {round}");
        }
    }
    held.close().await?;
    rows.close().await?;
    Ok(())
}

/// Enough records for a file.
const MANY: usize = 2_100;

fn index_file(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}-index-c", database.display()))
}

async fn an_index_that_grew_out_of_the_budget_keeps_what_fits(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let found = with_index_file(&path).await?;
    // Both parts take some 590,000 bytes together: there is room for either, not for both.
    let database = open(SqliteConfig::new(&path).with_memory_budget(530_000)).await?;
    let memory = collection(&database, "c", Metric::Cosine, 20).await?;
    for _ in 0..2 {
        ensure_eq!(answers(&memory).await?, found, "as before");
        ensure!(state(&memory).await?.starts_with("exact, in memory: "), "the vectors, which came first, stay");
        let text = memory.stats().await?.indexes.into_iter().find(|index| index.name == "text");
        ensure!(text.is_some_and(|text| text.state.starts_with("not in memory")), "the words do not fit beside them");
    }
    database.close().await?;
    // Nor does either here: the file is of no use, and the records answer.
    let database = open(SqliteConfig::new(&path).with_memory_budget(100_000)).await?;
    let memory = collection(&database, "c", Metric::Cosine, 20).await?;
    for _ in 0..2 {
        ensure_eq!(answers(&memory).await?, found, "from the records");
        ensure!(state(&memory).await?.starts_with("not in memory"), "nothing fits");
    }
    database.close().await?;
    Ok(())
}

/// The answers of a handle to a vector search, one with a filter, and a text search.
async fn answers(memory: &Memory) -> Result<Vec<Vec<(String, u64)>>, Failure> {
    let query = || (0..20).map(number).collect::<Vec<f32>>();
    let filter = Filter::tags().contains("seven");
    let mut answers = Vec::new();
    for request in [asking(query())?, asking(query())?.with_filter(filter), memory.text("w0 w3 w17")] {
        answers.push(exactly(&memory.search(&request.with_k(60)).await?));
    }
    Ok(answers)
}

/// A file of many records whose index has a file too, and what they answer.
async fn with_index_file(path: &Path) -> Result<Vec<Vec<(String, u64)>>, Failure> {
    let database = open(SqliteConfig::new(path)).await?;
    let memory = collection(&database, "c", Metric::Cosine, 20).await?;
    memory.put_all((0..MANY).map(record)).await?;
    let found = answers(&memory).await?;
    ensure!(index_file(path).exists(), "many records make a file");
    database.close().await?;
    Ok(found)
}

/// What the records themselves answer.
async fn expected(path: &Path) -> Result<Vec<Vec<(String, u64)>>, Failure> {
    let database = open(SqliteConfig::new(path).with_memory_budget(0)).await?;
    let found = answers(&collection(&database, "c", Metric::Cosine, 20).await?).await?;
    database.close().await?;
    Ok(found)
}

async fn the_next_process_reads_the_index_from_its_file(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    let before = with_index_file(&path).await?;
    let saved = fs::read(index_file(&path)).unwrap();
    let mut sizes = Vec::new();
    for kept in [true, false] {
        if !kept {
            fs::remove_file(index_file(&path)).unwrap();
        }
        let database = open(SqliteConfig::new(&path)).await?;
        let memory = collection(&database, "c", Metric::Cosine, 20).await?;
        ensure_eq!(answers(&memory).await?, before, "as before, with the file: {kept}");
        sizes.push(state(&memory).await?);
        if kept {
            ensure!(fs::read(index_file(&path)).unwrap() == saved, "nothing has changed, so the file has not");
            memory.put(record(7).embedding((0..20).map(number).collect::<Vec<f32>>())).await?;
            memory.delete_where(&Filter::metadata(["n"]).lt(300)).await?;
            memory.put_all((0..3).map(record)).await?;
            ensure_eq!(answers(&memory).await?, expected(&path).await?, "what changed since is caught up");
            ensure!(fs::read(index_file(&path)).unwrap() == saved, "little has changed, so the file has not");
            memory.put_all((0..1_200).map(record)).await?;
            ensure_eq!(answers(&memory).await?, expected(&path).await?, "after much has changed");
            ensure!(fs::read(index_file(&path)).unwrap() != saved, "the file is written again");
            memory.put_all((0..MANY).map(record)).await?;
        }
        database.close().await?;
    }
    // 2,100 vectors of 20 components in 4 bytes.
    let bytes = |state: &str| state.split(' ').find_map(|word| word.parse::<usize>().ok()).unwrap_or(0);
    ensure!(bytes(&sizes[0]) + MANY * 80 <= bytes(&sizes[1]), "codes alone take less: {sizes:?}");
    Ok(())
}

async fn a_file_of_an_index_that_is_not_whole_or_of_another_past_is_made_anew(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    with_index_file(&path).await?;
    let whole = fs::read(index_file(&path)).unwrap();
    let other = folder.path().join("other.db");
    with_index_file(&other).await?;
    let of_another = fs::read(index_file(&other)).unwrap();
    let (mut flipped, mut first) = (whole.clone(), whole.clone());
    flipped[whole.len() / 2] ^= 4;
    first[8] ^= 1;
    for harm in [flipped, first, whole[..whole.len() - 1].to_vec(), whole[..40].to_vec(), Vec::new(), of_another] {
        fs::write(index_file(&path), &harm).unwrap();
        let database = open(SqliteConfig::new(&path)).await?;
        let memory = collection(&database, "c", Metric::Cosine, 20).await?;
        ensure_eq!(answers(&memory).await?, expected(&path).await?, "with a file of {} bytes", harm.len());
        database.close().await?;
        ensure!(fs::read(index_file(&path)).unwrap() != harm, "the file is written anew");
    }
    // A copy of the database from before the last changes, with the file from after them.
    let past = fs::read(&path).unwrap();
    let database = open(SqliteConfig::new(&path)).await?;
    let memory = collection(&database, "c", Metric::Cosine, 20).await?;
    memory.put_all((0..1_500).map(|n| record(n + 1))).await?;
    answers(&memory).await?;
    database.close().await?;
    fs::write(&path, past).unwrap();
    let database = open(SqliteConfig::new(&path)).await?;
    let memory = collection(&database, "c", Metric::Cosine, 20).await?;
    memory.put_all((0..1_500).map(|n| record(n + 2))).await?;
    ensure_eq!(answers(&memory).await?, expected(&path).await?, "two pasts with as many changes are not the same");
    database.close().await?;
    Ok(())
}

async fn compact_and_drop_remove_the_files_of_indexes(_: Context) -> Outcome {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("memory.db");
    with_index_file(&path).await?;
    let database = open(SqliteConfig::new(&path)).await?;
    let longer = PathBuf::from(format!("{}2", index_file(&path).display()));
    let interrupted = PathBuf::from(format!("{}.77", index_file(&path).display()));
    for file in [&longer, &interrupted] {
        fs::write(file, "x").unwrap();
    }
    ensure!(database.drop_collection(&CollectionName::new("c")?).await?, "it was there");
    ensure!(!index_file(&path).exists() && !interrupted.exists(), "the file went with its collection");
    ensure!(longer.exists(), "that of a collection whose name only begins so did not");
    database.maintain(&Maintenance::Compact).await?;
    ensure!(!longer.exists(), "compact leaves none");
    database.close().await?;
    // Another database, which is called like one.
    fs::rename(&path, &longer).unwrap();
    let database = open(SqliteConfig::new(&path)).await?;
    database.maintain(&Maintenance::Compact).await?;
    ensure!(longer.exists(), "a database is no file of an index");
    database.close().await?;
    Ok(())
}
