//! One request and its answer, as bytes.

use std::sync::Arc;
use std::time::SystemTime;

use memory_core::connect::Secret;
use memory_core::{Error, ErrorKind, Result};
use reqwest::header::{AUTHORIZATION, CONTENT_TYPE, HeaderMap, HeaderName, HeaderValue, RETRY_AFTER};
use reqwest::{Response, StatusCode, redirect};
use rustls::crypto::ring;
use rustls_platform_verifier::BuilderVerifierExt as _;

use super::retry::retry_after;
use super::service::{Endpoint, Service};

/// A service, ready to be asked.
pub(super) struct Client {
    http: reqwest::Client,
    endpoint: Endpoint,
    service: Service,
}

impl Client {
    pub(super) fn new(endpoint: Endpoint, service: Service, key: Option<&Secret>) -> Result<Self> {
        let mut headers = HeaderMap::from_iter([(CONTENT_TYPE, HeaderValue::from_static("application/json"))]);
        if let Some(key) = key {
            let (name, value) = key_header(service, key)?;
            headers.insert(name, value);
        }
        let mut builder = reqwest::Client::builder()
            .default_headers(headers)
            .tls_backend_preconfigured(tls(endpoint.url.scheme() == "https")?)
            // The key would be sent along to wherever an answer points.
            .redirect(redirect::Policy::none());
        if endpoint.is_local() {
            builder = builder.no_proxy();
        }
        let http = builder.build().map_err(|_| Error::internal("the HTTP client does not start"))?;
        Ok(Self { http, endpoint, service })
    }

    /// The place that may be shown.
    pub(super) fn place(&self) -> &str {
        &self.endpoint.place
    }

    /// Sends a body and answers the one that comes back, if it has at most so many bytes.
    ///
    /// # Errors
    /// Of the kinds that the crate's README lists. None holds anything of the two bodies.
    pub(super) async fn send(&self, body: Vec<u8>, most: usize) -> Result<Vec<u8>> {
        let sent = self.http.post(self.endpoint.url.clone()).body(body).send().await;
        // The client's own error may quote the whole address, so just its class is taken over.
        let mut response =
            sent.map_err(|error| unavailable(if error.is_connect() { NO_CONNECTION } else { BROKEN_OFF }))?;
        if !response.status().is_success() {
            return Err(self.refusal(&response));
        }
        let mut answer = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(|_| unavailable(BROKEN_OFF))? {
            if answer.len().saturating_add(chunk.len()) > most {
                let message = format!("it answered more than {most} bytes, which the vectors asked for cannot need");
                return Err(Error::new(ErrorKind::Corrupt, message));
            }
            answer.extend_from_slice(&chunk);
        }
        Ok(answer)
    }

    /// What an answer means that is no success. Its body is not read, for it may quote the text.
    fn refusal(&self, response: &Response) -> Error {
        let status = response.status();
        let code = status.as_u16();
        match status {
            StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => {
                let variable = self.service.own_key().and_then(|setting| setting.env.first());
                let variable = variable.map(|name| format!(", or the variable {name}")).unwrap_or_default();
                let message = format!("it refuses the key (HTTP {code}): check the setting api_key{variable}");
                Error::new(ErrorKind::PermissionDenied, message)
            }
            StatusCode::TOO_MANY_REQUESTS => {
                let message = "it asks for a pause (HTTP 429): wait, or lower the setting requests; a used-up quota says the same";
                let error = Error::new(ErrorKind::RateLimited, message);
                let header = response.headers().get(RETRY_AFTER).and_then(|value| value.to_str().ok());
                match header.and_then(|value| retry_after(value, SystemTime::now())) {
                    Some(pause) => error.with_retry_after(pause),
                    None => error,
                }
            }
            StatusCode::REQUEST_TIMEOUT => Error::new(ErrorKind::Timeout, "it gave up waiting (HTTP 408)"),
            StatusCode::NOT_FOUND => Error::invalid("it knows no such address or model (HTTP 404): check both"),
            _ if status.is_server_error() => {
                unavailable(&format!("it fails (HTTP {code}): look at the service's state, and try again later"))
            }
            _ if status.is_redirection() => {
                Error::invalid(format!("it is elsewhere (HTTP {code}): give the address that it points to"))
            }
            _ => Error::invalid(format!(
                "it refuses the request (HTTP {code}): check the model and the dimension, and that no text is longer than \
                 the model takes"
            )),
        }
    }
}

const NO_CONNECTION: &str =
    "there is no connection: check the address, whether the service runs, and for https its certificate";
const BROKEN_OFF: &str = "the connection broke off: try again, and look at the service's state";

fn unavailable(message: &str) -> Error {
    Error::new(ErrorKind::Unavailable, message)
}

fn key_header(service: Service, key: &Secret) -> Result<(HeaderName, HeaderValue)> {
    let (name, text) = match service {
        Service::Azure => (HeaderName::from_static("api-key"), key.expose().to_owned()),
        Service::OpenAi | Service::Mistral | Service::Voyage | Service::Compatible => {
            (AUTHORIZATION, format!("Bearer {}", key.expose()))
        }
    };
    let value = HeaderValue::try_from(text);
    let mut value =
        value.map_err(|_| Error::invalid("the API key holds a character that no key has, maybe a line end"))?;
    value.set_sensitive(true);
    Ok((name, value))
}

/// The system's own certificates decide whom to trust. They are read for https alone, for a machine may have none.
fn tls(trusting: bool) -> Result<rustls::ClientConfig> {
    let internal = |_| Error::internal("TLS does not start");
    let builder = rustls::ClientConfig::builder_with_provider(Arc::new(ring::default_provider()));
    let builder = builder.with_safe_default_protocol_versions().map_err(internal)?;
    if !trusting {
        return Ok(builder.with_root_certificates(rustls::RootCertStore::empty()).with_no_client_auth());
    }
    let trusting = builder.with_platform_verifier();
    let trusting =
        trusting.map_err(|_| unavailable("this machine has no certificates to trust: install ca-certificates"))?;
    Ok(trusting.with_no_client_auth())
}
