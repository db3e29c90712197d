//! What every verb works with: the store, the collection and the scope that the command line names.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};

use futures_util::TryStreamExt as _;
use memory_connect::Target;
use memory_core::connect::{Opening, Settings};
use memory_core::{
    CollectionName, Database, ErrorKind, Filter, ListRequest, Memory, Namespace, Record, RecordId, Scope,
};

use crate::args::{DEFAULT_COLLECTION, Global, Namespaces, Verb};
use crate::failure::Failure;
use crate::options::{Options, Said};

/// The namespace that new records go to unless another is named.
const HOME: &str = "default";

/// What the command line names, and the database once a verb has opened it.
pub(crate) struct Context {
    options: Options,
    config: Option<PathBuf>,
    profile: Option<String>,
    embedder: Option<String>,
    exact: bool,
    database: OnceCell<Database>,
}

impl Context {
    /// Checks that the verb takes the options that were given.
    pub(crate) fn new(global: Global, verb: &Verb) -> Result<Self, Failure> {
        let (name, takes) = verb.takes();
        let options = Options::new(&global, verb.reads_configuration())?;
        if global.namespace.is_some() && takes == Namespaces::None {
            return Err(Failure::Usage(format!("{name} takes no --namespace: it is about whole collections")));
        }
        if global.exact && takes != Namespaces::Scope {
            return Err(Failure::Usage(format!("{name} takes no --exact: it is for verbs that read")));
        }
        if global.exact && options.namespace.is_none() {
            return Err(Failure::Usage("--exact needs --namespace".to_owned()));
        }
        let Global { config, profile, embedder, exact, .. } = global;
        Ok(Self { options, config, profile, embedder, exact, database: OnceCell::new() })
    }

    /// Everything that the run is told beside its verb.
    pub(crate) fn options(&self) -> &Options {
        &self.options
    }

    /// The file that `--config` names.
    pub(crate) fn config_flag(&self) -> Option<&Path> {
        self.config.as_deref()
    }

    /// The profile that `--profile` names.
    pub(crate) fn profile_flag(&self) -> Option<&str> {
        self.profile.as_deref()
    }

    /// The embedder as `--embedder` names it.
    pub(crate) fn embedder_flag(&self) -> Option<&str> {
        self.embedder.as_deref()
    }

    /// The store.
    pub(crate) fn store(&self) -> &Target {
        &self.options.store.value
    }

    /// The settings of the embedder, if somebody says which.
    pub(crate) fn embedder(&self) -> Option<&Said<Settings>> {
        self.options.embedder.as_ref()
    }

    /// The collection, or the default one.
    pub(crate) fn collection(&self) -> Result<CollectionName, Failure> {
        match &self.options.collection {
            Some(said) => Ok(said.value.clone()),
            None => Ok(CollectionName::new(DEFAULT_COLLECTION)?),
        }
    }

    /// The collection that a verb was given as its argument, or by `--collection`; not by both.
    pub(crate) fn named(&self, argument: Option<CollectionName>) -> Result<Option<CollectionName>, Failure> {
        let flag = self.options.collection.as_ref().filter(|said| said.by_flag).map(|said| &said.value);
        match (argument, flag) {
            (Some(name), Some(other)) if name != *other => {
                Err(Failure::Usage(format!("is {name} or {other} meant? Name the collection once")))
            }
            (Some(name), _) => Ok(Some(name)),
            (None, other) => Ok(other.cloned()),
        }
    }

    /// Whether the command line itself names a namespace.
    pub(crate) fn names_namespace(&self) -> bool {
        self.options.namespace.as_ref().is_some_and(|said| said.by_flag)
    }

    /// The namespace that is meant, whoever says so.
    pub(crate) fn namespace(&self) -> Option<&Namespace> {
        self.options.namespace.as_ref().map(|said| &said.value)
    }

    /// The namespace that new records go to.
    pub(crate) fn home(&self) -> Result<Namespace, Failure> {
        match self.namespace() {
            Some(namespace) => Ok(namespace.clone()),
            None => Ok(Namespace::new([HOME])?),
        }
    }

    /// What a reading verb sees.
    pub(crate) fn scope(&self) -> Scope {
        match (self.namespace(), self.exact) {
            (None, _) => Scope::all(),
            (Some(namespace), true) => Scope::exact(namespace.clone()),
            (Some(namespace), false) => Scope::subtree(namespace.clone()),
        }
    }

