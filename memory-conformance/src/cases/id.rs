//! Names and identity (SPEC 1).

use memory_core::{
    CollectionName, CollectionSpec, Filter, ListRequest, Metric, Namespace, NamespacesRequest, Order, Place, Record,
    RecordId, Scope,
};

use crate::context::{Context, hits, ids, key, listed, namespace};
use crate::hostile::{STRINGS, long};
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "ID-1": [one_id_in_two_namespaces_is_two_records, one_key_in_two_collections_is_two_records],
    "ID-2": [
        hostile_ids_are_kept_and_kept_apart,
        hostile_ids_are_deleted_one_by_one,
        lengths_of_ids,
        an_illegal_id_is_refused_wherever_one_is_asked_for,
        an_illegal_id_is_a_string_like_any_other_in_a_filter,
        ids_are_ordered_bytewise,
    ],
    "ID-3": [
        namespaces_and_ids_never_run_together,
        every_answer_holds_the_original_id,
        (the_same_record_after_a_restart, Needs::Fact("durable", |facts| facts.durable)),
    ],
    "ID-4": [
        lengths_of_namespaces,
        keys_of_namespaces,
        hostile_segments_are_kept_and_kept_apart,
        namespaces_are_ordered_by_their_keys,
    ],
    "ID-5": [a_prefix_is_whole_segments, wildcards_are_data, hostile_prefixes_hold_their_own_alone],
    "ID-6": [
        collection_names,
        (words_of_the_store_are_names_like_others, Needs::Fact("a database of one's own", |facts| facts.place != Place::Server)),
    ],
}

async fn one_id_in_two_namespaces_is_two_records(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let (x, y) = (namespace(["x"])?, namespace(["y"])?);
    memory.put(Record::draft("1").namespace(x.clone()).content("first").embedding([1.0, 0.0, 0.0])).await?;
    memory.put(Record::draft("1").namespace(y).content("second").embedding([0.0, 1.0, 0.0])).await?;
    let found = memory.get_all([key(["x"], "1")?, key(["y"], "1")?]).await?;
    let contents: Vec<_> = found.iter().flatten().map(|stored| stored.record.content.as_str()).collect();
    ensure_eq!(contents, ["first", "second"], "each namespace has its own record 1");
    let both = memory.search_vector([1.0, 0.0, 0.0], 10).await?;
    ensure_eq!(hits(&both), ["x/1", "y/1"], "a search finds both");
    ensure_eq!(memory.count(&Filter::id().eq("1")).await?, 2, "two records have the id 1");

    memory.put(Record::draft("1").namespace(x).content("third")).await?;
    let second = memory.get(key(["y"], "1")?).await?.map(|stored| stored.record.content);
    ensure_eq!(second.as_ref().map(|content| content.as_str()), Some("second"), "replacing one leaves the other");
    ensure!(memory.delete(key(["x"], "1")?).await?, "the first one is there to delete");
    ensure!(memory.get(key(["y"], "1")?).await?.is_some(), "deleting one leaves the other");
    ensure_eq!(hits(&memory.search_vector([0.0, 1.0, 0.0], 10).await?), ["y/1"], "the other is still found");
    Ok(())
}

async fn one_key_in_two_collections_is_two_records(context: Context) -> Outcome {
    let (a, b) = (context.home("a").await?, context.home("b").await?);
    a.put(Record::draft("1").content("of a")).await?;
    ensure!(b.get("1").await?.is_none(), "the other collection has no record 1");
    b.put(Record::draft("1").content("of b")).await?;
    ensure!(a.delete("1").await?, "a's record is there to delete");
    let left = b.get("1").await?.map(|stored| stored.record.content);
    ensure_eq!(left.as_ref().map(|content| content.as_str()), Some("of b"), "b's record is b's own");
    Ok(())
}

