//! `rate_counter`: the rate of a counter that may be reset, extrapolated to the ends of the window.
//! Source: Prometheus, functions `rate` and `increase` (documentation, "Query functions").

/// Per second; `None` with fewer than two samples. `start` and `end` are those of the window, nanoseconds.
pub(super) fn rate(window: &[(i64, f64)], start: i64, end: i64) -> Option<f64> {
    let (first, last) = (window.first()?, window.last()?);
    if window.len() < 2 || last.0 == first.0 {
        return None;
    }
    let mut increase = last.1 - first.1;
    for pair in window.windows(2) {
        if pair[1].1 < pair[0].1 {
            increase += pair[0].1;
        }
    }
    let seconds = |from: i64, to: i64| (i128::from(to) - i128::from(from)) as f64 / 1e9;
    let sampled = seconds(first.0, last.0);
    let average = sampled / (window.len() - 1) as f64;
    let mut to_start = seconds(start, first.0);
    let mut to_end = seconds(last.0, end);
    // A gap to an end that is longer than this means that the series began or ended in the window.
    let threshold = average * 1.1;
    if to_start >= threshold {
        to_start = average / 2.0;
    }
    if increase > 0.0 && first.1 >= 0.0 {
        // A counter cannot have been below zero.
        to_start = to_start.min(sampled * (first.1 / increase));
    }
    if to_end >= threshold {
        to_end = average / 2.0;
    }
    let factor = (sampled + to_start + to_end) / sampled;
    Some(increase * factor / seconds(start, end))
}
