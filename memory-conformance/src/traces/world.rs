//! A small world, so that operations meet: 8 ids, 5 namespaces with prefix pairs, 4 metadata keys, edge values.

use memory_core::{Capabilities, Switch};
use proptest::collection::vec;
use proptest::option::{of, weighted};
use proptest::prelude::{Just, Strategy, any, prop_oneof};
use proptest::sample::{select, subsequence};
use proptest::strategy::BoxedStrategy;

use super::operation::{Ask, Condition, Cut, Find, Key, Operation, Put, Seen};

pub(super) const IDS: [&str; 8] = ["a", "A", "a ", "%", "é", "e\u{301}", "' OR 1=1", "b"];
pub(super) const NAMESPACES: [&[&str]; 5] = [&["n"], &["n", "x"], &["nx"], &["n/x"], &["n!"]];
const KEYS: [&str; 4] = ["p", "q.r", "", "o"];
const VALUES: [&str; 16] = [
    "null",
    "true",
    "false",
    "0",
    "1",
    "1.0",
    "-0.0",
    "9007199254740993",
    "9007199254740992.0",
    "18446744073709551615",
    "\"1\"",
    "\"\"",
    "[]",
    "[1,\"x\",null]",
    "{}",
    "{\"p\":null}",
];
const KINDS: [&str; 3] = ["", "fact", "Fact"];
const WORDS: [&str; 6] = ["tea", "green", "running", "what's", "東", "C++"];
const TAGS: [&str; 3] = ["x", "X", "a,b"];
const VECTORS: [[f32; 2]; 9] = [
    [1.0, 0.0],
    [0.0, 1.0],
    [1.0, 1.0],
    [-1.0, 0.5],
    [3.0, 3.0],
    [1e-10, 1e-10],
    [0.1, 0.2],
    [1e10, -1e10],
    [-1.0, -0.0],
];
/// Microseconds after the start. The clock and the expiries share them, so that both sides of "not after" are met.
const TIMES: [i64; 6] = [-1_000_000, -1, 0, 1, 2, 60_000_000];

/// A trace of up to `length` steps more than the first, which puts something, so that there is something to read.
pub(super) fn trace(capabilities: &Capabilities, length: usize) -> impl Strategy<Value = Vec<Operation>> + use<> {
    let first = vec(put(false), 4..=8).prop_map(|puts| Operation::Ask(Ask::Put { puts, atomic: false }));
    (first, vec(operation(capabilities), 0..length)).prop_map(|(first, rest)| [first].into_iter().chain(rest).collect())
}

/// One step, as far as the backend's switches and facts allow it.
fn operation(capabilities: &Capabilities) -> BoxedStrategy<Operation> {
    let conditional = capabilities.has(Switch::ConditionalWrites);
    let atomic = capabilities.has(Switch::AtomicBatches);
    let restart = if capabilities.facts.durable { Operation::Restart } else { Operation::Recreate };
    prop_oneof![
        120 => prop_oneof![12 => writes(conditional, atomic), 26 => reads()].prop_map(Operation::Ask),
        8 => select(&TIMES[..]).prop_map(|offset| Operation::Clock { offset }),
        2 => Just(Operation::Recreate),
        1 => Just(restart),
    ]
    .boxed()
}

fn writes(conditional: bool, atomic: bool) -> BoxedStrategy<Ask> {
    let puts = (vec(put(conditional), 1..=8), any::<bool>())
        .prop_map(move |(puts, all)| Ask::Put { puts: each_once_if_conditional(puts), atomic: all && atomic });
    prop_oneof![
        14 => puts,
        1 => (key(), content()).prop_map(|(key, content)| Ask::Update { key, content }),
        2 => (vec(key(), 1..=4), condition(conditional)).prop_map(|(keys, condition)| delete(keys, condition)),
        1 => (seen(), filter()).prop_map(|(seen, filter)| Ask::DeleteWhere { seen, filter }),
        1 => (1..5_usize).prop_map(|namespace| Ask::Clear { seen: Seen::Exact(namespace) }),
        1 => seen().prop_map(|seen| Ask::Purge { seen }),
    ]
    .boxed()
}

