//! From tree to text.

use super::{TESTS, is_bare};
use crate::filter::{Filter, Leaf, Operand, Parts};
use crate::json::{write_string, write_value};

/// Writes a filter. What is in parentheses reads without knowing what binds first.
pub(super) fn write(out: &mut String, filter: &Filter) {
    match filter {
        Filter::And(parts) => write_parts(out, parts, "all", " and "),
        Filter::Or(parts) => write_parts(out, parts, "any", " or "),
        Filter::Not(part) => {
            out.push_str("not ");
            write_part(out, part);
        }
        Filter::Leaf(leaf) => write_leaf(out, leaf),
    }
}

/// None and one part have no word between them, so they are written as `all(…)` or `any(…)`.
fn write_parts(out: &mut String, parts: &[Filter], name: &str, between: &str) {
    match parts {
        [] => out.push_str(&format!("{name}()")),
        [only] => {
            out.push_str(&format!("{name}("));
            write(out, only);
            out.push(')');
        }
        parts => separated(out, parts, between, write_part),
    }
}

/// Writes a filter as a part of another: a chain stands in parentheses, which keep it a node of its own.
fn write_part(out: &mut String, part: &Filter) {
    let is_chain = matches!(part, Filter::And(parts) | Filter::Or(parts) if parts.len() > 1);
    if is_chain {
        out.push('(');
    }
    write(out, part);
    if is_chain {
        out.push(')');
    }
}

fn write_leaf(out: &mut String, leaf: &Leaf) {
    let text = |out: &mut String, text: &String| write_string(out, text);
    match leaf {
        Leaf::Text(field, test) => write_test(out, field.name(), test.parts(), text),
        Leaf::Time(field, test) => {
            write_test(out, field.name(), test.parts(), |out, time| write_string(out, &time.to_string()));
        }
        Leaf::Tags(test) => write_test(out, "tags", test.parts(), text),
        Leaf::Embedding(wanted) => write_presence(out, "embedding", *wanted),
        Leaf::Metadata(path, test) => {
            let mut field = "metadata".to_owned();
            for key in path.keys() {
                field.push('.');
                if is_bare(key) { field.push_str(key) } else { write_string(&mut field, key) }
            }
            write_test(out, &field, test.parts(), write_value);
        }
    }
}

fn write_test<T>(out: &mut String, field: &str, (op, operand): Parts<'_, T>, one: impl Fn(&mut String, &T)) {
    let test = TESTS.iter().find(|(_, known)| *known == op).map_or(op, |(test, _)| test);
    match operand {
        Operand::Flag(wanted) => write_presence(out, field, wanted),
        Operand::One(operand) => {
            out.push_str(&format!("{field} {test} "));
            one(out, operand);
        }
        Operand::Many(operands) => {
            out.push_str(&format!("{field} {test} ["));
            separated(out, operands, ", ", one);
            out.push(']');
        }
    }
}

fn write_presence(out: &mut String, field: &str, wanted: bool) {
    out.push_str(&format!("{}({field})", if wanted { "exists" } else { "absent" }));
}

fn separated<T>(out: &mut String, items: &[T], between: &str, one: impl Fn(&mut String, &T)) {
    for (at, item) in items.iter().enumerate() {
        if at > 0 {
            out.push_str(between);
        }
        one(out, item);
    }
}
