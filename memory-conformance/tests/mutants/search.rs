//! Wrong about searching by vector, by text, and by both.

use memory_core::{Exactness, Filter, Query, Score, SearchRequest, SearchResponse, View, WordMatch};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "the distance is shown for the score",
        rule: "VE-1",
        hooks: &[Hook::Found(|_, request, found| scored(found, is_vector(request), |score| 1.0 - score))],
    },
    Mutant {
        name: "scores are f32",
        rule: "VE-1",
        hooks: &[Hook::Found(|_, request, found| scored(found, is_vector(request), |score| f64::from(score as f32)))],
    },
    Mutant {
        name: "a negative dot is cut to 0",
        rule: "VE-1",
        hooks: &[Hook::Found(|_, request, found| scored(found, is_vector(request), |score| score.max(0.0)))],
    },
    Mutant {
        name: "ties stand the other way round",
        rule: "VE-2",
        hooks: &[Hook::Found(|_, request, mut found| {
            if is_vector(request) {
                found.hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| b.key.cmp(&a.key)));
            }
            found
        })],
    },
    Mutant {
        name: "a hit comes twice",
        rule: "VE-2",
        hooks: &[Hook::Found(|_, request, mut found| {
            if is_vector(request) && found.hits.len() > 1 {
                found.hits[1] = found.hits[0].clone();
            }
            found
        })],
    },
    Mutant {
        name: "one hit less than there is",
        rule: "VE-2",
        hooks: &[Hook::Search(|mut request| {
            if is_vector(&request) && request.k > 2 {
                request.k -= 1;
            }
            request
        })],
    },
    Mutant {
        name: "min_score is exclusive",
        rule: "VE-3",
        hooks: &[Hook::Search(|mut request| {
            request.min_score = request.min_score.map(f64::next_up);
            request
        })],
    },
    Mutant {
        name: "min_score is ignored below 0",
        rule: "VE-3",
        hooks: &[Hook::Search(|mut request| {
            request.min_score = request.min_score.map(|least| least.max(0.0));
            request
        })],
    },
    Mutant {
        name: "the filter is applied after the k are chosen",
        rule: "VE-4",
        hooks: &[
            Hook::Search(|mut request| {
                request.filter = Filter::all();
                request
            }),
            Hook::Found(|_, request, mut found| {
                found.hits.retain(|hit| hit.record.as_ref().is_none_or(|record| request.filter.matches(record)));
                found
            }),
        ],
    },
    Mutant {
        name: "exact is approximate: every eleventh is missed",
        rule: "VE-5",
        hooks: &[Hook::Found(|_, request, mut found| {
            if matches!(request.query, Query::Vector { exactness: Exactness::Exact, .. }) {
                found.hits.retain(|hit| hit.rank % 11 != 4);
            }
            found
        })],
    },
    Mutant {
        name: "any is approximate where it must not be",
        rule: "VE-5",
        hooks: &[Hook::Found(|_, request, mut found| {
            if matches!(request.query, Query::Vector { exactness: Exactness::Any, .. }) {
                found.hits.retain(|hit| hit.rank % 11 != 4);
            }
            found
        })],
    },
    Mutant {
        name: "skip is ignored",
        rule: "VE-6",
        hooks: &[Hook::Search(|mut request| {
            request.skip = 0;
            request
        })],
    },
    Mutant {
        name: "k = 0 means ten",
        rule: "VE-6",
        hooks: &[Hook::Search(|mut request| {
            if request.k == 0 {
                request.k = 10;
            }
            request
        })],
    },
    Mutant {
        name: "k ends at 50",
        rule: "VE-6",
        hooks: &[Hook::Search(|mut request| {
            request.k = request.k.min(50);
            request
        })],
    },
    Mutant {
        name: "a query of another length answers nothing",
        rule: "VE-7",
        hooks: &[Hook::Found(|_, request, mut found| {
            if let Query::Vector { embedding, .. } = &request.query
                && !(0.5..2.0).contains(&embedding.length())
            {
                found.hits.clear();
            }
            found
        })],
    },
    Mutant {
        name: "ranks count from 0",
        rule: "VE-8",
        hooks: &[Hook::Found(|_, _, mut found| {
            found.hits.iter_mut().for_each(|hit| hit.rank -= 1);
            found
        })],
    },
    Mutant {
        name: "ranks count after skip",
        rule: "VE-8",
        hooks: &[Hook::Found(|_, request, mut found| {
            found.hits.iter_mut().for_each(|hit| hit.rank -= request.skip as u64);
            found
        })],
    },
    Mutant {
        name: "the embedding is always there",
        rule: "VE-8",
        hooks: &[Hook::Search(|mut request| {
            if request.returns == memory_core::Returns::Records {
                request.returns = memory_core::Returns::Embeddings;
            }
            request
        })],
    },
    Mutant {
        name: "a hit has no metadata",
        rule: "VE-8",
        hooks: &[Hook::Found(|_, _, mut found| {
            found
                .hits
                .iter_mut()
                .flat_map(|hit| &mut hit.record)
                .for_each(|record| record.metadata = memory_core::Metadata::new());
            found
        })],
    },
    Mutant {
        name: "words with ' are cut there",
        rule: "TX-1",
        hooks: &[Hook::Search(|request| {
            words(request, |words| {
                words.into_iter().map(|word| word.split('\'').next().unwrap_or_default().to_owned()).collect()
            })
        })],
    },
    Mutant {
        name: "words of one letter are dropped",
        rule: "TX-1",
        hooks: &[Hook::Search(|request| {
            words(request, |words| words.into_iter().filter(|word| word.len() > 1).collect())
        })],
    },
    Mutant {
        name: "stop words are dropped",
        rule: "TX-1",
        hooks: &[Hook::Search(|request| {
            words(request, |words| words.into_iter().filter(|word| word != "the").collect())
        })],
    },
    Mutant { name: "all is any", rule: "TX-2", hooks: &[Hook::Search(|request| matching(request, WordMatch::Any))] },
    Mutant { name: "any is all", rule: "TX-2", hooks: &[Hook::Search(|request| matching(request, WordMatch::All))] },
    Mutant {
        name: "only 32 words of a query count",
        rule: "TX-2",
        hooks: &[Hook::Search(|request| {
            words(request, |mut words| {
                words.truncate(32);
                words
            })
        })],
    },
    Mutant {
        name: "not is an operator",
        rule: "TX-3",
        hooks: &[Hook::Search(|request| {
            words(request, |words| {
                words.into_iter().filter(|word| !["not", "and", "or", "near"].contains(&word.as_str())).collect()
            })
        })],
    },
    Mutant {
        name: "a query without words answers everything",
        rule: "TX-3",
        hooks: &[Hook::Search(|mut request| {
            if matches!(&request.query, Query::Text { words, .. } if words.is_empty()) {
                request.query = Query::Text {
                    words: ["alpha", "beta", "word", "tea"].map(str::to_owned).to_vec(),
                    matching: WordMatch::Any,
                };
            }
            request
        })],
    },
    Mutant { name: "text scores are rounded", rule: "TX-4", hooks: &[Hook::Found(rounded)] },
    Mutant {
        name: "a word counts once a record",
        rule: "TX-4",
        hooks: &[Hook::Into(|mut record| {
            let mut seen = std::collections::HashSet::new();
            let once: Vec<&str> = record.content.as_str().split(' ').filter(|word| seen.insert(*word)).collect();
            record.content = memory_core::Content::new(once.join(" ")).unwrap_or_default();
            record
        })],
    },
    Mutant {
        name: "the filter changes the statistics",
        rule: "TX-4",
        hooks: &[Hook::Found(|_, request, found| {
            scored(found, !is_vector(request) && request.filter != Filter::all(), |score| score * 1.0625)
        })],
    },
    Mutant {
        name: "a text search ignores the filter",
        rule: "TX-5",
        hooks: &[Hook::Search(|mut request| {
            if !is_vector(&request) {
                request.filter = Filter::all();
            }
            request
        })],
    },
    Mutant {
        name: "a text search ignores skip",
        rule: "TX-5",
        hooks: &[Hook::Search(|mut request| {
            if !is_vector(&request) {
                request.skip = 0;
            }
            request
        })],
    },
    Mutant {
        name: "text ties stand the other way round",
        rule: "TX-5",
        hooks: &[Hook::Found(|_, request, mut found| {
            if !is_vector(request) {
                found.hits.sort_by(|a, b| b.score.cmp(&a.score).then_with(|| b.key.cmp(&a.key)));
            }
            found
        })],
    },
    Mutant {
        name: "only is ignored",
        rule: "HY-1",
        hooks: &[Hook::Search(|mut request| {
            request.only = None;
            request
        })],
    },
    Mutant {
        name: "only changes the score",
        rule: "HY-1",
        hooks: &[Hook::Found(|_, request, found| scored(found, request.only.is_some(), |score| score * 0.5))],
    },
    Mutant {
        name: "ranks of a leg are lost",
        rule: "HY-2",
        hooks: &[Hook::Found(|_, _, mut found| {
            found.hits.iter_mut().for_each(|hit| hit.rank = 1);
            found
        })],
    },
    Mutant {
        name: "a single match by text is lost",
        rule: "HY-3",
        hooks: &[Hook::Found(|_, request, mut found| {
            if !is_vector(request) && found.hits.len() == 1 {
                found.hits.clear();
            }
            found
        })],
    },
    Mutant {
        name: "embeddings are left out though asked",
        rule: "HY-4",
        hooks: &[Hook::Search(|mut request| {
            if request.returns == memory_core::Returns::Embeddings {
                request.returns = memory_core::Returns::Records;
            }
            request
        })],
    },
];

/// Rounds every score to three decimals.
pub(super) fn rounded(_: &View, _: &SearchRequest, found: SearchResponse) -> SearchResponse {
    scored(found, true, |score| (score * 1_000.0).round() / 1_000.0)
}

fn is_vector(request: &SearchRequest) -> bool {
    matches!(request.query, Query::Vector { .. })
}

fn scored(mut found: SearchResponse, when: bool, f: fn(f64) -> f64) -> SearchResponse {
    if when {
        found.hits.iter_mut().for_each(|hit| hit.score = Score::new(f(hit.score.value())));
    }
    found
}

fn words(mut request: SearchRequest, f: fn(Vec<String>) -> Vec<String>) -> SearchRequest {
    if let Query::Text { words, .. } = &mut request.query {
        *words = f(std::mem::take(words));
    }
    request
}

fn matching(mut request: SearchRequest, to: WordMatch) -> SearchRequest {
    if let Query::Text { matching, .. } = &mut request.query {
        *matching = to;
    }
    request
}
