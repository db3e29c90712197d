//! A handle cannot be widened, and refuses what lies outside (SC-3).

use memory_core::{
    Batch, Delete, Filter, HybridRequest, IntoKey, ListRequest, Memory, Order, Precondition, Query, Record, Scope,
    SearchRequest, Switch, Version, Write,
};

use super::{below, draft, exact, sees};
use crate::context::{Context, key, namespace};
use crate::{Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "SC-3": [
        narrowing_never_widens,
        writes_outside_are_denied_before_any_call,
        reads_and_deletes_by_id_outside_are_denied_before_any_call,
        one_record_outside_refuses_the_batch,
        (conditions_outside_are_denied, Needs::Switch(Switch::ConditionalWrites)),
        updates_outside_are_denied,
        only_outside_is_denied,
        a_cursor_of_another_scope_is_refused,
        an_id_alone_needs_one_namespace,
        a_filter_cannot_reach_outside,
    ],
}

async fn narrowing_never_widens(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    all.put_all([
        draft(&["a"], "a")?,
        draft(&["a", "b"], "ab")?,
        draft(&["a", "b", "c"], "abc")?,
        draft(&["ab"], "other")?,
    ])
    .await?;
    let scopes = [exact(["a"])?, exact(["a", "b"])?, below(["a", "b"])?, below(["a"])?, exact(["ab"])?, Scope::all()];
    let union = Scope::union([exact(["a"])?, exact(["ab"])?])?;
    // For each scope of a handle, which of the scopes above it may be narrowed to.
    let table = [
        (exact(["a"])?, [true, false, false, false, false, false]),
        (below(["a"])?, [true, true, true, true, false, false]),
        (below(["a", "b"])?, [false, true, true, false, false, false]),
        (below(["A"])?, [false; 6]),
        (below(["%"])?, [false; 6]),
        (union, [true, false, false, false, true, false]),
        (Scope::all(), [true; 6]),
    ];
    for (bound, allowed) in table {
        let memory = all.narrow(bound.clone())?;
        for (scope, allowed) in scopes.iter().zip(allowed) {
            let calls = context.calls.count();
            let narrowed = memory.narrow(scope.clone());
            ensure_eq!(context.calls.count(), calls, "narrowing makes no call");
            if allowed {
                ensure!(narrowed.is_ok(), "{bound:?} holds {scope:?}: {narrowed:?}");
            } else {
                ensure_kind!(narrowed, PermissionDenied, "{bound:?} to {scope:?}");
            }
        }
        // Through its clones and through what it was narrowed to, too.
        let narrowed = memory.clone().narrow(bound.clone())?;
        if bound != Scope::all() {
            ensure_kind!(narrowed.narrow(Scope::all()), PermissionDenied, "{bound:?} to all");
        }
    }
    let inner = all.narrow(below(["a"])?)?.narrow(below(["a", "b"])?)?;
    sees(&inner, &["ab", "abc"], "narrowed twice").await?;
    ensure_kind!(inner.narrow(below(["a"])?), PermissionDenied, "back to where it came from");
    Ok(())
}

/// A handle bound to `["a", "b"]` with what is below, and keys outside of it.
async fn bound(context: &Context) -> memory_core::Result<(Memory, Memory, [memory_core::RecordKey; 5])> {
    let all = context.collection("a").await?;
    let outside =
        [key(["a"], "1")?, key(["a", "bc"], "1")?, key(["a", "B"], "1")?, key(["b"], "1")?, key(["a/b"], "1")?];
    for key in outside.clone().into_iter().chain([key(["a", "b"], "1")?]) {
        all.put(Record::draft("1").namespace(key.namespace).content("old").embedding([1.0, 0.0, 0.0])).await?;
    }
    let memory = all.narrow(below(["a", "b"])?)?;
    Ok((all, memory, outside))
}

async fn unchanged(context: &Context, all: &Memory, calls: u64) -> Outcome {
    ensure_eq!(context.calls.count(), calls, "denied before any call");
    ensure_eq!(all.count(&Filter::content().eq("old")).await?, 6, "nothing has changed");
    ensure_eq!(all.count(&Filter::all()).await?, 6, "nothing is new");
    Ok(())
}

