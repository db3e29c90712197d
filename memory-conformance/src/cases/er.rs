//! Errors (SPEC 12).

use std::error::Error as _;
use std::time::Duration;

use memory_core::{
    Batch, Embedding, Error, ErrorKind, Filter, HybridRequest, ListRequest, Maintenance, Memory, Metadata, Metric,
    NamespacesRequest, Precondition, Query, Record, Result, Scope, SearchRequest, Sharing, Switch, Timestamp, Value,
    Write,
};

use crate::context::{Context, key, namespace};
use crate::harness::Settings;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "ER-1": [
        every_error_says_what_where_and_by_whom,
        (a_lost_condition_is_named, Needs::Switch(Switch::ConditionalWrites)),
        after_close_every_call_is_refused,
        (closing_one_handle_leaves_the_others, Needs::Fact("sharing by several handles", |facts| facts.sharing >= Sharing::OneProcess)),
        what_is_retryable,
    ],
    "ER-2": [errors_hold_nothing_private, debug_holds_nothing_private],
}

/// The error is of this kind, names operation and backend, and is nothing to try again.
fn check(context: &Context, error: &Error, kind: ErrorKind, operation: &str) -> Outcome {
    ensure_eq!(error.kind(), kind, "{operation}: {error}");
    ensure_eq!(error.operation(), Some(operation), "the operation of {error}");
    let backend = context.capabilities().backend.as_str();
    ensure_eq!(error.backend(), Some(backend), "the backend of {error}");
    ensure!(!error.message().is_empty(), "an error says something to people");
    let shown = error.to_string();
    ensure!(shown.contains(operation) && shown.contains(backend), "and shows both: {shown}");
    ensure!(!error.is_retryable(), "repeating the same call cannot help: {error}");
    ensure_eq!(error.retry_after(), None, "and there is no time to wait for");
    Ok(())
}

async fn every_error_says_what_where_and_by_whom(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let (database, kind) = (&context.database, |text: &'static str| memory.text(text));
    let absent = context.name("absent")?;
    let error = ensure_kind!(database.open(&absent, Scope::all()).await, NotFound, "open");
    check(&context, &error, ErrorKind::NotFound, "open")?;
    let error = ensure_kind!(database.create(&context.spec("a", Metric::Dot)?, Scope::all()).await, Conflict, "create");
    check(&context, &error, ErrorKind::Conflict, "create")?;
    let error = ensure_kind!(memory.put(Record::draft("")).await, InvalidArgument, "put");
    check(&context, &error, ErrorKind::InvalidArgument, "put")?;
    let error = ensure_kind!(memory.get(key(["elsewhere"], "1")?).await, PermissionDenied, "get");
    check(&context, &error, ErrorKind::PermissionDenied, "get")?;
    let k = usize::try_from(context.capabilities().limits.k).unwrap_or(usize::MAX);
    if let Some(k) = k.checked_add(1) {
        let error = ensure_kind!(memory.search(&kind("apple").with_k(k)).await, LimitExceeded, "search");
        check(&context, &error, ErrorKind::LimitExceeded, "search")?;
    }
    let error = ensure_kind!(memory.update_last_write_wins("1", |_, draft| draft).await, NotFound, "update");
    check(&context, &error, ErrorKind::NotFound, "update")?;
    for task in [Maintenance::Verify, Maintenance::Compact, Maintenance::Reindex(absent)] {
        if !context.capabilities().has(task.switch()) {
            let error = ensure_kind!(database.maintain(&task).await, Unsupported, "maintain");
            check(&context, &error, ErrorKind::Unsupported, "maintain")?;
        }
    }
    context.database.drop_collection(memory.spec().name()).await?;
    for (operation, result) in every_call(&memory).await? {
        let error = ensure_kind!(result, NotFound, "{operation}");
        check(&context, &error, ErrorKind::NotFound, operation)?;
    }
    Ok(())
}

/// Calls every method that reaches the store, by the operation that its error names.
async fn every_call(memory: &Memory) -> Result<Vec<(&'static str, Result<()>)>> {
    let key = key(["n"], "1")?;
    let vector = [1.0, 0.0, 0.0];
    Ok(vec![
        ("put", memory.put(Record::draft("1").content("late").embedding(vector)).await.map(drop)),
        ("get", memory.get(&key).await.map(drop)),
        ("delete", memory.delete(&key).await.map(drop)),
        ("delete_where", memory.delete_where(&Filter::kind().eq("")).await.map(drop)),
        ("clear", memory.clear().await.map(drop)),
        ("search", memory.search_vector(vector, 10).await.map(drop)),
        ("search", memory.search_text("apple", 10).await.map(drop)),
        ("list", memory.list(&ListRequest::new()).await.map(drop)),
        ("count", memory.count(&Filter::all()).await.map(drop)),
        ("namespaces", memory.namespaces(&NamespacesRequest::new()).await.map(drop)),
        ("purge_expired", memory.purge_expired().await.map(drop)),
        ("update", memory.update_last_write_wins(&key, |_, draft| draft).await.map(drop)),
    ])
}

async fn a_lost_condition_is_named(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("there")).await?;
    let write = |id: &str| {
        Ok::<_, Error>(Write { record: memory.record(Record::draft(id))?, precondition: Some(Precondition::Absent) })
    };
    let lost = memory.apply_writes(&[write("new")?, write("there")?], Batch::independent()).await;
    let error = ensure_kind!(lost, Conflict, "one of two is there already");
    check(&context, &error, ErrorKind::Conflict, "put")?;
    ensure_eq!(error.conflicting(), [key(["n"], "there")?], "the loser");
    ensure_eq!(error.accepted(), [key(["n"], "new")?], "what was accepted");
    ensure_eq!(error.unknown(), [], "nothing is unknown");
    Ok(())
}

