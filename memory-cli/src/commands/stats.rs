//! `memoryctl stats`

use memory_core::{
    CollectionName, CollectionSpec, Database, Filter, NamespacesRequest, Scope, Stats as CollectionStats,
};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::text::{bytes, records, safe};
use crate::output::{Output, json};
use crate::parse;

/// How many namespaces are asked for at once.
const PAGE: usize = 1_000;

/// Say what each collection holds and takes up: records, namespaces, bytes, dimension, embedder, the state of its indexes
#[derive(clap::Args)]
pub(crate) struct Stats {
    /// One collection; without it all are told of
    #[arg(value_parser = parse::collection)]
    name: Option<CollectionName>,
}

#[derive(Serialize)]
struct Answer<'a> {
    collections: Vec<Collection<'a>>,
}

#[derive(Serialize)]
struct Collection<'a> {
    #[serde(flatten)]
    spec: json::Spec<'a>,
    records: u64,
    namespaces: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    bytes: Option<u64>,
    indexes: Vec<Index<'a>>,
}

#[derive(Serialize)]
struct Index<'a> {
    name: &'a str,
    state: &'a str,
}

/// What is told of one collection.
struct Told {
    spec: CollectionSpec,
    records: u64,
    namespaces: u64,
    stats: CollectionStats,
}

/// Writes some lines for each collection.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Stats) -> Result<(), Failure> {
    let database = context.database(false).await?;
    let names = match context.named(args.name)? {
        Some(name) => vec![name],
        None => database.collections().await?.iter().map(|spec| spec.name().clone()).collect(),
    };
    let mut told = Vec::new();
    for name in names {
        told.push(tell(database, &name).await.map_err(|error| context.explained(&name, error))?);
    }
    if out.is_json() {
        return out.json(&Answer { collections: told.iter().map(document).collect() });
    }
    told.iter().try_for_each(|told| lines(out, told))
}

async fn tell(database: &Database, name: &CollectionName) -> memory_core::Result<Told> {
    let memory = database.open(name, Scope::all()).await?;
    let records = memory.count(&Filter::all()).await?;
    let mut namespaces = 0;
    let mut request = NamespacesRequest::new().with_limit(PAGE);
    loop {
        let page = memory.namespaces(&request).await?;
        namespaces += page.len() as u64;
        match page.last() {
            Some(last) if page.len() == PAGE => request = request.with_after(Some(last.clone())),
            _ => break,
        }
    }
    Ok(Told { spec: memory.spec().clone(), records, namespaces, stats: memory.stats().await? })
}

fn document(told: &Told) -> Collection<'_> {
    Collection {
        spec: json::spec(&told.spec),
        records: told.records,
        namespaces: told.namespaces,
        bytes: told.stats.bytes,
        indexes: told.stats.indexes.iter().map(|index| Index { name: &index.name, state: &index.state }).collect(),
    }
}

fn lines(out: &mut Output, told: &Told) -> Result<(), Failure> {
    out.line(&told.spec)?;
    let namespaces = match told.namespaces {
        1 => "1 namespace".to_owned(),
        count => format!("{count} namespaces"),
    };
    let size = told.stats.bytes.map_or_else(String::new, |count| format!(", {}", bytes(count)));
    out.line(format!("  {} in {namespaces}{size}", records(told.records)))?;
    for index in &told.stats.indexes {
        out.line(format!("  {} index: {}", safe(&index.name), safe(&index.state)))?;
    }
    Ok(())
}
