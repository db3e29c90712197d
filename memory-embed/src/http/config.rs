//! How a service is asked.

use std::fmt;
use std::time::Duration;

use memory_core::connect::{Secret, Settings};
use memory_core::{Error, Result, TextForm};

use super::service::{Endpoint, Service};
use crate::open::size;
use crate::settings as key;

/// An embedding service, and how it is asked. Only the address and the model are needed.
#[derive(Clone)]
pub struct HttpConfig {
    pub(super) url: String,
    pub(super) model: String,
    pub(super) service: Option<Service>,
    pub(super) api_key: Option<Secret>,
    pub(super) dimension: Option<usize>,
    pub(super) shorten: bool,
    pub(super) token_limit: Option<usize>,
    pub(super) batch_texts: usize,
    pub(super) batch_bytes: usize,
    pub(super) requests: usize,
    pub(super) timeout: Duration,
    pub(super) deadline: Duration,
    pub(super) retries: u32,
    pub(super) query_prefix: String,
    pub(super) document_prefix: String,
    pub(super) identity: Option<String>,
}

impl HttpConfig {
    /// The service at this address, `https://api.openai.com/v1` or the whole one that ends with `/embeddings`, and its model.
    /// A user and a password may stand in the address, for a service behind a guard that wants them.
    ///
    /// Azure OpenAI takes `https://NAME.openai.azure.com/openai/deployments/DEPLOYMENT/embeddings?api-version=VERSION`.
    pub fn new(url: impl Into<String>, model: impl Into<String>) -> Self {
        Self {
            url: url.into(),
            model: model.into(),
            service: None,
            api_key: None,
            dimension: None,
            shorten: false,
            token_limit: None,
            batch_texts: 64,
            batch_bytes: 128 * 1024,
            requests: 4,
            timeout: Duration::from_secs(30),
            deadline: Duration::from_secs(120),
            retries: 4,
            query_prefix: String::new(),
            document_prefix: String::new(),
            identity: None,
        }
    }

    /// Whose form it speaks, where the address does not show that.
    #[must_use]
    pub fn with_service(self, service: Service) -> Self {
        Self { service: Some(service), ..self }
    }

    /// With the key that the service wants.
    #[must_use]
    pub fn with_api_key(self, key: Secret) -> Self {
        Self { api_key: Some(key), ..self }
    }

    /// With the number of components that its vectors have, which else is learnt by one request. Others are refused.
    #[must_use]
    pub fn with_dimension(self, dimension: usize) -> Self {
        Self { dimension: Some(dimension), ..self }
    }

    /// Asks the service to shorten its vectors to this many components, which not every model can.
    #[must_use]
    pub fn with_shortened(self, dimension: usize) -> Self {
        Self { dimension: Some(dimension), shorten: true, ..self }
    }

    /// With how many tokens of a text the model reads.
    #[must_use]
    pub fn with_token_limit(self, tokens: usize) -> Self {
        Self { token_limit: Some(tokens), ..self }
    }

    /// At most so many texts and so many bytes of texts in a request, each at least 1; 64 and 131,072 if not set. A longer text
    /// goes alone.
    #[must_use]
    pub fn with_batch(self, texts: usize, bytes: usize) -> Self {
        Self { batch_texts: texts, batch_bytes: bytes, ..self }
    }

    /// At most so many requests under way at once, at least 1; 4 if not set.
    #[must_use]
    pub fn with_requests(self, requests: usize) -> Self {
        Self { requests, ..self }
    }

    /// How long one request may take; 30 seconds if not set.
    #[must_use]
    pub fn with_timeout(self, timeout: Duration) -> Self {
        Self { timeout, ..self }
    }

    /// How long the texts of one request may take with all repetitions and pauses; 2 minutes if not set.
    #[must_use]
    pub fn with_deadline(self, deadline: Duration) -> Self {
        Self { deadline, ..self }
    }

    /// How often a request is repeated; 4 times if not set.
    #[must_use]
    pub fn with_retries(self, retries: u32) -> Self {
        Self { retries, ..self }
    }

