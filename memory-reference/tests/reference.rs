//! A short walk through each part of the contract, and what is the reference's own; the suite does the rest.
#![allow(clippy::unwrap_used)]

use futures_executor::block_on;
use memory_core::{
    Backend, Batch, CollectionName, CollectionSpec, Cursor, Database, Delete, ErrorKind, Filter, FixedClock,
    ListRequest, Memory, Metric, Namespace, NamespacesRequest, Order, Precondition, Record, RecordKey, Result, Returns,
    Scope, SearchRequest, Timestamp, Version, WordMatch, Write,
};
use memory_reference::ReferenceBackend;

fn spec(name: &str) -> CollectionSpec {
    CollectionSpec::new(CollectionName::new(name).unwrap()).with_vectors(2, Metric::Dot).unwrap()
}

fn ns(key: &str) -> Namespace {
    Namespace::from_key(key).unwrap()
}

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

/// A handle on everything in a fresh collection, at time 100.
fn all() -> (Database, Memory) {
    let database = Database::new(ReferenceBackend::new()).with_clock(FixedClock::new(at(100)));
    let memory = block_on(database.create(&spec("m"), Scope::all())).unwrap();
    (database, memory)
}

fn put(memory: &Memory, namespace: &str, id: &str, change: impl FnOnce(memory_core::Draft) -> memory_core::Draft) {
    block_on(memory.put(change(Record::draft(id).namespace(ns(namespace))))).unwrap();
}

fn write(memory: &Memory, id: &str, content: &str, precondition: Option<Precondition>) -> Write {
    let record = memory.record(Record::draft(id).namespace(ns("a/")).content(content)).unwrap();
    Write { record, precondition }
}

fn ids(keys: &[RecordKey]) -> Vec<&str> {
    keys.iter().map(|key| key.id.as_str()).collect()
}

fn found(memory: &Memory, request: &SearchRequest) -> Vec<(String, f64, u64)> {
    let response = block_on(memory.search(request)).unwrap();
    response.hits.iter().map(|hit| (hit.key.to_string(), hit.score.value(), hit.rank)).collect()
}

#[test]
fn vectors_rank_by_score_then_key_and_ranks_count_from_before_skip() {
    let (_database, memory) = all();
    put(&memory, "b/", "x", |d| d.embedding([1.0, 0.0]));
    put(&memory, "a/", "y", |d| d.embedding([1.0, 5.0]));
    put(&memory, "a/", "z", |d| d.embedding([2.0, 0.0]));
    put(&memory, "a/", "negative", |d| d.embedding([-1.0, 0.0]));
    put(&memory, "a/", "text", |d| d.content("no vector"));
    put(&memory, "a/", "gone", |d| d.embedding([9.0, 0.0]).expires_at(at(100)));
    let request = SearchRequest::new(memory_core::Query::vector([1.0, 0.0].try_into().unwrap()));
    let hit = |key: &str, score, rank| (key.to_owned(), score, rank);
    let expected = [hit("a/z", 2.0, 1), hit("a/y", 1.0, 2), hit("b/x", 1.0, 3), hit("a/negative", -1.0, 4)];
    assert_eq!(found(&memory, &request), expected);
    assert_eq!(found(&memory, &request.clone().with_skip(1).with_k(1)), expected[1..2]);
    assert_eq!(found(&memory, &request.clone().with_min_score(1.0)), expected[..3]);
    assert_eq!(found(&memory, &request.clone().with_filter(Filter::id().ne("z")).with_k(1)), [hit("a/y", 1.0, 1)]);
    let only = RecordKey::new(ns("b/"), memory_core::RecordId::new("x").unwrap());
    assert_eq!(found(&memory, &request.with_only(vec![only])), [hit("b/x", 1.0, 1)]);
    let narrow = memory.narrow(Scope::exact(ns("b/"))).unwrap();
    assert_eq!(block_on(narrow.search_vector([1.0, 0.0], 10)).unwrap().hits[0].rank, 1);
}

#[test]
fn text_statistics_are_of_the_scope_and_not_of_the_filter() {
    let (_database, memory) = all();
    put(&memory, "a/", "one", |d| d.content("word"));
    put(&memory, "a/", "two", |d| d.content("other words here"));
    put(&memory, "b/", "three", |d| d.content("word"));
    let narrow = memory.narrow(Scope::exact(ns("a/"))).unwrap();
    // By a second program, in Python: idf = ln(1 + 0.5 / 2.5) with N = n = 2, mean length 2.
    let expected = vec![("a/one".to_owned(), 0.2292042428266858, 1), ("a/two".to_owned(), 0.15136129243271704, 2)];
    assert_eq!(found(&narrow, &narrow.text("Word word")), expected);
    assert_eq!(found(&narrow, &narrow.text("word").with_filter(Filter::id().eq("one"))), expected[..1]);
    let both = narrow.text_matching("word others", WordMatch::All);
    assert_eq!(found(&narrow, &both).iter().map(|hit| hit.0.as_str()).collect::<Vec<_>>(), ["a/two"]);
    assert_eq!(found(&narrow, &narrow.text_matching("?", WordMatch::All)), []);
}

