//! Upkeep: sync, cut, checkpoint, retention, and forgetting series without samples.

use super::Store;
use crate::report::{MaintainReport, Tally};
use crate::segment::Segment;
use crate::series::MemSeries;
use model::StoreError;
use model::clock::Millis;
use std::sync::atomic::Ordering;
use std::sync::{Arc, PoisonError};

/// Series without samples are looked for this often when nothing else asks for it. Milliseconds.
const COLLECT_EVERY: Millis = 60_000;

impl Store {
    /// Does what is due at `now` (milliseconds since the epoch). Call it about once a second from one place; it may take
    /// a while when a window is written, and appends and queries go on meanwhile.
    ///
    /// # Errors
    /// The first [`StoreError`]; what failed is tried again at the next call and nothing is lost meanwhile.
    pub fn maintain(&self, now: Millis) -> Result<MaintainReport, StoreError> {
        let mut upkeep = self.maintenance.lock().unwrap_or_else(PoisonError::into_inner);
        let mut report = MaintainReport::default();
        let interval = i64::try_from(self.options.sync_interval.as_millis()).unwrap_or(i64::MAX);
        // A clock that went backwards must not stop the syncing.
        if upkeep.last_sync.is_none_or(|last| now < last || now - last >= interval) {
            report.synced = self.sync()?;
            upkeep.last_sync = Some(now);
        }
        self.cut(now, &mut upkeep, &mut report)?;
        let grown = self.writer().log.as_ref().map_or(0, |log| log.grown());
        if report.segments_written > 0 || grown > self.options.checkpoint_bytes {
            self.checkpoint()?;
            report.checkpoint = true;
        }
        self.retain(now, &mut report)?;
        let due = upkeep.last_collection.is_none_or(|last| now < last || now - last >= COLLECT_EVERY);
        if due || report.segments_written + report.segments_deleted > 0 {
            report.series_removed = self.collect();
            self.segments().iter().for_each(|segment| segment.close_idle());
            upkeep.last_collection = Some(now);
        }
        Ok(report)
    }

    /// Makes everything that was acknowledged last through a power cut. Says whether there was anything to do.
    pub fn sync(&self) -> Result<bool, StoreError> {
        let dirty =
            self.writer().log.as_mut().and_then(|log| Some((log.take_dirty()?, log.path().to_path_buf())));
        let Some((file, path)) = dirty else { return Ok(false) };
        if let Err(error) = file.sync_data() {
            if let Some(log) = &mut self.writer().log {
                log.mark_dirty();
            }
            return Err(StoreError::io("sync", path)(error));
        }
        Tally::add(&self.tally.log_syncs, 1);
        Ok(true)
    }

    pub(super) fn retention(&self) -> Millis {
        Millis::try_from(self.options.retention.as_millis()).unwrap_or(Millis::MAX)
    }

    /// Deletes the oldest segments: those behind the retention time, and those over the limit on bytes. Time is that of
    /// the data when the clock is ahead of it, so that a clock that jumps forward deletes nothing.
    fn retain(&self, now: Millis, report: &mut MaintainReport) -> Result<(), StoreError> {
        let oldest = now.min(self.newest.load(Ordering::Relaxed)).saturating_sub(self.retention());
        let mut segments = self.segments().clone();
        segments.sort_by_key(|segment| segment.start);
        let mut over = match self.options.max_bytes {
            Some(limit) => self.bytes_on_disk().saturating_sub(limit),
            None => 0,
        };
        let mut dead = Vec::new();
        for segment in segments {
            if segment.end > oldest && over == 0 {
                break;
            }
            over = over.saturating_sub(segment.bytes);
            dead.push(segment);
        }
        if dead.is_empty() {
            return Ok(());
        }
        let among = |segment: &Arc<Segment>| dead.iter().any(|other| Arc::ptr_eq(other, segment));
        self.segments().retain(|segment| !among(segment));
        let everything: Vec<Arc<MemSeries>> = self.index().iter().cloned().collect();
        for series in &everything {
            series.data().extents.retain(|extent| !among(&extent.segment));
        }
        for segment in &dead {
            segment.delete()?;
            report.segments_deleted += 1;
            Tally::add(&self.tally.segments_deleted, 1);
        }
        Ok(())
    }

    /// Forgets series without samples and the exemplars that went with them.
    fn collect(&self) -> u64 {
        let mut writer = self.writer();
        let dead: Vec<Arc<MemSeries>> =
            self.index().iter().filter(|series| series.data().is_empty()).cloned().collect();
        if dead.is_empty() {
            return 0;
        }
        self.index_mut().remove(&dead);
        let removed = dead.len() as u64;
        drop(dead);
        writer.strings.shrink();
        let index = self.index();
        self.ring().retain(|id| index.by_id(id).is_some());
        Tally::add(&self.tally.series_removed, removed);
        removed
    }
}
