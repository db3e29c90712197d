//! `memoryctl search`

use clap::ValueEnum;
use memory_core::{
    Clock as _, Embedding, Filter, HybridRequest, Leg, Memory, Query, RecordId, SearchRequest, SystemClock,
};

use super::vector;
use super::which::Which;
use crate::context::{Context, record};
use crate::failure::{Failure, note};
use crate::output::hits::Answer;
use crate::output::{Output, hits, json};
use crate::parse;

/// Find records by text, by vector, or by both, the best first
#[derive(clap::Args)]
pub(crate) struct Search {
    /// The text; its words are looked for, nothing in it is an operator
    text: Option<String>,
    /// By text, by vector, or by both; unless given, by both where the collection has an embedder, else by what there is
    #[arg(long, value_enum)]
    mode: Option<Mode>,
    /// The vector, instead of the text's own: a JSON array, or the name of a file that holds one
    #[arg(long, value_name = "FILE|JSON", conflicts_with = "like")]
    vector: Option<String>,
    /// The vector of this stored record
    #[arg(long, value_name = "ID", value_parser = parse::id)]
    like: Option<RecordId>,
    #[command(flatten)]
    which: Which,
    /// At most so many hits
    #[arg(long, value_name = "N", default_value = "10")]
    limit: u32,
    /// Leave out so many of the first hits
    #[arg(long, value_name = "N", default_value = "0", conflicts_with = "mmr")]
    skip: u32,
    /// Hits that differ from one another, by maximal marginal relevance: from 0 (most different) to 1 (the plain order)
    #[arg(long, value_name = "LAMBDA", value_parser = parse::fraction)]
    mmr: Option<f64>,
}

/// What is searched by.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Mode {
    /// Words, ranked by BM25
    Text,
    /// Similarity of vectors
    Vector,
    /// Both, fused
    Hybrid,
}

/// What to search by, and whether that fits what was given.
fn check(asked: Option<Mode>, text: bool, vector: bool) -> Result<(), Failure> {
    match (asked, text, vector) {
        (None, false, false) => Err("say what to look for: memoryctl search TEXT, or --vector or --like"),
        (Some(Mode::Text), false, _) => Err("a search by text needs a TEXT"),
        (Some(Mode::Text), _, true) => Err("a search by text takes no vector; --mode hybrid takes both"),
        (Some(Mode::Vector), true, true) => {
            Err("a search by vector takes a TEXT or a vector; --mode hybrid takes both")
        }
        (Some(_), false, false) => Err("say what to look for: a TEXT, --vector or --like"),
        _ => Ok(()),
    }
    .map_err(|message| Failure::Usage(message.to_owned()))
}

/// What to search by if it is not said: by everything that there is.
fn mode(asked: Option<Mode>, text: bool, vector: bool) -> Mode {
    asked.unwrap_or(match (text, vector) {
        (true, true) => Mode::Hybrid,
        (true, false) => Mode::Text,
        (false, _) => Mode::Vector,
    })
}

/// Searches and writes the hits.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Search) -> Result<(), Failure> {
    let has_vector = args.vector.is_some() || args.like.is_some();
    check(args.mode, args.text.is_some(), has_vector)?;
    let filter = args.which.filter(SystemClock.now())?;
    let given = args.vector.as_deref().map(vector::read).transpose()?;
    let mut memory = context.memory().await?;
    let embedding = match (&args.like, &args.text) {
        (Some(id), _) => Some(like(&memory, id).await?),
        (None, Some(text)) if !has_vector && args.mode != Some(Mode::Text) => {
            memory = context.embedding(memory).await?;
            embedding(&memory, text, args.mode).await?
        }
        _ => given,
    };
    let mode = mode(args.mode, args.text.is_some(), embedding.is_some());
    let answer = match (mode, embedding) {
        (Mode::Hybrid, embedding) => hybrid(&memory, &args, filter, embedding).await?,
        (_, Some(embedding)) => plain(&memory, &args, filter, SearchRequest::new(Query::vector(embedding))).await?,
        (_, None) => plain(&memory, &args, filter, memory.text(args.text.as_deref().unwrap_or_default())).await?,
    };
    let words = memory.spec().analyser().query_words(args.text.as_deref().unwrap_or_default());
    if mode == Mode::Text && words.is_empty() {
        note("the text holds no word, so nothing matches it");
    }
    say_legs(&answer);
    if out.is_json() {
        return out.json(&json::hits(&answer)?);
    }
    if answer.hits.is_empty() {
        note("nothing found");
    }
    hits::hits(out, &answer.hits, memory.spec().analyser(), &words)
}

