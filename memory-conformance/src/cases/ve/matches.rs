//! Which records match, and that filter and scope come before the cut (VE-2, VE-4).

use memory_core::{Exactness, Filter, Metric, Query, Record, Result, Scope, SearchRequest};
use serde_json::json;

use crate::cases::hits::{names, nearest, scored, search, shuffled, vectors};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, cases, ensure, ensure_eq};

cases! {
    "VE-2": [
        matches_are_live_in_scope_with_an_embedding_and_pass,
        only_the_records_named_are_found,
        an_upsert_moves_a_record_at_once,
    ],
    "VE-4": [
        the_filter_comes_before_the_cut,
        a_filter_that_passes_one_in_a_hundred,
        the_scope_comes_before_the_cut,
        min_of_k_and_matches_however_asked,
    ],
}

const X: [f32; 3] = [1.0, 0.0, 0.0];

async fn matches_are_live_in_scope_with_an_embedding_and_pass(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let inside = namespace(["n"])?;
    let drafts = [
        Record::draft("match").kind("fact").embedding([1.0, 1.0, 0.0]),
        Record::draft("far").kind("fact").embedding([-1.0, 0.0, 0.0]),
        Record::draft("bare").kind("fact"),
        Record::draft("other kind").kind("note").embedding(X),
        Record::draft("gone").kind("fact").embedding(X).expires_at(at(0)?),
        Record::draft("going").kind("fact").embedding([2.0, 1.0, 0.0]).expires_at(at(1)?),
    ];
    memory.put_all(drafts.map(|draft| draft.namespace(inside.clone()))).await?;
    memory.put(Record::draft("outside").kind("fact").namespace(namespace(["nn"])?).embedding(X)).await?;
    let bound = memory.narrow(Scope::subtree(inside))?;
    let request = nearest(X)?.with_filter(Filter::kind().eq("fact")).with_min_score(0.0);
    let response = search(&bound, &request).await?;
    let expected = [("going", 0.8944271909999159), ("match", 0.7071067811865475)];
    scored(&response.hits, &expected, "live, in scope, with an embedding, past filter and min_score")?;
    context.set_clock(1)?;
    let response = search(&bound, &request).await?;
    scored(&response.hits, &expected[1..], "one that expires now is gone")?;
    context.set_clock(0)?;
    let response = search(&bound, &nearest(X)?).await?;
    ensure_eq!(names(&response.hits), ["other kind", "going", "match", "far"], "without filter and min_score");
    let response = search(&memory, &request).await?;
    ensure_eq!(names(&response.hits), ["outside", "going", "match"], "in the wider scope");
    Ok(())
}

async fn only_the_records_named_are_found(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    memory
        .put_all(shuffled(200).map(|at| {
            Record::draft(format!("r{at:03}"))
                .kind(if at % 2 == 0 { "even" } else { "odd" })
                .embedding([at as f32, 1.0, 0.0])
        }))
        .await?;
    let only = vec![
        key(["n"], "r007")?,
        key(["n"], "r150")?,
        key(["n"], "absent")?,
        key(["n", "x"], "r160")?,
        key(["n"], "r003")?,
    ];
    let request = nearest(X)?.with_only(only.clone());
    let response = search(&memory, &request).await?;
    scored(&response.hits, &[("r150", 150.0), ("r007", 7.0), ("r003", 3.0)], "of two hundred, those named")?;
    let response = search(&memory, &request.clone().with_k(1).with_skip(1)).await?;
    ensure_eq!(
        response.hits.iter().map(|hit| (hit.key.id.as_str(), hit.rank)).collect::<Vec<_>>(),
        [("r007", 2)],
        "their second"
    );
    let response = search(&memory, &request.with_filter(Filter::kind().eq("odd"))).await?;
    ensure_eq!(names(&response.hits), ["r007", "r003"], "of those named, what passes the filter");
    let response = search(&memory, &nearest(X)?.with_only(Vec::new())).await?;
    ensure!(response.hits.is_empty(), "of no records, none is found");
    let all: Vec<_> = (0..200).map(|at| key(["n"], &format!("r{at:03}"))).collect::<Result<_>>()?;
    let response = search(&memory, &nearest(X)?.with_only(all).with_k(2)).await?;
    ensure_eq!(names(&response.hits), ["r199", "r198"], "any number of records may be named");
    Ok(())
}

