//! Vectors of hashed words: no model, no network.

use std::future::poll_fn;
use std::task::Poll;

use async_trait::async_trait;
use memory_core::{Analyser, Cut, Embedded, Embedder, Embedding, Error, Language, Result, TextForm};
use xxhash_rust::xxh3::xxh3_64;

/// The version of the rule that makes the vectors; another one makes others.
const VERSION: u32 = 1;

/// After this many bytes of text, other tasks of the thread get a turn: about a millisecond's work.
const BYTES_A_TURN: usize = 64 * 1024;

/// Makes vectors by counting words: texts are alike if they share words, or more exactly stems. It knows no meaning; it is for
/// tests, and for those who want neither a model nor a service.
///
/// Each word of the core's [`Analyser`] is hashed by xxh3 with 64 bits over its UTF-8 bytes. The hash modulo the dimension
/// chooses the component; 1 is added to it, or taken from it where the hash's highest bit is set (signed feature hashing:
/// Weinberger et al., 2009, so that collisions cancel on average). The vector is then divided by its length. A text without a
/// word, or whose words cancel each other out, has 1 in the first component and 0 in all others. Both forms of a text are the
/// same, and no text is too long.
#[derive(Clone, Debug)]
pub struct HashEmbedder {
    analyser: Analyser,
    dimension: usize,
    identity: String,
}

impl HashEmbedder {
    /// The dimension of [`Self::default`]: enough to keep the words of short texts apart, small enough to store.
    pub const DEFAULT_DIMENSION: usize = 256;

    /// The greatest dimension.
    pub const MAX_DIMENSION: usize = 65_536;

    /// With words of this language, and vectors of 1 to [`Self::MAX_DIMENSION`] components.
    ///
    /// # Errors
    /// `InvalidArgument` for another dimension.
    pub fn new(language: Language, dimension: usize) -> Result<Self> {
        if !(1..=Self::MAX_DIMENSION).contains(&dimension) {
            let most = Self::MAX_DIMENSION;
            return Err(Error::invalid(format!("a hash embedder's dimension is from 1 to {most}, not {dimension}")));
        }
        Ok(Self::of(language, dimension))
    }

    /// The embedder that a collection's label names, if it is one of these.
    pub fn of_identity(label: &str) -> Option<Self> {
        let parts: Vec<&str> = label.split('/').collect();
        let [_, _, language, _, dimension] = parts.as_slice() else { return None };
        let embedder = Self::new(language.parse().ok()?, dimension.parse().ok()?).ok()?;
        (embedder.identity == label).then_some(embedder)
    }

    fn of(language: Language, dimension: usize) -> Self {
        let analyser = Analyser::new(language);
        let identity = format!("hash/{VERSION}/{language}/{}/{dimension}", analyser.version());
        Self { analyser, dimension, identity }
    }

    fn vector(&self, text: &str) -> Result<Embedding> {
        let mut counts = vec![0_i64; self.dimension];
        for word in self.analyser.words(text) {
            let hash = xxh3_64(word.as_bytes());
            // The remainder is below the dimension, which is a usize.
            if let Some(count) = counts.get_mut((hash % self.dimension as u64) as usize) {
                *count += if hash >> 63 == 0 { 1 } else { -1 };
            }
        }
        if counts.iter().all(|count| *count == 0) {
            counts.iter_mut().take(1).for_each(|first| *first = 1);
        }
        let length = counts.iter().fold(0.0, |sum: f64, count| sum + (*count as f64) * (*count as f64)).sqrt();
        Embedding::new(counts.into_iter().map(|count| (count as f64 / length) as f32).collect::<Vec<f32>>())
    }
}

/// English words, 256 components.
impl Default for HashEmbedder {
    fn default() -> Self {
        Self::of(Language::English, Self::DEFAULT_DIMENSION)
    }
}

#[async_trait]
impl Embedder for HashEmbedder {
    /// `hash`, the rule's version, the language, the analyser's version and the dimension: `hash/1/english/1/256`.
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn token_limit(&self) -> Option<usize> {
        None
    }

    async fn embed(&self, _form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        crate::refuse_blank(texts)?;
        let mut embedded = Vec::with_capacity(texts.len());
        let mut bytes = 0;
        for text in texts {
            embedded.push(Embedded { embedding: self.vector(text)?, cut: Cut::No });
            bytes += text.len();
            if bytes >= BYTES_A_TURN {
                bytes = 0;
                turn().await;
            }
        }
        Ok(embedded)
    }
}

/// Lets the thread's other tasks run once.
async fn turn() {
    let mut waited = false;
    poll_fn(|context| {
        if std::mem::replace(&mut waited, true) {
            return Poll::Ready(());
        }
        context.waker().wake_by_ref();
        Poll::Pending
    })
    .await
}