async fn hostile_ids_are_kept_and_kept_apart(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all(STRINGS.iter().enumerate().map(|(i, id)| Record::draft(*id).content(i.to_string()))).await?;
    let found = memory.get_all(STRINGS.iter().copied()).await?;
    ensure_eq!(found.len(), STRINGS.len(), "one answer for each id");
    for (i, (id, stored)) in STRINGS.iter().zip(found).enumerate() {
        let Some(stored) = stored else { return Err(crate::Failure::assertion(format!("{id:?} is not found"))) };
        ensure_eq!(stored.record.key.id.as_str(), *id, "the id comes back as it was given");
        ensure_eq!(stored.record.content.as_str(), i.to_string(), "{id:?} is a record of its own");
    }
    let mut expected = STRINGS.to_vec();
    expected.sort_unstable();
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), expected, "a listing has every id once");
    Ok(())
}

async fn hostile_ids_are_deleted_one_by_one(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all(STRINGS.iter().map(|id| Record::draft(*id))).await?;
    for id in STRINGS.iter().step_by(2) {
        ensure!(memory.delete(*id).await?, "{id:?} is there to delete");
    }
    let mut left: Vec<_> = STRINGS.iter().skip(1).step_by(2).copied().collect();
    left.sort_unstable();
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), left, "deleting an id leaves all others");
    for id in &left {
        ensure_eq!(memory.delete_where(&Filter::id().eq(*id)).await?, 1, "{id:?} equals itself alone in a filter");
    }
    Ok(())
}

async fn lengths_of_ids(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let ids = [long(512, "aa"), long(512, "ab"), long(512, "Ab"), long(510, "aa"), "x".to_owned()];
    memory.put_all(ids.iter().map(|id| Record::draft(id).content(&id[id.len().saturating_sub(2)..]))).await?;
    let contents: Vec<String> = memory
        .get_all(ids.iter().cloned())
        .await?
        .into_iter()
        .flatten()
        .map(|stored| stored.record.content.as_str().to_owned())
        .collect();
    ensure_eq!(contents, ["aa", "ab", "Ab", "aa", "x"], "ids of 512 bytes that differ at the end are different");
    ensure_kind!(RecordId::new("x".repeat(513)), InvalidArgument, "513 bytes");
    ensure_kind!(RecordId::new("é".repeat(257)), InvalidArgument, "257 characters of two bytes");
    ensure!(RecordId::new("é".repeat(256)).is_ok(), "256 characters of two bytes are 512 bytes");
    Ok(())
}

async fn an_illegal_id_is_refused_wherever_one_is_asked_for(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("a")).await?;
    let before = context.calls.count();
    for bad in ["".to_owned(), "a\0".to_owned(), "\0".to_owned(), "x".repeat(513)] {
        let bad = bad.as_str();
        ensure_kind!(RecordId::new(bad), InvalidArgument, "as an id");
        ensure_kind!(memory.put(Record::draft(bad)).await, InvalidArgument, "put");
        ensure_kind!(memory.put_all([Record::draft("b"), Record::draft(bad)]).await, InvalidArgument, "in a batch");
        ensure_kind!(memory.get(bad).await, InvalidArgument, "get");
        ensure_kind!(memory.get_all(["a", bad]).await, InvalidArgument, "get beside a good one");
        ensure_kind!(memory.delete(bad).await, InvalidArgument, "delete");
        ensure_kind!(memory.delete_all(["a", bad]).await, InvalidArgument, "delete beside a good one");
        let update = memory.update_last_write_wins(bad, |_, draft| draft).await;
        ensure_kind!(update, InvalidArgument, "update");
    }
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), ["a"], "nothing changed");
    Ok(())
}

async fn an_illegal_id_is_a_string_like_any_other_in_a_filter(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all([Record::draft("a"), Record::draft("b")]).await?;
    let too_long = "a".repeat(600);
    for (filter, expected) in [
        (Filter::id().eq(""), 0),
        (Filter::id().ne(""), 2),
        (Filter::id().gt(""), 2),
        (Filter::id().starts_with(""), 2),
        (Filter::id().eq(too_long.as_str()), 0),
        (Filter::id().ne(too_long.as_str()), 2),
        (Filter::id().lt(too_long.as_str()), 1),
        (Filter::id().is_in(["", "a"]), 1),
    ] {
        match memory.count(&filter).await {
            Ok(count) => ensure_eq!(count, expected, "{filter:?}"),
            Err(error) => return Err(crate::Failure::assertion(format!("{filter:?} is legal, but got {error}"))),
        }
    }
    Ok(())
}

