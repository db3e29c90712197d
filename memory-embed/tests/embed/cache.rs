use futures_executor::block_on;
use memory_core::{Embedder as _, Error, ErrorKind, TextForm};
use memory_embed::CachedEmbedder;

use crate::{Double, kind, message};

/// What one vector of 256 components takes: 4 bytes each, and 128.
const ONE: usize = 1152;

fn texts(double: &Double) -> Vec<String> {
    double.asked().into_iter().map(|(_, text)| text).collect()
}

#[test]
fn what_was_made_before_is_not_made_again() {
    let cache = CachedEmbedder::new(Double::new(), 10 * ONE).unwrap();
    let first = block_on(cache.embed(TextForm::Document, &["tea", "milk"])).unwrap();
    assert_eq!(texts(cache.inner()), ["tea", "milk"]);
    let second = block_on(cache.embed(TextForm::Document, &["milk", "bread", "tea"])).unwrap();
    assert_eq!(texts(cache.inner()), ["bread"]);
    assert_eq!((&second[0], &second[2]), (&first[1], &first[0]));
    let plain = block_on(Double::new().embed(TextForm::Document, &["bread"])).unwrap();
    assert_eq!(second[1], plain[0]);
    let stats = cache.stats();
    assert_eq!((stats.hits, stats.misses, stats.entries, stats.capacity), (2, 3, 3, 10));
    assert_eq!((cache.identity(), cache.dimension(), cache.token_limit()), ("double/1", 256, Some(7)));
}

#[test]
fn a_query_is_not_a_document() {
    let cache = CachedEmbedder::new(Double::new(), 10 * ONE).unwrap();
    block_on(cache.embed(TextForm::Document, &["tea"])).unwrap();
    block_on(cache.embed(TextForm::Query, &["tea"])).unwrap();
    let asked = cache.inner().asked();
    assert_eq!(asked, [(TextForm::Document, "tea".to_owned()), (TextForm::Query, "tea".to_owned())]);
}

#[test]
fn what_was_longest_not_asked_for_is_forgotten_first() {
    let cache = CachedEmbedder::new(Double::new(), 2 * ONE + ONE / 2).unwrap();
    for text in ["a", "b", "a", "c"] {
        block_on(cache.embed(TextForm::Document, &[text])).unwrap();
    }
    assert_eq!(cache.stats().entries, 2);
    cache.inner().asked();
    block_on(cache.embed(TextForm::Document, &["a", "b", "c"])).unwrap();
    assert_eq!(texts(cache.inner()), ["b"]);
}

#[test]
fn errors_and_wrong_counts_are_not_kept() {
    let failing = Double::spoilt(|_| Err(Error::new(ErrorKind::Unavailable, "away")));
    let cache = CachedEmbedder::new(failing, ONE).unwrap();
    for _ in 0..2 {
        let failed = block_on(cache.embed(TextForm::Document, &["tea"]));
        assert_eq!(kind(&failed), Some(ErrorKind::Unavailable));
        assert_eq!(texts(cache.inner()), ["tea"]);
    }
    let more = |made: Vec<_>| Ok([made.clone(), made].concat());
    let cache = CachedEmbedder::new(Double::spoilt(more), ONE).unwrap();
    let many = block_on(cache.embed(TextForm::Document, &["tea"]));
    assert_eq!(message(many), "corrupt: double/1 made 2 vectors of 1 texts");
    assert_eq!(cache.stats().entries, 0);
}

#[test]
fn a_cache_that_holds_nothing_is_refused() {
    let refused = CachedEmbedder::new(Double::new(), ONE - 1);
    assert_eq!(message(refused), "invalid argument: a cache of 1151 bytes holds no vector: one takes 1152 bytes here");
}

#[test]
fn debug_shows_no_text() {
    let cache = CachedEmbedder::new(memory_embed::HashEmbedder::default(), ONE).unwrap();
    block_on(cache.embed(TextForm::Document, &["canary"])).unwrap();
    assert!(!format!("{cache:?}").contains("canary"));
}
