//! Reads: records by key, listings, searches. What the server decides is checked again, and completed.

use std::collections::BTreeSet;

use memory_core::kit::cursor::{CursorBinding, TimePosition};
use memory_core::kit::page::{FilledPage, RawPage, fill};
use memory_core::kit::rank::{Gate, vector_score};
use memory_core::kit::refill::{Candidates, Margin, Refill};
use memory_core::kit::text::TextRanking;
use memory_core::{
    Bm25, Error, Exactness, Filter, ListRequest, Metric, Namespace, NamespacesRequest, Order, Page, Query, Record,
    RecordKey, Result, Returns, Scope, Score, SearchRequest, SearchResponse, Stored, Timestamp, View,
};

use super::collection::{Handle, PAGE, resolve};
use super::fault::Fault;
use super::query::{self, Answer, Found, TextQuery};
use super::rows::{self, TimeRow};
use super::selection::Selection;
use super::store::Profile;

impl Handle {
    pub(super) async fn get_all(&self, now: Timestamp, keys: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        let mut answers = Vec::with_capacity(keys.len());
        for page in keys.chunks(PAGE) {
            let name = self.spec.name();
            let read = self.ask(|rows| {
                let stored = |key: &RecordKey| {
                    let row = rows::record_at(rows, name, key);
                    row.map(|row| rows::stored(key.clone(), row, self.claims_versions())).transpose()
                };
                page.iter().map(stored).collect::<Result<Vec<_>>>()
            });
            answers.extend(read.await?.into_iter().map(|found| found.filter(|stored| stored.record.is_live(now))));
        }
        Ok(answers)
    }

    /// Reads all that the selection admits, page by page, and keeps some of it; versions are there in any case.
    pub(super) async fn scan(
        &self,
        selection: &Selection,
        found: &mut Vec<Stored>,
        keep: impl Fn(&Record) -> bool,
    ) -> Result<()> {
        let limit = self.store.capabilities.limits.read_records.unwrap_or(u64::MAX);
        let (mut after, mut read) = (None, 0);
        loop {
            let position: Option<&[u8]> = after.as_deref();
            let (page, more) =
                self.ask(|rows| rows::select(rows, self.spec.name(), selection, position, PAGE, self.faults())).await?;
            for (key, row) in page {
                if read == limit {
                    if self.faults().hit(Fault::PartialAnswer) {
                        return Ok(());
                    }
                    return Err(Error::limit("read_records", limit, limit.saturating_add(1)));
                }
                read += 1;
                after = Some(rows::place(&key));
                let stored = rows::stored(key, &row, true)?;
                if keep(&stored.record) {
                    found.push(stored);
                }
            }
            if !more {
                return Ok(());
            }
        }
    }

    pub(super) async fn distinct_namespaces(&self, view: &View, request: &NamespacesRequest) -> Result<Vec<Namespace>> {
        let mut found = Vec::new();
        self.scan(&self.selection(view, &Filter::all()), &mut found, |_| true).await?;
        let cut = |stored: Stored| match request.depth {
            Some(depth) => stored.record.key.namespace.truncated(depth),
            None => stored.record.key.namespace,
        };
        let different: BTreeSet<Namespace> = found.into_iter().map(cut).collect();
        let behind = |namespace: &Namespace| request.after.as_ref().is_none_or(|after| namespace > after);
        Ok(different.into_iter().filter(behind).take(request.limit).collect())
    }

    pub(super) async fn page(&self, view: &View, request: &ListRequest) -> Result<Page> {
        let incarnation = self.ask(|rows| resolve(rows, &self.spec)).await?;
        let binding = self.binding(incarnation, view, request);
        let start = request.cursor.as_ref().map(|cursor| binding.decode(cursor)).transpose()?;
        let page = match (time_order(request.order), self.store.profile) {
            (None, _) => self.page_by_place(view, request, start).await?,
            (Some(order), Profile::Strong) => self.page_by_time(view, request, order, start).await?,
            (Some(order), Profile::Weak) => self.page_sorted_here(view, request, order, start).await?,
        };
        Ok(Page::new(page.records, page.next.map(|position| binding.encode(&position))))
    }

