use super::*;

fn durations(seed: u64, count: usize) -> Vec<Duration> {
    let provider = Provider::new(Some(seed));
    (0..count).map(|_| provider.next_duration()).collect()
}

#[test]
fn a_seed_makes_it_repeatable() {
    assert_eq!(durations(7, 100), durations(7, 100));
    assert_ne!(durations(7, 100), durations(8, 100));
    assert_eq!(Provider::new(Some(7)).next_order_id(), Provider::new(Some(7)).next_order_id());
}

#[test]
fn the_distribution_keeps_the_latency_objective() {
    for seed in 0..5 {
        let mut all = durations(seed, 100_000);
        all.sort();
        let slow = all.iter().filter(|duration| **duration > Duration::from_millis(300)).count();
        assert!((100..1_000).contains(&slow), "seed {seed}: {slow} of 100000 over 300 ms");
        let median = all[50_000].as_millis();
        assert!((38..=42).contains(&median), "seed {seed}: median {median} ms");
        assert!(all[99_999] <= LONGEST);
    }
}
