//! The README's example: connect, put, search. It takes the server from `PGHOST`, `PGPORT`, `PGUSER`, `PGPASSWORD`, `PGDATABASE`.

use memory_core::connect::Secret;
use memory_core::{CollectionName, CollectionSpec, Database, Namespace, Record, Result, Scope};
use memory_postgres::{PostgresBackend, PostgresConfig};

#[tokio::main]
async fn main() -> Result<()> {
    let variable = |name: &str, default: &str| std::env::var(name).unwrap_or_else(|_| default.to_owned());
    let config = PostgresConfig::new(variable("PGHOST", "localhost"))
        .with_port(variable("PGPORT", "5432").parse().unwrap_or(5432))
        .with_user(variable("PGUSER", "postgres"))
        .with_password(Secret::new(variable("PGPASSWORD", "")))
        .with_database(variable("PGDATABASE", "postgres"));
    let database = Database::new(PostgresBackend::connect(config).await?);
    let spec = CollectionSpec::new(CollectionName::new("memories")?);
    let memory = database.create(&spec, Scope::exact(Namespace::new(["agent"])?)).await?;
    memory.put(Record::draft("1").content("The user prefers short answers.")).await?;
    let found = memory.search_text("short answer", 10).await?;
    assert_eq!(found.hits.len(), 1, "the record that was just put");
    database.close().await
}
