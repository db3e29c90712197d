//! `memoryctl collections`

use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Output, json};

/// List the collections, with what each was made with
#[derive(clap::Args)]
pub(crate) struct Collections {}

#[derive(Serialize)]
struct Answer<'a> {
    collections: Vec<json::Spec<'a>>,
}

/// Writes one line for each collection.
pub(crate) async fn run(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let specs = context.database(false).await?.collections().await?;
    if out.is_json() {
        return out.json(&Answer { collections: specs.iter().map(json::spec).collect() });
    }
    specs.iter().try_for_each(|spec| out.line(spec))
}
