//! Several collections, databases and creators at once (CO-2, CO-3, CO-4).

use memory_core::{
    CollectionSpec, ErrorKind, Filter, Language, Metric, NamespacesRequest, Place, Record, Scope, Sharing,
};
use tokio::task::JoinSet;

use crate::child::Child;
use crate::context::{Context, hits, listed, namespace};
use crate::harness::Settings;
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

const OWN_DATABASE: Needs = Needs::Fact("a database of one's own", |facts| facts.place != Place::Server);
const MANY: Needs = Needs::Fact("sharing by many processes", |facts| facts.sharing == Sharing::Many);

cases! {
    "CO-2": [collections_of_different_dimensions, dropping_one_leaves_the_others],
    "CO-3": [(two_databases_share_nothing, OWN_DATABASE), (closing_one_database_leaves_the_other, OWN_DATABASE)],
    "CO-4": [
        tasks_create_the_same_collection_at_once,
        of_different_specs_one_wins,
        (processes_create_the_same_collection_at_once, MANY),
        (of_different_specs_of_processes_one_wins, MANY),
    ],
}

async fn collections_of_different_dimensions(context: Context) -> Outcome {
    let home = Scope::exact(namespace(["n"])?);
    let plain = |suffix: &str| Ok::<_, memory_core::Error>(CollectionSpec::new(context.name(suffix)?));
    let text = context.database.create(&plain("text")?, home.clone()).await?;
    let two = context.database.create(&plain("two")?.with_vectors(2, Metric::Dot)?, home.clone()).await?;
    let three = context.database.create(&plain("three")?.with_vectors(3, Metric::Cosine)?, home.clone()).await?;
    let german = plain("german")?.with_vectors(2, Metric::Euclidean)?.with_language(Language::German);
    let german = context.database.create(&german, home).await?;

    text.put(Record::draft("1").content("of text apples")).await?;
    two.put(Record::draft("1").content("of two apples").embedding([3.0, 4.0])).await?;
    three.put(Record::draft("1").content("of three apples").embedding([0.0, 0.0, 2.0])).await?;
    german.put(Record::draft("1").content("of german Häuser").embedding([3.0, 4.0])).await?;
    german.put(Record::draft("2").content("more").embedding([0.0, 0.0])).await?;

    let score = |response: memory_core::SearchResponse| -> Vec<(String, f64)> {
        response.hits.iter().map(|hit| (hit.key.to_string(), hit.score.value())).collect()
    };
    let one = |score: f64| vec![("n/1".to_owned(), score)];
    ensure_eq!(score(two.search_vector([1.0, 2.0], 10).await?), one(11.0), "dot, of two components");
    ensure_eq!(score(three.search_vector([0.0, 0.0, 5.0], 10).await?), one(1.0), "cosine, of three");
    let both = vec![("n/2".to_owned(), 1.0), ("n/1".to_owned(), 1.0 / 6.0)];
    ensure_eq!(score(german.search_vector([0.0, 0.0], 10).await?), both, "euclidean, of two");
    ensure_kind!(two.search_vector([1.0, 2.0, 3.0], 10).await, InvalidArgument, "three components among two");
    ensure_kind!(text.search_vector([1.0], 10).await, InvalidArgument, "a vector among texts");
    for (memory, query, found) in [
        (&text, "apple", 1),
        (&two, "apple", 1),
        (&three, "apple", 1),
        (&german, "apple", 0),
        (&german, "Haus", 1),
        (&text, "Haus", 0),
    ] {
        let response = memory.search_text(query, 10).await?;
        ensure_eq!(response.hits.len(), found, "each collection has its own words and language: {}", memory.spec());
    }
    for (memory, content, count) in [
        (&text, "of text apples", 1),
        (&two, "of two apples", 1),
        (&three, "of three apples", 1),
        (&german, "of german Häuser", 2),
    ] {
        let stored = memory.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
        ensure_eq!(stored.as_deref(), Some(content), "record 1 of {}", memory.spec());
        ensure_eq!(memory.count(&Filter::all()).await?, count, "records of {}", memory.spec());
    }
    Ok(())
}

async fn dropping_one_leaves_the_others(context: Context) -> Outcome {
    let (a, b) = (context.home("a").await?, context.home("a_b").await?);
    for memory in [&a, &b] {
        memory.put(Record::draft("1").content("apple").embedding([1.0, 0.0, 0.0])).await?;
    }
    ensure_eq!(a.clear().await?, 1, "clearing one");
    ensure_eq!(b.count(&Filter::all()).await?, 1, "leaves the other");
    context.database.drop_collection(a.spec().name()).await?;
    ensure_eq!(hits(&b.search_text("apple", 10).await?), ["n/1"], "text");
    ensure_eq!(hits(&b.search_vector([1.0, 0.0, 0.0], 10).await?), ["n/1"], "vector");
    ensure!(b.get("1").await?.is_some(), "get");
    Ok(())
}

async fn two_databases_share_nothing(context: Context) -> Outcome {
    let mut other = context.with_settings(&Settings::default()).await?;
    other.prefix.clone_from(&context.prefix);
    let here = context.home("a").await?;
    here.put(Record::draft("1").content("apple here").embedding([1.0, 0.0, 0.0])).await?;
    let name = context.name("a")?;
    ensure_kind!(other.database.open(&name, Scope::all()).await, NotFound, "the collection is not over there");
    ensure_eq!(other.database.collections().await?, [], "and is not listed there");

    let spec = CollectionSpec::new(name.clone()).with_vectors(2, Metric::Dot)?;
    let there = other.database.create(&spec, Scope::exact(namespace(["n"])?)).await;
    ensure!(there.is_ok(), "the same name with another spec is no conflict over there");
    let there = there?;
    ensure_eq!(there.count(&Filter::all()).await?, 0, "it is empty");
    there.put(Record::draft("1").content("pear there").embedding([1.0, 1.0])).await?;
    ensure_eq!(hits(&here.search_text("pear", 10).await?).len(), 0, "its words stay there");
    let content = here.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(content.as_deref(), Some("apple here"), "the same key is another record");
    ensure!(other.database.drop_collection(&name).await?, "dropping it there");
    ensure_eq!(here.count(&Filter::all()).await?, 1, "leaves the one here");
    Ok(())
}

