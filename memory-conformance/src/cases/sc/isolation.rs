//! Nothing outside the scope changes an answer (SC-2).

use memory_core::{
    Bm25, Draft, Exactness, Filter, HybridRequest, ListRequest, Memory, NamespacesRequest, Order, Query, Record, Scope,
    SearchRequest,
};

use super::{below, exact};
use crate::context::{Context, at, ids, namespace};
use crate::harness::Settings;
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq};

const EXACT: Needs = Needs::Fact("bm25: exact", |facts| facts.bm25 == Bm25::Exact);
const ORDERED: Needs = Needs::Fact("bm25: ordered", |facts| facts.bm25 == Bm25::Ordered);
const READS: Needs =
    Needs::Capability("a limit of records read", |capabilities| capabilities.limits.read_records.is_some());

cases! {
    "SC-2": [
        nearer_records_of_another_tenant_change_no_vector_search,
        (better_texts_of_another_tenant_change_no_text_search, EXACT),
        (better_texts_of_another_tenant_take_no_place, ORDERED),
        (statistics_are_those_of_the_scope, EXACT),
        (better_records_of_another_tenant_change_no_hybrid_search, EXACT),
        lists_and_counts_see_the_scope_alone,
        deletes_and_purges_count_the_scope_alone,
        namespaces_of_another_tenant_take_no_place,
        (limits_count_the_scope_alone, READS),
    ],
}

/// Ten records of a tenant, the nearer and the better the lower their number.
fn mine() -> memory_core::Result<Vec<Draft>> {
    (0..10_u8)
        .map(|n| {
            let text = format!("tea{}", " leaf".repeat(usize::from(n)));
            let vector = [1.0, f32::from(n) / 4.0 + 1.0, 0.0];
            Ok(Record::draft(format!("m{n}"))
                .namespace(namespace(["tenant", "a"])?)
                .content(text)
                .embedding(vector)
                .created_at(at(i64::from(n) * 10)?)
                .updated_at(at(i64::from(n) * 10)?))
        })
        .collect()
}

/// Thirty records that beat all of those, in namespaces whose names are neighbours. Some expire at once.
fn others() -> memory_core::Result<Vec<Draft>> {
    let places: [&[&str]; 6] =
        [&["tenant", "b"], &["tenant", "ab"], &["tenant"], &["tenant", "A"], &["tenant", "a%"], &["other", "a"]];
    (0..30)
        .map(|n| {
            let draft = Record::draft(format!("m{n}"))
                .namespace(memory_core::Namespace::new(places[n % 6])?)
                .content("tea tea");
            let time = at(i64::try_from(n).unwrap_or(0) * 3)?;
            Ok(draft.embedding([1.0, 0.0, 0.0]).created_at(time).updated_at(time).kind("foreign"))
        })
        .collect()
}

const ALL_MINE: [&str; 10] = ["m0", "m1", "m2", "m3", "m4", "m5", "m6", "m7", "m8", "m9"];

/// The handles of three scopes that hold the ten records and nothing else.
async fn tenant(context: &Context) -> Result<(Memory, [Memory; 3]), Failure> {
    let all = context.collection("a").await?;
    all.put_all(mine()?).await?;
    let scopes = [
        exact(["tenant", "a"])?,
        below(["tenant", "a"])?,
        Scope::union([exact(["tenant", "a"])?, below(["nowhere"])?])?,
    ];
    let handles = [all.narrow(scopes[0].clone())?, all.narrow(scopes[1].clone())?, all.narrow(scopes[2].clone())?];
    Ok((all, handles))
}

fn vector(k: usize) -> memory_core::Result<SearchRequest> {
    let embedding = [1.0, 0.0, 0.0].try_into()?;
    Ok(SearchRequest::new(Query::Vector { embedding, exactness: Exactness::Exact }).with_k(k))
}