    fn binding(&self, incarnation: u64, view: &View, request: &ListRequest) -> CursorBinding {
        let faults = self.faults();
        let collection =
            if faults.hit(Fault::CursorOutlivesDrop) { self.spec.name().to_string() } else { incarnation.to_string() };
        let everywhere = Scope::all();
        let scope = if faults.hit(Fault::CursorIgnoresScope) { &everywhere } else { &view.scope };
        let everything = Filter::all();
        let filter = if faults.hit(Fault::CursorIgnoresFilter) { &everything } else { &request.filter };
        CursorBinding::new(&collection, scope, filter, request.order)
    }

    async fn page_by_place(&self, view: &View, request: &ListRequest, start: Option<Vec<u8>>) -> Result<FilledPage> {
        let selection = &self.selection(view, &request.filter);
        let fetch = async |after: Option<Vec<u8>>, at_most: usize| {
            let (name, at_most) = (self.spec.name(), at_most.min(PAGE));
            let (page, more) =
                self.ask(|rows| rows::select(rows, name, selection, after.as_deref(), at_most, self.faults())).await?;
            let read = |(key, row): (RecordKey, Vec<u8>)| {
                Ok((rows::place(&key), rows::stored(key, &row, self.claims_versions())?))
            };
            Ok(RawPage { records: page.into_iter().map(read).collect::<Result<_>>()?, more })
        };
        fill(request, start, self.read_limit(), fetch, |record| request.filter.matches(record)).await
    }

    async fn page_by_time(
        &self,
        view: &View,
        request: &ListRequest,
        order: (TimeRow, bool),
        start: Option<Vec<u8>>,
    ) -> Result<FilledPage> {
        let selection = &self.selection(view, &request.filter);
        let fetch = async |after: Option<Vec<u8>>, at_most: usize| {
            let after = after.as_deref().map(TimePosition::from_bytes).transpose()?;
            let (name, at_most) = (self.spec.name(), at_most.min(PAGE));
            let (page, more) =
                self.ask(|rows| rows::select_by_time(rows, name, selection, order, after.as_ref(), at_most)).await?;
            let read = |(position, row): (TimePosition, Vec<u8>)| {
                let stored = rows::stored(position.key.clone(), &row, self.claims_versions())?;
                Ok((position.to_bytes(), stored))
            };
            Ok(RawPage { records: page.into_iter().map(read).collect::<Result<_>>()?, more })
        };
        fill(request, start, self.read_limit(), fetch, |record| request.filter.matches(record)).await
    }

    /// The weak server has no order of times: everything is read and sorted here.
    async fn page_sorted_here(
        &self,
        view: &View,
        request: &ListRequest,
        (time, descending): (TimeRow, bool),
        start: Option<Vec<u8>>,
    ) -> Result<FilledPage> {
        let start = start.as_deref().map(TimePosition::from_bytes).transpose()?;
        let mut found = Vec::new();
        self.scan(&self.selection(view, &request.filter), &mut found, |record| request.filter.matches(record)).await?;
        let position = |stored: &Stored| TimePosition {
            time: if time == TimeRow::Created { stored.record.created_at } else { stored.record.updated_at },
            key: stored.record.key.clone(),
        };
        let mut all: Vec<(TimePosition, Stored)> =
            found.into_iter().map(|stored| (position(&stored), stored)).collect();
        let compare = |a: &TimePosition, b: &TimePosition| {
            let times = if descending { b.time.cmp(&a.time) } else { a.time.cmp(&b.time) };
            times.then_with(|| a.key.cmp(&b.key))
        };
        all.retain(|(position, _)| start.as_ref().is_none_or(|start| compare(position, start).is_gt()));
        all.sort_by(|a, b| compare(&a.0, &b.0));
        let more = all.len() > request.limit;
        all.truncate(request.limit);
        let next = all.last().filter(|_| more).map(|(position, _)| position.to_bytes());
        let cut = |(_, mut stored): (TimePosition, Stored)| {
            stored.version = None;
            if request.returns != Returns::Embeddings {
                stored.record.embedding = None;
            }
            stored
        };
        Ok(FilledPage { records: all.into_iter().map(cut).collect(), next })
    }

