//! A put replaces the whole record, everywhere (WR-1).

use std::time::Duration;

use memory_core::{Bm25, Filter, HybridRequest, ListRequest, Memory, Metadata, NamespacesRequest, Order, Record};

use crate::cases::state::{Must as _, everything, read, same, stored};
use crate::context::{Context, at, ids, namespace};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

cases! {
    "WR-1": [
        nothing_of_the_old_version_is_found,
        fields_that_are_left_out_are_gone,
        the_old_expiry_is_gone,
        the_old_times_are_gone,
        nothing_else_changes,
        (statistics_forget_the_old_words, Needs::Fact("bm25: exact", |facts| facts.bm25 == Bm25::Exact)),
        many_versions_leave_one_record,
    ],
}

async fn found(memory: &Memory, text: &str) -> Result<Vec<String>, Failure> {
    let hits = memory.search_text(text, 100).await.must("a text search")?.hits;
    Ok(hits.iter().map(|hit| hit.key.id.as_str().to_owned()).collect())
}

async fn matching(memory: &Memory, filter: Filter) -> Result<Vec<String>, Failure> {
    let page = memory.list(&ListRequest::new().with_filter(filter.clone())).await.must("a listing")?;
    let mut listed: Vec<_> = page.records.iter().map(|stored| stored.record.key.id.as_str().to_owned()).collect();
    listed.sort();
    let count = memory.count(&filter).await.must("a count")?;
    ensure_eq!(count, listed.len() as u64, "a count equals the listing");
    Ok(listed)
}

