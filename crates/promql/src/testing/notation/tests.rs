use super::*;

fn values(text: &str) -> Vec<String> {
    let show = |slot: &Slot| match slot {
        Slot::Gap => "_".to_owned(),
        Slot::Value(value) if model::metrics::is_stale(*value) => "stale".to_owned(),
        Slot::Value(value) => value.to_string(),
    };
    parse_series(&format!("m {text}")).unwrap().slots.iter().map(show).collect()
}

#[test]
fn values_expand() {
    assert_eq!(
        values("1 2+3x2 4x1 _x2 stale -1-1x1"),
        ["1", "2", "5", "8", "4", "4", "_", "_", "stale", "-1", "-2"]
    );
    assert_eq!(values("1e3 -Inf NaN .5"), ["1000", "-inf", "NaN", "0.5"]);
    assert_eq!(values("0x3"), ["0", "0", "0", "0"]);
}

#[test]
fn labels_may_hold_anything_in_quotes() {
    let labels = |text: &str| parse_series(text).unwrap().labels.to_string();
    assert_eq!(labels(r#"a{b="} \" {", c='d'} 1"#), r#"a{b="} \" {", c="d"}"#);
    assert_eq!(labels("{} 1"), "{}");
    assert_eq!(labels(r#"{"a.b", c="d"} 1"#), r#"a.b{c="d"}"#);
    assert!(parse_series("a {{count:1}} {{count:2}}").unwrap().native);
}

#[test]
fn nonsense_is_refused() {
    for line in ["a 1+x", "a 1y2", "a{b=~\"c\"} 1", "a{b=\"c\" 1", "a 1x99999999999"] {
        assert!(parse_series(line).is_err(), "{line}");
    }
}