async fn an_upsert_moves_a_record_at_once(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Dot).await?;
    memory
        .put_all([Record::draft("a").embedding([3.0, 0.0, 0.0]), Record::draft("b").embedding([2.0, 0.0, 0.0])])
        .await?;
    memory.put(Record::draft("a").embedding([1.0, 0.0, 0.0])).await?;
    scored(&search(&memory, &nearest(X)?).await?.hits, &[("b", 2.0), ("a", 1.0)], "the old vector is gone")?;
    memory.put(Record::draft("b")).await?;
    scored(&search(&memory, &nearest(X)?).await?.hits, &[("a", 1.0)], "without its vector a record is not found")?;
    memory.put(Record::draft("b").embedding([0.5, 0.0, 0.0])).await?;
    memory.delete("a").await?;
    scored(
        &search(&memory, &nearest(X)?).await?.hits,
        &[("b", 0.5)],
        "a deleted one is gone, one with a new vector is back",
    )
}

async fn the_filter_comes_before_the_cut(context: Context) -> Outcome {
    // Three hundred nearer records do not pass, then the ten that do, farther than all of them, then more that do not.
    for metric in Metric::ALL {
        let memory = vectors(&context, metric.as_str(), metric).await?;
        let nearer = shuffled(300).map(|at| {
            Record::draft(format!("near{at:03}")).kind("no").metadata(json!({"n": 1})).embedding([
                4.0,
                at as f32 / 1e4,
                0.0,
            ])
        });
        let passing = shuffled(12).map(|at| {
            Record::draft(format!("p{at:02}")).kind("yes").metadata(json!({"n": 2})).tags(["t"]).embedding([
                3.0,
                1.0 + at as f32 / 8.0,
                0.0,
            ])
        });
        let farther =
            shuffled(30).map(|at| Record::draft(format!("far{at:02}")).kind("no").embedding([-1.0, at as f32, 0.0]));
        memory.put_all(nearer.chain(passing).chain(farther)).await?;
        let expected = ["p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09", "p10", "p11"];
        let query: [f32; 3] = if metric == Metric::Dot { [1.0, -0.25, 0.0] } else { [4.0, 0.0, 0.0] };
        for filter in [
            Filter::kind().eq("yes"),
            !Filter::kind().ne("yes"),
            Filter::metadata(["n"]).gt(1),
            Filter::tags().contains("t"),
            Filter::id().starts_with("p"),
            Filter::and([
                Filter::or([Filter::kind().eq("yes"), Filter::id().starts_with("far")]),
                Filter::metadata(["n"]).exists(true),
            ]),
        ] {
            let response = search(&memory, &nearest(query)?.with_filter(filter.clone())).await?;
            ensure_eq!(
                names(&response.hits),
                expected[..10],
                "{metric}: the ten nearest of those that pass {filter:?}"
            );
            let response = search(&memory, &nearest(query)?.with_filter(filter.clone()).with_k(50)).await?;
            ensure_eq!(names(&response.hits), expected, "{metric}: all that pass {filter:?}");
        }
        let response = search(&memory, &nearest(query)?.with_k(12).with_filter(Filter::kind().eq("no"))).await?;
        ensure!(
            names(&response.hits).iter().all(|id| id.starts_with("near")),
            "{metric}: the other ones under the other filter"
        );
    }
    Ok(())
}

