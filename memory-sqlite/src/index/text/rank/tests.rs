use memory_core::bm25::{self, WordMatch as Counted};

use super::super::lists::tests::words;
use super::*;
use crate::index::changes::State;
use crate::index::records::Entry;
use crate::index::records::tests::entry;

/// An index with these texts in its first slots; every fifth expires at 10.
fn index(contents: &[String]) -> Arc<Index> {
    let mut index = Index::new(State::default(), contents.len());
    let mut text = Text::default();
    for (row, content) in (0..).zip(contents) {
        let expires_at = (row % 5 == 4).then_some(10);
        text.put(index.records.put(Entry { expires_at, ..entry(row) }), words(content));
    }
    index.text = Some(text);
    Arc::new(index)
}

/// The best, and all that tie with the last of them: by the core's own sum over the words as they stand in the texts.
fn brute_force(
    contents: &[String],
    query: &[&str],
    visible: &[u32],
    eligible: &[u32],
    wanted: Wanted,
) -> Vec<(u64, u32)> {
    let mut query = query.to_vec();
    query.sort_unstable();
    query.dedup();
    let of = |slot: &u32| contents[*slot as usize].split_whitespace();
    let tf = |slot: &u32, word: &str| of(slot).filter(|other| *other == word).count() as u64;
    let statistics = TextStatistics {
        records: visible.len() as u64,
        total_length: visible.iter().map(|slot| of(slot).count() as u64).sum(),
    };
    let holding = |word: &&str| visible.iter().filter(|slot| tf(slot, word) > 0).count() as u64;
    let holding: Vec<u64> = query.iter().map(holding).collect();
    let mut all: Vec<(Score, u32)> = Vec::new();
    for slot in eligible {
        let tfs: Vec<u64> = query.iter().map(|word| tf(slot, word)).collect();
        let matches = match wanted.matching {
            WordMatch::Any => tfs.iter().any(|tf| *tf > 0),
            WordMatch::All => !query.is_empty() && tfs.iter().all(|tf| *tf > 0),
        };
        if matches {
            let counted = tfs.into_iter().zip(&holding).map(|(tf, holding)| Counted { tf, holding: *holding });
            all.push((Score::new(bm25::score(statistics, of(slot).count() as u64, counted)), *slot));
        }
    }
    all.retain(|(score, _)| wanted.min_score.is_none_or(|least| *score >= Score::new(least)));
    in_order(best_first(all, wanted.most))
}

fn in_order(mut found: Vec<(Score, u32)>) -> Vec<(u64, u32)> {
    found.sort_unstable_by(|a, b| b.0.cmp(&a.0).then(a.1.cmp(&b.1)));
    found.into_iter().map(|(score, slot)| (score.value().to_bits(), slot)).collect()
}

/// Words of very different frequency, in texts of very different length.
fn contents(count: usize) -> Vec<String> {
    let mut seed = 3_u64;
    let mut below = move |n: usize| {
        seed = seed.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (seed >> 33) as usize % n
    };
    (0..count)
        .map(|_| {
            let length = [0, 3, 9, 40, 270][below(5)];
            (0..length).map(|_| format!("w{} ", below(40) * below(40) / 40)).collect()
        })
        .collect()
}

