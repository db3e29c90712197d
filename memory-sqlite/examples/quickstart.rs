//! The README's example: `cargo run -p memory-sqlite --example quickstart -- memories.db`.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use memory_core::{CollectionName, CollectionSpec, Database, Namespace, Record, Result, Scope};
use memory_sqlite::{SqliteBackend, SqliteConfig};

async fn remember(path: &str) -> Result<()> {
    let database = Database::new(SqliteBackend::open(SqliteConfig::new(path)).await?);
    let spec = CollectionSpec::new(CollectionName::new("memories")?);
    let ada = database.create(&spec, Scope::subtree(Namespace::new(["ada"])?)).await?;
    ada.put(Record::draft("tea").kind("preference").content("Ada drinks her tea without milk.")).await?;
    ada.put(Record::draft("train").kind("fact").content("The night train leaves at nine.")).await?;
    for hit in ada.search_text("how does she drink tea?", 5).await?.hits {
        println!("{:.3}  {}", hit.score.value(), hit.content());
    }
    database.close().await
}

fn main() -> Result<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "memories.db".to_owned());
    futures_executor::block_on(remember(&path))
}