/// Ids, ranks and the bits of scores.
async fn hits(memory: &Memory, request: &SearchRequest) -> Result<Vec<(String, u64, u64)>, Failure> {
    let response =
        memory.search(request).await.map_err(|error| Failure::assertion(format!("the search failed: {error}")))?;
    Ok(response
        .hits
        .iter()
        .map(|hit| (hit.key.id.as_str().to_owned(), hit.rank, hit.score.value().to_bits()))
        .collect())
}

fn names(hits: &[(String, u64, u64)]) -> Vec<&str> {
    hits.iter().map(|(id, _, _)| id.as_str()).collect()
}

async fn nearer_records_of_another_tenant_change_no_vector_search(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    let alone = hits(&handles[0], &vector(100)?).await?;
    ensure_eq!(names(&alone), ALL_MINE, "alone");
    all.put_all(others()?).await?;
    for memory in &handles {
        ensure_eq!(hits(memory, &vector(100)?).await?, alone, "among others");
        ensure_eq!(hits(memory, &vector(10)?).await?, alone, "the ten hits, k 10");
        ensure_eq!(hits(memory, &vector(3)?).await?, alone[..3], "k 3");
        ensure_eq!(hits(memory, &vector(3)?.with_skip(4)).await?, alone[4..7], "skip 4, k 3");
        let any = memory.search_vector([1.0, 0.0, 0.0], 10).await?;
        ensure_eq!(
            any.hits.iter().map(|hit| hit.key.id.as_str()).collect::<Vec<_>>(),
            ALL_MINE,
            "not asked to be exact"
        );
        let filtered = vector(2)?.with_filter(Filter::id().is_in(["m7", "m8", "m9", "m12"]));
        ensure_eq!(names(&hits(memory, &filtered).await?), ["m7", "m8"], "with a filter");
        let foreign = vector(10)?.with_filter(Filter::kind().eq("foreign"));
        ensure_eq!(hits(memory, &foreign).await?.len(), 0, "a filter that only others match");
    }
    Ok(())
}

async fn better_texts_of_another_tenant_change_no_text_search(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    let tea = |k: usize| all.text("tea leaf").with_k(k);
    let alone = hits(&handles[0], &tea(100)).await?;
    ensure_eq!(alone.len(), 10, "alone");
    all.put_all(others()?).await?;
    for memory in &handles {
        ensure_eq!(hits(memory, &tea(100)).await?, alone, "among others, to the bit");
        ensure_eq!(hits(memory, &tea(4)).await?, alone[..4], "k 4");
        ensure_eq!(hits(memory, &tea(4).with_skip(3)).await?, alone[3..7], "skip 3, k 4");
        let foreign = tea(10).with_filter(Filter::kind().eq("foreign"));
        ensure_eq!(hits(memory, &foreign).await?.len(), 0, "a filter that only others match");
    }
    Ok(())
}

async fn better_texts_of_another_tenant_take_no_place(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    all.put_all(others()?).await?;
    for memory in &handles {
        let found = hits(memory, &all.text("tea").with_k(10)).await?;
        ensure_eq!(super::sorted(names(&found)), ALL_MINE, "the ten hits");
    }
    Ok(())
}

