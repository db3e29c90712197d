//! What a cursor is bound to, and what it outlives (LI-4).

use memory_core::{Cursor, Filter, ListRequest, Memory, Order, Record, Returns, Scope, Stored};

use super::{ORDERS, keys, listing, page, scan};
use crate::context::{Context, at, namespace};
use crate::{Failure, Needs, Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "LI-4": [
        a_damaged_cursor_is_refused,
        a_cursor_of_another_order_or_filter_is_refused,
        a_cursor_of_another_scope_is_refused,
        a_cursor_of_another_collection_is_refused,
        a_cursor_of_a_dropped_collection_is_refused,
        page_size_and_what_is_returned_are_free,
        a_cursor_works_after_writes_and_in_another_handle,
        a_cursor_does_not_age,
        a_cursor_is_text_without_blanks,
        the_same_scope_and_filter_made_anew_are_the_same,
        (a_cursor_works_after_a_restart, Needs::Fact("durable", |facts| facts.durable)),
    ],
}

/// Twelve records in the namespace `["n"]`, half of kind `a`.
async fn filled(context: &Context, suffix: &str) -> memory_core::Result<Memory> {
    let memory = context.home(suffix).await?;
    fill(&memory).await?;
    Ok(memory)
}

async fn fill(memory: &Memory) -> memory_core::Result<()> {
    let row = |n: i64| {
        let draft = Record::draft(format!("r{n:02}")).kind(if n % 2 == 0 { "a" } else { "b" });
        Ok(draft.created_at(at(n / 2)?).updated_at(at(-n)?))
    };
    memory.put_all((0..12).map(row).collect::<memory_core::Result<Vec<_>>>()?).await.map(drop)
}

/// A request that goes on after its first page, and the records of that page.
async fn started(memory: &Memory, request: ListRequest) -> Result<(ListRequest, Vec<Stored>), Failure> {
    let page = page(memory, &request).await?;
    let cursor = page.cursor.ok_or_else(|| Failure::assertion("the first of several pages has no cursor"))?;
    Ok((request.with_cursor(Some(cursor)), page.records))
}

/// Checks that the request goes on to the end, and that all twelve were seen once.
async fn goes_on(memory: &Memory, first: &[Stored], request: ListRequest, what: &str) -> Outcome {
    let mut found = keys(first);
    found.extend(keys(&scan(memory, request).await?));
    found.sort();
    let expected: Vec<String> = (0..12).map(|n| format!("n/r{n:02}")).collect();
    ensure_eq!(found, expected, "{what}");
    Ok(())
}

async fn a_damaged_cursor_is_refused(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    for order in [Order::Unspecified, Order::CreatedAscending, Order::UpdatedDescending] {
        let (request, first) = started(&memory, listing(order, 3)).await?;
        let text = request.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()).unwrap_or_default();
        let chars: Vec<char> = text.chars().collect();
        let mut damaged: Vec<String> = Vec::new();
        for at in 0..chars.len() {
            for other in ['A', 'B', '0', '-', '_', 'é', '\u{0}'] {
                if chars[at] != other {
                    let mut changed = chars.clone();
                    changed[at] = other;
                    damaged.push(changed.into_iter().collect());
                }
            }
            damaged.push(chars[..at].iter().collect());
            damaged.push(chars[at + 1..].iter().collect());
        }
        for junk in [
            "",
            " ",
            "0",
            "null",
            "A",
            "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
            "{}",
            "' OR 1=1 --",
            "r03",
            "3",
            "🙂",
        ] {
            damaged.push(junk.to_owned());
        }
        damaged.extend([
            format!("{text}A"),
            format!("{text}="),
            format!(" {text}"),
            format!("{text}\n"),
            text.repeat(2),
            "A".repeat(100_000),
        ]);
        for cursor in damaged.into_iter().filter(|cursor| *cursor != text) {
            let shown: String = cursor.chars().take(200).collect();
            let answer = memory.list(&request.clone().with_cursor(Some(Cursor::new(cursor)))).await;
            ensure_kind!(answer, InvalidArgument, "{order:?}: {shown:?} for {text:?}");
        }
        goes_on(&memory, &first, request, "the cursor itself still works").await?;
    }
    Ok(())
}

