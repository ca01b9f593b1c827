use super::*;

fn at(text: &str) -> Millis {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

#[test]
fn every_kind_of_range_has_to_hold() {
    let office = TimeInterval { times: vec![(540, 1020)], weekdays: vec![1..=5], ..TimeInterval::default() };
    assert!(office.contains(at("2026-11-20T09:00:00Z")), "a Friday");
    assert!(!office.contains(at("2026-11-20T17:00:00Z")), "the end is excluded");
    assert!(!office.contains(at("2026-11-21T10:00:00Z")), "a Saturday");
    assert!(TimeInterval::default().contains(at("2026-11-20T00:00:00Z")));
}

#[test]
fn negative_days_count_from_the_end_of_the_month() {
    let last_three = TimeInterval { days_of_month: vec![-3..=-1], ..TimeInterval::default() };
    assert!(last_three.contains(at("2026-02-26T12:00:00Z")));
    assert!(!last_three.contains(at("2026-02-25T12:00:00Z")));
    assert!(last_three.contains(at("2026-12-31T12:00:00Z")));
    let december =
        TimeInterval { months: vec![12..=12], years: vec![2026..=2027], ..TimeInterval::default() };
    assert!(december.contains(at("2026-12-31T12:00:00Z")) && !december.contains(at("2025-12-31T12:00:00Z")));
}
