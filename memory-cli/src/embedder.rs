//! Which embedder makes the vectors: what the user says, and what the collection remembers.

use std::sync::Arc;

use memory_connect::{EmbedderChoice, Placed, masked, percent_decoded};
use memory_core::connect::{Environment, Given, SettingValue, Settings, Written, resolve};
use memory_core::{CollectionName, CollectionSpec, Embedder, Error, Memory, Metric, Result};
use memory_embed::HashEmbedder;
use memory_embed::settings::{DIMENSION, USE};

use crate::context::Context;
use crate::failure::{Failure, note};
use crate::options::Said;

/// The embedder of a new collection if nobody names one.
pub(crate) const DEFAULT: &str = if cfg!(feature = "builtin") { "builtin" } else { "none" };

/// The settings of an embedder that is named by a word or by a URL, whose query may hold further settings:
/// `https://…/v1?model=NAME`.
pub(crate) fn named(text: &str, place: &str, environment: &Environment) -> Result<Settings> {
    let of =
        |key: &str, value: String| Given { key: key.to_owned(), value: Written::Text(value), place: place.to_owned() };
    let (url, query) = text.split_once('?').map_or((text, None), |(url, query)| (url, Some(query)));
    let (mut url, mut given) = (url.to_owned(), Vec::new());
    for pair in query.into_iter().flat_map(|query| query.split('&')) {
        match pair.split_once('=') {
            // This one is Azure's own, and goes to it with the address.
            Some(("api-version", _)) => url = format!("{url}?{pair}"),
            Some((key, value)) => {
                let value = percent_decoded(value).map_err(|error| at(place, &error))?;
                given.push(of(key, value));
            }
            None => {
                return Err(at(place, &Error::invalid("behind ? the settings are written key=value, with & between")));
            }
        }
    }
    given.push(of(USE.key, url));
    settings(&given, place, environment)
}

/// The settings of what a profile says of its embedder.
pub(crate) fn chosen(choice: &EmbedderChoice, environment: &Environment) -> Result<Settings> {
    match choice {
        EmbedderChoice::Named(Placed { text, place, .. }) => named(text, place, environment),
        EmbedderChoice::Table { given, place } => settings(given, place, environment),
    }
}

fn settings(given: &[Given], place: &str, environment: &Environment) -> Result<Settings> {
    let settings = resolve("embedder", place, memory_embed::settings::settings(), given, environment)?;
    memory_embed::check(&settings).map_err(|error| at(place, &error))?;
    Ok(settings)
}

fn at(place: &str, error: &Error) -> Error {
    Error::new(error.kind(), format!("{place}: {}", error.message()))
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
        let embedder = match (self.embedder(), spec.vectors(), spec.embedder()) {
            (Some(said), _, _) if is_none(said) => return Ok(memory),
            (Some(said), vectors, label) if said.by_flag || (vectors.is_some() && label.is_some()) => {
                self.open(said, Some(spec)).await?
            }
            (_, None, _) => {
                note(&format!("collection {name} is text only: its texts are found by their words alone"));
                return Ok(memory);
            }
            (_, Some(_), None) => {
                note(&format!("collection {name} has vectors of no embedder that it knows: texts get none from here"));
                return Ok(memory);
            }
            (_, Some(_), Some(label)) => remembered(label).ok_or_else(|| unknown(name, label))?,
        };
        Ok(memory.with_embedder(embedder)?)
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

#[cfg(test)]
mod tests {
    #[cfg(feature = "http")]
    use memory_embed::settings::MODEL;

    use super::*;

    fn read(text: &str) -> Result<Settings> {
        named(text, "--embedder", &|_| None)
    }

    #[test]
    fn settings_stand_behind_the_question_mark() {
        let hash = read("hash?dimension=64&language=german").unwrap();
        assert_eq!((hash.text(USE.key).unwrap(), hash.whole(DIMENSION.key).unwrap()), (Some("hash"), Some(64)));
        assert_eq!(read("none").unwrap().text(USE.key).unwrap(), Some("none"));
    }

    #[cfg(feature = "http")]
    #[test]
    fn a_services_own_version_stays_in_its_address() {
        let azure = read("https://a.example/embeddings?api-version=2024-10-21&model=org%2Fm%26n").unwrap();
        assert_eq!(azure.text(USE.key).unwrap(), Some("https://a.example/embeddings?api-version=2024-10-21"));
        assert_eq!(azure.text(MODEL.key).unwrap(), Some("org/m&n"));
    }

    #[test]
    fn what_is_not_known_is_named_and_nothing_is_passed_over() {
        for (text, expected) in [
            (
                "https://a.example/v1?modle=m",
                "--embedder: `modle` is no key of embedder; did you mean `model`? (known: ",
            ),
            ("hash?dimension", "--embedder: behind ? the settings are written key=value, with & between"),
            ("hash?dimension=few", "--embedder: `dimension` is a whole number from 1 to 65536"),
            ("hash?language=%zz", "--embedder: behind % there are no two hexadecimal digits"),
            ("hash?dimension=1&dimension=2", "--embedder: `dimension` is given twice, first at --embedder"),
            ("buitlin", "--embedder: the embedder to use is none, builtin, hash, or an address that begins with http"),
        ] {
            let error = read(text).unwrap_err();
            assert!(error.message().starts_with(expected), "{text}: {}", error.message());
        }
    }
}
