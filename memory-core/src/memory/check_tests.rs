//! Each check at its bound and one past it. The suite shows the same through backends; these are what the core's own mutants
//! meet.

use std::sync::Arc;

use async_trait::async_trait;

use super::*;
use crate::backend::{Collection, Stats};
use crate::capabilities::{Bm25, Capabilities, ChangedWhileDeleting, Consistency, Facts, Place, Sharing};
use crate::error::ErrorKind::{self, InvalidArgument, LimitExceeded, PermissionDenied, Unsupported};
use crate::names::{CollectionName, Namespace, RecordId};
use crate::request::{Page, SearchResponse, Stored, View, WordMatch};
use crate::scope::Scope;
use crate::time::Timestamp;
use crate::write::{Deleted, Precondition, Version, Written};

/// A double: it has a spec and capabilities, and nothing else.
#[derive(Debug)]
struct Double(CollectionSpec, Capabilities);

fn called<T>() -> Result<T> {
    Err(Error::internal("a check lets nothing through"))
}

#[async_trait]
impl Collection for Double {
    fn spec(&self) -> &CollectionSpec {
        &self.0
    }
    fn capabilities(&self) -> &Capabilities {
        &self.1
    }
    async fn put(&self, _: Timestamp, _: &[Write], _: Batch) -> Result<Written> {
        called()
    }
    async fn get(&self, _: Timestamp, _: &[RecordKey]) -> Result<Vec<Option<Stored>>> {
        called()
    }
    async fn delete(&self, _: Timestamp, _: &[Delete]) -> Result<Deleted> {
        called()
    }
    async fn delete_where(&self, _: &View, _: &Filter) -> Result<Deleted> {
        called()
    }
    async fn search(&self, _: &View, _: &SearchRequest) -> Result<SearchResponse> {
        called()
    }
    async fn list(&self, _: &View, _: &ListRequest) -> Result<Page> {
        called()
    }
    async fn count(&self, _: &View, _: &Filter) -> Result<u64> {
        called()
    }
    async fn namespaces(&self, _: &View, _: &NamespacesRequest) -> Result<Vec<Namespace>> {
        called()
    }
    async fn purge_expired(&self, _: &View) -> Result<Deleted> {
        called()
    }
    async fn stats(&self) -> Result<Stats> {
        called()
    }
}

fn limits() -> Limits {
    Limits {
        record_bytes: 400,
        k: 100,
        atomic_records: Some(2),
        atomic_bytes: Some(500),
        atomic_one_namespace: true,
        ..Limits::default()
    }
}

fn memory(metric: Option<Metric>, switches: &[Switch]) -> Memory {
    let mut spec = CollectionSpec::new(CollectionName::new("c").unwrap());
    if let Some(metric) = metric {
        spec = spec.with_vectors(2, metric).unwrap();
    }
    let facts = Facts {
        place: Place::Memory,
        durable: false,
        sharing: Sharing::OneHandle,
        consistency: Consistency::Immediate,
        bm25: Bm25::Exact,
        approximate: false,
        changed_while_deleting: ChangedWhileDeleting::Kept,
    };
    let capabilities = Capabilities::new("double", facts).with_switches(switches.iter().copied()).with_limits(limits());
    Memory::new(Arc::new(Double(spec, capabilities)), Scope::subtree(Namespace::new(["n"]).unwrap()))
}

fn key(namespace: &str, id: &str) -> RecordKey {
    RecordKey::new(Namespace::new([namespace]).unwrap(), RecordId::new(id).unwrap())
}

/// A record of `["n"]` whose canonical form without the embedding has this many bytes; without content and with an id of one byte it has 161.
fn sized(id: &str, bytes: usize) -> Write {
    Write::from(record(id, &"x".repeat(bytes - 160 - id.len()), None))
}

fn record(id: &str, content: &str, embedding: Option<[f32; 2]>) -> Record {
    let mut draft = Record::draft(id).content(content);
    if let Some(embedding) = embedding {
        draft = draft.embedding(embedding);
    }
    draft.build(Some(&Namespace::new(["n"]).unwrap()), Timestamp::from_micros(0).unwrap()).unwrap()
}

