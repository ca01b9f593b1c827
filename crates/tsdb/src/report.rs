//! What a store says of itself: recovery, upkeep, counters.

use model::metrics::StoreCounter;
use std::path::PathBuf;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// A file that could not be read whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Damage {
    pub file: PathBuf,
    /// Where the first unreadable byte is.
    pub offset: u64,
    /// Bytes that were cut off.
    pub bytes_lost: u64,
    pub reason: String,
}

/// What was found when the store was opened.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RecoveryReport {
    /// Log files read, the checkpoint included.
    pub log_files: u64,
    /// Batches read from them.
    pub records: u64,
    /// Samples that are back in the head.
    pub samples: u64,
    /// Samples that a segment holds already, or that are there twice: not an error.
    pub samples_skipped: u64,
    /// Samples and exemplars of a series whose definition was lost with a damaged part.
    pub orphans: u64,
    pub exemplars: u64,
    /// Series known after the replay.
    pub series: u64,
    pub segments: u64,
    /// Torn or corrupt parts that were cut off. A segment that cannot be read is set aside as `*.damaged`.
    pub damages: Vec<Damage>,
    /// How long opening took, by the given clock.
    pub took: Duration,
}

/// What one call of `maintain` did.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MaintainReport {
    pub synced: bool,
    pub segments_written: u64,
    pub samples_persisted: u64,
    pub checkpoint: bool,
    pub segments_deleted: u64,
    pub series_removed: u64,
}

/// Running totals since the store was opened.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    pub samples_appended: u64,
    pub samples_duplicate: u64,
    pub samples_out_of_order: u64,
    pub unknown_refs: u64,
    pub series_created: u64,
    pub series_removed: u64,
    pub series_refused: u64,
    pub exemplars_appended: u64,
    pub exemplars_refused: u64,
    pub metadata_refused: u64,
    pub log_bytes: u64,
    pub log_syncs: u64,
    pub checkpoints: u64,
    pub segments_written: u64,
    pub segments_deleted: u64,
}

impl Counters {
    /// The names on a `/metrics` page: upstream's where it has the same thing.
    pub fn named(&self) -> Vec<StoreCounter> {
        [
            ("prometheus_tsdb_head_samples_appended", "Samples written.", self.samples_appended),
            ("prometheus_tsdb_duplicate_samples", "Samples that were there already.", self.samples_duplicate),
            (
                "prometheus_tsdb_out_of_order_samples",
                "Samples refused because the series has newer ones or another value for the time.",
                self.samples_out_of_order,
            ),
            ("prometheus_tsdb_head_series_created", "Series that are new.", self.series_created),
            ("prometheus_tsdb_head_series_removed", "Series forgotten by retention.", self.series_removed),
            ("prometheus_tsdb_series_refused", "New series over the limit.", self.series_refused),
            ("prometheus_tsdb_exemplar_exemplars_appended", "Exemplars kept.", self.exemplars_appended),
            (
                "prometheus_tsdb_exemplar_refused",
                "Exemplars that were too old or too long.",
                self.exemplars_refused,
            ),
            ("prometheus_tsdb_wal_written_bytes", "Bytes written to the log.", self.log_bytes),
            ("prometheus_tsdb_wal_fsyncs", "Times the log was synced to the device.", self.log_syncs),
            ("prometheus_tsdb_checkpoint_creations", "Checkpoints written.", self.checkpoints),
            ("prometheus_tsdb_segments_written", "Segments written.", self.segments_written),
            ("prometheus_tsdb_segments_deleted", "Segments deleted by retention.", self.segments_deleted),
        ]
        .into_iter()
        .map(|(name, help, value)| StoreCounter { name, help, value })
        .collect()
    }
}

/// The cells behind [`Counters`].
#[derive(Debug, Default)]
pub(crate) struct Tally {
    pub samples_appended: AtomicU64,
    pub samples_duplicate: AtomicU64,
    pub samples_out_of_order: AtomicU64,
    pub unknown_refs: AtomicU64,
    pub series_created: AtomicU64,
    pub series_removed: AtomicU64,
    pub series_refused: AtomicU64,
    pub exemplars_appended: AtomicU64,
    pub exemplars_refused: AtomicU64,
    pub metadata_refused: AtomicU64,
    pub log_bytes: AtomicU64,
    pub log_syncs: AtomicU64,
    pub checkpoints: AtomicU64,
    pub segments_written: AtomicU64,
    pub segments_deleted: AtomicU64,
}

impl Tally {
    pub fn add(cell: &AtomicU64, by: u64) {
        cell.fetch_add(by, Ordering::Relaxed);
    }

    pub fn read(&self) -> Counters {
        let of = |cell: &AtomicU64| cell.load(Ordering::Relaxed);
        Counters {
            samples_appended: of(&self.samples_appended),
            samples_duplicate: of(&self.samples_duplicate),
            samples_out_of_order: of(&self.samples_out_of_order),
            unknown_refs: of(&self.unknown_refs),
            series_created: of(&self.series_created),
            series_removed: of(&self.series_removed),
            series_refused: of(&self.series_refused),
            exemplars_appended: of(&self.exemplars_appended),
            exemplars_refused: of(&self.exemplars_refused),
            metadata_refused: of(&self.metadata_refused),
            log_bytes: of(&self.log_bytes),
            log_syncs: of(&self.log_syncs),
            checkpoints: of(&self.checkpoints),
            segments_written: of(&self.segments_written),
            segments_deleted: of(&self.segments_deleted),
        }
    }
}
