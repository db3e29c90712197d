//! Random filters are written and read back; random texts are read without a panic.

use proptest::collection::{btree_map, vec};
use proptest::prelude::{Just, ProptestConfig, Strategy, any, prop_assert, prop_assert_eq, prop_oneof, proptest};
use proptest::sample::select;
use proptest::strategy::BoxedStrategy;

use crate::filter::{Comparison, Leaf, MetadataPath, TagsTest, TextField, TextTest, TimeField, ValueTest};
use crate::{Filter, Timestamp, Value};

/// Texts that a writer or reader of quotes gets wrong, and any other.
fn text() -> BoxedStrategy<String> {
    let hard = [
        "",
        "a",
        "\"",
        "\\",
        "\\\"",
        "a.b",
        "and",
        "not in",
        ")",
        "]",
        ",",
        "\n\r\t\u{1}",
        "é",
        "😀",
        "\u{a0}",
        "\u{2028}",
        "' or 1=1 --",
    ];
    prop_oneof![3 => select(hard.to_vec()).prop_map(str::to_owned), 1 => any::<String>().prop_map(|text| text.replace('\0', ""))].boxed()
}

fn time() -> impl Strategy<Value = Timestamp> + Clone {
    (Timestamp::MIN.micros()..=Timestamp::MAX.micros()).prop_map(|micros| Timestamp::from_micros(micros).unwrap())
}

fn value() -> impl Strategy<Value = Value> {
    let floats = prop_oneof![select(&[-0.0, 0.0, 1.0, 1e300, -1e16, 1e-5, 9.9e-6, 5e-324, f64::MAX][..]), any::<f64>()];
    let scalar = prop_oneof![
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        floats.prop_filter_map("finite", |float| Value::try_from(float).ok()),
        text().prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 8, 3, |inner| {
        let inner = prop_oneof![4 => inner, 1 => Just(Value::Null)];
        prop_oneof![
            vec(inner.clone(), 0..3).prop_map(Value::from),
            btree_map(text(), inner, 0..3).prop_map(Value::from)
        ]
    })
}

fn comparison<T: Clone + std::fmt::Debug + 'static>(
    one: impl Strategy<Value = T> + Clone + 'static,
) -> BoxedStrategy<Comparison<T>> {
    prop_oneof![
        one.clone().prop_map(Comparison::Eq),
        one.clone().prop_map(Comparison::Ne),
        one.clone().prop_map(Comparison::Lt),
        one.clone().prop_map(Comparison::Le),
        one.clone().prop_map(Comparison::Gt),
        one.clone().prop_map(Comparison::Ge),
        vec(one.clone(), 0..4).prop_map(Comparison::In),
        vec(one, 0..4).prop_map(Comparison::NotIn),
        any::<bool>().prop_map(Comparison::Exists),
    ]
    .boxed()
}

fn leaf() -> impl Strategy<Value = Filter> {
    let texts = prop_oneof![comparison(text()).prop_map(TextTest::Compare), text().prop_map(TextTest::StartsWith)];
    let tags = prop_oneof![
        vec(text(), 0..4).prop_map(TagsTest::Eq),
        vec(text(), 0..4).prop_map(TagsTest::Ne),
        text().prop_map(TagsTest::Contains),
        vec(text(), 0..4).prop_map(TagsTest::ContainsAny),
        vec(text(), 0..4).prop_map(TagsTest::ContainsAll),
    ];
    let values = value().boxed();
    let values = prop_oneof![
        comparison(values.clone()).prop_map(ValueTest::Compare),
        values.clone().prop_map(ValueTest::StartsWith),
        values.clone().prop_map(ValueTest::Contains),
        vec(values.clone(), 0..4).prop_map(ValueTest::ContainsAny),
        vec(values, 0..4).prop_map(ValueTest::ContainsAll),
    ];
    let text_field = select(&[TextField::Id, TextField::Kind, TextField::Content][..]);
    let time_field = select(&[TimeField::CreatedAt, TimeField::UpdatedAt, TimeField::ExpiresAt][..]);
    prop_oneof![
        (text_field, texts).prop_map(|(field, test)| Leaf::Text(field, test)),
        (time_field, comparison(time())).prop_map(|(field, test)| Leaf::Time(field, test)),
        tags.prop_map(Leaf::Tags),
        any::<bool>().prop_map(Leaf::Embedding),
        (vec(text(), 1..4), values).prop_map(|(keys, test)| Leaf::Metadata(MetadataPath(keys), test)),
    ]
    .prop_map(Filter::Leaf)
}