async fn writes_outside_are_denied_before_any_call(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let calls = context.calls.count();
    for key in outside {
        let draft = || Record::draft("1").namespace(key.namespace.clone()).content("new");
        ensure_kind!(memory.put(draft()).await, PermissionDenied, "put {key}");
        ensure_kind!(memory.put_all([draft()]).await, PermissionDenied, "put_all {key}");
        let write = Write::from(all.record(draft())?);
        ensure_kind!(
            memory.apply_writes(std::slice::from_ref(&write), Batch::independent()).await,
            PermissionDenied,
            "apply_writes {key}"
        );
        // The scope comes before the switch.
        ensure_kind!(
            memory.apply_writes(&[write], Batch::atomic()).await,
            PermissionDenied,
            "an atomic batch with {key}"
        );
        ensure_kind!(memory.put_if(draft(), Precondition::Absent).await, PermissionDenied, "put_if {key}");
    }
    unchanged(&context, &all, calls).await?;
    memory.put(Record::draft("2").namespace(namespace(["a", "b", "c"])?)).await?;
    memory.put(Record::draft("1").content("new")).await?;
    ensure_eq!(all.count(&Filter::content().eq("old")).await?, 5, "an id alone is in the handle's own namespace");
    Ok(())
}

async fn reads_and_deletes_by_id_outside_are_denied_before_any_call(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let calls = context.calls.count();
    for key in &outside {
        ensure_kind!(memory.get(key).await, PermissionDenied, "get {key}");
        ensure_kind!(memory.get_all([key]).await, PermissionDenied, "get_all {key}");
        ensure_kind!(memory.delete(key).await, PermissionDenied, "delete {key}");
        ensure_kind!(memory.delete_all([key]).await, PermissionDenied, "delete_all {key}");
        ensure_kind!(memory.apply_deletes(&[Delete::from(key.clone())]).await, PermissionDenied, "apply_deletes {key}");
        ensure_kind!(
            memory.get((&key.namespace, "absent")).await,
            PermissionDenied,
            "get of an absent id beside {key}"
        );
    }
    unchanged(&context, &all, calls).await?;
    ensure!(memory.get("1").await?.is_some(), "the one inside is there");
    ensure!(memory.get(key(["a", "b", "c"], "1")?).await?.is_none(), "below it there is none");
    Ok(())
}

async fn one_record_outside_refuses_the_batch(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let calls = context.calls.count();
    let inside = key(["a", "b"], "1")?;
    for key in outside {
        let new = |key: &memory_core::RecordKey| Record::draft("1").namespace(key.namespace.clone()).content("new");
        for pair in [[&inside, &key], [&key, &inside]] {
            ensure_kind!(memory.put_all(pair.map(new)).await, PermissionDenied, "put_all with {key}");
            ensure_kind!(memory.get_all(pair).await, PermissionDenied, "get_all with {key}");
            ensure_kind!(memory.delete_all(pair).await, PermissionDenied, "delete_all with {key}");
        }
    }
    unchanged(&context, &all, calls).await
}

async fn conditions_outside_are_denied(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let mut versions = Vec::new();
    for key in &outside {
        versions.push(all.get(key).await?.and_then(|stored| stored.version).unwrap_or_else(|| Version::new("none")));
    }
    let calls = context.calls.count();
    for (key, version) in outside.iter().zip(versions) {
        let draft = Record::draft("1").namespace(key.namespace.clone()).content("new");
        let condition = Precondition::Version(version.clone());
        ensure_kind!(memory.put_if(draft, condition).await, PermissionDenied, "put_if {key}");
        let delete = Delete { key: key.clone(), version: Some(version) };
        ensure_kind!(memory.apply_deletes(&[delete]).await, PermissionDenied, "delete {key} by version");
        ensure_kind!(memory.update(key, |_, draft| draft.content("new")).await, PermissionDenied, "update {key}");
    }
    unchanged(&context, &all, calls).await
}

async fn updates_outside_are_denied(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let calls = context.calls.count();
    for key in &outside {
        let updated = memory.update_last_write_wins(key, |_, draft| draft.content("new")).await;
        ensure_kind!(updated, PermissionDenied, "update {key}");
    }
    unchanged(&context, &all, calls).await
}

