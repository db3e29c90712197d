//! One collection. Each method reads: translate, call, map.

use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use memory_core::kit::batch::last_wins;
use memory_core::kit::cursor::CursorBinding;
use memory_core::kit::page::{RawPage, fill};
use memory_core::kit::rank::{Top, vector_score};
use memory_core::kit::refill::{Candidates, Margin, Refill};
use memory_core::kit::text::TextRanking;
use memory_core::{
    Batch, Capabilities, Collection, CollectionSpec, Delete, Deleted, Embedding, Error, Exactness, Filter, ListRequest,
    Metric, Namespace, NamespacesRequest, Page, Query, RecordKey, Result, Score, SearchRequest, SearchResponse, Stats,
    Stored, Timestamp, VectorSpec, View, WordMatch, Write, Written,
};

use tokio_postgres::Row;

use crate::backend::Shared;
use crate::batches::{self, Progress, Run};
use crate::error::corrupt;
use crate::filter::{Hints, Translated, translate};
use crate::mapping::{self, PgVector, column, stored, unsigned};
use crate::query::{Condition, Statement, behind, live, position};
use crate::schema::Table;
use crate::{searches, statements};

/// A handle on one incarnation of a collection.
#[derive(Clone)]
pub(crate) struct PostgresCollection {
    pub(crate) shared: Arc<Shared>,
    pub(crate) spec: CollectionSpec,
    pub(crate) incarnation: String,
    pub(crate) table: Table,
    pub(crate) hints: Hints,
}

impl fmt::Debug for PostgresCollection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostgresCollection").field("spec", &self.spec).finish_non_exhaustive()
    }
}

impl PostgresCollection {
    async fn rows(&self, statement: &Statement) -> Result<Vec<Row>> {
        self.shared.client.read(&self.shared.types, statement).await
    }

    /// Writes run by run; each stands alone.
    async fn run_each(&self, runs: Vec<Run>) -> Result<Progress> {
        let mut progress = Progress::default();
        for run in runs {
            match self.shared.client.write(&self.shared.types, &run.statement).await {
                Ok(rows) => progress.done(run, &rows)?,
                Err(error) => return Err(progress.fail(error, [&run])),
            }
        }
        progress.finish()
    }

    /// Writes all runs or none.
    async fn run_together(&self, runs: Vec<Run>) -> Result<Progress> {
        let mut progress = Progress::default();
        let statements: Vec<&Statement> = runs.iter().map(|run| &run.statement).collect();
        let keep = |answers: &[Vec<Row>]| batches::all_won(&runs, answers);
        match self.shared.client.write_together(&self.shared.types, &statements, keep).await {
            Ok(answers) => {
                runs.into_iter().zip(answers).try_for_each(|(run, rows)| progress.done(run, &rows))?;
                progress.finish_together()
            }
            Err(error) => Err(progress.fail(error, &runs)),
        }
    }

    /// One leg by vector: by the index where the search and the table have one, and if that leaves the answer short, exactly.
    async fn nearest(
        &self,
        view: &View,
        request: &SearchRequest,
        query: &Embedding,
        (vectors, exactness): (VectorSpec, Exactness),
    ) -> Result<SearchResponse> {
        let filter = translate(&request.filter, &self.hints);
        let score = |stored: Stored| {
            let matches = filter.exact || request.filter.matches(&stored.record);
            let score = vector_score(vectors.metric, query.as_slice(), &stored.record);
            Ok(score.filter(|_| matches).map(|score| (score, stored)))
        };
        let vector = PgVector(query.clone());
        let index = self.shared.index(&self.table).filter(|_| exactness == Exactness::Any && request.only.is_none());
        if let Some(index) = index {
            let n = candidates_for(request);
            let statement = searches::near(&self.table, view, request, &filter, (&vector, vectors, index), n);
            let rows = self.shared.client.read_in(&self.shared.types, &index.settings(n), &statement).await?;
            if rows.len() >= n {
                let mut top = Top::new(request);
                for row in &rows {
                    if let Some((score, stored)) = score(stored(row, 1)?)? {
                        top.offer(score, stored.record.key.clone(), stored);
                    }
                }
                if top.is_full() {
                    return Ok(SearchResponse::new(top.into_hits(request)));
                }
            }
        }
        let margin = match vectors.metric {
            // The server's score is the best that the true one may be.
            Metric::Dot => Margin::Absolute(0.0),
            Metric::Cosine | Metric::Euclidean => Margin::vector(vectors.metric, query, 0.0),
        };
        let fetch = async |n: usize| {
            let most = n.saturating_add(1);
            let statement = searches::nearest(&self.table, view, request, &filter, (&vector, vectors.metric), most);
            candidates(&self.rows(&statement).await?, n, |row| Ok((column(row, 0)?, stored(row, 1)?)))
        };
        Refill { request, margin, exact: true, read_limit: None }.run(fetch, score).await
    }

