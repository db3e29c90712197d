//! The verbs, one file each.

pub(crate) mod add;
pub(crate) mod collections;
pub(crate) mod completions;
pub(crate) mod count;
pub(crate) mod create;
pub(crate) mod delete;
pub(crate) mod drop;
pub(crate) mod export;
pub(crate) mod get;
pub(crate) mod import;
pub(crate) mod list;
pub(crate) mod man;
pub(crate) mod namespaces;
pub(crate) mod search;

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
    }
}
