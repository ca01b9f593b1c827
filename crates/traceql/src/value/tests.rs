use super::*;

#[test]
fn durations_print_as_go_does() {
    for (nanos, text) in [
        (0, "0s"),
        (19_999_989, "19.999989ms"),
        (3_000_000_000, "3s"),
        (1_500, "1.5µs"),
        (999, "999ns"),
        (5_400_000_000_000, "1h30m0s"),
        (61_500_000_000, "1m1.5s"),
        (-2_000_000, "-2ms"),
    ] {
        assert_eq!(format_duration(nanos), text);
    }
}

#[test]
fn arrays_are_seen_when_they_are_of_one_type() {
    let array = |values: &[AttrValue]| Value::from_attr(&AttrValue::Array(values.to_vec()));
    assert_eq!(
        array(&[AttrValue::Int(1), AttrValue::Int(2)]),
        Value::Array(vec![Value::Int(1), Value::Int(2)])
    );
    assert!(array(&[AttrValue::Int(1), AttrValue::Bool(true)]).is_nil());
    assert!(array(&[]).is_nil());
    assert!(array(&[AttrValue::Array(vec![AttrValue::Int(1)])]).is_nil());
}

#[test]
fn numbers_compare_by_amount_and_nothing_else_across_kinds() {
    assert_eq!(Value::Int(2).compare(&Value::Float(2.5)), Some(Ordering::Less));
    assert_eq!(Value::Duration(5).compare(&Value::Int(5)), Some(Ordering::Equal));
    assert_eq!(Value::str("5").compare(&Value::Int(5)), None);
    assert_ne!(Value::Int(5), Value::Duration(5), "grouping keeps kinds apart");
}
