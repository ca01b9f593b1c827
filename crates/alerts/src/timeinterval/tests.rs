use super::*;

fn holds(interval: &TimeInterval, text: &str) -> bool {
    contains(interval, at(text))
}

fn at(text: &str) -> Millis {
    DateTime::parse_from_rfc3339(text).unwrap().timestamp_millis()
}

#[test]
fn every_kind_of_range_has_to_hold() {
    let nine_to_five = 540..1020;
    let office = TimeInterval { times: vec![nine_to_five], weekdays: vec![1..=5], ..TimeInterval::default() };
    assert!(holds(&office, "2026-11-20T09:00:00Z"), "a Friday");
    assert!(!holds(&office, "2026-11-20T17:00:00Z"), "the end is excluded");
    assert!(!holds(&office, "2026-11-21T10:00:00Z"), "a Saturday");
    assert!(holds(&TimeInterval::default(), "2026-11-20T00:00:00Z"));
}

#[test]
fn negative_days_count_from_the_end_of_the_month() {
    let last_three = TimeInterval { days_of_month: vec![-3..=-1], ..TimeInterval::default() };
    assert!(holds(&last_three, "2026-02-26T12:00:00Z"));
    assert!(!holds(&last_three, "2026-02-25T12:00:00Z"));
    assert!(holds(&last_three, "2026-12-31T12:00:00Z"));
    let december =
        TimeInterval { months: vec![12..=12], years: vec![2026..=2027], ..TimeInterval::default() };
    assert!(holds(&december, "2026-12-31T12:00:00Z") && !holds(&december, "2025-12-31T12:00:00Z"));
}
