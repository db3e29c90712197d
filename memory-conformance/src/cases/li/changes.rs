//! Pages of a listing while records come, go and change (LI-2).

use std::collections::{BTreeMap, BTreeSet};

use memory_core::{Draft, Filter, Memory, Order, Record, Scope};

use super::{ORDERS, listing, page};
use crate::context::{Context, at, namespace};
use crate::{Failure, Outcome, cases, ensure, ensure_eq};

cases! {
    "LI-2": [
        deletes_during_a_scan_skip_and_repeat_nothing,
        deleting_all_that_was_seen_skips_nothing,
        puts_during_a_scan_skip_and_repeat_nothing,
        overwriting_during_a_scan_repeats_nothing,
        new_times_during_a_scan_repeat_nothing_in_the_unspecified_order,
        expiry_during_a_scan_skips_and_repeats_nothing,
        what_begins_and_ends_to_match_is_seen_once_at_most,
    ],
}

const SIZES: [usize; 4] = [1, 2, 3, 7];

/// The ids of the 25 records, `r00` to `r24`; five share each time.
fn id(n: usize) -> String {
    format!("r{n:02}")
}

fn row(n: usize) -> memory_core::Result<Draft> {
    let time = at(i64::try_from(n / 5).unwrap_or(0))?;
    Ok(Record::draft(id(n)).content("old").created_at(time).updated_at(time))
}

/// The number of an id.
fn number(id: &str) -> usize {
    id[1..].parse().unwrap_or(0)
}

async fn put(memory: &Memory, drafts: impl Iterator<Item = memory_core::Result<Draft>>) -> Outcome {
    memory.put_all(drafts.collect::<memory_core::Result<Vec<_>>>()?).await?;
    Ok(())
}

/// A handle on a namespace of its own with the 25 records, put in no particular order.
async fn filled(all: &Memory, order: Order, limit: usize) -> memory_core::Result<Memory> {
    let home = namespace(["scan", &format!("{order:?}"), &limit.to_string()])?;
    let memory = all.narrow(Scope::exact(home))?;
    memory.put_all((0..25).map(|n| row(n * 7 % 25)).collect::<memory_core::Result<Vec<_>>>()?).await?;
    Ok(memory)
}

/// Scans, with a change after each page, which is told how many pages there were and what was on the last. Answers how
/// often each id was seen.
async fn scan_while<F>(
    memory: &Memory,
    order: Order,
    limit: usize,
    filter: Filter,
    mut change: impl FnMut(usize, Vec<String>) -> F,
) -> Result<BTreeMap<String, usize>, Failure>
where
    F: Future<Output = Outcome>,
{
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    let mut request = listing(order, limit).with_filter(filter);
    for pages in 0..500 {
        let page = page(memory, &request).await?;
        let ids: Vec<String> = page.records.iter().map(|stored| stored.record.key.id.as_str().to_owned()).collect();
        for id in &ids {
            *seen.entry(id.clone()).or_default() += 1;
        }
        change(pages, ids).await?;
        let Some(cursor) = page.cursor else { return Ok(seen) };
        request = request.with_cursor(Some(cursor));
    }
    Err(Failure::assertion("the listing does not end"))
}

/// Each at most once; those that nothing touched exactly once.
fn once(seen: &BTreeMap<String, usize>, untouched: impl IntoIterator<Item = String>, what: &str) -> Outcome {
    let twice: Vec<&String> = seen.iter().filter(|(_, times)| **times > 1).map(|(id, _)| id).collect();
    ensure_eq!(twice, Vec::<&String>::new(), "{what}: seen again");
    let missed: Vec<String> = untouched.into_iter().filter(|id| !seen.contains_key(id)).collect();
    ensure_eq!(missed, Vec::<String>::new(), "{what}: skipped");
    Ok(())
}

async fn deletes_during_a_scan_skip_and_repeat_nothing(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            let memory = filled(&all, order, limit).await?;
            let deleted = std::sync::Mutex::new(BTreeSet::new());
            let seen = scan_while(&memory, order, limit, Filter::all(), |pages, ids| {
                // The record at which the cursor stands, and one of every third, from both ends of the ids.
                let more = [id(pages * 3 % 25), id((24 - pages % 25) / 3 * 3)];
                let gone: BTreeSet<String> = ids.last().cloned().into_iter().chain(more).collect();
                deleted.lock().unwrap().extend(gone.clone());
                let memory = &memory;
                async move { Ok(memory.delete_all(gone.iter().map(String::as_str)).await.map(drop)?) }
            })
            .await?;
            let deleted = deleted.into_inner().unwrap();
            let untouched = (0..25).map(id).filter(|id| !deleted.contains(id));
            once(&seen, untouched, &format!("{order:?} in pages of {limit}"))?;
        }
    }
    Ok(())
}

async fn deleting_all_that_was_seen_skips_nothing(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            let memory = filled(&all, order, limit).await?;
            let seen = scan_while(&memory, order, limit, Filter::all(), |_, ids| {
                let memory = &memory;
                async move { Ok(memory.delete_all(ids.iter().map(String::as_str)).await.map(drop)?) }
            })
            .await?;
            // Whatever was not seen stood there until the end.
            once(&seen, (0..25).map(id), &format!("{order:?} in pages of {limit}"))?;
        }
    }
    Ok(())
}

