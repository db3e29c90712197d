//! `memoryctl health`

use memory_core::Finding;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::text::safe;

/// Ask the store how it is: server and version, the state of its schema, and what to do about each finding
#[derive(clap::Args)]
pub(crate) struct Health {}

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    store: String,
    server: &'a str,
    version: &'a str,
    schema: &'a str,
    findings: Vec<Found<'a>>,
}

#[derive(Serialize)]
struct Found<'a> {
    what: &'a str,
    advice: &'a str,
}

/// Writes what answers, and each finding with what to do.
pub(crate) async fn run(context: &Context, out: &mut Output) -> Result<(), Failure> {
    let database = context.database(false).await?;
    let health = database.health().await?;
    let backend = &database.capabilities().backend;
    if out.is_json() {
        return out.json(&Answer {
            backend,
            store: context.store().to_string(),
            server: &health.server,
            version: &health.version,
            schema: &health.schema,
            findings: health.findings.iter().map(|found| Found { what: &found.what, advice: &found.advice }).collect(),
        });
    }
    out.line(format!("backend  {backend}"))?;
    out.line(format!("store    {}", safe(&context.store().to_string())))?;
    out.line(format!("server   {} {}", safe(&health.server), safe(&health.version)))?;
    if !health.schema.is_empty() {
        out.line(format!("schema   {}", safe(&health.schema)))?;
    }
    if health.findings.is_empty() {
        return out.line("findings none: all is well");
    }
    for Finding { what, advice, .. } in &health.findings {
        out.line(format!("finding  {}", safe(what)))?;
        out.line(format!("         do: {}", safe(advice)))?;
    }
    Ok(())
}
