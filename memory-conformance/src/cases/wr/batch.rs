//! Batches (WR-3), and what repeating a write does (WR-4).

use memory_core::{Batch, Filter, Precondition, Record, Scope, Write};

use crate::cases::state::{Must as _, everything, read, stored};
use crate::cases::wr::{CONDITIONAL, UNCONDITIONAL};
use crate::context::{Context, key, namespace};
use crate::harness::Settings;
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "WR-3": [
        the_empty_batch_does_nothing,
        three_thousand_records_in_one_batch,
        of_a_doubled_record_the_last_wins,
        the_loser_of_a_doubled_record_leaves_no_trace,
        (a_doubled_record_is_answered_with_one_version, CONDITIONAL),
        (without_conditional_writes_there_are_no_versions, UNCONDITIONAL),
        the_same_id_in_two_namespaces_is_not_doubled,
        one_bad_record_refuses_the_batch,
    ],
    "WR-4": [
        each_record_stands_alone,
        repeating_an_unconditional_write_is_safe,
        (a_failed_batch_says_what_became_of_each_record, CONDITIONAL),
    ],
}

async fn the_empty_batch_does_nothing(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1")).await?;
    let before = everything(&memory).await?;
    let none: [Record; 0] = [];
    ensure_eq!(memory.put_all(none).await.must("an empty batch")?.versions.len(), 0, "nothing is answered");
    let written = memory.apply_writes(&[], Batch::independent()).await.must("an empty list of writes")?;
    ensure_eq!(written.versions.len(), 0, "nothing is answered");
    ensure_eq!(memory.delete_all::<&str>([]).await.must("an empty delete")?, 0, "nothing existed");
    ensure_eq!(memory.apply_deletes(&[]).await.must("an empty list of deletes")?, 0, "nothing existed");
    ensure!(everything(&memory).await? == before, "nothing has changed");
    Ok(())
}

async fn three_thousand_records_in_one_batch(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = |n: u32| {
        let vector = [1.0, (n % 7) as f32, (n % 11) as f32];
        Record::draft(format!("{n:04}"))
            .content(format!("shared w{n}"))
            .embedding(vector)
            .tags([format!("t{}", n % 10)])
    };
    let written = memory.put_all((0..3_000).map(draft)).await.must("a batch of 3,000")?;
    ensure_eq!(written.versions.len(), 3_000, "each record is answered");
    ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 3_000, "each is stored, once");
    ensure_eq!(memory.count(&Filter::tags().contains("t3")).await.must("a count")?, 300, "with its tags");
    for n in [0, 1, 499, 500, 999, 1_000, 1_023, 1_024, 2_047, 2_048, 2_999] {
        let expected = memory.record(draft(n))?;
        ensure!(read(&memory, format!("{n:04}")).await? == expected, "record {n} is whole");
        let hits = memory.search_text(&format!("w{n}"), 10).await.must("a text search")?.hits;
        let found: Vec<_> = hits.iter().map(|hit| hit.key.id.as_str().to_owned()).collect();
        ensure_eq!(found, [format!("{n:04}")], "record {n} is found by its word");
    }
    Ok(())
}

async fn of_a_doubled_record_the_last_wins(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = |n: u32| match n {
        0 => Record::draft("x").content("first").embedding([1.0, 0.0, 0.0]).tags(["first"]),
        1_500 => Record::draft("x").content("middle").embedding([0.0, 1.0, 0.0]),
        2_999 => Record::draft("x").content("last").embedding([0.0, 0.0, 1.0]).kind("last"),
        n => Record::draft(format!("{n:04}")).content("filler"),
    };
    let written = memory.put_all((0..3_000).map(draft)).await.must("a batch in which a record occurs thrice")?;
    ensure_eq!(written.versions.len(), 3_000, "one answer for each that was given");
    ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 2_998, "it is stored once");
    let found = read(&memory, "x").await?;
    ensure!(found == memory.record(draft(2_999))?, "the last version is stored, whole");
    // Beside each other, and with a bytewise smaller content last.
    for contents in [["b", "a"], ["a", "b"]] {
        memory.put_all(contents.map(|content| Record::draft("y").content(content))).await.must("a doubled record")?;
        ensure_eq!(read(&memory, "y").await?.content.as_str(), contents[1], "the last wins, not the greatest");
    }
    Ok(())
}