    /// One leg by words.
    async fn ranked(
        &self,
        view: &View,
        request: &SearchRequest,
        words: &[String],
        matching: WordMatch,
    ) -> Result<SearchResponse> {
        let filter = translate(&request.filter, &self.hints);
        let ranking = TextRanking::new(words, matching);
        let fetch = async |n: usize| {
            let (most, all) = (n.saturating_add(1), matching == WordMatch::All);
            let statement = searches::ranked(&self.table, view, request, &filter, ranking.words(), all, most);
            // The numbers of the scope are the same in each row; another fetch may see others.
            candidates(&self.rows(&statement).await?, n, |row| {
                let score = mapping::text_score(row, ranking.clone())?;
                Ok((column(row, 0)?, (score, stored(row, 6)?)))
            })
        };
        let score = |(score, stored): (Option<Score>, Stored)| {
            let matches = filter.exact || request.filter.matches(&stored.record);
            Ok(score.filter(|_| matches).map(|score| (score, stored)))
        };
        Refill { request, margin: Margin::text(), exact: true, read_limit: None }.run(fetch, score).await
    }

    /// Deletes what the server alone cannot decide: what matches is deleted if it is still what was read.
    async fn delete_checked(&self, view: &View, filter: &Filter, condition: Condition) -> Result<Deleted> {
        let mut seen = Vec::new();
        let read = statements::candidates(&self.table, view, condition);
        let keep = |row: Row| {
            let stored = stored(&row, 0)?;
            if filter.matches(&stored.record) {
                seen.push((stored.record.key, stored.version));
            }
            Ok(())
        };
        self.shared.client.read_each(&self.shared.types, &read, keep).await?;
        let mut count = 0;
        for run in seen.chunks(RUN) {
            let statement = statements::delete_seen(&self.table, view.now, run);
            count += only_number(&self.shared.client.write(&self.shared.types, &statement).await?)?;
        }
        Ok(Deleted::new(count))
    }
}

/// How many records one statement deletes of those that were read.
const RUN: usize = 5_000;

/// How many candidates an index is asked for: a few more than wanted, for it orders by what the server computes.
fn candidates_for(request: &SearchRequest) -> usize {
    let wanted = request.skip.saturating_add(request.k);
    wanted.saturating_add(wanted / 8).saturating_add(8)
}

/// The first n of the rows, and whether there are more.
fn candidates<T>(rows: &[Row], n: usize, read: impl Fn(&Row) -> Result<(f64, T)>) -> Result<Candidates<T>> {
    Ok(Candidates { ranked: rows.iter().take(n).map(read).collect::<Result<_>>()?, more: rows.len() > n })
}

/// The only number that a statement answers.
fn only_number(rows: &[Row]) -> Result<u64> {
    let row = rows.first().ok_or_else(|| Error::internal("a count has no row"))?;
    Ok(unsigned(column(row, 0)?))
}

#[async_trait]
impl Collection for PostgresCollection {
    fn spec(&self) -> &CollectionSpec {
        &self.spec
    }

    fn capabilities(&self) -> &Capabilities {
        &self.shared.capabilities
    }

    async fn put(&self, now: Timestamp, writes: &[Write], batch: Batch) -> Result<Written> {
        self.shared.client.check_open()?;
        let distinct = last_wins(writes, |write| &write.record.key);
        let count = distinct.items.len();
        let keys = distinct.items.iter().map(|write| &write.record.key);
        let locked = self.shared.locks.lock(self.spec.name(), keys).await;
        let runs = batches::puts(&self.table, self.spec.analyser(), now, distinct.items.clone(), batch.atomic);
        let collection = self.clone();
        let written = self.shared.client.owned(async move {
            let _locked = locked;
            if batch.atomic { collection.run_together(runs).await } else { collection.run_each(runs).await }
        });
        let progress = written.await?;
        let versions: Vec<_> = (0..count).map(|place| progress.version(place)).collect();
        Ok(Written::new(distinct.answers(&versions)))
    }

