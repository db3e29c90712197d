//! Time to live (SPEC 11).

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use memory_core::{
    Bm25, Clock, Delete, Embedding, Filter, HybridRequest, ListRequest, Memory, Namespace, NamespacesRequest, Order,
    Precondition, Record, Result, Scope, Switch, Timestamp, Write,
};

use crate::context::{Context, START, at, hits, ids, key, listed, namespace};
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

const CONDITIONAL: Needs = Needs::Switch(Switch::ConditionalWrites);

const EXACT: Needs = Needs::Fact("bm25: exact", |facts| matches!(facts.bm25, Bm25::Exact));

cases! {
    "TT-1": [
        expiry_is_exact_to_the_microsecond,
        an_expired_record_is_absent_to_every_read,
        (an_expired_record_counts_in_no_statistics, EXACT),
        expired_records_take_no_place_among_the_best,
        (an_expired_record_is_absent_to_a_condition, CONDITIONAL),
        an_update_finds_no_expired_record,
        a_record_may_be_put_already_expired,
        the_clock_of_the_call_decides_and_no_other,
        a_call_reads_its_clock_once,
        the_ends_of_time,
    ],
    "TT-2": [
        purge_removes_what_has_expired_for_good,
        purge_keeps_to_its_scope,
        delete_removes_expired_records_without_counting_them,
        delete_where_removes_expired_records_that_match,
        clear_removes_expired_records_of_its_scope,
        nothing_else_removes_them,
        (nothing_removes_them_over_a_restart, Needs::Fact("durable", |facts| facts.durable)),
        a_record_put_anew_is_revived,
    ],
}

/// A record of the namespace `["n", id]` that every kind of search finds, with this expiry in microseconds after the start.
fn mortal(id: &str, expires: Option<i64>) -> Result<memory_core::Draft> {
    let draft =
        Record::draft(id).namespace(namespace(["n", id])?).content("apple").embedding([1.0, 0.0, 0.0]).tags(["t"]);
    Ok(match expires {
        None => draft,
        Some(micros) => draft.expires_at(at(micros)?),
    })
}

async fn put_mortals(memory: &Memory, mortals: &[(&str, Option<i64>)]) -> Result<()> {
    memory.put_all(mortals.iter().map(|(id, expires)| mortal(id, *expires)).collect::<Result<Vec<_>>>()?).await?;
    Ok(())
}

/// Every way of reading shows these records and no others.
async fn check_present(memory: &Memory, all: &[&str], present: &[&str], when: &str) -> Outcome {
    let keys = all.iter().map(|id| key(["n", id], id)).collect::<Result<Vec<_>>>()?;
    let got = memory.get_all(&keys).await?;
    let got: Vec<_> = all.iter().zip(got).filter(|(_, stored)| stored.is_some()).map(|(id, _)| *id).collect();
    ensure_eq!(got, present, "get, {when}");
    for filter in [Filter::all(), Filter::tags().contains("t"), !Filter::kind().eq("other")] {
        ensure_eq!(ids(&listed(memory, filter.clone()).await?), present, "list, {when}: {filter:?}");
        ensure_eq!(memory.count(&filter).await?, present.len() as u64, "count, {when}: {filter:?}");
    }
    let page = memory.list(&ListRequest::new().with_order(Order::CreatedAscending)).await?;
    ensure_eq!(ids(page.records.iter().map(|stored| &stored.record)), present, "list by time, {when}");
    let shown: Vec<_> = present.iter().map(|id| format!("n/{id}/{id}")).collect();
    ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 100).await?), shown, "vector search, {when}");
    ensure_eq!(hits(&memory.search_text("apple", 100).await?), shown, "text search, {when}");
    let hybrid = memory.hybrid(&HybridRequest::new("apple", Embedding::new(vec![1.0, 0.0, 0.0])?)).await?;
    let fused: Vec<_> = hybrid.hits.iter().map(|hit| hit.key.to_string()).collect();
    ensure_eq!(fused, shown, "hybrid search, {when}");
    let only = memory.text("apple").with_only(keys);
    ensure_eq!(hits(&memory.search(&only).await?), shown, "search among known records, {when}");
    let spaces: Vec<_> = memory.namespaces(&NamespacesRequest::new()).await?.iter().map(Namespace::segments).collect();
    let expected: Vec<_> = present.iter().map(|id| vec!["n", id]).collect();
    ensure_eq!(spaces, expected, "namespaces, {when}");
    Ok(())
}

const AROUND_NOW: [(&str, Option<i64>); 5] =
    [("a before", Some(-1)), ("b now", Some(0)), ("c after", Some(1)), ("d later", Some(1_000_000)), ("e never", None)];
