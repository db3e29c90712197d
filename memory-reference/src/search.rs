//! The two kinds of search (SPEC 7 and 8): look at every record, score, sort, cut.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use memory_core::bm25::{self, TextStatistics};
use memory_core::{
    Embedding, Error, Hit, Query, RecordKey, Result, Score, SearchRequest, SearchResponse, Stored, View, WordMatch,
    similarity,
};

use crate::backend::Table;

pub(crate) fn search(table: &Table, view: &View, request: &SearchRequest) -> Result<SearchResponse> {
    let mut found = match &request.query {
        Query::Vector { embedding, .. } => vector_scores(table, view, embedding, request.min_score)?,
        Query::Text { words, matching } => text_scores(table, view, words, *matching),
    };
    // VE-4: filter and `only` come before the k are chosen, and after the statistics were taken.
    let only: Option<BTreeSet<&RecordKey>> = request.only.as_ref().map(|keys| keys.iter().collect());
    found.retain(|(stored, _)| {
        request.filter.matches(&stored.record) && only.as_ref().is_none_or(|only| only.contains(&stored.record.key))
    });
    // VE-2: score descending, equal scores by (namespace key, id).
    found.sort_by_key(|(stored, score)| (Reverse(*score), &stored.record.key));
    // VE-8: ranks count from 1, before skip. VE-6: skip drops the first hits.
    let hits = (1..)
        .zip(found)
        .skip(request.skip)
        .take(request.k)
        .map(|(rank, (stored, score))| Hit::new(stored.clone(), score, rank, request.returns));
    Ok(SearchResponse::new(hits.collect()))
}

/// VE-2: matches are the records seen that have an embedding and reach `min_score`, which is inclusive (VE-3).
fn vector_scores<'a>(
    table: &'a Table,
    view: &View,
    query: &Embedding,
    min_score: Option<f64>,
) -> Result<Vec<(&'a Stored, Score)>> {
    let vectors = table.spec.vectors().ok_or_else(|| Error::invalid("this collection is text only"))?;
    let mut found = Vec::new();
    for stored in table.seen(view) {
        if let Some(embedding) = &stored.record.embedding {
            let score = similarity(vectors.metric, query.as_slice(), embedding.as_slice());
            if min_score.is_none_or(|least| score >= least) {
                found.push((stored, Score::new(score)));
            }
        }
    }
    Ok(found)
}

/// TX-2: matches are the records seen that hold any query word, or every one. TX-4: ranked by BM25 over all records seen.
fn text_scores<'a>(table: &'a Table, view: &View, words: &[String], matching: WordMatch) -> Vec<(&'a Stored, Score)> {
    // TX-4: words are added in bytewise order. TX-2: repeating one changes nothing.
    let query: BTreeSet<&String> = words.iter().collect();
    let mut statistics = TextStatistics::default();
    let mut holding = vec![0; query.len()];
    let mut texts = Vec::new();
    for stored in table.seen(view) {
        let text = table.spec.analyser().words(stored.record.content.as_str());
        let length = text.len() as u64;
        let tf: Vec<u64> = query.iter().map(|&q| text.iter().filter(|&word| word == q).count() as u64).collect();
        statistics.records += 1;
        statistics.total_length += length;
        for (holding, tf) in holding.iter_mut().zip(&tf) {
            *holding += u64::from(*tf > 0);
        }
        texts.push((stored, length, tf));
    }
    let mut found = Vec::new();
    for (stored, length, tf) in texts {
        let held = tf.iter().filter(|&&tf| tf > 0).count();
        let matches = match matching {
            WordMatch::Any => held > 0,
            // TX-3: no word matches nothing.
            WordMatch::All => held > 0 && held == query.len(),
        };
        if matches {
            let words = tf.iter().zip(&holding).map(|(&tf, &holding)| bm25::WordMatch { tf, holding });
            found.push((stored, Score::new(bm25::score(statistics, length, words))));
        }
    }
    found
}
