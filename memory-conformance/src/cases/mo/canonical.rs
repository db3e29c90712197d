//! The canonical form of records, through a store and back (MO-1).

use memory_core::{Memory, Record};

use crate::cases::state::{Must as _, everything};
use crate::context::Context;
use crate::{Failure, Outcome, cases, ensure_eq};

cases! {
    "MO-1": [
        export_import_export_is_byte_identical,
        an_export_holds_live_records_alone,
        an_export_holds_the_last_version_alone,
        floats_are_written_shortest,
        components_are_read_straight_to_f32,
        strings_are_escaped_as_little_as_can_be,
        other_texts_of_a_record_become_the_same_line,
    ],
}

/// Records by (namespace key, id), each in its canonical form. `a!` comes after `a%2Fb`'s key for `!` is below `%`: so first.
const LINES: &[&str] = &[
    concat!(
        r#"{"content":"","created_at":"0001-01-01T00:00:00.000000Z","id":"A","kind":"","metadata":{},"namespace":["a!"],"#,
        r#""tags":[],"updated_at":"9999-12-31T23:59:59.999999Z"}"#
    ),
    concat!(
        r#"{"content":"x","created_at":"2026-01-02T03:04:05.000006Z","id":"1","kind":"fact","metadata":{},"namespace":["a/b"],"#,
        r#""tags":["t"],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
    ),
    concat!(
        r#"{"content":"Zeile 1\nZeile 2\t\u001f\"\\/","created_at":"1969-12-31T23:59:59.999999Z","embedding":[0.1,-0.0,1e-45],"#,
        r#""expires_at":"9999-12-31T23:59:59.999999Z","id":" ","kind":"k","metadata":{"":null,"A":[],"a":{"b":-0.0,"c":0},"#,
        r#""é":[1,1.0,18446744073709551615,-9223372036854775808,5e-324]},"namespace":["a","b"],"tags":["\"",",","é"],"#,
        r#""updated_at":"1970-01-01T00:00:00.000001Z"}"#
    ),
    concat!(
        r#"{"content":"🙂\u0001","created_at":"2026-01-02T03:04:05.000006Z","embedding":[1.0,2.5,-300000000.0],"id":"é","#,
        r#""kind":"","metadata":{"a":"\b\f\r"},"namespace":["a","b"],"tags":[],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
    ),
    concat!(
        r#"{"content":"last","created_at":"2026-01-02T03:04:05.000006Z","id":"1","kind":"","metadata":{},"namespace":["ab"],"#,
        r#""tags":[],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
    ),
];

/// What an export would hold: every record the handle sees, by (namespace key, id).
async fn lines(memory: &Memory) -> Result<Vec<String>, Failure> {
    Ok(everything(memory).await?.iter().map(|stored| stored.record.to_json()).collect())
}

async fn import<S: AsRef<str>>(memory: &Memory, lines: impl IntoIterator<Item = S>) -> Outcome {
    for line in lines {
        let record = Record::from_json(line.as_ref()).must(line.as_ref())?;
        memory.put(record).await.must("a record of an import")?;
    }
    Ok(())
}

async fn export_import_export_is_byte_identical(context: Context) -> Outcome {
    let (first, second) = (context.collection("a").await?, context.collection("b").await?);
    import(&first, LINES.iter().rev()).await?;
    let exported = lines(&first).await?;
    ensure_eq!(exported, LINES, "the export is the canonical lines, in canonical order");
    // Another order of arrival, other handles, another time of day.
    context.set_clock(86_400_000_000)?;
    let mut records = Vec::new();
    for line in &exported {
        records.push(Record::from_json(line).must(line)?);
    }
    second.put_all(records).await.must("a batch of an import")?;
    let other = context.connect().await?.open(second.spec().name(), second.scope().clone()).await?;
    ensure_eq!(lines(&other).await?, LINES, "the second export is byte-identical");
    import(&first, &exported).await?;
    ensure_eq!(lines(&first).await?, LINES, "and so is one after importing over what is there");
    Ok(())
}

async fn an_export_holds_live_records_alone(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (id, expiry) in [("gone", -1), ("now", 0), ("live", 1)] {
        memory.put(Record::draft(id).expires_at(crate::context::at(expiry)?)).await?;
    }
    ensure_eq!(
        lines(&memory).await?,
        [concat!(
            r#"{"content":"","created_at":"2026-01-02T03:04:05.000006Z","expires_at":"2026-01-02T03:04:05.000007Z","#,
            r#""id":"live","kind":"","metadata":{},"namespace":["n"],"tags":[],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
        )],
        "the one that has not expired"
    );
    Ok(())
}

async fn an_export_holds_the_last_version_alone(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    memory.put(Record::draft("1").content("first").embedding([1.0, 0.0, 0.0])).await?;
    memory.put(Record::draft("1").content("second")).await?;
    ensure_eq!(
        lines(&memory).await?,
        [concat!(
            r#"{"content":"second","created_at":"2026-01-02T03:04:05.000006Z","id":"1","kind":"","metadata":{},"#,
            r#""namespace":["n"],"tags":[],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
        )],
        "no earlier version, and no mark of versions"
    );
    Ok(())
}

