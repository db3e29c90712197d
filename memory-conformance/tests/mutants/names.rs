//! Wrong about facts, names, collections, errors.

use memory_core::{
    Bm25, CollectionName, CollectionSpec, CreateOptions, Error, ErrorKind, Language, Metric, Namespace, RecordId,
    RecordKey, Sharing, Switch,
};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant {
        name: "claims to be shared by processes",
        rule: "CA-1",
        hooks: &[Hook::Capabilities(|mut c| {
            c.facts.sharing = Sharing::Many;
            c
        })],
    },
    Mutant {
        name: "claims to survive a restart",
        rule: "CA-1",
        hooks: &[Hook::Capabilities(|mut c| {
            c.facts.durable = true;
            c
        })],
    },
    Mutant {
        name: "claims a maintenance task that it cannot do",
        rule: "CA-2",
        hooks: &[Hook::Capabilities(|mut c| {
            c.switches.insert(Switch::Verify);
            c
        })],
    },
    Mutant {
        name: "answers another than every other backend",
        rule: "CA-3",
        hooks: &[Hook::Counted(|count| count + u64::from(count == 3))],
    },
    Mutant {
        name: "claims exact scores and rounds them",
        rule: "CA-3",
        hooks: &[
            Hook::Found(super::search::rounded),
            Hook::Capabilities(|mut c| {
                c.facts.bm25 = Bm25::Exact;
                c
            }),
        ],
    },
    Mutant { name: "one record for an id in all namespaces", rule: "ID-1", hooks: &[Hook::Key(root)] },
    Mutant {
        name: "ids are trimmed",
        rule: "ID-2",
        hooks: &[Hook::Key(|key| renamed(key, |id| id.trim().to_owned()))],
    },
    Mutant {
        name: "ids are case-folded",
        rule: "ID-2",
        hooks: &[Hook::Key(|key| renamed(key, |id| id.to_lowercase()))],
    },
    Mutant {
        name: "ids are cut at 255 bytes",
        rule: "ID-2",
        hooks: &[Hook::Key(|key| {
            renamed(key, |id| id.char_indices().take_while(|(at, _)| *at < 255).map(|(_, c)| c).collect())
        })],
    },
    Mutant {
        name: "the derived key is shown for the id",
        rule: "ID-3",
        hooks: &[Hook::Out(|mut record| {
            record.key = renamed(record.key, |id| id.replace(' ', "_"));
            record
        })],
    },
    Mutant { name: "a slash inside a segment splits it", rule: "ID-4", hooks: &[Hook::Key(split)] },
    Mutant {
        name: "segments are folded",
        rule: "ID-5",
        hooks: &[Hook::Key(|key| RecordKey::new(segments(&key.namespace, |segment| segment.to_lowercase()), key.id))],
    },
    Mutant {
        name: "a % in a segment is a wildcard",
        rule: "ID-5",
        hooks: &[Hook::Key(|key| RecordKey::new(segments(&key.namespace, |segment| segment.replace('%', "")), key.id))],
    },
    Mutant {
        name: "the metric is forgotten",
        rule: "CO-1",
        hooks: &[Hook::Spec(|spec| with_metric(spec, Metric::Dot))],
    },
    Mutant {
        name: "the language is forgotten",
        rule: "CO-1",
        hooks: &[Hook::Spec(|spec| spec.with_language(Language::English))],
    },
    Mutant {
        name: "collections forgets the last one",
        rule: "CO-6",
        hooks: &[Hook::Specs(|mut specs| {
            specs.pop();
            specs
        })],
    },
    Mutant {
        name: "collections shows one that is not there",
        rule: "CO-6",
        hooks: &[Hook::Specs(|mut specs| {
            specs.extend(specs.first().and_then(|spec| renamed_spec(spec, "x")));
            specs
        })],
    },
    Mutant { name: "dropping says yes to everything", rule: "CO-5", hooks: &[Hook::Dropped(|_| true)] },
    Mutant {
        name: "names are cut at 24 bytes",
        rule: "CO-2",
        hooks: &[
            Hook::Name(cut),
            Hook::Spec(|spec| {
                let name = cut(spec.name().clone());
                renamed_to(&spec, name)
            }),
        ],
    },
    Mutant {
        name: "a hint with a quote in it is an error",
        rule: "CO-7",
        hooks: &[Hook::Options(|options: CreateOptions| {
            if options.index_paths.iter().flatten().any(|key| key.contains('\'')) {
                return Err(Error::new(ErrorKind::Internal, "syntax error"));
            }
            Ok(options)
        })],
    },
    Mutant {
        name: "an error quotes the record",
        rule: "ER-2",
        hooks: &[Hook::Written(|writes, result| {
            result.map_err(|error| {
                let quoted = writes.first().map_or("", |write| write.record.content.as_str());
                Error::new(error.kind(), format!("{}: {quoted}", error.message()))
            })
        })],
    },
    Mutant { name: "two databases are one", rule: "CO-3", hooks: &[Hook::OneDatabase] },
    Mutant { name: "creating another spec finds what is there", rule: "CO-4", hooks: &[Hook::CreateOpens] },
    Mutant {
        name: "not found is internal",
        rule: "ER-1",
        hooks: &[Hook::Error(|error| Error::new(ErrorKind::Internal, error.message()))],
    },
    Mutant {
        name: "a conflict is said to be retryable",
        rule: "ER-1",
        hooks: &[Hook::Error(|error| match error.kind() {
            ErrorKind::Conflict => Error::new(ErrorKind::Unavailable, error.message()),
            _ => error,
        })],
    },
];

