//! `memoryctl add`

use std::collections::BTreeMap;
use std::io::{self, IsTerminal as _, Read as _};
use std::path::Path;
use std::time::Duration;

use memory_core::{
    Cut, Embedding, ErrorKind, Kind, Memory, Metadata, Precondition, Record, RecordId, Scope, Switch, TextForm, Value,
};
use uuid::Uuid;

use super::vector;
use crate::args::DEFAULT_COLLECTION;
use crate::context::Context;
use crate::failure::{Failure, about_text, note};
use crate::output::{Output, json, text};
use crate::parse;

/// Put one record, and answer its id. The collection `memories` is made when it is missing
#[derive(clap::Args)]
pub(crate) struct Add {
    /// The text; - or nothing reads it from standard input, without its last line break
    text: Option<String>,
    /// The id; a new UUID (version 7) unless given
    #[arg(long, value_parser = parse::id)]
    id: Option<RecordId>,
    /// What kind of memory it is, such as preference or fact
    #[arg(long, value_parser = parse::kind)]
    kind: Option<Kind>,
    /// A tag; may be repeated
    #[arg(long = "tag", value_name = "TAG")]
    tags: Vec<String>,
    /// An entry of the metadata; may be repeated. Texts have their own quotes: 'project="apollo"'
    #[arg(long = "meta", value_name = "KEY=JSON", value_parser = parse::meta)]
    meta: Vec<(String, Value)>,
    /// Let it expire after so long: 90s, 30m, 12h, 30d, 2w
    #[arg(long, value_name = "TIME", value_parser = parse::duration)]
    expires_in: Option<Duration>,
    /// Its vector: a JSON array, or the name of a file that holds one
    #[arg(long, value_name = "FILE|JSON")]
    vector: Option<String>,
    /// Replace the record of this id, if there is one
    #[arg(long, requires = "id")]
    replace: bool,
}

/// Puts the record and writes its id.
pub(crate) async fn run(context: &Context, out: &mut Output, args: Add) -> Result<(), Failure> {
    let embedding = args.vector.as_deref().map(vector::read).transpose()?;
    let metadata = metadata(args.meta)?;
    let content = content(args.text)?;
    let fresh = args.id.is_none();
    let id = args.id.map_or_else(|| Uuid::now_v7().to_string(), |id| id.as_str().to_owned());
    let mut draft = Record::draft(id).kind(args.kind.unwrap_or_default().as_str()).content(content).tags(args.tags);
    draft = draft.metadata(metadata).namespace(context.home()?);
    let dimension = embedding.as_ref().map(Embedding::dimension);
    if let Some(embedding) = embedding {
        draft = draft.embedding(embedding);
    }
    if let Some(after) = args.expires_in {
        draft = draft.expires_in(after);
    }
    let mut memory = collection(context, dimension).await?;
    if dimension.is_none() {
        memory = context.embedding(memory).await?;
    }
    let record = embedded(&memory, memory.record(draft)?).await?;
    let key = record.key.clone();
    put(&memory, record, args.replace || fresh).await?;
    if out.is_json() { out.json(&json::key(&key)) } else { out.line(text::safe(key.id.as_str())) }
}

/// The record with the vector of its text, where there is an embedder and a text.
async fn embedded(memory: &Memory, mut record: Record) -> Result<Record, Failure> {
    let text = record.content.as_str();
    let (Some(embedder), None, false) = (memory.embedder(), &record.embedding, text.trim().is_empty()) else {
        return Ok(record);
    };
    let made = embedder.embed(TextForm::Document, &[text]).await?.pop();
    if let Some(made) = made {
        let limit = embedder.token_limit().map_or_else(String::new, |limit| format!(" of {limit} tokens"));
        match made.cut {
            Cut::No => {}
            Cut::Yes => note(&format!(
                "the text is longer than the embedder's limit{limit}: the vector holds its beginning alone; its words are \
                 all found"
            )),
            Cut::Unknown => note(&format!(
                "the text may be longer than the embedder's limit{limit}, and the vector hold its beginning alone; its words \
                 are all found"
            )),
        }
        record.embedding = Some(made.embedding);
    }
    Ok(record)
}

/// Puts the record; unless it may replace one, only if there is none.
async fn put(memory: &Memory, record: Record, replace: bool) -> Result<(), Failure> {
    let exists = format!("record {} exists already: --replace puts the new one in its place", record.key);
    let put = if replace {
        memory.put(record).await
    } else if memory.capabilities().has(Switch::ConditionalWrites) {
        memory.put_if(record, Precondition::Absent).await
    } else if memory.get(&record.key).await?.is_none() {
        memory.put(record).await
    } else {
        return Err(Failure::Error(exists));
    };
    match put {
        Err(error) if error.kind() == ErrorKind::Conflict => Err(Failure::Error(exists)),
        put => Ok(put.map(drop)?),
    }
}

/// The collection, made if it is the default one and missing.
async fn collection(context: &Context, dimension: Option<usize>) -> Result<Memory, Failure> {
    let name = context.collection()?;
    let scope = Scope::exact(context.home()?);
    let database = context.database(true).await?;
    match database.open(&name, scope.clone()).await {
        Err(error) if error.kind() == ErrorKind::NotFound && name.as_str() == DEFAULT_COLLECTION => {
            let spec = context.new_spec(name, dimension).await?;
            note(&format!("made collection {spec}"));
            Ok(database.create(&spec, scope).await?)
        }
        opened => opened.map_err(|error| context.explained(&name, error)),
    }
}

fn metadata(entries: Vec<(String, Value)>) -> Result<Metadata, Failure> {
    let mut map = BTreeMap::new();
    for (key, value) in entries {
        if map.contains_key(&key) {
            return Err(Failure::Usage(format!("--meta names the key {key} twice")));
        }
        map.insert(key, value);
    }
    Metadata::try_from(map).map_err(|error| Failure::Usage(format!("--meta: {}", about_text(&error))))
}

/// The text of the command line, or of standard input.
fn content(text: Option<String>) -> Result<String, Failure> {
    match text {
        Some(text) if text != "-" => return Ok(text),
        None if io::stdin().is_terminal() => {
            return Err(Failure::Usage("say what to remember: memoryctl add TEXT, or pipe it in".to_owned()));
        }
        _ => {}
    }
    let mut content = String::new();
    io::stdin().read_to_string(&mut content).map_err(|error| Failure::file(Path::new("standard input"), &error))?;
    if content.is_empty() && text.is_none() {
        return Err(Failure::Usage(
            "standard input is empty: say what to remember, as in memoryctl add TEXT".to_owned(),
        ));
    }
    let whole = content.strip_suffix('\n').map(|line| line.strip_suffix('\r').unwrap_or(line));
    Ok(whole.unwrap_or(&content).to_owned())
}