async fn closing_one_database_leaves_the_other(context: Context) -> Outcome {
    let other = context.with_settings(&Settings::default()).await?;
    let here = context.home("a").await?;
    other.home("a").await?.put(Record::draft("1")).await?;
    other.database.close().await?;
    here.put(Record::draft("1").content("apple")).await?;
    ensure_eq!(hits(&here.search_text("apple", 10).await?), ["n/1"], "this one still works");
    Ok(())
}

async fn tasks_create_the_same_collection_at_once(context: Context) -> Outcome {
    for round in 0..4 {
        let spec = context.spec(&format!("r{round}"), Metric::Cosine)?;
        let mut tasks = JoinSet::new();
        for task in 0..16 {
            let (database, spec, home) = (context.connect().await?, spec.clone(), Scope::exact(namespace(["n"])?));
            tasks.spawn(async move {
                let memory = database.create(&spec, home).await?;
                memory.put(Record::draft(format!("{task}"))).await
            });
        }
        while let Some(joined) = tasks.join_next().await {
            if let Err(error) = joined.expect("no task panics") {
                return Err(crate::Failure::assertion(format!("a creator of the same spec failed: {error}")));
            }
        }
        let own: Vec<_> =
            context.database.collections().await?.into_iter().filter(|s| s.name() == spec.name()).collect();
        ensure_eq!(own, std::slice::from_ref(&spec), "one collection exists");
        let memory = context.database.open(spec.name(), Scope::all()).await?;
        ensure_eq!(memory.count(&Filter::all()).await?, 16, "all creators wrote to it");
    }
    Ok(())
}

/// Four specs of one name; each differs from the others in something else.
fn rivals(context: &Context, suffix: &str) -> memory_core::Result<Vec<CollectionSpec>> {
    let plain = CollectionSpec::new(context.name(suffix)?);
    Ok(vec![
        plain.clone(),
        plain.clone().with_vectors(3, Metric::Cosine)?,
        plain.clone().with_vectors(3, Metric::Dot)?,
        plain.with_vectors(4, Metric::Cosine)?,
    ])
}

async fn of_different_specs_one_wins(context: Context) -> Outcome {
    for round in 0..4 {
        let specs = rivals(&context, &format!("r{round}"))?;
        let mut tasks = JoinSet::new();
        for task in 0..16 {
            let (database, spec) = (context.connect().await?, specs[task % 4].clone());
            tasks.spawn(async move {
                let made = database.create(&spec, Scope::all()).await.map(|memory| memory.spec().clone());
                (spec, made)
            });
        }
        let mut outcomes = Vec::new();
        while let Some(joined) = tasks.join_next().await {
            outcomes.push(joined.expect("no task panics"));
        }
        let winner = context.database.open(specs[0].name(), Scope::all()).await?.spec().clone();
        for (asked, made) in outcomes {
            match made {
                Ok(made) => ensure!(made == asked && asked == winner, "{asked} was answered with {made}, {winner} won"),
                Err(error) => ensure!(
                    error.kind() == ErrorKind::Conflict && asked != winner,
                    "{asked} failed while {winner} won: {error}"
                ),
            }
        }
    }
    Ok(())
}

async fn processes_create_the_same_collection_at_once(context: Context) -> Outcome {
    for round in 0..2 {
        let spec = context.spec(&format!("r{round}"), Metric::Cosine)?;
        let outcomes = race(&context, vec![spec.clone(); 4]).await?;
        for outcome in outcomes {
            ensure_eq!(outcome, "made", "every process of the same spec succeeds");
        }
        let memory = context.database.open(spec.name(), Scope::all()).await?;
        ensure_eq!(memory.count(&Filter::all()).await?, 0, "one collection exists, and it is whole");
        ensure_eq!(memory.namespaces(&NamespacesRequest::new()).await?, [], "and empty");
    }
    Ok(())
}

async fn of_different_specs_of_processes_one_wins(context: Context) -> Outcome {
    for round in 0..2 {
        let specs = rivals(&context, &format!("r{round}"))?;
        let outcomes = race(&context, specs.clone()).await?;
        let winner = context.database.open(specs[0].name(), Scope::all()).await?.spec().clone();
        for (asked, outcome) in specs.iter().zip(outcomes) {
            let expected = if *asked == winner { "made" } else { "conflict" };
            ensure_eq!(outcome, expected, "{asked}, while {winner} won");
        }
        listed(&context.database.open(specs[0].name(), Scope::all()).await?, Filter::all()).await?;
    }
    Ok(())
}

/// Lets one process for each spec create it, all at once, and gives what each said.
async fn race(context: &Context, specs: Vec<CollectionSpec>) -> Result<Vec<String>, crate::Failure> {
    let mut children = Vec::new();
    for spec in &specs {
        let mut child = Child::start(context, "create", spec.name())?;
        child.expect("ready")?;
        children.push(child);
    }
    for (child, spec) in children.iter_mut().zip(&specs) {
        let vectors = spec.vectors().map_or("none".to_owned(), |v| format!("{} {}", v.dimension, v.metric));
        child.say(&vectors)?;
    }
    children.iter_mut().map(Child::line).collect()
}
