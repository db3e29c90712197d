//! What a collection is made with (CO-1), and which there are (CO-6).

use memory_core::{CollectionSpec, Filter, Language, Metric, Place, Record, Scope};

use crate::context::{Context, listed, namespace};
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

const OWN_DATABASE: Needs = Needs::Fact("a database of one's own", |facts| facts.place != Place::Server);
const FOREIGN: Needs = Needs::Fact("a place that others can write to", |facts| facts.place != Place::Memory);

cases! {
    "CO-1": [
        a_collection_has_the_spec_it_was_made_with,
        (a_collection_and_its_spec_survive_a_restart, Needs::Fact("durable", |facts| facts.durable)),
        an_absent_collection_is_not_found,
        the_same_spec_finds_the_collection,
        another_spec_is_a_conflict_that_names_both,
        (a_name_held_by_something_else_is_left_alone, FOREIGN),
    ],
    "CO-6": [
        collections_lists_each_with_its_spec,
        (collections_lists_nothing_else, OWN_DATABASE),
        (collections_does_not_list_what_is_foreign, FOREIGN),
    ],
}

/// One spec for each way in which two can differ, by the suffix of its name.
fn specs(context: &Context) -> memory_core::Result<Vec<CollectionSpec>> {
    let text = |suffix: &str| Ok::<_, memory_core::Error>(CollectionSpec::new(context.name(suffix)?));
    let mut specs = vec![
        text("text")?,
        text("one")?.with_vectors(1, Metric::Cosine)?,
        text("most")?.with_vectors(1_536, Metric::Cosine)?,
        text("dot")?.with_vectors(3, Metric::Dot)?,
        text("euclidean")?.with_vectors(3, Metric::Euclidean)?,
        text("label")?.with_vectors(3, Metric::Cosine)?.with_embedder("Org/model'v2; \"é\" %_\\")?,
        text("label_text")?.with_embedder("x".repeat(256))?,
    ];
    for language in Language::ALL {
        specs.push(text(&format!("l_{}", language.as_str()))?.with_language(*language));
    }
    Ok(specs)
}

async fn a_collection_has_the_spec_it_was_made_with(context: Context) -> Outcome {
    for spec in specs(&context)? {
        let made = context.database.create(&spec, Scope::all()).await?;
        ensure_eq!(*made.spec(), spec, "create answers it");
        let found = context.database.open(spec.name(), Scope::all()).await?;
        ensure_eq!(*found.spec(), spec, "open answers it");
        let other = context.connect().await?.open(spec.name(), Scope::all()).await?;
        ensure_eq!(*other.spec(), spec, "open through another handle answers it");
    }
    Ok(())
}

async fn a_collection_and_its_spec_survive_a_restart(mut context: Context) -> Outcome {
    let specs = specs(&context)?;
    for spec in &specs {
        let memory = context.database.create(spec, Scope::exact(namespace(["n"])?)).await?;
        memory.put(Record::draft("1").content(spec.name().as_str())).await?;
    }
    context.restart().await?;
    for spec in &specs {
        let found = match context.database.open(spec.name(), Scope::exact(namespace(["n"])?)).await {
            Ok(found) => found,
            Err(error) => return Err(crate::Failure::assertion(format!("{spec} is gone: {error}"))),
        };
        ensure_eq!(*found.spec(), *spec, "the spec is the one it was made with");
        let content = found.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
        ensure_eq!(content.as_deref(), Some(spec.name().as_str()), "the record is there");
        let again = context.database.create(spec, Scope::exact(namespace(["n"])?)).await;
        ensure!(again.is_ok(), "the same spec still finds {spec}");
    }
    let name = context.name("text")?;
    let other = CollectionSpec::new(name).with_vectors(3, Metric::Cosine)?;
    ensure_kind!(context.database.create(&other, Scope::all()).await, Conflict, "another spec is still a conflict");
    Ok(())
}

async fn an_absent_collection_is_not_found(context: Context) -> Outcome {
    let name = context.name("a")?;
    ensure_kind!(context.database.open(&name, Scope::all()).await, NotFound, "there is none");
    ensure_kind!(context.database.open(&name, Scope::all()).await, NotFound, "asking did not make one");
    context.text_collection("ab").await?;
    ensure_kind!(context.database.open(&name, Scope::all()).await, NotFound, "a longer name is another one");
    Ok(())
}

async fn the_same_spec_finds_the_collection(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("kept")).await?;
    let again = context.home("a").await?;
    let content = again.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(content.as_deref(), Some("kept"), "create found the collection with its record");
    again.put(Record::draft("2")).await?;
    ensure!(memory.get("2").await?.is_some(), "both handles are on one collection");
    Ok(())
}

