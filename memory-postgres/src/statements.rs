//! The statements on one collection: a call is one of them, so that it takes one round trip and one transaction of the server's own.

use memory_core::{Delete, NamespacesRequest, Order, RecordKey, Timestamp, Version, View};

use crate::mapping::{Columns, Value, number};
use crate::query::{Condition, Statement, expired, live, names, order_by, scope, text};
use crate::schema::Table;

/// Which of its conditions a put asks: puts of one kind are one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PutKind {
    Always,
    IfAbsent,
    IfVersion,
}

const PUT_GIVEN: &str = "WITH v AS MATERIALIZED (SELECT nextval('VERSIONS'::regclass) AS version), \
     given AS MATERIALIZED (SELECT g.*, g.record::jsonb AS parsed FROM unnest(?::text[], ?::text[], ?::text[], \
     ?::int8[], ?::int8[], ?::int8[], ?::int8[], ?::text[], ?::text[], ?EXPECTED) \
     AS g(namespace, id, kind, created_at, updated_at, expires_at, length, record, words, embeddingEXPECTEDNAME)), ";

const PUT_VALUES: &str = "g.kind, g.created_at, g.updated_at, g.expires_at, g.length, v.version, g.record, \
     g.parsed -> 'metadata', ARRAY(SELECT jsonb_array_elements_text(g.parsed -> 'tags')), \
     g.words::jsonb, g.embedding";

const PUT_COLUMNS: &str =
    "kind, created_at, updated_at, expires_at, length, version, record, metadata, tags, words, embedding";

const PUT_EXCLUDED: &str = "excluded.kind, excluded.created_at, excluded.updated_at, excluded.expires_at, excluded.length, \
     excluded.version, excluded.record, excluded.metadata, excluded.tags, excluded.words, excluded.embedding";

/// Upserts records whose keys differ. Answers the version that all of them have, one row for each that was written (with its
/// key) if there is a condition, else one row in all.
pub(crate) fn put(
    table: &Table,
    kind: PutKind,
    columns: Columns,
    keys: &[RecordKey],
    expected: Vec<i64>,
    now: Timestamp,
) -> Statement {
    let Table { records, versions, .. } = table;
    let is_version = kind == PutKind::IfVersion;
    let mut values = columns.into_values();
    let given = PUT_GIVEN
        .replace("VERSIONS", versions)
        .replace("EXPECTEDNAME", if is_version { ", expected" } else { "" })
        .replace("EXPECTED", if is_version { ", ?::int8[]" } else { "" });
    if is_version {
        values.push(Value::Ints(expected.into_iter().map(Some).collect()));
    }
    let insert = format!(
        "INSERT INTO {records} AS r (namespace, id, {PUT_COLUMNS}) SELECT g.namespace, g.id, {PUT_VALUES} FROM given g, v \
         ON CONFLICT (namespace, id) DO UPDATE SET ({PUT_COLUMNS}) = ROW({PUT_EXCLUDED})"
    );
    let sql = match kind {
        PutKind::Always => format!("{given}put AS ({insert}) SELECT version FROM v"),
        PutKind::IfAbsent => {
            values.push(Value::Int(now.micros()));
            format!(
                "{given}put AS ({insert} WHERE r.expires_at <= ? RETURNING r.namespace, r.id) \
                 SELECT v.version, p.namespace, p.id FROM v, put p"
            )
        }
        PutKind::IfVersion => {
            values.push(Value::Int(now.micros()));
            format!(
                "{given}put AS (UPDATE {records} r SET ({PUT_COLUMNS}) = ROW({PUT_VALUES}) FROM given g, v \
                 WHERE r.namespace = g.namespace AND r.id = g.id AND r.version = g.expected \
                 AND (r.expires_at IS NULL OR r.expires_at > ?) RETURNING r.namespace, r.id) \
                 SELECT v.version, p.namespace, p.id FROM v, put p"
            )
        }
    };
    let statement = Statement { conditional: kind != PutKind::Always, ..Statement::kept(&sql, values) };
    statement.about_keys(table, keys)
}

/// The live records of these keys: place in the list, from 1, and the columns of a record.
pub(crate) fn get(table: &Table, now: Timestamp, keys: &[RecordKey]) -> Statement {
    let (namespaces, ids) = names(keys);
    let sql = format!(
        "SELECT g.place, {} FROM unnest(?::text[], ?::text[]) WITH ORDINALITY AS g(namespace, id, place) \
         JOIN {} USING (namespace, id) WHERE expires_at IS NULL OR expires_at > ?",
        table.columns(),
        table.records
    );
    Statement::kept(&sql, vec![namespaces, ids, Value::Int(now.micros())]).about_keys(table, keys)
}

/// Deletes by key, expired ones too. Answers namespace, id and whether it was live of each that is gone.
pub(crate) fn delete<'a>(
    table: &Table,
    now: Timestamp,
    deletes: impl Iterator<Item = &'a Delete> + Clone,
) -> Statement {
    let (namespaces, ids) = names(deletes.clone().map(|delete| &delete.key));
    let expected = deletes.clone().map(|delete| delete.version.as_ref().map(number)).collect();
    let sql = format!(
        "DELETE FROM {} r USING unnest(?::text[], ?::text[], ?::int8[]) AS g(namespace, id, expected) \
         WHERE r.namespace = g.namespace AND r.id = g.id AND (g.expected IS NULL \
         OR (r.version = g.expected AND (r.expires_at IS NULL OR r.expires_at > ?))) \
         RETURNING r.namespace, r.id, r.expires_at IS NULL OR r.expires_at > ?",
        table.records
    );
    let now = Value::Int(now.micros());
    let values = vec![namespaces, ids, Value::Ints(expected), now.clone(), now];
    Statement::kept(&sql, values).about_keys(table, deletes.map(|delete| &delete.key))
}

