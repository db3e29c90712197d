use super::*;
use crate::workload::{DIMENSION, Fields};
use std::sync::Arc;

/// Twelve records along two axes: the cosine of record i to the question is cos(i · 5°).
fn fan() -> Workload {
    let mut vectors = Vec::new();
    for row in 0..12 {
        let angle = (f64::from(row) * 5.0).to_radians();
        vectors.extend([angle.cos() as f32, angle.sin() as f32]);
        vectors.extend([0.0; DIMENSION - 2]);
    }
    let document = |row: usize| Document {
        user: row % 2,
        kind: 0,
        topic: usize::from(row == 11),
        words: vec![u32::from(row < 3), 2, 2, 3],
    };
    let mut vector = vec![0.0; DIMENSION];
    vector[0] = 1.0;
    let question = Question { vector, words: [1, 4, 5], user: 1, kind: 0, topic: 1, record: 0 };
    Workload { vectors: Arc::new(vectors), documents: (0..12).map(document).collect(), questions: vec![question] }
}

#[test]
fn recall_is_the_part_of_the_best_ten_that_was_found() {
    let workload = fan();
    let truth = Truth::new(&workload, 2);
    let recall = |keep, rows: &[usize]| truth.vector_recall(&workload, 0, keep, rows);
    let best: Vec<usize> = (0..10).collect();
    assert_eq!(recall(Keep::All, &best), 1.0);
    assert_eq!(recall(Keep::All, &[0, 1, 2, 3, 4, 5, 6, 7, 8, 11]), 0.9);
    assert_eq!(recall(Keep::All, &[0; 10]), 0.1);
    assert_eq!(recall(Keep::All, &[]), 0.0);
}

#[test]
fn a_filter_has_right_answers_of_its_own() {
    let workload = fan();
    let truth = Truth::new(&workload, 1);
    let recall = |keep, rows: &[usize]| truth.vector_recall(&workload, 0, keep, rows);
    assert_eq!(recall(Keep::User, &[1, 3, 5, 7, 9, 11]), 1.0);
    assert_eq!(recall(Keep::User, &[0, 1, 2, 3, 4, 5]), 0.5);
    assert_eq!(recall(Keep::Topic, &[11]), 1.0);
    assert_eq!(recall(Keep::Topic, &[0]), 0.0);
}

#[test]
fn text_is_ranked_by_bm25_over_the_scope() {
    let workload = fan();
    let truth = Truth::new(&workload, 1);
    let recall = |words, rows: &[usize]| truth.text_recall(&workload, 0, words, rows);
    assert_eq!(recall(Words::Any, &[0, 1, 2]), 1.0);
    assert_eq!(recall(Words::Any, &[0, 1, 7]), 2.0 / 3.0);
    assert_eq!(recall(Words::AnyOfUser, &[1]), 1.0);
    assert_eq!(recall(Words::AnyOfUser, &[0]), 0.0);
    assert_eq!((recall(Words::All, &[]), recall(Words::All, &[0])), (1.0, 0.0));
}

#[test]
fn a_score_of_bm25_by_hand() {
    let workload = fan();
    let statistics = Statistics::new(&workload);
    let score = |words, row: usize| {
        let scope = statistics.scope(words, &workload.questions[0]);
        scope.score(words, &workload.questions[0], &workload.documents[row])
    };
    // 12 records of 4 words, 3 hold the word: ln(1 + 9.5 / 3.5) · 2.2 / 2.2.
    assert!((score(Words::Any, 0).unwrap() - 1.3121863889661687).abs() < 1e-12);
    // Of the user's 6 records 1 holds it: ln(1 + 5.5 / 1.5).
    assert!((score(Words::AnyOfUser, 1).unwrap() - 1.540445040947149).abs() < 1e-12);
    assert_eq!(score(Words::AnyOfUser, 0), None);
    assert_eq!(score(Words::Any, 5), None);
}

#[test]
fn the_cores_own_bm25_agrees() {
    let workload = Workload::new(500, 5);
    let statistics = Statistics::new(&workload);
    let question = &workload.questions[3];
    let scope = statistics.scope(Words::Any, question);
    let records = workload.records() as u64;
    let total_length = workload.documents.iter().map(|document| document.words.len() as u64).sum();
    for document in &workload.documents {
        let words = question.words.map(|word| memory_core::bm25::WordMatch {
            tf: document.words.iter().filter(|held| **held == word).count() as u64,
            holding: workload.documents.iter().filter(|document| document.words.contains(&word)).count() as u64,
        });
        let statistics = memory_core::bm25::TextStatistics { records, total_length };
        let wanted = memory_core::bm25::score(statistics, document.words.len() as u64, words);
        let score = scope.score(Words::Any, question, document).unwrap_or(0.0);
        assert!((score - wanted).abs() < 1e-12, "{score} {wanted}");
    }
    let Fields { content, .. } = workload.fields(0).unwrap();
    assert_eq!(content.split(' ').count(), workload.documents[0].words.len());
}
