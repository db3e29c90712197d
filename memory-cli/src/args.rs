//! The command line.

use std::path::PathBuf;

use clap::{Parser, Subcommand};

use crate::commands::{
    add, bench, collections, completions, config, count, create, delete, drop, embed, export, get, health, import,
    init, list, man, migrate, namespaces, search, stats,
};
use crate::failure::Failure;

/// The collection that is meant if none is named.
pub(crate) const DEFAULT_COLLECTION: &str = "memories";

const EXIT_CODES: &str = "Exit codes: 0 done, also if nothing was found; 1 error; 2 usage; 3 a collection, record or file \
                          that was named is absent; 4 the store or the embedding service does not answer for now; 130 interrupted.";

/// Memory for AI agents: records with text, vector, metadata and namespace, put, found, moved and deleted.
#[derive(Parser)]
#[command(name = "memoryctl", version, after_help = EXIT_CODES, max_term_width = 110)]
pub(crate) struct Args {
    #[command(flatten)]
    pub(crate) global: Global,
    #[command(subcommand)]
    pub(crate) asked: Asked,
}

/// What the program is asked for.
#[derive(Subcommand)]
pub(crate) enum Asked {
    /// Work with a store.
    #[command(flatten)]
    Verb(Verb),
    /// Write the completions of a shell
    Completions(completions::Completions),
    /// Write the manual page
    Man(man::Man),
}

/// What every verb is told.
#[derive(clap::Args)]
#[command(next_help_heading = "Options of every command")]
pub(crate) struct Global {
    /// Where the memories are: a URL such as sqlite:PATH. Unless said, a file in the user's data directory
    /// [env: MEMORY_STORE]
    #[arg(long, global = true, value_name = "URL")]
    pub(crate) store: Option<String>,
    /// The collection; unless said, memories [env: MEMORY_COLLECTION]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) collection: Option<String>,
    /// The namespace: segments with / between them, % and / inside one as %25 and %2F. Reading verbs see it with everything
    /// below it, and without it all; add and import write to `default` unless it is said [env: MEMORY_NAMESPACE]
    #[arg(long, global = true, value_name = "A/B")]
    pub(crate) namespace: Option<String>,
    /// What makes vectors of texts: builtin, none, hash, or the URL of a service in OpenAI's form, as in
    /// http://localhost:11434/v1?model=NAME. Unless said, the one that the collection remembers, and builtin for a new one
    /// [env: MEMORY_EMBEDDER]
    #[arg(long, global = true, value_name = "E")]
    pub(crate) embedder: Option<String>,
    /// The profile of the configuration file [env: MEMORY_PROFILE]
    #[arg(long, global = true, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// The configuration file, in TOML or YAML; unless said, memoryctl/config.toml in the user's configuration directory
    /// [env: MEMORY_CONFIG]
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// See the namespace alone, not what is below it
    #[arg(long, global = true)]
    pub(crate) exact: bool,
    /// Answer with one JSON document
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

impl Global {
    /// Refuses the options that a verb without a store has no use for. `--store` may come from the environment.
    pub(crate) fn none_for(&self, verb: &str) -> Result<(), Failure> {
        if self.collection.is_some() || self.namespace.is_some() || self.exact || self.json {
            return Err(Failure::Usage(format!("{verb} takes no --collection, --namespace, --exact or --json")));
        }
        Ok(())
    }
}

/// What to do.
#[derive(Subcommand)]
pub(crate) enum Verb {
    /// Make a collection
    Create(create::Create),
    /// Remove a collection and all that is in it
    Drop(drop::Drop),
    /// Put one record
    Add(add::Add),
    /// Show records by id
    Get(get::Get),
    /// Find records by text, by vector, or by both
    Search(search::Search),
    /// List records, page by page
    List(list::List),
    /// Count records
    Count(count::Count),
    /// Delete records by id or by filter
    Delete(delete::Delete),
    /// List the collections
    Collections(collections::Collections),
    /// List the namespaces that hold a record
    Namespaces(namespaces::Namespaces),
    /// Write all records to a file, the same bytes for the same data from every store
    Export(export::Export),
    /// Put the records of a file
    Import(import::Import),
    /// Copy a collection into one with another embedder
    Embed(embed::Embed),
    /// Ask the store how it is
    Health(health::Health),
    /// Bring the store's schema up to date
    Migrate(migrate::Migrate),
    /// Say what each collection holds and takes up
    Stats(stats::Stats),
    /// Measure the store with a copy of a collection
    Bench(bench::Bench),
    /// Write a configuration file
    Init(init::Init),
    /// Show or check the configuration
    Config(config::Config),
}

/// Which of the global options about namespaces a verb takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Namespaces {
    /// `--namespace` and `--exact`: it reads.
    Scope,
    /// `--namespace`: it writes there.
    Home,
    /// Neither.
    None,
}

impl Verb {
    /// Whether the configuration file counts: a verb that makes or checks one works beside a broken one.
    pub(crate) fn reads_configuration(&self) -> bool {
        !matches!(self, Self::Init(_) | Self::Config(config::Config { what: config::What::Check }))
    }

    /// Its name and which of the global options about namespaces it takes.
    pub(crate) fn takes(&self) -> (&'static str, Namespaces) {
        match self {
            Self::Create(_) => ("create", Namespaces::None),
            Self::Drop(_) => ("drop", Namespaces::None),
            Self::Add(_) => ("add", Namespaces::Home),
            Self::Get(_) => ("get", Namespaces::Scope),
            Self::Search(_) => ("search", Namespaces::Scope),
            Self::List(_) => ("list", Namespaces::Scope),
            Self::Count(_) => ("count", Namespaces::Scope),
            Self::Delete(_) => ("delete", Namespaces::Scope),
            Self::Collections(_) => ("collections", Namespaces::None),
            Self::Namespaces(_) => ("namespaces", Namespaces::Scope),
            Self::Export(_) => ("export", Namespaces::Scope),
            Self::Import(_) => ("import", Namespaces::Home),
            Self::Embed(_) => ("embed", Namespaces::None),
            Self::Health(_) => ("health", Namespaces::None),
            Self::Migrate(_) => ("migrate", Namespaces::None),
            Self::Stats(_) => ("stats", Namespaces::None),
            Self::Bench(_) => ("bench", Namespaces::Scope),
            Self::Init(_) => ("init", Namespaces::Home),
            Self::Config(_) => ("config", Namespaces::Scope),
        }
    }
}