async fn a_cursor_of_another_order_or_filter_is_refused(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    let filters = [
        Filter::all(),
        Filter::kind().eq("a"),
        Filter::kind().eq("b"),
        Filter::kind().ne("b"),
        Filter::id().starts_with("r"),
        Filter::metadata(["kind"]).ne("a"),
        Filter::metadata(["kind"]).ne(1),
        Filter::metadata(["kind"]).ne("1"),
    ];
    let mut requests = Vec::new();
    for order in ORDERS {
        for filter in &filters {
            requests.push(started(&memory, listing(order, 2).with_filter(filter.clone())).await?.0);
        }
    }
    for from in &requests {
        for to in &requests {
            let answer = memory.list(&to.clone().with_cursor(from.cursor.clone())).await;
            if (from.order, &from.filter) == (to.order, &to.filter) {
                ensure!(answer.is_ok(), "its own listing takes it: {answer:?}");
            } else {
                let what = format!("from {:?} {:?} to {:?} {:?}", from.order, from.filter, to.order, to.filter);
                ensure_kind!(answer, InvalidArgument, "{what}");
            }
        }
    }
    Ok(())
}

async fn a_cursor_of_another_scope_is_refused(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let home = |name: &str| namespace([name]);
    for name in ["n", "m"] {
        fill(&all.narrow(Scope::exact(home(name)?))?).await?;
    }
    let scopes = [
        Scope::all(),
        Scope::exact(home("n")?),
        Scope::subtree(home("n")?),
        Scope::exact(home("m")?),
        Scope::union([Scope::exact(home("n")?), Scope::exact(home("m")?)])?,
    ];
    for order in ORDERS {
        for from in &scopes {
            let (request, _) = started(&all.narrow(from.clone())?, listing(order, 5)).await?;
            for to in scopes.iter().filter(|to| *to != from) {
                let answer = all.narrow(to.clone())?.list(&request).await;
                ensure_kind!(answer, InvalidArgument, "{order:?}: from {from:?} to {to:?}");
            }
        }
    }
    Ok(())
}

async fn a_cursor_of_another_collection_is_refused(context: Context) -> Outcome {
    let (one, two) = (filled(&context, "a").await?, filled(&context, "b").await?);
    for order in ORDERS {
        let (request, first) = started(&one, listing(order, 5)).await?;
        ensure_kind!(two.list(&request).await, InvalidArgument, "{order:?}: in another collection of the same rows");
        goes_on(&one, &first, request, "in its own").await?;
    }
    Ok(())
}

async fn a_cursor_of_a_dropped_collection_is_refused(context: Context) -> Outcome {
    let before = filled(&context, "a").await?;
    let mut requests = Vec::new();
    for order in ORDERS {
        requests.push(started(&before, listing(order, 5)).await?.0);
    }
    ensure!(context.database.drop_collection(before.spec().name()).await?, "there was one");
    for request in &requests {
        ensure_kind!(before.list(request).await, NotFound, "{:?}: through the handle from before", request.order);
    }
    let anew = filled(&context, "a").await?;
    for request in &requests {
        ensure_kind!(anew.list(request).await, InvalidArgument, "{:?}: in the collection made since", request.order);
        // The old handle is dead, or acts on the new collection (CO-5), where the cursor is foreign.
        match before.list(request).await {
            Err(error) if error.kind() == memory_core::ErrorKind::NotFound => {}
            answer => {
                ensure_kind!(answer, InvalidArgument, "{:?}: through the handle from before", request.order);
            }
        }
    }
    Ok(())
}

async fn page_size_and_what_is_returned_are_free(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    for order in ORDERS {
        let (request, first) = started(&memory, listing(order, 5)).await?;
        for limit in [1, 2, 7, 1000] {
            goes_on(&memory, &first, request.clone().with_limit(limit), &format!("{order:?} in pages of {limit}"))
                .await?;
        }
        for returns in [Returns::Keys, Returns::Records] {
            goes_on(&memory, &first, request.clone().with_returns(returns), &format!("{order:?} {returns:?}")).await?;
        }
    }
    Ok(())
}