async fn a_filter_that_passes_one_in_a_hundred(context: Context) -> Outcome {
    let memory = vectors(&context, "a", Metric::Euclidean).await?;
    let drafts = shuffled(600)
        .map(|at| Record::draft(format!("r{at:03}")).metadata(json!({"at": at})).embedding([at as f32, 0.0, 0.0]));
    memory.put_all(drafts).await?;
    let hundreds = Filter::metadata(["at"]).is_in([99, 199, 299, 399, 499, 599]);
    let response = search(&memory, &nearest([0.0; 3])?.with_filter(hundreds.clone()).with_k(4)).await?;
    scored(
        &response.hits,
        &[("r099", 0.01), ("r199", 0.005), ("r299", 0.0033333333333333335), ("r399", 0.0025)],
        "four of six hundred",
    )?;
    let response = search(&memory, &nearest([600.0, 0.0, 0.0])?.with_filter(hundreds.clone()).with_k(100)).await?;
    ensure_eq!(names(&response.hits), ["r599", "r499", "r399", "r299", "r199", "r099"], "all six, from the other side");
    let response =
        search(&memory, &nearest([0.0; 3])?.with_filter(Filter::and([hundreds, Filter::metadata(["at"]).lt(99)])))
            .await?;
    ensure!(response.hits.is_empty(), "a filter that nothing passes");
    let last = Filter::metadata(["at"]).eq(599);
    let response = search(&memory, &nearest([0.0; 3])?.with_filter(last).with_k(1)).await?;
    scored(&response.hits, &[("r599", 0.0016666666666666668)], "the farthest of all, alone")
}

async fn the_scope_comes_before_the_cut(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let strangers = [namespace(["foobar"])?, namespace(["fo"])?, namespace(["foo%"])?, namespace(["bar", "foo"])?];
    for stranger in strangers {
        let nearer = shuffled(60).map(|at| {
            Record::draft(format!("p{at:02}")).namespace(stranger.clone()).embedding([1.0, at as f32 / 1e4, 0.0])
        });
        memory.put_all(nearer).await?;
    }
    let mine = shuffled(10).map(|at| {
        Ok(Record::draft(format!("p{at:02}"))
            .namespace(if at % 2 == 0 { namespace(["foo"])? } else { namespace(["foo", "deep", "er"])? })
            .embedding([1.0, 1.0 + at as f32, 0.0]))
    });
    memory.put_all(mine.collect::<Result<Vec<_>>>()?).await?;
    let tree = memory.narrow(Scope::subtree(namespace(["foo"])?))?;
    let response = search(&tree, &nearest(X)?).await?;
    ensure_eq!(
        names(&response.hits),
        ["p00", "p01", "p02", "p03", "p04", "p05", "p06", "p07", "p08", "p09"],
        "ten of the tree's own"
    );
    ensure!(response.hits.iter().all(|hit| hit.key.namespace.key().starts_with("foo/")), "from nowhere else");
    let alone = memory.narrow(Scope::exact(namespace(["foo"])?))?;
    let response = search(&alone, &nearest(X)?).await?;
    ensure_eq!(names(&response.hits), ["p00", "p02", "p04", "p06", "p08"], "the namespace without what is below");
    Ok(())
}

async fn min_of_k_and_matches_however_asked(context: Context) -> Outcome {
    // In approximate mode, too: which of several far ones are missed may differ, how many are found may not.
    let memory = vectors(&context, "a", Metric::Cosine).await?;
    let drafts = shuffled(400).map(|at| {
        Record::draft(format!("r{at:03}"))
            .kind(if at % 40 == 39 { "rare" } else { "common" })
            .embedding([100.0, at as f32, 1.0])
    });
    memory.put_all(drafts).await?;
    for exactness in [Exactness::Any, Exactness::Exact] {
        for (k, kind, count) in
            [(5, "rare", 5), (10, "rare", 10), (50, "rare", 10), (7, "common", 7), (400, "common", 390)]
        {
            let query = Query::Vector { embedding: vec![100.0, 0.0, 1.0].try_into()?, exactness };
            let request = SearchRequest::new(query).with_filter(Filter::kind().eq(kind)).with_k(k);
            let response = search(&memory, &request).await?;
            ensure_eq!(response.hits.len(), count, "{exactness:?}: min(k, matches) of {kind}, k {k}");
            let wrong =
                response.hits.iter().find(|hit| hit.record.as_ref().is_none_or(|record| record.kind.as_str() != kind));
            ensure!(wrong.is_none(), "{exactness:?}: each hit passes the filter");
        }
    }
    Ok(())
}