async fn ids_are_ordered_bytewise(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    // UTF-16 puts U+10000 before U+FFFF, a locale puts a before Z and é before z, and numbers are no numbers here.
    let order = ["10", "9", "Z", "a", "a ", "ab", "e\u{301}", "z", "É", "é", "\u{ffff}", "\u{10000}"];
    memory.put_all(order.iter().rev().map(|id| Record::draft(*id))).await?;
    let page = memory.list(&ListRequest::new().with_order(Order::CreatedAscending)).await?;
    ensure_eq!(ids(page.records.iter().map(|stored| &stored.record)), order, "equal times stand by id, bytewise");
    ensure_eq!(ids(&listed(&memory, Filter::id().lt("a ")).await?), ["10", "9", "Z", "a"], "less than `a `");
    ensure_eq!(ids(&listed(&memory, Filter::id().gt("\u{ffff}")).await?), ["\u{10000}"], "greater than U+FFFF");
    Ok(())
}

/// Pairs that are one string if a key is made of them carelessly.
const RUNNING_TOGETHER: [(&[&str], &str); 12] = [
    (&["a"], "b/c"),
    (&["a", "b"], "c"),
    (&["a/b"], "c"),
    (&["a%2Fb"], "c"),
    (&["a"], "b%2Fc"),
    (&["a"], "/b/c"),
    (&["a/"], "b/c"),
    (&["a", "b"], "/c"),
    (&["a:b"], "c"),
    (&["a"], ":b:c"),
    (&["a", "b/"], "c"),
    (&["a|b"], "c"),
];

async fn namespaces_and_ids_never_run_together(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    for (i, (segments, id)) in RUNNING_TOGETHER.iter().enumerate() {
        memory.put(Record::draft(*id).namespace(Namespace::new(*segments)?).content(i.to_string())).await?;
    }
    ensure_eq!(memory.count(&Filter::all()).await?, 12, "all of them are different records");
    for (i, (segments, id)) in RUNNING_TOGETHER.iter().enumerate() {
        let found = memory.get((&Namespace::new(*segments)?, *id)).await?;
        let content = found.as_ref().map(|stored| stored.record.content.as_str());
        ensure_eq!(content, Some(i.to_string().as_str()), "{segments:?} {id:?} is a record of its own");
    }
    for (segments, id) in RUNNING_TOGETHER {
        ensure!(memory.delete((&Namespace::new(segments)?, id)).await?, "{segments:?} {id:?} is still there");
    }
    Ok(())
}

async fn every_answer_holds_the_original_id(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let (home, id) = (namespace(["Ä/%", "n "])?, " Ünï/🙂' --");
    let draft = || Record::draft(id).namespace(home.clone()).content("apple").embedding([1.0, 0.0, 0.0]);
    memory.put(draft()).await?;
    memory.put(draft()).await?;
    let shown = "Ä%2F%25/n / Ünï/🙂' --";
    let listed: Vec<_> = listed(&memory, Filter::all()).await?.iter().map(|record| record.key.to_string()).collect();
    ensure_eq!(listed, [shown], "list; the second put found the first");
    ensure_eq!(hits(&memory.search_text("apple", 10).await?), [shown], "text search");
    ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 10).await?), [shown], "vector search");
    let stored = memory.get((&home, id)).await?;
    ensure_eq!(stored.map(|stored| stored.record.key.to_string()).as_deref(), Some(shown), "get");
    let segments: Vec<_> =
        memory.namespaces(&NamespacesRequest::new()).await?.iter().map(Namespace::segments).collect();
    ensure_eq!(segments, [["Ä/%", "n "]], "namespaces");
    let other = context.connect().await?.open(&context.name("a")?, Scope::all()).await?;
    ensure!(other.delete((&home, id)).await?, "another handle derives the same key");
    ensure!(memory.get((&home, id)).await?.is_none(), "it was the same record");
    Ok(())
}