async fn after_close_every_call_is_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1")).await?;
    let name = context.name("a")?;
    let whole = context.database.open(&name, Scope::all()).await?;
    let (clone, narrow) = (context.database.clone(), memory.narrow(Scope::exact(namespace(["n"])?))?);
    ensure!(context.database.close().await.is_ok(), "close");
    let spec = context.spec("a", Metric::Cosine)?;
    for database in [&context.database, &clone] {
        let mut refused = vec![
            ("create", database.create(&spec, Scope::all()).await.map(drop)),
            ("open", database.open(&name, Scope::all()).await.map(drop)),
            ("collections", database.collections().await.map(drop)),
            ("drop", database.drop_collection(&name).await.map(drop)),
            ("health", database.health().await.map(drop)),
            ("stats", whole.stats().await.map(drop)),
        ];
        for task in super::ca::claimed_tasks(context.capabilities(), &name) {
            refused.push(("maintain", database.maintain(&task).await.map(drop)));
        }
        for (operation, result) in refused {
            let error = ensure_kind!(result, InvalidArgument, "{operation} after close");
            check(&context, &error, ErrorKind::InvalidArgument, operation)?;
        }
    }
    for memory in [&memory, &narrow] {
        for (operation, result) in every_call(memory).await? {
            let error = ensure_kind!(result, InvalidArgument, "{operation} after close");
            check(&context, &error, ErrorKind::InvalidArgument, operation)?;
        }
    }
    ensure!(clone.close().await.is_ok(), "closing again does nothing");
    Ok(())
}

async fn closing_one_handle_leaves_the_others(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let other = context.connect().await?;
    let theirs = other.open(memory.spec().name(), memory.scope().clone()).await?;
    other.close().await?;
    ensure_kind!(theirs.get("1").await, InvalidArgument, "the closed one is closed");
    for (operation, result) in every_call(&memory).await? {
        match result {
            Err(error) if error.kind() == ErrorKind::InvalidArgument => {
                return Err(Failure::assertion(format!("{operation} through an open handle: {error}")));
            }
            Ok(()) | Err(_) => {}
        }
    }
    memory.put(Record::draft("1")).await?;
    ensure!(memory.get("1").await?.is_some(), "the other one works");
    Ok(())
}

