//! What is stored and what is asked: made from a seed, the same everywhere.

mod vectors;
mod words;

use std::sync::Arc;

use crate::random::Random;
use vectors::Clusters;
use words::Zipf;

pub(crate) use vectors::DIMENSION;

/// How many users there are; each is a namespace and has 1 % of the records.
pub(crate) const USERS: usize = 100;

/// The kinds; each has about 20 % of the records.
pub(crate) const KINDS: [&str; 5] = ["fact", "preference", "event", "heuristic", "anti-pattern"];

/// How many values the metadata path `topic` has; each is in about 5 % of the records. No index is hinted for it.
pub(crate) const TOPICS: usize = 20;

const SEED: u64 = 5;

/// Micros of 2026-01-01; each record is a second younger than the one before.
const FIRST_CREATED: i64 = 1_767_225_600_000_000;

/// The records and the questions.
#[derive(Debug)]
pub(crate) struct Workload {
    /// All vectors, one after the other.
    pub(crate) vectors: Arc<Vec<f32>>,
    /// Everything else of the records.
    pub(crate) documents: Vec<Document>,
    /// What is asked.
    pub(crate) questions: Vec<Question>,
}

/// A record but its vector.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Document {
    /// Whose it is, below [`USERS`].
    pub(crate) user: usize,
    /// Its place in [`KINDS`].
    pub(crate) kind: usize,
    /// Below [`TOPICS`].
    pub(crate) topic: usize,
    /// Its words, by their rank.
    pub(crate) words: Vec<u32>,
}

/// What a search asks.
#[derive(Debug)]
pub(crate) struct Question {
    /// From one of the clusters.
    pub(crate) vector: Vec<f32>,
    /// Three different words of one record, by rank, ascending: drawn as the documents' are, and some record holds all.
    pub(crate) words: [u32; 3],
    /// The user, kind and topic that are asked for where one is.
    pub(crate) user: usize,
    pub(crate) kind: usize,
    pub(crate) topic: usize,
    /// A record, for what is about one.
    pub(crate) record: usize,
}

/// A record as both sides are given it.
#[derive(Clone, Debug)]
pub(crate) struct Fields {
    pub(crate) namespace: String,
    pub(crate) id: String,
    pub(crate) kind: &'static str,
    /// Microseconds since 1970.
    pub(crate) created_at: i64,
    pub(crate) content: String,
    /// A JSON object.
    pub(crate) metadata: String,
    pub(crate) vector: Arc<[f32]>,
}

impl Workload {
    /// So many records and questions. More of one changes nothing about the first of the other.
    pub(crate) fn new(records: usize, questions: usize) -> Self {
        let (clusters, zipf) = (Clusters::new(&mut Random::new(SEED)), Zipf::new());
        let mut random = Random::new(SEED + 1);
        let documents: Vec<Document> = (0..records).map(|row| document(row, &zipf, &mut random)).collect();
        let mut random = Random::new(SEED + 2);
        let mut vectors = Vec::with_capacity(records * DIMENSION);
        (0..records).for_each(|_| clusters.add(&mut random, &mut vectors));
        let mut random = Random::new(SEED + 3);
        let questions = (0..questions).map(|number| question(number, &clusters, &documents, &mut random)).collect();
        Self { vectors: Arc::new(vectors), documents, questions }
    }

    /// How many records there are.
    pub(crate) fn records(&self) -> usize {
        self.documents.len()
    }

    /// The vector of a record.
    pub(crate) fn vector(&self, row: usize) -> &[f32] {
        self.vectors.get(row * DIMENSION..(row + 1) * DIMENSION).unwrap_or_default()
    }

