//! What a scope holds (SC-1).

use memory_core::{Draft, Filter, Memory, Namespace, NamespacesRequest, Scope};

use super::{below, draft, exact, sees, sorted};
use crate::context::Context;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "SC-1": [
        a_scope_holds_its_namespaces_alone,
        parts_of_a_scope_are_joined,
        overlapping_parts_count_once,
        a_scope_of_no_part_is_refused,
        bulk_deletes_keep_to_the_scope,
        a_thousand_parts_work,
        hostile_segments_are_data,
    ],
}

/// The id of each record, and its namespace.
const ROWS: [(&str, &[&str]); 24] = [
    ("foo", &["foo"]),
    ("foo-x", &["foo", "x"]),
    ("foo-x-y", &["foo", "x", "y"]),
    ("foo-to-8", &["foo", "x", "y", "4", "5", "6", "7", "8"]),
    ("foo-xy", &["foo", "xy"]),
    ("foobar", &["foobar"]),
    ("foobar-x", &["foobar", "x"]),
    ("fo", &["fo"]),
    ("Foo", &["Foo"]),
    ("FOO-x", &["FOO", "x"]),
    ("percent", &["foo%"]),
    ("underscore", &["fo_"]),
    ("star", &["foo*"]),
    ("any", &["%"]),
    ("one", &["_"]),
    ("slash", &["foo/x"]),
    ("escaped", &["foo%2Fx"]),
    ("blank", &["foo "]),
    ("bang", &["foo!"]),
    ("zero", &["foo0"]),
    ("x", &["x"]),
    ("x-foo", &["x", "foo"]),
    ("composed", &["\u{e9}"]),
    ("decomposed", &["e\u{301}"]),
];

/// Scopes, each beside the ids that it holds.
fn scopes() -> memory_core::Result<Vec<(Scope, &'static [&'static str])>> {
    Ok(vec![
        (exact(["foo"])?, &["foo"]),
        (below(["foo"])?, &["foo", "foo-to-8", "foo-x", "foo-x-y", "foo-xy"]),
        (exact(["foo", "x"])?, &["foo-x"]),
        (below(["foo", "x"])?, &["foo-to-8", "foo-x", "foo-x-y"]),
        (below(["foo", "x", "y", "4", "5", "6", "7", "8"])?, &["foo-to-8"]),
        (exact(["foo", "x", "y", "4"])?, &[]),
        (below(["foo", "x", "y", "4"])?, &["foo-to-8"]),
        (below(["fo"])?, &["fo"]),
        (below(["f"])?, &[]),
        (below(["foobar"])?, &["foobar", "foobar-x"]),
        (below(["Foo"])?, &["Foo"]),
        (exact(["FOO"])?, &[]),
        (below(["FOO"])?, &["FOO-x"]),
        (below(["foo%"])?, &["percent"]),
        (below(["fo_"])?, &["underscore"]),
        (below(["foo*"])?, &["star"]),
        (below(["%"])?, &["any"]),
        (exact(["_"])?, &["one"]),
        (below(["*"])?, &[]),
        (below(["foo/x"])?, &["slash"]),
        (exact(["foo%2Fx"])?, &["escaped"]),
        (below(["foo "])?, &["blank"]),
        (below(["foo!"])?, &["bang"]),
        (below(["foo0"])?, &["zero"]),
        (below(["x"])?, &["x", "x-foo"]),
        (exact(["\u{e9}"])?, &["composed"]),
        (below(["e\u{301}"])?, &["decomposed"]),
    ])
}

async fn filled(context: &Context) -> memory_core::Result<Memory> {
    let memory = context.collection("a").await?;
    fill(&memory, |draft| draft).await?;
    Ok(memory)
}

/// Puts every row, changed so.
async fn fill(memory: &Memory, change: impl Fn(Draft) -> Draft) -> memory_core::Result<()> {
    let rows = ROWS.iter().map(|(id, segments)| Ok(change(draft(segments, id)?)));
    memory.put_all(rows.collect::<memory_core::Result<Vec<_>>>()?).await.map(drop)
}

