//! What is checked before any I/O. In each function the order is the contract's: `InvalidArgument` first (RE-7), then the
//! scope (SC-3), then switches (CA-2), then published limits.

use std::collections::HashSet;

use super::Memory;
use crate::capabilities::{Limits, Switch};
use crate::embedding::Embedding;
use crate::error::{Error, ErrorKind, Result};
use crate::filter::Filter;
use crate::names::RecordKey;
use crate::record::Record;
use crate::request::{ListRequest, NamespacesRequest, Query, SearchRequest};
use crate::score::Metric;
use crate::spec::CollectionSpec;
use crate::write::{Batch, Delete, Write};

pub(super) fn writes(memory: &Memory, writes: &[Write], batch: Batch) -> Result<()> {
    for write in writes {
        if let Some(embedding) = &write.record.embedding {
            self::embedding(memory.spec(), embedding, || format!("record {}", write.record.key))?;
        }
    }
    let conditional = writes.iter().any(|write| write.precondition.is_some());
    if conditional {
        each_once(writes.iter().map(|write| &write.record.key))?;
    }
    in_scope(memory, writes.iter().map(|write| &write.record.key))?;
    if conditional {
        memory.capabilities().require(Switch::ConditionalWrites)?;
    }
    if batch.atomic {
        memory.capabilities().require(Switch::AtomicBatches)?;
    }
    sizes(&memory.capabilities().limits, writes, batch)
}

pub(super) fn deletes(memory: &Memory, deletes: &[Delete]) -> Result<()> {
    let conditional = deletes.iter().any(|delete| delete.version.is_some());
    if conditional {
        each_once(deletes.iter().map(|delete| &delete.key))?;
    }
    in_scope(memory, deletes.iter().map(|delete| &delete.key))?;
    if conditional { memory.capabilities().require(Switch::ConditionalWrites) } else { Ok(()) }
}

pub(super) fn keys(memory: &Memory, keys: &[RecordKey]) -> Result<()> {
    in_scope(memory, keys)
}

pub(super) fn delete_filter(filter: &Filter) -> Result<()> {
    filter.check()?;
    if *filter == Filter::all() {
        return Err(Error::invalid(
            "the empty filter would delete everything in the scope; clear() is the call for that",
        ));
    }
    Ok(())
}

pub(super) fn search(memory: &Memory, request: &SearchRequest) -> Result<()> {
    request.filter.check()?;
    match &request.query {
        Query::Vector { embedding, .. } => self::embedding(memory.spec(), embedding, || "the query".to_owned())?,
        Query::Text { .. } if request.min_score.is_some() => {
            return Err(Error::invalid("min_score belongs to vector search alone"));
        }
        Query::Text { .. } => {}
    }
    threshold("min_score", request.min_score)?;
    if let Some(only) = &request.only {
        keys(memory, only)?;
    }
    depth(memory.capabilities().limits.k, request.skip, request.k)
}

pub(super) fn list(request: &ListRequest) -> Result<()> {
    request.filter.check()?;
    at_least_one("page size", request.limit)
}

pub(super) fn namespaces(request: &NamespacesRequest) -> Result<()> {
    if request.depth.is_some_and(|depth| !(1..=8).contains(&depth)) {
        return Err(Error::invalid("a depth of namespaces is 1 to 8"));
    }
    at_least_one("limit", request.limit)
}

/// Refuses NaN (HY-2).
pub(super) fn threshold(name: &str, threshold: Option<f64>) -> Result<()> {
    if threshold.is_some_and(f64::is_nan) { Err(Error::invalid(format!("{name} is not a number"))) } else { Ok(()) }
}

/// Refuses what is not from 0 to 1: the weight of a leg, the lambda of MMR.
pub(super) fn fraction(name: &str, value: f64) -> Result<()> {
    if (0.0..=1.0).contains(&value) { Ok(()) } else { Err(Error::invalid(format!("{name} is from 0 to 1"))) }
}

/// Refuses skip + k over the limit (VE-6).
pub(super) fn depth(limit: u64, skip: usize, k: usize) -> Result<()> {
    let asked = skip.saturating_add(k) as u64;
    if asked > limit { Err(Error::limit("skip + k", limit, asked)) } else { Ok(()) }
}

/// Refuses a vector that does not suit the collection (RE-6, VE-7).
pub(super) fn embedding(spec: &CollectionSpec, embedding: &Embedding, whose: impl Fn() -> String) -> Result<()> {
    let Some(vectors) = spec.vectors() else {
        return Err(Error::invalid(format!("{} has a vector, but collection {} is text only", whose(), spec.name())));
    };
    if embedding.dimension() != vectors.dimension {
        return Err(Error::invalid(format!(
            "{} has {} dimensions, but collection {} has {}",
            whose(),
            embedding.dimension(),
            spec.name(),
            vectors.dimension
        )));
    }
    if vectors.metric == Metric::Cosine && embedding.is_zero() {
        return Err(Error::invalid(format!("{} has the zero vector, which has no cosine", whose())));
    }
    Ok(())
}

fn at_least_one(name: &str, value: usize) -> Result<()> {
    if value == 0 { Err(Error::invalid(format!("{name} is at least 1"))) } else { Ok(()) }
}

fn each_once<'a>(keys: impl Iterator<Item = &'a RecordKey>) -> Result<()> {
    let mut seen = HashSet::new();
    for key in keys {
        if !seen.insert(key) {
            return Err(Error::invalid(format!("a batch with a condition holds each record once, but {key} twice")));
        }
    }
    Ok(())
}

fn in_scope<'a>(memory: &Memory, keys: impl IntoIterator<Item = &'a RecordKey>) -> Result<()> {
    match keys.into_iter().find(|key| !memory.scope().contains(&key.namespace)) {
        None => Ok(()),
        Some(key) => Err(Error::new(ErrorKind::PermissionDenied, format!("{key} is outside this handle's scope"))),
    }
}

fn sizes(limits: &Limits, writes: &[Write], batch: Batch) -> Result<()> {
    let mut total = 0;
    for Write { record, .. } in writes {
        let bytes = record_bytes(record);
        if bytes > limits.record_bytes {
            let error = Error::limit("record bytes", limits.record_bytes, bytes);
            return Err(Error::new(error.kind(), format!("record {}: {}", record.key, error.message())));
        }
        total += bytes;
    }
    if !batch.atomic {
        return Ok(());
    }
    if let Some(limit) = limits.atomic_records.filter(|limit| writes.len() as u64 > *limit) {
        return Err(Error::limit("records of an atomic batch", limit, writes.len() as u64));
    }
    if let Some(limit) = limits.atomic_bytes.filter(|limit| total > *limit) {
        return Err(Error::limit("bytes of an atomic batch", limit, total));
    }
    let namespaces: HashSet<_> = writes.iter().map(|write| &write.record.key.namespace).collect();
    if limits.atomic_one_namespace && namespaces.len() > 1 {
        return Err(Error::limit("namespaces of an atomic batch", 1, namespaces.len() as u64));
    }
    Ok(())
}

/// The size that RE-7 counts.
fn record_bytes(record: &Record) -> u64 {
    record.to_json_without_embedding().len() as u64
}

#[cfg(test)]
#[path = "check_tests.rs"]
mod tests;
