//! Values of the command line. Each parser answers a message that says what is wrong and what would be right.

use std::ffi::OsStr;
use std::time::Duration;

use clap::builder::TypedValueParser;
use clap::error::ErrorKind;
use memory_connect::percent_decoded;
use memory_core::{
    CollectionName, Embedding, Error, Filter, Kind, Language, Metric, Namespace, RecordId, Result, Timestamp, Value,
};
use serde_json::value::RawValue;

use crate::failure::about_text;
use crate::pointed::pointed;

pub(crate) fn collection(text: &str) -> Result<CollectionName, String> {
    CollectionName::new(text).map_err(|error| about_text(&error))
}

pub(crate) fn id(text: &str) -> Result<RecordId, String> {
    RecordId::new(text).map_err(|error| about_text(&error))
}

pub(crate) fn kind(text: &str) -> Result<Kind, String> {
    Kind::new(text).map_err(|error| about_text(&error))
}

pub(crate) fn metric(text: &str) -> Result<Metric, String> {
    text.parse().map_err(|error| about_text(&error))
}

pub(crate) fn language(text: &str) -> Result<Language, String> {
    text.parse().map_err(|error| about_text(&error))
}

/// JSON if it begins with `{`, else the filter language. The message shows the place, for the user typed it.
fn filter(text: &str) -> Result<Filter, String> {
    let (read, form) = match text.trim_start().starts_with('{') {
        true => (
            Filter::from_json(text),
            r#"a filter in JSON is {"field":"kind","op":"eq","value":"fact"}, also within "and", "or" and "not""#,
        ),
        false => {
            (Filter::parse(text), r#"a filter is kind = "fact" and metadata.priority >= 3 and not tags contains "old""#)
        }
    };
    read.map_err(|error| match error.offset() {
        Some(offset) => format!("{}\n{}\n{form}", error.message(), pointed(text, offset)),
        None => format!("{}\n{form}", error.message()),
    })
}

/// [`filter`] for the command line: clap's own message would repeat the whole text before the line that is shown.
#[derive(Clone, Copy)]
pub(crate) struct FilterParser;

impl TypedValueParser for FilterParser {
    type Value = Filter;

    fn parse_ref(&self, _: &clap::Command, _: Option<&clap::Arg>, text: &OsStr) -> Result<Filter, clap::Error> {
        let read = text.to_str().ok_or("it is no UTF-8".to_owned()).and_then(filter);
        read.map_err(|message| clap::Error::raw(ErrorKind::ValueValidation, format!("--filter: {message}")))
    }
}

/// A point in time as it is typed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Moment {
    /// So long before now.
    Ago(Duration),
    /// This very time.
    At(Timestamp),
}

/// How long ago, as [`duration`]; a day, which begins in UTC; or a time of RFC 3339.
pub(crate) fn moment(text: &str) -> Result<Moment, String> {
    let at = || Timestamp::parse(text).or_else(|_| Timestamp::parse(&format!("{text}T00:00:00Z")));
    duration(text).map(Moment::Ago).or_else(|_| at().map(Moment::At)).map_err(|_| {
        "it is how long ago, such as 12h or 7d, a day, such as 2026-01-31 (it begins in UTC), or a time, such as \
         2026-01-31T09:30:00Z"
            .to_owned()
    })
}

/// A lambda of maximal marginal relevance.
pub(crate) fn fraction(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(value) if (0.0..=1.0).contains(&value) => Ok(value),
        _ => Err("it is a number from 0 (hits that differ) to 1 (the plain order)".to_owned()),
    }
}

/// Segments with `/` between them, and maybe one at the end, as a namespace's key has. Any `%XX` that decodes to UTF-8 is
/// taken.
pub(crate) fn namespace(text: &str) -> Result<Namespace, String> {
    let path = text.strip_suffix('/').unwrap_or(text);
    let segments: Result<Vec<String>, String> =
        path.split('/').map(|segment| percent_decoded(segment).map_err(|error| about_text(&error))).collect();
    Namespace::new(segments?).map_err(|error| about_text(&error))
}

/// A whole number and a unit: `90s`, `30m`, `12h`, `30d`, `2w`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || "it is a whole number with s, m, h, d or w after it, such as 12h or 30d".to_owned();
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds: u64 = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        'w' => 604_800,
        _ => return Err(wrong()),
    };
    let digits = &text[..text.len() - unit.len_utf8()];
    let count: u64 = Some(digits)
        .filter(|d| d.bytes().all(|b| b.is_ascii_digit()))
        .and_then(|d| d.parse().ok())
        .ok_or_else(wrong)?;
    count.checked_mul(seconds).map(Duration::from_secs).ok_or_else(wrong)
}

/// `key=json`, cut at the first `=`. A key that is written as a JSON string may hold `=` itself: `"a=b"=1`.
pub(crate) fn meta(text: &str) -> Result<(String, Value), String> {
    let (key, json) = if text.starts_with('"') { quoted_key(text) } else { plain_key(text) }
        .ok_or("it is key=json; a key that holds = or begins with \" is written as a JSON string")?;
    let value = Value::from_json(json).map_err(|error| {
        let quotes = "; a text needs its own quotes, and the shell quotes around all: 'project=\"apollo\"'";
        format!("the value is not JSON: {}{quotes}", about_text(&error))
    })?;
    Ok((key, value))
}

