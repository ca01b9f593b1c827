//! What a store may use and how long it keeps data.

use model::clock::Millis;
use std::time::Duration;

/// Length of a segment and of the windows that chunks never cross: two hours, as Prometheus has it. Milliseconds.
pub const WINDOW: Millis = 2 * 3_600_000;

/// A window is written to disk this long after its end, so that writers that lag a little still find it open. Milliseconds.
pub const CUT_DELAY: Millis = 1_800_000;

/// Limits of a store. The defaults fit one machine; every field has its unit.
#[derive(Clone, Debug)]
pub struct Options {
    /// Samples older than this go. Prometheus's default is 15 days.
    pub retention: Duration,
    /// Bytes on disk, write-ahead log included; above it the oldest segments go. None = no limit.
    pub max_bytes: Option<u64>,
    /// Series in memory and on disk together. A new one over the limit is refused and counted: each costs about 1 KB.
    pub max_series: usize,
    /// Exemplars kept, all series together; the oldest goes first. Prometheus's default.
    pub max_exemplars: usize,
    /// A checkpoint is made when the log has grown by this many bytes, which bounds the replay at start-up.
    pub checkpoint_bytes: u64,
    /// The log is synced to the device at most this often, when it was written to.
    pub sync_interval: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            retention: Duration::from_secs(15 * 86_400),
            max_bytes: None,
            max_series: 500_000,
            max_exemplars: 100_000,
            checkpoint_bytes: 128 << 20,
            sync_interval: Duration::from_secs(1),
        }
    }
}
