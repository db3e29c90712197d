//! Times (RE-3).

use memory_core::{Filter, ListRequest, Metadata, Order, Record, Timestamp};

use crate::cases::state::{Must as _, read};
use crate::context::{Context, at, ids};
use crate::{Outcome, cases, ensure_eq, ensure_kind};

cases! {
    "RE-3": [
        times_come_back_to_the_microsecond,
        backends_never_stamp_records,
        microseconds_decide,
        text_of_times,
        text_that_is_no_time,
        times_inside_metadata_are_what_they_look_like,
    ],
}

/// Microseconds since 1970, and the text that they are.
const EDGES: &[(i64, &str)] = &[
    (-62_135_596_800_000_000, "0001-01-01T00:00:00.000000Z"),
    (-62_135_596_799_999_999, "0001-01-01T00:00:00.000001Z"),
    (-2_208_988_800_000_000, "1900-01-01T00:00:00.000000Z"),
    (-1_000_001, "1969-12-31T23:59:58.999999Z"),
    (-1, "1969-12-31T23:59:59.999999Z"),
    (0, "1970-01-01T00:00:00.000000Z"),
    (1, "1970-01-01T00:00:00.000001Z"),
    (951_827_696_789_012, "2000-02-29T12:34:56.789012Z"),
    (2_147_483_648_000_001, "2038-01-19T03:14:08.000001Z"),
    (4_294_967_296_123_456, "2106-02-07T06:28:16.123456Z"),
    (9_007_199_254_740_993, "2255-06-05T23:47:34.740993Z"),
    (253_402_300_799_999_998, "9999-12-31T23:59:59.999998Z"),
    (253_402_300_799_999_999, "9999-12-31T23:59:59.999999Z"),
];

async fn times_come_back_to_the_microsecond(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    // So early that nothing has expired but what expires at the first microsecond of all.
    context.clock.set(Timestamp::from_micros(-62_135_596_800_000_000)?);
    for (name, (micros, _)) in EDGES.iter().enumerate() {
        let time = Timestamp::from_micros(*micros)?;
        let draft = Record::draft(name.to_string()).created_at(time).updated_at(time);
        let draft = if name == 0 { draft } else { draft.expires_at(time) };
        memory.put(draft).await.must("a time within the range")?;
    }
    for (name, (micros, text)) in EDGES.iter().enumerate() {
        let found = read(&memory, name.to_string()).await?;
        ensure_eq!(found.created_at.micros(), *micros, "created_at");
        ensure_eq!(found.updated_at.micros(), *micros, "updated_at");
        ensure_eq!(found.expires_at.map(Timestamp::micros), (name > 0).then_some(*micros), "expires_at");
        ensure_eq!(found.created_at.to_string(), *text, "the time as text");
        let parsed = Timestamp::parse(text).must(text)?;
        ensure_eq!(memory.count(&Filter::created_at().eq(parsed)).await.must("a count")?, 1, "one was made at {text}");
    }
    let request = ListRequest::new().with_order(Order::UpdatedAscending);
    let page = memory.list(&request).await.must("a listing by time")?;
    let listed = ids(page.records.iter().map(|stored| &stored.record));
    let expected = ["0", "1", "2", "3", "4", "5", "6", "7", "8", "9", "10", "11", "12"];
    ensure_eq!(listed, expected, "the ends of the range stand at the ends");
    for outside in [-62_135_596_800_000_001, 253_402_300_800_000_000, i64::MIN, i64::MAX] {
        ensure_kind!(Timestamp::from_micros(outside), InvalidArgument, "{outside} is outside");
    }
    Ok(())
}

async fn backends_never_stamp_records(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let draft = || -> memory_core::Result<_> { Ok(Record::draft("1").created_at(at(5)?).updated_at(at(-9)?)) };
    for round in 0..3 {
        context.set_clock(round * 1_000_000)?;
        memory.put(draft()?).await.must("a put")?;
        let found = read(&memory, "1").await?;
        let micros = (found.created_at.micros(), found.updated_at.micros());
        ensure_eq!(micros, (1_767_323_045_000_011, 1_767_323_044_999_997), "the times are those that were put");
    }
    memory.put(Record::draft("1")).await.must("a put")?;
    let found = read(&memory, "1").await?;
    ensure_eq!(
        found.created_at.micros(),
        1_767_323_047_000_006,
        "a put is of the whole record: nothing of the old time"
    );
    ensure_eq!(found.updated_at.micros(), 1_767_323_047_000_006, "the clock is the handle's");
    Ok(())
}