/// The vector of the text, where the collection has an embedder.
async fn embedding(memory: &Memory, text: &str, mode: Option<Mode>) -> Result<Option<Embedding>, Failure> {
    if memory.embedder().is_some() && !text.trim().is_empty() {
        return Ok(Some(memory.embed_query(text).await?.embedding));
    }
    match mode {
        Some(Mode::Vector) => Err(Failure::Error(format!(
            "collection {} has no embedder at hand to make a vector of the text: give one by --vector or --like",
            memory.spec().name()
        ))),
        _ => Ok(None),
    }
}

async fn like(memory: &Memory, id: &RecordId) -> Result<Embedding, Failure> {
    let record = record(memory, id).await?;
    record.embedding.ok_or_else(|| Failure::Error(format!("record {} has no vector to search by", record.key)))
}

async fn plain(memory: &Memory, args: &Search, filter: Filter, request: SearchRequest) -> Result<Answer, Failure> {
    let request = request.with_filter(filter).with_k(args.limit as usize).with_skip(args.skip as usize);
    Ok(match args.mmr {
        Some(lambda) => memory.search_mmr(&request, lambda).await?.into(),
        None => memory.search(&request).await?.into(),
    })
}

async fn hybrid(
    memory: &Memory,
    args: &Search,
    filter: Filter,
    embedding: Option<Embedding>,
) -> Result<Answer, Failure> {
    let request = HybridRequest::of(args.text.clone(), embedding).with_filter(filter);
    let request = request.with_k(args.limit as usize).with_skip(args.skip as usize);
    Ok(match args.mmr {
        Some(lambda) => memory.hybrid_mmr(&request, lambda).await?.into(),
        None => memory.hybrid(&request).await?.into(),
    })
}

/// Nothing is replaced silently (HY-3, VE-4).
fn say_legs(answer: &Answer) {
    if let Some((text, vector)) = answer.legs {
        for (leg, state) in [("text", text), ("vector", vector)] {
            match state {
                Leg::Ran => {}
                Leg::NotAsked => note(&format!("the {leg} leg was not asked")),
                Leg::NoWords => note(&format!("the {leg} leg did not run: the query holds no word")),
                Leg::NoEmbedding => note(&format!("the {leg} leg did not run: the query has no vector")),
                Leg::FoundNothing => note(&format!("the {leg} leg found nothing")),
            }
        }
    }
    if !answer.complete {
        note("the store stopped at its scan limit: there may be more hits than these");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_mode_fits_what_is_given_or_is_refused() {
        use Mode::{Hybrid, Text, Vector};
        for (asked, text, vector, found) in [
            (None, true, false, Some(Text)),
            (None, false, true, Some(Vector)),
            (None, true, true, Some(Hybrid)),
            (None, false, false, None),
            (Some(Text), true, false, Some(Text)),
            (Some(Text), false, false, None),
            (Some(Text), true, true, None),
            (Some(Vector), true, false, Some(Vector)),
            (Some(Vector), false, true, Some(Vector)),
            (Some(Vector), true, true, None),
            (Some(Vector), false, false, None),
            (Some(Hybrid), true, false, Some(Hybrid)),
            (Some(Hybrid), false, true, Some(Hybrid)),
            (Some(Hybrid), false, false, None),
        ] {
            let taken = check(asked, text, vector).is_ok().then(|| mode(asked, text, vector));
            assert_eq!(taken, found, "{asked:?} {text} {vector}");
        }
    }
}
