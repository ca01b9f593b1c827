//! How long to wait before a process that died is started again.

use std::time::Duration;

/// Pauses that double from `first` up to `most`, and begin anew after a run of at least `healthy_after`.
#[derive(Clone, Debug)]
pub struct Backoff {
    pub first: Duration,
    pub most: Duration,
    pub healthy_after: Duration,
}

/// A user who broke a service on purpose wants it back at once; one that cannot start must not fill the logs.
impl Default for Backoff {
    fn default() -> Self {
        Self {
            first: Duration::from_millis(500),
            most: Duration::from_secs(10),
            healthy_after: Duration::from_secs(30),
        }
    }
}

impl Backoff {
    /// The pause after a run of length `ran`, given the pause before that run. The first pause is `first`.
    pub fn next(&self, previous: Option<Duration>, ran: Duration) -> Duration {
        match previous {
            Some(previous) if ran < self.healthy_after => (previous * 2).min(self.most),
            _ => self.first.min(self.most),
        }
    }
}

#[cfg(test)]
mod tests;
