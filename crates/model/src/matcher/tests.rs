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

#[test]
fn braces_that_count_nothing_stand_for_themselves() {
    for (pattern, matching, other) in [
        ("/items/{id}", "/items/{id}", "/items/1"),
        ("a{2}", "aa", "a{2}"),
        ("{a{1,2}}", "{aa}", "aa"),
        (r"\{x{,3}", "{x{,3}", "{xxx"),
        (r"\x{41}{", "A{", "A"),
    ] {
        let matcher = Matcher::new("l", MatchOp::Regex, pattern).unwrap();
        assert!(matcher.matches(matching), "{pattern}");
        assert!(!matcher.matches(other), "{pattern}");
    }
    assert!(Matcher::new("l", MatchOp::Regex, "a{2}(").is_err());
}
