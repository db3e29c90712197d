//! Searches as the server does them: with f32, with noise, and equal scores in an order of its own.

use std::cmp::Reverse;
use std::collections::{BTreeMap, HashMap};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::Arc;

use memory_core::bm25::TextStatistics;
use memory_core::kit::text::{Occurrences, TextRanking};
use memory_core::{CollectionName, Metric, RecordKey, Result, Scope, Score, candidate_epsilon};

use super::bytes;
use super::fault::{Fault, Faults};
use super::rows::{Rows, Selection, key_at, record_at, select, under, word_prefix};

/// A record that the server found.
pub(super) struct Found {
    pub(super) key: RecordKey,
    pub(super) row: Vec<u8>,
    /// For a text search: what is needed for the exact score.
    pub(super) text: Option<(Arc<TextRanking>, Occurrences)>,
}

/// The n best by the server's scores, and whether there are others.
pub(super) type Answer = (Vec<(f64, Found)>, bool);

/// What a text search asks of the server.
pub(super) struct TextQuery {
    pub(super) ranking: TextRanking,
    /// Whether statistics are those of the scope; if not, the server's own scores are answered.
    pub(super) exact: bool,
}

/// The records that the selection admits and that have an embedding, best first.
pub(super) fn nearest(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    metric: Metric,
    query: &[f32],
    n: usize,
) -> Result<Answer> {
    let mut found = Vec::new();
    for (key, row) in all(rows, name, selection)? {
        if let Some(embedding) = bytes::head(&row)?.embedding {
            let noise = 0.4 * candidate_epsilon(query.len()) * noise(&key, query.len());
            let score = server_score(metric, query, &embedding, noise);
            found.push((score, Found { key, row, text: None }));
        }
    }
    Ok(best(found, n))
}

/// The greatest length of an embedding that the selection admits.
pub(super) fn greatest_length(rows: &Rows, name: &CollectionName, selection: &Selection) -> Result<f64> {
    let mut greatest = 0.0_f64;
    for (_, row) in all(rows, name, selection)? {
        let embedding = bytes::head(&row)?.embedding.unwrap_or_default();
        greatest = greatest.max(length(&embedding));
    }
    Ok(greatest)
}

/// The records that the selection admits and that match the words, best first.
pub(super) fn best_texts(
    rows: &Rows,
    name: &CollectionName,
    selection: &Selection,
    query: &TextQuery,
    n: usize,
    faults: &Faults,
) -> Result<Answer> {
    let mut counted = Selection { kind: None, only: None, ..selection.clone() };
    if !query.exact || faults.hit(Fault::StatisticsBeyondScope) {
        counted.scope = Scope::all();
    }
    if faults.hit(Fault::StatisticsCountExpired) {
        counted.now = None;
    }
    let words = query.ranking.words();
    let mut statistics = TextStatistics::default();
    let mut lengths = HashMap::new();
    for (key, row) in all(rows, name, &counted)? {
        let length = bytes::head(&row)?.length();
        statistics.records += 1;
        statistics.total_length += length;
        lengths.insert(key, length);
    }
    let mut holding = vec![0; words.len()];
    let mut counts: BTreeMap<RecordKey, Vec<u64>> = BTreeMap::new();
    for (at, word) in words.iter().enumerate() {
        for (place, tf) in under(rows, &word_prefix(name, word)) {
            let key = key_at(place)?;
            if lengths.contains_key(&key) {
                holding[at] += 1;
                let tf = tf.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
                counts.entry(key).or_insert_with(|| vec![0; words.len()])[at] = tf;
            }
        }
    }
    let mean =
        if query.exact { statistics } else { TextStatistics { total_length: 10 * statistics.records, ..statistics } };
    let ranking = Arc::new(query.ranking.clone().counted(mean, holding));
    let mut found = Vec::new();
    for (key, counts) in counts {
        let row = record_at(rows, name, &key).unwrap_or_default().to_vec();
        let occurrences = Occurrences { length: lengths[&key], counts };
        let score = ranking.score(&occurrences).map(Score::value);
        if let Some(score) = score
            && selection.admits(&key, &bytes::head(&row)?)
        {
            let noise = if query.exact { 0.9e-9 * noise(&key, words.len()) } else { 0.0 };
            let text = Some((Arc::clone(&ranking), occurrences));
            found.push((score * (1.0 + noise), Found { key, row, text }));
        }
    }
    Ok(best(found, n))
}

fn all(rows: &Rows, name: &CollectionName, selection: &Selection) -> Result<Vec<(RecordKey, Vec<u8>)>> {
    Ok(select(rows, name, selection, None, usize::MAX, &Faults::default())?.0)
}

/// Best first, equal ones in the opposite order of their keys, so that a cut among them is the wrong one.
fn best(mut found: Vec<(f64, Found)>, n: usize) -> Answer {
    found.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| Reverse(&a.1.key).cmp(&Reverse(&b.1.key))));
    let more = found.len() > n;
    found.truncate(n);
    (found, more)
}

/// From -1 to 1, always the same for the same record.
fn noise(key: &RecordKey, salt: usize) -> f64 {
    let mut hasher = DefaultHasher::new();
    (key, salt).hash(&mut hasher);
    f64::from(hasher.finish() as u32) / f64::from(u32::MAX) * 2.0 - 1.0
}

/// Higher is better; off by less than VE-2 grants. Distances are rounded to f32 in the end only, since the squares of small
/// differences are too small for it.
fn server_score(metric: Metric, query: &[f32], stored: &[f32], noise: f64) -> f64 {
    let product: f32 = query.iter().zip(stored).map(|(q, x)| q * x).sum();
    let lengths = length(query) * length(stored);
    match metric {
        Metric::Cosine => f64::from(product) / lengths + noise,
        Metric::Dot => f64::from(product) + noise * lengths,
        Metric::Euclidean => {
            let differences = query.iter().zip(stored).map(|(&q, &x)| f64::from(q) - f64::from(x));
            let distance = differences.map(|d| d * d).sum::<f64>().sqrt();
            -f64::from(distance as f32) * (1.0 + noise)
        }
    }
}

fn length(components: &[f32]) -> f64 {
    components.iter().map(|&c| f64::from(c) * f64::from(c)).sum::<f64>().sqrt()
}
