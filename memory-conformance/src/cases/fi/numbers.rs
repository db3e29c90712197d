//! No coercion, and numbers by exact value (FI-6).

use super::table::{Rows, V, leaf};
use crate::context::Context;
use crate::{Outcome, cases};

cases! {
    "FI-6": [
        every_number_compares_by_its_exact_value,
        floats_compare_by_every_bit,
        nothing_is_coerced,
        numbers_inside_values_compare_by_value_too,
    ],
}

/// Ascending, equal ones in a group: the neighbours of 2^53, 2^63 and 2^64, where f64 and the integers part.
#[rustfmt::skip]
const NUMBERS: [&[&str]; 19] = [
    &["-1.7976931348623157e308"],
    &["-9223372036854775808", "-9223372036854775808.0"],
    &["-9223372036854775807"],
    &["-9007199254740993"],
    &["-9007199254740992", "-9007199254740992.0"],
    &["-1.5"],
    &["-1", "-1.0"],
    &["0", "-0.0", "0.0"],
    &["5e-324"],
    &["1", "1.0", "1e0"],
    &["1.5"],
    &["9007199254740992", "9007199254740992.0"],
    &["9007199254740993"],
    &["9007199254740994", "9007199254740994.0"],
    &["9223372036854775807"],
    &["9223372036854775808", "9223372036854775808.0"],
    &["18446744073709551615"],
    &["18446744073709551616.0"],
    &["1.7976931348623157e308"],
];

const OTHERS: [&str; 10] =
    ["absent", "null", "true", "false", r#""1""#, r#""1.0""#, r#""""#, "[1]", "[9007199254740992]", r#"{"a":1}"#];

async fn every_number_compares_by_its_exact_value(context: Context) -> Outcome {
    let rows = Rows::of_values(&context, &[NUMBERS.concat(), OTHERS.to_vec()].concat()).await?;
    rows.compares(V, &NUMBERS).await
}

async fn floats_compare_by_every_bit(context: Context) -> Outcome {
    // Neighbours, a half apart in the last place, and long spellings of one f64.
    #[rustfmt::skip]
    let groups: [&[&str]; 9] = [
        &["2.225073858507201e-308"],
        &["2.2250738585072014e-308"],
        &["0.09999999999999999"],
        &["0.1", "0.1000000000000000055511151231257827", "1e-1"],
        &["0.10000000000000002"],
        &["0.3", "3e-1"],
        &["0.30000000000000004"],
        &["1.7976931348623155e308"],
        &["1.7976931348623157e308"],
    ];
    Rows::of_values(&context, &groups.concat()).await?.compares(V, &groups).await
}

async fn nothing_is_coerced(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        "absent", "null", "0", "1", "1.0", "true", "false", r#""1""#, r#""1.0""#, r#""true""#, r#""false""#, r#""0""#, r#""""#,
        r#""\u00201""#, r#""null""#, "[1]", r#"["1"]"#, "[true]", "[]", "{}", r#""[1]""#, r#""{}""#, r#""2026-01-01T00:00:00Z""#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    #[rustfmt::skip]
    let filters = [
        ("eq", "1", "1 1.0"),
        ("eq", "true", "true"),
        ("eq", "false", "false"),
        ("eq", "0", "0"),
        ("eq", r#""1""#, r#""1""#),
        ("eq", r#""true""#, r#""true""#),
        ("eq", r#""""#, r#""""#),
        ("eq", "[1]", "[1]"),
        ("eq", r#"["1"]"#, r#"["1"]"#),
        ("eq", "[true]", "[true]"),
        ("eq", r#""[1]""#, r#""[1]""#),
        ("eq", "[]", "[]"),
        ("eq", r#""{}""#, r#""{}""#),
        ("ne", "1", "all but 1 1.0"),
        ("ne", r#""1""#, r#"all but "1""#),
        ("ne", "true", "all but true"),
        ("lt", "1", "0"),
        ("ge", "0", "0 1 1.0"),
        ("ge", r#""0""#, r#""0" "1" "1.0" "true" "false" "null" "[1]" "{}" "2026-01-01T00:00:00Z""#),
        ("lt", r#""1""#, r#""" "\u00201" "0""#),
        ("gt", "false", "true"),
        ("le", "true", "true false"),
        ("in", r#"["1",true]"#, r#""1" true"#),
        ("not_in", r#"["1",true]"#, r#"all but "1" true"#),
        ("contains", "1", "[1]"),
        ("contains", r#""1""#, r#"["1"]"#),
        ("contains", "true", "[true]"),
        ("contains_any", r#"[1,"1"]"#, r#"[1] ["1"]"#),
        ("contains_all", "[true]", "[true]"),
        ("starts_with", r#""1""#, r#""1" "1.0""#),
        ("starts_with", "1", ""),
        ("starts_with", "true", ""),
    ];
    for (op, operand, expected) in filters {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn numbers_inside_values_compare_by_value_too(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        "[1]", "[1.0]", "[-0.0]", "[0]", "[9007199254740992]", "[9007199254740993]", "[9007199254740992.0]",
        "[18446744073709551615]", "[18446744073709551616.0]", r#"{"a":1}"#, r#"{"a":1.0}"#, r#"{"a":9007199254740993}"#,
        r#"{"a":[0]}"#, r#"{"a":[-0.0]}"#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    for (op, operand, expected) in [
        ("eq", "[1.0]", "[1] [1.0]"),
        ("eq", "[0.0]", "[-0.0] [0]"),
        ("eq", "[9007199254740992.0]", "[9007199254740992] [9007199254740992.0]"),
        ("eq", "[9007199254740993]", "[9007199254740993]"),
        ("eq", "[18446744073709551615]", "[18446744073709551615]"),
        ("eq", r#"{"a":1}"#, r#"{"a":1} {"a":1.0}"#),
        ("eq", r#"{"a":9007199254740992.0}"#, ""),
        ("eq", r#"{"a":[0]}"#, r#"{"a":[0]} {"a":[-0.0]}"#),
        ("ne", "[1]", "all but [1] [1.0]"),
        ("in", "[[1.0],[-0.0]]", "[1] [1.0] [-0.0] [0]"),
        ("not_in", "[[9007199254740993]]", "all but [9007199254740993]"),
        ("contains", "1.0", "[1] [1.0]"),
        ("contains", "0", "[-0.0] [0]"),
        ("contains", "9007199254740992", "[9007199254740992] [9007199254740992.0]"),
        ("contains", "9007199254740993", "[9007199254740993]"),
        ("contains", "18446744073709551616.0", "[18446744073709551616.0]"),
        ("contains_any", "[1,9007199254740993.0]", "[1] [1.0] [9007199254740992] [9007199254740992.0]"),
        ("contains_all", "[1,1.0]", "[1] [1.0]"),
    ] {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}