const AROUND_NOW_IDS: [&str; 5] = ["a before", "b now", "c after", "d later", "e never"];

async fn expiry_is_exact_to_the_microsecond(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &AROUND_NOW).await?;
    for (now, present) in [
        (-2, &AROUND_NOW_IDS[..]),
        (-1, &AROUND_NOW_IDS[1..]),
        (0, &AROUND_NOW_IDS[2..]),
        (1, &AROUND_NOW_IDS[3..]),
        (999_999, &AROUND_NOW_IDS[3..]),
        (1_000_000, &AROUND_NOW_IDS[4..]),
        (0, &AROUND_NOW_IDS[2..]),
    ] {
        context.set_clock(now)?;
        check_present(&memory, &AROUND_NOW_IDS, present, &format!("{now} µs after the start")).await?;
    }
    Ok(())
}

async fn an_expired_record_is_absent_to_every_read(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &AROUND_NOW).await?;
    let before_now = Filter::expires_at().le(at(0)?);
    ensure_eq!(memory.count(&before_now).await?, 0, "a filter does not bring the expired back");
    ensure_eq!(memory.count(&!before_now.clone()).await?, 3, "nor does its complement");
    ensure_eq!(ids(&listed(&memory, Filter::expires_at().exists(true)).await?), ["c after", "d later"], "exists");
    ensure_eq!(ids(&listed(&memory, Filter::expires_at().exists(false)).await?), ["e never"], "does not");
    let alone = memory.narrow(Scope::subtree(namespace(["n", "b now"])?))?;
    ensure_eq!(alone.count(&Filter::all()).await?, 0, "the scope of an expired record alone is empty");
    ensure_eq!(alone.namespaces(&NamespacesRequest::new().with_depth(Some(1))).await?, [], "and has no namespace");
    ensure_eq!(alone.search_text("apple", 10).await?.hits, [], "and finds nothing");
    context.set_clock(-2)?;
    ensure_eq!(memory.count(&before_now).await?, 2, "while they live they match");
    Ok(())
}

async fn an_expired_record_counts_in_no_statistics(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("apple pear")).await?;
    memory.put(Record::draft("2").content("pear fig")).await?;
    memory.put(Record::draft("3").content("apple apple apple apple").expires_at(at(1)?)).await?;
    let score = |response: memory_core::SearchResponse| -> Vec<(String, f64)> {
        response.hits.iter().map(|hit| (hit.key.to_string(), hit.score.value())).collect()
    };
    let with = score(memory.search_text("apple", 10).await?);
    // N 3, n 2, total 8: idf ln(1.6); of 3: tf 4, length 4; of 1: tf 1, length 2.
    ensure_eq!(
        with,
        [("n/3".to_owned(), 0.732_041_050_860_614_7), ("n/1".to_owned(), 0.523_548_346_501_578_9),],
        "while it lives it counts"
    );
    context.set_clock(1)?;
    let without = score(memory.search_text("apple", 10).await?);
    // N 2, n 1, total 4: idf ln(2), and the mean length is the record's.
    ensure_eq!(without, [("n/1".to_owned(), std::f64::consts::LN_2)], "expired it does not");
    Ok(())
}

async fn expired_records_take_no_place_among_the_best(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let better = (0..40).map(|i| {
        let draft = Record::draft(format!("a{i}")).content("apple apple").embedding([1.0, 0.0, 0.0]);
        draft.expires_in(std::time::Duration::from_micros(i % 3))
    });
    memory.put_all(better).await?;
    memory
        .put_all((0..5).map(|i| Record::draft(format!("b{i}")).content("apple fig").embedding([1.0, 1.0, 0.0])))
        .await?;
    context.set_clock(2)?;
    let expected = ["n/b0", "n/b1", "n/b2"];
    ensure_eq!(hits(&memory.search_vector([1.0, 0.0, 0.0], 3).await?), expected, "the three nearest that live");
    ensure_eq!(hits(&memory.search_text("apple", 3).await?), expected, "the three best that live");
    let page = memory.list(&ListRequest::new().with_order(Order::CreatedAscending).with_limit(5)).await?;
    ensure_eq!(ids(page.records.iter().map(|stored| &stored.record)).len(), 5, "the page holds all that live");
    let found = memory.search_vector([1.0, 0.0, 0.0], 100).await?;
    ensure_eq!(found.hits.first().map(|hit| hit.rank), Some(1), "ranks count what lives");
    ensure_eq!(found.hits.len(), 5, "all that live, and no more");
    Ok(())
}

