use memory_core::{Embedding, Metric};

use super::super::vectors::tests::empty;
use super::*;
use crate::index::changes::State;
use crate::index::records::tests::entry;

/// An index with these vectors in its first slots.
fn index(metric: Metric, dimension: usize, data: &[Vec<f32>]) -> Arc<Index> {
    let mut index = Index::new(State::default(), data.len());
    let mut vectors = empty(metric, dimension);
    for (row, vector) in (0..).zip(data) {
        vectors.put(index.records.put(entry(row)), vector);
    }
    index.vectors = Some(vectors);
    Arc::new(index)
}

fn survey(index: &Arc<Index>, metric: Metric, query: &[f32], slots: Slots, wanted: Wanted) -> Survey {
    Survey::new(Arc::clone(index), metric, Kernel::best(), query, slots, wanted)
}

/// All vectors are in memory.
fn never(slot: u32) -> Result<Vec<f32>, Failure> {
    panic!("slot {slot} is asked of the records")
}

/// A sequence that looks random, from 0 to below 1.
struct Random(u64);

impl Random {
    fn next(&mut self) -> f64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) as f64 / (1_u64 << 53) as f64
    }

    fn below(&mut self, n: usize) -> usize {
        (self.next() * n as f64) as usize
    }

    fn sign(&mut self) -> f64 {
        self.next() * 2.0 - 1.0
    }
}

/// A vector of one of the kinds that mislead arithmetic, of a legal length.
fn vector(random: &mut Random, dimension: usize, earlier: &[Vec<f32>]) -> Vec<f32> {
    loop {
        let like = (!earlier.is_empty()).then(|| earlier[random.below(earlier.len())].clone());
        let plain = |random: &mut Random, size: f64| (0..dimension).map(|_| (random.sign() * size) as f32).collect();
        let vector: Vec<f32> = match (random.below(12), like) {
            (0, _) => plain(random, 1e-15),
            (1, _) => plain(random, 1e14 / dimension as f64),
            (2, Some(like)) => like,
            (3, Some(like)) => like.iter().map(|x| if random.below(9) == 0 { x.next_up() } else { *x }).collect(),
            (4, Some(like)) => like.iter().map(|x| x * 2.0).collect(),
            (5, Some(like)) => like.iter().map(|x| -x).collect(),
            (6, _) => (0..dimension).map(|_| if random.below(8) == 0 { random.sign() as f32 } else { 0.0 }).collect(),
            (7, _) => (0..dimension).map(|_| (random.sign() * 10_f64.powf(random.sign() * 13.0)) as f32).collect(),
            (8, _) => {
                (0..dimension).map(|at| if at == 0 { 1.0 } else { f32::from_bits(random.below(99) as u32) }).collect()
            }
            (9, _) => vec![random.below(3) as f32; dimension],
            (10, Some(like)) => like.iter().map(|x| (f64::from(*x) * (1.0 + random.sign() * 1e-6)) as f32).collect(),
            _ => plain(random, 1.0),
        };
        if Embedding::new(vector.clone()).is_ok_and(|embedding| !embedding.is_zero()) {
            return vector;
        }
    }
}

/// What must be found: the best, and all that tie with the last of them.
fn brute_force(vectors: &Vectors, query: &[f32], slots: &[u32], wanted: Wanted) -> Vec<(Score, u32)> {
    let score = |slot: &u32| (Score::new(similarity(vectors.metric, query, vectors.vector(*slot).unwrap())), *slot);
    let mut all: Vec<(Score, u32)> = slots.iter().map(score).collect();
    all.retain(|(score, _)| wanted.min_score.is_none_or(|least| *score >= Score::new(least)));
    all.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    let least = all.get(wanted.most - 1).map(|(score, _)| *score);
    all.retain(|(score, _)| least.is_none_or(|least| *score >= least));
    all
}

/// What was found, cut as the brute force is.
fn cut(mut found: Vec<(Score, u32)>, wanted: Wanted) -> Vec<(u64, u32)> {
    found.sort_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    found.retain(|(score, _)| wanted.min_score.is_none_or(|least| *score >= Score::new(least)));
    let least = found.get(wanted.most - 1).map(|(score, _)| *score);
    found.retain(|(score, _)| least.is_none_or(|least| *score >= least));
    bits(found)
}

fn bits(scored: Vec<(Score, u32)>) -> Vec<(u64, u32)> {
    scored.into_iter().map(|(score, slot)| (score.value().to_bits(), slot)).collect()
}

#[test]
fn the_answer_is_that_of_brute_force_for_adversarial_vectors() {
    let (mut random, helpers) = (Random(5), Helpers::default());
    for round in 0..60 {
        let dimension = [1, 2, 3, 17, 64, 65, 130][round % 7];
        let count = [5, 40, 700, 1_500][round % 4];
        let mut data: Vec<Vec<f32>> = Vec::new();
        for _ in 0..count {
            let next = vector(&mut random, dimension, &data);
            data.push(next);
        }
        for metric in Metric::ALL {
            let index = index(metric, dimension, &data);
            let vectors = index.vectors.as_ref().unwrap();
            for _ in 0..6 {
                let query = vector(&mut random, dimension, &data);
                let slots: Vec<u32> = (0..count as u32).filter(|_| random.below(3) > 0).collect();
                let near = similarity(metric, &query, &data[0]);
                let min_score = [None, None, Some(near), Some(near - 0.1)][random.below(4)];
                let wanted = Wanted { now: 0, most: [1, 3, 10, 2_000][random.below(4)], min_score };
                let expected = bits(brute_force(vectors, &query, &slots, wanted));
                for kernel in Kernel::available() {
                    let found =
                        nearest(&index, (kernel, &helpers), &query, Slots::Some(slots.clone()), wanted, &mut never);
                    assert_eq!(cut(found.unwrap(), wanted), expected, "{round} {metric} {} {wanted:?}", kernel.name());
                }
            }
        }
    }
}

