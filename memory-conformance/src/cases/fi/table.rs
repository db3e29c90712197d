//! A few rows, and the check that a filter finds just the right ones.

use std::collections::BTreeSet;

use futures_util::{StreamExt as _, TryStreamExt as _};
use memory_core::{
    Draft, Exactness, Filter, HybridRequest, ListRequest, Memory, Metadata, Query, Record, Returns, SearchRequest,
    Stored,
};

use crate::context::{Context, namespace};
use crate::{Failure, Outcome, ensure, ensure_eq};

/// The metadata path of [`Rows::of_values`].
pub(super) const V: &str = r#"["metadata","v"]"#;

/// The JSON form of a leaf, its field and operand as JSON too.
pub(super) fn leaf(field: &str, op: &str, operand: &str) -> String {
    format!(r#"{{"field":{field},"op":"{op}","value":{operand}}}"#)
}

/// A filter that has to be legal, from its JSON form.
pub(super) fn read(json: &str) -> Result<Filter, Failure> {
    Filter::from_json(json)
        .map_err(|error| Failure::assertion(format!("a legal filter is refused: {}: {error}", cut(json))))
}

/// All records of a listing, through all its pages; the first thousand of one that does not end.
pub(super) async fn list_all(memory: &Memory, request: ListRequest) -> Result<Vec<Stored>, Failure> {
    memory
        .stream(request)
        .take(1000)
        .try_collect()
        .await
        .map_err(|error| Failure::assertion(format!("the listing failed: {error}")))
}

/// Records in a collection of their own, bound to `["n"]`.
pub(super) struct Rows {
    pub(super) memory: Memory,
    ids: Vec<String>,
}

impl Rows {
    /// Puts these records.
    pub(super) async fn of(memory: Memory, drafts: Vec<Draft>) -> Result<Self, Failure> {
        let records = drafts.into_iter().map(|draft| memory.record(draft)).collect::<memory_core::Result<Vec<_>>>()?;
        let mut ids: Vec<String> = records.iter().map(|record| record.key.id.as_str().to_owned()).collect();
        ids.sort();
        memory.put_all(records).await?;
        Ok(Self { memory, ids })
    }

    /// Puts a record for each JSON text, which is its id and what its metadata holds at `v`; the one called `absent` has
    /// empty metadata. Each can be found by the word `word` and by the vector [1, 0, 0].
    pub(super) async fn of_values(context: &Context, values: &[&str]) -> Result<Self, Failure> {
        let memory = context.home("a").await?;
        let drafts = values.iter().map(|value| searchable(value, &metadata(value))).collect();
        Self::of(memory, drafts).await
    }

    /// Puts a record for each id and metadata, which can be found as those of [`Self::of_values`].
    pub(super) async fn of_metadata(context: &Context, rows: &[(&str, &str)]) -> Result<Self, Failure> {
        let memory = context.home("a").await?;
        Self::of(memory, rows.iter().map(|(id, metadata)| searchable(id, metadata)).collect()).await
    }

    /// The ids that these words name: ids between blanks, `all`, or `all but` some.
    fn named(&self, words: &str) -> Result<BTreeSet<&str>, Failure> {
        let (all, words) = match words.strip_prefix("all") {
            Some(rest) if rest.is_empty() || rest.starts_with(" but ") => {
                (true, rest.strip_prefix(" but").unwrap_or(rest))
            }
            _ => (false, words),
        };
        let named: BTreeSet<&str> = words.split_ascii_whitespace().collect();
        let every: BTreeSet<&str> = self.ids.iter().map(String::as_str).collect();
        ensure!(named.is_subset(&every), "the case names a row that is not there: {words}");
        Ok(every.into_iter().filter(|id| named.contains(id) != all).collect())
    }

    /// Checks what list and count find by this filter.
    pub(super) async fn finds(&self, json: &str, expected: &str) -> Outcome {
        self.finds_by(&read(json)?, &cut(json), expected).await
    }

    /// As [`Self::finds`], of a filter as a value; `shown` says which one.
    pub(super) async fn finds_by(&self, filter: &Filter, shown: &str, expected: &str) -> Outcome {
        let expected: Vec<&str> = self.named(expected)?.into_iter().collect();
        let request = ListRequest::new().with_filter(filter.clone()).with_returns(Returns::Keys);
        ensure_eq!(sorted(&list_all(&self.memory, request).await?), expected, "list by {shown}");
        let count = self.memory.count(filter).await;
        ensure_eq!(count.as_ref().ok(), Some(&(expected.len() as u64)), "count by {shown}: {count:?}");
        Ok(())
    }

    /// As [`Self::finds`], and checks the complement, which `Not` asks for.
    pub(super) async fn splits(&self, json: &str, expected: &str) -> Outcome {
        self.finds(json, expected).await?;
        let expected = self.named(expected)?;
        let others: Vec<&str> = self.ids.iter().map(String::as_str).filter(|id| !expected.contains(id)).collect();
        self.finds(&format!(r#"{{"not":{json}}}"#), &others.join(" ")).await
    }

    /// As [`Self::finds`], and checks the searches by vector, by text and by both, of which k is at most a hundred rows.
    pub(super) async fn finds_everywhere(&self, json: &str, expected: &str) -> Outcome {
        self.finds(json, expected).await?;
        let expected: Vec<&str> = self.named(expected)?.into_iter().collect();
        let filter = read(json)?;
        let embedding: memory_core::Embedding = [1.0, 0.0, 0.0].try_into()?;
        let vector = Query::Vector { embedding: embedding.clone(), exactness: Exactness::Exact };
        for request in [SearchRequest::new(vector), self.memory.text("word")] {
            let request = request.with_filter(filter.clone()).with_k(100);
            let response = self.memory.search(&request).await;
            let response = response.map_err(|error| Failure::assertion(format!("search by {}: {error}", cut(json))))?;
            let found: BTreeSet<&str> = response.hits.iter().map(|hit| hit.key.id.as_str()).collect();
            ensure_eq!(
                found.into_iter().collect::<Vec<_>>(),
                expected,
                "search ({:?}) by {}",
                request.query,
                cut(json)
            );
            ensure_eq!(response.hits.len(), expected.len(), "each once: search ({:?}) by {}", request.query, cut(json));
        }
        let request =
            HybridRequest::new("word", embedding).with_exactness(Exactness::Exact).with_filter(filter).with_k(10);
        let response = self.memory.hybrid(&request).await;
        let response = response.map_err(|error| Failure::assertion(format!("hybrid by {}: {error}", cut(json))))?;
        ensure_eq!(response.hits.len(), expected.len().min(10), "hybrid by {}", cut(json));
        let strays = response.hits.iter().find(|hit| !expected.contains(&hit.key.id.as_str()));
        ensure!(strays.is_none(), "hybrid by {} finds {strays:?}", cut(json));
        Ok(())
    }

    /// Checks every comparison of a field with every row. The rows are those of `groups`, in ascending order, equal ones in
    /// one group, and others that compare with none of them; each row's id is its value as JSON.
    pub(super) async fn compares(&self, field: &str, groups: &[&[&str]]) -> Outcome {
        for (at, group) in groups.iter().enumerate() {
            let (less, equal, greater) = (groups[..at].concat(), group.join(" "), groups[at + 1..].concat());
            let (less, greater) = (less.join(" "), greater.join(" "));
            for operand in *group {
                self.finds(&leaf(field, "lt", operand), &less).await?;
                self.finds(&leaf(field, "le", operand), &format!("{less} {equal}")).await?;
                self.finds(&leaf(field, "eq", operand), &equal).await?;
                self.finds(&leaf(field, "ge", operand), &format!("{equal} {greater}")).await?;
                self.finds(&leaf(field, "gt", operand), &greater).await?;
                self.finds(&leaf(field, "ne", operand), &format!("all but {equal}")).await?;
                self.finds(&leaf(field, "in", &format!("[{operand}]")), &equal).await?;
                self.finds(&leaf(field, "not_in", &format!("[{operand}]")), &format!("all but {equal}")).await?;
            }
        }
        Ok(())
    }
}

/// Checks that each filter deletes what it is said to find, and nothing else: each in a namespace of its own with all rows.
pub(super) async fn deletes(context: &Context, values: &[&str], filters: &[(&str, &str)]) -> Outcome {
    let all = context.collection("deletes").await?;
    let mut drafts = Vec::new();
    for at in 0..filters.len() {
        let home = namespace(["d", &at.to_string()])?;
        drafts.extend(values.iter().map(|value| searchable(value, &metadata(value)).namespace(home.clone())));
    }
    all.put_all(drafts).await?;
    let mut left = filters.len() * values.len();
    for (at, (json, expected)) in filters.iter().enumerate() {
        let memory = all.narrow(memory_core::Scope::exact(namespace(["d", &at.to_string()])?))?;
        let rows = Rows { memory, ids: values.iter().map(|value| (*value).to_owned()).collect() };
        let expected = rows.named(expected)?;
        let deleted = rows.memory.delete_where(&read(json)?).await;
        ensure_eq!(deleted.as_ref().ok(), Some(&(expected.len() as u64)), "delete_where {json}: {deleted:?}");
        let others = format!("all but {}", expected.iter().copied().collect::<Vec<_>>().join(" "));
        rows.finds(r#"{"and":[]}"#, &others).await?;
        left -= expected.len();
        ensure_eq!(all.count(&Filter::all()).await?, left as u64, "delete_where {json} leaves the other namespaces");
    }
    Ok(())
}

fn searchable(id: &str, metadata: &str) -> Draft {
    let metadata: memory_core::Result<Metadata> = Metadata::from_json(metadata);
    let draft = Record::draft(id).content("word").embedding([1.0, 0.0, 0.0]);
    match metadata {
        Ok(metadata) => draft.metadata(metadata),
        Err(error) => panic!("the case's own metadata of {id} is wrong: {error}"),
    }
}

fn metadata(value: &str) -> String {
    if value == "absent" { "{}".to_owned() } else { format!(r#"{{"v":{value}}}"#) }
}

fn sorted(records: &[Stored]) -> Vec<&str> {
    let mut ids: Vec<&str> = records.iter().map(|stored| stored.record.key.id.as_str()).collect();
    ids.sort_unstable();
    ids
}

/// The beginning of a text, for messages.
fn cut(text: &str) -> String {
    text.chars().take(300).collect()
}
