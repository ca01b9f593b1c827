//! Moves windows that are over from memory to segments.

use super::{Store, Upkeep};
use crate::chunk::Chunk;
use crate::options::{CUT_DELAY, WINDOW};
use crate::report::{MaintainReport, Tally};
use crate::segment;
use crate::series::{MemSeries, window_of};
use model::StoreError;
use model::clock::Millis;
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// The chunks of one window by series.
type Window = Vec<(Arc<MemSeries>, Vec<Arc<Chunk>>)>;

impl Store {
    /// Writes every window that ended at least [`CUT_DELAY`] before `now` and drops it from memory. A clock that is ahead
    /// of the data cuts nothing early: the newest sample counts as well.
    pub(super) fn cut(
        &self,
        now: Millis,
        upkeep: &mut Upkeep,
        report: &mut MaintainReport,
    ) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else {
            self.drop_old_chunks(now);
            return Ok(());
        };
        let newest = self.newest.load(Ordering::Relaxed);
        let boundary = window_of(now.min(newest).saturating_sub(CUT_DELAY));
        let done_before = self.min_valid.load(Ordering::Relaxed) >= boundary && !upkeep.cut_unfinished;
        if newest == Millis::MIN || done_before {
            return Ok(());
        }
        upkeep.cut_unfinished = true;
        let everything: Vec<Arc<MemSeries>> = self.index().iter().cloned().collect();
        if everything.iter().any(|series| head_starts_before(series, boundary)) {
            // From here on no sample before the boundary is taken, so what is gathered below is all there will be.
            let _writer = self.writer();
            self.min_valid.fetch_max(boundary, Ordering::Relaxed);
        }
        for (start, window) in gather(&everything, boundary) {
            self.write_window(&disk.segment_dir, start, window, report)?;
        }
        upkeep.cut_unfinished = false;
        Ok(())
    }

    fn write_window(
        &self,
        dir: &Path,
        start: Millis,
        mut window: Window,
        report: &mut MaintainReport,
    ) -> Result<(), StoreError> {
        window.sort_by(|(a, _), (b, _)| a.labels.cmp(&b.labels));
        let entries: Vec<segment::Entry> =
            window.iter().map(|(series, chunks)| (series.labels.clone(), chunks.clone())).collect();
        let extents = segment::write(dir, start, start + WINDOW, &entries)?;
        if let Some(first) = extents.first() {
            self.segments().push(Arc::clone(&first.segment));
        }
        for ((series, _), extent) in window.iter().zip(extents) {
            report.samples_persisted += u64::from(extent.samples);
            let mut data = series.data();
            data.closed.retain(|chunk| window_of(chunk.min_time) != start);
            data.closed.shrink_to_fit();
            data.extents.push(extent);
        }
        report.segments_written += 1;
        Tally::add(&self.tally.segments_written, 1);
        Ok(())
    }

    /// Without a disk, old chunks just go.
    fn drop_old_chunks(&self, now: Millis) {
        let oldest = now.saturating_sub(self.retention());
        let everything: Vec<Arc<MemSeries>> = self.index().iter().cloned().collect();
        for series in everything {
            let mut data = series.data();
            data.closed.retain(|chunk| chunk.max_time >= oldest);
            if data.open.as_ref().is_some_and(|open| open.max_time() < oldest) {
                data.open = None;
            }
        }
    }
}

fn head_starts_before(series: &MemSeries, boundary: Millis) -> bool {
    let data = series.data();
    let closed = data.closed.first().map(|chunk| chunk.min_time);
    let first = closed.or_else(|| data.open.as_ref().map(|open| open.min_time()));
    first.is_some_and(|first| first < boundary)
}

fn gather(series: &[Arc<MemSeries>], boundary: Millis) -> BTreeMap<Millis, Window> {
    let mut windows: BTreeMap<Millis, Window> = BTreeMap::new();
    for series in series {
        let mut data = series.data();
        data.close_before(boundary);
        let mut by_start: BTreeMap<Millis, Vec<Arc<Chunk>>> = BTreeMap::new();
        for chunk in data.closed.iter().filter(|chunk| chunk.min_time < boundary) {
            by_start.entry(window_of(chunk.min_time)).or_default().push(Arc::clone(chunk));
        }
        drop(data);
        for (start, chunks) in by_start {
            windows.entry(start).or_default().push((Arc::clone(series), chunks));
        }
    }
    windows
}
