//! What cannot work is refused with the cause and the next step, and without the password.

use std::time::{Duration, Instant};

use memory_conformance::{Context, Outcome, cases, ensure, ensure_eq};
use memory_core::connect::Secret;
use memory_core::{Backend as _, ErrorKind, Result};
use memory_postgres::{PostgresBackend, PostgresConfig};

use super::server::{config, connection, schema};

cases! {
    "ER-1": [
        a_wrong_address_password_or_database_is_named,
        a_missing_privilege_is_named,
        a_database_without_the_extension_is_told_the_command,
        an_old_extension_is_told_the_command,
        a_newer_layout_is_unsupported,
        nothing_is_made_where_only_what_exists_is_wanted,
        what_would_be_made_is_said_and_not_made,
    ],
    "ER-3": [what_does_not_answer_is_given_up_in_time],
}

const SECRET: &str = "hunter2-correct-horse";

/// The kind and the text of the error; the secret is not in it.
async fn refused(config: PostgresConfig) -> (ErrorKind, String) {
    let error = match PostgresBackend::connect(config).await {
        Ok(_) => panic!("it connects"),
        Err(error) => error,
    };
    let mut shown = format!("{error} {error:?}");
    let mut source = std::error::Error::source(&error);
    while let Some(inner) = source {
        shown.push_str(&format!(" {inner} {inner:?}"));
        source = inner.source();
    }
    assert!(!shown.contains(SECRET), "the password is shown");
    (error.kind(), error.message().to_owned())
}

async fn a_wrong_address_password_or_database_is_named(_: Context) -> Outcome {
    let secret = || Secret::new(SECRET);
    for (config, kind, words) in [
        (config()?.with_port(1).with_password(secret()), ErrorKind::Unavailable, "start it"),
        (
            PostgresConfig::new("no-such-host.invalid").with_password(secret()),
            ErrorKind::Unavailable,
            "correct host and port",
        ),
        (config()?.with_password(secret()), ErrorKind::PermissionDenied, "password"),
        (config()?.with_user("nobody_of_ours").with_password(secret()), ErrorKind::PermissionDenied, "password"),
        (config()?.with_database("no_such_database"), ErrorKind::NotFound, "createdb"),
    ] {
        let (found, message) = refused(config).await;
        ensure_eq!(found, kind, "{message}");
        ensure!(message.contains(words), "{message}");
    }
    Ok(())
}

/// A database of its own, and a role that may do nothing in it.
struct Place {
    name: String,
}

impl Place {
    async fn new() -> Result<Self> {
        let name = schema();
        let admin = connection().await;
        admin.batch_execute(&format!("CREATE DATABASE {name}")).await.unwrap();
        admin.batch_execute(&format!("CREATE ROLE {name} LOGIN PASSWORD '{SECRET}'")).await.unwrap();
        Ok(Self { name })
    }

    fn as_admin(&self) -> Result<PostgresConfig> {
        Ok(config()?.with_database(&self.name))
    }

    fn as_role(&self) -> Result<PostgresConfig> {
        Ok(self.as_admin()?.with_user(&self.name).with_password(Secret::new(SECRET)))
    }

    async fn run(&self, sql: &str) {
        let mut url = super::server::url().unwrap();
        let (client, connection) = url.dbname(&self.name).connect(tokio_postgres::NoTls).await.unwrap();
        tokio::spawn(connection);
        client.batch_execute(sql).await.unwrap();
    }

    async fn remove(self) {
        let admin = connection().await;
        admin.batch_execute(&format!("DROP DATABASE {} WITH (FORCE)", self.name)).await.unwrap();
        admin.batch_execute(&format!("DROP ROLE {}", self.name)).await.unwrap();
    }
}

async fn a_missing_privilege_is_named(_: Context) -> Outcome {
    let place = Place::new().await?;
    place.run("CREATE EXTENSION vector").await;
    let (kind, message) = refused(place.as_role()?).await;
    ensure_eq!(kind, ErrorKind::PermissionDenied, "{message}");
    ensure!(message.contains("privilege"), "{message}");
    // With the schema in its hands it needs nothing else, no superuser.
    place.run(&format!("CREATE SCHEMA memory AUTHORIZATION {}", place.name)).await;
    PostgresBackend::connect(place.as_role()?).await?.close().await?;
    place.remove().await;
    Ok(())
}

