//! What is measured, and how.

use std::collections::HashMap;
use std::time::Instant;

use memory_core::{
    Embedding, HybridRequest, ListRequest, Memory, Metric, Order, Record, RecordId, RecordKey, Score, similarity,
};
use serde::Serialize;

use crate::failure::Failure;
use crate::progress;

/// How many are put at once, and how many hits are asked for.
const LOT: usize = 1_000;
const K: usize = 10;

/// Times of one operation.
#[derive(Debug, Serialize)]
pub(super) struct Measured {
    pub(super) operation: &'static str,
    pub(super) samples: usize,
    pub(super) median_ms: f64,
    /// 95 of 100 took no longer.
    pub(super) p95_ms: f64,
    /// Of the nearest, by brute force, how many were found: a part from 0 to 1, the mean of all searches.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) recall: Option<f64>,
}

/// Fills the empty collection with the records, and does everything that one does with a collection so many times.
pub(super) async fn all(memory: &Memory, records: &[Record], times: usize) -> Result<Vec<Measured>, Failure> {
    let bar = progress::records(records.len() as u64, "copying");
    let mut measured = Vec::new();
    let lots: Vec<&[Record]> = records.chunks(LOT).collect();
    let put = async |lot: &&[Record]| {
        memory.put_all(lot.iter().cloned()).await?;
        bar.inc(lot.len() as u64);
        Ok(())
    };
    measured.push(each("put 1000 records at once", &lots, put).await?);
    bar.finish_and_clear();
    let some: Vec<&Record> = spread(records, times);
    let get = async |record: &&Record| memory.get(record.key.clone()).await.map(drop);
    measured.push(each("get one", &some, get).await?);
    let newest = ListRequest::new().with_order(Order::CreatedDescending).with_limit(K);
    measured.push(each("list the 10 newest", &some, async |_| memory.list(&newest).await.map(drop)).await?);
    let texts: Vec<String> = some.iter().map(|record| three_words(record)).filter(|text| !text.is_empty()).collect();
    if let Some(first) = texts.first() {
        // What a first search loads is no part of the others.
        memory.search_text(first, K).await?;
        measured.push(
            each("search by any of three words", &texts, async |text| memory.search_text(text, K).await.map(drop))
                .await?,
        );
    }
    measured.extend(vectors(memory, records, &some).await?);
    let new = some.iter().enumerate().map(|(number, record)| renamed(record, number));
    let new = new.collect::<Result<Vec<Record>, Failure>>()?;
    measured.push(each("put one", &new, async |record| memory.put(record.clone()).await.map(drop)).await?);
    measured.push(each("delete one", &new, async |record| memory.delete(record.key.clone()).await.map(drop)).await?);
    Ok(measured)
}

/// Searches by the vectors of some records, alone and with their words.
async fn vectors(memory: &Memory, records: &[Record], some: &[&Record]) -> Result<Vec<Measured>, Failure> {
    let Some(spec) = memory.spec().vectors() else { return Ok(Vec::new()) };
    let questions: Vec<(&Record, &Embedding)> =
        some.iter().filter_map(|record| Some((*record, record.embedding.as_ref()?))).collect();
    let Some((_, first)) = questions.first() else { return Ok(Vec::new()) };
    memory.search_vector((*first).clone(), K).await?;
    let mut found: Vec<Vec<RecordKey>> = Vec::new();
    let search = async |(_, vector): &(&Record, &Embedding)| {
        let response = memory.search_vector((*vector).clone(), K).await?;
        found.push(response.hits.into_iter().map(|hit| hit.key).collect());
        Ok(())
    };
    let mut by_vector = each("search by vector, the 10 nearest", &questions, search).await?;
    let known: HashMap<&RecordKey, &Embedding> =
        records.iter().filter_map(|record| Some((&record.key, record.embedding.as_ref()?))).collect();
    let recalls = questions.iter().zip(&found).map(|((_, query), found)| recall(spec.metric, query, found, &known));
    by_vector.recall = Some(recalls.sum::<f64>() / questions.len() as f64);
    let hybrid = async |(record, vector): &(&Record, &Embedding)| {
        let request = HybridRequest::new(three_words(record), (*vector).clone()).with_k(K);
        memory.hybrid(&request).await.map(drop)
    };
    Ok(vec![by_vector, each("search by both", &questions, hybrid).await?])
}

