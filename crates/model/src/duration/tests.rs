use super::*;

fn check(text: &str, millis: u64) {
    assert_eq!(parse_duration(text), Ok(Duration::from_millis(millis)), "{text}");
}

#[test]
fn reads_every_unit_and_combinations() {
    check("0", 0);
    check("5ms", 5);
    check("5s", 5_000);
    check("1m30s", 90_000);
    check("1h", 3_600_000);
    check("1d", 86_400_000);
    check("2w", 14 * 86_400_000);
    check("1y", 365 * 86_400_000);
}

#[test]
fn refuses_what_prometheus_refuses() {
    for text in ["", "5", "s", "1s1m", "1m1m", "-1s", "1.5h", "5 s", "99999999999999999999s"] {
        let error = parse_duration(text).expect_err(text);
        assert_eq!(error.found, text);
    }
}

#[test]
fn writes_as_prometheus_does() {
    for (text, written) in [
        ("0", "0s"),
        ("90s", "1m30s"),
        ("60m", "1h"),
        ("24h", "1d"),
        ("25h", "25h"),
        ("150s", "2m30s"),
        ("7d", "1w"),
    ] {
        assert_eq!(format_duration(parse_duration(text).unwrap()), written);
    }
}

proptest::proptest! {
    #[test]
    fn reads_back_what_it_writes(millis in 0u64..10_000_000_000) {
        let duration = Duration::from_millis(millis);
        proptest::prop_assert_eq!(parse_duration(&format_duration(duration)), Ok(duration));
    }
}