    /// The record of this row.
    pub(crate) fn fields(&self, row: usize) -> Option<Fields> {
        let document = self.documents.get(row)?;
        let words: Vec<String> = document.words.iter().map(|&rank| words::word(rank)).collect();
        Some(Fields {
            namespace: user(document.user),
            id: id(row),
            kind: KINDS.get(document.kind)?,
            created_at: FIRST_CREATED + row as i64 * 1_000_000,
            content: words.join(" "),
            metadata: format!(r#"{{"source":"session-{}","topic":"{}"}}"#, row % 977, topic(document.topic)),
            vector: self.vector(row).into(),
        })
    }

    /// As many further records as are asked for: those there are, from the first on and again, under ids of their own.
    pub(crate) fn further(&self, number: usize) -> Option<Fields> {
        let fields = self.fields(number % self.records())?;
        Some(Fields { id: format!("s{number:08}"), ..fields })
    }
}

impl Question {
    /// Its words as text.
    pub(crate) fn text(&self) -> String {
        self.words.map(words::word).join(" ")
    }
}

/// The namespace of a user, one segment.
pub(crate) fn user(user: usize) -> String {
    format!("user-{user:02}")
}

/// The metadata value of a topic.
pub(crate) fn topic(topic: usize) -> String {
    format!("topic-{topic:02}")
}

/// The id of a record.
pub(crate) fn id(row: usize) -> String {
    format!("r{row:08}")
}

/// The row of an id; `None` for one of another kind.
pub(crate) fn row(id: &str) -> Option<usize> {
    id.strip_prefix('r')?.parse().ok()
}

fn document(row: usize, zipf: &Zipf, random: &mut Random) -> Document {
    let (kind, topic) = (random.below(KINDS.len()), random.below(TOPICS));
    let length = 30 + random.below(21);
    Document { user: row % USERS, kind, topic, words: (0..length).map(|_| zipf.draw(random)).collect() }
}

fn question(number: usize, clusters: &Clusters, documents: &[Document], random: &mut Random) -> Question {
    let mut vector = Vec::with_capacity(DIMENSION);
    clusters.add(random, &mut vector);
    let record = random.below(documents.len());
    let words = loop {
        let source = documents.get(random.below(documents.len()));
        if let Some(words) = source.and_then(|document| words::first_three(&document.words)) {
            break words;
        }
    };
    let (kind, topic) = (random.below(KINDS.len()), random.below(TOPICS));
    // Each user is asked for once before one is asked for again.
    Question { vector, words, user: number * 37 % USERS, kind, topic, record }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_workload_is_pinned() {
        // The expected values were made by a second program, in Python.
        let workload = Workload::new(300, 2);
        let fields = workload.fields(217).unwrap();
        assert_eq!(fields.namespace, "user-17");
        assert_eq!(fields.id, "r00000217");
        assert_eq!(fields.kind, "anti-pattern");
        assert_eq!(fields.metadata, r#"{"source":"session-217","topic":"topic-00"}"#);
        assert_eq!(fields.content.split(' ').take(4).collect::<Vec<_>>(), ["galofak", "fovirik", "guzabok", "bimolak"]);
        assert_eq!(fields.vector[..2].iter().map(|x| x.to_bits()).collect::<Vec<_>>(), [1_013_789_026, 3_181_990_573]);
        assert_eq!(workload.questions[1].text(), "vavapak panaruk garutok");
        assert_eq!(workload.questions[1].vector[0].to_bits(), 1_015_944_082);
        let Question { user, kind, topic, record, .. } = workload.questions[1];
        assert_eq!((user, kind, topic, record), (37, 2, 19, 37));
    }

    #[test]
    fn more_records_leave_the_first_ones_as_they_are() {
        let (few, many) = (Workload::new(100, 1), Workload::new(200, 3));
        assert_eq!(few.documents[99], many.documents[99]);
        assert_eq!(few.vector(99), many.vector(99));
    }

    #[test]
    fn users_kinds_and_topics_have_the_parts_they_should() {
        let workload = Workload::new(10_000, 200);
        let part = |keeps: &dyn Fn(&Document) -> bool| {
            workload.documents.iter().filter(|document| keeps(document)).count() as f64 / 10_000.0
        };
        assert_eq!(part(&|document| document.user == 7), 0.01);
        assert!((part(&|document| document.kind == 2) - 0.2).abs() < 0.02);
        assert!((part(&|document| document.topic == 3) - 0.05).abs() < 0.01);
        let words: usize = workload.documents.iter().map(|document| document.words.len()).sum();
        assert!((words as f64 / 10_000.0 - 40.0).abs() < 0.5);
        let asked: std::collections::BTreeSet<usize> = workload.questions[..USERS].iter().map(|q| q.user).collect();
        assert_eq!(asked.len(), USERS);
    }

    #[test]
    fn ids_lead_back_to_rows_and_further_records_to_none() {
        let workload = Workload::new(100, 1);
        assert_eq!(row(&id(42)), Some(42));
        let further = workload.further(142).unwrap();
        assert_eq!((further.id.as_str(), row(&further.id)), ("s00000142", None));
        assert_eq!(further.content, workload.fields(42).unwrap().content);
    }
}