async fn statistics_are_those_of_the_scope(context: Context) -> Outcome {
    let all = context.text_collection("a").await?;
    let put = |segments: &'static [&'static str], id: &'static str, text: &'static str| {
        let all = all.clone();
        async move { all.put(Record::draft(id).namespace(memory_core::Namespace::new(segments)?).content(text)).await }
    };
    put(&["one"], "1", "tea").await?;
    put(&["two"], "1", "tea").await?;
    put(&["two", "x"], "2", "green tea leaf").await?;
    for id in ["a", "b", "c", "d", "e", "f"] {
        put(&["foreign"], id, "tea tea green green green").await?;
        put(&["twos"], id, "tea and much else that makes texts longer").await?;
    }
    // From a second program, in Python. N = n = 1 and mean 1; then N = 2 and mean 2.
    let one = all.narrow(exact(["one"])?)?;
    let two = all.narrow(below(["two"])?)?;
    let twice = all.narrow(Scope::union([below(["two"])?, exact(["two", "x"])?, exact(["two"])?])?)?;
    let apart = all.narrow(Scope::union([exact(["two", "x"])?, exact(["two"])?])?)?;
    let scored = |hits: &[(String, u64, u64)]| {
        hits.iter().map(|(id, _, bits)| (id.clone(), f64::from_bits(*bits))).collect::<Vec<_>>()
    };
    ensure_eq!(scored(&hits(&one, &all.text("tea")).await?), [("1".to_owned(), 0.2876820724517809)], "one record");
    for memory in [&two, &twice, &apart] {
        let green = scored(&hits(memory, &all.text("green")).await?);
        ensure_eq!(green, [("2".to_owned(), 0.5754429423516527)], "n is 1, N is 2, length 3, mean 2");
        let tea = scored(&hits(memory, &all.text("tea")).await?);
        ensure_eq!(tea, [("1".to_owned(), 0.2292042428266858), ("2".to_owned(), 0.15136129243271704)], "n is N");
    }
    Ok(())
}

async fn better_records_of_another_tenant_change_no_hybrid_search(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    let request = |k: usize| -> memory_core::Result<HybridRequest> {
        Ok(HybridRequest::new("tea leaf", [1.0, 0.0, 0.0].try_into()?).with_k(k).with_exactness(Exactness::Exact))
    };
    let run = |memory: Memory, k: usize| async move {
        let response = memory.hybrid(&request(k)?).await?;
        let hit = |hit: &memory_core::HybridHit| {
            (hit.key.id.as_str().to_owned(), hit.score.value().to_bits(), hit.text, hit.vector)
        };
        Ok::<_, Failure>(response.hits.iter().map(hit).collect::<Vec<_>>())
    };
    let alone = run(handles[0].clone(), 10).await?;
    ensure_eq!(alone.len(), 10, "alone");
    all.put_all(others()?).await?;
    for memory in handles {
        ensure_eq!(run(memory.clone(), 10).await?, alone, "among others, legs and bits");
        ensure_eq!(run(memory, 3).await?, alone[..3], "k 3");
    }
    Ok(())
}

async fn lists_and_counts_see_the_scope_alone(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    all.put_all(others()?).await?;
    for memory in &handles {
        ensure_eq!(memory.count(&Filter::all()).await.ok(), Some(10), "count");
        ensure_eq!(memory.count(&Filter::kind().eq("foreign")).await.ok(), Some(0), "count of what only others are");
        ensure_eq!(memory.count(&Filter::kind().ne("foreign")).await.ok(), Some(10), "count of what only mine are");
        ensure_eq!(memory.count(&Filter::id().ge("m5")).await.ok(), Some(5), "count by id");
        let page = memory.list(&ListRequest::new().with_order(Order::CreatedAscending).with_limit(10)).await?;
        ensure_eq!(ids(page.records.iter().map(|stored| &stored.record)), ALL_MINE, "one page of ten");
        ensure!(
            page.cursor.is_none()
                || memory
                    .list(&ListRequest::new().with_order(Order::CreatedAscending).with_cursor(page.cursor))
                    .await?
                    .records
                    .is_empty(),
            "nothing behind it"
        );
        let mut request = ListRequest::new().with_order(Order::UpdatedDescending).with_limit(3);
        let mut found = Vec::new();
        for _ in 0..100 {
            let page = memory.list(&request).await?;
            found.extend(page.records);
            let Some(cursor) = page.cursor else { break };
            request = request.with_cursor(Some(cursor));
        }
        let found = ids(found.iter().map(|stored| &stored.record));
        ensure_eq!(found, ["m9", "m8", "m7", "m6", "m5", "m4", "m3", "m2", "m1", "m0"], "pages of three, backwards");
    }
    Ok(())
}

