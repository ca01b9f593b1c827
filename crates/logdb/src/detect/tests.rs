use super::*;

fn level(metadata: &[(&str, &str)], line: &str) -> Option<String> {
    let pairs: Vec<_> =
        metadata.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned())).collect();
    level_of_line(&pairs, line).map(str::to_owned)
}

#[test]
fn levels_come_from_labels_then_metadata_then_the_line() {
    let labels =
        |name: &str, value: &str| level_of_labels(&Labels::from_pairs([("job", "x"), (name, value)]));
    assert_eq!(labels("level", "ERROR").as_deref(), Some("error"));
    assert_eq!(labels("severity", "odd").as_deref(), Some("odd"));
    assert_eq!(labels("other", "error"), None);
    assert_eq!(level(&[("detected_level", "x")], "error"), None);
    for (metadata, line, expected) in [
        (&[("level", "Warning")][..], "error", "warn"),
        (&[("severity_number", "17")], "", "error"),
        (&[], r#"{"msg":"level","level": "WARN"}"#, "warn"),
        (&[], r#"{"a":1,"lvl":"dbg"}"#, "debug"),
        (&[], r#"{"level":"strange"}"#, "unknown"),
        (&[], "ts=1 level=error x=y", "error"),
        (&[], "ts=1 sublevel=error level=\"info\"", "info"),
        (&[], "ERROR: it broke", "error"),
        (&[], "all INFO here", "info"),
        (&[], "warning: hot", "warn"),
        (&[], "total=0 temp=20.00 up=false", "unknown"),
        (&[], "", "unknown"),
    ] {
        assert_eq!(level(metadata, line).as_deref(), Some(expected), "{metadata:?} {line}");
    }
}

#[test]
fn service_names() {
    let sources = ["service".to_owned(), "app".to_owned()];
    let name = |pairs: &[(&str, &str)]| {
        with_service_name(Labels::from_pairs(pairs.iter().copied()), &sources).value(SERVICE_NAME).to_owned()
    };
    assert_eq!(name(&[("app", "a"), ("service", "s")]), "s");
    assert_eq!(name(&[("app", "a")]), "a");
    assert_eq!(name(&[("x", "y")]), "unknown_service");
    assert_eq!(name(&[("app", "a"), ("service_name", "own")]), "own");
    assert_eq!(with_service_name(Labels::from_pairs([("app", "a")]), &[]).len(), 1);
}
