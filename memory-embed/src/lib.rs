#![doc = include_str!("../README.md")]

#[cfg(feature = "builtin")]
mod builtin;
mod cache;
mod hash;
#[cfg(feature = "http")]
mod http;
mod open;
pub mod settings;

#[cfg(feature = "builtin")]
pub use builtin::BuiltinEmbedder;
pub use cache::{CacheStats, CachedEmbedder};
pub use hash::HashEmbedder;
#[cfg(feature = "http")]
pub use http::{HttpConfig, HttpEmbedder, Service};
pub use open::{check, open};

/// Every embedder here refuses a blank text in the same words.
fn refuse_blank(texts: &[&str]) -> memory_core::Result<()> {
    match texts.iter().position(|text| text.trim().is_empty()) {
        Some(at) => Err(memory_core::Error::invalid(format!("text {at} of those to embed is blank: it has no vector"))),
        None => Ok(()),
    }
}
