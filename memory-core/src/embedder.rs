//! From words to vectors: what an embedder is. Implementations stand in other crates.

use std::fmt::Debug;
use std::sync::Arc;

use async_trait::async_trait;

use crate::embedding::Embedding;
use crate::error::Result;

/// What a text is for. Many models embed a question in another form than what answers it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum TextForm {
    /// A text that is stored and found.
    Document,
    /// A text that is searched by.
    Query,
}

/// Whether the end of a text is missing from its vector, because the text was longer than the model reads.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_enums)]
pub enum Cut {
    /// The model read the whole text.
    No,
    /// The model read its beginning alone.
    Yes,
    /// The text may be longer than the model reads, and the model does not say.
    Unknown,
}

/// A text's vector.
#[derive(Clone, Debug, PartialEq, Eq)]
#[allow(clippy::exhaustive_structs)]
pub struct Embedded {
    /// The vector, of the embedder's dimension.
    pub embedding: Embedding,
    /// Whether it stands for the whole text.
    pub cut: Cut,
}

/// Makes vectors of texts: a model in this process, or a service.
///
/// The same text in the same form always gives nearly the same vector, and texts of like meaning give vectors whose cosine is
/// high. A collection remembers the [identity](Self::identity) of the embedder that its vectors come from, for vectors of
/// different models cannot be compared.
#[async_trait]
pub trait Embedder: Debug + Send + Sync {
    /// What it is, as a collection's label holds it: 1 to 256 bytes without NUL. Two embedders share it exactly if their
    /// vectors can be compared. It names model, version and dimension, never a key or a place.
    fn identity(&self) -> &str;

    /// The number of components of each vector, at least 1.
    fn dimension(&self) -> usize;

    /// How many tokens of a text the model reads; `None` if that is not known.
    fn token_limit(&self) -> Option<usize>;

    /// The vectors of these texts, one for each, in their order. Any number of texts, none of them blank: the embedder
    /// splits them into batches of its own. It never blocks the caller's thread.
    ///
    /// # Errors
    /// `InvalidArgument` for a blank text; `Unavailable`, `Timeout`, `RateLimited` or `PermissionDenied` from a service;
    /// `Corrupt` for an answer that does not hold one finite vector of the dimension for each text. No error holds a text.
    async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>>;
}

macro_rules! forward_embedder {
    ($($pointer:ty),*) => {$(
        #[async_trait]
        impl<T: Embedder + ?Sized> Embedder for $pointer {
            fn identity(&self) -> &str {
                (**self).identity()
            }
            fn dimension(&self) -> usize {
                (**self).dimension()
            }
            fn token_limit(&self) -> Option<usize> {
                (**self).token_limit()
            }
            async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
                (**self).embed(form, texts).await
            }
        }
    )*};
}

forward_embedder!(Arc<T>, Box<T>);
