//! What a caller sees when the way to the server breaks (ER-3, and what WR-4 and WR-5 say of doubt). A fault proxy stands
//! before the backend's own server, which notices nothing.

pub(super) mod away;
pub(super) mod cut;
pub(super) mod doubt;

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::{BoxFuture, join_all};
use memory_core::{Embedding, Filter, HybridRequest, ListRequest, Memory, NamespacesRequest, Record, Result, Scope};

use super::state::Must as _;
use crate::context::{Context, hits, ids};
use crate::proxy::{Link, Proxy};
use crate::{Failure, Outcome, ensure, ensure_eq};

/// The time within which every call has to end, as the database is configured.
const DEADLINE: Duration = Duration::from_secs(4);

/// When a call counts as hanging: a busy machine may be late.
const LATEST: Duration = Duration::from_secs(10);

/// How many records are there from the beginning. Their ids are `00`, `01`, ….
const RECORDS: usize = 40;

/// A collection with some records, behind a proxy.
struct Site {
    proxy: Proxy,
    context: Context,
    memory: Memory,
    /// The same collection, seen whole.
    whole: Memory,
}

impl Site {
    async fn new(context: &Context) -> Result<Self, Failure> {
        let server = context.harness.server().ok_or_else(|| Failure::assertion("the harness names no server"))?;
        let proxy = Proxy::start(server).map_err(|error| Failure::assertion(format!("no proxy: {error}")))?;
        let database = context.harness.through(proxy.address(), DEADLINE).await?;
        let context = Context::on(Arc::clone(&context.harness), database).await?;
        let memory = context.home("a").await?;
        memory.put_all((0..RECORDS).map(record)).await?;
        let whole = context.database.open(memory.spec().name(), Scope::all()).await?;
        let site = Self { proxy, context, memory, whole };
        site.works("at first").await?;
        Ok(site)
    }

    /// The way is open again: from now on every call works at once, through the same handle, and sees what was there.
    async fn recovers(&self) -> Outcome {
        self.proxy.set(Link::Open);
        self.works("when the server is back").await
    }

    async fn works(&self, when: &str) -> Outcome {
        let memory = &self.memory;
        // More at once than connections, so that none of them is left over from before.
        let reads = join_all((0..RECORDS).map(|number| memory.get(id(number))));
        for (number, read) in soon(when, reads).await?.into_iter().enumerate() {
            let read = read.must(&format!("a get {when}"))?;
            let content = read.as_ref().map(|stored| stored.record.content.as_str());
            ensure_eq!(content, Some(content_of(number).as_str()), "record {number} {when}");
        }
        soon(when, memory.put(Record::draft("later").kind("later").content(when))).await?.must("a put")?;
        let later = soon(when, memory.get("later")).await?.must("a get")?;
        ensure_eq!(
            later.map(|stored| stored.record.content.as_str().to_owned()).as_deref(),
            Some(when),
            "what was put"
        );
        let found = soon(when, memory.search_text("word7", 3)).await?.must("a search")?;
        ensure_eq!(hits(&found), ["n/07"], "a search {when}");
        Ok(())
    }

    /// Every call that reaches the server, all at once, and how each went. They delete nothing that is there, and write the
    /// record `doubt` alone, for a call that failed may still land.
    async fn call_everything(&self) -> Result<Vec<(&'static str, Result<()>)>, Failure> {
        let (memory, database) = (&self.memory, &self.context.database);
        let (name, absent) = (memory.spec().name(), self.context.name("absent")?);
        let vector = || Embedding::new(vec![1.0, 0.0, 0.0]);
        let hybrid = HybridRequest::new("shared", vector()?);
        let (gone, list, namespaces) = (Filter::kind().eq("gone"), ListRequest::new(), NamespacesRequest::new());
        let all = Filter::all();
        let doubtful = || Record::draft("doubt").kind("doubt").content("doubt");
        let calls: Vec<(&'static str, BoxFuture<'_, Result<()>>)> = vec![
            ("open", Box::pin(async { database.open(name, Scope::all()).await.map(drop) })),
            ("create", Box::pin(async { database.create(memory.spec(), Scope::all()).await.map(drop) })),
            ("collections", Box::pin(async { database.collections().await.map(drop) })),
            ("drop", Box::pin(async { database.drop_collection(&absent).await.map(drop) })),
            ("put", Box::pin(async { memory.put(doubtful()).await.map(drop) })),
            ("put", Box::pin(async { memory.put_all((0..50).map(|_| doubtful())).await.map(drop) })),
            ("get", Box::pin(async { memory.get("00").await.map(drop) })),
            ("delete", Box::pin(async { memory.delete("gone").await.map(drop) })),
            ("delete_where", Box::pin(async { memory.delete_where(&gone).await.map(drop) })),
            ("search", Box::pin(async { memory.search_vector(vector()?, 10).await.map(drop) })),
            ("search", Box::pin(async { memory.search_text("shared", 10).await.map(drop) })),
            ("search", Box::pin(async { memory.hybrid(&hybrid).await.map(drop) })),
            ("list", Box::pin(async { memory.list(&list).await.map(drop) })),
            ("count", Box::pin(async { memory.count(&all).await.map(drop) })),
            ("namespaces", Box::pin(async { memory.namespaces(&namespaces).await.map(drop) })),
            ("purge_expired", Box::pin(async { memory.purge_expired().await.map(drop) })),
            ("stats", Box::pin(async { self.whole.stats().await.map(drop) })),
        ];
        let (names, calls): (Vec<_>, Vec<_>) = calls.into_iter().unzip();
        let results = soon("every call", join_all(calls)).await?;
        Ok(names.into_iter().zip(results).collect())
    }
}

fn id(number: usize) -> String {
    format!("{number:02}")
}

fn content_of(number: usize) -> String {
    format!("shared word{number} {}", "and more text ".repeat(20))
}

fn record(number: usize) -> memory_core::Draft {
    Record::draft(id(number)).content(content_of(number)).embedding([1.0, number as f32, 0.5])
}

/// The answer of a call, which has to come within the configured time.
async fn soon<F: Future>(what: &str, call: F) -> Result<F::Output, Failure> {
    let before = Instant::now();
    let answer = tokio::time::timeout(LATEST, call).await;
    answer.map_err(|_| Failure::assertion(format!("{what}: no answer after {:?} of {DEADLINE:?}", before.elapsed())))
}

/// The answer of a listing is the whole of it.
fn is_whole(memory_ids: &[&str]) -> Outcome {
    let kept: Vec<&str> = memory_ids.iter().copied().filter(|id| id.len() == 2).collect();
    let expected: Vec<String> = (0..RECORDS).map(id).collect();
    ensure!(kept == expected, "an answer is a part: {} of {RECORDS} records", kept.len());
    Ok(())
}

/// The ids of a page, sorted.
fn sorted_ids(page: &memory_core::Page) -> Vec<&str> {
    let mut found = ids(page.records.iter().map(|stored| &stored.record));
    found.sort_unstable();
    found
}
