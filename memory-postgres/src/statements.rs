//! The statements on one collection: a call is one of them, so that it takes one round trip and one transaction of the server's own.

use memory_core::{
    Delete, Metric, NamespacesRequest, Order, RecordKey, SearchRequest, Timestamp, VectorSpec, Version, View, bm25,
    candidate_epsilon,
};

use crate::filter::Translated;
use crate::mapping::{Columns, PgVector, Value, number};
use crate::query::{Condition, Statement, among, expired, live, names, order_by, scope, text};
use crate::schema::Table;
use crate::vectors::{self, Index};

/// Which of its conditions a put asks: puts of one kind are one statement.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum PutKind {
    Always,
    IfAbsent,
    IfVersion,
}

const PUT_GIVEN: &str = "WITH v AS MATERIALIZED (SELECT nextval('VERSIONS'::regclass) AS version), \
     given AS MATERIALIZED (SELECT g.*, g.record::jsonb AS parsed FROM unnest(?::text[], ?::text[], ?::text[], \
     ?::int8[], ?::int8[], ?::int8[], ?::int8[], ?::text[], ?::text[], ?::text[], ?EXPECTED) \
     AS g(namespace, id, kind, created_at, updated_at, expires_at, length, record, words, counts, embeddingEXPECTEDNAME)), ";

const PUT_VALUES: &str = "g.kind, g.created_at, g.updated_at, g.expires_at, g.length, v.version, g.record, \
     g.parsed -> 'metadata', ARRAY(SELECT jsonb_array_elements_text(g.parsed -> 'tags')), \
     string_to_array(g.words, ' '), string_to_array(g.counts, ' ')::int4[], g.embedding";

const PUT_COLUMNS: &str =
    "kind, created_at, updated_at, expires_at, length, version, record, metadata, tags, words, counts, embedding";

const PUT_EXCLUDED: &str = "excluded.kind, excluded.created_at, excluded.updated_at, excluded.expires_at, excluded.length, \
     excluded.version, excluded.record, excluded.metadata, excluded.tags, excluded.words, excluded.counts, excluded.embedding";

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

/// What a search may find, beside what its query asks.
fn wanted(request: &SearchRequest, filter: &Translated) -> Vec<Condition> {
    let only = request.only.as_ref().map(|keys| among(keys));
    [filter.condition.clone()].into_iter().chain(only).collect()
}

/// The n records with the best scores for a vector, best first, as an exact search wants them: the server's score, and the columns of
/// a record. Under dot the score is the best that the true one may be, `epsilon` times both lengths above the server's (VE-2).
pub(crate) fn nearest(
    table: &Table,
    view: &View,
    request: &SearchRequest,
    filter: &Translated,
    (query, metric): (&PgVector, Metric),
    n: usize,
) -> Statement {
    let (schema, operator) = (&table.extension, vectors::operator(metric));
    let vector = Value::Vector(query.clone());
    // An expression that is not the operator's alone is no order that an index has.
    let (distance, score, values) = match metric {
        Metric::Cosine => ("? + 0::float8", "1 - d", vec![vector]),
        Metric::Euclidean => ("? + 0::float8", "-d", vec![vector]),
        Metric::Dot => {
            let error = candidate_epsilon(query.0.dimension()) * query.0.length();
            ("? - ? * VECTOR.vector_norm(embedding)", "-d", vec![vector, Value::Float(error)])
        }
    };
    let distance = format!("(embedding OPERATOR({schema}.{operator}) {}", distance.replacen('?', "?)", 1));
    best(table, view, request, filter, (&distance.replace("VECTOR", schema), values), score, n)
}

/// The n records that the index finds to be nearest: as [`nearest`] answers them, without a promise.
pub(crate) fn near(
    table: &Table,
    view: &View,
    request: &SearchRequest,
    filter: &Translated,
    (query, vectors, index): (&PgVector, VectorSpec, Index),
    n: usize,
) -> Statement {
    let distance = (&*index.distance(table, vectors), vec![Value::Vector(query.clone())]);
    best(table, view, request, filter, distance, "-d", n)
}