/// Puts one record with this metadata and embedding, read from text, and answers its canonical form between the two.
async fn rewritten(memory: &Memory, field: &str, text: &str) -> Result<String, Failure> {
    let json = format!(r#"{{"namespace":["n"],"id":"1","{field}":{text}}}"#);
    memory.put(memory_core::Draft::from_json(&json).must(&json)?).await.must("a put")?;
    let line = lines(memory).await?.pop().unwrap_or_default();
    let start = line.find(&format!(r#""{field}":"#)).map_or(0, |at| at + field.len() + 3);
    let end = if field == "metadata" { r#","namespace""# } else { r#","id""# };
    let end = line.find(end).unwrap_or(line.len());
    Ok(line[start..end].to_owned())
}

async fn floats_are_written_shortest(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (text, canonical) in [
        ("1.50", "1.5"),
        ("1e0", "1.0"),
        ("100E-2", "1.0"),
        ("-0.0e5", "-0.0"),
        ("0.00001", "0.00001"),
        ("1e-5", "0.00001"),
        ("0.0000099", "9.9e-6"),
        ("0.00000015", "1.5e-7"),
        ("1e15", "1000000000000000.0"),
        ("9999999999999998.0", "9999999999999998.0"),
        ("10000000000000000.0", "1e16"),
        ("1E+16", "1e16"),
        ("12345678901234567890.0", "1.2345678901234567e19"),
        ("0.1", "0.1"),
        ("0.30000000000000004", "0.30000000000000004"),
        ("1.7976931348623157e+308", "1.7976931348623157e308"),
        ("4.9406564584124654e-324", "5e-324"),
        ("2.2250738585072014E-308", "2.2250738585072014e-308"),
        ("-123.456", "-123.456"),
        ("1000000", "1000000"),
        ("-9223372036854775808", "-9223372036854775808"),
    ] {
        let found = rewritten(&memory, "metadata", &format!(r#"{{"a":{text}}}"#)).await?;
        ensure_eq!(found, format!(r#"{{"a":{canonical}}}"#), "{text} in metadata");
    }
    Ok(())
}

async fn components_are_read_straight_to_f32(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (text, canonical) in [
        ("[1,-0,0]", "[1.0,-0.0,0.0]"),
        ("[0.1,0.10000000149011612,0.1000000001]", "[0.1,0.1,0.1]"),
        // Above the middle of 1 and its successor; by way of f64 it would be 1.
        ("[1.000000059604644776257986380,1,1]", "[1.0000001,1.0,1.0]"),
        ("[16777217,16777216.0,33554435]", "[16777216.0,16777216.0,33554436.0]"),
        ("[1e12,1e13,1e14]", "[1000000000000.0,1e13,1e14]"),
        ("[1e-6,1e-7,1]", "[0.000001,1e-7,1.0]"),
        ("[1.4e-45,1.1754944e-38,1]", "[1e-45,1.1754944e-38,1.0]"),
        ("[0.3333333333333333,123456.789,1e-60]", "[0.33333334,123456.79,0.0]"),
    ] {
        ensure_eq!(rewritten(&memory, "embedding", text).await?, canonical, "{text} as an embedding");
    }
    Ok(())
}

async fn strings_are_escaped_as_little_as_can_be(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (text, canonical) in [
        (r#""\u0041\/""#, r#""A/""#),
        (r#""\u0008\u000c\u000a\u000d\u0009""#, r#""\b\f\n\r\t""#),
        (r#""\u0001\u000B\u001F\u0020""#, r#""\u0001\u000b\u001f ""#),
        (r#""\"\\\u0022\u005c""#, r#""\"\\\"\\""#),
        (r#""\ud83d\ude42\u00e9\u2028""#, "\"🙂é\u{2028}\""),
        (r#""\u007f\u0080\uffff\udbff\udfff""#, "\"\u{7f}\u{80}\u{ffff}\u{10ffff}\""),
        (r#""<>&'""#, r#""<>&'""#),
    ] {
        let found =
            rewritten(&memory, "metadata", &format!(r#"{{"a":{text},{}:1}}"#, text.replacen('"', "\"k", 1))).await?;
        let key = canonical.replacen('"', "\"k", 1);
        ensure_eq!(found, format!(r#"{{"a":{canonical},{key}:1}}"#), "{text} as a value and as a key");
    }
    Ok(())
}

async fn other_texts_of_a_record_become_the_same_line(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let canonical = concat!(
        r#"{"content":"é","created_at":"2026-01-02T03:04:05.500000Z","embedding":[1.0,0.5,-2.0],"id":"1","kind":"k","#,
        r#""metadata":{"a":1,"b":{"c":1.0,"d":[]}},"namespace":["n","x"],"tags":["a","b"],"updated_at":"2026-01-02T03:04:05.000006Z"}"#
    );
    for text in [
        canonical,
        concat!(
            " { \"updated_at\" : \"2026-01-02T04:04:05.000006+01:00\", \"tags\": [\"b\",\"a\",\"b\"],\n\t\"namespace\":[\"n\",\"x\"],",
            r#""metadata":{"b":{"d":[],"c":1e0},"a":1}, "kind":"\u006b","id":"1", "embedding":[1,0.50,-2e0],"#,
            r#""created_at":"2026-01-02t03:04:05.5000009z","content":"\u00e9" } "#
        ),
    ] {
        import(&memory, [text]).await?;
        ensure_eq!(lines(&memory).await?, [canonical], "one record, one line");
    }
    Ok(())
}