#[test]
fn the_answer_is_the_full_sum_bit_for_bit() {
    let (contents, helpers) = (contents(100), Helpers::default());
    let index = index(&contents);
    let all: Vec<u32> = (0..100).collect();
    let live = |now: i64| all.iter().copied().filter(|slot| slot % 5 != 4 || now < 10).collect::<Vec<u32>>();
    let some: Vec<u32> = all.iter().copied().filter(|slot| slot % 3 == 0).collect();
    let few = vec![5, 14, 16, 60, 61, 99];
    for query in
        [&["w0"][..], &["w30", "w0", "w3", "w30"], &["w20", "none"], &["w38", "w1", "w2", "w0"], &["none"], &[]]
    {
        let words: Vec<String> = query.iter().map(|word| (*word).to_owned()).collect();
        for matching in [WordMatch::Any, WordMatch::All] {
            for (most, min_score) in [(1, None), (10, None), (5_000, None), (10, Some(1.5))] {
                for now in [0, 10] {
                    let wanted = Wanted { now, most, min_score, matching };
                    let everyone = Visible::AllBut(index.records.hidden(now));
                    let here: Vec<u32> = live(now).into_iter().filter(|slot| slot % 2 == 0).collect();
                    for (visible, eligible) in [
                        (everyone.clone(), Slots::All),
                        (everyone.clone(), Slots::Some(some.clone())),
                        (everyone, Slots::Some(few.clone())),
                        (Visible::Some(here.clone()), Slots::Some(here)),
                        (Visible::Some(vec![16, 60]), Slots::Some(few.clone())),
                    ] {
                        let seen = match &visible {
                            Visible::AllBut(_) => live(now),
                            Visible::Some(slots) => slots.clone(),
                        };
                        let found = match &eligible {
                            Slots::All => live(now),
                            Slots::Some(slots) => slots.clone(),
                        };
                        // What a search may find it also sees.
                        let seen_bits = Bits::of(&seen);
                        let found: Vec<u32> = found.into_iter().filter(|slot| seen_bits.has(*slot)).collect();
                        let eligible = if eligible == Slots::All { Slots::All } else { Slots::Some(found.clone()) };
                        let expected = brute_force(&contents, query, &seen, &found, wanted);
                        let answer = ranked(&index, &helpers, &words, &visible, eligible, wanted);
                        assert_eq!(in_order(answer), expected, "{query:?} {wanted:?}");
                    }
                }
            }
        }
    }
}

#[test]
fn pieces_find_what_the_whole_has() {
    // More than one piece, and more entries than one thread takes.
    let contents: Vec<String> = (0..PIECE * 2 + 100).map(|n| format!("a {} c", "b ".repeat(n % 700))).collect();
    let index = index(&contents);
    let words = ["a", "b"].map(str::to_owned);
    let wanted = Wanted { now: 0, most: 40, min_score: None, matching: WordMatch::Any };
    let found = ranked(&index, &Helpers::default(), &words, &Visible::AllBut(Vec::new()), Slots::All, wanted);
    // All that have as many of `b` as the best have its score, and so many there are more than forty times.
    let place = found[0].1 as usize % 700;
    let mut slots: Vec<usize> = found.iter().map(|(_, slot)| *slot as usize).collect();
    slots.sort_unstable();
    assert_eq!(slots, (0..contents.len()).filter(|slot| slot % 700 == place).collect::<Vec<usize>>());
}

#[test]
fn a_weight_that_is_looked_up_is_the_one_that_is_computed() {
    let statistics = TextStatistics { records: 1_000, total_length: 33_333 };
    let word = Word::new(0, idf(1_000, 77), statistics);
    for times in [1, 2, 4, 5, 900] {
        for length in [1, 2, 33, 255, 256, 70_000] {
            let computed = weight(idf(1_000, 77), times, norm(statistics, length));
            assert_eq!(word.weight(times, length as u32, statistics).to_bits(), computed.to_bits(), "{times} {length}");
        }
    }
}

#[test]
fn a_slot_that_had_gone_before_words_were_looked_for_counts_nowhere() {
    let contents = ["a", "b"].map(str::to_owned);
    let mut index = Arc::into_inner(index(&contents)).unwrap();
    let gone = index.records.put(entry(9));
    index.records.remove(9);
    let visible = Visible::AllBut(index.records.hidden(0));
    assert_eq!(visible, Visible::AllBut(vec![gone]));
    let wanted = Wanted { now: 0, most: 10, min_score: None, matching: WordMatch::Any };
    let found = ranked(&Arc::new(index), &Helpers::default(), &["a".to_owned()], &visible, Slots::All, wanted);
    assert_eq!(in_order(found), brute_force(&contents, &["a"], &[0, 1], &[0, 1], wanted));
}
