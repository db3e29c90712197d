//! The size of a record: what counts, and where it ends (RE-7).

use memory_core::{Batch, Draft, Memory, Metadata, Record, Write};

use crate::cases::state::{Must as _, everything, read, same};
use crate::context::{Context, at};
use crate::harness::Settings;
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "RE-7": [
        records_of_the_greatest_size_and_one_byte_more,
        the_embedding_is_not_counted,
        one_record_too_large_refuses_the_batch,
        sixteen_kibibytes_are_taken_everywhere,
    ],
}

/// Records put at the case's time with id `r` in namespace `["n"]` and nothing else have 161 bytes: an object with
/// content (12 bytes), created_at (43), id (9), kind (10), metadata (14), namespace (18), tags (10) and updated_at (44), the
/// commas counted with the field before them, and the brace that opens it.
const LIMIT: u64 = 16_384;

async fn limited(context: &Context) -> memory_core::Result<(Context, Memory)> {
    let context = context.with_settings(&Settings { record_bytes: Some(LIMIT), ..Settings::default() }).await?;
    let memory = context.home("a").await?;
    Ok((context, memory))
}

async fn records_of_the_greatest_size_and_one_byte_more(context: Context) -> Outcome {
    let (context, memory) = limited(&context).await?;
    let plain = || Record::draft("r");
    let metadata = |text: String| Metadata::from_json(&format!(r#"{{"k":"{text}"}}"#));
    // 161 + 16,223 is the limit. In each row the first has that size, the second one byte more.
    let rows: Vec<(&str, Draft, Draft)> = vec![
        ("plain letters", plain().content("x".repeat(16_223)), plain().content("x".repeat(16_224))),
        ("é has two bytes", plain().content("é".repeat(8_111) + "x"), plain().content("é".repeat(8_112))),
        ("🙂 has four", plain().content("🙂".repeat(4_055) + "xxx"), plain().content("🙂".repeat(4_056))),
        (
            "a quote is escaped with one byte more",
            plain().content("\"".repeat(8_111) + "x"),
            plain().content("\"".repeat(8_112)),
        ),
        (
            "U+0001 is written with six",
            plain().content("\u{1}".repeat(2_703) + "xxxxx"),
            plain().content("\u{1}".repeat(2_704)),
        ),
        // An expiry adds 43 bytes.
        (
            "an expiry counts",
            plain().content("x".repeat(16_180)).expires_at(at(9)?),
            plain().content("x".repeat(16_181)).expires_at(at(9)?),
        ),
        // {"k":""} has six bytes more than {}.
        (
            "metadata counts",
            plain().metadata(metadata("x".repeat(16_217))?),
            plain().metadata(metadata("x".repeat(16_218))?),
        ),
        // ["a","b"] has seven bytes more than [].
        (
            "tags count",
            plain().content("x".repeat(16_216)).tags(["a", "b"]),
            plain().content("x".repeat(16_217)).tags(["a", "b"]),
        ),
        (
            "the kind counts",
            plain().content("x".repeat(16_219)).kind("fact"),
            plain().content("x".repeat(16_220)).kind("fact"),
        ),
    ];
    for (what, greatest, more) in rows {
        let greatest = memory.record(greatest)?;
        memory.put(greatest.clone()).await.must(what)?;
        same(&read(&memory, "r").await?, &greatest, what)?;
        let calls = context.calls.count();
        let error = ensure_kind!(memory.put(more).await, LimitExceeded, "{what}: one byte more");
        ensure_eq!(context.calls.count(), calls, "{what}: one byte more is refused before any I/O");
        let text = error.to_string();
        ensure_eq!(
            text.contains("16384") && text.contains('r'),
            true,
            "the error names the limit and the record: {text}"
        );
        same(&read(&memory, "r").await?, &greatest, "a refusal changes nothing")?;
    }
    Ok(())
}

async fn the_embedding_is_not_counted(context: Context) -> Outcome {
    let (_context, memory) = limited(&context).await?;
    let full = memory.record(Record::draft("r").content("x".repeat(16_223)).embedding([0.123_456_79, -1e-7, 3.5]))?;
    memory.put(full.clone()).await.must("a record of the greatest size beside its embedding")?;
    same(&read(&memory, "r").await?, &full, "it comes back")
}

async fn one_record_too_large_refuses_the_batch(context: Context) -> Outcome {
    let (context, memory) = limited(&context).await?;
    let calls = context.calls.count();
    let batch = ["r", "s", "t"].map(|id| Record::draft(id).content("x".repeat(if id == "s" { 16_224 } else { 5 })));
    ensure_kind!(memory.put_all(batch).await, LimitExceeded, "a record too large in the middle");
    let mut writes = Vec::new();
    for id in ["r", "s"] {
        writes.push(Write::from(memory.record(Record::draft(id).content("x".repeat(16_224)))?));
    }
    ensure_kind!(memory.apply_writes(&writes, Batch::independent()).await, LimitExceeded, "by the other call");
    ensure_eq!(context.calls.count(), calls, "refused before any I/O");
    ensure_eq!(everything(&memory).await?.len(), 0, "nothing of the batch was written");
    Ok(())
}

async fn sixteen_kibibytes_are_taken_everywhere(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let limits = &context.capabilities().limits;
    ensure_eq!(limits.record_bytes >= 16_384, true, "a record of 16 KiB is promised");
    ensure_eq!(limits.k >= 1_000, true, "k of 1,000 is promised");
    ensure_eq!(limits.dimension >= 1_536, true, "1,536 dimensions are promised");
    ensure_eq!(limits.read_records.is_none_or(|n| n >= 100_000), true, "reading 100,000 records is promised (RE-8)");
    // Of one word, of many, of no ASCII: each text of as many bytes as the promise allows.
    let texts = ["x".repeat(16_223), format!("{}x", "a ".repeat(8_111)), "é".repeat(8_111), "字".repeat(5_407)];
    for text in texts {
        memory.put(Record::draft("r").content(&text)).await.must("a record of 16 KiB")?;
        ensure_eq!(read(&memory, "r").await?.content.as_str() == text, true, "it comes back whole");
    }
    Ok(())
}
