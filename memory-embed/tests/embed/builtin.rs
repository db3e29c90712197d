//! The model itself. Its vectors differ in the last bits between processors, so what is expected of them is their order.

use std::future::poll_fn;
use std::num::NonZero;
use std::pin::pin;
use std::task::Poll;

use futures_executor::block_on;
use futures_util::future::{Either, join, select};
use memory_core::{Cut, Embedded, Embedder as _, ErrorKind, TextForm};
use memory_embed::BuiltinEmbedder;

use crate::kind;

fn embed(embedder: &BuiltinEmbedder, texts: &[&str]) -> Vec<Embedded> {
    block_on(embedder.embed(TextForm::Document, texts)).unwrap()
}

fn cosine(one: &Embedded, two: &Embedded) -> f64 {
    let pairs = one.embedding.as_slice().iter().zip(two.embedding.as_slice());
    pairs.fold(0.0, |sum, (a, b)| sum + f64::from(*a) * f64::from(*b))
}

#[test]
fn it_names_model_weights_and_dimension() {
    let embedder = BuiltinEmbedder::new();
    assert_eq!(embedder.identity(), "pocket-encoder/minilm-l3-q4-g32-v1/dabb40d5d98a/384");
    assert_eq!((embedder.dimension(), embedder.token_limit()), (384, Some(128)));
}

#[test]
fn texts_of_like_meaning_are_near_without_a_common_word() {
    let embedder = BuiltinEmbedder::new();
    let made = embed(&embedder, &["a beverage made of leaves", "tea", "a locomotive", "train"]);
    assert!(cosine(&made[0], &made[1]) > cosine(&made[0], &made[3]) + 0.1);
    assert!(cosine(&made[2], &made[3]) > cosine(&made[2], &made[1]) + 0.1);
    assert!(made.iter().all(|made| (made.embedding.length() - 1.0).abs() < 1e-6 && made.embedding.dimension() == 384));
}

#[test]
fn many_texts_on_any_number_of_threads_are_the_same_bits_in_their_order() {
    let texts: Vec<String> =
        (0..60).map(|number| format!("text {number} {}", "and more ".repeat(number % 7))).collect();
    let texts: Vec<&str> = texts.iter().map(String::as_str).collect();
    let [one, three] = [1, 3].map(|threads| BuiltinEmbedder::new().with_threads(NonZero::new(threads).unwrap()));
    let all = embed(&three, &texts);
    assert_eq!(embed(&one, &texts), all);
    for at in [0, 31, 59] {
        assert_eq!(embed(&three, &texts[at..=at]), all[at..=at]);
    }
    let query = block_on(three.embed(TextForm::Query, &texts[..1])).unwrap();
    assert_eq!(query, all[..1]);
}

/// What is behind the last token that the encoder reads does not change its vector; what is before it does.
#[test]
fn cut_is_said_of_exactly_the_texts_that_the_encoder_cuts() {
    let embedder = BuiltinEmbedder::new();
    let parts = ["tea ", "茶", "don't ", "embeddings "];
    let pieces = [1, 1, 3, 4];
    for (part, pieces) in parts.into_iter().zip(pieces) {
        let almost = part.repeat(124 / pieces) + &"! ".repeat(125 - 124 / pieces * pieces);
        let texts = [almost.clone(), format!("{almost}?"), format!("{almost}??"), format!("{almost}? tea")];
        let made = embed(&embedder, &texts.each_ref().map(String::as_str));
        let cuts: Vec<Cut> = made.iter().map(|made| made.cut).collect();
        assert_eq!(cuts, [Cut::No, Cut::No, Cut::Yes, Cut::Yes], "{part}");
        assert_ne!(made[0].embedding, made[1].embedding, "{part}");
        assert_eq!(made[1].embedding, made[2].embedding, "{part}");
        assert_eq!(made[1].embedding, made[3].embedding, "{part}");
    }
}

#[test]
fn texts_of_any_length_are_taken() {
    let embedder = BuiltinEmbedder::new();
    let blanks = " ".repeat(70_000);
    let texts = ["é".repeat(40_000), format!("{blanks}tea{blanks}"), "tea ".repeat(2_000_000), "tea".to_owned()];
    let made = embed(&embedder, &texts.each_ref().map(String::as_str));
    let cuts: Vec<Cut> = made.iter().map(|made| made.cut).collect();
    assert_eq!(cuts, [Cut::Yes, Cut::No, Cut::Yes, Cut::No]);
    assert_eq!(made[1].embedding, made[3].embedding);
}

#[test]
fn blank_texts_are_refused_and_no_text_is_no_work() {
    let embedder = BuiltinEmbedder::new();
    let blank = block_on(embedder.embed(TextForm::Query, &["tea", "\n"]));
    assert_eq!(kind(&blank), Some(ErrorKind::InvalidArgument));
    assert_eq!(embed(&embedder, &[]), []);
}

#[test]
fn the_callers_thread_goes_on_while_the_model_works() {
    let embedder = BuiltinEmbedder::new();
    let texts = ["a text of some words that the model has to look at for a while"; 40];
    let mut turns = 0_u64;
    block_on(async {
        let work = pin!(embedder.embed(TextForm::Document, &texts));
        let ticks = pin!(poll_fn(|context| {
            turns += 1;
            context.waker().wake_by_ref();
            Poll::<()>::Pending
        }));
        let Either::Left((made, _)) = select(work, ticks).await else { panic!("the ticks never end") };
        assert_eq!(made.unwrap().len(), 40);
    });
    // One that worked on the caller's thread would give it back some forty times.
    assert!(turns > 1000, "{turns}");
}

#[test]
fn several_callers_are_served_and_a_call_that_is_dropped_leaves_the_others_alone() {
    let embedder = BuiltinEmbedder::new().with_threads(NonZero::<usize>::MIN);
    block_on(async {
        embedder.load().await.unwrap();
        let long = "a longer text that somebody waits for in vain ".repeat(20);
        let texts = [long.as_str(); 2000];
        let abandoned = embedder.embed(TextForm::Document, &texts);
        let single = embedder.embed(TextForm::Query, &["tea"]);
        // Both are boxed futures, so that one can be dropped.
        let Either::Right((made, abandoned)) = select(abandoned, single).await else {
            panic!("2000 texts were done before one")
        };
        assert_eq!(made.unwrap().len(), 1);
        drop(abandoned);
        let (one, two) =
            join(embedder.embed(TextForm::Query, &["milk"]), embedder.embed(TextForm::Query, &["bread"])).await;
        assert_ne!(one.unwrap(), two.unwrap());
    });
}

#[test]
fn debug_shows_what_it_is() {
    let embedder = BuiltinEmbedder::new().with_threads(NonZero::new(2).unwrap());
    assert_eq!(
        format!("{embedder:?}"),
        "BuiltinEmbedder { identity: \"pocket-encoder/minilm-l3-q4-g32-v1/dabb40d5d98a/384\", threads: 2 }"
    );
}
