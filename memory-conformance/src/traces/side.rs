//! One side of a comparison: a collection, the versions that were seen there, and answers as text.

use std::collections::HashMap;
use std::fmt::Write as _;

use futures_util::TryStreamExt as _;
use memory_core::{
    Batch, Bm25, Capabilities, Delete, Embedding, Error, Exactness, Filter, Fusion, HybridRequest, HybridResponse,
    ListRequest, Memory, Metadata, Namespace, NamespacesRequest, Order, Precondition, Query, Record, RecordId,
    RecordKey, Result, Returns, Scope, SearchRequest, SearchResponse, Stored, Switch, Version, WordMatch, Write,
};

use super::operation::{Ask, Condition, Cut, Find, Key, Put, Seen};
use super::world::{IDS, NAMESPACES};
use crate::cases::li::ORDERS;
use crate::context::at;

/// What one side answered, as text that must be the same on both.
#[derive(Debug)]
pub(super) struct Answer {
    pub(super) text: String,
    /// Whether a read found anything.
    pub(super) something: bool,
}

/// What is compared of text searches: scores too, or the set of matches alone (`bm25: ordered`).
#[derive(Debug)]
pub(super) struct Compared {
    text_scores: bool,
    conditional: bool,
}

impl Compared {
    pub(super) fn new(capabilities: &Capabilities) -> Self {
        Self {
            text_scores: capabilities.facts.bm25 == Bm25::Exact,
            conditional: capabilities.has(Switch::ConditionalWrites),
        }
    }
}

#[derive(Debug)]
pub(super) struct Side {
    pub(super) memory: Memory,
    versions: HashMap<Key, Vec<Version>>,
}

impl Side {
    pub(super) fn new(memory: Memory) -> Self {
        Self { memory, versions: HashMap::new() }
    }

    /// Runs one call. An error is an answer too: its kind and its lists.
    pub(super) async fn ask(&mut self, ask: &Ask, compared: &Compared) -> Answer {
        match self.answer(ask, compared).await {
            Ok((text, something)) => Answer { text, something },
            Err(error) => Answer { text: describe(&error), something: false },
        }
    }

