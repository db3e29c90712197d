//! Searches as the server does them: with f32, with noise, and equal scores in an order of its own.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Bound;
use std::sync::Arc;

use memory_core::bm25::TextStatistics;
use memory_core::kit::text::{Occurrences, TextRanking};
use memory_core::{CollectionName, Metric, RecordKey, Result, candidate_epsilon};

use super::bytes::{self, Head};
use super::fault::{Fault, Faults};
use super::rows::{Rows, admitted, key_at, named, under, word_prefix};
use super::selection::Selection;

/// A record that the server found.
pub(super) struct Found {
    pub(super) key: RecordKey,
    pub(super) row: Vec<u8>,
    /// For a text search: what is needed for the exact score.
    pub(super) text: Option<(Arc<TextRanking>, Occurrences)>,
}

/// A record that holds words of a query: which of them how often.
struct Candidate<'a> {
    row: &'a [u8],
    head: Head<'a>,
    counts: Vec<u64>,
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
    let prefix = named(b'R', name);
    let mut scored = Vec::new();
    for found in admitted(rows, &prefix, Bound::Included(&prefix), selection) {
        let (place, row, head) = found?;
        if let Some(embedding) = head.embedding()? {
            let noise = 0.4 * candidate_epsilon(query.len()) * noise(place, query.len());
            scored.push((server_score(metric, query, &embedding, noise), place, row));
        }
    }
    let more = best(&mut scored, n);
    let found = scored
        .into_iter()
        .map(|(score, place, row)| Ok((score, Found { key: key_at(place)?, row: row.to_vec(), text: None })));
    Ok((found.collect::<Result<_>>()?, more))
}

/// The greatest length of an embedding that the selection admits.
pub(super) fn greatest_length(rows: &Rows, name: &CollectionName, selection: &Selection) -> Result<f64> {
    let prefix = named(b'R', name);
    let mut greatest = 0.0_f64;
    for found in admitted(rows, &prefix, Bound::Included(&prefix), selection) {
        greatest = greatest.max(length(&found?.2.embedding()?.unwrap_or_default()));
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
    let mut counted = selection.of_view();
    if !query.exact || faults.hit(Fault::StatisticsBeyondScope) {
        counted = counted.everywhere();
    }
    if faults.hit(Fault::StatisticsCountExpired) {
        counted.now = None;
    }
    let prefix = named(b'R', name);
    let words = query.ranking.words();
    let mut holding = vec![0; words.len()];
    let mut candidates: BTreeMap<&[u8], Candidate<'_>> = BTreeMap::new();
    let prefixes: Vec<Vec<u8>> = words.iter().map(|word| word_prefix(name, word)).collect();
    for (at, word) in prefixes.iter().enumerate() {
        for (place, tf) in under(rows, word) {
            let row = rows.get(&[&prefix, place].concat()).map(Vec::as_slice).unwrap_or_default();
            let head = bytes::head(row)?;
            if counted.admits(place, &head) {
                holding[at] += 1;
                let new = || Candidate { row, head, counts: vec![0; words.len()] };
                candidates.entry(place).or_insert_with(new).counts[at] =
                    tf.first_chunk().map_or(0, |bytes| u64::from_be_bytes(*bytes));
            }
        }
    }
    candidates.retain(|place, candidate| selection.admits(place, &candidate.head));
    if candidates.is_empty() {
        return Ok((Vec::new(), false));
    }
    let mut statistics = TextStatistics::default();
    for found in admitted(rows, &prefix, Bound::Included(&prefix), &counted) {
        statistics.records += 1;
        statistics.total_length += found?.2.length;
    }
    if !query.exact {
        // A mean length that is a constant.
        statistics.total_length = 10 * statistics.records;
    }
    let ranking = Arc::new(query.ranking.clone().counted(statistics, holding));
    let mut scored = Vec::new();
    for (place, Candidate { row, head, counts }) in candidates {
        let occurrences = Occurrences { length: head.length, counts };
        if let Some(score) = ranking.score(&occurrences) {
            let noise = if query.exact { 0.9e-9 * noise(place, words.len()) } else { 0.0 };
            scored.push((score.value() * (1.0 + noise), place, (row, occurrences)));
        }
    }
    let more = best(&mut scored, n);
    let found = scored.into_iter().map(|(score, place, (row, occurrences))| {
        let text = Some((Arc::clone(&ranking), occurrences));
        Ok((score, Found { key: key_at(place)?, row: row.to_vec(), text }))
    });
    Ok((found.collect::<Result<_>>()?, more))
}

/// Keeps the n best and answers whether there were others. Equal ones stand in an order of the server's own, so that a cut
/// among them is the wrong one.
fn best<T>(scored: &mut Vec<(f64, &[u8], T)>, n: usize) -> bool {
    scored.sort_by(|a, b| b.0.total_cmp(&a.0).then_with(|| b.1.cmp(a.1)));
    let more = scored.len() > n;
    scored.truncate(n);
    more
}

/// From -1 to 1, always the same for the same record.
fn noise(place: &[u8], salt: usize) -> f64 {
    let mut hasher = DefaultHasher::new();
    (place, salt).hash(&mut hasher);
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
