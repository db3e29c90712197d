//! `memoryctl drop`

use memory_core::{CollectionName, Filter, Scope};
use serde::Serialize;

use super::confirm;
use crate::context::Context;
use crate::failure::{Failure, note};
use crate::output::{Output, text};
use crate::parse;

/// Remove a collection and all that is in it, for good
#[derive(clap::Args)]
pub(crate) struct Drop {
    /// Its name
    #[arg(value_parser = parse::collection)]
    name: Option<CollectionName>,
    /// Do not ask
    #[arg(long, short)]
    yes: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    dropped: &'a str,
}

/// Asks, and drops the collection.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Drop) -> Result<(), Failure> {
    let Some(name) = context.named(args.name)? else {
        return Err(Failure::Usage("name the collection to drop: memoryctl drop NAME".to_owned()));
    };
    confirm::possible(args.yes, "drop")?;
    let database = context.database(false).await?;
    if !args.yes {
        let memory = database.open(&name, Scope::all()).await.map_err(|error| context.explained(&name, error))?;
        let count = memory.count(&Filter::all()).await?;
        confirm::ask(args.yes, &format!("Drop collection {name} with {}?", text::records(count)))?;
    }
    if !database.drop_collection(&name).await? {
        return Err(Failure::Absent(format!("there is no collection {name}; `memoryctl collections` lists them")));
    }
    if out.is_json() {
        return out.json(&Answer { dropped: name.as_str() });
    }
    note(&format!("dropped collection {name}"));
    Ok(())
}
