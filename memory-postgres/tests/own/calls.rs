//! Connections: sharing a pool, giving up a call, time-outs, what stays on a connection.

use std::time::{Duration, Instant};

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq, ensure_kind};
use memory_core::{
    CollectionName, CollectionSpec, CreateOptions, Database, Filter, ListRequest, Memory, Metadata, Namespace, Record,
    Result, Scope,
};
use memory_postgres::{PostgresBackend, PostgresConfig, SslMode};

use super::relay::Relay;
use super::server::{config, connection, schema};

cases! {
    "CD-1": [sixty_four_tasks_share_a_pool_of_eight],
    "WR-7": [a_call_that_is_given_up_ends_its_statement],
    "ER-3": [
        a_statement_that_takes_too_long_is_ended,
        a_pool_without_a_free_connection_is_a_timeout,
        a_connection_that_was_ended_is_replaced,
    ],
    "CA-3": [the_same_answers_behind_a_pooler],
    "RE-8": [a_call_is_one_round_trip],
    "CO-7": [a_hinted_path_is_found_by_its_index],
}

/// A database with one collection; the last is its table.
async fn opened(config: PostgresConfig) -> Result<(PostgresBackend, Memory, String)> {
    let schema = schema();
    let backend = PostgresBackend::connect(config.with_schema(&schema)).await?;
    let spec = CollectionSpec::new(CollectionName::new("notes")?);
    let scope = Scope::exact(Namespace::new(["n"])?);
    let memory = Database::new(backend.clone()).create(&spec, scope).await?;
    let sql = format!("SELECT number FROM {schema}.memory_collections");
    let number: i64 = connection().await.query_one(&sql, &[]).await.unwrap().get(0);
    Ok((backend, memory, format!("{schema}.\"notes_{number}\"")))
}

/// How many statements with this in their text the server is at.
async fn running(text: &str) -> i64 {
    let sql =
        "SELECT count(*) FROM pg_stat_activity WHERE state = 'active' AND query LIKE $1 AND pid <> pg_backend_pid()";
    connection().await.query_one(sql, &[&format!("%{text}%")]).await.unwrap().get(0)
}