async fn microseconds_decide(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (id, micros) in [("before", -1), ("at", 0), ("after", 1)] {
        memory.put(Record::draft(id).updated_at(at(micros)?)).await?;
    }
    for (filter, expected) in [
        (Filter::updated_at().lt(at(0)?), vec!["before"]),
        (Filter::updated_at().le(at(0)?), vec!["at", "before"]),
        (Filter::updated_at().eq(at(0)?), vec!["at"]),
        (Filter::updated_at().ge(at(0)?), vec!["after", "at"]),
        (Filter::updated_at().gt(at(0)?), vec!["after"]),
        (
            Filter::from_json(r#"{"field":"updated_at","op":"gt","value":"2026-01-02t04:04:05.0000069999+01:00"}"#)?,
            vec!["after"],
        ),
    ] {
        let page = memory.list(&ListRequest::new().with_filter(filter)).await.must("a listing")?;
        let mut listed = ids(page.records.iter().map(|stored| &stored.record));
        listed.sort_unstable();
        ensure_eq!(listed, expected, "one microsecond decides");
    }
    Ok(())
}

async fn text_of_times(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (text, canonical) in [
        ("2026-03-01T09:30:00Z", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01t09:30:00z", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T09:30:00.5Z", "2026-03-01T09:30:00.500000Z"),
        ("2026-03-01T09:30:00.1234567Z", "2026-03-01T09:30:00.123456Z"),
        ("2026-03-01T09:30:00.999999999999Z", "2026-03-01T09:30:00.999999Z"),
        ("1969-12-31T23:59:59.9999999Z", "1969-12-31T23:59:59.999999Z"),
        ("1969-12-31T23:59:59.0000001Z", "1969-12-31T23:59:59.000000Z"),
        ("0001-01-01T00:00:00.0000009Z", "0001-01-01T00:00:00.000000Z"),
        ("9999-12-31T23:59:59.9999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2026-03-01T09:30:00+00:00", "2026-03-01T09:30:00.000000Z"),
        ("2026-03-01T00:30:00+01:00", "2026-02-28T23:30:00.000000Z"),
        ("2025-12-31T23:59:59.000001-05:45", "2026-01-01T05:44:59.000001Z"),
        ("2024-02-29T00:00:00Z", "2024-02-29T00:00:00.000000Z"),
        ("9999-12-31T00:00:00-23:59", "9999-12-31T23:59:00.000000Z"),
    ] {
        let time = Timestamp::parse(text).must(text)?;
        memory.put(Record::draft("1").created_at(time)).await.must(text)?;
        ensure_eq!(read(&memory, "1").await?.created_at.to_string(), canonical, "{text} is this point");
    }
    Ok(())
}

async fn text_that_is_no_time(_context: Context) -> Outcome {
    for bad in [
        "2026-03-01 09:30:00Z",
        "2026-03-01T09:30:00",
        "2026-03-01T09:30Z",
        "2026-03-01",
        " 2026-03-01T09:30:00Z",
        "2026-03-01T09:30:00Z ",
        "2026-03-01T09:30:60Z",
        "2016-12-31T23:59:60Z",
        "2026-03-01T24:00:00Z",
        "2026-02-29T00:00:00Z",
        "2026-13-01T00:00:00Z",
        "2026-03-00T00:00:00Z",
        "2026-03-01T09:30:00.Z",
        "2026-03-01T09:30:00,5Z",
        "2026-03-01T09:30:00+0100",
        "2026-03-01T09:30:00+24:00",
        "0000-12-31T23:59:59.999999Z",
        "0001-01-01T00:00:00+00:01",
        "9999-12-31T23:59:59-00:01",
        "10000-01-01T00:00:00Z",
        "+2026-03-01T09:30:00Z",
        "1767323045",
        "",
    ] {
        ensure_kind!(Timestamp::parse(bad), InvalidArgument, "{bad:?} is no time");
        let filter = format!(r#"{{"field":"created_at","op":"lt","value":"{bad}"}}"#);
        ensure_kind!(Filter::from_json(&filter), InvalidArgument, "{bad:?} is no operand");
        let record = format!(r#"{{"namespace":["n"],"id":"1","created_at":"{bad}"}}"#);
        ensure_kind!(memory_core::Draft::from_json(&record), InvalidArgument, "{bad:?} is no time of a record");
    }
    Ok(())
}

async fn times_inside_metadata_are_what_they_look_like(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let texts = [
        ("1", r#"{"at":"2026-01-02T03:04:05Z"}"#),
        ("2", r#"{"at":"2026-01-02T03:04:05.000000Z"}"#),
        ("3", r#"{"at":"2026-01-02T04:04:05+01:00"}"#),
        ("4", r#"{"at":"2026-01-02 03:04:05"}"#),
        ("5", r#"{"at":1767323045}"#),
    ];
    for (id, text) in texts {
        memory.put(Record::draft(id).metadata(Metadata::from_json(text)?)).await?;
        ensure_eq!(read(&memory, id).await?.metadata.to_json(), text, "nothing is read as a time");
    }
    let field = || Filter::metadata(["at"]);
    for (filter, expected) in [
        (field().eq("2026-01-02T03:04:05Z"), 1),
        // Bytewise: a blank comes before T, and `.` before `Z`.
        (field().lt("2026-01-02T03:04:05Z"), 2),
        (field().le("2026-01-02T03:04:05Z"), 3),
        (field().gt("2026-01-02T03:04:05Z"), 1),
        (field().ge(1_767_323_045), 1),
    ] {
        ensure_eq!(memory.count(&filter).await.must("a count")?, expected, "strings and numbers compare as such");
    }
    Ok(())
}
