//! Each filter runs on a real table. Expected are the ids for which the condition holds, and whether it is exact.

use memory_core::{CollectionName, Filter, Metadata, Namespace, Record, Timestamp, Value as Json};
use rusqlite::{Connection, params_from_iter};

use super::{json_path, translate};
use crate::schema::Tables;

fn at(micros: i64) -> Timestamp {
    Timestamp::from_micros(micros).unwrap()
}

fn records() -> Vec<Record> {
    let draft = |id: &str, metadata: &str| {
        Record::draft(id).metadata(Metadata::from_json(metadata).unwrap()).created_at(at(5)).updated_at(at(6))
    };
    let drafts = [
        draft("a", r#"{"s":"x","n":1,"b":true,"l":["p","q"],"o":{"k.k":"deep"}}"#)
            .kind("fact")
            .tags(["t", "u,v"])
            .content("it's"),
        draft("b", r#"{"s":"y\"\\\n","n":1.0,"b":false,"l":[1,"p"]}"#).kind("Fact").tags(["t"]).expires_at(at(100)),
        draft("c", r#"{"s":null,"n":18446744073709551615,"l":"p","b":"true"}"#).embedding([1.0]),
        draft("d", r#"{"n":"1","s":["x"],"l":[],"o":{"k":{"k":"deep"}}}"#).created_at(at(-5)),
    ];
    let home = Namespace::from_key("n/").unwrap();
    drafts.into_iter().map(|draft| draft.build(Some(&home), at(0)).unwrap()).collect()
}

/// The ids for which the filter's condition holds, then `~` if it is a superset. The complement must be two-valued too.
fn found(filter: &Filter) -> String {
    let tables = Tables::new(&CollectionName::new("t").unwrap());
    let connection = Connection::open_in_memory().unwrap();
    connection.execute_batch(&tables.create()).unwrap();
    for record in records() {
        let row = rusqlite::params![
            record.key.id.as_str(),
            record.kind.as_str(),
            record.created_at.micros(),
            record.updated_at.micros(),
            record.expires_at.map(Timestamp::micros),
            record.to_json_without_embedding(),
            record.embedding.as_ref().map(|_| [0_u8, 0, 128, 63]),
        ];
        let sql = "INSERT INTO \"records.t\" (namespace, id, kind, created_at, updated_at, expires_at, version, \
                   checksum, record, embedding) VALUES ('n/', ?, ?, ?, ?, ?, 0, 0, ?, ?)";
        connection.execute(sql, row).unwrap();
    }
    let translated = translate(filter);
    let ids = |sql: String| -> Vec<String> {
        let sql = format!("SELECT id FROM \"records.t\" WHERE {sql} ORDER BY id");
        let mut statement = connection.prepare(&sql).unwrap();
        let values = params_from_iter(translated.condition.values.clone());
        statement.query_map(values, |row| row.get(0)).unwrap().map(Result::unwrap).collect()
    };
    let (yes, no) = (ids(translated.condition.sql.clone()), ids(format!("NOT ({})", translated.condition.sql)));
    assert_eq!(yes.len() + no.len(), 4, "NULL for some row: {filter:?}");
    let matches: Vec<String> =
        records().iter().filter(|r| filter.matches(r)).map(|r| r.key.id.as_str().to_owned()).collect();
    assert!(matches.iter().all(|id| yes.contains(id)), "a match is lost: {filter:?}");
    assert!(!translated.exact || matches == yes, "not exact: {filter:?}");
    yes.concat() + if translated.exact { "" } else { "~" }
}

#[test]
fn named_fields_are_exact() {
    let time = |micros| at(micros);
    for (filter, expected) in [
        (Filter::id().eq("a"), "a"),
        (Filter::id().ne("a"), "bcd"),
        (Filter::id().ge("c"), "cd"),
        (Filter::id().lt("c"), "ab"),
        (Filter::id().is_in(["a", "d", "'"]), "ad"),
        (Filter::id().not_in(["a", "d"]), "bc"),
        (Filter::id().is_in([""; 0]), ""),
        (Filter::id().not_in([""; 0]), "abcd"),
        (Filter::id().exists(true), "abcd"),
        (Filter::kind().eq("fact"), "a"),
        (Filter::kind().starts_with(""), "abcd"),
        (Filter::kind().starts_with("F"), "b"),
        (Filter::content().eq("it's"), "a"),
        (Filter::content().starts_with("it"), "a"),
        (Filter::content().exists(false), ""),
        (Filter::created_at().lt(time(0)), "d"),
        (Filter::created_at().is_in([time(5)]), "abc"),
        (Filter::updated_at().eq(time(6)), "abcd"),
        (Filter::expires_at().le(time(100)), "b"),
        (Filter::expires_at().ne(time(100)), "acd"),
        (Filter::expires_at().not_in([time(100)]), "acd"),
        (Filter::expires_at().exists(false), "acd"),
        (Filter::has_embedding(true), "c"),
        (Filter::has_embedding(false), "abd"),
    ] {
        assert_eq!(found(&filter), expected, "{filter:?}");
    }
}

#[test]
fn tags_are_exact() {
    for (filter, expected) in [
        (Filter::tags().contains("t"), "ab"),
        (Filter::tags().contains("u"), ""),
        (Filter::tags().eq(["u,v", "t", "t"]), "a"),
        (Filter::tags().ne(["t"]), "acd"),
        (Filter::tags().eq([""; 0]), "cd"),
        (Filter::tags().contains_any(["u,v", "z"]), "a"),
        (Filter::tags().contains_any([""; 0]), ""),
        (Filter::tags().contains_all(["t", "u,v"]), "a"),
        (Filter::tags().contains_all([""; 0]), "abcd"),
    ] {
        assert_eq!(found(&filter), expected, "{filter:?}");
    }
}

#[test]
fn metadata_is_exact_where_sqlite_decides_it() {
    let field = |key: &str| Filter::metadata([key]);
    for (filter, expected) in [
        (field("s").eq("x"), "a"),
        (field("s").eq("y\"\\\n"), "b"),
        (field("s").ne("x"), "bcd"),
        (field("s").lt("y"), "a"),
        (field("s").is_in(["x", "z"]), "a"),
        (field("s").not_in(["x"]), "bcd"),
        (field("s").starts_with("y"), "b"),
        (field("s").starts_with(1), ""),
        (field("s").exists(true), "abd"),
        (field("s").exists(false), "c"),
        (field("b").eq(true), "a"),
        (field("b").ne(true), "bcd"),
        (field("b").eq("true"), "c"),
        (field("l").contains("p"), "ab"),
        (field("l").contains_any(["q"]), "a"),
        (field("l").contains_all(["p", "q"]), "a"),
        (field("l").contains_all(Vec::<Json>::new()), "abd"),
        (Filter::metadata(["o", "k.k"]).eq("deep"), "a"),
        (Filter::metadata(["o", "k", "k"]).eq("deep"), "d"),
        (Filter::metadata(["l", "0"]).exists(true), ""),
        // Supersets: floats, and what only the core compares.
        (field("n").eq(1), "ab~"),
        (field("n").eq(2), "b~"),
        (field("n").gt(1), "bc~"),
        (field("n").eq(Json::try_from(1.0).unwrap()), "abc~"),
        (field("n").ne(1), "abcd~"),
        (field("n").is_in([1]), "abcd~"),
        (field("b").lt(true), "abcd~"),
        (field("l").contains(1), "abd~"),
        (field("l").eq(Json::Array(Vec::new())), "abcd~"),
        (Filter::metadata(["a\"b"]).exists(true), "abcd~"),
        (Filter::metadata([""]).exists(false), "abcd~"),
    ] {
        assert_eq!(found(&filter), expected, "{filter:?}");
    }
}

#[test]
fn trees_stay_supersets() {
    let inexact = || Filter::metadata(["n"]).eq(2);
    for (filter, expected) in [
        (Filter::and([]), "abcd"),
        (Filter::or([]), ""),
        (!Filter::or([]), "abcd"),
        (!!Filter::id().eq("a"), "a"),
        (!Filter::expires_at().lt(at(200)), "acd"),
        (Filter::and([Filter::tags().contains("t"), !Filter::id().eq("a")]), "b"),
        (Filter::or([Filter::id().eq("a"), Filter::has_embedding(true)]), "ac"),
        // The complement of a superset could lose matches, so nothing is ruled out.
        (!inexact(), "abcd~"),
        (Filter::and([inexact(), Filter::id().ne("b")]), "~"),
        (Filter::or([inexact(), Filter::id().eq("d")]), "bd~"),
        (!Filter::and([inexact(), Filter::id().eq("b")]), "abcd~"),
    ] {
        assert_eq!(found(&filter), expected, "{filter:?}");
    }
}

#[test]
fn the_largest_filters_are_accepted() {
    let many = Filter::or((0..1000).map(|n| Filter::metadata([format!("k{n}")]).contains("p")));
    assert_eq!(found(&many), "");
    let many = Filter::id().is_in((0..1000).map(|n| n.to_string()));
    assert_eq!(found(&many), "");
    let deep = (0..30).fold(Filter::id().eq("a"), |filter, _| !filter);
    assert_eq!(found(&deep), "a");
    let deep = (0..31).fold(Filter::expires_at().eq(at(100)), |filter, _| {
        Filter::and([filter, Filter::or([Filter::kind().eq("Fact")])])
    });
    assert_eq!(found(&deep), "b");
}

#[test]
fn only_plain_keys_become_paths() {
    let path = |keys: &[&str]| json_path(&keys.iter().map(|key| (*key).to_owned()).collect::<Vec<_>>());
    assert_eq!(path(&["a", "b.c ' é"]).as_deref(), Some("$.metadata.\"a\".\"b.c ' é\""));
    for key in ["", "\"", "\\", "\n"] {
        assert_eq!(path(&["a", key]), None);
    }
}
