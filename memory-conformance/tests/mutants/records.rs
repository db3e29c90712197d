//! Wrong about what a record is: the fields that real stores lose.

use std::collections::BTreeMap;

use memory_core::{Content, Embedding, Kind, Metadata, Number, NumberKind, Record, Tags, Timestamp, Value};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "an empty content becomes a blank",
        rule: "RE-1",
        hooks: &[Hook::Out(|mut r| {
            if r.content.as_str().is_empty() {
                r.content = Content::new(" ").unwrap_or_default();
            }
            r
        })],
    },
    Mutant {
        name: "content loses its trailing blanks",
        rule: "RE-1",
        hooks: &[Hook::Into(|mut r| {
            r.content = Content::new(r.content.as_str().trim_end()).unwrap_or_default();
            r
        })],
    },
    Mutant {
        name: "tags are split at commas",
        rule: "RE-1",
        hooks: &[Hook::Out(|mut r| {
            let tags = r.tags.iter().flat_map(|tag| tag.split(',')).filter(|tag| !tag.is_empty()).map(str::to_owned);
            r.tags = Tags::new(tags.collect::<Vec<_>>()).unwrap_or_default();
            r
        })],
    },
    Mutant {
        name: "kind is cut at 32 bytes",
        rule: "RE-1",
        hooks: &[Hook::Into(|mut r| {
            r.kind = Kind::new(r.kind.as_str().chars().take(32).collect::<String>()).unwrap_or_default();
            r
        })],
    },
    Mutant {
        name: "i64 goes through f64",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            numbers(r, |n| match n.kind() {
                NumberKind::I64(i) => (i as f64 as i64).into(),
                _ => n,
            })
        })],
    },
    Mutant {
        name: "u64 becomes a float",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            numbers(r, |n| match n.kind() {
                NumberKind::U64(u) => Number::try_from(u as f64).unwrap_or(n),
                _ => n,
            })
        })],
    },
    Mutant {
        name: "1.0 becomes 1",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            numbers(r, |n| match n.kind() {
                NumberKind::F64(f) if f.fract() == 0.0 && f.abs() < 1e15 => (f as i64).into(),
                _ => n,
            })
        })],
    },
    Mutant {
        name: "-0.0 becomes 0.0",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            numbers(r, |n| match n.kind() {
                NumberKind::F64(0.0) => Number::try_from(0.0).unwrap_or(n),
                _ => n,
            })
        })],
    },
    Mutant {
        name: "[] is made absent",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            values(r, |v| match v {
                Value::Array(items) if items.is_empty() => None,
                v => Some(v),
            })
        })],
    },
    Mutant {
        name: "null is made absent",
        rule: "RE-2",
        hooks: &[Hook::Into(|r| {
            values(r, |v| match v {
                Value::Null => None,
                v => Some(v),
            })
        })],
    },
    Mutant {
        name: "microseconds are lost",
        rule: "RE-3",
        hooks: &[Hook::Into(|mut r| {
            r.created_at = milliseconds(r.created_at);
            r.updated_at = milliseconds(r.updated_at);
            r
        })],
    },
    Mutant {
        name: "the backend stamps records",
        rule: "RE-3",
        hooks: &[Hook::Into(|mut r| {
            r.updated_at = Timestamp::from_micros(1_767_323_045_000_007).unwrap_or(r.updated_at);
            r
        })],
    },
    Mutant {
        name: "the vector's length is lost",
        rule: "RE-4",
        hooks: &[Hook::Into(|r| vectors(r, |c, length| (f64::from(c) / length) as f32))],
    },
    Mutant { name: "-0.0 in a vector becomes 0.0", rule: "RE-4", hooks: &[Hook::Into(|r| vectors(r, |c, _| c + 0.0))] },
    Mutant {
        name: "vectors are stored in 16 bits",
        rule: "RE-4",
        hooks: &[Hook::Into(|r| vectors(r, |c, _| f32::from_bits(c.to_bits() & 0xffff_0000)))],
    },
    Mutant {
        name: "a record without a vector gets one",
        rule: "RE-5",
        hooks: &[Hook::Into(|mut r| {
            if r.embedding.is_none() {
                r.embedding = Embedding::new(vec![0.1, 0.1, 0.1]).ok();
            }
            r
        })],
    },
    Mutant {
        name: "very short vectors become nothing",
        rule: "RE-6",
        hooks: &[Hook::Into(|mut r| {
            r.embedding = r.embedding.filter(|embedding| embedding.length() > 1e-12);
            r
        })],
    },
    Mutant {
        name: "large records are cut",
        rule: "RE-7",
        hooks: &[Hook::Into(|mut r| {
            if r.content.as_str().len() > 8_000 {
                r.content =
                    Content::new(r.content.as_str().chars().take(8_000).collect::<String>()).unwrap_or_default();
            }
            r
        })],
    },
    Mutant {
        name: "floats are read back with fifteen digits",
        rule: "MO-1",
        hooks: &[Hook::Out(|r| {
            numbers(r, |n| match n.kind() {
                NumberKind::F64(f) => {
                    format!("{f:.14e}").parse::<f64>().ok().and_then(|f| Number::try_from(f).ok()).unwrap_or(n)
                }
                _ => n,
            })
        })],
    },
    Mutant {
        name: "expiry is lost on the way",
        rule: "MO-1",
        hooks: &[Hook::Out(|mut r| {
            r.expires_at = None;
            r
        })],
    },
];

fn milliseconds(at: Timestamp) -> Timestamp {
    Timestamp::from_micros(at.micros().div_euclid(1_000) * 1_000).unwrap_or(at)
}

fn vectors(mut record: Record, f: fn(f32, f64) -> f32) -> Record {
    record.embedding = record.embedding.map(|embedding| {
        let length = embedding.length();
        let bent: Vec<f32> = embedding.as_slice().iter().map(|c| f(*c, length)).collect();
        Embedding::new(bent).unwrap_or(embedding)
    });
    record
}

/// Rewrites every number of the metadata.
fn numbers(record: Record, f: fn(Number) -> Number) -> Record {
    values_with(record, &|value| match value {
        Value::Number(number) => Some(Value::Number(f(number))),
        value => Some(value),
    })
}

/// Rewrites or removes every value of the metadata, innermost first.
fn values(record: Record, f: fn(Value) -> Option<Value>) -> Record {
    values_with(record, &f)
}

fn values_with(mut record: Record, f: &dyn Fn(Value) -> Option<Value>) -> Record {
    let entries = entries(record.metadata.clone().into_inner(), f);
    record.metadata = Metadata::try_from(entries).unwrap_or_default();
    record
}

fn entries(entries: BTreeMap<String, Value>, f: &dyn Fn(Value) -> Option<Value>) -> BTreeMap<String, Value> {
    entries.into_iter().filter_map(|(key, value)| Some((key, inner(value, f)?))).collect()
}

fn inner(value: Value, f: &dyn Fn(Value) -> Option<Value>) -> Option<Value> {
    f(match value {
        Value::Array(items) => Value::Array(items.into_iter().filter_map(|item| inner(item, f)).collect()),
        Value::Object(map) => Value::Object(entries(map, f)),
        value => value,
    })
}
