//! Deleting by id, and how many existed (WR-6).

use memory_core::{Filter, ListRequest, Record};

use crate::cases::state::{Must as _, everything};
use crate::context::{Context, at, key, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind, hostile};

cases! {
    "WR-6": [
        the_count_is_of_what_existed,
        a_deleted_record_is_gone_from_everywhere,
        a_delete_is_of_one_namespace,
        expired_records_are_not_counted,
        hundreds_of_ids_in_one_call,
        ids_are_data_to_a_delete,
    ],
}

async fn the_count_is_of_what_existed(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let all = || ["1", "2", "3", "4", "5"].map(Record::draft);
    for (ids, expected, left) in [
        (vec![], 0, vec!["1", "2", "3", "4", "5"]),
        (vec!["absent"], 0, vec!["1", "2", "3", "4", "5"]),
        (vec!["1"], 1, vec!["2", "3", "4", "5"]),
        (vec!["1", "1", "1"], 1, vec!["2", "3", "4", "5"]),
        (vec!["1", "absent", "2", "also absent", "2", "1"], 2, vec!["3", "4", "5"]),
        (vec!["absent", "absent", "5"], 1, vec!["1", "2", "3", "4"]),
        (vec!["5", "4", "3", "2", "1"], 5, vec![]),
    ] {
        memory.put_all(all()).await?;
        ensure_eq!(memory.delete_all(ids.clone()).await.must("a delete")?, expected, "how many of {ids:?} existed");
        let stored = everything(&memory).await?;
        let found: Vec<_> = stored.iter().map(|stored| stored.record.key.id.as_str()).collect();
        ensure_eq!(found, left, "what is left after deleting {ids:?}");
        ensure_eq!(memory.delete_all(ids).await.must("the delete, repeated")?, 0, "nothing of it exists any more");
    }
    memory.put(Record::draft("1")).await?;
    ensure!(memory.delete("1").await.must("a delete")?, "it existed");
    ensure!(!memory.delete("1").await.must("a delete of what is absent")?, "it did not exist, which is no error");
    Ok(())
}

async fn a_deleted_record_is_gone_from_everywhere(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for id in ["1", "2"] {
        let draft = Record::draft(id).content(format!("walnut w{id}")).embedding([1.0, 0.0, 0.0]).tags(["t"]).kind(id);
        memory.put(draft).await?;
    }
    ensure!(memory.delete("1").await.must("a delete")?, "it existed");
    ensure!(memory.get("1").await.must("a read")?.is_none(), "get");
    for (text, expected) in [("walnut", 1), ("w1", 0), ("w2", 1)] {
        ensure_eq!(memory.search_text(text, 10).await.must("a search")?.hits.len(), expected, "text search for {text}");
    }
    let hits = memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a search")?.hits;
    ensure_eq!(hits.iter().map(|hit| hit.key.id.as_str()).collect::<Vec<_>>(), ["2"], "vector search");
    for (filter, expected) in
        [(Filter::tags().contains("t"), 1), (Filter::kind().eq("1"), 0), (Filter::id().eq("1"), 0)]
    {
        ensure_eq!(memory.count(&filter).await.must("a count")?, expected, "count of {}", filter.to_json());
        let page = memory.list(&ListRequest::new().with_filter(filter.clone())).await.must("a listing")?;
        ensure_eq!(page.records.len() as u64, expected, "list of {}", filter.to_json());
    }
    // What is put anew has nothing of what was deleted.
    memory.put(Record::draft("1").content("pepper")).await.must("a put of what was deleted")?;
    ensure_eq!(memory.search_text("w1", 10).await.must("a search")?.hits.len(), 0, "its old words stay gone");
    ensure_eq!(
        memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a search")?.hits.len(),
        1,
        "so does its old vector"
    );
    ensure_eq!(memory.count(&Filter::tags().contains("t")).await.must("a count")?, 1, "so do its old tags");
    Ok(())
}

async fn a_delete_is_of_one_namespace(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let namespaces = [vec!["a"], vec!["a", "b"], vec!["ab"], vec!["a/b"], vec!["A"], vec!["%"], vec!["_"]];
    for segments in &namespaces {
        memory.put(Record::draft("1").namespace(memory_core::Namespace::new(segments)?)).await?;
    }
    ensure!(memory.delete(key(["a"], "1")?).await.must("a delete")?, "it existed");
    ensure!(memory.delete(key(["%"], "1")?).await.must("a delete")?, "it existed");
    ensure!(memory.delete(key(["_"], "1")?).await.must("a delete")?, "it existed");
    let left = everything(&memory).await?;
    let keys: Vec<_> = left.iter().map(|stored| stored.record.key.namespace.key()).collect();
    ensure_eq!(keys, ["A/", "a%2Fb/", "a/b/", "ab/"], "each other namespace keeps its own");
    ensure_eq!(
        memory.delete_all([key(["a"], "1")?, key(["ab"], "1")?]).await.must("a delete")?,
        1,
        "one of two existed"
    );
    Ok(())
}

async fn expired_records_are_not_counted(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory
        .put_all([Record::draft("1"), Record::draft("2").expires_at(at(10)?), Record::draft("3").expires_at(at(11)?)])
        .await?;
    context.set_clock(10)?;
    ensure_eq!(memory.delete_all(["1", "2", "3"]).await.must("a delete")?, 2, "2 has expired, 3 has not");
    context.set_clock(0)?;
    ensure_eq!(everything(&memory).await?.len(), 0, "the expired one is gone for good (TT-2)");
    Ok(())
}

async fn hundreds_of_ids_in_one_call(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all((0..900).map(|n| Record::draft(format!("{n:04}")).content("walnut"))).await?;
    // Every second, the first hundred of them twice and far apart, and as many that are absent.
    let ids = (0..900).step_by(2).chain((0..200).step_by(2)).map(|n| format!("{n:04}"));
    let ids: Vec<String> = ids.chain((0..450).map(|n| format!("absent {n}"))).collect();
    ensure_eq!(memory.delete_all(ids).await.must("a delete of a thousand ids")?, 450, "each that existed counts once");
    ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 450, "the others are left");
    ensure!(memory.get("0001").await?.is_some() && memory.get("0898").await?.is_none(), "they are the right ones");
    ensure_eq!(memory.search_text("walnut", 1_000).await.must("a search")?.hits.len(), 450, "text search agrees");
    Ok(())
}

async fn ids_are_data_to_a_delete(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("plain").namespace(namespace(["n"])?)).await?;
    for id in hostile::STRINGS {
        ensure!(!memory.delete(*id).await.must("a delete of what is absent")?, "{id:?} matches nothing but itself");
    }
    memory.put_all(hostile::STRINGS.iter().copied().map(Record::draft)).await?;
    let mut left = hostile::STRINGS.len() as u64 + 1;
    for id in hostile::STRINGS {
        ensure!(memory.delete(*id).await.must("a delete")?, "{id:?} existed");
        left -= 1;
        ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, left, "{id:?} alone is gone");
    }
    ensure_kind!(memory.delete("").await, InvalidArgument, "an id that is not legal");
    Ok(())
}
