use super::*;

#[test]
fn pauses_double_up_to_the_limit_and_begin_anew_after_a_healthy_run() {
    let backoff = Backoff::default();
    let short = Duration::from_secs(1);
    let mut pauses = vec![backoff.next(None, short)];
    for _ in 0..6 {
        pauses.push(backoff.next(pauses.last().copied(), short));
    }
    let millis: Vec<_> = pauses.iter().map(Duration::as_millis).collect();
    assert_eq!(millis, [500, 1000, 2000, 4000, 8000, 10_000, 10_000]);
    assert_eq!(backoff.next(Some(backoff.most), Duration::from_secs(31)), backoff.first);
}