#[test]
fn conditions_stand_alone_unless_the_batch_is_atomic() {
    let (_database, memory) = all();
    let first = block_on(memory.put(Record::draft("x").namespace(ns("a/")))).unwrap().unwrap();
    let absent = || Some(Precondition::Absent);
    let batch = [write(&memory, "x", "lost", absent()), write(&memory, "y", "won", absent())];
    let error = block_on(memory.apply_writes(&batch, Batch::atomic())).unwrap_err();
    assert_eq!(
        (error.kind(), ids(error.conflicting()), ids(error.accepted())),
        (ErrorKind::Conflict, vec!["x"], vec![])
    );
    assert_eq!(block_on(memory.count(&Filter::all())).unwrap(), 1);
    let error = block_on(memory.apply_writes(&batch, Batch::independent())).unwrap_err();
    assert_eq!((ids(error.conflicting()), ids(error.accepted())), (vec!["x"], vec!["y"]));
    assert_eq!(block_on(memory.count(&Filter::content().eq("won"))).unwrap(), 1);

    let key = batch[0].record.key.clone();
    let stale = Delete { key: key.clone(), version: Some(Version::new("never given")) };
    assert_eq!(block_on(memory.apply_deletes(&[stale])).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(block_on(memory.apply_deletes(&[Delete { key, version: Some(first.clone()) }])).unwrap(), 1);
    let again = block_on(memory.put(Record::draft("x").namespace(ns("a/")))).unwrap().unwrap();
    assert_ne!(first, again, "also after a delete");

    let twice = [write(&memory, "t", "1", None), write(&memory, "t", "2", None)];
    let versions = block_on(memory.apply_writes(&twice, Batch::independent())).unwrap().versions;
    let stored = block_on(memory.get((&ns("a/"), "t"))).unwrap().unwrap();
    assert_eq!(stored.record.content.as_str(), "2");
    assert_eq!(versions, [stored.version.clone(), stored.version]);
}

#[test]
fn expired_records_are_absent_to_conditions_and_go_uncounted() {
    let (_database, memory) = all();
    let expired = |id: &str| put(&memory, "a/", id, |d| d.expires_at(at(100)));
    expired("x");
    expired("y");
    expired("z");
    put(&memory, "a/", "live", |d| d.expires_at(at(101)));
    put(&memory, "b/", "other", |d| d);
    let revived = write(&memory, "x", "", Some(Precondition::Absent));
    block_on(memory.apply_writes(&[revived], Batch::independent())).unwrap();
    let narrow = memory.narrow(Scope::exact(ns("a/"))).unwrap();
    assert_eq!(block_on(narrow.delete_all(["live", "live", "y", "none"])).unwrap(), 1);
    assert_eq!(block_on(narrow.purge_expired()).unwrap(), 1, "z alone, for y was deleted");
    expired("z");
    assert_eq!(block_on(narrow.delete_where(&Filter::id().is_in(["x", "z", "other"]))).unwrap(), 1);
    assert_eq!(block_on(narrow.purge_expired()).unwrap(), 0);
    assert_eq!(block_on(memory.count(&Filter::all())).unwrap(), 1);
}

fn page(memory: &Memory, request: ListRequest) -> Result<(Vec<String>, Option<Cursor>)> {
    let page = block_on(memory.list(&request))?;
    Ok((page.records.iter().map(|stored| stored.record.key.to_string()).collect(), page.cursor))
}

#[test]
fn cursors_survive_writes_and_keep_to_their_listing() {
    let (database, memory) = all();
    for (namespace, id, time) in [("a/", "x", 3), ("a/", "y", 5), ("b/", "x", 5), ("a/", "z", 1)] {
        put(&memory, namespace, id, |d| d.created_at(at(time)));
    }
    let request = ListRequest::new().with_order(Order::CreatedDescending).with_limit(2);
    let (keys, cursor) = page(&memory, request.clone()).unwrap();
    assert_eq!(keys, ["a/y", "b/x"]);
    let rest = request.clone().with_cursor(cursor.clone());
    assert_eq!(page(&memory, rest).unwrap(), (vec!["a/x".into(), "a/z".into()], None));
    block_on(memory.delete((&ns("b/"), "x"))).unwrap();
    put(&memory, "c/", "x", |d| d.created_at(at(2)));
    let next = request.with_cursor(cursor.clone()).with_limit(3);
    assert_eq!(page(&memory, next.clone()).unwrap(), (vec!["a/x".into(), "c/x".into(), "a/z".into()], None));

    let text = cursor.unwrap().as_str().to_owned();
    let refused = |memory: &Memory, request: ListRequest| {
        page(memory, request).is_err_and(|error| error.kind() == ErrorKind::InvalidArgument)
    };
    for cut in 0..text.len() {
        let other = if text.as_bytes()[cut] == b'A' { "B" } else { "A" };
        let changed = format!("{}{other}{}", &text[..cut], &text[cut + 1..]);
        assert!(refused(&memory, next.clone().with_cursor(Some(Cursor::new(changed)))), "changed at {cut}");
        assert!(refused(&memory, next.clone().with_cursor(Some(Cursor::new(&text[..cut])))), "cut at {cut}");
    }
    assert!(refused(&memory, next.clone().with_order(Order::UpdatedDescending)));
    assert!(refused(&memory, next.clone().with_filter(Filter::id().ne("x"))));
    assert!(refused(&memory.narrow(Scope::subtree(ns("a/"))).unwrap(), next.clone()));
    assert!(refused(&all().1, next.clone()), "another database");
    block_on(database.drop_collection(&CollectionName::new("m").unwrap())).unwrap();
    assert_eq!(page(&memory, next.clone()).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(refused(&block_on(database.create(&spec("m"), Scope::all())).unwrap(), next), "the next incarnation");
}

#[test]
fn namespaces_are_cut_sorted_and_paged() {
    let (_database, memory) = all();
    for namespace in ["b/c/", "a/", "a/x/", "ab/", "b/d/"] {
        put(&memory, namespace, "x", |d| d);
    }
    put(&memory, "z/", "x", |d| d.expires_at(at(1)));
    let namespaces = |request| block_on(memory.namespaces(&request)).unwrap();
    let request = NamespacesRequest::new();
    assert_eq!(namespaces(request.clone().with_depth(Some(1))), [ns("a/"), ns("ab/"), ns("b/")]);
    assert_eq!(namespaces(request.with_after(Some(ns("a/b/"))).with_limit(2)), [ns("a/x/"), ns("ab/")]);
}

#[test]
fn what_is_answered_is_cut_to_what_was_asked() {
    let (_database, memory) = all();
    put(&memory, "a/", "x", |d| d.embedding([1.0, 2.0]));
    let answered = |returns| {
        let list = ListRequest::new().with_returns(returns);
        block_on(memory.list(&list)).unwrap().records[0].record.embedding.is_some()
    };
    assert_eq!([Returns::Keys, Returns::Records, Returns::Embeddings].map(answered), [false, false, true]);
}

#[test]
fn databases_are_apart_clones_are_one_and_close_closes_all() {
    let backend = ReferenceBackend::new();
    let (one, clone, apart) =
        (Database::new(backend.clone()), Database::new(backend), Database::new(ReferenceBackend::new()));
    let memory = block_on(one.create(&spec("m"), Scope::exact(ns("a/")))).unwrap();
    let other = CollectionSpec::new(CollectionName::new("m").unwrap());
    assert_eq!(block_on(clone.create(&other, Scope::all())).unwrap_err().kind(), ErrorKind::Conflict);
    assert_eq!(block_on(clone.collections()).unwrap(), [spec("m")]);
    assert_eq!(block_on(apart.open(spec("m").name(), Scope::all())).unwrap_err().kind(), ErrorKind::NotFound);
    assert!(block_on(one.drop_collection(spec("m").name())).unwrap());
    assert!(!block_on(one.drop_collection(spec("m").name())).unwrap());
    assert_eq!(block_on(memory.get("x")).unwrap_err().kind(), ErrorKind::NotFound);
    block_on(one.close()).unwrap();
    block_on(one.close()).unwrap();
    assert_eq!(block_on(memory.get("x")).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(block_on(clone.collections()).unwrap_err().kind(), ErrorKind::InvalidArgument);
    assert_eq!(block_on(apart.collections()).unwrap(), []);
}

#[test]
fn limits_can_be_lowered() {
    let mut limits = ReferenceBackend::new().capabilities().limits.clone();
    assert_eq!((limits.record_bytes, limits.k, limits.dimension), (16_777_216, 10_000, 65_536));
    limits.k = 100;
    limits.read_records = Some(5);
    let lowered = &ReferenceBackend::with_limits(limits);
    assert_eq!((lowered.capabilities().limits.k, lowered.capabilities().limits.read_records), (100, None));
}