    /// The database, opened at the first call. One that does not exist is made if `make` says so.
    pub(crate) async fn database(&self, make: bool) -> Result<&Database, Failure> {
        match self.database.get() {
            Some(database) => Ok(database),
            None => {
                let database = self.open_database(make).await?;
                Ok(self.database.get_or_init(|| database))
            }
        }
    }

    /// A reading verb with a misspelt path leaves nothing behind.
    async fn open_database(&self, make: bool) -> Result<Database, Failure> {
        if let (true, Some(folder)) = (make, &self.options.folder) {
            std::fs::create_dir_all(folder).map_err(|error| Failure::file(folder, &error))?;
        }
        let opening = if make { Opening::OrMake } else { Opening::Existing };
        match self.options.registry.open(self.store(), opening).await {
            Ok(backend) => Ok(Database::new(backend)),
            Err(error) if !make && error.kind() == ErrorKind::NotFound => {
                Err(Failure::Absent(format!("{}; memoryctl add, create and import make one", error.message())))
            }
            Err(error) => Err(self.in_store(error)),
        }
    }

    /// An error of the store as a whole, with its name.
    pub(crate) fn in_store(&self, error: memory_core::Error) -> Failure {
        Failure::from(error).map(|message| format!("{}: {message}", self.store()))
    }

    /// The collection as it is, for verbs that make none.
    pub(crate) async fn memory(&self) -> Result<Memory, Failure> {
        let database = self.database(false).await?;
        let name = self.collection()?;
        database.open(&name, self.scope()).await.map_err(|error| self.explained(&name, error))
    }

    /// An absent collection, with what to do about it.
    pub(crate) fn explained(&self, name: &CollectionName, error: memory_core::Error) -> Failure {
        match Failure::from(error) {
            Failure::Absent(_) => Failure::Absent(format!(
                "there is no collection {name} in {}; `memoryctl collections` lists them, `memoryctl create {name}` makes it",
                self.store()
            )),
            other => other,
        }
    }

    /// Closes the database, if it was opened.
    pub(crate) async fn close(&self) -> Result<(), Failure> {
        match self.database.get() {
            Some(database) => Ok(database.close().await?),
            None => Ok(()),
        }
    }
}

/// The records of this id in the handle's scope, whole, in the order of their namespaces' keys.
pub(crate) async fn records(memory: &Memory, id: &RecordId) -> Result<Vec<Record>, Failure> {
    if let Some([part]) = memory.scope().parts()
        && !part.below
    {
        return Ok(memory.get((&part.namespace, id.as_str())).await?.into_iter().map(|stored| stored.record).collect());
    }
    let request = ListRequest::new().with_filter(Filter::id().eq(id.as_str()));
    let mut found: Vec<Record> = memory.stream(request).map_ok(|stored| stored.record).try_collect().await?;
    found.sort_by(|a, b| a.key.cmp(&b.key));
    Ok(found)
}

/// The one record of this id in the handle's scope.
pub(crate) async fn record(memory: &Memory, id: &RecordId) -> Result<Record, Failure> {
    let mut found = records(memory, id).await?;
    match (found.pop(), found.len()) {
        (Some(record), 0) => Ok(record),
        (Some(record), more) => Err(Failure::Error(format!(
            "there are {} records {id}, one in {} and one in {}{}; name one by --namespace, with --exact if it has others below",
            more + 1,
            crate::output::text::path(&record.key.namespace),
            found.first().map(|first| crate::output::text::path(&first.key.namespace)).unwrap_or_default(),
            if more > 1 { " among them" } else { "" },
        ))),
        (None, _) => Err(absent(memory, std::slice::from_ref(id))),
    }
}

/// What is said of ids that no record in the scope has.
pub(crate) fn absent(memory: &Memory, ids: &[RecordId]) -> Failure {
    let ids: Vec<&str> = ids.iter().map(RecordId::as_str).collect();
    let place = match memory.scope().home() {
        Some(namespace) => {
            format!("namespace {} of collection {}", crate::output::text::path(namespace), memory.spec().name())
        }
        None => format!("collection {}", memory.spec().name()),
    };
    Failure::Absent(format!("no record {} in {place}; `memoryctl list` shows what there is", ids.join(", ")))
}