async fn deletes_and_purges_count_the_scope_alone(context: Context) -> Outcome {
    let (all, handles) = tenant(&context).await?;
    let expiring = |draft: Draft| Ok::<_, Failure>(draft.expires_at(at(5)?));
    let both = mine()?.into_iter().chain(others()?);
    all.put_all(both.map(expiring).collect::<Result<Vec<_>, _>>()?).await?;
    let memory = &handles[1];
    ensure_eq!(memory.delete_where(&Filter::id().is_in(["m0", "m1", "m20"])).await.ok(), Some(2), "delete_where by id");
    ensure_eq!(
        memory.delete_where(&Filter::kind().eq("foreign")).await.ok(),
        Some(0),
        "delete_where of what others are"
    );
    ensure_eq!(all.count(&Filter::all()).await?, 38, "the others are still there");
    context.set_clock(5)?;
    ensure_eq!(memory.purge_expired().await.ok(), Some(8), "purge");
    context.set_clock(0)?;
    ensure_eq!(memory.count(&Filter::all()).await?, 0, "mine are gone for good");
    ensure_eq!(all.count(&Filter::all()).await?, 30, "the others were not purged");
    all.put_all(mine()?).await?;
    ensure_eq!(memory.clear().await.ok(), Some(10), "clear");
    ensure_eq!(all.count(&Filter::kind().eq("foreign")).await?, 30, "the others were not cleared");
    Ok(())
}

async fn namespaces_of_another_tenant_take_no_place(context: Context) -> Outcome {
    let (all, _) = tenant(&context).await?;
    let many = (0..30).map(|n| Ok(Record::draft("1").namespace(namespace(["tenant", &format!("A{n}")])?)));
    all.put_all(many.collect::<Result<Vec<_>, Failure>>()?).await?;
    all.put(Record::draft("1").namespace(namespace(["tenant", "a", "x"])?)).await?;
    all.put(Record::draft("1").namespace(namespace(["tenant", "ab"])?)).await?;
    let memory = all.narrow(below(["tenant", "a"])?)?;
    let keys = |found: Vec<memory_core::Namespace>| found.iter().map(|n| n.key().to_owned()).collect::<Vec<_>>();
    for limit in [2, 3, 100] {
        let found = memory.namespaces(&NamespacesRequest::new().with_limit(limit)).await?;
        ensure_eq!(keys(found), ["tenant/a/", "tenant/a/x/"], "limit {limit}");
    }
    ensure_eq!(keys(memory.namespaces(&NamespacesRequest::new().with_limit(1)).await?), ["tenant/a/"], "limit 1");
    let cut = memory.namespaces(&NamespacesRequest::new().with_depth(Some(2))).await?;
    ensure_eq!(keys(cut), ["tenant/a/"], "cut to two segments");
    Ok(())
}

async fn limits_count_the_scope_alone(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { read_records: Some(10), ..Settings::default() }).await?;
    let (all, handles) = tenant(&context).await?;
    all.put_all(others()?).await?;
    for memory in &handles {
        ensure_eq!(memory.count(&Filter::id().ne("m0")).await.ok(), Some(9), "count");
        ensure_eq!(names(&hits(memory, &vector(3)?).await?), ["m0", "m1", "m2"], "vector search");
        ensure_eq!(hits(memory, &all.text("tea").with_k(10)).await?.len(), 10, "text search");
        let listed = memory.list(&ListRequest::new().with_order(Order::CreatedAscending).with_limit(10)).await;
        ensure_eq!(listed.map(|page| page.records.len()).ok(), Some(10), "list in an order");
        ensure_eq!(
            memory.namespaces(&NamespacesRequest::new()).await.map(|found| found.len()).ok(),
            Some(1),
            "namespaces"
        );
    }
    ensure_eq!(handles[0].delete_where(&Filter::id().ne("m0")).await.ok(), Some(9), "delete_where");
    Ok(())
}