fn every_id() -> Vec<&'static str> {
    sorted(ROWS.iter().map(|(id, _)| *id).collect())
}

async fn a_scope_holds_its_namespaces_alone(context: Context) -> Outcome {
    let all = filled(&context).await?;
    sees(&all, &every_id(), "all").await?;
    for (scope, expected) in scopes()? {
        let what = format!("{scope:?}");
        // Bound when the handle is made, and narrowed later, are the same.
        sees(&context.database.open(all.spec().name(), scope.clone()).await?, expected, &what).await?;
        sees(&all.narrow(scope)?, expected, &what).await?;
    }
    Ok(())
}

async fn parts_of_a_scope_are_joined(context: Context) -> Outcome {
    let all = filled(&context).await?;
    let unions: [(Vec<Scope>, &[&str]); 5] = [
        (vec![exact(["foo"])?, exact(["x"])?], &["foo", "x"]),
        (vec![exact(["foo"])?, below(["x"])?], &["foo", "x", "x-foo"]),
        (
            vec![below(["foo", "x"])?, exact(["foobar"])?, exact(["%"])?],
            &["any", "foo-to-8", "foo-x", "foo-x-y", "foobar"],
        ),
        (vec![exact(["nowhere"])?, exact(["_"])?], &["one"]),
        (vec![exact(["nowhere"])?, below(["nobody"])?], &[]),
    ];
    for (parts, expected) in unions {
        let scope = Scope::union(parts)?;
        sees(&all.narrow(scope.clone())?, expected, &format!("{scope:?}")).await?;
    }
    sees(&all.narrow(Scope::union([exact(["foo"])?, Scope::all()])?)?, &every_id(), "a part and all").await
}

async fn overlapping_parts_count_once(context: Context) -> Outcome {
    let all = filled(&context).await?;
    let unions: [(Vec<Scope>, &[&str]); 4] = [
        (vec![exact(["foo"])?, exact(["foo"])?], &["foo"]),
        (vec![exact(["foo", "x"])?, below(["foo"])?], &["foo", "foo-to-8", "foo-x", "foo-x-y", "foo-xy"]),
        (
            vec![below(["foo", "x"])?, below(["foo"])?, exact(["foo", "x", "y"])?],
            &["foo", "foo-to-8", "foo-x", "foo-x-y", "foo-xy"],
        ),
        (
            vec![exact(["foo"])?, below(["foo", "x"])?, exact(["foo", "x", "y"])?],
            &["foo", "foo-to-8", "foo-x", "foo-x-y"],
        ),
    ];
    for (parts, expected) in unions {
        let scope = Scope::union(parts)?;
        sees(&all.narrow(scope.clone())?, expected, &format!("{scope:?}")).await?;
        let deleted = all.narrow(scope.clone())?.delete_where(&Filter::content().eq("word")).await;
        ensure_eq!(deleted.ok(), Some(expected.len() as u64), "delete_where in {scope:?}");
        ensure_eq!(all.count(&Filter::all()).await?, (24 - expected.len()) as u64, "what {scope:?} leaves");
        fill(&all, |draft| draft).await?;
    }
    Ok(())
}

async fn a_scope_of_no_part_is_refused(context: Context) -> Outcome {
    let calls = context.calls.count();
    ensure_kind!(Scope::union([]), InvalidArgument, "a scope has a part");
    ensure_eq!(context.calls.count(), calls, "no call");
    Ok(())
}