async fn an_expired_record_is_absent_to_a_condition(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = || Ok::<_, memory_core::Error>(Record::draft("1").content("old").expires_at(at(1)?));
    let version = memory.put(draft()?).await?;
    let Some(version) = version else { return Err(crate::Failure::assertion("a put answers a version")) };
    ensure_kind!(memory.put_if(draft()?, Precondition::Absent).await, Conflict, "it is not absent yet");
    context.set_clock(1)?;
    let on_version = memory.put_if(draft()?, Precondition::Version(version.clone())).await;
    ensure_kind!(on_version, Conflict, "an expired record has no version to write on");
    let delete = Delete { key: key(["n"], "1")?, version: Some(version) };
    ensure_kind!(memory.apply_deletes(&[delete]).await, Conflict, "nor one to delete on");
    let put = memory.put_if(Record::draft("1").content("new"), Precondition::Absent).await;
    ensure!(put.is_ok(), "an expired record is absent: {put:?}");
    let content = memory.get("1").await?.map(|stored| stored.record.content.as_str().to_owned());
    ensure_eq!(content.as_deref(), Some("new"), "the new one is there");
    Ok(())
}

async fn an_update_finds_no_expired_record(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").expires_at(at(1)?)).await?;
    context.set_clock(1)?;
    let update = memory.update_last_write_wins("1", |_, draft| draft.without_expiry()).await;
    ensure_kind!(update, NotFound, "an expired record cannot be changed");
    context.set_clock(0)?;
    ensure!(memory.update_last_write_wins("1", |_, draft| draft.without_expiry()).await.is_ok(), "a live one can");
    context.set_clock(1)?;
    ensure!(memory.get("1").await?.is_some(), "and then lives on");
    Ok(())
}

async fn a_record_may_be_put_already_expired(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("live").content("apple")).await?;
    for (id, expires) in [("long ago", at(-50_000_000_000_000)?), ("just", at(-1)?), ("now", at(0)?)] {
        let put = memory.put(Record::draft(id).content("apple").expires_at(expires)).await;
        ensure!(put.is_ok(), "{id}: {put:?}");
        ensure!(memory.get(id).await?.is_none(), "{id} is absent at once");
    }
    ensure_eq!(hits(&memory.search_text("apple", 10).await?), ["n/live"], "to a search too");
    memory.put(Record::draft("live").content("apple").expires_at(at(0)?)).await?;
    ensure_eq!(memory.count(&Filter::all()).await?, 0, "a live record that is put expired is absent");
    context.set_clock(-1)?;
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), ["live", "now"], "a microsecond earlier two were live");
    Ok(())
}

async fn the_clock_of_the_call_decides_and_no_other(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    // By the machine's clock all of this is long over, or far away.
    for seconds in [-2_000_000_000, 5_000_000_000_i64] {
        let now = seconds * 1_000_000;
        put_mortals(&memory, &[("a", Some(now)), ("b", Some(now + 1)), ("c", None)]).await?;
        context.set_clock(now - 1)?;
        check_present(&memory, &["a", "b", "c"], &["a", "b", "c"], "before").await?;
        context.set_clock(now)?;
        check_present(&memory, &["a", "b", "c"], &["b", "c"], "between").await?;
        context.set_clock(now + 1)?;
        check_present(&memory, &["a", "b", "c"], &["c"], "after").await?;
        context.set_clock(now - 1)?;
        check_present(&memory, &["a", "b", "c"], &["a", "b", "c"], "when the clock was set back").await?;
    }
    Ok(())
}

/// A clock that goes on by a microsecond whenever it is read.
#[derive(Debug, Default)]
struct Ticking(AtomicU64);

impl Clock for Ticking {
    fn now(&self) -> Timestamp {
        let ticks = self.0.fetch_add(1, Ordering::SeqCst);
        Timestamp::from_micros(START + i64::try_from(ticks).expect("few ticks")).expect("in range")
    }
}

