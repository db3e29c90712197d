//! The expected vectors come from a second program: xxh3_64 of Python's xxhash over the stems, summed and divided there.

use futures_executor::block_on;
use memory_core::{Cut, Embedded, Embedder as _, ErrorKind, Language, TextForm};
use memory_embed::HashEmbedder;

use crate::{kind, message, parts};

fn one(embedder: &HashEmbedder, text: &str) -> Embedded {
    block_on(embedder.embed(TextForm::Document, &[text])).unwrap().remove(0)
}

#[test]
fn vectors_are_those_of_a_second_program() {
    let eight = HashEmbedder::new(Language::English, 8).unwrap();
    let third = 0.577_350_26;
    assert_eq!(parts(&one(&eight, "Ada drinks TEA!")), [(0, -third), (4, -third), (7, third)]);
    assert_eq!(parts(&one(&eight, "tea, tea, milk")), [(0, -0.894_427_2), (3, -0.447_213_6)]);
    let whole = one(&HashEmbedder::default(), "Ada drinks tea");
    assert_eq!(parts(&whole), [(44, -third), (47, third), (128, -third)]);
    assert_eq!(whole.embedding.dimension(), 256);
    assert_eq!(whole.cut, Cut::No);
}

#[test]
fn texts_without_words_and_words_that_cancel_get_the_first_axis() {
    let eight = HashEmbedder::new(Language::English, 8).unwrap();
    assert_eq!(parts(&one(&eight, "?!")), [(0, 1.0)]);
    // `ada` adds 1 to component 7, `dog` takes it.
    assert_eq!(parts(&one(&eight, "Ada, dog")), [(0, 1.0)]);
}

#[test]
fn both_forms_and_every_call_are_the_same() {
    let embedder = HashEmbedder::default();
    let text = "the same words, the same vector";
    let document = one(&embedder, text);
    let query = block_on(embedder.embed(TextForm::Query, &[text, text])).unwrap();
    assert_eq!(query, [document.clone(), document]);
}

#[test]
fn identities_differ_where_vectors_do() {
    assert_eq!(HashEmbedder::default().identity(), "hash/1/english/1/256");
    assert_eq!(HashEmbedder::new(Language::None, 64).unwrap().identity(), "hash/1/none/1/64");
    assert_eq!(HashEmbedder::default().token_limit(), None);
}

#[test]
fn bad_dimensions_and_blank_texts_are_refused() {
    for dimension in [0, 65_537] {
        assert_eq!(kind(&HashEmbedder::new(Language::English, dimension)), Some(ErrorKind::InvalidArgument));
    }
    let blank = block_on(HashEmbedder::default().embed(TextForm::Query, &["tea", " \n"]));
    assert_eq!(message(blank), "invalid argument: text 1 of those to embed is blank: it has no vector");
}

#[test]
fn a_long_list_leaves_turns_to_the_other_tasks() {
    let text = "word ".repeat(14_000);
    let embedder = HashEmbedder::default();
    let mut turns = 0;
    block_on(async {
        let texts = [text.as_str(); 8];
        let work = embedder.embed(TextForm::Document, &texts);
        let ticks = std::future::poll_fn(|context| {
            turns += 1;
            context.waker().wake_by_ref();
            std::task::Poll::<()>::Pending
        });
        futures_util::future::select(std::pin::pin!(work), std::pin::pin!(ticks)).await;
    });
    assert!(turns >= 7, "{turns}");
}

#[test]
fn a_label_makes_the_embedder_that_it_is_of() {
    let made = HashEmbedder::of_identity("hash/1/german/1/64").unwrap();
    assert_eq!(made.identity(), "hash/1/german/1/64");
    assert_eq!(made.dimension(), 64);
    for other in [
        "",
        "hash",
        "hash/2/german/1/64",
        "hash/1/german/2/64",
        "hash/1/elvish/1/64",
        "hash/1/german/1/064",
        "x/1/german/1/64",
        "hash/1/german/1/0",
        "hash/1/german/1/64/1",
    ] {
        assert!(HashEmbedder::of_identity(other).is_none(), "{other}");
    }
}
