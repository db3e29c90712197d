//! Strings are compared bytewise (FI-8), and none of them becomes query syntax (FI-9).

use memory_core::{Draft, Filter, ListRequest, Metadata, Record, Returns, Value};

use super::table::{Rows, V, leaf, list_all};
use crate::context::Context;
use crate::hostile::STRINGS;
use crate::{Failure, Outcome, cases, ensure_eq};

cases! {
    "FI-8": [
        nothing_is_folded_trimmed_or_normalised,
        every_string_equals_itself_alone,
        prefixes_are_bytes_not_patterns,
    ],
    "FI-9": [
        no_operand_becomes_syntax,
        no_key_of_a_path_becomes_syntax,
        searches_bind_their_operands_too,
        delete_where_binds_its_operands_too,
        many_hostile_operands_at_once,
    ],
}

async fn nothing_is_folded_trimmed_or_normalised(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        r#""tea""#, r#""Tea""#, r#""TEA""#, r#""\u0020tea""#, r#""tea\u0020""#, r#""tea\n""#, r#""teas""#, r#""green\u0020tea""#,
        r#""é""#, r#""e\u0301""#, r#""É""#, r#""e""#, r#""ß""#, r#""ss""#, r#""ﬁ""#, r#""fi""#, r#""ı""#, r#""i""#, r#""I""#, r#""İ""#,
        r#""\u212a""#, r#""K""#, r#""k""#, r#""Ａ""#, r#""A""#, r#""a""#, r#""а""#, r#""a\u200d""#, r#""\ufeffa""#, r#""""#, r#""\u0020""#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    // Every value is found by itself alone, and left out by `ne` alone.
    for value in values {
        rows.finds(&leaf(V, "eq", value), value).await?;
        rows.finds(&leaf(V, "ne", value), &format!("all but {value}")).await?;
        rows.finds(&leaf(V, "in", &format!("[{value}]")), value).await?;
    }
    for (op, operand, expected) in [
        ("starts_with", r#""te""#, r#""tea" "tea\u0020" "tea\n" "teas""#),
        ("starts_with", r#""e""#, r#""e\u0301" "e""#),
        ("starts_with", r#""é""#, r#""é""#),
        ("starts_with", r#""TE""#, r#""TEA""#),
        ("starts_with", r#""\u0020""#, r#""\u0020tea" "\u0020""#),
        ("starts_with", r#""i""#, r#""i""#),
        ("eq", r#""tea\u0020\u0020""#, ""),
        ("eq", r#""tEA""#, ""),
        ("in", r#"["TEA","\u0020tea"]"#, r#""TEA" "\u0020tea""#),
        ("ge", r#""Ａ""#, r#""Ａ""#),
    ] {
        rows.splits(&leaf(V, op, operand), expected).await?;
    }
    Ok(())
}

async fn prefixes_are_bytes_not_patterns(context: Context) -> Outcome {
    #[rustfmt::skip]
    let values = [
        r#""100%""#, r#""100""#, r#""100x""#, r#""a_b""#, r#""aXb""#, r#""a*b""#, r#""a\\b""#, r#""a.b""#, r#""[a]""#, r#""a'b""#,
        r#""\uffff\uffff""#, r#""\udbff\udfff""#, r#""\udbff\udfffa""#, r#""""#,
    ];
    let rows = Rows::of_values(&context, &values).await?;
    for (operand, expected) in [
        (r#""100%""#, r#""100%""#),
        (r#""100""#, r#""100%" "100" "100x""#),
        (r#""a_""#, r#""a_b""#),
        (r#""a*""#, r#""a*b""#),
        (r#""a\\""#, r#""a\\b""#),
        (r#""a.""#, r#""a.b""#),
        (r#""[a""#, r#""[a]""#),
        (r#""[""#, r#""[a]""#),
        (r#""a'""#, r#""a'b""#),
        (r#""%""#, ""),
        (r#""_""#, ""),
        (r#""^a""#, ""),
        // What follows the last code point, or the last of three bytes, is no bound that a range could end at.
        (r#""\uffff""#, r#""\uffff\uffff""#),
        (r#""\udbff\udfff""#, r#""\udbff\udfff" "\udbff\udfffa""#),
        (r#""""#, "all"),
    ] {
        rows.splits(&leaf(V, "starts_with", operand), expected).await?;
    }
    Ok(())
}

/// A record for each hostile string, which stands in each of its fields, as a key of its metadata too.
async fn hostile_rows(context: &Context) -> Result<Rows, Failure> {
    let drafts: Vec<Draft> = STRINGS.iter().map(|text| hostile(text)).collect::<memory_core::Result<_>>()?;
    Rows::of(context.home("a").await?, drafts).await
}

fn hostile(text: &str) -> memory_core::Result<Draft> {
    let quoted = serde_json::json!(text);
    let metadata =
        Metadata::from_json(&format!(r#"{{"value of it":{quoted},"list":[{quoted},1],{quoted}:{{{quoted}:true}}}}"#))?;
    let kind = if text.len() <= 64 { text } else { "long" };
    let draft = Record::draft(text).kind(kind).content(text).tags([text]).metadata(metadata);
    Ok(draft.embedding([1.0, 0.0, 0.0]))
}

async fn every_string_equals_itself_alone(context: Context) -> Outcome {
    let rows = hostile_rows(&context).await?;
    let value = || Filter::metadata(["value of it"]);
    for text in STRINGS.iter().copied() {
        let leaves = || {
            [
                Filter::id().eq(text),
                Filter::content().eq(text),
                Filter::tags().contains(text),
                Filter::tags().eq([text]),
                value().eq(text),
                value().is_in([text]),
                Filter::metadata(["list"]).contains(text),
                Filter::metadata(["list"]).eq(Value::Array(vec![text.into(), 1.into()])),
            ]
        };
        only(&rows, &Filter::and(leaves()), text, "all leaves at once").await?;
        only(&rows, &Filter::or(leaves()), text, "any of the leaves").await?;
    }
    Ok(())
}

async fn only(rows: &Rows, filter: &Filter, text: &str, what: &str) -> Outcome {
    let request = ListRequest::new().with_filter(filter.clone()).with_returns(Returns::Keys);
    let found = list_all(&rows.memory, request).await?;
    let found: Vec<&str> = found.iter().map(|stored| stored.record.key.id.as_str()).collect();
    ensure_eq!(found, [text], "{what}, of {text:?}");
    Ok(())
}

async fn no_operand_becomes_syntax(context: Context) -> Outcome {
    let rows = hostile_rows(&context).await?;
    let all = STRINGS.len() as u64;
    for text in STRINGS.iter().copied() {
        let absent = format!("{text}\u{1}{text}");
        let found = [Filter::id().eq(&absent), Filter::kind().starts_with(&absent), Filter::tags().contains(&absent)];
        // A string that broke out of its place would find every row here, or none.
        let filter = Filter::and([
            Filter::id().ne(text),
            !Filter::metadata(["value of it"]).eq(text),
            Filter::or([Filter::id().lt(text), Filter::id().gt(text)]),
            !Filter::or(found),
        ]);
        ensure_eq!(rows.memory.count(&filter).await.ok(), Some(all - 1), "all but {text:?}");
    }
    Ok(())
}

async fn no_key_of_a_path_becomes_syntax(context: Context) -> Outcome {
    let rows = hostile_rows(&context).await?;
    for text in STRINGS.iter().copied() {
        let leaves = || {
            [
                Filter::metadata([text]).exists(true),
                Filter::metadata([text, text]).eq(true),
                Filter::metadata([text]).eq(Value::Object([(text.to_owned(), true.into())].into())),
            ]
        };
        only(&rows, &Filter::and(leaves()), text, "all paths at once").await?;
        // Nothing lies below.
        let any = leaves().into_iter().chain([Filter::metadata([text, text, text]).exists(true)]);
        only(&rows, &Filter::or(any), text, "any of the paths").await?;
    }
    Ok(())
}

async fn searches_bind_their_operands_too(context: Context) -> Outcome {
    let rows = Rows::of(
        context.home("a").await?,
        STRINGS.iter().map(|text| Ok(hostile(text)?.content("word"))).collect::<memory_core::Result<_>>()?,
    )
    .await?;
    for text in STRINGS.iter().copied() {
        let filter = Filter::and([Filter::metadata(["value of it"]).eq(text), Filter::metadata([text]).exists(true)]);
        let vector = memory_core::Query::vector([1.0, 0.0, 0.0].try_into()?);
        for request in [memory_core::SearchRequest::new(vector), rows.memory.text("word")] {
            let response = rows.memory.search(&request.with_filter(filter.clone())).await;
            let hits = response.map(|response| response.hits).unwrap_or_default();
            let found: Vec<&str> = hits.iter().map(|hit| hit.key.id.as_str()).collect();
            ensure_eq!(found, [text], "a search filtered by {text:?}");
        }
    }
    Ok(())
}

async fn delete_where_binds_its_operands_too(context: Context) -> Outcome {
    let rows = hostile_rows(&context).await?;
    let mut left = STRINGS.len() as u64;
    for text in STRINGS.iter().copied() {
        let filter =
            Filter::or([Filter::id().eq(text), Filter::tags().contains(text), Filter::metadata([text]).exists(true)]);
        ensure_eq!(rows.memory.delete_where(&filter).await.ok(), Some(1), "delete_where {text:?}");
        left -= 1;
        ensure_eq!(rows.memory.count(&Filter::all()).await?, left, "what is left after {text:?}");
    }
    Ok(())
}

async fn many_hostile_operands_at_once(context: Context) -> Outcome {
    let rows = hostile_rows(&context).await?;
    rows.memory.put(Record::draft("one more").metadata(Metadata::from_json(r#"{"value of it":"one more"}"#)?)).await?;
    let value = || Filter::metadata(["value of it"]);
    let strings = || STRINGS.iter().copied();
    let all = STRINGS.len() as u64;
    for (filter, expected) in [
        (Filter::id().is_in(strings()), all),
        (Filter::id().not_in(strings()), 1),
        (Filter::content().is_in(strings()), all),
        (Filter::tags().contains_any(strings()), all),
        (Filter::tags().contains_all(strings()), 0),
        (value().is_in(strings()), all),
        (value().not_in(strings()), 1),
        (!value().not_in(strings()), all),
        (Filter::metadata(["list"]).contains_any(strings()), all),
        (Filter::or(strings().map(|text| value().eq(text))), all),
        (Filter::and(strings().map(|text| value().ne(text))), 1),
    ] {
        ensure_eq!(rows.memory.count(&filter).await.ok(), Some(expected), "count by {filter:?}");
    }
    Ok(())
}