async fn the_loser_of_a_doubled_record_leaves_no_trace(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let first = Record::draft("x").content("walnut").embedding([1.0, 0.0, 0.0]).tags(["first"]).kind("first");
    let batch = [first, Record::draft("y").content("shared"), Record::draft("x").content("pepper")];
    memory.put_all(batch).await.must("a doubled record")?;
    ensure_eq!(memory.search_text("walnut", 10).await.must("a search")?.hits.len(), 0, "its words are not found");
    ensure_eq!(memory.search_text("pepper", 10).await.must("a search")?.hits.len(), 1, "the winner's are, once");
    let hits = memory.search_vector([1.0, 0.0, 0.0], 10).await.must("a search")?.hits;
    ensure_eq!(hits.len(), 0, "its vector is not found");
    ensure_eq!(memory.count(&Filter::tags().contains("first")).await.must("a count")?, 0, "its tags match nothing");
    ensure_eq!(memory.count(&Filter::kind().eq("first")).await.must("a count")?, 0, "nor does its kind");
    Ok(())
}

async fn a_doubled_record_is_answered_with_one_version(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let batch = ["x", "y", "x", "z", "x"].map(Record::draft);
    let versions = memory.put_all(batch).await.must("a doubled record")?.versions;
    ensure_eq!(versions.len(), 5, "one answer for each that was given");
    ensure!(versions.iter().all(Option::is_some), "each has a version");
    ensure!(versions[0] == versions[4] && versions[2] == versions[4], "a doubled one has the last one's");
    for (at, id) in [(4, "x"), (1, "y"), (3, "z")] {
        ensure_eq!(stored(&memory, id).await?.version, versions[at], "the version answered for {id} is the one read");
    }
    Ok(())
}

async fn without_conditional_writes_there_are_no_versions(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let versions = memory.put_all(["x", "y", "x"].map(Record::draft)).await.must("a batch")?.versions;
    ensure_eq!(versions, [None, None, None], "one answer for each, without a version");
    ensure_eq!(stored(&memory, "x").await?.version, None, "a read answers none either");
    Ok(())
}

async fn the_same_id_in_two_namespaces_is_not_doubled(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let mut batch = Vec::new();
    for segments in [["a", "b"], ["a", "c"], ["a/b", "c"]] {
        batch.push(Record::draft("x").namespace(namespace(segments)?).content(segments.join("+")));
    }
    batch.push(Record::draft("x").namespace(namespace(["a"])?).content("alone"));
    memory.put_all(batch).await.must("one id in four namespaces")?;
    ensure_eq!(read(&memory, key(["a", "b"], "x")?).await?.content.as_str(), "a+b", "the first is its own");
    ensure_eq!(read(&memory, key(["a", "c"], "x")?).await?.content.as_str(), "a+c", "so is the second");
    ensure_eq!(read(&memory, key(["a/b", "c"], "x")?).await?.content.as_str(), "a/b+c", "and the third");
    ensure_eq!(read(&memory, key(["a"], "x")?).await?.content.as_str(), "alone", "and the fourth");
    Ok(())
}

async fn one_bad_record_refuses_the_batch(context: Context) -> Outcome {
    let context = context.with_settings(&Settings { record_bytes: Some(16_384), ..Settings::default() }).await?;
    let memory = context.home("a").await?;
    memory.put(Record::draft("00").content("before")).await?;
    let before = everything(&memory).await?;
    let calls = context.calls.count();
    let batch = |bad: Record| -> memory_core::Result<Vec<Write>> {
        let mut writes = Vec::new();
        for n in 0..41 {
            writes.push(memory.record(Record::draft(format!("{n:02}")).content("after"))?.into());
        }
        writes[20] = bad.into();
        Ok(writes)
    };
    let short = memory.record(Record::draft("bad").embedding([1.0, 0.0]))?;
    ensure_kind!(memory.apply_writes(&batch(short)?, Batch::independent()).await, InvalidArgument, "a wrong dimension");
    let zero = memory.record(Record::draft("bad").embedding([0.0, 0.0, 0.0]))?;
    ensure_kind!(memory.apply_writes(&batch(zero)?, Batch::independent()).await, InvalidArgument, "the zero vector");
    let large = memory.record(Record::draft("bad").content("x".repeat(16_384)))?;
    ensure_kind!(memory.apply_writes(&batch(large)?, Batch::independent()).await, LimitExceeded, "a record too large");
    let foreign = memory.record(Record::draft("bad").namespace(namespace(["m"])?))?;
    ensure_kind!(
        memory.apply_writes(&batch(foreign)?, Batch::independent()).await,
        PermissionDenied,
        "another's namespace"
    );
    let drafts = (0..41).map(|n| Record::draft(format!("{n:02}")).kind(if n == 20 { "\0" } else { "" }));
    ensure_kind!(memory.put_all(drafts).await, InvalidArgument, "a kind that is not legal");
    let ids = (0..41).map(|n| if n == 20 { String::new() } else { format!("{n:02}") });
    ensure_kind!(memory.delete_all(ids).await, InvalidArgument, "an id to delete that is not legal");
    ensure_eq!(context.calls.count(), calls, "each batch is refused before any I/O");
    ensure!(everything(&memory).await? == before, "nothing has changed");
    Ok(())
}

