//! The right answers, by brute force in f64, and how much of them was found.

use std::collections::BTreeSet;
use std::thread;

use crate::workload::{Document, Question, USERS, Workload};

/// How many hits a search asks for.
pub(crate) const K: usize = 10;

/// Scores that differ by less are equal: sums of f64 in another order.
const SLACK: f64 = 1e-9;

/// Which records a vector search may find.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Keep {
    /// All.
    All,
    /// Those of the question's user, 1 %.
    User,
    /// Those of its kind, 20 %.
    Kind,
    /// Those of its topic, 5 %.
    Topic,
}

impl Keep {
    const EACH: [Self; 4] = [Self::All, Self::User, Self::Kind, Self::Topic];

    fn keeps(self, question: &Question, document: &Document) -> bool {
        match self {
            Self::All => true,
            Self::User => document.user == question.user,
            Self::Kind => document.kind == question.kind,
            Self::Topic => document.topic == question.topic,
        }
    }
}

/// Which records a text search finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Words {
    /// Those with any of the words.
    Any,
    /// Those of the question's user with any of the words; the statistics are the user's too.
    AnyOfUser,
    /// Those with all of the words.
    All,
}

impl Words {
    const EACH: [Self; 3] = [Self::Any, Self::AnyOfUser, Self::All];
}

/// The least score of a right answer and how many there are, for each question and each way to ask it.
#[derive(Debug)]
pub(crate) struct Truth {
    vectors: Vec<[Cut; Keep::EACH.len()]>,
    texts: Vec<[Cut; Words::EACH.len()]>,
    statistics: Statistics,
}

/// Where the right answers end.
#[derive(Clone, Copy, Debug, PartialEq)]
struct Cut {
    least: f64,
    count: usize,
}

impl Truth {
    /// Answers every question, on so many threads.
    pub(crate) fn new(workload: &Workload, threads: usize) -> Self {
        let statistics = Statistics::new(workload);
        let part = workload.questions.len().div_ceil(threads).max(1);
        let answered = thread::scope(|scope| {
            let one = |questions| {
                let statistics = &statistics;
                scope.spawn(move || answer(workload, statistics, questions))
            };
            let parts: Vec<_> = workload.questions.chunks(part).map(one).collect();
            parts.into_iter().flat_map(|part| part.join().unwrap_or_default()).collect::<Vec<_>>()
        });
        let (vectors, texts) = answered.into_iter().unzip();
        Self { vectors, texts, statistics }
    }

    /// The part of the right answers to a vector search that these rows hold.
    pub(crate) fn vector_recall(&self, workload: &Workload, number: usize, keep: Keep, rows: &[usize]) -> f64 {
        let cut = self.vectors.get(number).and_then(|cuts| cuts.get(keep as usize));
        let (Some(cut), Some(question)) = (cut, workload.questions.get(number)) else { return 0.0 };
        recall(*cut, rows, |row| {
            let document = workload.documents.get(row).filter(|document| keep.keeps(question, document));
            document.map(|_| cosine(&question.vector, workload.vector(row)))
        })
    }

    /// The part of the right answers to a text search that these rows hold.
    pub(crate) fn text_recall(&self, workload: &Workload, number: usize, words: Words, rows: &[usize]) -> f64 {
        let cut = self.texts.get(number).and_then(|cuts| cuts.get(words as usize));
        let (Some(cut), Some(question)) = (cut, workload.questions.get(number)) else { return 0.0 };
        let scope = self.statistics.scope(words, question);
        recall(*cut, rows, |row| scope.score(words, question, workload.documents.get(row)?))
    }
}

/// How many different rows have a score at or above the cut, as a part of how many there should be.
fn recall(cut: Cut, rows: &[usize], score: impl Fn(usize) -> Option<f64>) -> f64 {
    if cut.count == 0 {
        // Nothing matches, so nothing is what is right.
        return if rows.is_empty() { 1.0 } else { 0.0 };
    }
    let rows: BTreeSet<usize> = rows.iter().copied().collect();
    let right = rows.into_iter().filter(|row| score(*row).is_some_and(|score| score >= cut.least - SLACK)).count();
    right.min(cut.count) as f64 / cut.count as f64
}

type Answers = ([Cut; Keep::EACH.len()], [Cut; Words::EACH.len()]);

