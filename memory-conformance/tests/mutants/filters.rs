//! Wrong about filters and scopes, as servers are.

use memory_core::{Comparison, Filter, Leaf, MetadataPath, Scope, TagsTest, TextTest, Value, ValueTest, View};

use super::wrapper::{Hook, Mutant};

pub(crate) const MUTANTS: &[Mutant] = &[
    Mutant { name: "the filter is ignored", rule: "FI-1", hooks: &[Hook::Filter(|_| Filter::all())] },
    Mutant {
        name: "leaves on metadata are ignored",
        rule: "FI-1",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| match leaf {
                Leaf::Metadata(..) => Filter::all(),
                leaf => Filter::Leaf(leaf),
            })
        })],
    },
    Mutant {
        name: "ge is gt",
        rule: "FI-2",
        hooks: &[Hook::Filter(|f| {
            comparisons(f, |c| match c {
                Comparison::Ge(v) => Comparison::Gt(v),
                c => c,
            })
        })],
    },
    Mutant {
        name: "lt is le",
        rule: "FI-2",
        hooks: &[Hook::Filter(|f| {
            comparisons(f, |c| match c {
                Comparison::Lt(v) => Comparison::Le(v),
                c => c,
            })
        })],
    },
    Mutant {
        name: "contains any is contains all",
        rule: "FI-2",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| {
                Filter::Leaf(match leaf {
                    Leaf::Tags(TagsTest::ContainsAny(tags)) if tags.len() > 1 => {
                        Leaf::Tags(TagsTest::ContainsAll(tags))
                    }
                    Leaf::Metadata(path, ValueTest::ContainsAny(v)) if v.len() > 1 => {
                        Leaf::Metadata(path, ValueTest::ContainsAll(v))
                    }
                    leaf => leaf,
                })
            })
        })],
    },
    Mutant {
        name: "starts with is equals",
        rule: "FI-2",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| {
                Filter::Leaf(match leaf {
                    Leaf::Text(field, TextTest::StartsWith(text)) => {
                        Leaf::Text(field, TextTest::Compare(Comparison::Eq(text)))
                    }
                    Leaf::Metadata(path, ValueTest::StartsWith(v)) => {
                        Leaf::Metadata(path, ValueTest::Compare(Comparison::Eq(v)))
                    }
                    leaf => leaf,
                })
            })
        })],
    },
    Mutant {
        name: "null exists",
        rule: "FI-3",
        hooks: &[Hook::Into(|mut r| {
            let entries = r.metadata.clone().into_inner().into_iter();
            let bent = entries.map(|(key, v)| (key, if v == Value::Null { Value::from("null") } else { v })).collect();
            r.metadata = memory_core::Metadata::try_from(Value::Object(bent)).unwrap_or_default();
            r
        })],
    },
    Mutant {
        name: "exists is always true",
        rule: "FI-3",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| match leaf {
                Leaf::Metadata(_, ValueTest::Compare(Comparison::Exists(yes))) => {
                    if yes {
                        Filter::all()
                    } else {
                        !Filter::all()
                    }
                }
                leaf => Filter::Leaf(leaf),
            })
        })],
    },
    Mutant {
        name: "ne needs the field to be there",
        rule: "FI-4",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| match leaf {
                Leaf::Metadata(path, ValueTest::Compare(Comparison::Ne(v))) => present_and(path, Comparison::Ne(v)),
                Leaf::Metadata(path, ValueTest::Compare(Comparison::NotIn(v))) => {
                    present_and(path, Comparison::NotIn(v))
                }
                leaf => Filter::Leaf(leaf),
            })
        })],
    },
    Mutant { name: "not is SQL's: unknown stays unknown", rule: "FI-4", hooks: &[Hook::Filter(sql)] },
    Mutant {
        name: "in [] matches everything",
        rule: "FI-5",
        hooks: &[Hook::Filter(|f| {
            comparisons(f, |c| match c {
                Comparison::In(v) if v.is_empty() => Comparison::NotIn(v),
                c => c,
            })
        })],
    },
    Mutant {
        name: "or [] matches everything",
        rule: "FI-5",
        hooks: &[Hook::Filter(|f| match f {
            Filter::Or(nodes) if nodes.is_empty() => Filter::all(),
            f => f,
        })],
    },
    Mutant { name: "numbers compare as f64", rule: "FI-6", hooks: &[Hook::Filter(|f| operands(f, as_float))] },
    Mutant {
        name: "1 equals \"1\"",
        rule: "FI-6",
        hooks: &[Hook::Filter(|f| {
            operands(f, |v| match &v {
                Value::String(text) => text.parse::<i64>().map_or(v, Value::from),
                _ => v,
            })
        })],
    },
    Mutant {
        name: "1 equals true",
        rule: "FI-6",
        hooks: &[Hook::Filter(|f| {
            operands(f, |v| match v {
                Value::Bool(yes) => Value::from(i64::from(yes)),
                v => v,
            })
        })],
    },
    Mutant {
        name: "equality looks inside arrays",
        rule: "FI-7",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| match leaf {
                Leaf::Metadata(path, ValueTest::Compare(Comparison::Eq(v))) => Filter::or([
                    Filter::Leaf(Leaf::Metadata(path.clone(), ValueTest::Contains(v.clone()))),
                    Filter::Leaf(Leaf::Metadata(path, ValueTest::Compare(Comparison::Eq(v)))),
                ]),
                leaf => Filter::Leaf(leaf),
            })
        })],
    },
    Mutant {
        name: "strings are folded",
        rule: "FI-8",
        hooks: &[Hook::Filter(|f| {
            leaves(f, |leaf| {
                Filter::Leaf(match leaf {
                    Leaf::Text(field, TextTest::Compare(Comparison::Eq(text))) => Leaf::Text(
                        field,
                        TextTest::Compare(Comparison::In(vec![text.to_lowercase(), text.to_uppercase(), text])),
                    ),
                    Leaf::Metadata(path, ValueTest::Compare(Comparison::Eq(Value::String(text)))) => Leaf::Metadata(
                        path,
                        ValueTest::Compare(Comparison::In(vec![
                            text.to_lowercase().into(),
                            text.to_uppercase().into(),
                            text.into(),
                        ])),
                    ),
                    leaf => leaf,
                })
            })
        })],
    },
    Mutant {
        name: "operands are trimmed",
        rule: "FI-8",
        hooks: &[Hook::Filter(|f| {
            operands(f, |v| match v {
                Value::String(text) => Value::from(text.trim()),
                v => v,
            })
        })],
    },
    Mutant {
        name: "a list ends at a hundred",
        rule: "FI-9",
        hooks: &[Hook::Filter(|f| {
            comparisons(f, |c| match c {
                Comparison::In(v) => Comparison::In(v.into_iter().take(100).collect()),
                c => c,
            })
        })],
    },
    Mutant {
        name: "a quote ends the operand",
        rule: "FI-9",
        hooks: &[Hook::Filter(|f| {
            operands(f, |v| match v {
                Value::String(text) => Value::from(text.split('\'').next().unwrap_or_default()),
                v => v,
            })
        })],
    },
    Mutant {
        name: "only the first part of a scope counts",
        rule: "SC-1",
        hooks: &[Hook::View(|view| {
            let first = view.scope.parts().and_then(|parts| parts.first()).map(|part| {
                let namespace = part.namespace.clone();
                if part.below { Scope::subtree(namespace) } else { Scope::exact(namespace) }
            });
            View::new(first.unwrap_or(view.scope), view.now)
        })],
    },
    Mutant {
        name: "an exact part sees what is below it",
        rule: "SC-1",
        hooks: &[Hook::View(|view| {
            let parts = view
                .scope
                .parts()
                .map(|parts| parts.iter().map(|part| Scope::subtree(part.namespace.clone())).collect::<Vec<_>>());
            View::new(parts.and_then(|parts| Scope::union(parts).ok()).unwrap_or(view.scope), view.now)
        })],
    },
    Mutant {
        name: "the scope is ignored",
        rule: "SC-2",
        hooks: &[Hook::View(|view| View::new(Scope::all(), view.now))],
    },
    Mutant {
        name: "the scope is applied after the k are chosen",
        rule: "SC-2",
        hooks: &[
            Hook::View(|view| View::new(Scope::all(), view.now)),
            Hook::Found(|view, _, mut found| {
                found.hits.retain(|hit| view.scope.contains(&hit.key.namespace));
                found
            }),
        ],
    },
];

