//! `memoryctl embed`

use futures_util::TryStreamExt as _;
use memory_core::{
    Clock as _, CollectionName, CollectionSpec, Filter, ListRequest, Memory, Record, Scope, SystemClock,
};
use serde::Serialize;

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::interrupt::Interrupt;
use crate::output::{Output, text};
use crate::parse;
use crate::progress;
use crate::transfer::batch::{Done, Lot};

/// How many records are read, embedded and put at once.
const PAGE: usize = 128;

/// Copy a collection into a new one with the vectors of another embedder, each text embedded anew. Repeated, it goes on
/// where it stopped
#[derive(clap::Args)]
pub(crate) struct Embed {
    /// The new collection; it is made, or exists with the same spec
    #[arg(long, value_name = "NAME", value_parser = parse::collection)]
    to: CollectionName,
}

#[derive(Serialize)]
struct Answer<'a> {
    embedded: u64,
    unchanged: u64,
    cut: u64,
    collection: &'a str,
    embedder: &'a str,
}

/// Copies page by page; what is there already as it would be put is left alone.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Embed) -> Result<(), Failure> {
    let from = context.collection()?;
    if from == args.to {
        return Err(Failure::Usage(format!("--to names another collection than {from}, which is read")));
    }
    let database = context.database(false).await?;
    let source = database.open(&from, Scope::all()).await.map_err(|error| context.explained(&from, error))?;
    let embedder = context.embedder_for_copy().await?;
    let spec = CollectionSpec::new(args.to).with_analyser(source.spec().analyser()).for_embedder(&*embedder)?;
    let target = database.create(&spec, Scope::all()).await?.with_embedder(embedder)?;
    let done = copy(&source, &target).await?;
    let (name, embedder) = (spec.name(), spec.embedder().unwrap_or_default());
    if out.is_json() {
        let Done { written: embedded, unchanged, cut, .. } = done;
        return out.json(&Answer { embedded, unchanged, cut, collection: name.as_str(), embedder });
    }
    note(&format!(
        "embedded {} of collection {from} into {name} by {embedder}{}",
        text::records(done.written),
        done.besides()
    ));
    Ok(())
}

async fn copy(source: &Memory, target: &Memory) -> Result<Done, Failure> {
    let now = SystemClock.now();
    let bar = progress::records(source.count(&Filter::all()).await?, "embedding");
    let mut done = Done::default();
    let mut interrupt = Interrupt::new();
    let pages = source.stream(ListRequest::new().with_limit(PAGE)).map_ok(|stored| stored.record).try_chunks(PAGE);
    let mut pages = std::pin::pin!(pages);
    loop {
        let step = async {
            let Some(page) = pages.try_next().await.map_err(|error| error.1)? else { return Ok(false) };
            let bare = page.into_iter().map(|record| Record { embedding: None, ..record }).collect();
            let mut lot = Lot::of(bare, done.last);
            lot.skip_present(target, now, &mut done).await?;
            lot.put(target, &mut done).await?;
            bar.set_position(done.last);
            Ok(true)
        };
        match interrupt.or(step).await? {
            Some(true) => {}
            Some(false) => return Ok(done),
            None => {
                let message = format!(
                    "interrupted after {}; the same command goes on from there",
                    text::records(done.written + done.unchanged)
                );
                return Err(Failure::Interrupted(message));
            }
        }
    }
}
