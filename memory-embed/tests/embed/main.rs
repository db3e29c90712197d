//! Each embedder by itself, and `Memory` with one.

#![allow(clippy::unwrap_used, clippy::panic)]

#[cfg(feature = "builtin")]
mod builtin;
mod cache;
mod hash;
#[cfg(feature = "http")]
mod http;
mod memory;
mod settings;

use std::sync::Mutex;

use async_trait::async_trait;
use memory_core::{Embedded, Embedder, Error, Result, TextForm};
use memory_embed::HashEmbedder;

/// A double: hashed words, and a note of all that was asked. Its answer can be changed, which makes it lie.
#[derive(Debug)]
struct Double {
    hash: HashEmbedder,
    identity: String,
    asked: Mutex<Vec<(TextForm, String)>>,
    spoil: fn(Vec<Embedded>) -> Result<Vec<Embedded>>,
}

impl Double {
    fn new() -> Self {
        Self::spoilt(Ok)
    }

    fn spoilt(spoil: fn(Vec<Embedded>) -> Result<Vec<Embedded>>) -> Self {
        Self { hash: HashEmbedder::default(), identity: "double/1".to_owned(), asked: Mutex::default(), spoil }
    }

    fn named(self, identity: &str) -> Self {
        Self { identity: identity.to_owned(), ..self }
    }

    /// What was asked since this was called last.
    fn asked(&self) -> Vec<(TextForm, String)> {
        std::mem::take(&mut *self.asked.lock().unwrap())
    }
}

#[async_trait]
impl Embedder for Double {
    fn identity(&self) -> &str {
        &self.identity
    }

    fn dimension(&self) -> usize {
        self.hash.dimension()
    }

    fn token_limit(&self) -> Option<usize> {
        Some(7)
    }

    async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        self.asked.lock().unwrap().extend(texts.iter().map(|text| (form, (*text).to_owned())));
        (self.spoil)(self.hash.embed(form, texts).await?)
    }
}

/// The components that are not 0, each with its place.
fn parts(embedded: &Embedded) -> Vec<(usize, f32)> {
    let components = embedded.embedding.as_slice().iter().copied().enumerate();
    components.filter(|(_, component)| *component != 0.0).collect()
}

fn message<T>(result: Result<T>) -> String {
    let Err(error) = result else { panic!("there was no error") };
    error.to_string()
}

fn kind<T>(result: &Result<T>) -> Option<memory_core::ErrorKind> {
    result.as_ref().err().map(Error::kind)
}