#[test]
fn few_vectors_are_looked_at() {
    let mut random = Random(7);
    let middles: Vec<Vec<f64>> = (0..40).map(|_| (0..96).map(|_| random.sign()).collect()).collect();
    let near = |random: &mut Random| {
        let middle = &middles[random.below(40)];
        middle.iter().map(|x| (x + 0.7 * random.sign()) as f32).collect()
    };
    let data: Vec<Vec<f32>> = (0..8_000).map(|_| near(&mut random)).collect();
    let index = index(Metric::Cosine, 96, &data);
    let query: Vec<f32> = middles[3].iter().map(|x| *x as f32).collect();
    let wanted = Wanted { now: 0, most: 10, min_score: None };
    let survey = survey(&index, Metric::Cosine, &query, Slots::All, wanted);
    let found = survey.candidates(0..8_000);
    assert!((10..100).contains(&found.len()), "{} of 8,000", found.len());
    let vectors = index.vectors.as_ref().unwrap();
    let every: Vec<u32> = (0..8_000).collect();
    let mut products = vec![0; 8_000];
    survey.kernel.products(&vectors.codes.upper, &survey.bounds.code.high, &every, &mut products);
    let halves =
        vectors.fits.iter().zip(products).filter(|(fit, half)| survey.bounds.upper(**fit, *half) >= survey.cut());
    assert!((found.len()..1_000).contains(&halves.clone().count()), "{} of 8,000", halves.count());
    assert!((10..13).contains(&look(vectors, &survey, &query, found, &mut never).unwrap().len()));
}

#[test]
fn pieces_find_what_the_whole_has() {
    let (mut random, helpers) = (Random(9), Helpers::default());
    let data: Vec<Vec<f32>> = (0..1_000).map(|_| vector(&mut random, 8, &[])).collect();
    let index = index(Metric::Euclidean, 8, &data);
    let vectors = index.vectors.as_ref().unwrap();
    let query = vector(&mut random, 8, &[]);
    let wanted = Wanted { now: 0, most: 5, min_score: None };
    let expected = bits(brute_force(vectors, &query, &(0..1_000).collect::<Vec<u32>>(), wanted));
    let survey = Arc::new(survey(&index, Metric::Euclidean, &query, Slots::All, wanted));
    let shared = Arc::clone(&survey);
    let found = helpers.run(10, move |piece| shared.candidates(piece * 100..piece * 100 + 100)).concat();
    let near = look(vectors, &survey, &query, found, &mut never).unwrap();
    let score = |near: Near<'_>| (Score::new(similarity(Metric::Euclidean, &query, &near.vector)), near.slot);
    assert_eq!(cut(near.into_iter().map(score).collect(), wanted), expected);
}

#[test]
fn every_slot_and_none() {
    let helpers = Helpers::default();
    let wanted = Wanted { now: 0, most: 2, min_score: None };
    let how = (Kernel::best(), &helpers);
    assert_eq!(nearest(&index(Metric::Dot, 2, &[]), how, &[1.0, 0.0], Slots::All, wanted, &mut never).unwrap(), []);
    // More than one piece.
    let last = LARGE as u32 + 600;
    let data: Vec<Vec<f32>> = (0..=last).map(|row| vec![row as f32, 1.0]).collect();
    let index = index(Metric::Dot, 2, &data);
    let best = nearest(&index, how, &[1.0, 0.0], Slots::All, wanted, &mut never).unwrap();
    assert_eq!(best, [(Score::new(last.into()), last), (Score::new((last - 1).into()), last - 1)]);
    assert_eq!(nearest(&index, how, &[1.0, 0.0], Slots::All, Wanted { most: 0, ..wanted }, &mut never).unwrap(), []);
}

#[test]
fn what_has_no_vector_or_has_gone_is_not_found() {
    for metric in Metric::ALL {
        let mut index = Arc::into_inner(index(metric, 2, &[vec![1.0, 0.0], vec![0.9, 0.1], vec![0.8, 0.2]])).unwrap();
        index.records.put(entry(7));
        index.vectors.as_mut().unwrap().put(index.records.put(entry(8)), &[0.7, 0.3]);
        index.records.remove(1);
        let wanted = Wanted { now: 0, most: 9, min_score: None };
        let how = (Kernel::best(), &Helpers::default());
        let found = nearest(&Arc::new(index), how, &[1.0, 0.0], Slots::All, wanted, &mut never).unwrap();
        assert_eq!(found.iter().map(|(_, slot)| *slot).collect::<Vec<u32>>(), [0, 2, 4], "{metric}");
    }
}