async fn nothing_of_the_old_version_is_found(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let old = Record::draft("1")
        .kind("old")
        .content("walnut shared")
        .embedding([1.0, 0.0, 0.0])
        .tags(["old", "both"])
        .metadata(Metadata::from_json(r#"{"version":"old","list":["old","both"],"gone":1}"#)?)
        .created_at(at(-10)?);
    memory.put(old).await?;
    memory
        .put(Record::draft("2").content("shared walnut").kind("old").embedding([0.8, 0.6, 0.0]).tags(["old"]))
        .await?;
    let new = Record::draft("1")
        .kind("new")
        .content("pepper shared")
        .embedding([0.0, 0.0, 1.0])
        .tags(["new", "both"])
        .metadata(Metadata::from_json(r#"{"version":"new","list":["new","both"]}"#)?)
        .created_at(at(-5)?);
    memory.put(new).await.must("an upsert")?;

    ensure_eq!(found(&memory, "walnut").await?, ["2"], "the old words find it no more");
    ensure_eq!(found(&memory, "pepper").await?, ["1"], "the new words find it");
    ensure_eq!(found(&memory, "shared").await?.len(), 2, "words of both versions find it once");

    let near = memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a vector search")?.hits;
    ensure_eq!(near.iter().map(|hit| hit.key.id.as_str()).collect::<Vec<_>>(), ["2", "1"], "the old vector is gone");
    ensure_eq!(near.iter().map(|hit| hit.score.value()).next_back(), Some(0.0), "the score is the new vector's");
    let near = memory.search_vector([0.0, 0.0, 1.0], 1).await.must("a vector search")?.hits;
    let first = near.first().map(|hit| (hit.key.id.as_str(), hit.score.value()));
    ensure_eq!(first, Some(("1", 1.0)), "the new vector finds it");

    let hybrid = HybridRequest::new("walnut", [1.0, 0.0, 0.0].try_into()?);
    let hits = memory.hybrid(&hybrid).await.must("a hybrid search")?.hits;
    let of_one: Vec<_> = hits.iter().filter(|hit| hit.key.id.as_str() == "1").collect();
    ensure_eq!(of_one.len(), 1, "hybrid search finds it once");
    ensure!(
        of_one.iter().all(|hit| hit.text.is_none() && hit.content() == "pepper shared"),
        "and not by the old words"
    );

    let version = || Filter::metadata(["version"]);
    for (filter, expected) in [
        (Filter::kind().eq("old"), vec!["2"]),
        (Filter::kind().eq("new"), vec!["1"]),
        (Filter::content().starts_with("walnut"), vec![]),
        (Filter::content().starts_with("pepper"), vec!["1"]),
        (Filter::tags().contains("old"), vec!["2"]),
        (Filter::tags().contains("new"), vec!["1"]),
        (Filter::tags().eq(["both", "new"]), vec!["1"]),
        (version().eq("old"), vec![]),
        (version().eq("new"), vec!["1"]),
        (version().ne("old"), vec!["1", "2"]),
        (Filter::metadata(["gone"]).exists(true), vec![]),
        (Filter::metadata(["list"]).contains("old"), vec![]),
        (Filter::metadata(["list"]).contains("both"), vec!["1"]),
        (Filter::created_at().lt(at(-5)?), vec![]),
        (Filter::created_at().eq(at(-5)?), vec!["1"]),
    ] {
        ensure_eq!(matching(&memory, filter.clone()).await?, expected, "what matches {}", filter.to_json());
        let request = memory.text("shared").with_filter(filter.clone());
        let hits = memory.search(&request).await.must("a filtered search")?.hits;
        ensure_eq!(hits.len(), expected.len(), "text search with {}", filter.to_json());
    }
    Ok(())
}

async fn fields_that_are_left_out_are_gone(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let full = Record::draft("1")
        .kind("old")
        .content("walnut")
        .embedding([1.0, 0.0, 0.0])
        .tags(["old"])
        .metadata(Metadata::from_json(r#"{"a":{"b":1}}"#)?)
        .expires_at(at(1_000_000)?);
    memory.put(full).await?;
    memory.put(Record::draft("1")).await.must("an upsert")?;
    let bare = memory.record(Record::draft("1"))?;
    same(&read(&memory, "1").await?, &bare, "nothing of the old version is read")?;
    ensure_eq!(found(&memory, "walnut").await?.len(), 0, "no word finds it");
    ensure_eq!(memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a search")?.hits.len(), 0, "no vector finds it");
    for (filter, expected) in [
        (Filter::has_embedding(true), 0),
        (Filter::has_embedding(false), 1),
        (Filter::expires_at().exists(true), 0),
        (Filter::metadata(["a", "b"]).exists(true), 0),
        (Filter::tags().contains_any(["old"]), 0),
        (Filter::kind().eq(""), 1),
        (Filter::content().eq(""), 1),
    ] {
        ensure_eq!(matching(&memory, filter.clone()).await?.len(), expected, "what matches {}", filter.to_json());
    }
    // And back again: what was taken away can be given anew.
    memory.put(Record::draft("1").content("walnut").embedding([1.0, 0.0, 0.0])).await.must("an upsert")?;
    ensure_eq!(found(&memory, "walnut").await?, ["1"], "words find it again");
    ensure_eq!(memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a search")?.hits.len(), 1, "so does its vector");
    Ok(())
}

async fn the_old_expiry_is_gone(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = |id: &str| Record::draft(id).content("walnut").embedding([1.0, 0.0, 0.0]);
    memory.put(draft("stays").expires_in(Duration::from_secs(1))).await?;
    memory.put(draft("stays")).await.must("an upsert without an expiry")?;
    memory.put(draft("later").expires_in(Duration::from_secs(1))).await?;
    memory.put(draft("later").expires_in(Duration::from_secs(5))).await.must("an upsert with a later expiry")?;
    memory.put(draft("goes")).await?;
    memory.put(draft("goes").expires_in(Duration::from_secs(1))).await.must("an upsert with an expiry")?;
    for (micros, expected) in [
        (0, vec!["goes", "later", "stays"]),
        (999_999, vec!["goes", "later", "stays"]),
        (1_000_000, vec!["later", "stays"]),
        (4_999_999, vec!["later", "stays"]),
        (5_000_000, vec!["stays"]),
    ] {
        context.set_clock(micros)?;
        ensure_eq!(matching(&memory, Filter::all()).await?, expected, "what is listed after {micros} µs");
        let mut words = found(&memory, "walnut").await?;
        words.sort();
        ensure_eq!(words, expected, "what is found by text after {micros} µs");
        let hits = memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a vector search")?.hits;
        ensure_eq!(hits.len(), expected.len(), "what is found by vector after {micros} µs");
    }
    Ok(())
}

async fn the_old_times_are_gone(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (id, micros) in [("1", 1), ("2", 2), ("3", 3)] {
        memory.put(Record::draft(id).created_at(at(micros)?).updated_at(at(micros)?)).await?;
    }
    memory.put(Record::draft("1").created_at(at(9)?).updated_at(at(-9)?)).await.must("an upsert")?;
    let found = read(&memory, "1").await?;
    ensure_eq!((found.created_at, found.updated_at), (at(9)?, at(-9)?), "the times are those of the last put");
    for (order, expected) in [
        (Order::CreatedAscending, ["2", "3", "1"]),
        (Order::CreatedDescending, ["1", "3", "2"]),
        (Order::UpdatedAscending, ["1", "2", "3"]),
        (Order::UpdatedDescending, ["3", "2", "1"]),
    ] {
        let page = memory.list(&ListRequest::new().with_order(order)).await.must("a listing")?;
        ensure_eq!(ids(page.records.iter().map(|stored| &stored.record)), expected, "{order:?}: by the new time, once");
    }
    Ok(())
}

async fn nothing_else_changes(context: Context) -> Outcome {
    let wide = context.collection("a").await?;
    let neighbours = [(vec!["n"], "2"), (vec!["n"], "10"), (vec!["n", "x"], "1"), (vec!["nn"], "1"), (vec!["N"], "1")];
    for (segments, id) in &neighbours {
        let draft = Record::draft(*id)
            .namespace(memory_core::Namespace::new(segments)?)
            .content("walnut")
            .embedding([1.0, 0.0, 0.0])
            .tags(["t"])
            .created_at(at(-1)?)
            .updated_at(at(-2)?)
            .expires_at(at(60_000_000)?);
        wide.put(draft).await?;
    }
    let before = everything(&wide).await?;
    ensure_eq!(before.len(), 5, "the neighbours are there");
    context.set_clock(1_000)?;
    let one = || -> memory_core::Result<_> { Ok(Record::draft("1").namespace(namespace(["n"])?)) };
    wide.put(one()?.content("pepper")).await.must("a put")?;
    wide.put(one()?.content("almond").embedding([0.0, 1.0, 0.0])).await.must("an upsert")?;
    let key = crate::context::key(["n"], "1")?;
    let mut after = everything(&wide).await?;
    after.retain(|stored| stored.record.key != key);
    ensure!(after == before, "no field, time or version of any other record has changed");
    ensure!(wide.delete(&key).await.must("a delete")?, "it existed");
    ensure!(everything(&wide).await? == before, "nor does a delete change another record");
    let namespaces = wide.namespaces(&NamespacesRequest::new()).await.must("the namespaces")?;
    let keys: Vec<_> = namespaces.iter().map(|namespace| namespace.key()).collect();
    ensure_eq!(keys, ["N/", "n/", "n/x/", "nn/"], "the namespaces are those of the records");
    Ok(())
}

async fn statistics_forget_the_old_words(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("apple apple apple apple apple")).await?;
    memory.put(Record::draft("2").content("apple")).await?;
    memory.put(Record::draft("1").content("pear")).await.must("an upsert")?;
    let hits = memory.search_text("apple", 10).await.must("a text search")?.hits;
    // N 2, n 1, every length 1: idf is ln(1 + 1.5 / 1.5), 0.6931471805599453, and the rest of the formula is 1.
    let scores: Vec<_> = hits.iter().map(|hit| (hit.key.id.as_str(), hit.score.value())).collect();
    ensure_eq!(scores, [("2", std::f64::consts::LN_2)], "N, n and lengths are those of what is stored now");
    Ok(())
}

async fn many_versions_leave_one_record(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for version in 0..30_u8 {
        let vector = [f32::from(version), 1.0, 0.0];
        memory
            .put(Record::draft("1").content(format!("version w{version}")).embedding(vector))
            .await
            .must("an upsert")?;
    }
    ensure_eq!(found(&memory, "version").await?, ["1"], "text search finds one record");
    ensure_eq!(found(&memory, "w29").await?, ["1"], "by its last words");
    for old in ["w0", "w1", "w28"] {
        ensure_eq!(found(&memory, old).await?.len(), 0, "never by {old}");
    }
    let hits = memory.search_vector([1.0, 0.0, 0.0], 100).await.must("a vector search")?.hits;
    ensure_eq!(hits.len(), 1, "vector search finds one record");
    ensure_eq!(everything(&memory).await?.len(), 1, "and so does a listing");
    ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 1, "and a count");
    ensure_eq!(stored(&memory, "1").await?.record.content.as_str(), "version w29", "the last is stored");
    Ok(())
}
