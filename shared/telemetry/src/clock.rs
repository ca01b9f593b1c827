//! The one module of the services that reads the wall clock.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The present moment.
#[expect(clippy::disallowed_methods, reason = "the clock of the service binaries")]
pub(crate) fn now() -> SystemTime {
    SystemTime::now()
}

/// Time since the Unix epoch; zero for a clock that is set before it.
pub(crate) fn since_epoch(time: SystemTime) -> Duration {
    time.duration_since(UNIX_EPOCH).unwrap_or_default()
}
