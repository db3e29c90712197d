//! The README's example: connect, put, search.

use futures_executor::block_on;
use memory_core::{CollectionName, CollectionSpec, Database, Namespace, Record, Result, Scope};
use memory_postgres::{PostgresBackend, PostgresConfig};

fn main() -> Result<()> {
    block_on(async {
        let database = Database::new(PostgresBackend::connect(PostgresConfig::new("localhost")?).await?);
        let spec = CollectionSpec::new(CollectionName::new("memories")?);
        let memory = database.create(&spec, Scope::exact(Namespace::new(["agent"])?)).await?;
        memory.put(Record::draft("1").content("The user prefers short answers.")).await?;
        let found = memory.search_text("short answer", 10).await?;
        assert_eq!(found.hits.len(), 1, "the record that was just put");
        database.close().await
    })
}
