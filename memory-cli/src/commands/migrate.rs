//! `memoryctl migrate`

use memory_core::connect::Migration;
use serde::Serialize;

use crate::context::Context;
use crate::failure::Failure;
use crate::output::Output;
use crate::output::text::{safe, safe_lines};

/// Bring the store's schema to the layout that this program has. Verbs that write do so by themselves; this is for who wants to see the
/// steps first, or gives the right to take them to this one call
#[derive(clap::Args)]
pub(crate) struct Migrate {
    /// Only say what would be done: each step, in the store's own language
    #[arg(long)]
    dry_run: bool,
}

#[derive(Serialize)]
struct Answer<'a> {
    backend: &'a str,
    what: Option<&'a str>,
    from: Option<u32>,
    to: Option<u32>,
    steps: &'a [String],
    done: bool,
}

/// Writes where the schema stands, takes the steps unless they are only asked for, and says so.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Migrate) -> Result<(), Failure> {
    let backend = context.store().backend();
    let migration = context.options().registry.migration(context.store()).await;
    let migration = migration.map_err(|error| context.in_store(error))?;
    let steps = migration.as_ref().map_or(&[][..], |migration| &migration.steps);
    let done = !args.dry_run && !steps.is_empty();
    if done {
        context.database(true).await?;
    }
    if out.is_json() {
        let what = migration.as_ref().map(|migration| migration.what.as_str());
        let (from, to) = (migration.as_ref().map(|it| it.from), migration.as_ref().map(|it| it.to));
        return out.json(&Answer { backend, what, from, to, steps, done });
    }
    let Some(Migration { what, from, to, .. }) = &migration else {
        return out.line(format!("a store of {backend} has no schema apart from itself: nothing to do"));
    };
    if steps.is_empty() {
        return out.line(format!("{} has layout {from}, as this program: nothing to do", safe(what)));
    }
    if done {
        return out.line(format!("{}: brought from layout {from} to {to}", safe(what)));
    }
    for step in steps {
        out.line(safe_lines(step.trim()))?;
    }
    out.line(format!("-- {}: layout {from}, to be {to}; nothing was done", safe(what)))
}
