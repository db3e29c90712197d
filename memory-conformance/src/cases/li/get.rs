//! Reading by id (LI-1).

use memory_core::{Record, RecordKey};

use crate::context::{Context, at, key, namespace};
use crate::{Outcome, cases, ensure_eq};

cases! {
    "LI-1": [
        answers_stand_in_the_order_asked,
        the_same_id_in_other_namespaces_is_another_record,
        expired_and_deleted_records_are_none,
        many_ids_at_once,
        no_ids_no_answers,
    ],
}

async fn contents(memory: &memory_core::Memory, keys: &[RecordKey]) -> Result<Vec<Option<String>>, crate::Failure> {
    let found = memory.get_all(keys).await;
    let found = found.map_err(|error| crate::Failure::assertion(format!("get failed: {error}")))?;
    Ok(found.into_iter().map(|stored| stored.map(|stored| stored.record.content.as_str().to_owned())).collect())
}

fn some(texts: &[&str]) -> Vec<Option<String>> {
    texts.iter().map(|text| (*text != "none").then(|| (*text).to_owned())).collect()
}

async fn answers_stand_in_the_order_asked(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all(["a", "b", "c", "d"].map(|id| Record::draft(id).content(format!("{id}!")))).await?;
    for (asked, expected) in [
        ("a b c d", "a! b! c! d!"),
        ("d c b a", "d! c! b! a!"),
        ("c", "c!"),
        ("x", "none"),
        ("b x a y", "b! none a! none"),
        ("a a", "a! a!"),
        ("b a b x b x", "b! a! b! none b! none"),
        ("A a", "none a!"),
        ("x d d x", "none d! d! none"),
    ] {
        let asked = asked.split(' ').map(|id| key(["n"], id)).collect::<memory_core::Result<Vec<_>>>()?;
        let expected = some(&expected.split(' ').collect::<Vec<_>>());
        ensure_eq!(contents(&memory, &asked).await?, expected, "get {asked:?}");
    }
    let twice = memory.get_all(["a", "a"]).await?;
    ensure_eq!(twice[0], twice[1], "asked twice, answered twice alike");
    Ok(())
}

async fn the_same_id_in_other_namespaces_is_another_record(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    for (segments, text) in [(&["x"] as &[&str], "1"), (&["x", "y"], "2"), (&["x/y"], "3"), (&["X"], "4")] {
        memory.put(Record::draft("id").namespace(memory_core::Namespace::new(segments)?).content(text)).await?;
    }
    let asked = [
        key(["X"], "id")?,
        key(["x", "y"], "id")?,
        key(["y"], "id")?,
        key(["x"], "id")?,
        key(["x/y"], "id")?,
        key(["x", "y", "id"], "id")?,
        key(["x"], "y/id")?,
        key(["x", "y"], "id")?,
    ];
    ensure_eq!(
        contents(&memory, &asked).await?,
        some(&["4", "2", "none", "1", "3", "none", "none", "2"]),
        "each its own"
    );
    Ok(())
}

async fn expired_and_deleted_records_are_none(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let put = |id: &str| Record::draft(id).content(id.to_owned());
    memory
        .put_all([put("live"), put("dying").expires_at(at(10)?), put("dead").expires_at(at(0)?), put("deleted")])
        .await?;
    memory.delete("deleted").await?;
    let asked = [key(["n"], "dying")?, key(["n"], "deleted")?, key(["n"], "live")?, key(["n"], "dead")?];
    ensure_eq!(contents(&memory, &asked).await?, some(&["dying", "none", "live", "none"]), "before it expires");
    context.set_clock(10)?;
    ensure_eq!(contents(&memory, &asked).await?, some(&["none", "none", "live", "none"]), "once it has expired");
    Ok(())
}

async fn many_ids_at_once(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put_all((0..1200).map(|n| Record::draft(n.to_string()).content(format!("text {n}")))).await?;
    // Backwards, every third absent, and then the first again.
    let home = namespace(["n"])?;
    let name = |n: usize| if n.is_multiple_of(3) { format!("absent {n}") } else { n.to_string() };
    let asked: Vec<String> = (0..1200).rev().chain([1, 1]).map(name).collect();
    let found = memory.get_all(asked.iter().map(|id| (&home, id.as_str()))).await?;
    let found: Vec<Option<String>> =
        found.into_iter().map(|s| s.map(|s| s.record.content.as_str().to_owned())).collect();
    let expected: Vec<Option<String>> =
        (0..1200_usize).rev().chain([1, 1]).map(|n| (!n.is_multiple_of(3)).then(|| format!("text {n}"))).collect();
    ensure_eq!(found.len(), 1202, "an answer each");
    ensure_eq!(found, expected, "in the order asked");
    Ok(())
}

async fn no_ids_no_answers(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("a")).await?;
    let found = memory.get_all(Vec::<RecordKey>::new()).await;
    ensure_eq!(found.map(|answers| answers.len()).ok(), Some(0), "no ids");
    Ok(())
}