/// A batch with a condition holds no record twice (WR-5), so later ones of a key are left out there.
fn each_once_if_conditional(mut puts: Vec<Put>) -> Vec<Put> {
    if puts.iter().any(|put| !matches!(put.condition, Condition::Nothing)) {
        let mut seen = std::collections::HashSet::new();
        puts.retain(|put| seen.insert(put.key));
    }
    puts
}

fn delete(mut keys: Vec<Key>, condition: Condition) -> Ask {
    if matches!(condition, Condition::Seen(_)) {
        let mut seen = std::collections::HashSet::new();
        keys.retain(|key| seen.insert(*key));
    }
    Ask::Delete { keys, condition }
}

fn reads() -> BoxedStrategy<Ask> {
    let search = (
        find(),
        cut(),
        weighted(0.2, select(vec![-1.0, 0.0, 0.5, 1.0])),
        weighted(0.15, vec(key(), 0..5)),
        any::<bool>(),
    )
        .prop_map(|(find, cut, min_score, only, embeddings)| {
            let min_score = if matches!(find, Find::Vector(_)) { min_score } else { None };
            Ask::Search { find, cut, min_score, only, embeddings }
        });
    let hybrid =
        (content(), vector(), cut(), select(vec![0.0, 0.3, 0.5, 1.0]), any::<bool>(), weighted(0.2, 0.0..1.0_f64))
            .prop_map(|(text, vector, cut, weight, ranks, min_fused)| Ask::Hybrid {
                text,
                vector,
                cut,
                weight,
                ranks,
                min_fused,
            });
    prop_oneof![
        4 => vec(key(), 1..=5).prop_map(|keys| Ask::Get { keys }),
        8 => search,
        2 => (find(), cut(), select(vec![0.0, 0.5, 0.7, 1.0])).prop_map(|(find, cut, lambda)| Ask::Mmr { find, cut, lambda }),
        3 => hybrid,
        4 => (seen(), filter(), 0..5_usize, 1..8_usize)
            .prop_map(|(seen, filter, order, page)| Ask::List { seen, filter, order, page }),
        3 => (seen(), filter()).prop_map(|(seen, filter)| Ask::Count { seen, filter }),
        2 => (seen(), of(1..3_usize), weighted(0.2, 0..5_usize), 1..6_usize)
            .prop_map(|(seen, depth, after, limit)| Ask::Namespaces { seen, depth, after, limit }),
    ]
    .boxed()
}

fn key() -> impl Strategy<Value = Key> + Clone {
    (prop_oneof![2 => Just(0_usize), 3 => 0..NAMESPACES.len()], 0..IDS.len())
        .prop_map(|(namespace, id)| Key { namespace, id })
}

fn seen() -> impl Strategy<Value = Seen> {
    prop_oneof![
        6 => Just(Seen::All),
        1 => (0..5_usize).prop_map(Seen::Exact),
        3 => prop_oneof![Just(0_usize), 0..5_usize].prop_map(Seen::Subtree),
        1 => (0..5_usize, 0..5_usize).prop_map(|(a, b)| Seen::Both(a, b)),
    ]
}

fn condition(conditional: bool) -> BoxedStrategy<Condition> {
    if !conditional {
        return Just(Condition::Nothing).boxed();
    }
    prop_oneof![8 => Just(Condition::Nothing), 1 => Just(Condition::Absent), 2 => (0..3_usize).prop_map(Condition::Seen)].boxed()
}

fn content() -> impl Strategy<Value = String> {
    vec(select(&WORDS[..]), 1..5).prop_map(|words| words.join(" "))
}

fn vector() -> impl Strategy<Value = [f32; 2]> {
    select(&VECTORS[..])
}

fn put(conditional: bool) -> impl Strategy<Value = Put> {
    let times = (select(&TIMES[..]), select(&TIMES[..]), weighted(0.15, select(&TIMES[..])));
    let text = (select(&KINDS[..]), content(), subsequence(TAGS.to_vec(), 0..=3));
    (key(), text, weighted(0.8, vector()), metadata(), times, condition(conditional)).prop_map(
        |(key, (kind, content, tags), embedding, metadata, (created, updated, expires), condition)| Put {
            key,
            kind,
            content,
            embedding,
            metadata,
            tags,
            created,
            updated,
            expires,
            condition,
        },
    )
}

