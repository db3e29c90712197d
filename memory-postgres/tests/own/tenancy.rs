//! Row-level security: the server itself keeps namespaces apart.

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq, ensure_kind};
use memory_core::{
    Backend as _, CollectionName, CollectionSpec, Database, Filter, Maintenance, Namespace, Record, Result, Scope,
};
use memory_postgres::{PostgresBackend, PostgresConfig};
use tokio_postgres::{Client, NoTls};

use super::server::{READER, READER_PASSWORD, config, connection, make_reader, schema, secured, url};

cases! {
    "SC-2": [plain_sql_sees_what_its_transaction_names_and_no_more],
    "SC-3": [an_injected_namespace_changes_nothing, who_row_level_security_does_not_hold_is_refused],
    "ER-1": [without_the_owner_collections_are_read_and_not_made],
    "CO-7": [a_collection_made_without_is_secured_later],
}

fn name() -> Result<CollectionName> {
    CollectionName::new("notes")
}

/// A secured database with a collection; `a` and `b` have two records and one.
async fn place() -> Result<(Database, String)> {
    make_reader().await;
    let schema = schema();
    let config = secured(config()?.with_schema(&schema).with_pool_size(1), true)?;
    let database = Database::new(PostgresBackend::connect(config).await?);
    fill(&database).await?;
    Ok((database, schema))
}

async fn fill(database: &Database) -> Result<()> {
    let memory = database.create(&CollectionSpec::new(name()?), Scope::all()).await?;
    let draft =
        |space: &str, id: &str| Ok::<_, memory_core::Error>(Record::draft(id).namespace(Namespace::new([space])?));
    memory.put_all([draft("a", "1")?, draft("a", "2")?, draft("b", "1")?]).await?;
    Ok(())
}

/// A connection of the application's user past the backend.
async fn reader() -> Client {
    let mut url = url().unwrap();
    let (client, connection) = url.user(READER).password(READER_PASSWORD).connect(NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

async fn seen(client: &Client, schema: &str) -> i64 {
    let sql = format!("SELECT count(*) FROM {schema}.notes_1");
    client.query_one(&sql, &[]).await.unwrap().get(0)
}

async fn plain_sql_sees_what_its_transaction_names_and_no_more(_: Context) -> Outcome {
    let (_database, schema) = place().await?;
    let client = reader().await;
    ensure_eq!(seen(&client, &schema).await, 0, "without a name");
    let names = |first: &str, last: &str, parts: &str| {
        format!(
            "BEGIN; SELECT set_config('memory.first', '{first}', TRUE), set_config('memory.last', '{last}', TRUE), \
             set_config('memory.parts', '{parts}', TRUE)"
        )
    };
    for (first, last, parts, count) in [
        ("a/", "a/", "", 2),
        ("b/", "b0", "", 1),
        ("a/", "b/", r#"[["a/","a/"],["b/","b/"]]"#, 3),
        ("a/", "b/", r#"[["b/","b/"]]"#, 1),
        ("", "", "", 0),
    ] {
        client.batch_execute(&names(first, last, parts)).await.unwrap();
        ensure_eq!(seen(&client, &schema).await, count, "{first} {last} {parts}");
        let stray = format!(
            "INSERT INTO {schema}.notes_1 SELECT 'z/', id, kind, created_at, updated_at, expires_at, length, version, \
                             record, metadata, tags, words, embedding FROM {schema}.notes_1"
        );
        ensure!(client.batch_execute(&stray).await.is_err() || count == 0, "nothing is written outside");
        client.batch_execute("ROLLBACK").await.unwrap();
        ensure_eq!(seen(&client, &schema).await, 0, "the next transaction on the connection has no name again");
    }
    // The owner is held too.
    let owner = connection().await;
    let sql = "SELECT relrowsecurity AND relforcerowsecurity FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace \
               WHERE n.nspname = $1 AND c.relname = 'notes_1'";
    ensure!(owner.query_one(sql, &[&schema]).await.unwrap().get::<_, bool>(0), "security is forced");
    Ok(())
}

async fn an_injected_namespace_changes_nothing(_: Context) -> Outcome {
    let (database, _) = place().await?;
    for segment in ["x', TRUE); --", "\"]]", "[[\"\",\"\u{10FFFF}\"]]", "a/", "%", "\\", "memory.first"] {
        let memory = database.open(&name()?, Scope::exact(Namespace::new([segment])?)).await?;
        ensure_eq!(memory.count(&Filter::all()).await?, 0, "{segment}");
        memory.put(Record::draft("1")).await?;
        ensure_eq!(memory.count(&Filter::all()).await?, 1, "{segment}");
        let two = Scope::union([Scope::exact(Namespace::new([segment])?), Scope::exact(Namespace::new(["b"])?)])?;
        ensure_eq!(database.open(&name()?, two).await?.count(&Filter::all()).await?, 2, "{segment} and b");
    }
    Ok(())
}

async fn who_row_level_security_does_not_hold_is_refused(_: Context) -> Outcome {
    let schema = schema();
    let config: PostgresConfig = config()?.with_schema(&schema);
    PostgresBackend::connect(config.clone()).await?.close().await?;
    let error =
        ensure_kind!(PostgresBackend::connect(config.with_row_level_security()).await, PermissionDenied, "a superuser");
    ensure!(error.message().contains("superuser"), "{error}");
    Ok(())
}

async fn without_the_owner_collections_are_read_and_not_made(_: Context) -> Outcome {
    let (_database, schema) = place().await?;
    let config = secured(config()?.with_schema(&schema), false)?;
    let database = Database::new(PostgresBackend::connect(config).await?);
    let memory = database.open(&name()?, Scope::exact(Namespace::new(["a"])?)).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 2, "records are read");
    memory.put(Record::draft("3")).await?;
    database.create(&CollectionSpec::new(name()?), Scope::all()).await?;
    let other = CollectionSpec::new(CollectionName::new("other")?);
    ensure_kind!(database.create(&other, Scope::all()).await, PermissionDenied, "create");
    ensure_kind!(database.drop_collection(&name()?).await, PermissionDenied, "drop");
    ensure_kind!(database.maintain(&Maintenance::Reindex(name()?)).await, PermissionDenied, "reindex");
    Ok(())
}

async fn a_collection_made_without_is_secured_later(_: Context) -> Outcome {
    make_reader().await;
    let schema = schema();
    let plain = config()?.with_schema(&schema);
    let database = Database::new(PostgresBackend::connect(plain.clone()).await?);
    fill(&database).await?;
    database.close().await?;
    connection()
        .await
        .batch_execute(&format!(
            "GRANT USAGE ON SCHEMA {schema} TO {READER}; GRANT SELECT ON ALL TABLES IN SCHEMA {schema} TO {READER}"
        ))
        .await
        .unwrap();
    let early = Database::new(PostgresBackend::connect(secured(plain.clone(), false)?).await?);
    let findings = early.health().await?.findings;
    ensure!(findings.iter().any(|finding| finding.what.contains("notes has no row-level security")), "{findings:?}");
    let database = Database::new(PostgresBackend::connect(secured(plain, true)?).await?);
    let findings = database.health().await?.findings;
    ensure!(!findings.iter().any(|finding| finding.what.contains("row-level")), "nothing is unsecured: {findings:?}");
    let memory = database.open(&name()?, Scope::exact(Namespace::new(["a"])?)).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 2, "its records are read");
    ensure_eq!(seen(&reader().await, &schema).await, 0, "and shown to nobody who names nothing");
    Ok(())
}