async fn another_spec_is_a_conflict_that_names_both(context: Context) -> Outcome {
    let plain = |suffix: &str| Ok::<_, memory_core::Error>(CollectionSpec::new(context.name(suffix)?));
    let vectors = |suffix: &str, dimension, metric| plain(suffix)?.with_vectors(dimension, metric);
    let pairs = [
        (vectors("a", 3, Metric::Cosine)?, vectors("a", 4, Metric::Cosine)?, ["3 dimensions", "4 dimensions"]),
        (vectors("b", 3, Metric::Cosine)?, vectors("b", 3, Metric::Dot)?, ["cosine", "dot"]),
        (vectors("c", 3, Metric::Euclidean)?, vectors("c", 3, Metric::Cosine)?, ["euclidean", "cosine"]),
        (vectors("d", 3, Metric::Cosine)?, plain("d")?, ["3 dimensions", "text only"]),
        (plain("e")?, vectors("e", 3, Metric::Cosine)?, ["text only", "3 dimensions"]),
        (plain("f")?, plain("f")?.with_language(Language::German), ["english", "german"]),
        (plain("g")?.with_language(Language::None), plain("g")?, ["none/", "english/"]),
        (plain("h")?.with_embedder("m1")?, plain("h")?.with_embedder("m2")?, ["embedder m1", "embedder m2"]),
        (plain("i")?.with_embedder("m1")?, plain("i")?, ["embedder m1", "embedder none"]),
    ];
    for (first, second, named) in pairs {
        let memory = context.database.create(&first, Scope::exact(namespace(["n"])?)).await?;
        memory.put(Record::draft("1").content("kept")).await?;
        for database in [context.database.clone(), context.connect().await?] {
            let error = ensure_kind!(database.create(&second, Scope::all()).await, Conflict, "{second} after {first}");
            let message = error.to_string();
            for words in named {
                ensure!(message.contains(words), "the error names both specs, but {words:?} is not in {message:?}");
            }
        }
        let found = context.database.open(first.name(), Scope::all()).await?;
        ensure_eq!(*found.spec(), first, "the first spec stays");
        ensure_eq!(found.count(&Filter::content().eq("kept")).await?, 1, "so does the record");
    }
    Ok(())
}

async fn a_name_held_by_something_else_is_left_alone(context: Context) -> Outcome {
    let (name, free) = (context.name("a")?, context.name("b")?);
    if let Err(error) = context.test_database.occupy(&name).await {
        return Err(crate::Failure::assertion(format!("the harness can put nothing foreign there: {error}")));
    }
    for spec in [CollectionSpec::new(name.clone()), context.spec("a", Metric::Cosine)?] {
        ensure_kind!(context.database.create(&spec, Scope::all()).await, Conflict, "create");
    }
    ensure_kind!(context.database.open(&name, Scope::all()).await, Conflict, "open");
    ensure_kind!(context.database.drop_collection(&name).await, Conflict, "drop");
    ensure!(context.test_database.is_occupied(&name).await?, "what was there is as it was");
    let memory = context.database.create(&CollectionSpec::new(free), Scope::exact(namespace(["n"])?)).await?;
    memory.put(Record::draft("1")).await?;
    ensure!(memory.get("1").await?.is_some(), "another name works beside it");
    ensure!(context.test_database.is_occupied(&name).await?, "and what was there is as it was");
    Ok(())
}

async fn collections_lists_each_with_its_spec(context: Context) -> Outcome {
    let mut expected = specs(&context)?;
    for spec in &expected {
        let memory = context.database.create(spec, Scope::exact(namespace(["n"])?)).await?;
        memory.put(Record::draft("1").content("some words")).await?;
    }
    expected.sort_by_key(|spec| spec.name().as_str().to_owned());
    for database in [context.database.clone(), context.connect().await?] {
        let all = database.collections().await?;
        let own: Vec<_> = all.into_iter().filter(|spec| spec.name().as_str().starts_with(&context.prefix)).collect();
        ensure_eq!(own, expected, "each once, by name, with its spec");
    }
    let gone = expected.remove(3);
    context.database.drop_collection(gone.name()).await?;
    let all = context.database.collections().await?;
    let own: Vec<_> = all.into_iter().filter(|spec| spec.name().as_str().starts_with(&context.prefix)).collect();
    ensure_eq!(own, expected, "a dropped one is not listed");
    Ok(())
}

async fn collections_lists_nothing_else(context: Context) -> Outcome {
    ensure_eq!(context.database.collections().await?, [], "a new database has no collection");
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("words").embedding([1.0, 0.0, 0.0])).await?;
    ensure_eq!(listed(&memory, Filter::all()).await?.len(), 1, "one record");
    ensure_eq!(context.database.collections().await?, [context.spec("a", Metric::Cosine)?], "no side table is listed");
    Ok(())
}

async fn collections_does_not_list_what_is_foreign(context: Context) -> Outcome {
    context.collection("b").await?;
    if let Err(error) = context.test_database.occupy(&context.name("a")?).await {
        return Err(crate::Failure::assertion(format!("the harness can put nothing foreign there: {error}")));
    }
    let all = context.database.collections().await?;
    let own: Vec<_> = all.into_iter().filter(|spec| spec.name().as_str().starts_with(&context.prefix)).collect();
    ensure_eq!(own, [context.spec("b", Metric::Cosine)?], "only what is this project's");
    Ok(())
}