async fn a_call_reads_its_clock_once(context: Context) -> Outcome {
    let clock = Arc::new(Ticking::default());
    let memory = context.home("a").await?.with_clock(Arc::clone(&clock));
    let vector = || Embedding::new(vec![1.0, 0.0, 0.0]);
    let hybrid = HybridRequest::new("apple", vector()?).with_k(2);
    let search = memory.text("apple").with_k(2);
    let draft = |id: &str| Ok::<_, memory_core::Error>(Record::draft(id).content("apple").embedding(vector()?));
    macro_rules! once {
        ($what:literal, $call:expr) => {{
            let before = clock.0.load(Ordering::SeqCst);
            $call.await?;
            ensure_eq!(clock.0.load(Ordering::SeqCst) - before, 1, "readings of the clock by {}", $what);
        }};
    }
    once!("put", memory.put(draft("1")?));
    once!("put_all", memory.put_all([draft("2")?, draft("3")?]));
    let stored = memory.record(draft("4")?)?;
    once!("apply_writes", memory.apply_writes(&[Write::from(stored)], memory_core::Batch::independent()));
    once!("get", memory.get("1"));
    once!("text search", memory.search(&search));
    once!("vector search", memory.search_vector([1.0, 0.0, 0.0], 2));
    once!("hybrid search", memory.hybrid(&hybrid));
    once!("diverse search", memory.search_mmr(&search, 0.5));
    once!("diverse hybrid search", memory.hybrid_mmr(&hybrid, 0.5));
    once!("a page", memory.list(&ListRequest::new().with_limit(1)));
    once!("count", memory.count(&Filter::all()));
    once!("namespaces", memory.namespaces(&NamespacesRequest::new()));
    once!("update", memory.update_last_write_wins("1", |_, draft| draft));
    once!("delete", memory.delete("1"));
    once!("delete_where", memory.delete_where(&Filter::id().eq("2")));
    once!("purge_expired", memory.purge_expired());
    once!("clear", memory.clear());
    Ok(())
}

async fn the_ends_of_time(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let first = Timestamp::parse("0001-01-01T00:00:00Z")?;
    let last = Timestamp::parse("9999-12-31T23:59:59.999999Z")?;
    let put = |id: &'static str, at: &'static str| {
        Ok::<_, memory_core::Error>(Record::draft(id).expires_at(Timestamp::parse(at)?))
    };
    memory.put(Record::draft("first").expires_at(first)).await?;
    memory.put(put("moon", "1969-07-20T20:17:40.000001Z")?).await?;
    memory.put(put("epoch", "1970-01-01T00:00:00Z")?).await?;
    memory.put(Record::draft("last").expires_at(last)).await?;
    for (now, present) in [
        ("0001-01-01T00:00:00Z", &["epoch", "last", "moon"][..]),
        ("1969-07-20T20:17:40Z", &["epoch", "last", "moon"][..]),
        ("1969-07-20T20:17:40.000001Z", &["epoch", "last"][..]),
        ("1969-12-31T23:59:59.999999Z", &["epoch", "last"][..]),
        ("1970-01-01T00:00:00Z", &["last"][..]),
        ("9999-12-31T23:59:59.999998Z", &["last"][..]),
        ("9999-12-31T23:59:59.999999Z", &[][..]),
    ] {
        context.clock.set(Timestamp::parse(now)?);
        ensure_eq!(ids(&listed(&memory, Filter::all()).await?), present, "at {now}");
        ensure_eq!(memory.count(&Filter::all()).await?, present.len() as u64, "counted at {now}");
    }
    Ok(())
}

async fn purge_removes_what_has_expired_for_good(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &AROUND_NOW).await?;
    ensure_eq!(memory.purge_expired().await?, 2, "one expired before now, one exactly now");
    ensure_eq!(memory.purge_expired().await?, 0, "nothing is left to purge");
    check_present(&memory, &AROUND_NOW_IDS, &AROUND_NOW_IDS[2..], "after the purge").await?;
    context.set_clock(-2)?;
    check_present(&memory, &AROUND_NOW_IDS, &AROUND_NOW_IDS[2..], "with the clock set back").await?;
    context.set_clock(2_000_000)?;
    ensure_eq!(memory.purge_expired().await?, 2, "later the next two");
    context.set_clock(-2)?;
    check_present(&memory, &AROUND_NOW_IDS, &["e never"], "what never expires is left").await
}

async fn purge_keeps_to_its_scope(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let all = ["a", "a.b", "ab", "b"];
    put_mortals(&memory, &all.map(|id| (id, Some(0)))).await?;
    let deeper = namespace(["n", "a", "x"])?;
    memory.put(Record::draft("deep").namespace(deeper).expires_at(at(0)?)).await?;
    let exact = memory.narrow(Scope::exact(namespace(["n", "a"])?))?;
    ensure_eq!(exact.purge_expired().await?, 1, "the namespace alone");
    let below = memory.narrow(Scope::subtree(namespace(["n", "a"])?))?;
    ensure_eq!(below.purge_expired().await?, 1, "and what is below it");
    let none = memory.narrow(Scope::exact(namespace(["nowhere"])?))?;
    ensure_eq!(none.purge_expired().await?, 0, "nothing elsewhere");
    context.set_clock(-1)?;
    check_present(&memory, &all, &all[1..], "what lay outside").await
}