async fn the_same_record_after_a_restart(mut context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all(STRINGS.iter().map(|id| Record::draft(*id).content("before"))).await?;
    context.restart().await?;
    let memory = context.database.open(&context.name("a")?, Scope::subtree(namespace(["n"])?)).await?;
    memory.put_all(STRINGS.iter().map(|id| Record::draft(*id).content("after"))).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, STRINGS.len() as u64, "each id finds its record again");
    ensure_eq!(memory.count(&Filter::content().eq("before")).await?, 0, "and replaces it");
    Ok(())
}

async fn lengths_of_namespaces(context: Context) -> Outcome {
    let bad: [(&str, Vec<String>); 7] = [
        ("no segment", vec![]),
        ("nine segments", vec!["x".to_owned(); 9]),
        ("an empty segment", vec!["x".to_owned(), String::new()]),
        ("129 bytes", vec!["x".repeat(129)]),
        ("65 characters of two bytes", vec!["é".repeat(65)]),
        ("NUL", vec!["x\0".to_owned()]),
        ("a key of 1,537 bytes", longest(128)),
    ];
    for (what, segments) in bad {
        ensure_kind!(Namespace::new(segments), InvalidArgument, "{what}");
    }
    let memory = context.collection("a").await?;
    let good =
        [vec!["x".to_owned()], vec!["x".to_owned(); 8], vec!["x".repeat(128)], vec!["🙂".repeat(32); 8], longest(127)];
    for segments in &good {
        memory.put(Record::draft("1").namespace(Namespace::new(segments)?)).await?;
    }
    for segments in good {
        let found = memory.get((&Namespace::new(&segments)?, "1")).await?;
        let found = found.map(|stored| stored.record.key.namespace.segments());
        ensure_eq!(found.as_ref(), Some(&segments), "the whole path comes back");
    }
    ensure_eq!(memory.count(&Filter::all()).await?, 5, "five namespaces");
    Ok(())
}

/// Eight segments of 127 bytes, but one of `first`, with 32 slashes in each: a key of 8 · (127 + 64 + 1) = 1,536 bytes, and
/// one more for each further byte of the first.
fn longest(first: usize) -> Vec<String> {
    let mut segments = vec![format!("{}{}", "/".repeat(32), "x".repeat(95)); 8];
    segments[0] = format!("{}{}", "/".repeat(32), "x".repeat(first - 32));
    segments
}

async fn keys_of_namespaces(_context: Context) -> Outcome {
    let keys: [(&[&str], &str); 7] = [
        (&["a"], "a/"),
        (&["a", "b"], "a/b/"),
        (&["a/b", "c"], "a%2Fb/c/"),
        (&["a%2Fb"], "a%252Fb/"),
        (&["%", "/"], "%25/%2F/"),
        (&[" ", ".", ".."], " /./../"),
        (&["é🙂?#\\"], "é🙂?#\\/"),
    ];
    for (segments, expected) in keys {
        let namespace = Namespace::new(segments)?;
        ensure_eq!(namespace.key(), expected, "the key of {segments:?}");
        ensure_eq!(Namespace::from_key(expected)?.segments(), segments, "and back");
    }
    Ok(())
}

