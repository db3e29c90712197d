//! Metadata, numbers, and what is refused in any text (RE-2).

use std::collections::BTreeMap;

use memory_core::{Draft, Filter, Metadata, Namespace, NumberKind, Record, RecordId, Value};

use crate::cases::state::{Must as _, everything, read};
use crate::context::{Context, namespace};
use crate::{Outcome, cases, ensure, ensure_eq, ensure_kind};

cases! {
    "RE-2": [
        metadata_comes_back_exactly,
        sixteen_levels_come_back,
        numbers_keep_their_type_and_bits,
        a_change_of_type_alone_is_a_change,
        the_order_of_keys_does_not_count,
        numbers_of_text_are_read_by_their_digits,
        a_key_twice_is_refused,
        nul_is_refused_everywhere,
    ],
}

/// Each is its own canonical form.
const EXACT: &[&str] = &[
    r#"{}"#,
    r#"{"":""}"#,
    r#"{"":{"":{"":[]}}}"#,
    r#"{"a":null}"#,
    r#"{"a":false,"b":true,"c":"false","d":"null"}"#,
    r#"{"a":0,"b":-0.0,"c":0.0,"d":"0"}"#,
    r#"{"a":"","b":[],"c":{}}"#,
    r#"{"a":[null,[],{},"",0,false,[[]],[{}]]}"#,
    r#"{"a":[null],"b":[],"c":[null,null]}"#,
    r#"{"a":{"b":null},"c":{}}"#,
    r#"{"max":9223372036854775807,"min":-9223372036854775808,"top":18446744073709551615,"up":9223372036854775808}"#,
    r#"{"a":1,"b":1.0,"c":"1","d":true,"e":[1,1.0,"1",true]}"#,
    r#"{"a":-1,"b":-1.0,"c":9007199254740993,"d":9007199254740992.0,"e":-9007199254740993}"#,
    r#"{"a":5e-324,"b":2.2250738585072014e-308,"c":1.7976931348623157e308,"d":-1.7976931348623157e308,"e":-5e-324}"#,
    r#"{"a":0.1,"b":0.30000000000000004,"c":1e16,"d":1.5e-7,"e":0.00001,"f":123456789.125,"g":9.223372036854776e18}"#,
    r#"{"a":1.8446744073709552e19,"b":1e22,"c":1e23,"d":4.35,"e":2.225073858507201e-308,"f":100.0}"#,
    r#"{"a":{"b":2},"a\"b":5,"a.b":{"c.d":1},"a.b.c":3,"a[0]":4,"a\\b":6}"#,
    r#"{" a":1,"$":"$ne","$ne":2,"%":"_","'":"''","A":3,"__proto__":4,"a":5,"a ":6}"#,
    r#"{"content":1,"created_at":"x","embedding":[1],"id":2,"kind":3,"metadata":{"metadata":4},"namespace":5,"tags":[","]}"#,
    "{\"e\u{301}\":1,\"\u{e9}\":\"e\u{301}\"}",
    "{\"a\":\"\\b\\f\\n\\r\\t\\u0001\\u001f\u{7f}\u{85}\u{2028}\u{feff}\u{ffff}\u{10ffff}\",\"b\":\" x \"}",
    r#"{"a":"2026-01-02T03:04:05Z","b":"2026-01-02 03:04:05","c":"1e3","d":"0x1F","e":"a,b","f":"\"a\""}"#,
    r#"{"a":[[1,2],[3,[4,{"b":[5]}]]],"b":[{"c":1},{"c":1.0},{"c":null},{}]}"#,
];