fn answer(workload: &Workload, statistics: &Statistics, questions: &[Question]) -> Vec<Answers> {
    let one = |question: &Question| {
        let mut vectors = Keep::EACH.map(|_| Best::default());
        let mut texts = Words::EACH.map(|words| (Best::default(), statistics.scope(words, question), words));
        for (row, document) in workload.documents.iter().enumerate() {
            let cosine = cosine(&question.vector, workload.vector(row));
            for (best, keep) in vectors.iter_mut().zip(Keep::EACH) {
                if keep.keeps(question, document) {
                    best.offer(cosine);
                }
            }
            for (best, scope, words) in &mut texts {
                if let Some(score) = scope.score(*words, question, document) {
                    best.offer(score);
                }
            }
        }
        (vectors.map(|best| best.cut()), texts.map(|(best, ..)| best.cut()))
    };
    questions.iter().map(one).collect()
}

/// The best scores so far, descending.
#[derive(Debug, Default)]
struct Best(Vec<f64>);

impl Best {
    fn offer(&mut self, score: f64) {
        if self.0.len() == K && self.0.last().is_some_and(|last| score <= *last) {
            return;
        }
        self.0.insert(self.0.partition_point(|better| *better >= score), score);
        self.0.truncate(K);
    }

    fn cut(self) -> Cut {
        Cut { least: self.0.last().copied().unwrap_or_default(), count: self.0.len() }
    }
}

/// Eight sums, so that the compiler can use wide registers.
fn cosine(a: &[f32], b: &[f32]) -> f64 {
    let mut sums = [[0.0_f64; 8]; 3];
    for (a, b) in a.chunks_exact(8).zip(b.chunks_exact(8)) {
        for lane in 0..8 {
            let (x, y) = (f64::from(a[lane]), f64::from(b[lane]));
            sums[0][lane] += x * y;
            sums[1][lane] += x * x;
            sums[2][lane] += y * y;
        }
    }
    let [product, a, b] = sums.map(|sums| sums.iter().sum::<f64>());
    product / (a * b).sqrt()
}

/// How many records and words there are and in how many records each word occurs: of all, and of each user.
#[derive(Debug)]
struct Statistics {
    all: Counts,
    users: Vec<Counts>,
}

#[derive(Clone, Debug, Default)]
struct Counts {
    records: f64,
    length: f64,
    holding: Vec<u32>,
}

/// What BM25 knows of one question's scope.
struct Scope {
    records: f64,
    mean_length: f64,
    /// For each word of the question.
    idf: [f64; 3],
    user: Option<usize>,
}

impl Statistics {
    fn new(workload: &Workload) -> Self {
        let words = workload.documents.iter().flat_map(|document| &document.words).max().map_or(0, |word| word + 1);
        let empty = Counts { holding: vec![0; words as usize], ..Counts::default() };
        let (mut all, mut users) = (empty.clone(), vec![empty; USERS]);
        for document in &workload.documents {
            let distinct: BTreeSet<u32> = document.words.iter().copied().collect();
            for counts in [&mut all].into_iter().chain(users.get_mut(document.user)) {
                counts.records += 1.0;
                counts.length += document.words.len() as f64;
                for word in &distinct {
                    if let Some(holding) = counts.holding.get_mut(*word as usize) {
                        *holding += 1;
                    }
                }
            }
        }
        Self { all, users }
    }

    fn scope(&self, words: Words, question: &Question) -> Scope {
        let user = (words == Words::AnyOfUser).then_some(question.user);
        let counts = user.and_then(|user| self.users.get(user)).unwrap_or(&self.all);
        let idf = question.words.map(|word| {
            let holding = counts.holding.get(word as usize).copied().map_or(0.0, f64::from);
            (1.0 + (counts.records - holding + 0.5) / (holding + 0.5)).ln()
        });
        Scope { records: counts.records, mean_length: counts.length / counts.records, idf, user }
    }
}

impl Scope {
    /// BM25 with k1 = 1.2 and b = 0.75 (TX-4); `None` for a record that does not match.
    fn score(&self, words: Words, question: &Question, document: &Document) -> Option<f64> {
        if self.records == 0.0 || self.user.is_some_and(|user| user != document.user) {
            return None;
        }
        let mut times = [0.0; 3];
        for word in &document.words {
            for (times, asked) in times.iter_mut().zip(question.words) {
                if *word == asked {
                    *times += 1.0;
                }
            }
        }
        let held = times.iter().filter(|times| **times > 0.0).count();
        if held == 0 || (words == Words::All && held < times.len()) {
            return None;
        }
        let norm = 1.2 * (0.25 + 0.75 * document.words.len() as f64 / self.mean_length);
        Some(times.iter().zip(self.idf).map(|(times, idf)| idf * times * 2.2 / (times + norm)).sum())
    }
}

#[cfg(test)]
mod tests;
