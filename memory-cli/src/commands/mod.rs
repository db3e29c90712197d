//! The verbs, one file each.

pub(crate) mod add;
pub(crate) mod bench;
pub(crate) mod collections;
pub(crate) mod completions;
pub(crate) mod config;
pub(crate) mod count;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod drop;
pub(crate) mod embed;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod health;
pub(crate) mod import;
pub(crate) mod init;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod migrate;
pub(crate) mod namespaces;
pub(crate) mod search;
pub(crate) mod stats;

mod confirm;
mod vector;
mod which;

use crate::args::Verb;
use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;

/// Does what the verb says.
pub(crate) async fn run(context: &Context, out: &mut Output, verb: Verb) -> Result<(), Failure> {
    match verb {
        Verb::Create(args) => create::run(context, out, args).await,
        Verb::Drop(args) => drop::run(context, out, args).await,
        Verb::Add(args) => add::run(context, out, args).await,
        Verb::Get(args) => get::run(context, out, args).await,
        Verb::Search(args) => search::run(context, out, args).await,
        Verb::List(args) => list::run(context, out, args).await,
        Verb::Count(args) => count::run(context, out, args).await,
        Verb::Delete(args) => delete::run(context, out, args).await,
        Verb::Collections(_) => collections::run(context, out).await,
        Verb::Namespaces(args) => namespaces::run(context, out, args).await,
        Verb::Export(args) => export::run(context, out, args).await,
        Verb::Import(args) => import::run(context, out, args).await,
        Verb::Embed(args) => embed::run(context, out, args).await,
        Verb::Health(_) => health::run(context, out).await,
        Verb::Migrate(args) => migrate::run(context, out, args).await,
        Verb::Stats(args) => stats::run(context, out, args).await,
        Verb::Bench(args) => bench::run(context, out, args).await,
        Verb::Init(args) => init::run(context, out, args),
        Verb::Config(args) => config::run(context, out, args),
    }
}