fn renamed(key: RecordKey, f: impl Fn(&str) -> String) -> RecordKey {
    let id = RecordId::new(f(key.id.as_str())).unwrap_or(key.id);
    RecordKey::new(key.namespace, id)
}

fn segments(namespace: &Namespace, f: impl Fn(&str) -> String) -> Namespace {
    let bent: Vec<String> = namespace.segments().iter().map(|segment| f(segment)).filter(|s| !s.is_empty()).collect();
    Namespace::new(bent).unwrap_or_else(|_| namespace.clone())
}

fn root(key: RecordKey) -> RecordKey {
    let root = Namespace::new(["n"]).unwrap_or(key.namespace);
    RecordKey::new(root, key.id)
}

fn split(key: RecordKey) -> RecordKey {
    let segments = key.namespace.segments();
    let parts: Vec<&str> = segments.iter().flat_map(|segment| segment.split('/')).filter(|s| !s.is_empty()).collect();
    let namespace = Namespace::new(parts).unwrap_or(key.namespace);
    RecordKey::new(namespace, key.id)
}

fn cut(name: CollectionName) -> CollectionName {
    CollectionName::new(&name.as_str()[..name.as_str().len().min(15)]).unwrap_or(name)
}

fn with_metric(spec: CollectionSpec, metric: Metric) -> CollectionSpec {
    match spec.vectors() {
        Some(vectors) => spec.clone().with_vectors(vectors.dimension, metric).unwrap_or(spec),
        None => spec,
    }
}

fn renamed_spec(spec: &CollectionSpec, suffix: &str) -> Option<CollectionSpec> {
    Some(renamed_to(spec, CollectionName::new(format!("{}{suffix}", spec.name())).ok()?))
}

fn renamed_to(spec: &CollectionSpec, name: CollectionName) -> CollectionSpec {
    let mut bent = CollectionSpec::new(name).with_analyser(spec.analyser());
    if let Some(vectors) = spec.vectors() {
        bent = bent.clone().with_vectors(vectors.dimension, vectors.metric).unwrap_or(bent);
    }
    if let Some(label) = spec.embedder() {
        bent = bent.clone().with_embedder(label).unwrap_or(bent);
    }
    bent
}
