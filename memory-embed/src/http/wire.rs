//! What is sent, and what must come back.

use memory_core::{Embedding, Error, ErrorKind, Result, TextForm};
use serde::{Deserialize, Serialize};

use super::config::HttpConfig;
use super::service::Service;

/// The body of a request, in the words of OpenAI's API; what other vendors call differently is left out where it does not apply.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    input: Vec<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    dimensions: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_dimension: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    input_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    truncation: Option<bool>,
}

#[derive(Deserialize)]
struct Answer {
    data: Vec<Item>,
}

#[derive(Deserialize)]
struct Item {
    index: usize,
    embedding: Vec<f32>,
}

/// The body that asks for the vectors of these texts.
pub(super) fn request(config: &HttpConfig, service: Service, form: TextForm, texts: &[&str]) -> Result<Vec<u8>> {
    let shorter = config.dimension.filter(|_| config.shorten);
    let (dimensions, output_dimension) = match service {
        Service::OpenAi | Service::Azure | Service::Compatible => (shorter, None),
        Service::Mistral | Service::Voyage => (None, shorter),
    };
    let (input_type, truncation) = match (service, form) {
        (Service::Voyage, TextForm::Document) => (Some("document"), Some(false)),
        (Service::Voyage, TextForm::Query) => (Some("query"), Some(false)),
        (Service::OpenAi | Service::Azure | Service::Mistral | Service::Compatible, _) => (None, None),
    };
    let prefix = config.prefix(form);
    let input = texts.iter().map(|text| format!("{prefix}{text}")).collect();
    let request = Request { model: &config.model, input, dimensions, output_dimension, input_type, truncation };
    serde_json::to_vec(&request).map_err(|_| Error::internal("the request to an embedding service has no JSON form"))
}

/// As many bytes as an answer with so many vectors can need: 32 for each component, whose longest form has some 25, and room
/// for what stands around them.
pub(super) fn most_bytes(texts: usize, dimension: Option<usize>) -> usize {
    const GREATEST_DIMENSION: usize = 65_536;
    let vector = dimension.unwrap_or(GREATEST_DIMENSION).saturating_mul(32).saturating_add(1024);
    texts.saturating_mul(vector).saturating_add(64 * 1024)
}

/// The vectors of an answer, in the order of the texts: one for each, of the dimension where it is known, finite.
pub(super) fn vectors(body: &[u8], texts: usize, dimension: Option<usize>) -> Result<Vec<Embedding>> {
    let answer: Answer = serde_json::from_slice(body).map_err(|_| {
        corrupt("what it answered is not in OpenAI's form, numbers in data[].embedding and data[].index: is the address right?")
    })?;
    if answer.data.len() != texts {
        return Err(corrupt(format!("it answered {} vectors for {texts} texts", answer.data.len())));
    }
    let mut places: Vec<Option<Embedding>> = vec![None; texts];
    for Item { index, embedding } in answer.data {
        let place = places.get_mut(index).filter(|place| place.is_none());
        let place =
            place.ok_or_else(|| corrupt(format!("it answered index {index} for none of {texts} texts, or twice")))?;
        if let Some(dimension) = dimension.filter(|dimension| *dimension != embedding.len()) {
            let message = format!("it answered vectors of {} components instead of {dimension}", embedding.len());
            return Err(corrupt(message));
        }
        let checked = Embedding::new(embedding);
        *place = Some(checked.map_err(|error| corrupt(format!("it answered no vector: {}", error.message())))?);
    }
    Ok(places.into_iter().flatten().collect())
}

fn corrupt(message: impl Into<String>) -> Error {
    Error::new(ErrorKind::Corrupt, message)
}
