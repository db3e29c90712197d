//! Services in OpenAI's form.

mod client;
mod config;
mod retry;
mod service;
mod wire;

use std::fmt;

use async_trait::async_trait;
use futures_util::stream::{self, StreamExt as _, TryStreamExt as _};
use memory_core::kit::batch;
use memory_core::{CollectionSpec, Cut, Embedded, Embedder, Embedding, Error, ErrorKind, Result, TextForm};
use tokio::runtime::Handle;
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep, timeout};
use xxhash_rust::xxh3::xxh3_64;

use self::client::Client;
pub use self::config::HttpConfig;
pub(crate) use self::config::configure;
pub use self::service::Service;

/// A text that a service is asked to embed only to learn the dimension.
const PROBE: &str = "dimension";

/// A model behind HTTP: OpenAI, Azure OpenAI, Mistral, Voyage, Ollama, vLLM, LM Studio, and whatever speaks the same form.
///
/// It needs the caller to run inside a tokio runtime with I/O and time enabled. Texts go in batches, a few requests at a time.
/// A request that fails in a way that may pass (429, 5xx, no connection, no answer in time) is repeated after a pause: the
/// one that the service asks for by Retry-After if that is longer than the embedder's own. What comes back is checked: one
/// vector for each text, in the order that the indexes say, of the dimension, finite.
pub struct HttpEmbedder {
    client: Client,
    config: HttpConfig,
    service: Service,
    dimension: usize,
    identity: String,
    requests: Semaphore,
}

impl HttpEmbedder {
    /// Checks the configuration; asks the service for one vector if the dimension is not given.
    ///
    /// # Errors
    /// `InvalidArgument` for what is wrong with the configuration, and outside a tokio runtime; as [`Embedder::embed`].
    pub async fn connect(config: HttpConfig) -> Result<Self> {
        let (endpoint, service) = config.check()?;
        let client = Client::new(endpoint, service, config.api_key.as_ref())?;
        let requests = Semaphore::new(config.requests);
        let (dimension, identity) = (config.dimension.unwrap_or_default(), String::new());
        let mut embedder = Self { client, config, service, dimension, identity, requests };
        if embedder.config.dimension.is_none() {
            let probe = embedder.batch(TextForm::Document, &[PROBE]).await?;
            embedder.dimension = probe.first().map(Embedding::dimension).unwrap_or_default();
            embedder.config.dimension = Some(embedder.dimension);
        }
        embedder.identity = embedder.name()?;
        Ok(embedder)
    }

    /// The label: whose model, its name, the dimension, and, where documents have a prefix, 64 bits of its hash.
    fn name(&self) -> Result<String> {
        let HttpConfig { model, identity, document_prefix, .. } = &self.config;
        let made = || format!("{}/{model}/{}", self.service.family(), self.dimension);
        let name = match identity {
            Some(identity) => identity.clone(),
            None if document_prefix.is_empty() => made(),
            None => format!("{}/{:016x}", made(), xxh3_64(document_prefix.as_bytes())),
        };
        if name.is_empty() || name.len() > CollectionSpec::MAX_EMBEDDER_BYTES || name.contains('\0') {
            let most = CollectionSpec::MAX_EMBEDDER_BYTES;
            return Err(Error::invalid(format!(
                "an embedder's identity has 1 to {most} bytes without NUL: set another"
            )));
        }
        Ok(name)
    }

    /// The vectors of the texts of one request.
    async fn batch(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedding>> {
        if Handle::try_current().is_err() {
            return Err(Error::invalid(
                "an embedding service is asked from inside a tokio runtime (with enable_all), and there is none here",
            ));
        }
        let answer = self.patiently(form, texts).await;
        answer.map_err(|error| {
            let told =
                Error::new(error.kind(), format!("embedding service {}: {}", self.client.place(), error.message()));
            match error.retry_after() {
                Some(pause) => told.with_retry_after(pause),
                None => told,
            }
        })
    }

    /// Repeats what may succeed the next time, within the deadline.
    async fn patiently(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedding>> {
        let begun = Instant::now();
        let (mut repetition, mut last) = (0, None);
        loop {
            let left = self.config.deadline.saturating_sub(begun.elapsed());
            let Ok(answer) = timeout(left, self.once(form, texts)).await else {
                // What the service said of the request before says more.
                return Err(last.unwrap_or_else(|| late("deadline")));
            };
            let error = match answer {
                Ok(vectors) => return Ok(vectors),
                Err(error) => error,
            };
            let pause = retry::backoff(repetition, fastrand::f64()).max(error.retry_after().unwrap_or_default());
            let left = self.config.deadline.saturating_sub(begun.elapsed());
            if !error.is_retryable() || repetition == self.config.retries || pause >= left {
                return Err(error);
            }
            sleep(pause).await;
            (repetition, last) = (repetition + 1, Some(error));
        }
    }

    async fn once(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedding>> {
        let _permit = self.requests.acquire().await.map_err(|_| Error::internal("the requests have been closed"))?;
        let body = wire::request(&self.config, self.service, form, texts)?;
        let most = wire::most_bytes(texts.len(), self.config.dimension);
        let answer = timeout(self.config.timeout, self.client.send(body, most)).await;
        wire::vectors(&answer.unwrap_or_else(|_| Err(late("timeout")))?, texts.len(), self.config.dimension)
    }

    fn cut(&self, form: TextForm, text: &str) -> Cut {
        let bytes = self.config.prefix(form).len().saturating_add(text.len());
        match self.config.token_limit {
            _ if self.service.refuses_long_texts() => Cut::No,
            Some(limit) if most_tokens(bytes, text.is_ascii()) <= limit => Cut::No,
            _ => Cut::Unknown,
        }
    }
}

fn late(setting: &str) -> Error {
    Error::new(ErrorKind::Timeout, format!("there is no answer in time: try again, or set a longer {setting}"))
}

/// How many tokens a text of so many bytes can have in any model: each stands for at least one byte, after the model's own
/// normalisation, which makes UTF-8 at most 11 times as long (NFKC; Unicode's FAQ on normalization), and of ASCII nothing
/// longer. A few more mark beginning and end.
fn most_tokens(bytes: usize, ascii: bool) -> usize {
    const MARKS: usize = 4;
    bytes.saturating_mul(if ascii { 1 } else { 11 }).saturating_add(MARKS)
}

#[async_trait]
impl Embedder for HttpEmbedder {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.dimension
    }

    fn token_limit(&self) -> Option<usize> {
        self.config.token_limit
    }

    async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        crate::refuse_blank(texts)?;
        let prefix = self.config.prefix(form).len();
        let size = |text: &&str| prefix.saturating_add(text.len());
        let batches = batch::split(texts.to_vec(), self.config.batch_texts, self.config.batch_bytes, size);
        let asked: Vec<_> = batches.iter().map(|texts| self.batch(form, texts)).collect();
        let answered: Vec<Vec<Embedding>> = stream::iter(asked).buffered(self.config.requests).try_collect().await?;
        let embedded = answered.into_iter().flatten().zip(texts);
        Ok(embedded.map(|(embedding, text)| Embedded { embedding, cut: self.cut(form, text) }).collect())
    }
}

impl fmt::Debug for HttpEmbedder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpEmbedder")
            .field("place", &self.client.place())
            .field("service", &self.service)
            .field("identity", &self.identity)
            .finish_non_exhaustive()
    }
}
