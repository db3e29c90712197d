//! Vectors that were made before.

use std::fmt;
use std::hash::{BuildHasher as _, RandomState};
use std::num::NonZero;
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use lru::LruCache;
use memory_core::{Embedded, Embedder, Error, ErrorKind, Result, TextForm};
use xxhash_rust::xxh3::Xxh3Builder;

/// What an entry takes beside its vector's components, in bytes: key, links, slots of the table and the vector's own header.
const ENTRY_BYTES: usize = 128;

/// An embedder that remembers the vectors that it made last, up to a bound, and forgets the one that was longest not asked for.
///
/// Texts are not kept: an entry's key is an xxh3 hash of 128 bits over the text and its form, begun with a random number, so
/// that no other text can be found that has the same one. Errors are not kept either. Of two calls that ask for the same text
/// at the same time both may make its vector.
pub struct CachedEmbedder<E> {
    inner: E,
    seed: u64,
    state: Mutex<State>,
}

struct State {
    entries: LruCache<u128, Embedded>,
    hits: u64,
    misses: u64,
}

/// What a cache holds, and what it was good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct CacheStats {
    /// Texts whose vector was in the cache.
    pub hits: u64,
    /// Texts whose vector had to be made.
    pub misses: u64,
    /// Vectors that the cache holds now.
    pub entries: usize,
    /// Vectors that it holds at most.
    pub capacity: usize,
}

impl<E: Embedder> CachedEmbedder<E> {
    /// Remembers as many vectors as fit into this many bytes, counting 4 for each component and 128 for each vector.
    ///
    /// # Errors
    /// `InvalidArgument` if not one fits.
    pub fn new(inner: E, bytes: usize) -> Result<Self> {
        let each = inner.dimension().saturating_mul(size_of::<f32>()).saturating_add(ENTRY_BYTES);
        let capacity = NonZero::new(bytes / each).ok_or_else(|| {
            Error::invalid(format!("a cache of {bytes} bytes holds no vector: one takes {each} bytes here"))
        })?;
        let seed = RandomState::new().hash_one(ENTRY_BYTES);
        let state = State { entries: LruCache::sparse(capacity), hits: 0, misses: 0 };
        Ok(Self { inner, seed, state: Mutex::new(state) })
    }

    /// What it holds, and what it was good for so far.
    pub fn stats(&self) -> CacheStats {
        let state = self.state();
        let (entries, capacity) = (state.entries.len(), state.entries.cap().get());
        CacheStats { hits: state.hits, misses: state.misses, entries, capacity }
    }

    /// The embedder that makes the vectors.
    pub fn inner(&self) -> &E {
        &self.inner
    }

    fn key(&self, form: TextForm, text: &str) -> u128 {
        let mut hasher = Xxh3Builder::new().with_seed(self.seed).build();
        hasher.update(match form {
            TextForm::Document => b"d",
            TextForm::Query => b"q",
        });
        hasher.update(text.as_bytes());
        hasher.digest128()
    }

    /// Held for as long as a look-up takes, never while vectors are made.
    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<E: fmt::Debug> fmt::Debug for CachedEmbedder<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CachedEmbedder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

#[async_trait]
impl<E: Embedder> Embedder for CachedEmbedder<E> {
    fn identity(&self) -> &str {
        self.inner.identity()
    }

    fn dimension(&self) -> usize {
        self.inner.dimension()
    }

    fn token_limit(&self) -> Option<usize> {
        self.inner.token_limit()
    }

    async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        let keys: Vec<u128> = texts.iter().map(|text| self.key(form, text)).collect();
        let mut found: Vec<Option<Embedded>> = {
            let mut state = self.state();
            let found: Vec<_> = keys.iter().map(|key| state.entries.get(key).cloned()).collect();
            let hits = found.iter().flatten().count() as u64;
            state.hits += hits;
            state.misses += texts.len() as u64 - hits;
            found
        };
        let missing: Vec<&str> =
            found.iter().zip(texts).filter(|(found, _)| found.is_none()).map(|(_, text)| *text).collect();
        if !missing.is_empty() {
            let made = self.inner.embed(form, &missing).await?;
            if made.len() != missing.len() {
                let message = format!("{} made {} vectors of {} texts", self.identity(), made.len(), missing.len());
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            let mut state = self.state();
            let places = found.iter_mut().zip(keys).filter(|(found, _)| found.is_none());
            for ((found, key), embedded) in places.zip(made) {
                state.entries.put(key, embedded.clone());
                *found = Some(embedded);
            }
        }
        Ok(found.into_iter().flatten().collect())
    }
}
