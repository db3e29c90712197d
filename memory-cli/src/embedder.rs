//! Which embedder makes the vectors: what the user says, and what the collection remembers.

use std::sync::Arc;

use memory_connect::masked;
use memory_core::connect::{Environment, Given, SettingValue, Settings, Written, resolve};
use memory_core::{CollectionName, CollectionSpec, Embedder, Error, Memory, Metric, Result};
use memory_embed::HashEmbedder;
use memory_embed::settings::{DIMENSION, USE};

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::options::Said;

/// The embedder of a new collection if nobody names one.
pub(crate) const DEFAULT: &str = if cfg!(feature = "builtin") { "builtin" } else { "none" };

/// What `--embedder` says: `builtin`, `none`, `hash`, or a URL, whose query may hold further settings: `…/v1?model=NAME`.
pub(crate) fn given(text: &str, place: &str) -> Vec<Given> {
    let of = |key: &str, value: &str| Given {
        key: key.to_owned(),
        value: Written::Text(value.to_owned()),
        place: place.to_owned(),
    };
    let Some((url, query)) = text.split_once('?') else { return vec![of(USE.key, text)] };
    let declared = |pair: &&str| {
        let key = pair.split('=').next().unwrap_or_default();
        memory_embed::settings::settings().iter().any(|setting| setting.key == key)
    };
    // What is not ours is the service's, as Azure's api-version is.
    let (ours, theirs): (Vec<&str>, Vec<&str>) = query.split('&').partition(declared);
    let url = if theirs.is_empty() { url.to_owned() } else { format!("{url}?{}", theirs.join("&")) };
    let settings = ours.iter().filter_map(|pair| pair.split_once('=')).map(|(key, value)| of(key, value));
    std::iter::once(of(USE.key, &url)).chain(settings).collect()
}

/// The settings of an embedder.
pub(crate) fn settings(given: &[Given], place: &str, environment: &Environment) -> Result<Settings> {
    let settings = resolve("embedder", place, memory_embed::settings::settings(), given, environment)?;
    let checked = memory_embed::check(&settings);
    checked.map_err(|error| Error::new(error.kind(), format!("{place}: {}", error.message())))?;
    Ok(settings)
}

/// What is used, as it may be shown.
pub(crate) fn shown(settings: &Settings) -> String {
    masked(settings.text(USE.key).ok().flatten().unwrap_or("none"))
}

impl Context {
    /// The handle, with the embedder that its texts' vectors come from, where there is one. What a collection cannot take is a
    /// conflict if the command line asks for it; what a configuration says in general is passed over, and said.
    pub(crate) async fn embedding(&self, memory: Memory) -> Result<Memory, Failure> {
        let spec = memory.spec();
        let name = spec.name();
        match self.embedder() {
            Some(said) if is_none(said) => return Ok(memory),
            Some(said) if said.by_flag => {
                let embedder = self.open(said, Some(spec)).await?;
                return Ok(memory.with_embedder(embedder)?);
            }
            _ => {}
        }
        match (spec.vectors(), spec.embedder(), self.embedder()) {
            (None, _, _) => note(&format!("collection {name} is text only: its texts are found by their words alone")),
            (Some(_), None, _) => {
                note(&format!("collection {name} has vectors of no embedder that it knows: texts get none from here"));
            }
            (Some(_), Some(_), Some(said)) => {
                let embedder = self.open(said, Some(spec)).await?;
                return Ok(memory.with_embedder(embedder)?);
            }
            (Some(_), Some(label), None) => {
                let embedder = remembered(label).ok_or_else(|| unknown(name, label))?;
                return Ok(memory.with_embedder(embedder)?);
            }
        }
        Ok(memory)
    }