async fn puts_during_a_scan_skip_and_repeat_nothing(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            let memory = filled(&all, order, limit).await?;
            let seen = scan_while(&memory, order, limit, Filter::all(), |pages, _| {
                let memory = &memory;
                async move {
                    // Before, amid and behind all others, by id and by time, on the first pages, so that the scan ends.
                    let at_all = [("a", -9), ("r05", 1), ("r12", 2), ("r24", 4), ("z", 9)];
                    let new = at_all.into_iter().take(if pages < 8 { 5 } else { 0 }).map(|(id, time)| {
                        let (id, time) = (format!("{id} new {pages}"), at(time)?);
                        Ok(Record::draft(id).created_at(time).updated_at(time))
                    });
                    put(memory, new).await
                }
            })
            .await?;
            once(&seen, (0..25).map(id), &format!("{order:?} in pages of {limit}"))?;
        }
    }
    Ok(())
}

async fn overwriting_during_a_scan_repeats_nothing(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            let memory = filled(&all, order, limit).await?;
            let seen = scan_while(&memory, order, limit, Filter::all(), |pages, ids| {
                let memory = &memory;
                async move {
                    // What was just seen, and one that may be still to come, with the times that they had.
                    let ids = ids.into_iter().chain([id(24 - pages % 12)]);
                    put(memory, ids.map(|id| Ok(row(number(&id))?.content("new and longer").kind("new")))).await
                }
            })
            .await?;
            // 13 to 24 were overwritten before they were seen, or may have been.
            once(&seen, (0..13).map(id), &format!("{order:?} in pages of {limit}"))?;
        }
    }
    Ok(())
}

async fn new_times_during_a_scan_repeat_nothing_in_the_unspecified_order(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for limit in SIZES {
        let memory = filled(&all, Order::Unspecified, limit).await?;
        let seen = scan_while(&memory, Order::Unspecified, limit, Filter::all(), |pages, ids| {
            let memory = &memory;
            async move {
                let time = at(if pages % 2 == 0 { 1_000_000 } else { -1_000_000 })?;
                // Gone and back: rows that are made anew.
                memory.delete_all(ids.iter().map(String::as_str)).await?;
                let draft = |id| Ok(Record::draft(id).content("new").created_at(time).updated_at(time));
                put(memory, ids.into_iter().map(draft)).await
            }
        })
        .await?;
        // What was not seen was not touched.
        once(&seen, (0..25).map(id), &format!("in pages of {limit}"))?;
    }
    // In an order by the one time, the other may change.
    for (order, by_created) in [(Order::CreatedAscending, true), (Order::UpdatedDescending, false)] {
        let memory = filled(&all, order, 3).await?;
        let seen = scan_while(&memory, order, 3, Filter::all(), |pages, ids| {
            let memory = &memory;
            async move {
                let time = at(if pages % 2 == 0 { 1_000_000 } else { -1_000_000 })?;
                let draft = |id: String| {
                    let draft = row(number(&id))?;
                    Ok(if by_created { draft.updated_at(time) } else { draft.created_at(time) })
                };
                put(memory, ids.into_iter().map(draft)).await
            }
        })
        .await?;
        once(&seen, (0..25).map(id), &format!("{order:?} while the other time changes"))?;
    }
    Ok(())
}

async fn expiry_during_a_scan_skips_and_repeats_nothing(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            context.set_clock(0)?;
            let memory = filled(&all, order, limit).await?;
            // Every second one expires, one at each microsecond.
            let expiring = |n: usize| Ok(row(n)?.expires_at(at(i64::try_from(n).unwrap_or(0) / 2 + 1)?));
            put(&memory, (0..25).step_by(2).map(expiring)).await?;
            let late = std::sync::Mutex::new(Vec::new());
            let seen = scan_while(&memory, order, limit, Filter::all(), |pages, ids| {
                let expired = |id: &String| number(id).is_multiple_of(2) && number(id) / 2 < pages;
                late.lock().unwrap().extend(ids.into_iter().filter(expired));
                let moved = context.set_clock(i64::try_from(pages).unwrap_or(0) + 1);
                async move { Ok(moved?) }
            })
            .await?;
            let what = format!("{order:?} in pages of {limit}");
            ensure_eq!(late.into_inner().unwrap(), Vec::<String>::new(), "{what}: seen after they had expired");
            once(&seen, (1..25).step_by(2).map(id), &what)?;
        }
    }
    context.set_clock(0)?;
    Ok(())
}

async fn what_begins_and_ends_to_match_is_seen_once_at_most(context: Context) -> Outcome {
    let all = context.collection("a").await?;
    for order in ORDERS {
        for limit in SIZES {
            let memory = filled(&all, order, limit).await?;
            // `in` to begin with: 0 to 14. Of those 0 to 9 stay, whatever happens to others.
            put(&memory, (0..15).map(|n| Ok(row(n)?.kind("in")))).await?;
            let seen = scan_while(&memory, order, limit, Filter::kind().eq("in"), |pages, _| {
                let memory = &memory;
                async move {
                    let changes = [(10 + pages % 5, "out"), (15 + pages % 10, "in"), (10 + (pages + 2) % 5, "in")];
                    put(memory, changes.into_iter().map(|(n, kind)| Ok(row(n)?.kind(kind)))).await
                }
            })
            .await?;
            once(&seen, (0..10).map(id), &format!("{order:?} in pages of {limit}"))?;
            ensure!(seen.len() <= 25, "{order:?} in pages of {limit}: more than there are");
        }
    }
    Ok(())
}
