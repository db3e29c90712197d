//! The parts of JSON answers.

use memory_core::{CollectionSpec, Error, Leg, Record, RecordKey};
use serde::Serialize;
use serde_json::value::RawValue;

use super::hits::{Answer, Found};
use crate::failure::Failure;

/// A record in its canonical form, to be put into a document as it is.
pub(crate) fn record(record: &Record) -> Result<Box<RawValue>, Failure> {
    let raw = RawValue::from_string(record.to_json());
    raw.map_err(|_| Failure::from(Error::internal("the canonical form of a record is no JSON")))
}

/// What identifies a record.
#[derive(Serialize)]
pub(crate) struct Key<'a> {
    id: &'a str,
    namespace: Vec<String>,
}

/// The id and the segments of the namespace.
pub(crate) fn key(key: &RecordKey) -> Key<'_> {
    Key { id: key.id.as_str(), namespace: key.namespace.segments() }
}

/// A collection's spec. Without vectors there is neither dimension nor metric.
#[derive(Serialize)]
pub(crate) struct Spec<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimension: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metric: Option<&'static str>,
    language: &'static str,
    analyser: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    embedder: Option<&'a str>,
}

/// The spec as a document holds it.
pub(crate) fn spec(spec: &CollectionSpec) -> Spec<'_> {
    let vectors = spec.vectors();
    Spec {
        name: spec.name().as_str(),
        dimension: vectors.map(|vectors| vectors.dimension),
        metric: vectors.map(|vectors| vectors.metric.as_str()),
        language: spec.analyser().language().as_str(),
        analyser: spec.analyser().version(),
        embedder: spec.embedder(),
    }
}

/// The answer to a search.
#[derive(Serialize)]
pub(crate) struct Hits<'a> {
    hits: Vec<Hit<'a>>,
    complete: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    legs: Option<Legs>,
}

#[derive(Serialize)]
struct Hit<'a> {
    #[serde(flatten)]
    key: Key<'a>,
    score: f64,
    rank: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<Scored>,
    #[serde(skip_serializing_if = "Option::is_none")]
    vector: Option<Scored>,
    record: Box<RawValue>,
}

/// What one leg of a hybrid search says of a hit. Without a rank, only the second round scored it (HY-2).
#[derive(Serialize)]
struct Scored {
    score: f64,
    #[serde(skip_serializing_if = "Option::is_none")]
    rank: Option<u64>,
}

/// What became of the legs of a hybrid search (HY-3).
#[derive(Serialize)]
struct Legs {
    text: &'static str,
    vector: &'static str,
}

/// The answer as a document holds it.
pub(crate) fn hits(answer: &Answer) -> Result<Hits<'_>, Failure> {
    let legs = answer.legs.map(|(text, vector)| Legs { text: leg(text), vector: leg(vector) });
    let hits: Result<_, Failure> = answer.hits.iter().map(hit).collect();
    Ok(Hits { hits: hits?, complete: answer.complete, legs })
}

fn hit(found: &Found) -> Result<Hit<'_>, Failure> {
    let scored =
        |leg: Option<memory_core::LegScore>| leg.map(|leg| Scored { score: leg.score.value(), rank: leg.rank });
    Ok(Hit {
        key: key(&found.record.key),
        score: found.score,
        rank: found.rank,
        text: scored(found.text),
        vector: scored(found.vector),
        record: record(&found.record)?,
    })
}

fn leg(leg: Leg) -> &'static str {
    match leg {
        Leg::NotAsked => "not asked",
        Leg::NoWords => "no words",
        Leg::NoEmbedding => "no embedding in the query",
        Leg::FoundNothing => "ran and found nothing",
        Leg::Ran => "ran",
    }
}
