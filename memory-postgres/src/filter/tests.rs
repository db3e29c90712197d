use super::*;

fn translated(filter: &Filter) -> (String, usize, bool) {
    let Translated { condition, exact } = translate(filter, &Hints::new());
    assert_eq!(condition.sql.matches('?').count(), condition.values.len(), "{}", condition.sql);
    (condition.sql, condition.values.len(), exact)
}

#[test]
fn leaves_on_named_fields() {
    for (filter, sql) in [
        (Filter::kind().eq("a"), "coalesce(kind = ?, FALSE)"),
        (Filter::kind().ne("a"), "NOT (coalesce(kind = ?, FALSE))"),
        (Filter::id().starts_with("a"), "starts_with(id, ?)"),
        (Filter::tags().contains("a"), "tags @> ?"),
        (Filter::has_embedding(false), "(embedding IS NULL)"),
    ] {
        let (found, _, exact) = translated(&filter);
        assert_eq!((found.as_str(), exact), (sql, true));
    }
}

#[test]
fn a_path_steps_with_texts_and_its_keys_are_bound() {
    let (sql, values, exact) = translated(&Filter::metadata(["a", "b"]).eq("x"));
    assert_eq!((sql.as_str(), values, exact), ("coalesce((metadata -> ? -> ?) = ?::jsonb, FALSE)", 3, true));
}

#[test]
fn numbers_that_a_decimal_does_not_hold_are_left_to_the_core() {
    let at = || Filter::metadata(["a"]);
    let large = || Json::from_json("1e300").unwrap();
    assert!(translated(&at().lt(9_007_199_254_740_992_i64)).2);
    assert!(!translated(&at().lt(9_007_199_254_740_993_i64)).2);
    assert!(!translated(&at().eq(large())).2);
    // The complement of what may hold for too many rules out nobody.
    assert_eq!(translated(&Filter::Not(Box::new(at().eq(large())))), ("TRUE".to_owned(), 0, false));
}

#[test]
fn joins_of_nothing_are_constants() {
    assert_eq!(translated(&Filter::And(Vec::new())).0, "TRUE");
    assert_eq!(translated(&Filter::Or(Vec::new())).0, "FALSE");
}

#[test]
fn a_hinted_path_is_asked_in_the_words_of_its_index() {
    let hints = Hints::from([vec!["a".to_owned()]]);
    let sql = |filter: &Filter| translate(filter, &hints).condition.sql;
    assert_eq!(
        sql(&Filter::metadata(["a"]).eq("x")),
        "((metadata -> ?) @> ?::jsonb AND coalesce((metadata -> ?) = ?::jsonb, FALSE))"
    );
    assert_eq!(sql(&Filter::metadata(["b"]).eq("x")), "coalesce((metadata -> ?) = ?::jsonb, FALSE)");
}