    async fn answer(&mut self, ask: &Ask, compared: &Compared) -> Result<(String, bool)> {
        let memory = self.memory.clone();
        let count = |count: u64| (count.to_string(), count > 0);
        Ok(match ask {
            Ask::Put { puts, atomic } => {
                let writes: Vec<Write> = puts.iter().map(|put| self.write(put)).collect::<Result<_>>()?;
                let batch = if *atomic { Batch::atomic() } else { Batch::independent() };
                let written = memory.apply_writes(&writes, batch).await?;
                if !compared.conditional {
                    return Ok(("done".to_owned(), true));
                }
                let fresh = puts.iter().zip(written.versions).map(|(put, version)| self.see(put.key, version));
                (fresh.collect::<Vec<_>>().join(" "), true)
            }
            Ask::Update { key, content } => {
                let key = record_key(*key)?;
                let record = if compared.conditional {
                    memory.update(&key, |_, draft| draft.content(content.clone())).await?
                } else {
                    memory.update_last_write_wins(&key, |_, draft| draft.content(content.clone())).await?
                };
                (record.to_json(), true)
            }
            Ask::Delete { keys, condition } => {
                let deletes: Vec<Delete> =
                    keys.iter().map(|key| self.delete(*key, *condition)).collect::<Result<_>>()?;
                count(memory.apply_deletes(&deletes).await?)
            }
            Ask::DeleteWhere { seen, filter } => {
                count(self.narrow(seen)?.delete_where(&Filter::from_json(filter)?).await?)
            }
            Ask::Clear { seen } => count(self.narrow(seen)?.clear().await?),
            Ask::Purge { seen } => count(self.narrow(seen)?.purge_expired().await?),
            Ask::Get { keys } => {
                let found =
                    memory.get_all(keys.iter().map(|key| record_key(*key)).collect::<Result<Vec<_>>>()?).await?;
                let mut text = String::new();
                for (key, stored) in keys.iter().zip(&found) {
                    let _ = writeln!(text, "{}", stored.as_ref().map_or("-".to_owned(), |s| s.record.to_json()));
                    if let Some(stored) = stored {
                        self.see(*key, stored.version.clone());
                    }
                }
                (text, found.iter().any(Option::is_some))
            }
            Ask::Search { find, cut, min_score, only, embeddings } => {
                let mut request = self.request(find, cut, compared)?;
                request.min_score = *min_score;
                request.returns = if *embeddings { Returns::Embeddings } else { Returns::Records };
                if let Some(only) = only {
                    let keys = only.iter().map(|key| record_key(*key)).collect::<Result<Vec<_>>>()?;
                    let scope = scope(&cut.seen)?;
                    request.only = Some(keys.into_iter().filter(|key| scope.contains(&key.namespace)).collect());
                }
                let found = self.narrow(&cut.seen)?.search(&request).await?;
                hits(&found, is_exact(find, compared))
            }
            Ask::Mmr { find, cut, lambda } => {
                if !is_exact(find, compared) {
                    return Ok((String::new(), true));
                }
                let mut request = self.request(find, cut, compared)?;
                request.skip = 0;
                hits(&self.narrow(&cut.seen)?.search_mmr(&request, *lambda).await?, true)
            }
            Ask::Hybrid { text, vector, cut, weight, ranks, min_fused } => {
                if !compared.text_scores {
                    return Ok((String::new(), true));
                }
                let mut request = HybridRequest::new(text.clone(), Embedding::try_from(*vector)?)
                    .with_filter(Filter::from_json(&cut.filter)?)
                    .with_exactness(Exactness::Exact)
                    .with_k(cut.k)
                    .with_skip(cut.skip)
                    .with_weight(*weight)
                    .with_fusion(if *ranks { Fusion::Ranks } else { Fusion::Scores });
                request.min_fused = *min_fused;
                fused(&self.narrow(&cut.seen)?.hybrid(&request).await?)
            }
            Ask::List { seen, filter, order, page } => {
                let order = ORDERS[*order];
                let request =
                    ListRequest::new().with_filter(Filter::from_json(filter)?).with_order(order).with_limit(*page);
                let narrowed = self.narrow(seen)?;
                let mut records: Vec<Stored> = narrowed.stream(request).try_collect().await?;
                if order == Order::Unspecified {
                    records.sort_by(|a, b| a.record.key.cmp(&b.record.key));
                }
                let lines: Vec<String> = records.iter().map(|stored| stored.record.to_json()).collect();
                (lines.join("\n"), !lines.is_empty())
            }
            Ask::Count { seen, filter } => count(self.narrow(seen)?.count(&Filter::from_json(filter)?).await?),
            Ask::Namespaces { seen, depth, after, limit } => {
                let after = after.map(namespace).transpose()?;
                let request = NamespacesRequest::new().with_depth(*depth).with_after(after).with_limit(*limit);
                let found = self.narrow(seen)?.namespaces(&request).await?;
                let keys: Vec<&str> = found.iter().map(Namespace::key).collect();
                (keys.join(" "), !keys.is_empty())
            }
        })
    }

    fn narrow(&self, seen: &Seen) -> Result<Memory> {
        self.memory.narrow(scope(seen)?)
    }

    /// Remembers a version, and says whether it was seen before: each put must give a new one (WR-5), and a read the last.
    fn see(&mut self, key: Key, version: Option<Version>) -> String {
        let Some(version) = version else { return "none".to_owned() };
        let seen = self.versions.entry(key).or_default();
        match seen.iter().rev().position(|known| *known == version) {
            Some(back) => format!("seen-{back}"),
            None => {
                seen.push(version);
                "new".to_owned()
            }
        }
    }

    fn seen(&self, key: Key, back: usize) -> Option<Version> {
        let versions = self.versions.get(&key)?;
        versions.get(versions.len().checked_sub(back + 1)?).cloned()
    }

