//! Remembers two things in a file and finds one again: `cargo run -p memory-sqlite --example quickstart -- memory.db`.

use futures_executor::block_on;
use memory_core::{CollectionName, CollectionSpec, Database, Namespace, Record, Result, Scope};
use memory_sqlite::{SqliteBackend, SqliteConfig};

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "memory.db".to_owned());
    block_on(run(&path))
}

#[allow(clippy::print_stdout, reason = "an example shows what it found")]
async fn run(path: &str) -> Result<()> {
    let database = Database::new(SqliteBackend::open(SqliteConfig::new(path)).await?);
    let spec = CollectionSpec::new(CollectionName::new("memories")?);
    let memory = database.create(&spec, Scope::exact(Namespace::new(["ada"])?)).await?;

    memory.put(Record::draft("tea").content("Ada drinks her tea without milk.")).await?;
    memory.put(Record::draft("train").content("The night train leaves at nine.")).await?;

    for hit in memory.search_text("how does she drink tea?", 10).await?.hits {
        println!("{:.3}  {}", hit.score.value(), hit.content());
    }
    database.close().await
}
