//! The statements of searches: one round trip for the best by vector or by words.

use memory_core::{Metric, SearchRequest, VectorSpec, View, bm25, candidate_epsilon};

use crate::filter::Translated;
use crate::mapping::{PgVector, Value};
use crate::query::{Condition, Statement, among, live, scope, text};
use crate::schema::Table;
use crate::vectors::{self, Index};

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
    // What is joined with nothing comes whole into the rows of `holding`: each is unpacked once and not once for each word.
    let sql = format!(
        "WITH scope AS MATERIALIZED (SELECT count(*) AS n, coalesce(sum(length), 0)::int8 AS total FROM {records} \
           WHERE {visible}), \
         holding AS MATERIALIZED (SELECT namespace, id, length, {wanted} AS wanted, words || '{{}}'::jsonb AS words \
           FROM {records} WHERE words ??| ? AND {visible}), \
         found AS MATERIALIZED (SELECT namespace, id, length, wanted, {tf} FROM holding), \
         held AS MATERIALIZED (SELECT {held} FROM found), \
         best AS MATERIALIZED (SELECT namespace, id, length, ARRAY[{tfs}] AS tf, {score} AS score \
           FROM found, held, scope, LATERAL (SELECT {k1}::float8 * ({rest}::float8 + {b}::float8 * length / (total::float8 / n))) \
           AS m(norm) WHERE wanted AND {matching} ORDER BY score DESC LIMIT ?) \
         SELECT score, scope.n, scope.total, ARRAY[{helds}], length, tf, {columns} \
         FROM best JOIN {records} USING (namespace, id, length), scope, held ORDER BY score DESC",
        visible = visible.sql,
        wanted = wanted.sql,
        tf = each("coalesce((words -> ?)::int8, 0) AS t#", ", "),
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
    // In the order of the text.
    let values = (visible.values.iter().cloned())
        .chain(wanted.values)
        .chain([Value::Texts(query.to_vec())])
        .chain(visible.values.iter().cloned())
        .chain(query.iter().map(|word| text(word)))
        .chain([limit])
        .collect();
    Statement::new(&sql, values).about(table, &view.scope)
}
