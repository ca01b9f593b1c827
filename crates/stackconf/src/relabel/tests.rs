use super::*;

#[test]
fn expressions_are_anchored_and_read_as_in_go() {
    for (pattern, text, expected) in [
        ("/items/{id}", "/items/{id}", true),
        ("a{2}", "aa", true),
        ("a|b", "ab", false),
        (".*", "two\nlines", true),
        ("(?i)get", "GET", true),
    ] {
        assert_eq!(anchored(pattern).unwrap().is_match(text), expected, "{pattern} on {text}");
    }
    assert!(compile("{id}").unwrap().is_match("/items/{id}/x"));
    for pattern in ["(", "a)(b", "[z-a]", "*"] {
        let error = anchored(pattern).unwrap_err();
        assert!(error.starts_with("invalid regular expression") && !error.contains('\n'), "{error}");
    }
}

#[test]
fn names_of_labels_and_metrics() {
    for (name, label, metric) in [
        ("a", true, true),
        ("a:b", false, true),
        ("1a", false, false),
        ("", false, false),
        ("a-b", false, false),
    ] {
        assert_eq!((is_label_name(name), is_metric_name(name)), (label, metric), "{name}");
    }
}
