//! The model that is compiled into the program.

mod tokens;
mod workers;

use std::fmt;
use std::num::NonZero;
use std::thread;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use memory_core::{Cut, Embedded, Embedder, Embedding, Error, Result, TextForm};
use pocket_encoder::{Encoder, model_info};

use self::workers::{Caller, Workers};

/// The encoder takes no longer text. Of a longer one it gets the beginning, of which it reads the beginning alone anyway.
const MOST_BYTES: usize = 64 * 1024;

/// How many texts of one call wait for each thread: enough to keep it at work while the caller's task sleeps, and few to copy.
const TEXTS_A_THREAD: usize = 32;

/// A small English model in this process: no key, no network, no file. Crate pocket-encoder with the model
/// paraphrase-MiniLM-L3-v2 in 4 bits; 384 components, 128 tokens, one form for queries and documents.
///
/// It runs on threads of its own, by default as many as the machine has cores, which start on first use, when one of them
/// loads the model (some 0.1 s; once a process, whose 90 MB stay until it ends), and end with the embedder. One call's texts
/// are spread over all of them, and several callers take turns text by text. No caller's thread is blocked, and no async
/// runtime is needed. What a caller who has gone still waited for is not done.
///
/// The vectors of one program are the same bits each time; on another processor the last bits may differ.
pub struct BuiltinEmbedder {
    identity: String,
    dimension: usize,
    tokens: usize,
    workers: Workers<Encoder>,
}

impl BuiltinEmbedder {
    /// With one thread for each core. Nothing is started or loaded yet.
    pub fn new() -> Self {
        let info = model_info();
        // The whole checksum would be longer than people read, and is pinned with the crate's version.
        let revision: String = info.revision.trim_start_matches("sha256:").chars().take(12).collect();
        Self {
            identity: format!("{}/{revision}/{}", info.id, info.dimensions),
            dimension: info.dimensions,
            tokens: info.max_tokens,
            workers: Workers::new(thread::available_parallelism().unwrap_or(NonZero::<usize>::MIN), load),
        }
    }

    /// With so many threads.
    #[must_use]
    pub fn with_threads(self, threads: NonZero<usize>) -> Self {
        Self { workers: Workers::new(threads, load), ..self }
    }

    /// Loads the model, so that the first text does not wait for it.
    ///
    /// # Errors
    /// `Unavailable` if no thread can be started; `Internal` if the model does not load.
    pub async fn load(&self) -> Result<()> {
        self.workers.run(self.workers.caller(), |_| Ok(())).await
    }

    async fn one(&self, caller: Caller, text: &str) -> Result<Embedded> {
        let (text, shortened) = beginning(text);
        let text = text.to_owned();
        self.workers.run(caller, move |encoder| embed(encoder, &text, shortened)).await
    }
}

impl Default for BuiltinEmbedder {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for BuiltinEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let threads = self.workers.threads();
        f.debug_struct("BuiltinEmbedder").field("identity", &self.identity).field("threads", &threads).finish()
    }
}

#[async_trait]
impl Embedder for BuiltinEmbedder {
    /// The model with its quantisation, the beginning of its weights' SHA-256, and the dimension.
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    /// 128, two of which mark the beginning and the end of the text.
    fn token_limit(&self) -> Option<usize> {
        Some(self.tokens)
    }

    async fn embed(&self, _form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        crate::refuse_blank(texts)?;
        let caller = self.workers.caller();
        let waiting = self.workers.threads().get().saturating_mul(TEXTS_A_THREAD);
        // A text is copied when its turn comes near, so that a long list is not in memory twice.
        let all: Vec<_> = texts.iter().copied().map(|text| self.one(caller, text)).collect();
        stream::iter(all).buffered(waiting).try_collect().await
    }
}

fn load() -> Result<Encoder> {
    Encoder::new().map_err(|error| Error::internal("the built-in model does not load").with_source(error))
}

fn embed(encoder: &Encoder, text: &str, shortened: bool) -> Result<Embedded> {
    let failed = |error| Error::internal("the built-in model fails over a text").with_source(error);
    let components = encoder.embed(&[text]).map_err(failed)?.into_iter().next().unwrap_or_default();
    let cut = if shortened || tokens::too_many(text)? { Cut::Yes } else { Cut::No };
    Ok(Embedded { embedding: Embedding::new(components)?, cut })
}

/// As much of a text as the encoder takes, and whether that is less than the whole. Blanks at the ends mean nothing to it.
fn beginning(text: &str) -> (&str, bool) {
    let text = text.trim();
    let end = text.floor_char_boundary(MOST_BYTES);
    (&text[..end], end < text.len())
}