async fn a_database_without_the_extension_is_told_the_command(_: Context) -> Outcome {
    let place = Place::new().await?;
    let (kind, message) = refused(place.as_role()?).await;
    ensure_eq!(kind, ErrorKind::Unsupported, "{message}");
    ensure!(message.contains("CREATE EXTENSION vector"), "{message}");
    // Who may make it, gets it made.
    PostgresBackend::connect(place.as_admin()?).await?.close().await?;
    place.remove().await;
    Ok(())
}

/// The version that the catalogue says is all that the check looks at.
async fn an_old_extension_is_told_the_command(_: Context) -> Outcome {
    let place = Place::new().await?;
    place.run("CREATE EXTENSION vector; UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = 'vector'").await;
    let (kind, message) = refused(place.as_admin()?).await;
    ensure_eq!(kind, ErrorKind::Unsupported, "{message}");
    ensure!(message.contains("ALTER EXTENSION vector UPDATE"), "{message}");
    place.remove().await;
    Ok(())
}

async fn a_newer_layout_is_unsupported(_: Context) -> Outcome {
    let schema = schema();
    let config = config()?.with_schema(&schema);
    PostgresBackend::connect(config.clone()).await?.close().await?;
    let sql = format!("INSERT INTO {schema}.memory_layout (version) VALUES (99)");
    connection().await.batch_execute(&sql).await.unwrap();
    let (kind, message) = refused(config).await;
    ensure_eq!(kind, ErrorKind::Unsupported, "{message}");
    ensure!(message.contains("layout 99") && message.contains("newer version of the program"), "{message}");
    Ok(())
}

async fn nothing_is_made_where_only_what_exists_is_wanted(_: Context) -> Outcome {
    let schema = schema();
    let (kind, message) = refused(config()?.with_schema(&schema).existing_only()).await;
    ensure_eq!(kind, ErrorKind::NotFound, "{message}");
    let sql = format!("SELECT to_regnamespace('{schema}') IS NULL");
    ensure!(connection().await.query_one(&sql, &[]).await.unwrap().get::<_, bool>(0), "no schema was made");
    Ok(())
}

/// A socket that takes connections and says nothing.
async fn what_does_not_answer_is_given_up_in_time(_: Context) -> Outcome {
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = silent.local_addr().unwrap().port();
    let start = Instant::now();
    let config = PostgresConfig::new("127.0.0.1").with_port(port).with_connect_timeout(Duration::from_millis(300));
    let (kind, message) = refused(config).await;
    ensure_eq!(kind, ErrorKind::Timeout, "{message}");
    ensure!(start.elapsed() < Duration::from_secs(3), "after {:?}", start.elapsed());
    Ok(())
}

async fn what_would_be_made_is_said_and_not_made(_: Context) -> Outcome {
    let schema = schema();
    let config = config()?.with_schema(&schema);
    let migration = PostgresBackend::migration(config.clone()).await?;
    ensure_eq!((migration.from, migration.to), (0, 1), "nothing is there");
    ensure!(migration.what.contains(&schema), "{migration:?}");
    let [first, second] = migration.steps.as_slice() else { panic!("{migration:?}") };
    ensure!(first.contains("CREATE SCHEMA") && second.contains(&format!("CREATE TABLE {schema}.")), "{migration:?}");
    let is_there = "SELECT to_regnamespace($1) IS NOT NULL";
    let admin = connection().await;
    ensure!(!admin.query_one(is_there, &[&schema]).await.unwrap().get::<_, bool>(0), "nothing was made");
    // The steps are all that it takes.
    for step in &migration.steps {
        admin.batch_execute(step).await.unwrap();
    }
    let migration = PostgresBackend::migration(config.clone()).await?;
    ensure_eq!((migration.from, migration.to, migration.steps.len()), (1, 1, 0), "they were taken by hand");
    PostgresBackend::connect(config.existing_only()).await?.close().await?;
    Ok(())
}