async fn hostile_segments_are_kept_and_kept_apart(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let drafts = STRINGS
        .iter()
        .enumerate()
        .map(|(i, segment)| Ok(Record::draft("1").namespace(namespace(["top", segment])?).content(i.to_string())));
    memory.put_all(drafts.collect::<memory_core::Result<Vec<_>>>()?).await?;
    for (i, segment) in STRINGS.iter().enumerate() {
        let alone = memory.narrow(Scope::exact(namespace(["top", segment])?))?;
        let content: Vec<_> =
            listed(&alone, Filter::all()).await?.iter().map(|record| record.content.as_str().to_owned()).collect();
        ensure_eq!(content, [i.to_string()], "{segment:?} is a namespace of its own");
    }
    let mut found: Vec<String> = memory
        .namespaces(&NamespacesRequest::new().with_limit(1_000))
        .await?
        .iter()
        .flat_map(|namespace| namespace.segments().into_iter().skip(1))
        .collect();
    found.sort_unstable();
    let mut expected = STRINGS.to_vec();
    expected.sort_unstable();
    ensure_eq!(found, expected, "every segment is listed once, as it was given");
    Ok(())
}

async fn namespaces_are_ordered_by_their_keys(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    // By segments `a` would come before `a-`; by the key it does not, for `-` and `%` come before `/`. U+10000 is last.
    let order: [(&[&str], &str); 10] = [
        (&["A"], "A/"),
        (&["a b"], "a b/"),
        (&["a%"], "a%25/"),
        (&["a/"], "a%2F/"),
        (&["a-"], "a-/"),
        (&["a"], "a/"),
        (&["a", "b"], "a/b/"),
        (&["a0"], "a0/"),
        (&["\u{ffff}"], "\u{ffff}/"),
        (&["\u{10000}"], "\u{10000}/"),
    ];
    for (segments, _) in order.iter().rev() {
        memory.put(Record::draft("1").namespace(Namespace::new(*segments)?).embedding([1.0, 0.0, 0.0])).await?;
    }
    let found = memory.namespaces(&NamespacesRequest::new()).await?;
    let keys: Vec<_> = found.iter().map(Namespace::key).collect();
    ensure_eq!(keys, order.map(|(_, key)| key), "listed by key, bytewise");
    let ties = memory.search_vector([1.0, 0.0, 0.0], 10).await?;
    ensure_eq!(hits(&ties), order.map(|(_, key)| format!("{key}1")), "and so are equal scores");
    Ok(())
}

async fn a_prefix_is_whole_segments(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let inside: [&[&str]; 3] = [&["foo"], &["foo", "x"], &["foo", "x", "y"]];
    let outside: [&[&str]; 8] =
        [&["foobar"], &["fo"], &["foo/x"], &["foo%2Fx"], &["foo0"], &["foo "], &["FOO"], &["x", "foo"]];
    for segments in inside.iter().chain(&outside) {
        let draft = Record::draft("1").namespace(Namespace::new(*segments)?);
        memory.put(draft.content("apple").embedding([1.0, 0.0, 0.0])).await?;
    }
    let scoped = memory.narrow(Scope::subtree(namespace(["foo"])?))?;
    let expected = ["foo/1", "foo/x/1", "foo/x/y/1"];
    let found: Vec<_> = listed(&scoped, Filter::all()).await?.iter().map(|record| record.key.to_string()).collect();
    ensure_eq!(found, expected, "list");
    ensure_eq!(scoped.count(&Filter::all()).await?, 3, "count");
    ensure_eq!(hits(&scoped.search_vector([1.0, 0.0, 0.0], 20).await?), expected, "vector search");
    ensure_eq!(hits(&scoped.search_text("apple", 20).await?), expected, "text search");
    let found = scoped.namespaces(&NamespacesRequest::new()).await?;
    let keys: Vec<_> = found.iter().map(Namespace::key).collect();
    ensure_eq!(keys, ["foo/", "foo/x/", "foo/x/y/"], "namespaces");
    let alone = memory.narrow(Scope::exact(namespace(["foo"])?))?;
    ensure_eq!(alone.count(&Filter::all()).await?, 1, "the namespace alone");
    ensure_eq!(scoped.clear().await?, 3, "clear deletes what is inside");
    ensure_eq!(memory.count(&Filter::all()).await?, 8, "and leaves what is outside");
    Ok(())
}