async fn delete_removes_expired_records_without_counting_them(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let expired = |id: &str| Ok::<_, memory_core::Error>(Record::draft(id).expires_at(at(0)?));
    memory.put_all([expired("1")?, expired("2")?, expired("3")?, Record::draft("4"), Record::draft("5")]).await?;
    ensure_eq!(memory.delete("1").await?, false, "an expired record did not exist");
    ensure_eq!(memory.delete_all(["2", "4", "nowhere"]).await?, 1, "of these one existed");
    context.set_clock(-1)?;
    ensure_eq!(ids(&listed(&memory, Filter::all()).await?), ["3", "5"], "those asked are gone for good, others not");
    Ok(())
}

async fn delete_where_removes_expired_records_that_match(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    for (space, id, kind, expires) in [
        ("x", "1", "fact", Some(0)),
        ("x", "2", "fact", None),
        ("x", "3", "other", Some(0)),
        ("x", "4", "other", None),
        ("y", "5", "fact", Some(0)),
        ("y", "6", "fact", None),
    ] {
        let draft = Record::draft(id).namespace(namespace([space])?).kind(kind);
        memory.put(if let Some(micros) = expires { draft.expires_at(at(micros)?) } else { draft }).await?;
    }
    let x = memory.narrow(Scope::exact(namespace(["x"])?))?;
    ensure_eq!(x.delete_where(&Filter::kind().eq("fact")).await?, 1, "the one that lived is counted");
    context.set_clock(-1)?;
    let left = listed(&memory, Filter::all()).await?;
    ensure_eq!(ids(&left), ["3", "4", "5", "6"], "the expired one that matched is gone for good, others not");
    Ok(())
}

async fn clear_removes_expired_records_of_its_scope(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &AROUND_NOW).await?;
    let scope =
        Scope::union([Scope::exact(namespace(["n", "a before"])?), Scope::exact(namespace(["n", "e never"])?)])?;
    ensure_eq!(memory.narrow(scope)?.clear().await?, 1, "the one that lived is counted");
    context.set_clock(-2)?;
    check_present(&memory, &AROUND_NOW_IDS, &AROUND_NOW_IDS[1..4], "after the clearing").await
}

async fn nothing_else_removes_them(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &AROUND_NOW).await?;
    context.set_clock(5_000_000)?;
    // Everything that a careless backend might take for an occasion to tidy up.
    check_present(&memory, &AROUND_NOW_IDS, &["e never"], "when all else has expired").await?;
    put_mortals(&memory, &[("f", None)]).await?;
    memory.delete(key(["n", "f"], "f")?).await?;
    memory.delete_where(&Filter::kind().eq("none has this")).await?;
    ensure_kind!(memory.update_last_write_wins(key(["n", "b now"], "b now")?, |_, d| d).await, NotFound, "update");
    context.database.create(memory.spec(), Scope::all()).await?;
    context.database.health().await?;
    for task in crate::cases::ca::claimed_tasks(context.capabilities(), memory.spec().name()) {
        context.database.maintain(&task).await?;
    }
    let again = context.connect().await?.open(memory.spec().name(), Scope::all()).await?;
    check_present(&again, &AROUND_NOW_IDS, &["e never"], "through another handle").await?;
    context.set_clock(-2)?;
    check_present(&memory, &AROUND_NOW_IDS, &AROUND_NOW_IDS, "with the clock set back").await
}

async fn nothing_removes_them_over_a_restart(mut context: Context) -> Outcome {
    put_mortals(&context.collection("a").await?, &AROUND_NOW).await?;
    context.set_clock(5_000_000)?;
    context.restart().await?;
    let memory = context.database.open(&context.name("a")?, Scope::all()).await?;
    check_present(&memory, &AROUND_NOW_IDS, &["e never"], "after the restart").await?;
    context.set_clock(-2)?;
    check_present(&memory, &AROUND_NOW_IDS, &AROUND_NOW_IDS, "with the clock set back").await
}

async fn a_record_put_anew_is_revived(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    put_mortals(&memory, &[("a", Some(0)), ("b", Some(0)), ("c", Some(0))]).await?;
    check_present(&memory, &["a", "b", "c"], &[], "expired").await?;
    put_mortals(&memory, &[("a", None), ("b", Some(1))]).await?;
    check_present(&memory, &["a", "b", "c"], &["a", "b"], "put anew").await?;
    ensure_eq!(memory.purge_expired().await?, 1, "only what was not put anew is left to purge");
    check_present(&memory, &["a", "b", "c"], &["a", "b"], "after a purge").await?;
    context.set_clock(1)?;
    check_present(&memory, &["a", "b", "c"], &["a"], "the new expiry holds").await
}