fn metadata() -> impl Strategy<Value = String> {
    vec(weighted(0.5, select(&VALUES[..])), KEYS.len()).prop_map(|values| {
        let entries = KEYS.iter().zip(values).filter_map(|(key, value)| Some(format!("\"{key}\":{}", value?)));
        format!("{{{}}}", entries.collect::<Vec<_>>().join(","))
    })
}

fn find() -> impl Strategy<Value = Find> {
    prop_oneof![
        vector().prop_map(Find::Vector),
        (content(), any::<bool>()).prop_map(|(text, all)| Find::Text { text, all }),
    ]
}

fn cut() -> impl Strategy<Value = Cut> {
    (
        seen(),
        filter(),
        prop_oneof![1 => Just(0_usize), 12 => 1..12_usize],
        prop_oneof![3 => Just(0_usize), 1 => 0..3_usize],
    )
        .prop_map(|(seen, filter, k, skip)| Cut { seen, filter, k, skip })
}

/// A filter in its JSON form, which prints well. Two thirds of them are the empty one, so that reads find something.
fn filter() -> impl Strategy<Value = String> {
    let tree = leaf().prop_recursive(3, 12, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(|nodes| format!("{{\"and\":[{}]}}", nodes.join(","))),
            vec(inner.clone(), 0..3).prop_map(|nodes| format!("{{\"or\":[{}]}}", nodes.join(","))),
            inner.prop_map(|node| format!("{{\"not\":{node}}}")),
        ]
    });
    prop_oneof![2 => Just("{\"and\":[]}".to_owned()), 1 => tree]
}

fn leaf() -> BoxedStrategy<String> {
    let one = |op: &[&'static str]| select(op.to_vec());
    let value = || select(&VALUES[1..]).prop_map(str::to_owned);
    let values = move || vec(select(&VALUES[1..]), 0..3).prop_map(|values| format!("[{}]", values.join(",")));
    let path = || select(&KEYS[..]).prop_map(|key| format!("[\"metadata\",\"{key}\"]"));
    let time = || select(&TIMES[..]).prop_map(time_text);
    let quoted =
        |texts: &[&'static str]| select(texts.to_vec()).prop_map(|text| serde_json::Value::from(text).to_string());
    let tag = quoted(&TAGS);
    let compare = ["eq", "ne", "lt", "le", "gt", "ge"];
    prop_oneof![
        4 => (path(), one(&["eq", "ne", "lt", "le", "gt", "ge", "contains", "starts_with"]), value()).prop_map(written),
        2 => (path(), one(&["in", "not_in", "contains_any", "contains_all"]), values()).prop_map(written),
        1 => (path(), Just("exists"), any::<bool>().prop_map(|b| b.to_string())).prop_map(written),
        1 => (Just("\"kind\"".to_owned()), one(&compare), quoted(&KINDS)).prop_map(written),
        1 => (Just("\"id\"".to_owned()), one(&compare), quoted(&IDS)).prop_map(written),
        1 => (Just("\"content\"".to_owned()), one(&["eq", "ne", "starts_with"]), quoted(&WORDS)).prop_map(written),
        1 => (Just("\"tags\"".to_owned()), Just("contains"), tag).prop_map(written),
        1 => (select(vec!["\"created_at\"", "\"updated_at\"", "\"expires_at\""]).prop_map(str::to_owned), one(&compare), time())
            .prop_map(written),
        1 => (select(vec!["\"expires_at\"", "\"embedding\""]).prop_map(str::to_owned), Just("exists"), any::<bool>().prop_map(|b| b.to_string()))
            .prop_map(written),
    ]
    .boxed()
}

fn written((field, op, value): (String, &str, String)) -> String {
    format!("{{\"field\":{field},\"op\":\"{op}\",\"value\":{value}}}")
}

/// The start of every case plus this many microseconds, in RFC 3339.
fn time_text(offset: i64) -> String {
    match offset {
        -1_000_000 => "\"2026-01-02T03:04:04.000006Z\"",
        -1 => "\"2026-01-02T03:04:05.000005Z\"",
        0 => "\"2026-01-02T03:04:05.000006Z\"",
        1 => "\"2026-01-02T03:04:05.000007Z\"",
        2 => "\"2026-01-02T03:04:05.000008Z\"",
        _ => "\"2026-01-02T03:05:05.000006Z\"",
    }
    .to_owned()
}
