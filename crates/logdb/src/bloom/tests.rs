use super::*;

#[test]
fn finds_what_is_in_it_and_little_else() {
    let values: Vec<String> = (0..2_000).map(|n| format!("{n:032x}")).collect();
    let filter = Bloom::new(values.iter().map(|value| ("trace_id", value.as_str())));
    let filter = Bloom::from_bytes(&filter.to_bytes()).unwrap();
    assert!(values.iter().all(|value| filter.may_contain("trace_id", value)));
    let wrong = (2_000..12_000).filter(|n| filter.may_contain("trace_id", &format!("{n:032x}"))).count();
    assert!(wrong < 300, "{wrong} of 10000 false answers, expected about 100");
    assert!(!filter.may_contain("span_id", "x") || !filter.may_contain("span_id", "y"));
}

#[test]
fn an_empty_filter_contains_nothing() {
    let filter = Bloom::new(std::iter::empty::<(&str, &str)>().collect::<Vec<_>>().into_iter());
    assert!(!filter.may_contain("a", "b"));
    assert!(Bloom::from_bytes(&[1, 2, 3]).is_none());
}