/// Deletes the rows for which this holds. Answers how many of them were live. What was put since has a later version, and stays: a
/// call that was given up may still be running when a later one puts a record (WR-7).
pub(crate) fn delete_where(table: &Table, view: &View, condition: Condition) -> Statement {
    let known = Condition::new(format!("version <= (SELECT last_value FROM {})", table.versions), []);
    let condition = Condition::all(vec![scope(&view.scope), condition, known]);
    let alive = live(view.now);
    let sql = format!(
        "WITH gone AS (DELETE FROM {} WHERE {} RETURNING {} AS live) SELECT count(*) FILTER (WHERE live) FROM gone",
        table.records, condition.sql, alive.sql
    );
    Statement::new(&sql, condition.values.into_iter().chain(alive.values).collect()).about(table, &view.scope)
}

/// The records of the scope, expired ones too, for which this holds: the columns of each.
pub(crate) fn candidates(table: &Table, view: &View, condition: Condition) -> Statement {
    let condition = Condition::all(vec![scope(&view.scope), condition]);
    let sql = format!("SELECT {} FROM {} WHERE {}", table.columns(), table.records, condition.sql);
    Statement::new(&sql, condition.values).about(table, &view.scope)
}

/// Deletes these records if they still have these versions. Answers how many of those were live.
pub(crate) fn delete_seen(table: &Table, now: Timestamp, seen: &[(RecordKey, Option<Version>)]) -> Statement {
    let (namespaces, ids) = names(seen.iter().map(|(key, _)| key));
    let versions = seen.iter().map(|(_, version)| version.as_ref().map(number)).collect();
    let sql = format!(
        "WITH gone AS (DELETE FROM {} r USING unnest(?::text[], ?::text[], ?::int8[]) AS g(namespace, id, version) \
         WHERE r.namespace = g.namespace AND r.id = g.id AND r.version = g.version RETURNING r.expires_at) \
         SELECT count(*) FROM gone WHERE expires_at IS NULL OR expires_at > ?",
        table.records
    );
    let values = vec![namespaces, ids, Value::Ints(versions), Value::Int(now.micros())];
    Statement::kept(&sql, values).about_keys(table, seen.iter().map(|(key, _)| key))
}

/// How many bytes the table and its indexes take up.
pub(crate) fn size(table: &Table) -> Statement {
    Statement::new("SELECT pg_total_relation_size(?::text::regclass)", vec![text(&table.records)])
}

/// Removes the expired records of the scope. Answers how many.
pub(crate) fn purge(table: &Table, view: &View) -> Statement {
    let condition = Condition::all(vec![scope(&view.scope), expired(view.now)]);
    let sql = format!(
        "WITH gone AS (DELETE FROM {} WHERE {} RETURNING 1) SELECT count(*) FROM gone",
        table.records, condition.sql
    );
    Statement::new(&sql, condition.values).about(table, &view.scope)
}

/// At most so many records of a listing behind a position.
pub(crate) fn list(
    table: &Table,
    view: &View,
    order: Order,
    filter: Condition,
    behind: Option<Condition>,
    most: usize,
) -> Statement {
    let conditions = [scope(&view.scope), live(view.now), filter].into_iter().chain(behind).collect();
    let Condition { sql, mut values } = Condition::all(conditions);
    let order = order_by(order);
    let sql = format!("SELECT {} FROM {} WHERE {sql} ORDER BY {order} LIMIT ?", table.columns(), table.records);
    values.push(Value::Int(i64::try_from(most).unwrap_or(i64::MAX)));
    Statement::new(&sql, values).about(table, &view.scope)
}

/// How many live records of the scope this holds for.
pub(crate) fn count(table: &Table, view: &View, filter: Condition) -> Statement {
    let condition = Condition::all(vec![scope(&view.scope), live(view.now), filter]);
    Statement::new(&format!("SELECT count(*) FROM {} WHERE {}", table.records, condition.sql), condition.values)
        .about(table, &view.scope)
}

/// The namespaces of the scope's live records, cut, in order.
pub(crate) fn namespaces(table: &Table, view: &View, request: &NamespacesRequest) -> Statement {
    let mut conditions = vec![scope(&view.scope), live(view.now)];
    if let Some(after) = &request.after {
        // Cutting makes a key less, so nothing that is wanted lies before.
        conditions.push(Condition::new("namespace > ?", [text(after.key())]));
    }
    let Condition { sql, values } = Condition::all(conditions);
    // Keys cut to the same depth stay in order. Segments hold no `/`, and each ends in one.
    let cut = match request.depth {
        Some(depth) => format!(
            "array_to_string((string_to_array(namespace, '/'))[1:{depth}], '/') || CASE WHEN \
             cardinality(string_to_array(namespace, '/')) > {depth} THEN '/' ELSE '' END"
        ),
        None => "namespace".to_owned(),
    };
    let (after, last) = match &request.after {
        Some(after) => ("WHERE cut > ?", Some(text(after.key()))),
        None => ("", None),
    };
    let sql = format!(
        "SELECT cut FROM (SELECT DISTINCT ({cut}) COLLATE \"C\" AS cut FROM {} WHERE {sql}) AS cuts {after} ORDER BY cut LIMIT ?",
        table.records
    );
    let limit = Value::Int(i64::try_from(request.limit).unwrap_or(i64::MAX));
    Statement::new(&sql, values.into_iter().chain(last).chain([limit]).collect()).about(table, &view.scope)
}