    /// What a collection that is made by the way is made with: the vectors that come with its records, or an embedder's.
    pub(crate) async fn new_spec(
        &self,
        name: CollectionName,
        dimension: Option<usize>,
    ) -> Result<CollectionSpec, Failure> {
        let spec = CollectionSpec::new(name);
        match (self.embedder(), dimension) {
            (Some(said), _) if is_none(said) => {}
            (Some(said), _) => return Ok(spec.clone().for_embedder(&*self.open(said, None).await?)?),
            (None, Some(_)) => {}
            (None, None) => {
                return match builtin() {
                    Some(embedder) => Ok(spec.for_embedder(&*embedder)?),
                    None => Ok(spec),
                };
            }
        }
        Ok(match dimension {
            Some(dimension) => spec.with_vectors(dimension, Metric::Cosine)?,
            None => spec,
        })
    }

    /// The spec of a collection that is to be made with the embedder that is named, if one is. A dimension that is named too
    /// has to be its own if the command line names both.
    pub(crate) async fn with_embedder(&self, spec: CollectionSpec) -> Result<CollectionSpec, Failure> {
        let Some(said) = self.embedder().filter(|said| !is_none(said)) else { return Ok(spec) };
        let Some(vectors) = spec.vectors() else {
            let embedder = self.open(said, None).await?;
            return Ok(spec.for_embedder(&*embedder)?);
        };
        if !said.by_flag {
            return Ok(spec);
        }
        let embedder = self.open(said, None).await?;
        if embedder.dimension() != vectors.dimension || vectors.metric != Metric::Cosine {
            return Err(Failure::Usage(format!(
                "{} makes vectors of {} components, compared by cosine: leave --dimension and --metric out",
                embedder.identity(),
                embedder.dimension()
            )));
        }
        Ok(spec.for_embedder(&*embedder)?)
    }

    /// The embedder that a collection is copied with.
    pub(crate) async fn embedder_for_copy(&self) -> Result<Arc<dyn Embedder>, Failure> {
        match self.embedder() {
            Some(said) if is_none(said) => {
                Err(Failure::Usage(format!("{} says none: name the embedder to copy with", said.place)))
            }
            Some(said) => self.open(said, None).await,
            None => builtin().ok_or_else(|| {
                Failure::Usage("this program was built without a model: name an embedder by --embedder".to_owned())
            }),
        }
    }

    /// Opens it. A service need not be asked for a dimension that the collection knows.
    async fn open(&self, said: &Said<Settings>, spec: Option<&CollectionSpec>) -> Result<Arc<dyn Embedder>, Failure> {
        let mut settings = said.value.clone();
        let known = spec.filter(|spec| spec.embedder().is_some()).and_then(CollectionSpec::vectors);
        if let (None, Some(vectors)) = (settings.get(DIMENSION.key), known) {
            settings = settings.with(&DIMENSION, SettingValue::Whole(vectors.dimension as u64));
        }
        let opened = memory_embed::open(&settings).await;
        let opened =
            opened.map_err(|error| Failure::from(error).map(|message| format!("{}: {message}", said.place)))?;
        opened.ok_or_else(|| Failure::from(Error::internal("an embedder is opened that is none")))
    }
}

/// Whether the user says that there shall be none.
fn is_none(said: &Said<Settings>) -> bool {
    matches!(said.value.text(USE.key), Ok(Some("none")))
}

/// The embedder of this program whose vectors carry the label.
fn remembered(label: &str) -> Option<Arc<dyn Embedder>> {
    builtin().filter(|embedder| embedder.identity() == label).or_else(|| {
        let hash = HashEmbedder::of_identity(label)?;
        Some(Arc::new(hash))
    })
}

#[cfg(feature = "builtin")]
fn builtin() -> Option<Arc<dyn Embedder>> {
    Some(Arc::new(memory_embed::BuiltinEmbedder::new()))
}

#[cfg(not(feature = "builtin"))]
fn builtin() -> Option<Arc<dyn Embedder>> {
    None
}

fn unknown(name: &CollectionName, label: &str) -> Failure {
    Failure::Error(format!(
        "collection {name} has the vectors of the embedder {label}, which this program does not know by itself: name it by \
         --embedder, or say --embedder none to go by words alone, or copy the collection with another one by \
         `memoryctl embed --collection {name} --to NAME`"
    ))
}