fn kind<T: std::fmt::Debug>(result: Result<T>) -> Option<ErrorKind> {
    result.err().map(|error| error.kind())
}

#[test]
fn embeddings_suit_the_collection() {
    let put = |metric, vector| {
        kind(writes(&memory(metric, &[]), &[record("1", "", Some(vector)).into()], Batch::independent()))
    };
    assert_eq!(put(Some(Metric::Cosine), [1.0, 0.0]), None);
    assert_eq!(put(None, [1.0, 0.0]), Some(InvalidArgument), "text only");
    assert_eq!(put(Some(Metric::Cosine), [0.0, -0.0]), Some(InvalidArgument), "no cosine");
    assert_eq!(put(Some(Metric::Dot), [0.0, 0.0]), None);
    assert_eq!(put(Some(Metric::Euclidean), [0.0, 0.0]), None);
    let three = Write::from(Record { embedding: Embedding::new(vec![1.0; 3]).ok(), ..record("r1", "", None) });
    let error = writes(&memory(Some(Metric::Dot), &[]), &[three], Batch::independent()).unwrap_err();
    assert_eq!(error.message(), "record n/r1 has 3 dimensions, but collection c has 2");
}

#[test]
fn conditions_need_the_switch_and_name_each_record_once() {
    let conditional = |id: &str| Write { precondition: Some(Precondition::Absent), ..record(id, "", None).into() };
    let able = memory(None, &[Switch::ConditionalWrites]);
    let unable = memory(None, &[]);
    assert_eq!(kind(writes(&able, &[conditional("1"), conditional("2")], Batch::independent())), None);
    assert_eq!(
        kind(writes(&able, &[conditional("1"), record("1", "", None).into()], Batch::independent())),
        Some(InvalidArgument)
    );
    let twice = [record("1", "", None).into(), record("1", "", None).into()];
    assert_eq!(kind(writes(&unable, &twice, Batch::independent())), None, "without a condition");
    assert_eq!(kind(writes(&unable, &[conditional("1")], Batch::independent())), Some(Unsupported));

    let versioned = |id: &str| Delete { key: key("n", id), version: Some(Version::new("1")) };
    assert_eq!(kind(deletes(&able, &[versioned("1"), versioned("2")])), None);
    assert_eq!(kind(deletes(&able, &[versioned("1"), versioned("1")])), Some(InvalidArgument));
    assert_eq!(kind(deletes(&unable, &[versioned("1")])), Some(Unsupported));
    assert_eq!(kind(deletes(&unable, &[key("n", "1").into(), key("n", "1").into()])), None);
}

#[test]
fn nothing_outside_the_scope() {
    let memory = memory(None, &[]);
    let outside = Record { key: key("m", "1"), ..record("1", "", None) };
    assert_eq!(kind(writes(&memory, &[outside.into()], Batch::independent())), Some(PermissionDenied));
    assert_eq!(kind(deletes(&memory, &[key("m", "1").into()])), Some(PermissionDenied));
    assert_eq!(kind(keys(&memory, &[key("n", "1"), key("m", "1")])), Some(PermissionDenied));
    assert_eq!(kind(keys(&memory, &[key("n", "1")])), None);
    let request = memory.text("tea").with_only(vec![key("m", "1")]);
    assert_eq!(kind(search(&memory, &request)), Some(PermissionDenied));
}