async fn what_is_retryable(_context: Context) -> Outcome {
    use ErrorKind::{
        Conflict, Corrupt, Internal, InvalidArgument, LimitExceeded, NotFound, PermissionDenied, RateLimited, Timeout,
        Unavailable, Unsupported,
    };
    for kind in [RateLimited, Timeout, Unavailable] {
        ensure!(Error::new(kind, "x").is_retryable(), "{kind}");
        ensure!(Error::new(kind, "x").with_open_outcome(false).is_retryable(), "{kind}, an unconditional write");
        ensure!(!Error::new(kind, "x").with_open_outcome(true).is_retryable(), "{kind}, a conditional write in doubt");
    }
    for kind in [Conflict, Corrupt, Internal, InvalidArgument, LimitExceeded, NotFound, PermissionDenied, Unsupported] {
        ensure!(!Error::new(kind, "x").is_retryable(), "{kind}");
    }
    let pause = Duration::from_secs(7);
    let limited = Error::new(RateLimited, "x").with_retry_after(pause).with_source(Error::new(Timeout, "below"));
    ensure_eq!(limited.retry_after(), Some(pause), "the server's own pause");
    ensure_eq!(limited.source().map(ToString::to_string).as_deref(), Some("timed out: below"), "the source chain");
    Ok(())
}

/// What must not be seen. Each stands in what the cases below write or ask, and nowhere else.
const SECRETS: [&str; 9] = [
    "secretcontent",
    "secrettag",
    "secretvalue",
    "4242424242",
    "0.12345",
    "12345679",
    "secretoperand",
    "secretquery",
    "secretword",
];

fn check_silent(what: &str, shown: &str) -> Outcome {
    let lower = shown.to_lowercase();
    for secret in SECRETS {
        ensure!(!lower.contains(secret), "{what} shows {secret:?}: {shown}");
    }
    Ok(())
}

/// Shows an error in every form, down its whole source chain.
fn check_error(what: &str, error: &Error) -> Outcome {
    check_silent(what, &format!("{error} {error:?} {error:#?} {}", error.message()))?;
    let mut source = error.source();
    while let Some(below) = source {
        check_silent(what, &format!("{below} {below:?} {below:#?}"))?;
        source = below.source();
    }
    Ok(())
}

fn secret_embedding() -> Result<Embedding> {
    Embedding::new(vec![0.123_456_79, 1.0, 0.0])
}