async fn until(text: &str, count: i64) -> bool {
    for _ in 0..200 {
        if running(text).await == count {
            return true;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    false
}

async fn sixty_four_tasks_share_a_pool_of_eight(_: Context) -> Outcome {
    let (backend, memory, _) = opened(config()?.with_pool_size(8)).await?;
    let tasks: Vec<_> = (0..64)
        .map(|task| {
            let memory = memory.clone();
            tokio::spawn(async move {
                for round in 0..10 {
                    memory.put(Record::draft(format!("{task}")).content(format!("apple {round}"))).await?;
                    let found = memory.get(format!("{task}").as_str()).await?;
                    assert_eq!(found.unwrap().record.content.as_str(), format!("apple {round}"));
                }
                Ok::<_, memory_core::Error>(())
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap()?;
    }
    ensure_eq!(memory.count(&Filter::all()).await?, 64, "one record of each");
    let status = backend.pool_status();
    ensure!(status.connections <= 8 && status.most == 8 && status.waiting == 0, "{status:?}");
    Ok(())
}

/// A lock on the table keeps the read waiting; the read is dropped, and is then gone from the server too.
async fn a_call_that_is_given_up_ends_its_statement(_: Context) -> Outcome {
    let (backend, memory, table) = opened(config()?.with_pool_size(1)).await?;
    memory.put(Record::draft("1")).await?;
    let locker = connection().await;
    locker.batch_execute(&format!("BEGIN; LOCK TABLE {table} IN ACCESS EXCLUSIVE MODE")).await.unwrap();
    let count = tokio::spawn(async move { memory.count(&Filter::all()).await.map(|_| memory) });
    let text = format!("count(*) FROM {table}");
    ensure!(until(&text, 1).await, "the statement waits for the lock");
    count.abort();
    ensure!(until(&text, 0).await, "the statement was cancelled");
    locker.batch_execute("ROLLBACK").await.unwrap();
    let memory = Database::new(backend.clone()).open(&CollectionName::new("notes")?, Scope::all()).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 1, "the pool of one has a connection again");
    Ok(())
}

async fn a_statement_that_takes_too_long_is_ended(_: Context) -> Outcome {
    for pooler in [false, true] {
        let time = Duration::from_millis(300);
        let (_, memory, table) = opened(config()?.with_statement_timeout(time).with_pooler(pooler)).await?;
        memory.put(Record::draft("1")).await?;
        let locker = connection().await;
        let lock = format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table);
        locker.batch_execute(&lock).await.unwrap();
        let start = Instant::now();
        let error = ensure_kind!(memory.count(&Filter::all()).await, Timeout, "a read");
        ensure!(error.is_retryable() && start.elapsed() < Duration::from_secs(3), "after {:?}", start.elapsed());
        let error = ensure_kind!(memory.put(Record::draft("2")).await, Timeout, "a write");
        // Where the server ends it, nothing was written; where it is given up, nobody knows.
        ensure_eq!(error.is_outcome_open(), pooler, "the outcome");
        locker.batch_execute("ROLLBACK").await.unwrap();
        ensure!(memory.get("1").await?.is_some(), "the same handle works");
    }
    Ok(())
}

async fn a_pool_without_a_free_connection_is_a_timeout(_: Context) -> Outcome {
    let (_, memory, table) = opened(config()?.with_pool_size(1).with_wait_timeout(Duration::from_millis(200))).await?;
    let locker = connection().await;
    let lock = format!("BEGIN; LOCK TABLE {} IN ACCESS EXCLUSIVE MODE", table);
    locker.batch_execute(&lock).await.unwrap();
    let waiting = tokio::spawn({
        let memory = memory.clone();
        async move { memory.count(&Filter::all()).await }
    });
    tokio::time::sleep(Duration::from_millis(100)).await;
    let error = ensure_kind!(memory.get("1").await, Timeout, "there is no second connection");
    ensure!(error.message().contains("pool_size"), "{error}");
    locker.batch_execute("ROLLBACK").await.unwrap();
    ensure_eq!(waiting.await.unwrap()?, 0, "the first call has its answer");
    Ok(())
}

async fn a_connection_that_was_ended_is_replaced(_: Context) -> Outcome {
    let (_, memory, table) = opened(config()?.with_pool_size(2)).await?;
    memory.put(Record::draft("1")).await?;
    let end = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = 'memory-postgres' AND query LIKE $1";
    let ended = connection().await.query(end, &[&format!("%{table}%")]).await.unwrap();
    ensure_eq!(ended.len(), 1, "the connection of the put");
    for _ in 0..5 {
        // One that ended while it was picked up may be noticed only then; a repetition takes another one.
        match memory.get("1").await {
            Ok(found) => {
                ensure!(found.is_some(), "the record is there");
                return Ok(());
            }
            Err(error) => ensure!(error.is_retryable(), "{error}"),
        }
    }
    Err(memory_conformance::Failure::assertion("no connection is replaced"))
}

/// A pooler in transaction mode gives each transaction another connection: nothing may be left on one.
async fn the_same_answers_behind_a_pooler(_: Context) -> Outcome {
    for pooler in [true, false] {
        let (relay, port) = Relay::start().await;
        let config = config()?.with_port(port).with_ssl_mode(SslMode::Disable).with_pooler(pooler);
        let (_, memory, _) = opened(config).await?;
        memory.put_all(["1", "2", "3"].map(|id| Record::draft(id).content("apple"))).await?;
        ensure!(memory.get("2").await?.is_some(), "a read");
        ensure_eq!(memory.search_text("apple", 10).await?.hits.len(), 3, "a search");
        ensure!(memory.delete("3").await?, "a delete");
        ensure_eq!(relay.kept() == 0, pooler, "whether no statement is kept prepared");
    }
    Ok(())
}

async fn a_call_is_one_round_trip(_: Context) -> Outcome {
    let (relay, port) = Relay::start().await;
    let (_, memory, _) = opened(config()?.with_port(port).with_ssl_mode(SslMode::Disable).with_pool_size(1)).await?;
    // The first put, get and delete of a connection prepare their statements.
    memory.put(Record::draft("1").content("apple")).await?;
    memory.get("1").await?;
    memory.delete("0").await?;
    for what in ["get", "put", "batch", "search", "list", "count", "delete"] {
        let before = relay.round_trips();
        match what {
            "get" => drop(memory.get("1").await?),
            "put" => drop(memory.put(Record::draft("2").content("pear")).await?),
            "batch" => drop(memory.put_all((0..500).map(|id| Record::draft(format!("{id}")))).await?),
            "search" => drop(memory.search_text("apple", 10).await?),
            "list" => drop(memory.list(&ListRequest::new()).await?),
            "count" => drop(memory.count(&Filter::kind().eq("")).await?),
            _ => drop(memory.delete("2").await?),
        }
        ensure_eq!(relay.round_trips() - before, 1, "{what}");
    }
    Ok(())
}

/// One record of three thousand: reading them all is dearer than the index.
async fn a_hinted_path_is_found_by_its_index(_: Context) -> Outcome {
    let schema = schema();
    let backend = PostgresBackend::connect(config()?.with_schema(&schema)).await?;
    let database = Database::new(backend);
    let spec = CollectionSpec::new(CollectionName::new("notes")?);
    let options = CreateOptions::new().with_index(["it's", "a\\b"]);
    let memory = database.create_with(&spec, &options, Scope::exact(Namespace::new(["n"])?)).await?;
    let drafts = (0..3_000).map(|n| {
        let metadata = format!(r#"{{"it's":{{"a\\b":"v{n}"}}}}"#);
        Record::draft(format!("{n}")).metadata(Metadata::from_json(&metadata).unwrap())
    });
    memory.put_all(drafts.collect::<Vec<_>>()).await?;
    let admin = connection().await;
    admin.batch_execute(&format!("VACUUM ANALYZE {schema}.notes_1")).await.unwrap();
    for _ in 0..5 {
        ensure_eq!(memory.count(&Filter::metadata(["it's", "a\\b"]).eq("v7")).await?, 1, "one matches");
    }
    database.close().await?;
    // A session tells at its end.
    tokio::time::sleep(Duration::from_secs(1)).await;
    let sql = "SELECT sum(s.idx_scan)::int8 FROM pg_stat_user_indexes s WHERE s.schemaname = $1 \
               AND pg_get_indexdef(s.indexrelid) LIKE '%jsonb_path_ops%'";
    let uses: i64 = admin.query_one(sql, &[&schema]).await.unwrap().get(0);
    ensure_eq!(uses, 5, "the index was asked each time");
    Ok(())
}