#[test]
fn records_and_atomic_batches_keep_to_the_limits() {
    let plain = memory(None, &[]);
    let atomic = memory(None, &[Switch::AtomicBatches]);
    assert_eq!(sized("1", 200).record.to_json_without_embedding().len(), 200, "what `sized` says");
    assert_eq!(kind(writes(&plain, &[sized("1", 400)], Batch::independent())), None);
    assert_eq!(kind(writes(&plain, &[sized("1", 401)], Batch::independent())), Some(LimitExceeded));
    let many = [sized("1", 400), sized("2", 400), sized("3", 400)];
    assert_eq!(kind(writes(&plain, &many, Batch::independent())), None, "each stands alone");
    assert_eq!(kind(writes(&plain, &[sized("1", 200)], Batch::atomic())), Some(Unsupported));
    assert_eq!(kind(writes(&atomic, &[sized("1", 250), sized("2", 250)], Batch::atomic())), None);
    assert_eq!(kind(writes(&atomic, &[sized("1", 250), sized("2", 251)], Batch::atomic())), Some(LimitExceeded));
    let three = [sized("1", 184), sized("2", 184), sized("3", 184)];
    let error = writes(&atomic, &three[..], Batch::atomic()).unwrap_err();
    assert_eq!(
        (error.kind(), error.message()),
        (LimitExceeded, "records of an atomic batch is at most 2 here, asked for 3")
    );
    let child = Namespace::new(["n", "x"]).unwrap();
    let mut elsewhere = sized("2", 200);
    elsewhere.record.key.namespace = child;
    assert_eq!(kind(writes(&atomic, &[sized("1", 200), elsewhere], Batch::atomic())), Some(LimitExceeded));
}

#[test]
fn searches_are_checked() {
    let vectors = memory(Some(Metric::Dot), &[]);
    let near = |vector: &[f32]| SearchRequest::new(Query::vector(Embedding::new(vector.to_vec()).unwrap()));
    assert_eq!(kind(search(&vectors, &near(&[1.0, 0.0]).with_min_score(0.5))), None);
    assert_eq!(kind(search(&vectors, &near(&[1.0, 0.0]).with_min_score(f64::NAN))), Some(InvalidArgument));
    assert_eq!(kind(search(&vectors, &near(&[1.0]))), Some(InvalidArgument));
    let text = SearchRequest::new(Query::text(vectors.spec().analyser(), "tea", WordMatch::Any));
    assert_eq!(kind(search(&vectors, &text.clone().with_min_score(0.5))), Some(InvalidArgument));
    assert_eq!(kind(search(&vectors, &text.clone().with_k(90).with_skip(10))), None);
    assert_eq!(kind(search(&vectors, &text.clone().with_k(90).with_skip(11))), Some(LimitExceeded));
    assert_eq!(kind(search(&vectors, &text.clone().with_k(usize::MAX).with_skip(2))), Some(LimitExceeded));
    let deep = (0..40).fold(Filter::all(), |inner, _| !inner);
    assert_eq!(kind(search(&vectors, &text.with_filter(deep.clone()))), Some(InvalidArgument));
    assert_eq!(kind(list(&ListRequest::new().with_filter(deep.clone()))), Some(InvalidArgument));
    assert_eq!(kind(delete_filter(&deep)), Some(InvalidArgument));
}

#[test]
fn sizes_depths_and_fractions() {
    assert_eq!(kind(list(&ListRequest::new().with_limit(0))), Some(InvalidArgument));
    assert_eq!(kind(list(&ListRequest::new().with_limit(1))), None);
    for (depth, expected) in [(0, Some(InvalidArgument)), (1, None), (8, None), (9, Some(InvalidArgument))] {
        assert_eq!(kind(namespaces(&NamespacesRequest::new().with_depth(Some(depth)))), expected, "depth {depth}");
    }
    assert_eq!(kind(namespaces(&NamespacesRequest::new().with_limit(0))), Some(InvalidArgument));
    assert_eq!(kind(delete_filter(&Filter::all())), Some(InvalidArgument));
    assert_eq!(kind(delete_filter(&Filter::kind().eq("x"))), None);
    assert_eq!(kind(threshold("t", None)), None);
    for (value, expected) in [(0.0, None), (1.0, None), (-0.1, Some(InvalidArgument)), (1.1, Some(InvalidArgument))] {
        assert_eq!(kind(fraction("f", value)), expected, "{value}");
    }
    assert_eq!(kind(fraction("f", f64::NAN)), Some(InvalidArgument));
}
