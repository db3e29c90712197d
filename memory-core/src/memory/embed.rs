//! Texts in place of vectors: what a handle does with an embedder.

use std::borrow::Cow;
use std::sync::Arc;

use super::{HybridRequest, Memory, check};
use crate::embedder::{Cut, Embedded, Embedder, TextForm};
use crate::embedding::Embedding;
use crate::error::{Error, ErrorKind, Result};
use crate::names::RecordKey;
use crate::record::Record;
use crate::request::{Query, SearchRequest, SearchResponse};
use crate::spec::CollectionSpec;
use crate::write::{Batch, Write};

impl Memory {
    /// A handle that makes vectors of texts: records that are put with a text and no vector get the text's, and a hybrid
    /// search by text alone gets the query's.
    ///
    /// # Errors
    /// `Conflict` if the collection's vectors come from another embedder, or it has none: the error names both.
    pub fn with_embedder(mut self, embedder: Arc<dyn Embedder>) -> Result<Self> {
        self.name("embed", suits(self.spec(), &*embedder))?;
        self.embedder = Some(embedder);
        Ok(self)
    }

    /// The embedder, where the handle has one.
    pub fn embedder(&self) -> Option<&Arc<dyn Embedder>> {
        self.embedder.as_ref()
    }

    /// A query's vector, by the handle's embedder.
    ///
    /// # Errors
    /// `InvalidArgument` for a blank text and for a handle without an embedder; those of the embedder.
    pub async fn embed_query(&self, text: &str) -> Result<Embedded> {
        let mut embedded = self.name("embed", self.embed(TextForm::Query, &[text]).await)?;
        self.name("embed", embedded.pop().ok_or_else(|| Error::internal("no vector was made")))
    }

    /// The `k` records whose vectors are most similar to that of a text.
    ///
    /// # Errors
    /// As [`Self::embed_query`] and [`Self::search`].
    pub async fn search_similar(&self, text: &str, k: usize) -> Result<SearchResponse> {
        let embedding = self.embed_query(text).await?.embedding;
        self.search(&SearchRequest::new(Query::vector(embedding)).with_k(k)).await
    }

    /// Gives each record with a text and no vector the text's, where there is an embedder, and answers which texts were cut.
    pub(super) async fn embed_writes(&self, writes: &mut [Write]) -> Result<Vec<RecordKey>> {
        if self.embedder.is_none() {
            return Ok(Vec::new());
        }
        // What is wrong with a record is said before a service is asked, and maybe paid.
        self.name("put", check::writes(self, writes, Batch::independent()))?;
        let mut bare: Vec<&mut Record> =
            writes.iter_mut().map(|write| &mut write.record).filter(|record| wants_vector(record)).collect();
        if bare.is_empty() {
            return Ok(Vec::new());
        }
        let texts: Vec<&str> = bare.iter().map(|record| record.content.as_str()).collect();
        let embedded = self.name("put", self.embed(TextForm::Document, &texts).await)?;
        let mut cut = Vec::new();
        for (record, embedded) in bare.iter_mut().zip(embedded) {
            record.embedding = Some(embedded.embedding);
            if embedded.cut != Cut::No {
                cut.push(record.key.clone());
            }
        }
        Ok(cut)
    }

    /// A changed record, with the vector of its new text unless the change set one itself.
    pub(super) async fn embed_change(&self, before: &Record, mut after: Record) -> Result<Record> {
        if self.embedder.is_none() || after.content == before.content || after.embedding != before.embedding {
            return Ok(after);
        }
        after.embedding = None;
        if wants_vector(&after) {
            let embedded = self.embed(TextForm::Document, &[after.content.as_str()]).await?;
            after.embedding = embedded.into_iter().next().map(|embedded| embedded.embedding);
        }
        Ok(after)
    }

    /// A hybrid request with the vector of its text, where it has none and there is an embedder.
    pub(super) async fn embed_request<'a>(&self, request: &'a HybridRequest) -> Result<Cow<'a, HybridRequest>> {
        let text = request.text.as_deref().unwrap_or_default();
        if self.embedder.is_none() || request.embedding.is_some() || request.weight == 1.0 || text.trim().is_empty() {
            return Ok(Cow::Borrowed(request));
        }
        let embedding = self.embed_query(text).await?.embedding;
        Ok(Cow::Owned(HybridRequest { embedding: Some(embedding), ..request.clone() }))
    }

    /// The vectors of these texts, one for each, checked against the collection.
    async fn embed(&self, form: TextForm, texts: &[&str]) -> Result<Vec<Embedded>> {
        let Some(embedder) = &self.embedder else {
            return Err(Error::invalid("the handle has no embedder: give it one, or search by text or by a vector"));
        };
        if texts.iter().any(|text| text.trim().is_empty()) {
            return Err(Error::invalid("a blank text has no vector"));
        }
        let embedded = embedder.embed(form, texts).await?;
        if embedded.len() != texts.len() {
            let message = format!("{} made {} vectors of {} texts", embedder.identity(), embedded.len(), texts.len());
            return Err(Error::new(ErrorKind::Corrupt, message));
        }
        let whose = || format!("what {} made", embedder.identity());
        embedded.iter().try_for_each(|made| fits(self.spec(), &made.embedding, whose))?;
        Ok(embedded)
    }
}

/// A wrong vector here is the embedder's fault, not the caller's.
fn fits(spec: &CollectionSpec, embedding: &Embedding, whose: impl Fn() -> String) -> Result<()> {
    check::embedding(spec, embedding, whose).map_err(|error| Error::new(ErrorKind::Corrupt, error.message()))
}

fn wants_vector(record: &Record) -> bool {
    record.embedding.is_none() && !record.content.as_str().trim().is_empty()
}

/// Refuses an embedder that the collection's vectors do not come from.
fn suits(spec: &CollectionSpec, embedder: &dyn Embedder) -> Result<()> {
    if spec.embedder() == Some(embedder.identity()) {
        return Ok(());
    }
    let (name, asked) = (spec.name(), embedder.identity());
    let holds = match (spec.vectors(), spec.embedder()) {
        (None, _) => "is text only".to_owned(),
        (Some(_), None) => "has vectors of no embedder that it knows".to_owned(),
        (Some(_), Some(own)) => format!("has the vectors of the embedder {own}"),
    };
    Err(Error::new(
        ErrorKind::Conflict,
        format!(
            "collection {name} {holds}, so it takes none of {asked}: use the embedder that it has, or none, or copy it into a \
             new collection, as `memoryctl embed --collection {name} --to NAME` does"
        ),
    ))
}