async fn each_record_stands_alone(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    let mut writes = Vec::new();
    for (segment, id) in [("a", "1"), ("b", "1"), ("c", "2")] {
        writes.push(Write::from(memory.record(Record::draft(id).namespace(namespace([segment])?).content(segment))?));
    }
    let written = memory.apply_writes(&writes, Batch::independent()).await.must("a batch over three namespaces")?;
    ensure_eq!(written.versions.len(), 3, "each is answered");
    for segment in ["a", "b", "c"] {
        let one = memory.narrow(Scope::exact(namespace([segment])?))?;
        let all = everything(&one).await?;
        let contents: Vec<_> = all.iter().map(|stored| stored.record.content.as_str()).collect();
        ensure_eq!(contents, [segment], "each is where it belongs");
    }
    Ok(())
}

async fn repeating_an_unconditional_write_is_safe(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("2").content("other")).await?;
    let record = memory.record(Record::draft("1").content("walnut walnut").embedding([1.0, 0.0, 0.0]).tags(["t"]))?;
    for _ in 0..3 {
        memory.put(record.clone()).await.must("a put, repeated")?;
        memory.put_all([record.clone(), record.clone()]).await.must("a batch, repeated")?;
        ensure!(read(&memory, "1").await? == record, "the record is as it was put");
        ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 2, "it is there once");
        ensure_eq!(memory.search_text("walnut", 10).await.must("a search")?.hits.len(), 1, "it is found once");
    }
    ensure!(memory.delete("1").await.must("a delete")?, "it existed");
    for _ in 0..2 {
        ensure!(!memory.delete("1").await.must("a delete, repeated")?, "it does not exist any more");
        ensure_eq!(memory.count(&Filter::all()).await.must("a count")?, 1, "the other is untouched");
    }
    Ok(())
}

async fn a_failed_batch_says_what_became_of_each_record(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("0700").content("before")).await?;
    let mut writes = Vec::new();
    for n in 0..1_500 {
        let record = memory.record(Record::draft(format!("{n:04}")).content("after"))?;
        writes.push(Write { record, precondition: (n % 700 == 0).then_some(Precondition::Absent) });
    }
    let error = ensure_kind!(memory.apply_writes(&writes, Batch::independent()).await, Conflict, "0700 is there");
    let lost: Vec<_> = error.conflicting().iter().map(|key| key.id.as_str()).collect();
    ensure_eq!(lost, ["0700"], "what lost is listed");
    ensure!(error.unknown().is_empty(), "nothing is open");
    let mut accepted: Vec<_> = error.accepted().iter().map(|key| key.id.as_str()).collect();
    accepted.sort_unstable();
    accepted.dedup();
    ensure_eq!(accepted.len(), error.accepted().len(), "what was accepted is listed once");
    let all = everything(&memory).await?;
    let written = all.iter().filter(|stored| stored.record.content.as_str() == "after");
    let written: Vec<_> = written.map(|stored| stored.record.key.id.as_str()).collect();
    ensure_eq!(accepted, written, "what is listed as accepted is what was written");
    ensure_eq!(written.len(), 1_499, "each record stands alone: all but the one that lost");
    Ok(())
}
