//! What was put is what is got (RE-1).

use memory_core::{Draft, ListRequest, Memory, Metadata, Record, Returns};

use crate::cases::state::{Must as _, everything, read, same};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind, hostile};

cases! {
    "RE-1": [
        every_field_comes_back_by_every_read,
        what_is_not_named_is_empty,
        tags_come_back_sorted_and_once,
        kinds_and_tags_at_their_bounds,
        hostile_strings_in_every_field,
        empty_and_absent_are_kept_apart,
    ],
}

/// The canonical form of [`full`].
const FULL: &str = concat!(
    r#"{"content":"Café “noir”\n\t\"x\" \\ end ","created_at":"2026-01-02T03:04:05.000007Z","embedding":[0.5,-0.25,3.0],"#,
    r#""expires_at":"2026-01-02T03:04:06.000006Z","id":"full/1","kind":"fact","metadata":{"":[],"a":{"b":[1,1.0,null]},"#,
    r#""a.b":"x"},"namespace":["n","ü/b"],"tags":["a,b","Ünï"],"updated_at":"2026-01-02T03:04:04.999999Z"}"#
);

fn full() -> memory_core::Result<Draft> {
    let metadata = Metadata::from_json(r#"{"a.b":"x","a":{"b":[1,1.0,null]},"":[]}"#)?;
    Ok(Record::draft("full/1")
        .namespace(namespace(["n", "ü/b"])?)
        .kind("fact")
        .content("Café “noir”\n\t\"x\" \\ end ")
        .embedding([0.5, -0.25, 3.0])
        .metadata(metadata)
        .tags(["Ünï", "a,b"])
        .created_at(at(1)?)
        .updated_at(at(-7)?)
        .expires_at(at(1_000_000)?))
}

async fn every_field_comes_back_by_every_read(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    memory.put(full()?).await.must("a record with every field")?;
    let other = context.connect().await?.open(memory.spec().name(), memory.scope().clone()).await?;
    let key = key(["n", "ü/b"], "full/1")?;
    for handle in [&memory, &other] {
        ensure_eq!(read(handle, &key).await?.to_json(), FULL, "a read answers every field");
        let listed = everything(handle).await?;
        ensure_eq!(
            listed.iter().map(|s| s.record.to_json()).collect::<Vec<_>>(),
            [FULL],
            "a listing answers every field"
        );
        let text = handle.search(&handle.text("noir").with_returns(Returns::Embeddings)).await.must("a text search")?;
        let found: Vec<_> = text.hits.iter().filter_map(|hit| hit.record.as_ref()).map(Record::to_json).collect();
        ensure_eq!(found, [FULL], "a text search answers every field");
        let request = memory_core::SearchRequest::new(memory_core::Query::vector([0.5, -0.25, 3.0].try_into()?));
        let vector = handle.search(&request.with_returns(Returns::Embeddings)).await.must("a vector search")?;
        let found: Vec<_> = vector.hits.iter().filter_map(|hit| hit.record.as_ref()).map(Record::to_json).collect();
        ensure_eq!(found, [FULL], "a vector search answers every field");
    }
    let page = memory.list(&ListRequest::new().with_returns(Returns::Records)).await.must("a listing")?;
    let without = FULL.replace(r#""embedding":[0.5,-0.25,3.0],"#, "");
    ensure_eq!(page.records[0].record.to_json(), without, "without its embedding every other field is there");
    Ok(())
}

async fn what_is_not_named_is_empty(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1")).await.must("a record of nothing but a name")?;
    ensure_eq!(
        read(&memory, "1").await?.to_json(),
        concat!(
            r#"{"content":"","created_at":"2026-01-02T03:04:05.000006Z","id":"1","kind":"","metadata":{},"namespace":["n"],"#,
            r#""tags":[],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
        ),
        "fields that are not named are empty, the times are the clock's"
    );
    Ok(())
}

async fn tags_come_back_sorted_and_once(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let tags = [
        "b", "a", "B", "a", "é", "e\u{301}", ",", "a,b", "\"", "a b", " a", "b", "'", "[\"a\"]", "10", "9", "A", "🙂",
        "\u{ffff}",
    ];
    memory.put(Record::draft("1").tags(tags)).await.must("many tags")?;
    let found = read(&memory, "1").await?;
    // Bytewise: U+FFFF is EF BF BF and comes before the emoji, F0 9F 99 82.
    let sorted = [
        " a", "\"", "'", ",", "10", "9", "A", "B", "[\"a\"]", "a", "a b", "a,b", "b", "e\u{301}", "é", "\u{ffff}", "🙂",
    ];
    ensure_eq!(found.tags.iter().collect::<Vec<_>>(), sorted, "tags are a set, answered bytewise");
    Ok(())
}

async fn kinds_and_tags_at_their_bounds(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let kind = "é".repeat(32);
    let tags: Vec<String> = (0..64).map(|n| format!("tag {n:02}")).collect();
    let long = hostile::long(256, "a");
    let longer = hostile::long(256, "b");
    memory.put(Record::draft("kind").kind(&kind)).await.must("a kind of 64 bytes")?;
    memory.put(Record::draft("many").tags(&tags)).await.must("64 tags")?;
    memory.put(Record::draft("doubled").tags(tags.iter().chain(&tags))).await.must("64 tags, each twice")?;
    memory.put(Record::draft("long").tags([&longer, &long])).await.must("tags of 256 bytes")?;
    ensure_eq!(read(&memory, "kind").await?.kind.as_str(), kind, "a kind of 64 bytes comes back");
    ensure_eq!(read(&memory, "many").await?.tags.iter().collect::<Vec<_>>(), tags, "64 tags come back");
    ensure_eq!(read(&memory, "doubled").await?.tags.len(), 64, "a tag given twice counts once");
    ensure_eq!(
        read(&memory, "long").await?.tags.iter().collect::<Vec<_>>(),
        [long, longer],
        "tags that differ in their 256th byte stay two"
    );
    let calls = context.calls.count();
    let one_more = tags.iter().map(String::as_str).chain(["another"]);
    for (bad, what) in [
        (Record::draft("bad").kind(format!("{kind}x")), "a kind of 65 bytes"),
        (Record::draft("bad").tags(one_more), "65 tags"),
        (Record::draft("bad").tags([hostile::long(257, "abc")]), "a tag of 257 bytes"),
        (Record::draft("bad").tags([""]), "an empty tag"),
    ] {
        ensure_kind!(memory.put(bad).await, InvalidArgument, "{what}");
    }
    ensure_eq!(context.calls.count(), calls, "a record that is not legal is refused before any I/O");
    Ok(())
}

async fn hostile_strings_in_every_field(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let mut drafts = Vec::new();
    for (at, text) in hostile::STRINGS.iter().enumerate() {
        let kind = if text.len() <= 64 { *text } else { "" };
        let metadata: std::collections::BTreeMap<_, _> = [(text.to_string(), memory_core::Value::from(*text))].into();
        drafts.push(Record::draft(at.to_string()).kind(kind).content(*text).tags([*text]).metadata(metadata));
    }
    memory.put_all(drafts).await.must("hostile strings")?;
    for (at, text) in hostile::STRINGS.iter().enumerate() {
        let found = read(&memory, at.to_string()).await?;
        ensure_eq!(found.content.as_str(), *text, "content");
        ensure_eq!(found.kind.as_str(), if text.len() <= 64 { *text } else { "" }, "kind");
        ensure_eq!(found.tags.iter().collect::<Vec<_>>(), [*text], "tag");
        let entries: Vec<_> = found.metadata.iter().collect();
        ensure!(entries == [(*text, &memory_core::Value::from(*text))], "metadata key and value {text:?}");
    }
    let content = format!("{}\u{10ffff}", "‘a’ 🙂 \" ".repeat(800));
    memory.put(Record::draft("long").content(&content)).await.must("a long text")?;
    ensure_eq!(read(&memory, "long").await?.content.as_str(), content, "a long text comes back whole");
    Ok(())
}

async fn empty_and_absent_are_kept_apart(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let pairs = [
        ("metadata", with(&memory, "1", r#"{"a":[]}"#)?, with(&memory, "1", "{}")?),
        ("an empty text", with(&memory, "2", r#"{"a":""}"#)?, with(&memory, "2", "{}")?),
        ("an empty object", with(&memory, "3", r#"{"a":{}}"#)?, with(&memory, "3", "{}")?),
        ("null", with(&memory, "4", r#"{"a":null}"#)?, with(&memory, "4", "{}")?),
        ("null in an array", with(&memory, "5", r#"{"a":[null]}"#)?, with(&memory, "5", r#"{"a":[]}"#)?),
    ];
    for (what, some, none) in pairs {
        for record in [&some, &none, &some] {
            memory.put(record.clone()).await.must(what)?;
            same(&read(&memory, &record.key).await?, record, what)?;
        }
    }
    Ok(())
}

fn with(memory: &Memory, id: &str, metadata: &str) -> memory_core::Result<Record> {
    memory.record(Record::draft(id).metadata(Metadata::from_json(metadata)?))
}