fn secret_draft(id: &str) -> Result<memory_core::Draft> {
    Ok(Record::draft(id)
        .content("secretcontent secretword")
        .tags(["secrettag"])
        .embedding(secret_embedding()?)
        .metadata(Metadata::from_json(r#"{"field":["secretvalue",{"deeper":4242424242}]}"#)?))
}

/// A filter that holds a secret wherever one can stand.
fn secret_filter() -> Filter {
    let field = || Filter::metadata(["field"]);
    Filter::or([
        Filter::content().eq("secretoperand"),
        Filter::kind().starts_with("secretoperand"),
        Filter::id().not_in(["secretoperand"]),
        Filter::tags().contains_any(["secretoperand"]),
        Filter::tags().eq(["secretoperand"]),
        field().eq("secretoperand"),
        field().ne(4_242_424_242_i64),
        field().is_in(["secretoperand"]),
        field().contains(Value::from(vec!["secretoperand"])),
        !field().eq(Value::Object([("deeper".to_owned(), Value::from("secretoperand"))].into())),
    ])
}

async fn errors_hold_nothing_private(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(secret_draft("1")?).await?;
    memory.put_all((0..5).map(|i| secret_draft(&format!("x{i}"))).collect::<Result<Vec<_>>>()?).await?;
    let mut errors: Vec<(&str, Error)> = Vec::new();
    macro_rules! provoke {
        ($what:literal, $result:expr) => {
            match $result {
                Err(error) => errors.push(($what, error)),
                Ok(_) => return Err(Failure::assertion(format!("{} was to fail", $what))),
            }
        };
    }
    let many = |secret: &str, n: usize| (0..n).map(|i| format!("{secret}{i}")).collect::<Vec<_>>();
    provoke!("a long tag", memory.put(secret_draft("2")?.tags(["secrettag".repeat(40)])).await);
    provoke!("a tag with NUL", memory.put(secret_draft("2")?.tags(["secrettag\0"])).await);
    provoke!("too many tags", memory.put(secret_draft("2")?.tags(many("secrettag", 65))).await);
    provoke!("content with NUL", memory.put(secret_draft("2")?.content("secretcontent\0")).await);
    provoke!("a wrong dimension", memory.put(secret_draft("2")?.embedding([0.123_456_79, 1.0])).await);
    provoke!("no number", memory.put(secret_draft("2")?.embedding([0.123_456_79, f32::NAN, 1.0])).await);
    provoke!("a zero vector", memory.put(secret_draft("2")?.embedding([0.0; 3])).await);
    provoke!("a foreign namespace", memory.put(secret_draft("2")?.namespace(namespace(["other"])?)).await);
    let deep = (0..20).fold(Value::from("secretvalue"), |value, _| Value::from(vec![value]));
    provoke!("deep metadata", Metadata::try_from(Value::Object([("field".to_owned(), deep.clone())].into())));
    for text in [
        r#"{"field":"secretvalue"#,
        r#"{"field":"secretvalue"}}"#,
        r#"{"field":secretvalue}"#,
        r#"{"field":"secretvalue\u0000"}"#,
        r#"{"field":4242424242e9999}"#,
        r#"{"field":4242424242424242424242}"#,
        r#"["secretvalue"]"#,
    ] {
        provoke!("metadata text", Metadata::from_json(text));
        provoke!("record text", Record::from_json(&format!(r#"{{"namespace":["n"],"id":"1","metadata":{text}}}"#)));
        let filter = format!(r#"{{"field":["metadata","field"],"op":"starts_with","value":{text},"more":1}}"#);
        provoke!("filter text", Filter::from_json(&filter));
    }
    for text in [
        r#"{"field":"kind","op":"eq","value":["secretoperand"]}"#,
        r#"{"field":"created_at","op":"eq","value":"secretoperand"}"#,
        r#"{"field":"embedding","op":"exists","value":"secretoperand"}"#,
        r#"{"field":"tags","op":"contains","value":{"a":"secretoperand"}}"#,
    ] {
        provoke!("filter text", Filter::from_json(text));
    }
    provoke!("a time", Timestamp::parse("secretvalue"));
    let field = || Filter::metadata(["field"]);
    for filter in [
        field().is_in(many("secretoperand", 1_001)),
        field().eq(deep),
        field().eq("secretoperand\0"),
        field().contains_any([Value::from("secretoperand"), Value::Null]),
        Filter::content().eq("secretoperand".repeat(100_000)),
    ] {
        provoke!("count", memory.count(&filter).await);
        provoke!("list", memory.list(&ListRequest::new().with_filter(filter.clone())).await);
        provoke!("delete_where", memory.delete_where(&filter).await);
        provoke!("search", memory.search(&memory.text("secretquery").with_filter(filter)).await);
    }
    let cursor = memory
        .list(&ListRequest::new().with_limit(1).with_filter(Filter::content().eq("secretcontent secretword")))
        .await?
        .cursor;
    let other = ListRequest::new().with_filter(secret_filter()).with_cursor(cursor);
    ensure!(other.cursor.is_some(), "more than one record matches");
    provoke!("a foreign cursor", memory.list(&other).await);
    provoke!("a text with min_score", memory.search(&memory.text("secretquery").with_min_score(0.5)).await);
    provoke!("a query of another dimension", memory.search_vector([0.123_456_79, 1.0], 10).await);
    let hybrid = HybridRequest::new("secretquery", secret_embedding()?).with_filter(secret_filter());
    provoke!("a weight", memory.hybrid(&hybrid.clone().with_weight(2.0)).await);
    if context.capabilities().has(Switch::ConditionalWrites) {
        provoke!("a lost condition", memory.put_if(secret_draft("1")?, Precondition::Absent).await);
    }
    if !context.capabilities().has(Switch::AtomicBatches) {
        let write = Write::from(memory.record(secret_draft("2")?)?);
        provoke!("an atomic batch", memory.apply_writes(&[write], Batch::atomic()).await);
    }
    let small = context.with_settings(&Settings { record_bytes: Some(16_384), ..Settings::default() }).await?;
    let large = small.home("a").await?.put(secret_draft("2")?.content("secretcontent ".repeat(2_000))).await;
    provoke!("a large record", large);

    context.database.drop_collection(memory.spec().name()).await?;
    let successor = context.text_collection("a").await?;
    provoke!("a dropped collection", memory.put(secret_draft("2")?).await);
    provoke!("a search in one", memory.search_text("secretquery", 10).await);
    provoke!("a vector among texts", successor.put(secret_draft("2")?.namespace(namespace(["n"])?)).await);
    context.database.close().await?;
    provoke!(
        "a put after close",
        successor.put(Record::draft("2").namespace(namespace(["n"])?).content("secretcontent")).await
    );
    provoke!("a search after close", successor.search_text("secretquery", 10).await);
    provoke!("a count after close", successor.count(&secret_filter()).await);
    ensure!(errors.len() > 60, "so many were provoked: {}", errors.len());
    for (what, error) in &errors {
        check_error(what, error)?;
    }
    Ok(())
}

async fn debug_holds_nothing_private(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let record = memory.record(secret_draft("1")?)?;
    memory.put(record.clone()).await?;
    let search = SearchRequest::new(Query::vector(secret_embedding()?)).with_filter(secret_filter());
    let text = memory.text("secretquery secretword").with_filter(secret_filter());
    let hybrid = HybridRequest::new("secretquery secretword", secret_embedding()?).with_filter(secret_filter());
    let list = ListRequest::new().with_filter(Filter::tags().contains("secrettag"));
    let whole = memory_core::Returns::Embeddings;
    let found = memory.search(&SearchRequest::new(Query::vector(secret_embedding()?)).with_returns(whole)).await?;
    let worded = memory.search_text("secretword", 10).await?;
    let fused = memory.hybrid(&HybridRequest::new("secretword", secret_embedding()?).with_returns(whole)).await?;
    let page = memory.list(&list).await?;
    ensure_eq!(
        (found.hits.len(), worded.hits.len(), fused.hits.len(), page.records.len()),
        (1, 1, 1, 1),
        "all find it"
    );
    let write = Write { record: record.clone(), precondition: Some(Precondition::Absent) };
    macro_rules! silent {
        ($($what:literal: $value:expr),* $(,)?) => {
            $({
                let value = &$value;
                check_silent($what, &format!("{value:?} {value:#?}"))?;
            })*
        };
    }
    silent! {
        "a draft": secret_draft("1")?,
        "a record": record,
        "its content": record.content,
        "its tags": record.tags,
        "its metadata": record.metadata,
        "a value": record.metadata.get(&["field"]),
        "its embedding": record.embedding,
        "a write": write,
        "a stored record": memory.get("1").await?,
        "a filter": secret_filter(),
        "a vector search": search,
        "a text search": text,
        "a hybrid search": hybrid,
        "a listing": list,
        "hits of a vector search": found,
        "hits of a text search": worded,
        "hits of a hybrid search": fused,
        "a page": page,
        "a handle": memory,
        "a database": context.database,
        "the store": context.test_database.connect().await?,
        "a collection's spec": memory.spec(),
    }
    Ok(())
}
