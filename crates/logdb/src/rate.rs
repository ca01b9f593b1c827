//! A token bucket over bytes.

use std::time::Duration;

#[derive(Debug)]
pub struct Bucket {
    rate: f64,
    burst: f64,
    tokens: f64,
    last: i64,
}

impl Bucket {
    /// Bytes per second and the most at once; a rate of zero lets everything through.
    pub fn new(rate: u64, burst: u64, now: i64) -> Self {
        let burst = burst.max(rate) as f64;
        Self { rate: rate as f64, burst, tokens: burst, last: now }
    }

    /// Takes `bytes` when they are there. `now` in nanoseconds; a clock that jumps back gives nothing.
    pub fn take(&mut self, bytes: usize, now: i64) -> bool {
        if self.rate == 0.0 {
            return true;
        }
        let passed =
            Duration::from_nanos(u64::try_from(now.saturating_sub(self.last)).unwrap_or(0)).as_secs_f64();
        self.last = now;
        self.tokens = (self.tokens + passed * self.rate).min(self.burst);
        let enough = self.tokens >= bytes as f64;
        if enough {
            self.tokens -= bytes as f64;
        }
        enough
    }
}