/// Rewrites every leaf.
pub(super) fn leaves(filter: Filter, f: fn(Leaf) -> Filter) -> Filter {
    match filter {
        Filter::And(nodes) => Filter::And(nodes.into_iter().map(|node| leaves(node, f)).collect()),
        Filter::Or(nodes) => Filter::Or(nodes.into_iter().map(|node| leaves(node, f)).collect()),
        Filter::Not(node) => Filter::Not(Box::new(leaves(*node, f))),
        Filter::Leaf(leaf) => f(leaf),
    }
}

/// Rewrites the comparisons of metadata.
fn comparisons(filter: Filter, f: fn(Comparison<Value>) -> Comparison<Value>) -> Filter {
    mapped(filter, &|leaf| match leaf {
        Leaf::Metadata(path, ValueTest::Compare(comparison)) => Leaf::Metadata(path, ValueTest::Compare(f(comparison))),
        leaf => leaf,
    })
}

/// Rewrites the operand of `Eq`, `Ne`, `Lt` … `Ge` on metadata.
fn operands(filter: Filter, f: fn(Value) -> Value) -> Filter {
    mapped(filter, &|leaf| match leaf {
        Leaf::Metadata(path, ValueTest::Compare(comparison)) => Leaf::Metadata(
            path,
            ValueTest::Compare(match comparison {
                Comparison::Eq(v) => Comparison::Eq(f(v)),
                Comparison::Ne(v) => Comparison::Ne(f(v)),
                Comparison::Lt(v) => Comparison::Lt(f(v)),
                Comparison::Le(v) => Comparison::Le(f(v)),
                Comparison::Gt(v) => Comparison::Gt(f(v)),
                Comparison::Ge(v) => Comparison::Ge(f(v)),
                other => other,
            }),
        ),
        leaf => leaf,
    })
}