/// How many of the nearest were found; any of those that are as near as the last one count.
fn recall(metric: Metric, query: &Embedding, found: &[RecordKey], known: &HashMap<&RecordKey, &Embedding>) -> f64 {
    let score = |vector: &Embedding| Score::new(similarity(metric, query.as_slice(), vector.as_slice()));
    let mut all: Vec<Score> = known.values().map(|vector| score(vector)).collect();
    all.sort_unstable_by(|a, b| b.cmp(a));
    let wanted = all.len().min(K);
    let Some(last) = wanted.checked_sub(1).and_then(|last| all.get(last)) else { return 1.0 };
    let right = found.iter().filter(|key| known.get(key).is_some_and(|vector| score(vector) >= *last)).count();
    right as f64 / wanted as f64
}

/// Does something with each item and notes how long it takes.
async fn each<T>(
    operation: &'static str,
    items: &[T],
    mut call: impl AsyncFnMut(&T) -> memory_core::Result<()>,
) -> Result<Measured, Failure> {
    let mut times = Vec::with_capacity(items.len());
    for item in items {
        let begun = Instant::now();
        call(item).await?;
        times.push(begun.elapsed().as_secs_f64() * 1e3);
    }
    times.sort_unstable_by(f64::total_cmp);
    let at = |part: usize| times.get((times.len().saturating_sub(1) * part).div_ceil(100)).copied().unwrap_or(0.0);
    Ok(Measured { operation, samples: times.len(), median_ms: at(50), p95_ms: at(95), recall: None })
}

/// So many of the records, from all over the collection.
fn spread(records: &[Record], times: usize) -> Vec<&Record> {
    (0..times).filter_map(|n| records.get(n * records.len() / times)).collect()
}

/// Three words from the middle of the content, or as many as it has.
fn three_words(record: &Record) -> String {
    let words: Vec<&str> = record.content.as_str().split_whitespace().collect();
    let middle = words.len().saturating_sub(3) / 2;
    words.get(middle..words.len().min(middle + 3)).unwrap_or_default().join(" ")
}

/// The same under an id of its own; it goes again, and with it a record of the copy that has this id.
fn renamed(record: &Record, number: usize) -> Result<Record, Failure> {
    let mut new = record.clone();
    new.key.id = RecordId::new(format!("bench-{number}"))?;
    Ok(new)
}

#[cfg(test)]
mod tests {
    use memory_core::{Namespace, Timestamp};

    use super::*;

    fn record(id: &str, content: &str, vector: [f32; 2]) -> Record {
        let draft = Record::draft(id).namespace(Namespace::new(["n"]).unwrap()).content(content).embedding(vector);
        draft.build(None, Timestamp::MIN).unwrap()
    }

    #[test]
    fn questions_come_from_all_over() {
        let records: Vec<Record> = (0..10).map(|n| record(&n.to_string(), "x", [1.0, 0.0])).collect();
        let ids = |times| spread(&records, times).iter().map(|record| record.key.id.as_str()).collect::<Vec<_>>();
        assert_eq!(ids(3), ["0", "3", "6"]);
        assert_eq!(ids(20).len(), 20);
        assert_eq!(three_words(&record("a", "one two three four five", [1.0, 0.0])), "two three four");
        assert_eq!(three_words(&record("a", "one two", [1.0, 0.0])), "one two");
        assert_eq!(three_words(&record("a", "", [1.0, 0.0])), "");
    }

    #[test]
    fn recall_is_the_part_of_the_nearest_that_was_found() {
        // Twelve, of which two are as near as the tenth.
        let records: Vec<Record> = (0..12)
            .map(|n| record(&format!("{n:02}"), "", [1.0, [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 9, 20][n] as f32]))
            .collect();
        let known: HashMap<&RecordKey, &Embedding> =
            records.iter().filter_map(|record| Some((&record.key, record.embedding.as_ref()?))).collect();
        let query = Embedding::new(vec![1.0, 0.0]).unwrap();
        let of = |found: &[usize]| {
            let keys: Vec<RecordKey> = found.iter().map(|at| records[*at].key.clone()).collect();
            recall(Metric::Cosine, &query, &keys, &known)
        };
        assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 10]), 1.0);
        assert_eq!(of(&[0, 1, 2, 3, 4, 5, 6, 7, 8, 11]), 0.9);
        assert_eq!(of(&[]), 0.0);
    }
}
