use std::time::{Duration, UNIX_EPOCH};

use super::*;

fn text(nanos: u64) -> String {
    let mut out = String::new();
    write(&mut out, UNIX_EPOCH + Duration::from_nanos(nanos));
    out
}

#[test]
fn the_epoch_a_leap_day_and_microseconds() {
    assert_eq!(text(0), "1970-01-01T00:00:00.000000Z");
    assert_eq!(text(951_782_400_000_001_999), "2000-02-29T00:00:00.000001Z");
    assert_eq!(text(951_782_400_999_999_999), "2000-02-29T00:00:00.999999Z");
}

#[test]
fn agrees_with_chrono() {
    for second in (0..4_102_444_800u64).step_by(7_654_321) {
        let expected = DateTime::from_timestamp(second as i64, 42_000).unwrap();
        assert_eq!(
            text(second * 1_000_000_000 + 42_000),
            expected.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
        );
    }
}
