//! `memoryctl create`

use memory_core::{CollectionName, CollectionSpec, Language, Metric, Scope};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::output::{Output, json};
use crate::parse;

/// Make a collection. One of the same spec may exist already
#[derive(clap::Args)]
pub(crate) struct Create {
    /// Its name [default: memories]
    #[arg(value_parser = parse::collection)]
    name: Option<CollectionName>,
    /// How many components each vector has. Without it, and without an embedder that is named, the collection is text only
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    dimension: Option<u32>,
    /// How vectors are compared: cosine (unless given), dot or euclidean
    #[arg(long, requires = "dimension", value_parser = parse::metric)]
    metric: Option<Metric>,
    /// The language of the texts, whose words are cut to their stems: english (unless given), german, none, …
    #[arg(long, value_parser = parse::language)]
    language: Option<Language>,
}

#[derive(Serialize)]
struct Answer<'a> {
    collection: json::Spec<'a>,
}

/// Makes the collection and says what it is.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Create) -> Result<(), Failure> {
    let name = match context.named(args.name)? {
        Some(name) => name,
        None => context.collection()?,
    };
    let mut spec = CollectionSpec::new(name).with_language(args.language.unwrap_or_default());
    if let Some(dimension) = args.dimension {
        spec = spec.with_vectors(dimension as usize, args.metric.unwrap_or(Metric::Cosine))?;
    }
    let spec = context.with_embedder(spec).await?;
    let memory = context.database(true).await?.create(&spec, Scope::all()).await?;
    if out.is_json() {
        return out.json(&Answer { collection: json::spec(memory.spec()) });
    }
    note(&format!("collection {spec}"));
    Ok(())
}