    /// With what is put before queries and before documents, for models that are trained so, such as `query: ` and
    /// `passage: ` for E5. Nothing is put between it and the text.
    #[must_use]
    pub fn with_prefixes(self, query: impl Into<String>, document: impl Into<String>) -> Self {
        Self { query_prefix: query.into(), document_prefix: document.into(), ..self }
    }

    /// With the label that collections keep, instead of the one that is made of service, model and dimension.
    #[must_use]
    pub fn with_identity(self, identity: impl Into<String>) -> Self {
        Self { identity: Some(identity.into()), ..self }
    }

    pub(super) fn prefix(&self, form: TextForm) -> &str {
        match form {
            TextForm::Document => &self.document_prefix,
            TextForm::Query => &self.query_prefix,
        }
    }

    /// What goes together and what does not; where the service is; and whose form it speaks.
    pub(super) fn check(&self) -> Result<(Endpoint, Service)> {
        let endpoint = Endpoint::of(&self.url)?;
        let wrong = |message: &str| Err(Error::invalid(message));
        if self.model.is_empty() {
            return wrong("an embedding service needs the name of its model");
        }
        if self.dimension == Some(0) || self.batch_texts == 0 || self.batch_bytes == 0 || self.requests == 0 {
            return wrong("dimension, batch and number of requests of an embedding service are at least 1");
        }
        if self.timeout.is_zero() || self.deadline.is_zero() {
            return wrong("the timeout and the deadline of an embedding service are longer than nothing");
        }
        if self.shorten && self.dimension.is_none() {
            return wrong("to shorten the vectors of an embedding service, say to which dimension");
        }
        if self.api_key.is_some() && endpoint.has_user() {
            return wrong("an embedding service is given an API key, or a user in its address, not both");
        }
        let service = self.service.unwrap_or_else(|| Service::of(&endpoint.url));
        Ok((endpoint, service))
    }
}

/// Nothing of the address but its place, and no key.
impl fmt::Debug for HttpConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let place = Endpoint::of(&self.url).map(|endpoint| endpoint.place).unwrap_or_default();
        f.debug_struct("HttpConfig")
            .field("place", &place)
            .field("model", &self.model)
            .field("service", &self.service)
            .field("api_key", &self.api_key)
            .field("dimension", &self.dimension)
            .finish_non_exhaustive()
    }
}

/// From the table of settings. A key that is for one vendor goes to that vendor alone.
pub(crate) fn configure(url: &str, settings: &Settings) -> Result<HttpConfig> {
    let Some(model) = settings.text(key::MODEL.key)? else {
        return Err(Error::invalid(
            "the setting model is missing: which model of the embedding service is to be used?",
        ));
    };
    let mut config = HttpConfig::new(url, model);
    config.service = settings.text(key::SERVICE.key)?.map(Service::named).transpose()?;
    let (_, service) = config.check()?;
    config.api_key = settings.secret(key::API_KEY.key)?.cloned();
    if let (None, Some(own)) = (&config.api_key, service.own_key()) {
        config.api_key = settings.secret(own.key)?.cloned();
    }
    config.dimension = size(settings, key::DIMENSION.key)?;
    config.token_limit = size(settings, key::TOKEN_LIMIT.key)?;
    config.shorten = settings.switch(key::SHORTEN.key)?.unwrap_or(config.shorten);
    config.batch_texts = size(settings, key::BATCH_TEXTS.key)?.unwrap_or(config.batch_texts);
    config.batch_bytes = size(settings, key::BATCH_BYTES.key)?.unwrap_or(config.batch_bytes);
    config.requests = size(settings, key::REQUESTS.key)?.unwrap_or(config.requests);
    config.timeout = settings.duration(key::TIMEOUT.key)?.unwrap_or(config.timeout);
    config.deadline = settings.duration(key::DEADLINE.key)?.unwrap_or(config.deadline);
    if let Some(retries) = settings.whole(key::RETRIES.key)? {
        config.retries = u32::try_from(retries).unwrap_or(u32::MAX);
    }
    let text = |key: &str| settings.text(key).map(|text| text.unwrap_or_default().to_owned());
    config.query_prefix = text(key::QUERY_PREFIX.key)?;
    config.document_prefix = text(key::DOCUMENT_PREFIX.key)?;
    config.identity = settings.text(key::IDENTITY.key)?.map(str::to_owned);
    Ok(config)
}