async fn a_cursor_works_after_writes_and_in_another_handle(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    for order in ORDERS {
        let (request, first) = started(&memory, listing(order, 5)).await?;
        // The page is deleted and put back, the record under the cursor last.
        memory.delete_all(first.iter().map(|stored| &stored.record.key)).await?;
        goes_on(&memory, &first, request.clone(), &format!("{order:?}: once its page is deleted")).await?;
        let other = context.connect().await?.open(memory.spec().name(), memory.scope().clone()).await?;
        goes_on(&other, &first, request.clone(), &format!("{order:?}: in another handle")).await?;
        memory.put_all(first.iter().map(|stored| stored.record.clone())).await?;
        goes_on(&memory, &first, request.clone(), &format!("{order:?}: once its page is back")).await?;
        // Again and again: using a cursor does not use it up.
        goes_on(&other, &first, request, &format!("{order:?}: again")).await?;
    }
    Ok(())
}

async fn a_cursor_does_not_age(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    for order in ORDERS {
        let (request, first) = started(&memory, listing(order, 5)).await?;
        // A hundred years later.
        context.set_clock(3_155_760_000_000_000)?;
        goes_on(&memory, &first, request.clone(), &format!("{order:?}: a hundred years later")).await?;
        context.set_clock(0)?;
        for n in 0..4 {
            memory.put(Record::draft("passing")).await?;
            let other = listing(order, 1 + n % 3).with_filter(Filter::kind().eq("a"));
            scan(&memory, other).await?;
            memory.delete("passing").await?;
        }
        goes_on(&memory, &first, request, &format!("{order:?}: after other scans and writes")).await?;
    }
    Ok(())
}

async fn a_cursor_is_text_without_blanks(context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    for order in ORDERS {
        let (request, first) = started(&memory, listing(order, 5)).await?;
        let text = request.cursor.as_ref().map(|cursor| cursor.as_str().to_owned()).unwrap_or_default();
        ensure!(!text.is_empty() && !text.contains(char::is_whitespace), "{order:?}: {text:?}");
        // Kept as text and read back.
        let again = request.with_cursor(Some(Cursor::new(text)));
        goes_on(&memory, &first, again, &format!("{order:?}: from its text")).await?;
    }
    Ok(())
}

async fn the_same_scope_and_filter_made_anew_are_the_same(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    let home = namespace(["n"])?;
    fill(&all.narrow(Scope::exact(home.clone()))?).await?;
    let m = Scope::exact(namespace(["m"])?);
    // The same namespaces: parts in another order, or one within the other.
    let scopes = [
        Scope::union([Scope::subtree(home.clone()), m.clone()])?,
        Scope::union([m.clone(), Scope::subtree(home.clone())])?,
        Scope::union([m.clone(), Scope::exact(home.child("x")?), Scope::exact(home.clone()), Scope::subtree(home), m])?,
    ];
    let filter = r#"{"field":["metadata","v"],"op":"not_in","value":[1,"a",{"b":1.5,"a":null}]}"#;
    let spaced = r#" {"value":[1,"\u0061",{"a":null,"b":15e-1}], "op":"not_in", "field":["metadata","v"]} "#;
    for order in ORDERS {
        let request = listing(order, 5).with_filter(Filter::from_json(filter)?);
        let (request, first) = started(&all.narrow(scopes[0].clone())?, request).await?;
        for scope in &scopes {
            let again = request.clone().with_filter(Filter::from_json(spaced)?);
            goes_on(&all.narrow(scope.clone())?, &first, again, &format!("{order:?} in {scope:?}")).await?;
        }
    }
    Ok(())
}

async fn a_cursor_works_after_a_restart(mut context: Context) -> Outcome {
    let memory = filled(&context, "a").await?;
    let (name, scope) = (memory.spec().name().clone(), memory.scope().clone());
    let mut scans = Vec::new();
    for order in ORDERS {
        scans.push(started(&memory, listing(order, 5)).await?);
    }
    drop(memory);
    context.restart().await?;
    let memory = context.database.open(&name, scope).await?;
    for (request, first) in scans {
        let what = format!("{:?} after a restart", request.order);
        goes_on(&memory, &first, request, &what).await?;
    }
    Ok(())
}