fn best(
    table: &Table,
    view: &View,
    request: &SearchRequest,
    filter: &Translated,
    (distance, values): (&str, Vec<Value>),
    score: &str,
    n: usize,
) -> Statement {
    let mut conditions = vec![scope(&view.scope), live(view.now), Condition::new("embedding IS NOT NULL", [])];
    conditions.extend(wanted(request, filter));
    let condition = Condition::all(conditions);
    // What is answered is computed outside, for the best alone.
    let sql = format!(
        "SELECT {score}, {} FROM (SELECT {distance} AS d, version, record, embedding FROM {} WHERE {} ORDER BY d LIMIT ?) \
         AS best ORDER BY d",
        table.columns(),
        table.records,
        condition.sql
    );
    let limit = Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    Statement::new(&sql, values.into_iter().chain(condition.values).chain([limit]).collect()).about(table, &view.scope)
}

/// The n records that rank best for words, best first: the server's score; of the scope N, the total length, and how many hold
/// each word; of the record its length and how often it holds each word; and the columns of a record. `all`: it holds every one.
pub(crate) fn ranked(
    table: &Table,
    view: &View,
    request: &SearchRequest,
    filter: &Translated,
    query: &[String],
    all: bool,
    n: usize,
) -> Statement {
    let records = &table.records;
    let visible = Condition::all(vec![scope(&view.scope), live(view.now)]);
    let wanted = Condition::all(wanted(request, filter));
    // A piece of SQL for each word, by its number.
    let each = |piece: &str, between: &str| {
        (1..=query.len()).map(|i| piece.replace('#', &i.to_string())).collect::<Vec<_>>().join(between)
    };
    let (k1, b) = (bm25::K1, bm25::B);
    let sql = format!(
        "WITH scope AS MATERIALIZED (SELECT count(*) AS n, coalesce(sum(length), 0)::int8 AS total FROM {records} \
           WHERE {visible}), \
         found AS MATERIALIZED (SELECT namespace, id, length, {wanted} AS wanted, {tf} FROM {records} \
           WHERE words && ? AND {visible}), \
         held AS MATERIALIZED (SELECT {held} FROM found), \
         best AS MATERIALIZED (SELECT namespace, id, length, ARRAY[{tfs}] AS tf, {score} AS score \
           FROM found, held, scope, LATERAL (SELECT {k1}::float8 * ({rest}::float8 + {b}::float8 * length / (total::float8 / n))) \
           AS m(norm) WHERE wanted AND {matching} ORDER BY score DESC LIMIT ?) \
         SELECT score, scope.n, scope.total, ARRAY[{helds}], length, tf, {columns} \
         FROM best JOIN {records} USING (namespace, id, length), scope, held ORDER BY score DESC",
        visible = visible.sql,
        wanted = wanted.sql,
        tf = each("coalesce(counts[array_position(words, ?)], 0)::int8 AS t#", ", "),
        held = each("count(*) FILTER (WHERE t# > 0) AS h#", ", "),
        tfs = each("t#", ", "),
        helds = each("h#", ", "),
        // The core computes the score that is answered; this one is off by rounding alone (TX-4).
        score = each(
            &format!("ln(1 + (n - h# + 0.5::float8) / (h# + 0.5::float8)) * t# * {}::float8 / (t# + norm)", k1 + 1.0),
            " + "
        ),
        rest = 1.0 - b,
        matching = if all { each("t# > 0", " AND ") } else { "TRUE".to_owned() },
        columns = table.columns(),
    );
    let limit = Value::Int(i64::try_from(n).unwrap_or(i64::MAX));
    let values = visible
        .values
        .clone()
        .into_iter()
        .chain(wanted.values)
        .chain(query.iter().map(|word| text(word)))
        .chain([Value::Texts(query.to_vec())])
        .chain(visible.values)
        .chain([limit])
        .collect();
    Statement::new(&sql, values).about(table, &view.scope)
}
