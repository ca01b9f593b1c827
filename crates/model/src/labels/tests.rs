use super::*;

#[test]
fn sorts_and_drops_empty_values_and_keeps_the_last_of_a_name() {
    let labels = Labels::from_pairs([("z", "1"), ("a", "2"), ("empty", ""), ("z", "3")]);
    assert_eq!(labels.iter().collect::<Vec<_>>(), [("a", "2"), ("z", "3")]);
    assert_eq!(labels.value("empty"), "");
    assert_eq!(labels.get("empty"), None);
}

#[test]
fn setting_an_empty_value_removes() {
    let mut builder = Labels::from_pairs([("a", "1"), ("b", "2")]).to_builder();
    builder.set("a", "");
    assert_eq!(builder.build(), Labels::from_pairs([("b", "2")]));
}

#[test]
fn prints_as_prometheus_does() {
    let labels = Labels::from_pairs([("__name__", "up"), ("job", "a\"b\\c")]);
    assert_eq!(labels.to_string(), r#"up{job="a\"b\\c"}"#);
    assert_eq!(Labels::from_pairs([("__name__", "up")]).to_string(), "up");
    assert_eq!(Labels::empty().to_string(), "{}");
}

#[test]
fn fingerprint_does_not_change_between_releases() {
    // 14695981039346656037 is FNV-1a of nothing.
    assert_eq!(Labels::empty().fingerprint(), 14_695_981_039_346_656_037);
    assert_ne!(
        Labels::from_pairs([("a", "bc")]).fingerprint(),
        Labels::from_pairs([("ab", "c")]).fingerprint(),
        "name and value are separated"
    );
}
