//! The canonical writer (MO-1): keys in bytewise order, no blanks, floats in the layout of crate ryu.

use std::collections::BTreeMap;
use std::fmt::Write;

use crate::number::NumberKind;
use crate::value::Value;

/// Writes a value.
pub(crate) fn write_value(out: &mut String, value: &Value) {
    match value {
        Value::Null => out.push_str("null"),
        Value::Bool(value) => out.push_str(if *value { "true" } else { "false" }),
        Value::Number(number) => match number.kind() {
            NumberKind::I64(n) => out.push_str(&n.to_string()),
            NumberKind::U64(n) => out.push_str(&n.to_string()),
            NumberKind::F64(f) => out.push_str(ryu::Buffer::new().format_finite(f)),
        },
        Value::String(text) => write_string(out, text),
        Value::Array(items) => {
            out.push('[');
            for (at, item) in items.iter().enumerate() {
                separate(out, at);
                write_value(out, item);
            }
            out.push(']');
        }
        Value::Object(entries) => write_object(out, entries),
    }
}

/// Writes an object.
pub(crate) fn write_object(out: &mut String, entries: &BTreeMap<String, Value>) {
    out.push('{');
    for (at, (key, item)) in entries.iter().enumerate() {
        separate(out, at);
        write_string(out, key);
        out.push(':');
        write_value(out, item);
    }
    out.push('}');
}

/// Writes a string. Only `"`, `\` and what is below U+0020 are escaped.
pub(crate) fn write_string(out: &mut String, text: &str) {
    out.push('"');
    let mut written = 0;
    for (at, byte) in text.bytes().enumerate().filter(|(_, byte)| matches!(byte, b'"' | b'\\' | 0..0x20)) {
        out.push_str(&text[written..at]);
        written = at + 1;
        match byte {
            b'"' => out.push_str("\\\""),
            b'\\' => out.push_str("\\\\"),
            0x08 => out.push_str("\\b"),
            0x0c => out.push_str("\\f"),
            b'\n' => out.push_str("\\n"),
            b'\r' => out.push_str("\\r"),
            b'\t' => out.push_str("\\t"),
            // Writing to a string cannot fail.
            _ => drop(write!(out, "\\u{byte:04x}")),
        }
    }
    out.push_str(&text[written..]);
    out.push('"');
}

/// Writes the components of an embedding, which are finite, by the shortest digits of f32.
pub(crate) fn write_f32s(out: &mut String, components: &[f32]) {
    let mut buffer = ryu::Buffer::new();
    out.push('[');
    for (at, component) in components.iter().enumerate() {
        separate(out, at);
        out.push_str(buffer.format_finite(*component));
    }
    out.push(']');
}

fn separate(out: &mut String, at: usize) {
    if at > 0 {
        out.push(',');
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json::read_text;

    #[test]
    fn floats_have_the_layout_of_the_contract() {
        // Expected texts by the rule in MO-1, digits from Python's repr.
        for (float, text) in [
            (0.0, "0.0"),
            (-0.0, "-0.0"),
            (1.0, "1.0"),
            (-1.5, "-1.5"),
            (0.1, "0.1"),
            (1e-5, "0.00001"),
            (9.999e-6, "9.999e-6"),
            (1.5e-7, "1.5e-7"),
            (9999999999999998.0, "9999999999999998.0"),
            (1e16, "1e16"),
            (1.25e16, "1.25e16"),
            (f64::MAX, "1.7976931348623157e308"),
            (5e-324, "5e-324"),
        ] {
            assert_eq!(Value::try_from(float).unwrap().to_json(), text);
        }
    }

    #[test]
    fn only_what_must_be_is_escaped() {
        let mut out = String::new();
        write_string(&mut out, "a\"\\/\u{8}\u{c}\n\r\t\0\u{1f}\u{7f}\u{2028}é😀'");
        assert_eq!(out, "\"a\\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\u{7f}\u{2028}é😀'\"");
    }

    #[test]
    fn objects_are_sorted_without_blanks() {
        let text = "{ \"b\" : [ ] , \"\" : { } , \"B\" : [ 1 , true , null ] , \"é\" : \"x\", \"z\" : -5 }";
        assert_eq!(read_text(text).unwrap().to_json(), r#"{"":{},"B":[1,true,null],"b":[],"z":-5,"é":"x"}"#);
    }

    #[test]
    fn components_have_the_shortest_digits_of_f32() {
        let mut out = String::new();
        write_f32s(&mut out, &[0.1, -0.0, 1.0, f32::MAX, f32::from_bits(1), 0.333_333_34]);
        assert_eq!(out, "[0.1,-0.0,1.0,3.4028235e38,1e-45,0.33333334]");
    }
}
