use super::*;

#[test]
fn regular_expressions_are_anchored_and_the_dot_matches_newlines() {
    let matcher = Matcher::new("a", MatchOp::Regex, "b.").unwrap();
    assert!(matcher.matches("bc"));
    assert!(matcher.matches("b\n"));
    assert!(!matcher.matches("abc"));
    let alternation = Matcher::new("a", MatchOp::Regex, "x|y").unwrap();
    assert!(alternation.matches("y") && !alternation.matches("xy"));
}

#[test]
fn an_absent_label_is_the_empty_string() {
    let labels = Labels::from_pairs([("a", "1")]);
    assert!(Matcher::equal("b", "").matches_labels(&labels));
    assert!(Matcher::new("b", MatchOp::NotEqual, "x").unwrap().matches_labels(&labels));
    assert!(Matcher::new("b", MatchOp::NotRegex, ".+").unwrap().matches_labels(&labels));
    assert!(!Matcher::new("b", MatchOp::Regex, ".+").unwrap().matches_empty());
}

#[test]
fn a_bad_regular_expression_is_an_error_that_shows_it() {
    let error = Matcher::new("path", MatchOp::Regex, "a(").unwrap_err();
    assert_eq!((error.name.as_str(), error.pattern.as_str()), ("path", "a("));
}

#[test]
fn literal_alternatives_are_found() {
    let of = |pattern: &str| {
        let matcher = Matcher::new("a", MatchOp::Regex, pattern).unwrap();
        matcher.literal_alternatives().map(|parts| parts.into_iter().map(str::to_owned).collect::<Vec<_>>())
    };
    assert_eq!(of("a|b-c"), Some(vec!["a".to_owned(), "b-c".to_owned()]));
    assert_eq!(of("a.*|b"), None);
    assert_eq!(of("a|"), None);
}
