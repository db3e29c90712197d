//! The JSON form of a record, and what is refused (MO-3).

use memory_core::{Draft, Record};

use crate::cases::state::{Must as _, everything, read};
use crate::context::{Context, key};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "MO-3": [
        fields_that_are_left_out_are_filled_in,
        an_export_leaves_nothing_out,
        null_and_unknown_keys_are_refused,
        fields_of_another_type_are_refused,
        what_is_no_json_is_refused,
    ],
}

const WHOLE: &str = concat!(
    r#"{"content":"c","created_at":"2026-01-02T03:04:05.000000Z","embedding":[1.0,0.0,0.0],"#,
    r#""expires_at":"2027-01-02T03:04:05.000000Z","id":"1","kind":"k","metadata":{"a":null},"namespace":["n"],"tags":["t"],"#,
    r#""updated_at":"2026-01-02T03:04:05.000000Z"}"#
);

/// A field of [`WHOLE`], as it stands there, with a comma.
const FIELDS: [(&str, &str); 10] = [
    ("content", r#""content":"c","#),
    ("created_at", r#""created_at":"2026-01-02T03:04:05.000000Z","#),
    ("embedding", r#""embedding":[1.0,0.0,0.0],"#),
    ("expires_at", r#""expires_at":"2027-01-02T03:04:05.000000Z","#),
    ("id", r#""id":"1","#),
    ("kind", r#""kind":"k","#),
    ("metadata", r#""metadata":{"a":null},"#),
    ("namespace", r#""namespace":["n"],"#),
    ("tags", r#""tags":["t"],"#),
    ("updated_at", r#","updated_at":"2026-01-02T03:04:05.000000Z""#),
];

async fn fields_that_are_left_out_are_filled_in(context: Context) -> Outcome {
    let memory = context.collection("a").await?;
    context.set_clock(3)?;
    memory
        .put(Draft::from_json(r#"{"id":"1","namespace":["n"]}"#).must("a record of its name alone")?)
        .await
        .must("a put")?;
    ensure_eq!(
        read(&memory, key(["n"], "1")?).await?.to_json(),
        concat!(
            r#"{"content":"","created_at":"2026-01-02T03:04:05.000009Z","id":"1","kind":"","metadata":{},"namespace":["n"],"#,
            r#""tags":[],"updated_at":"2026-01-02T03:04:05.000009Z"}"#
        ),
        "kind and content are \"\", metadata {{}}, tags [], the times the clock's"
    );
    for (name, field) in FIELDS {
        let text = WHOLE.replacen(field, "", 1);
        ensure!(text.len() < WHOLE.len(), "{name} is left out");
        if matches!(name, "id" | "namespace") {
            ensure_kind!(Draft::from_json(&text), InvalidArgument, "without {name}");
            continue;
        }
        memory.put(Draft::from_json(&text).must(name)?).await.must(name)?;
        let found = read(&memory, key(["n"], "1")?).await?.to_json();
        let filled = match name {
            "content" => WHOLE.replacen(r#""content":"c""#, r#""content":"""#, 1),
            "kind" => WHOLE.replacen(r#""kind":"k""#, r#""kind":"""#, 1),
            "metadata" => WHOLE.replacen(r#"{"a":null}"#, "{}", 1),
            "tags" => WHOLE.replacen(r#"["t"]"#, "[]", 1),
            "created_at" | "updated_at" => {
                let clock = format!(r#""{name}":"2026-01-02T03:04:05.000009Z""#);
                WHOLE.replacen(&format!(r#""{name}":"2026-01-02T03:04:05.000000Z""#), &clock, 1)
            }
            _ => text,
        };
        ensure_eq!(found, filled, "without {name}");
    }
    Ok(())
}

async fn an_export_leaves_nothing_out(_context: Context) -> Outcome {
    ensure_eq!(Record::from_json(WHOLE).must("a whole record")?.to_json(), WHOLE, "it is its own canonical form");
    for (name, field) in FIELDS {
        let text = WHOLE.replacen(field, "", 1);
        if matches!(name, "embedding" | "expires_at") {
            ensure_eq!(Record::from_json(&text).must(name)?.to_json(), text, "{name} is left out when it is absent");
        } else {
            let error = ensure_kind!(Record::from_json(&text), InvalidArgument, "an export without {name}");
            ensure!(error.to_string().contains(name), "the error names the field: {error}");
        }
    }
    Ok(())
}

async fn null_and_unknown_keys_are_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let calls = context.calls.count();
    for (name, _) in FIELDS {
        let start = WHOLE.replacen(&format!(r#""{name}":"#), r#""_":"#, 1);
        ensure_kind!(Record::from_json(&start), InvalidArgument, "another key in place of {name}");
        let upper = WHOLE.replacen(name, &name.to_uppercase(), 1);
        ensure_kind!(Draft::from_json(&upper), InvalidArgument, "{name} in capitals");
        let other = if matches!(name, "id" | "namespace") { "" } else { r#""id":"1","namespace":["n"],"# };
        let null = format!(r#"{{{other}"{name}":null}}"#);
        ensure_kind!(Draft::from_json(&null), InvalidArgument, "null for {name}");
    }
    for extra in ["version", "score", "_id", "vector", "text", ""] {
        let text = format!(r#"{{"id":"1","namespace":["n"],"{extra}":1}}"#);
        let error = ensure_kind!(Draft::from_json(&text), InvalidArgument, "the key {extra:?}");
        ensure!(error.to_string().contains(extra), "the error names the key: {error}");
    }
    ensure_eq!(context.calls.count(), calls, "a text that is refused reaches no store");
    ensure!(everything(&memory).await?.is_empty(), "nothing was written");
    Ok(())
}

async fn fields_of_another_type_are_refused(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (name, bad) in [
        ("namespace", r#""n""#),
        ("namespace", "[]"),
        ("namespace", "[1]"),
        ("namespace", r#"["a",""]"#),
        ("namespace", r#"["1","2","3","4","5","6","7","8","9"]"#),
        ("id", "1"),
        ("id", r#""""#),
        ("id", r#"["1"]"#),
        ("kind", "1"),
        ("kind", "false"),
        ("content", "{}"),
        ("content", r#"["c"]"#),
        ("embedding", "[]"),
        ("embedding", "1"),
        ("embedding", r#"["1",0,0]"#),
        ("embedding", "[1,null,0]"),
        ("embedding", "[1,[2],0]"),
        ("embedding", "[1e39,0,0]"),
        ("metadata", "[]"),
        ("metadata", r#""{}""#),
        ("tags", r#""t""#),
        ("tags", "[1]"),
        ("tags", r#"[""]"#),
        ("tags", r#"[null]"#),
        ("tags", r#"{"t":true}"#),
        ("created_at", "1767323045"),
        ("updated_at", r#""2026-01-02""#),
        ("expires_at", r#""never""#),
        ("expires_at", "0"),
    ] {
        let mut text = r#"{"id":"1","namespace":["n"]}"#.to_owned();
        if matches!(name, "id" | "namespace") {
            let old = if name == "id" { r#""1""# } else { r#"["n"]"# };
            text = text.replacen(&format!(r#""{name}":{old}"#), &format!(r#""{name}":{bad}"#), 1);
        } else {
            text.insert_str(text.len() - 1, &format!(r#","{name}":{bad}"#));
        }
        let refused = Draft::from_json(&text).and_then(|draft| memory.record(draft));
        let error = ensure_kind!(refused, InvalidArgument, "{name}: {bad}");
        // One of the tags is named a tag.
        ensure!(error.message().contains(name.trim_end_matches('s')), "the error names the field {name}: {error}");
    }
    Ok(())
}

async fn what_is_no_json_is_refused(_context: Context) -> Outcome {
    for end in 0..WHOLE.len() {
        ensure_kind!(Record::from_json(&WHOLE[..end]), InvalidArgument, "the first {end} bytes of a record");
    }
    for bad in ["null", "[]", "1", "\"\"", "[{}]", "{}{}"] {
        ensure_kind!(Draft::from_json(bad), InvalidArgument, "{bad}");
    }
    ensure_kind!(Record::from_json(&format!("{WHOLE}{WHOLE}")), InvalidArgument, "two records in one line");
    ensure_kind!(Record::from_json(&format!("\u{feff}{WHOLE}")), InvalidArgument, "a byte order mark");
    Ok(())
}