    fn write(&self, put: &Put) -> Result<Write> {
        let mut draft = Record::draft(IDS[put.key.id])
            .namespace(namespace(put.key.namespace)?)
            .kind(put.kind)
            .content(put.content.clone())
            .metadata(Metadata::from_json(&put.metadata)?)
            .tags(put.tags.iter().copied())
            .created_at(at(put.created)?)
            .updated_at(at(put.updated)?);
        if let Some(vector) = put.embedding {
            draft = draft.embedding(vector);
        }
        if let Some(expires) = put.expires {
            draft = draft.expires_at(at(expires)?);
        }
        let precondition = match put.condition {
            Condition::Nothing => None,
            Condition::Absent => Some(Precondition::Absent),
            Condition::Seen(back) => Some(self.seen(put.key, back).map_or(Precondition::Absent, Precondition::Version)),
        };
        Ok(Write { record: self.memory.record(draft)?, precondition })
    }

    fn delete(&self, key: Key, condition: Condition) -> Result<Delete> {
        let version = match condition {
            Condition::Seen(back) => self.seen(key, back),
            Condition::Nothing | Condition::Absent => None,
        };
        Ok(Delete { key: record_key(key)?, version })
    }

    /// Where text scores are not exact, all matches are asked for, and compared as a set.
    fn request(&self, find: &Find, cut: &Cut, compared: &Compared) -> Result<SearchRequest> {
        let request = match find {
            Find::Vector(vector) => SearchRequest::new(Query::Vector {
                embedding: Embedding::try_from(*vector)?,
                exactness: Exactness::Exact,
            }),
            Find::Text { text, all } => {
                self.memory.text_matching(text, if *all { WordMatch::All } else { WordMatch::Any })
            }
        };
        let (k, skip) = if is_exact(find, compared) { (cut.k, cut.skip) } else { (100, 0) };
        Ok(request.with_filter(Filter::from_json(&cut.filter)?).with_k(k).with_skip(skip))
    }
}

fn is_exact(find: &Find, compared: &Compared) -> bool {
    compared.text_scores || matches!(find, Find::Vector(_))
}

fn hits(found: &SearchResponse, exact: bool) -> (String, bool) {
    let mut lines: Vec<String> = found
        .hits
        .iter()
        .map(|hit| {
            let record = hit.record.as_ref().map(Record::to_json).unwrap_or_default();
            match exact {
                true => format!("{} {:016x} {} {record}", hit.rank, bits(hit.score.value()), hit.key),
                false => format!("{} {record}", hit.key),
            }
        })
        .collect();
    if !exact {
        lines.sort();
    }
    (lines.join("\n"), !lines.is_empty())
}

fn fused(found: &HybridResponse) -> (String, bool) {
    let mut text = format!("text {:?}, vector {:?}", found.text, found.vector);
    for hit in &found.hits {
        let leg = |leg: Option<memory_core::LegScore>| {
            leg.map_or("-".to_owned(), |leg| format!("{:?}/{:016x}", leg.rank, bits(leg.score.value())))
        };
        let _ = write!(text, "\n{} {:016x} {}", hit.rank, bits(hit.score.value()), hit.key);
        let _ = write!(text, " text {} vector {} ", leg(hit.text), leg(hit.vector));
        text.push_str(&hit.record.as_ref().map(Record::to_json).unwrap_or_default());
    }
    (text, !found.hits.is_empty())
}

fn bits(score: f64) -> u64 {
    score.to_bits()
}

fn describe(error: &Error) -> String {
    let keys = |keys: &[RecordKey]| {
        let mut keys: Vec<String> = keys.iter().map(ToString::to_string).collect();
        keys.sort();
        keys.dedup();
        keys.join(" ")
    };
    format!(
        "{:?}; accepted {}; unknown {}; conflicting {}",
        error.kind(),
        keys(error.accepted()),
        keys(error.unknown()),
        keys(error.conflicting())
    )
}

fn namespace(index: usize) -> Result<Namespace> {
    Namespace::new(NAMESPACES[index])
}

fn record_key(key: Key) -> Result<RecordKey> {
    Ok(RecordKey::new(namespace(key.namespace)?, RecordId::new(IDS[key.id])?))
}

fn scope(seen: &Seen) -> Result<Scope> {
    Ok(match seen {
        Seen::All => Scope::all(),
        Seen::Exact(index) => Scope::exact(namespace(*index)?),
        Seen::Subtree(index) => Scope::subtree(namespace(*index)?),
        Seen::Both(a, b) => Scope::union([Scope::exact(namespace(*a)?), Scope::subtree(namespace(*b)?)])?,
    })
}