async fn bulk_deletes_keep_to_the_scope(context: Context) -> Outcome {
    let all = filled(&context).await?;
    let now = crate::context::at(0)?;
    for (scope, expected) in scopes()? {
        let memory = all.narrow(scope.clone())?;
        let others: Vec<&str> = every_id().into_iter().filter(|id| !expected.contains(id)).collect();
        for call in ["delete_where", "clear", "purge_expired"] {
            let deleted = match call {
                "delete_where" => memory.delete_where(&Filter::content().eq("word")).await,
                "clear" => memory.clear().await,
                // All have expired, whatever their namespace.
                _ => {
                    fill(&all, |draft| draft.expires_at(now)).await?;
                    memory.purge_expired().await
                }
            };
            let what = format!("{call} in {scope:?}");
            ensure_eq!(deleted.ok(), Some(expected.len() as u64), "{what}");
            // A microsecond earlier, when those that were to expire still lived.
            context.set_clock(-1)?;
            sees(&all, &others, &format!("what is left of all by {what}")).await?;
            ensure_eq!(memory.count(&Filter::all()).await?, 0, "what is left of the scope by {what}");
            context.set_clock(0)?;
            fill(&all, |draft| draft).await?;
        }
    }
    Ok(())
}

async fn a_thousand_parts_work(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let name = |at: usize| format!("t{at}");
    let rows: Vec<(String, String)> = (0..60).map(|at| (format!("r{at:02}"), name(at * 20))).collect();
    all.put_all(rows.iter().map(|(id, segment)| draft(&[segment], id)).collect::<memory_core::Result<Vec<_>>>()?)
        .await?;
    all.put_all([draft(&["t0", "below"], "below")?, draft(&["t"], "short")?, draft(&["t2000"], "long")?]).await?;
    // t0, t1, … t1099: every twentieth holds a record, which makes 55 of the 60.
    let parts: Vec<Scope> =
        (0..1100).map(|at| Ok(Scope::exact(Namespace::new([name(at)])?))).collect::<memory_core::Result<_>>()?;
    let expected: Vec<&str> = rows[..55].iter().map(|(id, _)| id.as_str()).collect();
    let memory = all.narrow(Scope::union(parts)?)?;
    sees(&memory, &expected, "1,100 namespaces").await?;
    ensure_eq!(memory.namespaces(&NamespacesRequest::new()).await?.len(), 55, "namespaces of 1,100 parts");
    let trees =
        (0..1100).map(|at| Ok(Scope::subtree(Namespace::new([name(at)])?))).collect::<memory_core::Result<Vec<_>>>()?;
    let memory = all.narrow(Scope::union(trees)?)?;
    sees(&memory, &[&["below"], &expected[..]].concat(), "1,100 subtrees").await?;
    ensure_eq!(memory.clear().await.ok(), Some(56), "clear in 1,100 subtrees");
    sees(&all, &["long", "r55", "r56", "r57", "r58", "r59", "short"], "what is left").await
}

async fn hostile_segments_are_data(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let strings = crate::hostile::STRINGS;
    let rows =
        strings.iter().map(|text| draft(&["h", text, "below"], text)).collect::<memory_core::Result<Vec<_>>>()?;
    all.put_all(rows).await?;
    for text in strings.iter().copied() {
        let memory = all.narrow(below(["h", text])?)?;
        let found = memory.list(&memory_core::ListRequest::new()).await;
        let found = found.map(|page| page.records).unwrap_or_default();
        let found: Vec<&str> = found.iter().map(|stored| stored.record.key.id.as_str()).collect();
        ensure_eq!(found, [text], "list below {text:?}");
        ensure_eq!(memory.count(&Filter::all()).await.ok(), Some(1), "count below {text:?}");
        ensure_eq!(
            all.narrow(exact(["h", text])?)?.count(&Filter::all()).await.ok(),
            Some(0),
            "nothing in {text:?} itself"
        );
        let found = memory.search(&memory.text("word")).await.map(|response| response.hits.len());
        ensure_eq!(found.ok(), Some(1), "text search below {text:?}");
    }
    let mut left = strings.len() as u64;
    for text in strings.iter().copied() {
        ensure_eq!(all.narrow(below(["h", text])?)?.clear().await.ok(), Some(1), "clear below {text:?}");
        left -= 1;
        ensure_eq!(all.count(&Filter::all()).await?, left, "the others after clear below {text:?}");
    }
    Ok(())
}