async fn metadata_comes_back_exactly(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (at, text) in EXACT.iter().enumerate() {
        let metadata = Metadata::from_json(text).must(text)?;
        memory.put(Record::draft(format!("{at:02}")).metadata(metadata).content("word")).await.must(text)?;
    }
    for (at, text) in EXACT.iter().enumerate() {
        let found = read(&memory, format!("{at:02}")).await?.metadata;
        ensure_eq!(found.to_json(), *text, "a read answers the metadata that was put");
        ensure!(found == Metadata::from_json(text)?, "a read answers equal metadata: {text}");
    }
    let listed: Vec<_> = everything(&memory).await?.iter().map(|stored| stored.record.metadata.to_json()).collect();
    ensure_eq!(listed, EXACT, "a listing answers the metadata that was put");
    let hits = memory.search_text("word", 100).await.must("a text search")?.hits;
    ensure_eq!(hits.len(), EXACT.len(), "all are found");
    for hit in hits {
        let at: usize = hit.key.id.as_str().parse().unwrap_or(usize::MAX);
        let found = hit.record.map(|record| record.metadata.to_json());
        ensure_eq!(found.as_deref(), EXACT.get(at).copied(), "a search answers the metadata that was put");
    }
    Ok(())
}

async fn sixteen_levels_come_back(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let objects = format!("{}{{}}{}", r#"{"a":"#.repeat(15), "}".repeat(15));
    let arrays = format!(r#"{{"a":{}1{}}}"#, "[".repeat(15), "]".repeat(15));
    for (id, text) in [("objects", &objects), ("arrays", &arrays)] {
        memory.put(Record::draft(id).metadata(Metadata::from_json(text)?)).await.must("sixteen levels")?;
        ensure_eq!(read(&memory, id).await?.metadata.to_json(), *text, "sixteen levels come back");
    }
    let too_deep = format!(r#"{{"a":{objects}}}"#);
    ensure_kind!(Metadata::from_json(&too_deep), InvalidArgument, "seventeen levels of objects");
    let value = Value::from_json(&format!("{}{}", "[".repeat(16), "]".repeat(16)))?;
    let entries: BTreeMap<String, Value> = [("a".to_owned(), value)].into();
    let calls = context.calls.count();
    ensure_kind!(memory.put(Record::draft("x").metadata(entries)).await, InvalidArgument, "arrays to level seventeen");
    ensure_eq!(context.calls.count(), calls, "too many levels are refused before any I/O");
    Ok(())
}

async fn numbers_keep_their_type_and_bits(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let float = |bits: u64| Value::try_from(f64::from_bits(bits));
    let numbers: Vec<(&str, Value, NumberKind)> = vec![
        ("0", 0.into(), NumberKind::I64(0)),
        ("0.0", float(0)?, NumberKind::F64(0.0)),
        ("-0.0", float(0x8000_0000_0000_0000)?, NumberKind::F64(-0.0)),
        ("1", 1.into(), NumberKind::I64(1)),
        ("1.0", float(0x3ff0_0000_0000_0000)?, NumberKind::F64(1.0)),
        ("i64::MIN", i64::MIN.into(), NumberKind::I64(-9_223_372_036_854_775_808)),
        ("i64::MAX", i64::MAX.into(), NumberKind::I64(9_223_372_036_854_775_807)),
        ("u64::MAX", u64::MAX.into(), NumberKind::U64(18_446_744_073_709_551_615)),
        ("2^63", (1_u64 << 63).into(), NumberKind::U64(9_223_372_036_854_775_808)),
        ("2^63 as a float", float(0x43e0_0000_0000_0000)?, NumberKind::F64(9_223_372_036_854_775_808.0)),
        ("2^64 as a float", float(0x43f0_0000_0000_0000)?, NumberKind::F64(18_446_744_073_709_551_616.0)),
        ("2^53 + 1", 9_007_199_254_740_993_i64.into(), NumberKind::I64(9_007_199_254_740_993)),
        ("least denormal", float(1)?, NumberKind::F64(5e-324)),
        ("greatest denormal", float(0x000f_ffff_ffff_ffff)?, NumberKind::F64(2.225_073_858_507_201e-308)),
        ("least normal", float(0x0010_0000_0000_0000)?, NumberKind::F64(f64::MIN_POSITIVE)),
        ("greatest", float(0x7fef_ffff_ffff_ffff)?, NumberKind::F64(f64::MAX)),
        ("0.1 and one bit", float(0x3fb9_9999_9999_999b)?, NumberKind::F64(0.100_000_000_000_000_02)),
    ];
    let entries: BTreeMap<String, Value> =
        numbers.iter().map(|(name, value, _)| ((*name).to_owned(), value.clone())).collect();
    memory.put(Record::draft("1").metadata(entries)).await.must("numbers at their edges")?;
    let found = read(&memory, "1").await?.metadata;
    for (name, _, kind) in numbers {
        let Some(Value::Number(number)) = found.get(&[name]) else {
            return Err(crate::Failure::assertion(format!("{name} is no number any more")));
        };
        let exact = match (number.kind(), kind) {
            (NumberKind::F64(found), NumberKind::F64(put)) => found.to_bits() == put.to_bits(),
            (found, put) => found == put,
        };
        ensure!(exact, "{name} is still this number of this type");
    }
    Ok(())
}

async fn a_change_of_type_alone_is_a_change(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let forms = [
        r#"{"a":1}"#,
        r#"{"a":1.0}"#,
        r#"{"a":"1"}"#,
        r#"{"a":true}"#,
        r#"{"a":[1]}"#,
        r#"{"a":0}"#,
        r#"{"a":0.0}"#,
        r#"{"a":-0.0}"#,
        r#"{"a":false}"#,
        r#"{"a":null}"#,
        r#"{"a":""}"#,
        r#"{"a":[]}"#,
        r#"{"a":{}}"#,
        "{}",
    ];
    for text in forms {
        memory.put(Record::draft("1").metadata(Metadata::from_json(text)?)).await.must(text)?;
        ensure_eq!(read(&memory, "1").await?.metadata.to_json(), text, "the new form is stored in place of the old");
    }
    Ok(())
}

async fn the_order_of_keys_does_not_count(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let text = r#" { "b" : { "d" : 1 , "c" : 2 } , "ab":3, "a" : [ { "z" : 0 , "y" : 1 } ] } "#;
    memory.put(Record::draft("1").metadata(Metadata::from_json(text)?)).await.must("keys in any order")?;
    ensure_eq!(
        read(&memory, "1").await?.metadata.to_json(),
        r#"{"a":[{"y":1,"z":0}],"ab":3,"b":{"c":2,"d":1}}"#,
        "the same object, in canonical form"
    );
    let other = Metadata::from_json(r#"{"ab":3,"a":[{"y":1,"z":0}],"b":{"c":2,"d":1}}"#)?;
    ensure!(read(&memory, "1").await?.metadata == other, "objects with the same entries are equal");
    Ok(())
}

async fn numbers_of_text_are_read_by_their_digits(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    for (text, read_as) in [
        ("-0", "0"),
        ("-0.0", "-0.0"),
        ("-0e0", "-0.0"),
        ("1e2", "100.0"),
        ("1E+2", "100.0"),
        ("9007199254740993", "9007199254740993"),
        ("9007199254740993.0", "9007199254740992.0"),
        ("18446744073709551615", "18446744073709551615"),
        ("18446744073709551616.0", "1.8446744073709552e19"),
        ("1e-400", "0.0"),
        ("0.1000000000000000055511151231257827", "0.1"),
    ] {
        let metadata = Metadata::from_json(&format!(r#"{{"a":{text}}}"#)).must(text)?;
        memory.put(Record::draft("1").metadata(metadata)).await.must(text)?;
        let expected = format!(r#"{{"a":{read_as}}}"#);
        ensure_eq!(read(&memory, "1").await?.metadata.to_json(), expected, "{text} is this number");
    }
    for bad in [
        "18446744073709551616",
        "-9223372036854775809",
        "1e309",
        "-1e309",
        "1e99999",
        "NaN",
        "Infinity",
        "01",
        "+1",
        "1.",
    ] {
        ensure_kind!(Metadata::from_json(&format!(r#"{{"a":[{bad}]}}"#)), InvalidArgument, "{bad} in metadata");
        let record = format!(r#"{{"namespace":["n"],"id":"1","metadata":{{"a":{bad}}}}}"#);
        ensure_kind!(Draft::from_json(&record), InvalidArgument, "{bad} in a record");
        let filter = format!(r#"{{"field":["metadata","a"],"op":"eq","value":{bad}}}"#);
        ensure_kind!(Filter::from_json(&filter), InvalidArgument, "{bad} in a filter");
    }
    Ok(())
}

async fn a_key_twice_is_refused(_context: Context) -> Outcome {
    for bad in [r#"{"a":1,"a":1}"#, r#"{"a":{"b":1,"c":2,"b":1}}"#, r#"{"a":[{"":1,"":2}]}"#, r#"{"a":1,"\u0061":2}"#] {
        ensure_kind!(Metadata::from_json(bad), InvalidArgument, "{bad} as metadata");
        let record = format!(r#"{{"namespace":["n"],"id":"1","metadata":{bad}}}"#);
        ensure_kind!(Draft::from_json(&record), InvalidArgument, "{bad} in a record");
        let filter = format!(r#"{{"field":["metadata","a"],"op":"eq","value":{bad}}}"#);
        ensure_kind!(Filter::from_json(&filter), InvalidArgument, "{bad} in a filter");
    }
    ensure_kind!(
        Draft::from_json(r#"{"namespace":["n"],"id":"1","id":"1"}"#),
        InvalidArgument,
        "a field of a record named twice"
    );
    ensure_kind!(
        Filter::from_json(r#"{"field":"id","op":"eq","value":"a","value":"a"}"#),
        InvalidArgument,
        "a part of a filter named twice"
    );
    Metadata::from_json(r#"{"a":{"a":1},"A":1,"b":[{"a":1},{"a":1}]}"#).must("the same key in different objects")?;
    Ok(())
}

async fn nul_is_refused_everywhere(context: Context) -> Outcome {
    let memory = context.home("a").await?;
    let value = |text: &str| -> BTreeMap<String, Value> { [("a".to_owned(), Value::from(text))].into() };
    let inside: BTreeMap<String, Value> = [("a".to_owned(), Value::Array(vec![Value::Object(value("x\0"))]))].into();
    let key: BTreeMap<String, Value> = [("a\0".to_owned(), Value::from(1))].into();
    let calls = context.calls.count();
    for (bad, what) in [
        (Record::draft("a\0b"), "an id"),
        (Record::draft("\0"), "an id of NUL alone"),
        (Record::draft("1").kind("\0"), "a kind"),
        (Record::draft("1").content("text\0"), "a content"),
        (Record::draft("1").tags(["ok", "a\0"]), "a tag"),
        (Record::draft("1").metadata(value("\0x")), "a value of metadata"),
        (Record::draft("1").metadata(inside), "a value deep in metadata"),
        (Record::draft("1").metadata(key), "a key of metadata"),
    ] {
        ensure_kind!(memory.put(bad).await, InvalidArgument, "NUL in {what}");
    }
    ensure_eq!(context.calls.count(), calls, "NUL is refused before any I/O");
    ensure_kind!(RecordId::new("a\0"), InvalidArgument, "NUL in an id that is asked for");
    ensure_kind!(Namespace::new(["a", "b\0"]), InvalidArgument, "NUL in a namespace");
    ensure_kind!(Metadata::from_json(r#"{"a":"\u0000"}"#), InvalidArgument, "an escaped NUL in a value");
    ensure_kind!(Metadata::from_json(r#"{"\u0000":1}"#), InvalidArgument, "an escaped NUL in a key");
    let operand = r#"{"field":"content","op":"eq","value":"\u0000"}"#;
    ensure_kind!(Filter::from_json(operand), InvalidArgument, "an escaped NUL in an operand");
    ensure!(everything(&memory).await?.is_empty(), "nothing of it was written");
    memory.put(Record::draft("1").namespace(namespace(["n"])?).content("\u{1}\u{7f}")).await.must("other controls")?;
    ensure_eq!(read(&memory, "1").await?.content.as_str(), "\u{1}\u{7f}", "other controls come back");
    Ok(())
}