    async fn get(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        let mut answers = vec![None; keys.len()];
        for row in self.rows(&statements::get(&self.table, now, keys)).await? {
            let place: i64 = column(&row, 0)?;
            if let Some(answer) = usize::try_from(place - 1).ok().and_then(|place| answers.get_mut(place)) {
                *answer = Some(stored(&row, 1)?);
            }
        }
        Ok(answers)
    }

    async fn delete(&self, now: Timestamp, deletes: &[Delete]) -> Result<Deleted> {
        self.shared.client.check_open()?;
        let locked = self.shared.locks.lock(self.spec.name(), deletes.iter().map(|delete| &delete.key)).await;
        let runs = batches::deletes(&self.table, now, deletes);
        let collection = self.clone();
        let deleted = self.shared.client.owned(async move {
            let _locked = locked;
            collection.run_each(runs).await
        });
        Ok(Deleted::new(deleted.await?.deleted))
    }

    async fn delete_where(&self, view: &View, filter: &Filter) -> Result<Deleted> {
        let Translated { condition, exact } = translate(filter, &self.hints);
        if !exact {
            return self.delete_checked(view, filter, condition).await;
        }
        let statement = statements::delete_where(&self.table, view, condition);
        Ok(Deleted::new(only_number(&self.shared.client.write(&self.shared.types, &statement).await?)?))
    }

    async fn search(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        match (&request.query, self.spec.vectors()) {
            (Query::Vector { embedding, exactness }, Some(vectors)) if request.k > 0 => {
                self.nearest(view, request, embedding, (vectors, *exactness)).await
            }
            (Query::Text { words, matching }, _) if request.k > 0 && !words.is_empty() => {
                self.ranked(view, request, words, *matching).await
            }
            // Nothing can be found; that the collection is there is asked all the same.
            _ => {
                self.rows(&statements::get(&self.table, view.now, &[])).await?;
                Ok(SearchResponse::new(Vec::new()))
            }
        }
    }

    async fn list(&self, view: &View, request: &ListRequest) -> Result<Page> {
        let binding = CursorBinding::new(&self.incarnation, &view.scope, &request.filter, request.order);
        let start = request.cursor.as_ref().map(|cursor| binding.decode(cursor)).transpose()?;
        let Translated { condition, exact } = translate(&request.filter, &self.hints);
        // One more tells whether there are others behind them.
        let most = request.limit.saturating_add(1);
        let fetch = async |after: Option<Vec<u8>>, at_most: usize| {
            let most = most.min(at_most);
            let after = after.map(|after| behind(request.order, &after)).transpose()?;
            let statement = statements::list(&self.table, view, request.order, condition.clone(), after, most);
            let rows = self.rows(&statement).await?;
            let read = |row| {
                let stored = stored(row, 0)?;
                Ok((position(request.order, &stored.record), stored))
            };
            Ok(RawPage { records: rows.iter().map(read).collect::<Result<_>>()?, more: rows.len() == most })
        };
        let page = fill(request, start, None, fetch, |record| exact || request.filter.matches(record)).await?;
        Ok(Page::new(page.records, page.next.map(|next| binding.encode(&next))))
    }

    async fn count(&self, view: &View, filter: &Filter) -> Result<u64> {
        let Translated { condition, exact } = translate(filter, &self.hints);
        if exact {
            return only_number(&self.rows(&statements::count(&self.table, view, condition)).await?);
        }
        let mut count = 0;
        let statement = statements::candidates(&self.table, view, Condition::all(vec![live(view.now), condition]));
        let add = |row: Row| {
            count += u64::from(filter.matches(&stored(&row, 0)?.record));
            Ok(())
        };
        self.shared.client.read_each(&self.shared.types, &statement, add).await?;
        Ok(count)
    }

    async fn namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        let rows = self.rows(&statements::namespaces(&self.table, view, request)).await?;
        let damaged = |_| corrupt("a stored namespace is not what was written");
        rows.iter().map(|row| Namespace::from_key(column(row, 0)?).map_err(damaged)).collect()
    }

    async fn purge_expired(&self, view: &View) -> Result<Deleted> {
        let rows = self.shared.client.write(&self.shared.types, &statements::purge(&self.table, view)).await?;
        Ok(Deleted::new(only_number(&rows)?))
    }

    async fn stats(&self) -> Result<Stats> {
        let rows = self.rows(&statements::size(&self.table)).await?;
        Ok(Stats::new(Some(only_number(&rows)?)).with_index("text", "current"))
    }
}
