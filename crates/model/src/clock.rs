//! Wall-clock time as a value, so that tests and replays can hold it still.

use std::sync::atomic::{AtomicI64, Ordering};

/// Milliseconds since the Unix epoch (metrics).
pub type Millis = i64;
/// Nanoseconds since the Unix epoch (logs and traces). Lasts until the year 2262.
pub type Nanos = i64;

pub const NANOS_PER_MILLI: i64 = 1_000_000;
pub const NANOS_PER_SECOND: i64 = 1_000_000_000;
pub const MILLIS_PER_SECOND: i64 = 1_000;

/// Where the present time comes from. Each binary has one real implementation; tests use [`ManualClock`].
pub trait Clock: Send + Sync {
    /// Nanoseconds since the Unix epoch.
    fn now_nanos(&self) -> Nanos;

    /// Milliseconds since the Unix epoch.
    fn now_millis(&self) -> Millis {
        self.now_nanos() / NANOS_PER_MILLI
    }
}

/// A clock that stands still until it is told to move.
#[derive(Debug, Default)]
pub struct ManualClock(AtomicI64);

impl ManualClock {
    /// A clock that shows `now` (nanoseconds since the epoch).
    pub fn at_nanos(now: Nanos) -> Self {
        Self(AtomicI64::new(now))
    }

    /// A clock that shows `now` (milliseconds since the epoch).
    pub fn at_millis(now: Millis) -> Self {
        Self::at_nanos(now * NANOS_PER_MILLI)
    }

    pub fn advance_millis(&self, by: Millis) {
        self.0.fetch_add(by * NANOS_PER_MILLI, Ordering::SeqCst);
    }

    pub fn set_nanos(&self, now: Nanos) {
        self.0.store(now, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now_nanos(&self) -> Nanos {
        self.0.load(Ordering::SeqCst)
    }
}
