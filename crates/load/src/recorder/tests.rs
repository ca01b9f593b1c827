use super::*;

fn ms(millis: u64) -> Duration {
    Duration::from_millis(millis)
}

#[test]
fn what_counts_as_an_error() {
    use Outcome::{Status, Timeout, Transport, Unreadable};
    for (step, outcome, error) in [
        (Step::Browse, Status(200), false),
        (Step::Purchase, Status(201), false),
        (Step::Purchase, Status(422), true),
        (Step::Browse, Status(302), true),
        (Step::Browse, Status(500), true),
        (Step::Browse, Unreadable, true),
        (Step::Browse, Timeout, true),
        (Step::Browse, Transport, true),
        (Step::InvalidPurchase, Status(400), false),
        (Step::InvalidPurchase, Status(422), false),
        (Step::InvalidPurchase, Status(201), true),
        (Step::InvalidPurchase, Status(502), true),
    ] {
        assert_eq!(outcome.is_error(step), error, "{step:?} {outcome:?}");
    }
}

#[test]
fn progress_shows_what_is_new() {
    let start = Instant::now();
    let mut recorder = Recorder::new(start, 1);
    for latency in 1..=100 {
        recorder.add(0, Step::Browse, Outcome::Status(200), ms(latency));
    }
    recorder.add(0, Step::InvalidPurchase, Outcome::Status(422), ms(1));
    let first = recorder.progress("baseline", 3, start + Duration::from_secs(2));
    assert_eq!(
        (first.requests, first.rate, first.errors, first.rejected, first.in_flight),
        (101, 50.5, 0, 1, 3)
    );
    assert!((first.p95_ms - 95.0).abs() < 1.5 && (first.p50_ms - 50.0).abs() < 1.5, "{first:?}");
    recorder.add(0, Step::Browse, Outcome::Timeout, ms(500));
    let second = recorder.progress("baseline", 0, start + Duration::from_secs(3));
    assert_eq!((second.requests, second.rate, second.errors), (102, 1.0, 1));
    assert!((second.p50_ms - 500.0).abs() < 1.0);
    let third = recorder.progress("baseline", 0, start + Duration::from_secs(4));
    assert_eq!((third.rate, third.p99_ms), (0.0, 0.0));
    assert!(
        second.to_string().contains("102 requests") && second.to_string().contains("1 errors"),
        "{second}"
    );
}

#[test]
fn latencies_beyond_the_scale_are_kept_at_its_end() {
    let mut recorder = Recorder::new(Instant::now(), 1);
    recorder.add(0, Step::Browse, Outcome::Timeout, Duration::from_secs(1_000_000));
    recorder.add(0, Step::Browse, Outcome::Status(200), Duration::ZERO);
    assert_eq!(recorder.all.requests, 2);
    assert!(recorder.all.quantile_ms(1.0) >= 100_000.0);
}
