//! From settings to an embedder.

use std::sync::Arc;

use memory_core::connect::Settings;
use memory_core::{Embedder, Error, Result};

use crate::HashEmbedder;
use crate::settings::{DIMENSION, LANGUAGE, USE};

/// The embedder that the key [`use`](USE) names; `None` for `none`, and where it is not given. The other keys of
/// [`settings`](crate::settings::settings) are read by the embedder that they are about, and by no other.
///
/// A service without the key `dimension` is asked for one vector, to learn it.
///
/// # Errors
/// `InvalidArgument` for another choice and for settings that do not go together; `Unsupported` for an embedder that this
/// program was built without; for a service, as `HttpEmbedder::connect`.
pub async fn open(settings: &Settings) -> Result<Option<Arc<dyn Embedder>>> {
    match settings.text(USE.key)? {
        None | Some("none") => Ok(None),
        Some("builtin") => builtin(settings).map(Some),
        Some("hash") => hash(settings).map(Some),
        Some(url) if is_address(url) => service(url, settings).await.map(Some),
        Some(_) => Err(no_choice()),
    }
}

/// What was said is not repeated, for it may be an address with a password in it.
fn no_choice() -> Error {
    Error::invalid("the embedder to use is none, builtin, hash, or an address that begins with http:// or https://")
}

/// Whether these settings can name an embedder, as far as that shows without opening it.
///
/// # Errors
/// `InvalidArgument` for another choice, `Unsupported` for an embedder that this program was built without.
pub fn check(settings: &Settings) -> Result<()> {
    match settings.text(USE.key)? {
        None | Some("none" | "hash") => Ok(()),
        Some("builtin") => builtin(settings).map(drop),
        Some(url) if is_address(url) => service_is_built_in(),
        Some(_) => Err(no_choice()),
    }
}

fn is_address(text: &str) -> bool {
    let begins = |scheme: &str| text.get(..scheme.len()).is_some_and(|start| start.eq_ignore_ascii_case(scheme));
    begins("http://") || begins("https://")
}

fn hash(settings: &Settings) -> Result<Arc<dyn Embedder>> {
    let language = settings.text(LANGUAGE.key)?.unwrap_or("english").parse()?;
    let dimension = size(settings, DIMENSION.key)?.unwrap_or(HashEmbedder::DEFAULT_DIMENSION);
    Ok(Arc::new(HashEmbedder::new(language, dimension)?))
}

#[cfg(feature = "builtin")]
fn builtin(settings: &Settings) -> Result<Arc<dyn Embedder>> {
    let embedder = crate::BuiltinEmbedder::new();
    let threads = size(settings, crate::settings::THREADS.key)?.and_then(std::num::NonZero::new);
    Ok(Arc::new(match threads {
        Some(threads) => embedder.with_threads(threads),
        None => embedder,
    }))
}

#[cfg(not(feature = "builtin"))]
fn builtin(_: &Settings) -> Result<Arc<dyn Embedder>> {
    Err(left_out("the model in the program", "builtin"))
}

#[cfg(feature = "http")]
async fn service(url: &str, settings: &Settings) -> Result<Arc<dyn Embedder>> {
    let config = crate::http::configure(url, settings)?;
    Ok(Arc::new(crate::HttpEmbedder::connect(config).await?))
}

#[cfg(feature = "http")]
fn service_is_built_in() -> Result<()> {
    Ok(())
}

#[cfg(not(feature = "http"))]
fn service_is_built_in() -> Result<()> {
    Err(left_out("embedding services", "http"))
}

#[cfg(not(feature = "http"))]
async fn service(_: &str, _: &Settings) -> Result<Arc<dyn Embedder>> {
    Err(left_out("embedding services", "http"))
}

#[cfg(not(all(feature = "builtin", feature = "http")))]
fn left_out(what: &str, feature: &str) -> Error {
    Error::unsupported(format!(
        "this program was built without {what}: build it with memory-embed's feature `{feature}`, or use another embedder"
    ))
}

pub(crate) fn size(settings: &Settings, key: &str) -> Result<Option<usize>> {
    let size = settings.whole(key)?.map(usize::try_from);
    size.transpose().map_err(|_| Error::invalid(format!("the setting {key} is too great for this machine")))
}