fn plain_key(text: &str) -> Option<(String, &str)> {
    text.split_once('=').map(|(key, json)| (key.to_owned(), json))
}

fn quoted_key(text: &str) -> Option<(String, &str)> {
    text.match_indices('=').find_map(|(at, _)| match Value::from_json(&text[..at]) {
        Ok(Value::String(key)) => Some((key, &text[at + 1..])),
        _ => None,
    })
}

/// A JSON array of numbers, each read straight to f32 (MO-1).
pub(crate) fn embedding(json: &str) -> Result<Embedding> {
    let wrong = || Error::invalid("a vector is a JSON array of numbers, such as [0.1,-0.25]");
    let items: Vec<&RawValue> = serde_json::from_str(json).map_err(|_| wrong())?;
    let components: Option<Vec<f32>> = items.iter().map(|item| item.get().parse().ok()).collect();
    Embedding::new(components.ok_or_else(wrong)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn namespaces_are_decoded_segment_by_segment() {
        for (text, key) in [
            ("a", "a/"),
            ("a/b", "a/b/"),
            ("a/b/", "a/b/"),
            ("a%2Fb/c", "a%2Fb/c/"),
            ("%61%2f%25", "a%2F%25/"),
            ("%C3%A9/é", "é/é/"),
            ("a b", "a b/"),
        ] {
            assert_eq!(namespace(text).unwrap().key(), key, "{text}");
        }
        for bad in ["", "/", "a//b", "/a", "a%", "a%2", "a%zz", "a%+1", "%", "%é", "%FF", "%00", "1/2/3/4/5/6/7/8/9"] {
            assert!(namespace(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn durations_have_a_unit() {
        for (text, seconds) in [("90s", 90), ("30m", 1_800), ("12h", 43_200), ("30d", 2_592_000), ("2w", 1_209_600)] {
            assert_eq!(duration(text), Ok(Duration::from_secs(seconds)), "{text}");
        }
        for bad in ["", "d", "30", "-1d", "+1d", "1.5h", "1 d", "1D", "9999999999999999999w", "1é"] {
            assert!(duration(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn moments_are_ago_a_day_or_a_time() {
        let at = |text: &str| Ok(Moment::At(Timestamp::parse(text).unwrap()));
        assert_eq!(moment("7d"), Ok(Moment::Ago(Duration::from_secs(604_800))));
        assert_eq!(moment("2026-01-31"), at("2026-01-31T00:00:00Z"));
        assert_eq!(moment("2026-01-31T00:30:00+01:00"), at("2026-01-30T23:30:00Z"));
        for bad in [
            "",
            "7",
            "yesterday",
            "-7d",
            "2026-02-29",
            "2026-1-1",
            "2026-01",
            "2026-01-31 09:30:00Z",
            "2026-01-31T09:30",
        ] {
            assert!(moment(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn filters_are_language_or_json_and_errors_show_the_place() {
        let kind = Filter::kind().eq("fact");
        for text in [r#"kind = "fact""#, r#" {"field":"kind","op":"eq","value":"fact"}"#] {
            assert_eq!(filter(text), Ok(kind.clone()), "{text}");
        }
        let said = filter(r#"kind = "fact" and knd = "x""#).unwrap_err();
        let shown = "a filter has no field \"knd\"; did you mean kind?\n    kind = \"fact\" and knd = \"x\"\n                      ^\na filter is ";
        assert!(said.starts_with(shown), "{said}");
        let said = filter(r#"{"field":kind}"#).unwrap_err();
        assert!(
            said.starts_with("this is not JSON\n    {\"field\":kind}\n             ^\na filter in JSON is "),
            "{said}"
        );
        let said = filter(r#"{"field":"knd","op":"eq","value":"x"}"#).unwrap_err();
        assert!(said.starts_with("a filter has no field \"knd\"\na filter in JSON is "), "{said}");
    }

    #[test]
    fn metadata_is_a_key_and_json() {
        for (text, key, json) in [
            ("a=1", "a", "1"),
            ("a=\"b=c\"", "a", "\"b=c\""),
            ("=null", "", "null"),
            ("a.b=[]", "a.b", "[]"),
            ("\"a=b\"=1", "a=b", "1"),
            ("\"\\\"\"=\"=\"", "\"", "\"=\""),
        ] {
            let (found, value) = meta(text).unwrap();
            assert_eq!((found.as_str(), value.to_json().as_str()), (key, json), "{text}");
        }
        for bad in ["", "a", "a=", "project=apollo", "a=1 2", "\"a=1", "a=-", "a={\"b\":1,\"b\":2}"] {
            assert!(meta(bad).is_err(), "{bad}");
        }
        assert!(meta("project=apollo").unwrap_err().contains("project=\"apollo\""));
    }

    #[test]
    fn vectors_are_read_straight_to_f32() {
        // By way of f64 the first would round to 1.0, as core's own test of this number says.
        let read = embedding("[1.000000059604644776257986380, -0, 2e0]").unwrap();
        let bits: Vec<u32> = read.as_slice().iter().map(|component| component.to_bits()).collect();
        assert_eq!(bits, [0x3f80_0001, 0x8000_0000, 0x4000_0000]);
        for bad in ["", "[]", "[1", "1", "{}", "[\"1\"]", "[true]", "[null]", "[1e39]", "[NaN]", "[1],[2]", "[[1]]"] {
            assert!(embedding(bad).is_err(), "{bad}");
        }
    }
}