async fn only_outside_is_denied(context: Context) -> Outcome {
    let (all, memory, outside) = bound(&context).await?;
    let vector = SearchRequest::new(Query::vector([1.0, 0.0, 0.0].try_into()?));
    let inside = key(["a", "b"], "1")?;
    let calls = context.calls.count();
    for key in outside {
        for request in [vector.clone(), all.text("old")] {
            let only = request.clone().with_only(vec![key.clone()]);
            ensure_kind!(memory.search(&only).await, PermissionDenied, "a search of {key} only");
            let only = request.with_only(vec![inside.clone(), key.clone()]);
            ensure_kind!(memory.search(&only).await, PermissionDenied, "a search of {key} and one inside only");
        }
    }
    unchanged(&context, &all, calls).await?;
    for request in [vector, all.text("old")] {
        let response = memory.search(&request.with_only(vec![inside.clone()])).await?;
        ensure_eq!(response.hits.len(), 1, "a search of the one inside only");
    }
    Ok(())
}

async fn a_cursor_of_another_scope_is_refused(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for n in 0..6 {
        all.put_all([
            draft(&["a"], &n.to_string())?,
            draft(&["a", "b"], &n.to_string())?,
            draft(&["c"], &n.to_string())?,
        ])
        .await?;
    }
    let scopes = [
        exact(["a"])?,
        below(["a"])?,
        exact(["a", "b"])?,
        exact(["c"])?,
        Scope::union([exact(["a"])?, exact(["c"])?])?,
        Scope::all(),
    ];
    for order in [Order::Unspecified, Order::CreatedAscending, Order::UpdatedDescending] {
        for from in &scopes {
            let request = ListRequest::new().with_order(order).with_limit(2);
            let page = all.narrow(from.clone())?.list(&request).await?;
            ensure!(page.cursor.is_some(), "six records and more make several pages");
            for to in &scopes {
                let answer = all.narrow(to.clone())?.list(&request.clone().with_cursor(page.cursor.clone())).await;
                if from == to {
                    ensure!(answer.is_ok(), "its own scope takes it: {answer:?}");
                } else {
                    ensure_kind!(answer, InvalidArgument, "{order:?}: a cursor of {from:?} in {to:?}");
                }
            }
        }
    }
    Ok(())
}

async fn an_id_alone_needs_one_namespace(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let calls = context.calls.count();
    for memory in [all.clone(), all.narrow(Scope::union([exact(["a"])?, exact(["b"])?])?)?] {
        ensure_kind!(memory.put(Record::draft("1")).await, InvalidArgument, "put");
        ensure_kind!(memory.get("1").await, InvalidArgument, "get");
        ensure_kind!(memory.delete("1").await, InvalidArgument, "delete");
    }
    ensure_eq!(context.calls.count(), calls, "refused before any call");
    ensure_kind!("1".into_key(None), InvalidArgument, "no home, no key");
    Ok(())
}

async fn a_filter_cannot_reach_outside(context: Context) -> Outcome {
    let (all, memory, _) = bound(&context).await?;
    // `Or` beside a scope, if joined carelessly, is wider than the scope.
    let wide = [
        Filter::or([Filter::id().eq("1"), Filter::content().eq("old")]),
        !Filter::or([]),
        Filter::all(),
        Filter::or([Filter::all(), Filter::id().eq("1")]),
        !Filter::content().eq("absent"),
        Filter::and([Filter::or([Filter::id().exists(true), Filter::all()])]),
    ];
    let embedding: memory_core::Embedding = [1.0, 0.0, 0.0].try_into()?;
    for filter in wide {
        ensure_eq!(memory.count(&filter).await.ok(), Some(1), "count by {filter:?}");
        let listed = memory.list(&ListRequest::new().with_filter(filter.clone())).await;
        ensure_eq!(listed.map(|page| page.records.len()).ok(), Some(1), "list by {filter:?}");
        for request in [SearchRequest::new(Query::vector(embedding.clone())), all.text("old")] {
            let found = memory.search(&request.with_filter(filter.clone())).await;
            ensure_eq!(found.map(|response| response.hits.len()).ok(), Some(1), "search by {filter:?}");
        }
        let hybrid = memory.hybrid(&HybridRequest::new("old", embedding.clone()).with_filter(filter.clone())).await;
        ensure_eq!(hybrid.map(|response| response.hits.len()).ok(), Some(1), "hybrid by {filter:?}");
        if filter != Filter::all() {
            ensure_eq!(memory.delete_where(&filter).await.ok(), Some(1), "delete_where {filter:?}");
            ensure_eq!(all.count(&Filter::all()).await?, 5, "delete_where {filter:?} leaves what is outside");
            memory.put(Record::draft("1").content("old").embedding([1.0, 0.0, 0.0])).await?;
        }
    }
    Ok(())
}
