//! Deleting by scope and filter (WR-6).

use memory_core::{ChangedWhileDeleting, Filter, Memory, Metadata, Namespace, Record, Scope};

use crate::cases::state::{Must as _, everything};
use crate::context::{Context, at, namespace};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "WR-6": [
        what_a_listing_returns_is_deleted,
        nothing_outside_the_scope_is_deleted,
        the_empty_filter_is_refused,
        clear_empties_its_scope_alone,
        expired_records_that_match_go_uncounted,
        hundreds_are_deleted_by_one_filter,
        (a_record_changed_meanwhile_is_kept, Needs::Fact("changed while deleting: kept", |facts| {
            facts.changed_while_deleting == ChangedWhileDeleting::Kept
        })),
        (a_record_changed_meanwhile_is_whole_or_gone, Needs::Fact("changed while deleting: may be deleted", |facts| {
            facts.changed_while_deleting == ChangedWhileDeleting::MayBeDeleted
        })),
    ],
}

fn left(stored: &[memory_core::Stored]) -> Vec<&str> {
    stored.iter().map(|stored| stored.record.key.id.as_str()).collect()
}

async fn what_a_listing_returns_is_deleted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let records = || -> memory_core::Result<_> {
        let metadata = |text| Metadata::from_json(text);
        Ok([
            Record::draft("1").kind("a").metadata(metadata(r#"{"n":1}"#)?).tags(["x"]).embedding([1.0, 0.0, 0.0]),
            Record::draft("2").kind("b").metadata(metadata(r#"{"n":1.0,"s":"%"}"#)?).tags(["x", "y"]),
            Record::draft("3").kind("a").metadata(metadata(r#"{"n":null}"#)?),
            Record::draft("4").kind("A").metadata(metadata(r#"{"n":"1","s":"a%b"}"#)?),
            Record::draft("5").kind("").created_at(at(-1)?),
        ])
    };
    let number = || Filter::metadata(["n"]);
    for (filter, expected) in [
        (Filter::kind().eq("a"), vec!["2", "4", "5"]),
        (Filter::kind().ne("a"), vec!["1", "3"]),
        (number().eq(1), vec!["3", "4", "5"]),
        (number().ne(1), vec!["1", "2"]),
        (number().exists(false), vec!["1", "2", "4"]),
        (!number().gt(0), vec!["1", "2"]),
        (Filter::tags().contains("x"), vec!["3", "4", "5"]),
        (Filter::tags().eq(["x"]), vec!["2", "3", "4", "5"]),
        (Filter::metadata(["s"]).starts_with("%"), vec!["1", "3", "4", "5"]),
        (Filter::created_at().lt(at(0)?), vec!["1", "2", "3", "4"]),
        (Filter::has_embedding(true), vec!["2", "3", "4", "5"]),
        (Filter::id().is_in(["1", "5", "9"]), vec!["2", "3", "4"]),
        (Filter::id().is_in([""; 0]), vec!["1", "2", "3", "4", "5"]),
        (Filter::or([]), vec!["1", "2", "3", "4", "5"]),
        (Filter::or([Filter::kind().eq("a"), Filter::kind().eq("b")]), vec!["4", "5"]),
        (Filter::and([Filter::kind().eq("a"), number().exists(true)]), vec!["2", "3", "4", "5"]),
        // These match everything, and are not the empty filter.
        (!Filter::or([]), vec![]),
        (Filter::id().not_in([""; 0]), vec![]),
    ] {
        memory.put_all(records()?).await?;
        let what = filter.to_json();
        ensure_eq!(
            memory.delete_where(&filter).await.must(&what)?,
            5 - expected.len() as u64,
            "how many matched {what}"
        );
        ensure_eq!(left(&everything(&memory).await?), expected, "what is left after {what}");
        ensure_eq!(memory.delete_where(&filter).await.must(&what)?, 0, "{what} can be repeated, and finds nothing");
        ensure_eq!(left(&everything(&memory).await?), expected, "what is left after {what}, repeated");
    }
    Ok(())
}

const NAMESPACES: [&[&str]; 7] =
    [&["foo"], &["foo", "x"], &["foo", "x", "y"], &["foobar"], &["foo%"], &["fo_"], &["FOO"]];

/// A collection with a record `in` and a record `out` in each of seven namespaces.
async fn filled(context: &Context) -> memory_core::Result<Memory> {
    let memory = context.collection("a").await?;
    for segments in NAMESPACES {
        let home = Namespace::new(segments)?;
        for kind in ["in", "out"] {
            let draft =
                Record::draft(kind).namespace(home.clone()).kind(kind).content("walnut").embedding([1.0, 0.0, 0.0]);
            memory.put(draft).await?;
        }
    }
    Ok(memory)
}

fn keys(stored: &[memory_core::Stored]) -> Vec<String> {
    stored.iter().map(|stored| stored.record.key.to_string()).collect()
}

async fn nothing_outside_the_scope_is_deleted(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let scoped = memory.narrow(Scope::subtree(namespace(["foo"])?))?;
    ensure_eq!(scoped.delete_where(&Filter::kind().eq("in")).await.must("delete_where")?, 3, "three lie in the scope");
    ensure_eq!(
        keys(&everything(&memory).await?),
        [
            "FOO/in",
            "FOO/out",
            "fo_/in",
            "fo_/out",
            "foo%25/in",
            "foo%25/out",
            "foo/out",
            "foo/x/out",
            "foo/x/y/out",
            "foobar/in",
            "foobar/out"
        ],
        "nothing beside the scope is touched"
    );
    let exact = memory.narrow(Scope::exact(namespace(["foo", "x"])?))?;
    ensure_eq!(exact.delete_where(&Filter::kind().eq("out")).await.must("delete_where")?, 1, "one namespace alone");
    ensure_eq!(exact.delete_where(&!Filter::or([])).await.must("delete_where")?, 0, "nothing is left in it");
    let underscore = memory.narrow(Scope::subtree(namespace(["fo_"])?))?;
    ensure_eq!(underscore.delete_where(&!Filter::or([])).await.must("delete_where")?, 2, "an underscore is data");
    ensure_eq!(everything(&memory).await?.len(), 8, "all others are there");
    let hits = memory.search_text("walnut", 100).await.must("a search")?.hits;
    ensure_eq!(hits.len(), 8, "and are found");
    Ok(())
}

async fn the_empty_filter_is_refused(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let calls = context.calls.count();
    let error = ensure_kind!(memory.delete_where(&Filter::all()).await, InvalidArgument, "the empty filter");
    ensure!(error.to_string().contains("clear"), "the error names the call for that: {error}");
    let empty = Filter::from_json(r#"{"and":[]}"#)?;
    ensure_kind!(memory.delete_where(&empty).await, InvalidArgument, "the empty filter, read from JSON");
    ensure_kind!(memory.delete_where(&Filter::and([])).await, InvalidArgument, "and of nothing");
    let too_long = Filter::id().is_in((0..1_001).map(|n| n.to_string()));
    ensure_kind!(memory.delete_where(&too_long).await, InvalidArgument, "a filter out of bounds");
    ensure_eq!(context.calls.count(), calls, "it is refused before any I/O");
    ensure_eq!(everything(&memory).await?.len(), 14, "nothing was deleted");
    Ok(())
}

async fn clear_empties_its_scope_alone(context: Context) -> Outcome {
    let memory = filled(&context).await?;
    let exact = memory.narrow(Scope::exact(namespace(["foo"])?))?;
    ensure_eq!(exact.clear().await.must("clear")?, 2, "the namespace alone");
    ensure_eq!(everything(&memory).await?.len(), 12, "what lies below it is there");
    let overlapping = [
        Scope::subtree(namespace(["foo"])?),
        Scope::exact(namespace(["foo", "x"])?),
        Scope::exact(namespace(["FOO"])?),
    ];
    let union = memory.narrow(Scope::union(overlapping)?)?;
    ensure_eq!(union.clear().await.must("clear")?, 6, "overlapping parts count once");
    ensure_eq!(
        keys(&everything(&memory).await?),
        ["fo_/in", "fo_/out", "foo%25/in", "foo%25/out", "foobar/in", "foobar/out"],
        "nothing beside the scope is touched"
    );
    ensure_eq!(union.clear().await.must("clear")?, 0, "nothing is left in it");
    ensure_eq!(memory.clear().await.must("clear")?, 6, "all is a scope too");
    ensure!(everything(&memory).await?.is_empty(), "everything is gone");
    memory.put(Record::draft("1").namespace(namespace(["n"])?)).await.must("a put into what was cleared")?;
    Ok(())
}

async fn expired_records_that_match_go_uncounted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (id, kind, expiry) in [("1", "in", 10), ("2", "in", 11), ("3", "out", 10), ("4", "out", 11)] {
        memory.put(Record::draft(id).kind(kind).expires_at(at(expiry)?)).await?;
    }
    context.set_clock(10)?;
    ensure_eq!(memory.delete_where(&Filter::kind().eq("in")).await.must("delete_where")?, 1, "1 has expired");
    context.set_clock(0)?;
    ensure_eq!(left(&everything(&memory).await?), ["3", "4"], "the expired one that matched is gone for good (TT-2)");
    context.set_clock(10)?;
    ensure_eq!(memory.clear().await.must("clear")?, 1, "3 has expired");
    context.set_clock(0)?;
    ensure!(everything(&memory).await?.is_empty(), "clear removes expired ones too");
    Ok(())
}

async fn hundreds_are_deleted_by_one_filter(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = |n: u32| {
        let kind = if n.is_multiple_of(3) { "in" } else { "out" };
        Record::draft(format!("{n:04}")).kind(kind).content("walnut").embedding([1.0, n as f32, 0.0])
    };
    memory.put_all((0..1_200).map(draft)).await?;
    ensure_eq!(memory.delete_where(&Filter::kind().eq("in")).await.must("delete_where")?, 400, "every third matches");
    ensure_eq!(memory.count(&Filter::kind().eq("in")).await.must("a count")?, 0, "none is left");
    let stored = everything(&memory).await?;
    ensure_eq!(stored.len(), 800, "all others are");
    ensure!(stored.iter().all(|stored| stored.record.kind.as_str() == "out"), "and they are the right ones");
    let hits = memory.search_text("walnut", 1_000).await.must("a search")?.hits;
    ensure_eq!(hits.len(), 800, "text search agrees");
    let hits = memory.search_vector([1.0, 0.0, 0.0], 1_000).await.must("a search")?.hits;
    ensure_eq!(hits.len(), 800, "vector search agrees");
    Ok(())
}

/// While `delete_where` deletes what is old, tasks make every second record new. Answers what is stored in the end.
async fn race(context: &Context) -> Result<Vec<memory_core::Stored>, Failure> {
    let memory = context.home("a").await?;
    let draft = |n: u32, kind: &str| Record::draft(format!("{n:03}")).kind(kind).content(kind).tags([kind.to_owned()]);
    for _ in 0..5 {
        memory.put_all((0..100).map(|n| draft(n, "old"))).await?;
        // A task like the others, so that it does not run to its end before they have begun.
        let deleter = memory.clone();
        let deleting = tokio::spawn(async move { deleter.delete_where(&Filter::kind().eq("old")).await });
        let writers: Vec<_> = (0..4)
            .map(|task| {
                let memory = memory.clone();
                tokio::spawn(async move {
                    for n in (0..100).step_by(2).filter(|n| n % 8 == task * 2) {
                        memory.put(draft(n, "new")).await?;
                    }
                    Ok::<_, memory_core::Error>(())
                })
            })
            .collect();
        let deleted = deleting.await.map_err(|error| Failure::assertion(format!("a task failed: {error}")))?;
        deleted.must("delete_where beside writers")?;
        for writer in writers {
            let written = writer.await.map_err(|error| Failure::assertion(format!("a task failed: {error}")))?;
            written.must("a put beside delete_where")?;
        }
        let stored = everything(&memory).await?;
        for record in stored.iter().map(|stored| &stored.record) {
            let whole =
                record.kind.as_str() == "new" && record.content.as_str() == "new" && record.tags.iter().eq(["new"]);
            if !whole {
                return Err(Failure::assertion(format!("record {} is old, or half old", record.key)));
            }
        }
        if context.capabilities().facts.changed_while_deleting == ChangedWhileDeleting::Kept && stored.len() != 50 {
            return Ok(stored);
        }
    }
    everything(&memory).await
}

async fn a_record_changed_meanwhile_is_kept(context: Context) -> Outcome {
    let stored = race(&context).await?;
    let expected: Vec<String> = (0..100).step_by(2).map(|n| format!("{n:03}")).collect();
    ensure_eq!(left(&stored), expected, "every record that was made new is there, and no other");
    Ok(())
}

async fn a_record_changed_meanwhile_is_whole_or_gone(context: Context) -> Outcome {
    let stored = race(&context).await?;
    ensure!(stored.len() <= 50, "no record is there that was not made new");
    Ok(())
}
