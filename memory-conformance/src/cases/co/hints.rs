//! Metadata paths to index (CO-7).

use std::collections::BTreeSet;

use memory_core::{CreateOptions, Filter, Memory, Metadata, Metric, Number, Record, Result, Scope, Value};

use crate::context::{Context, ids, listed, namespace};
use crate::hostile::STRINGS;
use crate::{Failure, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "CO-7": [
        hints_change_no_answer,
        hints_may_be_given_later,
        hints_of_hostile_paths,
        a_hint_never_makes_a_record_impossible_to_write,
        hints_are_not_part_of_the_spec,
        paths_that_are_no_paths,
    ],
}

/// One record for each kind of value that may stand at the path `v`, under this id.
fn values() -> Result<Vec<(&'static str, &'static str)>> {
    Ok(vec![
        ("absent", r#"{}"#),
        ("null", r#"{"v":null}"#),
        ("false", r#"{"v":false}"#),
        ("true", r#"{"v":true}"#),
        ("0", r#"{"v":0}"#),
        ("-0.0", r#"{"v":-0.0}"#),
        ("1", r#"{"v":1}"#),
        ("1.0", r#"{"v":1.0}"#),
        ("text 1", r#"{"v":"1"}"#),
        ("2^53", r#"{"v":9007199254740992}"#),
        ("2^53+1", r#"{"v":9007199254740993}"#),
        ("i64::MIN", r#"{"v":-9223372036854775808}"#),
        ("u64::MAX", r#"{"v":18446744073709551615}"#),
        ("1e308", r#"{"v":1e308}"#),
        ("empty", r#"{"v":""}"#),
        ("A", r#"{"v":"A"}"#),
        ("a", r#"{"v":"a"}"#),
        ("a blank", r#"{"v":"a "}"#),
        ("é", r#"{"v":"é"}"#),
        ("[]", r#"{"v":[]}"#),
        ("[1]", r#"{"v":[1]}"#),
        ("{}", r#"{"v":{}}"#),
        ("nested", r#"{"v":{"w":1}}"#),
        ("nested text", r#"{"v":{"w":"1"}}"#),
        ("dotted", r#"{"v.w":1}"#),
    ])
}

/// Filters on `v` and below, with the ids that they match, sorted.
fn questions() -> Result<Vec<(Filter, Vec<&'static str>)>> {
    let v = || Filter::metadata(["v"]);
    let w = || Filter::metadata(["v", "w"]);
    Ok(vec![
        (v().exists(false), vec!["absent", "dotted", "null"]),
        (v().eq(1), vec!["1", "1.0"]),
        (v().eq("1"), vec!["text 1"]),
        (v().eq(true), vec!["true"]),
        (v().eq(0), vec!["-0.0", "0"]),
        (v().eq(9_007_199_254_740_993_i64), vec!["2^53+1"]),
        (v().eq(Value::from(Number::try_from(9_007_199_254_740_992.0)?)), vec!["2^53"]),
        (v().gt(1), vec!["1e308", "2^53", "2^53+1", "u64::MAX"]),
        (v().le(0), vec!["-0.0", "0", "i64::MIN"]),
        (v().lt(true), vec!["false"]),
        (v().ge("a"), vec!["a", "a blank", "é"]),
        (v().lt("a"), vec!["A", "empty", "text 1"]),
        (v().starts_with("a"), vec!["a", "a blank"]),
        (v().is_in([Value::from("A"), Value::from(u64::MAX)]), vec!["A", "u64::MAX"]),
        (v().contains(1), vec!["[1]"]),
        (v().eq(Value::Array(vec![])), vec!["[]"]),
        (v().eq(Value::Object(Default::default())), vec!["{}"]),
        (w().eq(1), vec!["nested"]),
        (w().ge("0"), vec!["nested text"]),
        (Filter::and([w().exists(false), v().ne(1), v().lt("z")]), vec!["A", "a", "a blank", "empty", "text 1"]),
        (Filter::metadata(["v.w"]).eq(1), vec!["dotted"]),
    ])
}

async fn put_values(memory: &Memory) -> Outcome {
    for (id, json) in values()? {
        let draft = Record::draft(id).content("apple").embedding([1.0, 0.0, 0.0]).metadata(Metadata::from_json(json)?);
        if let Err(error) = memory.put(draft).await {
            return Err(Failure::assertion(format!("{id:?} cannot be written: {error}")));
        }
    }
    Ok(())
}

async fn check_answers(memory: &Memory, when: &str) -> Outcome {
    for (filter, expected) in questions()? {
        ensure_eq!(ids(&listed(memory, filter.clone()).await?), expected, "list {when}: {filter:?}");
        ensure_eq!(memory.count(&filter).await?, expected.len() as u64, "count {when}: {filter:?}");
        let search = memory.text("apple").with_filter(filter.clone()).with_k(100);
        ensure_eq!(memory.search(&search).await?.hits.len(), expected.len(), "search {when}: {filter:?}");
    }
    Ok(())
}

async fn create(context: &Context, suffix: &str, options: &CreateOptions) -> Result<Memory> {
    let spec = context.spec(suffix, Metric::Cosine)?;
    context.database.create_with(&spec, options, Scope::subtree(namespace(["n"])?)).await
}

fn options() -> CreateOptions {
    CreateOptions::new().with_index(["v"]).with_index(["v", "w"]).with_index(["v.w"]).with_index(["nowhere"])
}

async fn hints_change_no_answer(context: Context) -> Outcome {
    for (suffix, options) in [("without", CreateOptions::new()), ("with", options())] {
        let memory = create(&context, suffix, &options).await?;
        put_values(&memory).await?;
        check_answers(&memory, suffix).await?;
        memory.delete_all(["1", "a", "nested"]).await?;
        memory.put(Record::draft("a blank").metadata(Metadata::from_json(r#"{"v":1}"#)?)).await?;
        let found = listed(&memory, Filter::metadata(["v"]).eq(1)).await?;
        ensure_eq!(ids(&found), ["1.0", "a blank"], "after deletes and an upsert, {suffix}");
    }
    Ok(())
}

async fn hints_may_be_given_later(context: Context) -> Outcome {
    let memory = create(&context, "a", &CreateOptions::new()).await?;
    put_values(&memory).await?;
    for (when, options) in [
        ("with one more", CreateOptions::new().with_index(["v"])),
        ("with the same again", CreateOptions::new().with_index(["v"]).with_index(["v"])),
        ("with others", options()),
        ("with none", CreateOptions::new()),
    ] {
        match create(&context, "a", &options).await {
            Ok(again) => check_answers(&again, when).await?,
            Err(error) => return Err(Failure::assertion(format!("hints {when} are refused: {error}"))),
        }
        check_answers(&memory, when).await?;
    }
    put_values(&memory).await?;
    check_answers(&memory, "after writing again").await
}

async fn hints_of_hostile_paths(context: Context) -> Outcome {
    let keys: BTreeSet<&str> = STRINGS.iter().step_by(6).copied().chain(["", "a.b", "v", "$.v", "V"]).collect();
    let mut options = CreateOptions::new().with_index(["k"; 16]);
    for key in &keys {
        options = options.with_index([*key]).with_index(["deep", *key]);
    }
    let memory = match create(&context, "a", &options).await {
        Ok(memory) => memory,
        Err(error) => return Err(Failure::assertion(format!("hostile paths are refused: {error}"))),
    };
    for (i, key) in keys.iter().enumerate() {
        let shallow = serde_json::json!({ *key: i });
        let deep = serde_json::json!({ "deep": { *key: i } });
        memory
            .put_all([Record::draft(format!("s{i}")).metadata(shallow), Record::draft(format!("d{i}")).metadata(deep)])
            .await?;
    }
    for (i, key) in keys.iter().enumerate() {
        let here = listed(&memory, Filter::metadata([*key]).eq(i as u64)).await?;
        ensure_eq!(ids(&here), [format!("s{i}")], "the path {key:?}");
        let below = listed(&memory, Filter::metadata(["deep", key]).exists(true)).await?;
        ensure_eq!(ids(&below), [format!("d{i}")], "the path {key:?} below another");
    }
    Ok(())
}

async fn a_hint_never_makes_a_record_impossible_to_write(context: Context) -> Outcome {
    let memory = create(&context, "a", &CreateOptions::new().with_index(["v"]).with_index(["v", "w"])).await?;
    // Longer than what fits a page of any index, and deep: all within the 16 KiB that every backend takes.
    let long = "é'x".repeat(3_000);
    let deep = (0..13).fold(Value::from(1), |value, _| Value::Object([("w".to_owned(), value)].into()));
    let wide: Vec<Value> = (0..1_500).map(Value::from).collect();
    let values = [
        ("long", Value::from(long.as_str())),
        ("longer", Value::from(format!("{long}!"))),
        ("deep", deep),
        ("wide", Value::Array(wide)),
        ("hostile", Value::Array(STRINGS.iter().map(|s| Value::from(*s)).collect())),
    ];
    for (id, value) in values {
        let json = format!(r#"{{"v":{}}}"#, value.to_json());
        if let Err(error) = memory.put(Record::draft(id).metadata(Metadata::from_json(&json)?)).await {
            return Err(Failure::assertion(format!("{id} cannot be written: {error}")));
        }
        let stored = memory.get(id).await?.map(|stored| stored.record.metadata.to_json());
        ensure_eq!(stored.as_deref(), Some(json.as_str()), "{id} comes back");
    }
    let v = || Filter::metadata(["v"]);
    ensure_eq!(ids(&listed(&memory, v().eq(long.as_str())).await?), ["long"], "the long one equals itself alone");
    ensure_eq!(ids(&listed(&memory, v().gt(long.as_str())).await?), ["longer"], "the longer one is greater");
    ensure_eq!(ids(&listed(&memory, v().starts_with(long.as_str())).await?), ["long", "longer"], "both begin so");
    Ok(())
}

async fn hints_are_not_part_of_the_spec(context: Context) -> Outcome {
    let with = create(&context, "a", &options()).await?;
    with.put(Record::draft("1")).await?;
    let without = create(&context, "a", &CreateOptions::new()).await;
    ensure!(without.is_ok(), "the same spec without hints is no conflict");
    ensure_eq!(without?.count(&Filter::all()).await?, 1, "it is the same collection");
    let opened = context.database.open(&context.name("a")?, Scope::all()).await?;
    ensure_eq!(*opened.spec(), context.spec("a", Metric::Cosine)?, "open answers the spec");
    Ok(())
}

async fn paths_that_are_no_paths(context: Context) -> Outcome {
    let before = context.calls.count();
    for (what, options) in [
        ("no key", CreateOptions::new().with_index(<[&str; 0]>::default())),
        ("17 keys", CreateOptions::new().with_index(["k"; 17])),
        ("NUL", CreateOptions::new().with_index(["k\0"])),
        ("one bad among good", CreateOptions::new().with_index(["v"]).with_index(["k"; 17])),
    ] {
        ensure_kind!(create(&context, "a", &options).await, InvalidArgument, "{what}");
    }
    ensure_eq!(context.calls.count(), before, "refused before any I/O");
    ensure_kind!(context.database.open(&context.name("a")?, Scope::all()).await, NotFound, "nothing was made");
    Ok(())
}