    fn read_limit(&self) -> Option<u64> {
        self.store.capabilities.limits.read_records
    }

    pub(super) async fn find(&self, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
        let gate = Gate::new(view, request);
        let selection = Selection::new(view, &request.filter, request.only.as_deref(), self.faults());
        match &request.query {
            Query::Vector { embedding, exactness } => {
                let vectors = self.spec.vectors().ok_or_else(|| Error::invalid("this collection is text only"))?;
                let (metric, query, name) = (vectors.metric, embedding.as_slice(), self.spec.name());
                let greatest = match metric {
                    Metric::Dot => self.ask(|rows| query::greatest_length(rows, name, &selection)).await?,
                    Metric::Cosine | Metric::Euclidean => 0.0,
                };
                let margin = Margin::vector(metric, embedding, greatest);
                let exact = *exactness == Exactness::Exact || !self.store.capabilities.facts.approximate;
                let fetch = async |n| {
                    let answer = self.ask(|rows| query::nearest(rows, name, &selection, metric, query, n)).await?;
                    self.candidates(answer).await
                };
                let score = |(server_score, found): (f64, Found)| {
                    let stored = rows::stored(found.key, &found.row, self.claims_versions())?;
                    let score = vector_score(metric, query, &stored.record).filter(|_| gate.admits(&stored.record));
                    let below = |least: f64| metric != Metric::Euclidean && server_score < least;
                    if request.min_score.is_some_and(below) && self.faults().hit(Fault::MinScoreOfServer) {
                        return Ok(None);
                    }
                    let shown = |exact| {
                        if self.faults().hit(Fault::ServerScoreShown) { Score::new(server_score) } else { exact }
                    };
                    Ok(score.map(|exact| (shown(exact), stored)))
                };
                self.refill(request, margin, exact).run(fetch, score).await
            }
            Query::Text { words, matching } => {
                let exact = self.store.capabilities.facts.bm25 == Bm25::Exact;
                let query = TextQuery { ranking: TextRanking::new(words, *matching), exact };
                let name = self.spec.name();
                let fetch = async |n| {
                    let best = |rows: &_| query::best_texts(rows, name, &selection, &query, n, self.faults());
                    let answer = self.ask(best).await?;
                    self.candidates(answer).await
                };
                let score = |(server_score, found): (f64, Found)| {
                    let stored = rows::stored(found.key, &found.row, self.claims_versions())?;
                    let counted = found.text.and_then(|(ranking, occurrences)| ranking.score(&occurrences));
                    let score = if exact { counted } else { Some(Score::new(server_score)) };
                    Ok(score.filter(|_| gate.admits(&stored.record)).map(|score| (score, stored)))
                };
                let margin = if exact { Margin::text() } else { Margin::Absolute(0.0) };
                self.refill(request, margin, true).run(fetch, score).await
            }
        }
    }

    fn refill<'a>(&self, request: &'a SearchRequest, margin: Margin, exact: bool) -> Refill<'a> {
        let exact = exact && !self.faults().hit(Fault::TieCutOnArrival);
        Refill { request, margin, exact, read_limit: self.read_limit() }
    }

    /// The server's answer, once it has come over, three records at a time.
    async fn candidates(&self, (ranked, more): Answer) -> Result<Candidates<(f64, Found)>> {
        self.store.server.transfer(ranked.len()).await;
        let more = more && !self.faults().hit(Fault::NotRefilled);
        Ok(Candidates { ranked: ranked.into_iter().map(|(score, found)| (score, (score, found))).collect(), more })
    }
}

/// Which time, and whether it falls; `None` for the unspecified order.
fn time_order(order: Order) -> Option<(TimeRow, bool)> {
    match order {
        Order::Unspecified => None,
        Order::CreatedAscending => Some((TimeRow::Created, false)),
        Order::CreatedDescending => Some((TimeRow::Created, true)),
        Order::UpdatedAscending => Some((TimeRow::Updated, false)),
        Order::UpdatedDescending => Some((TimeRow::Updated, true)),
    }
}