fn filter() -> impl Strategy<Value = Filter> {
    leaf().prop_recursive(6, 24, 3, |inner| {
        prop_oneof![
            vec(inner.clone(), 0..4).prop_map(Filter::And),
            vec(inner.clone(), 0..4).prop_map(Filter::Or),
            inner.prop_map(|inner| !inner),
        ]
    })
}

/// Words of the language in a random order, with random characters between them.
fn soup() -> impl Strategy<Value = String> {
    let words = [
        "id",
        "kind",
        "tags",
        "metadata",
        "metadata.a",
        "created_at",
        "embedding",
        "and",
        "or",
        "not",
        "in",
        "starts with",
        "contains",
        "any",
        "all",
        "(",
        ")",
        "()",
        "exists(",
        "absent(",
        "=",
        "!=",
        "<=",
        "<",
        "\"a\"",
        "\"",
        "\\",
        "[",
        "]",
        "{",
        "}",
        ",",
        ".",
        ":",
        "1",
        "-",
        "1e9",
        "true",
        "null",
        "[1,\"é\"]",
        "\"\\u00",
        "'",
        "é",
        "😀",
        "\u{a0}",
        "\n",
    ];
    let piece = prop_oneof![8 => select(words.to_vec()).prop_map(str::to_owned), 1 => any::<String>()];
    let blank = select(&["", " ", " ", "\t"][..]);
    vec((piece, blank), 0..12)
        .prop_map(|pieces| pieces.into_iter().flat_map(|(piece, blank)| [piece, blank.to_owned()]).collect())
}

/// An error's place is in the text, or at its end, and between characters, in both forms.
fn place_is_sound(
    text: &str,
    read: fn(&str) -> crate::Result<Filter>,
) -> Result<(), proptest::test_runner::TestCaseError> {
    if let Err(error) = read(text) {
        prop_assert!(error.offset().is_none_or(|offset| text.is_char_boundary(offset)), "{error:?}");
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 500, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn every_filter_reads_back_from_its_text(filter in filter()) {
        let text = filter.to_text();
        let read = Filter::parse(&text).map_err(|error| proptest::test_runner::TestCaseError::fail(format!("{error} in {text}")))?;
        prop_assert!(read == filter, "{}", text);
        prop_assert_eq!(read.to_text(), text);
    }

    #[test]
    fn no_text_panics_and_every_place_is_in_it(text in soup()) {
        place_is_sound(&text, Filter::parse)?;
        place_is_sound(&text, Filter::from_json)?;
        if let Ok(filter) = Filter::parse(&text) {
            prop_assert!(Filter::parse(&filter.to_text()).unwrap() == filter);
        }
    }

    /// A good text that was cut or has one character changed.
    #[test]
    fn no_damaged_text_panics(filter in filter(), at in any::<proptest::sample::Index>(), into in any::<Option<char>>()) {
        for (whole, read) in [(filter.to_text(), Filter::parse as fn(&str) -> _), (filter.to_json(), Filter::from_json)] {
            let mut chars: Vec<char> = whole.chars().collect();
            let at = at.index(chars.len());
            match into {
                Some(other) => chars[at] = other,
                None => chars.truncate(at),
            }
            place_is_sound(&chars.into_iter().collect::<String>(), read)?;
        }
    }
}
