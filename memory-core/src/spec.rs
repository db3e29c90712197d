//! What a collection is made with (CO-1, CO-7).

use crate::analyser::{Analyser, Language};
use crate::embedder::Embedder;
use crate::error::{Error, Result};
use crate::names::{CollectionName, check_text};
use crate::score::Metric;

/// The dimension and the metric of a collection that holds vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[allow(clippy::exhaustive_structs)]
pub struct VectorSpec {
    /// The number of components of each embedding, at least 1.
    pub dimension: usize,
    /// How two vectors are compared.
    pub metric: Metric,
}

/// What a collection is made with, and has for life: a name, maybe vectors, an analyser, maybe an embedder's label.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CollectionSpec {
    name: CollectionName,
    vectors: Option<VectorSpec>,
    analyser: Analyser,
    embedder: Option<String>,
}

impl CollectionSpec {
    /// The greatest length of an embedder's label, in bytes.
    pub const MAX_EMBEDDER_BYTES: usize = 256;

    /// A text-only collection of this name, with English words.
    pub fn new(name: CollectionName) -> Self {
        Self { name, vectors: None, analyser: Analyser::new(Language::default()), embedder: None }
    }

    /// With vectors of this dimension, compared by this metric.
    ///
    /// # Errors
    /// `InvalidArgument` for dimension 0. A backend's own greatest dimension is checked by `create`.
    pub fn with_vectors(mut self, dimension: usize, metric: Metric) -> Result<Self> {
        if dimension == 0 {
            return Err(Error::invalid("a dimension is at least 1; leave it out for a text-only collection"));
        }
        self.vectors = Some(VectorSpec { dimension, metric });
        Ok(self)
    }

    /// With words of this language.
    #[must_use]
    pub fn with_language(self, language: Language) -> Self {
        self.with_analyser(Analyser::new(language))
    }

    /// With this analyser: for backends, which read back a stored spec.
    #[must_use]
    pub fn with_analyser(mut self, analyser: Analyser) -> Self {
        self.analyser = analyser;
        self
    }

    /// With the label of the embedder that its vectors come from: 1 to 256 bytes without NUL.
    ///
    /// # Errors
    /// `InvalidArgument` for any other label.
    pub fn with_embedder(mut self, label: impl Into<String>) -> Result<Self> {
        let label = label.into();
        check_text("embedder label", &label, 1, Self::MAX_EMBEDDER_BYTES)?;
        self.embedder = Some(label);
        Ok(self)
    }

    /// With the label and the dimension of this embedder, compared by cosine.
    ///
    /// # Errors
    /// `InvalidArgument` for an embedder whose identity is no label.
    pub fn for_embedder(self, embedder: &(impl Embedder + ?Sized)) -> Result<Self> {
        self.with_vectors(embedder.dimension(), Metric::Cosine)?.with_embedder(embedder.identity())
    }

    /// The name.
    pub fn name(&self) -> &CollectionName {
        &self.name
    }

    /// Dimension and metric; `None` for a text-only collection.
    pub fn vectors(&self) -> Option<VectorSpec> {
        self.vectors
    }

    /// The analyser of its texts and of the queries to them.
    pub fn analyser(&self) -> Analyser {
        self.analyser
    }

    /// The embedder's label.
    pub fn embedder(&self) -> Option<&str> {
        self.embedder.as_deref()
    }
}

/// One line, as errors name a spec: `memories (384 dimensions, cosine, english/1, embedder none)`.
impl std::fmt::Display for CollectionSpec {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} (", self.name)?;
        match self.vectors {
            None => f.write_str("text only")?,
            Some(VectorSpec { dimension, metric }) => write!(f, "{dimension} dimensions, {metric}")?,
        }
        write!(f, ", {}/{}", self.analyser.language(), self.analyser.version())?;
        write!(f, ", embedder {})", self.embedder.as_deref().unwrap_or("none"))
    }
}

/// What `create` may be told beside the spec; it changes speed, never an answer.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct CreateOptions {
    /// Metadata paths to index, each 1 to 16 keys. They may be given again later, which adds the new ones (CO-7).
    pub index_paths: Vec<Vec<String>>,
}

impl CreateOptions {
    /// No hints.
    pub fn new() -> Self {
        Self::default()
    }

    /// With one more metadata path to index.
    #[must_use]
    pub fn with_index<S: Into<String>>(mut self, path: impl IntoIterator<Item = S>) -> Self {
        self.index_paths.push(path.into_iter().map(Into::into).collect());
        self
    }

    /// Refuses paths that a filter could not name either (FI-1).
    pub(crate) fn check(&self) -> Result<()> {
        for path in &self.index_paths {
            if path.is_empty() || path.len() > 16 {
                return Err(Error::invalid(format!("an index path has 1 to 16 keys, not {}", path.len())));
            }
            path.iter().try_for_each(|key| check_text("index path key", key, 0, usize::MAX))?;
        }
        Ok(())
    }
}
