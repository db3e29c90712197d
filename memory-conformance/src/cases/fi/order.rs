//! Order within a type, and none across types (FI-7).

use memory_core::{Draft, Record, Timestamp};

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases};

cases! {
    "FI-7": [
        strings_are_ordered_bytewise,
        named_strings_are_ordered_bytewise,
        false_comes_before_true,
        times_are_ordered_to_the_microsecond,
        expiries_are_ordered_to_the_microsecond,
        across_types_there_is_no_order,
        times_in_metadata_are_strings,
    ],
}

/// Bytewise in UTF-8: neither a language's order nor that of UTF-16, in which U+10000 comes before U+FFFF.
#[rustfmt::skip]
const STRINGS: [&[&str]; 33] = [
    &[r#""""#], &[r#""\u0001""#], &[r#""\t""#], &[r#""\u0020""#], &[r#""\u0020a""#], &[r#""!""#], &[r#""%""#], &[r#""'""#],
    &[r#""-1""#], &[r#""0""#], &[r#""10""#], &[r#""9""#], &[r#""A""#], &[r#""Z""#], &[r#""_""#], &[r#""a""#],
    &[r#""a\u0020""#], &[r#""a!""#], &[r#""aA""#], &[r#""aa""#], &[r#""b""#], &[r#""e\u0301""#], &[r#""z""#], &[r#""~""#],
    &[r#""\u007f""#], &[r#""\u0080""#], &[r#""ß""#], &[r#""é""#, r#""\u00e9""#], &[r#""漢""#], &[r#""ﬁ""#], &[r#""\uffff""#],
    &[r#""\ud800\udc00""#], &[r#""\udbff\udfff""#],
];

const OTHERS: [&str; 8] = ["absent", "null", "true", "0", "9", "[]", r#"["a"]"#, "{}"];

async fn strings_are_ordered_bytewise(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &[STRINGS.concat(), OTHERS.to_vec()].concat()).await?;
    rows.compares(V, &STRINGS).await
}

async fn named_strings_are_ordered_bytewise(context: Context) -> Outcome {
    for field in ["kind", "content"] {
        let draft = |json: &&str| {
            let text: String = serde_json::from_str(json).expect("the table holds JSON strings");
            if field == "kind" { Record::draft(*json).kind(text) } else { Record::draft(*json).content(text) }
        };
        let rows = Rows::of(context.home(field).await?, STRINGS.concat().iter().map(draft).collect()).await?;
        rows.compares(&format!("{field:?}"), &STRINGS).await?;
    }
    // An id is its own row; a blank or a control character cannot be named in a table.
    let groups: [&[&str]; 9] = [&["!"], &["0"], &["10"], &["9"], &["A"], &["a"], &["é"], &["\u{ffff}"], &["\u{10000}"]];
    let rows = Rows::of(context.home("id").await?, groups.concat().into_iter().map(Record::draft).collect()).await?;
    for (op, operand, expected) in [
        ("lt", "A", "! 0 10 9"),
        ("le", "A", "! 0 10 9 A"),
        ("gt", "é", "\u{ffff} \u{10000}"),
        ("ge", "\u{10000}", "\u{10000}"),
        ("lt", "\u{10000}", "all but \u{10000}"),
        ("gt", "10", "all but ! 0 10"),
    ] {
        rows.splits(&leaf(r#""id""#, op, &serde_json::json!(operand).to_string()), expected).await?;
    }
    Ok(())
}

async fn false_comes_before_true(context: Context) -> Outcome {
    let others = ["absent", "null", "0", "1", r#""""#, r#""true""#, r#""false""#, "[true]", "{}"];
    let rows = Rows::of_values(&context, &[&["false", "true"], &others[..]].concat()).await?;
    rows.compares(V, &[&["false"], &["true"]]).await
}

/// Ascending; in a group one time in several spellings, or two that differ below the microsecond.
#[rustfmt::skip]
const TIMES: [&[&str]; 9] = [
    &[r#""0001-01-01T00:00:00Z""#],
    &[r#""1969-12-31T23:59:59.999998Z""#],
    &[r#""1969-12-31T23:59:59.999999Z""#, r#""1969-12-31T23:59:59.9999999Z""#],
    &[r#""1970-01-01T00:00:00Z""#],
    &[r#""1970-01-01T00:00:00.000001Z""#],
    &[r#""2026-01-01T00:00:00Z""#, r#""2026-01-01t00:00:00.000z""#, r#""2026-01-01T05:30:00+05:30""#],
    &[r#""2026-01-01T00:00:00.000001Z""#, r#""2026-01-01T00:00:00.0000019Z""#],
    &[r#""2026-01-01T00:00:00.000002Z""#, r#""2025-12-31T23:00:00.000002-01:00""#],
    &[r#""9999-12-31T23:59:59.999999Z""#],
];

async fn times_are_ordered_to_the_microsecond(context: Context) -> Outcome {
    // The other time is the same everywhere, so that the two cannot be taken for one another.
    let other = time(r#""2000-01-01T00:00:00Z""#);
    let made = |json: &&str| Record::draft(*json).created_at(time(json)).updated_at(other);
    let rows = Rows::of(context.home("created").await?, TIMES.concat().iter().map(made).collect()).await?;
    rows.compares(r#""created_at""#, &TIMES).await?;
    let changed = |json: &&str| Record::draft(*json).created_at(other).updated_at(time(json));
    let rows = Rows::of(context.home("updated").await?, TIMES.concat().iter().map(changed).collect()).await?;
    rows.compares(r#""updated_at""#, &TIMES).await
}

async fn expiries_are_ordered_to_the_microsecond(context: Context) -> Outcome {
    // The clock stands at 2026-01-02T03:04:05.000006Z, and all of these are still live.
    #[rustfmt::skip]
    let groups: [&[&str]; 5] = [
        &[r#""2026-01-02T03:04:05.000007Z""#, r#""2026-01-02T03:04:05.0000079Z""#],
        &[r#""2026-01-02T03:04:05.000008Z""#, r#""2026-01-02T04:04:05.000008+01:00""#],
        &[r#""2026-01-02T03:04:06Z""#],
        &[r#""2100-02-28T00:00:00Z""#],
        &[r#""9999-12-31T23:59:59.999999Z""#],
    ];
    let mut drafts: Vec<Draft> =
        groups.concat().iter().map(|json| Record::draft(*json).expires_at(time(json))).collect();
    drafts.push(Record::draft("never"));
    Rows::of(context.home("a").await?, drafts).await?.compares(r#""expires_at""#, &groups).await
}

async fn across_types_there_is_no_order(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        "absent", "null", "false", "true", "-1", "0", "1.5", r#""""#, r#""0""#, r#""z""#, "[]", "[0]", "[1]", r#"["z"]"#, "{}",
        r#"{"a":0}"#, r#"{"a":1}"#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    for (operand, less, at_most, at_least, greater) in [
        ("0", "-1", "-1 0", "0 1.5", "1.5"),
        ("1e308", "-1 0 1.5", "-1 0 1.5", "", ""),
        (r#""0""#, r#""""#, r#""" "0""#, r#""0" "z""#, r#""z""#),
        (r#""\udbff\udfff""#, r#""" "0" "z""#, r#""" "0" "z""#, "", ""),
        ("false", "", "false", "false true", "true"),
        ("true", "false", "false true", "true", ""),
        ("[0]", "", "", "", ""),
        ("[]", "", "", "", ""),
        ("{}", "", "", "", ""),
        (r#"{"a":0}"#, "", "", "", ""),
    ] {
        rows.splits(&leaf(V, "lt", operand), less).await?;
        rows.splits(&leaf(V, "le", operand), at_most).await?;
        rows.splits(&leaf(V, "ge", operand), at_least).await?;
        rows.splits(&leaf(V, "gt", operand), greater).await?;
    }
    Ok(())
}

async fn times_in_metadata_are_strings(context: Context) -> Outcome {
    // As times the first two are equal, and the third is the earliest.
    #[rustfmt::skip]
    let groups: [&[&str]; 4] = [
        &[r#""2026-01-01T00:00:00Z""#],
        &[r#""2026-01-01T01:00:00+01:00""#],
        &[r#""2026-01-01T02:00:00+14:00""#],
        &[r#""2026-01-01t00:00:00z""#],
    ];
    Rows::of_values(&context, &groups.concat()).await?.compares(V, &groups).await
}

fn time(json: &str) -> Timestamp {
    Timestamp::parse(json.trim_matches('"')).expect("the table holds legal times")
}