async fn wildcards_are_data(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    for segment in ["f%", "f_o", "foo", "f", "*", "fo*", "[a-z]oo", "f\\_o", "f\\"] {
        memory.put(Record::draft("1").namespace(namespace([segment, "x"])?)).await?;
    }
    for segment in ["f%", "f_o", "*", "fo*", "[a-z]oo", "f\\_o", "f\\"] {
        let scope = memory.narrow(Scope::subtree(namespace([segment])?))?;
        let found = listed(&scope, Filter::all()).await?;
        let found: Vec<_> = found.iter().map(|record| record.key.namespace.segments()).collect();
        ensure_eq!(found, [[segment, "x"]], "{segment:?} holds its own alone");
    }
    Ok(())
}

async fn hostile_prefixes_hold_their_own_alone(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let mut drafts = Vec::new();
    for segment in STRINGS {
        drafts.push(Record::draft("1").namespace(namespace([segment])?));
        drafts.push(Record::draft("2").namespace(namespace([segment, segment])?));
    }
    memory.put_all(drafts).await?;
    for segment in STRINGS {
        let found = listed(&memory.narrow(Scope::subtree(namespace([segment])?))?, Filter::all()).await?;
        let found: Vec<_> = found.iter().map(|record| record.key.namespace.segments()).collect();
        ensure_eq!(found, [vec![*segment], vec![*segment, *segment]], "the subtree of {segment:?}");
    }
    Ok(())
}

async fn collection_names(context: Context) -> Outcome {
    let (longest, too_long) = ("a".repeat(48), "a".repeat(49));
    let before = context.calls.count();
    for bad in [
        "", "A", "aA", "1a", "_a", "a-b", "a b", " a", "a ", "a/b", "a.b", "a;drop", "a'", "a\"", "ä", "aä", "a\0",
        "a\n", "..", &too_long,
    ] {
        ensure_kind!(CollectionName::new(bad), InvalidArgument, "{bad:?} is no collection name");
    }
    ensure_eq!(context.calls.count(), before, "no name comes so far that a store is asked");
    for good in ["a", "z9_", "a__", &longest] {
        ensure!(CollectionName::new(good).is_ok(), "{good:?} is a collection name");
    }
    let name = context.name(&"x".repeat(48 - context.prefix.len() - 1))?;
    let memory = context.database.create(&CollectionSpec::new(name.clone()), Scope::exact(namespace(["n"])?)).await?;
    memory.put(Record::draft("1")).await?;
    ensure!(memory.get("1").await?.is_some(), "a name of 48 bytes works");
    ensure!(context.database.drop_collection(&name).await?, "and is dropped");
    Ok(())
}

async fn words_of_the_store_are_names_like_others(context: Context) -> Outcome {
    let names = [
        "select",
        "table",
        "index",
        "group",
        "order",
        "values",
        "null",
        "default",
        "user",
        "sqlite_master",
        "sqlite_sequence",
        "sqlite_x",
        "pg_class",
        "information_schema",
        "records",
        "collections",
        "collection",
        "meta",
        "words",
        "terms",
        "main",
    ];
    let scope = Scope::exact(namespace(["n"])?);
    for name in names {
        let spec = CollectionSpec::new(CollectionName::new(name)?).with_vectors(2, Metric::Dot)?;
        match context.database.create(&spec, scope.clone()).await {
            Ok(memory) => memory.put(Record::draft("1").content(name).embedding([1.0, 2.0])).await?,
            Err(error) => return Err(crate::Failure::assertion(format!("{name} is a legal name, but got {error}"))),
        };
    }
    for name in names {
        let memory = context.database.open(&CollectionName::new(name)?, scope.clone()).await?;
        ensure_eq!(hits(&memory.search_text(name, 10).await?), ["n/1"], "{name} holds its own record");
        ensure_eq!(memory.count(&Filter::content().eq(name)).await?, 1, "{name} holds its own record");
    }
    for name in names {
        ensure!(context.database.drop_collection(&CollectionName::new(name)?).await?, "{name} is there to drop");
    }
    ensure_eq!(context.database.collections().await?.len(), 0, "all are gone");
    Ok(())
}
