//! `memoryctl namespaces`

use memory_core::{Namespace, NamespacesRequest};
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::{Output, text};

/// How many are asked for at once.
const PAGE: usize = 1_000;

/// List the namespaces that hold a record, by their keys
#[derive(clap::Args)]
pub(crate) struct Namespaces {
    /// Cut each to its first N segments, 1 to 8
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(1..=8))]
    depth: Option<u8>,
}

#[derive(Serialize)]
struct Answer {
    namespaces: Vec<Vec<String>>,
}

/// Writes one line for each namespace, as `--namespace` takes it.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Namespaces) -> Result<(), Failure> {
    let memory = context.memory().await?;
    let mut request = NamespacesRequest::new().with_depth(args.depth.map(usize::from)).with_limit(PAGE);
    let mut all: Vec<Namespace> = Vec::new();
    loop {
        let page = memory.namespaces(&request).await?;
        let Some(last) = page.last() else { break };
        request = request.with_after(Some(last.clone()));
        all.extend(page);
    }
    if out.is_json() {
        return out.json(&Answer { namespaces: all.iter().map(Namespace::segments).collect() });
    }
    all.iter().try_for_each(|namespace| out.line(text::path(namespace)))
}