fn mapped(filter: Filter, f: &dyn Fn(Leaf) -> Leaf) -> Filter {
    match filter {
        Filter::And(nodes) => Filter::And(nodes.into_iter().map(|node| mapped(node, f)).collect()),
        Filter::Or(nodes) => Filter::Or(nodes.into_iter().map(|node| mapped(node, f)).collect()),
        Filter::Not(node) => Filter::Not(Box::new(mapped(*node, f))),
        Filter::Leaf(leaf) => Filter::Leaf(f(leaf)),
    }
}

fn present_and(path: MetadataPath, comparison: Comparison<Value>) -> Filter {
    let exists = Leaf::Metadata(path.clone(), ValueTest::Compare(Comparison::Exists(true)));
    Filter::and([Filter::Leaf(exists), Filter::Leaf(Leaf::Metadata(path, ValueTest::Compare(comparison)))])
}

/// `Not` over a leaf on metadata keeps out what is absent, as `NOT (NULL = 1)` does.
fn sql(filter: Filter) -> Filter {
    match filter {
        Filter::And(nodes) => Filter::And(nodes.into_iter().map(sql).collect()),
        Filter::Or(nodes) => Filter::Or(nodes.into_iter().map(sql).collect()),
        Filter::Not(node) => match *node {
            Filter::Leaf(Leaf::Metadata(path, ValueTest::Compare(comparison)))
                if !matches!(comparison, Comparison::Exists(_)) =>
            {
                let exists = Leaf::Metadata(path.clone(), ValueTest::Compare(Comparison::Exists(true)));
                let leaf = Leaf::Metadata(path, ValueTest::Compare(comparison));
                Filter::and([Filter::Leaf(exists), !Filter::Leaf(leaf)])
            }
            node => Filter::Not(Box::new(sql(node))),
        },
        leaf => leaf,
    }
}

fn as_float(value: Value) -> Value {
    match value {
        Value::Number(number) => match number.kind() {
            memory_core::NumberKind::I64(i) => Value::try_from(i as f64).unwrap_or(Value::Number(number)),
            memory_core::NumberKind::U64(u) => Value::try_from(u as f64).unwrap_or(Value::Number(number)),
            memory_core::NumberKind::F64(_) => Value::Number(number),
        },
        value => value,
    }
}
