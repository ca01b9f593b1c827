//! One series: its labels, its samples in memory, and where the rest of them are on disk.

use crate::chunk::{Chunk, ChunkError, OpenChunk, decode};
use crate::options::WINDOW;
use crate::segment::Extent;
use model::clock::Millis;
use model::metrics::{MillisRange, Sample, SeriesReader};
use model::{Labels, StoreError};
use std::sync::atomic::{AtomicBool, AtomicI64, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The newest time of a series that has no samples.
pub const NEVER: Millis = Millis::MIN;

#[derive(Debug)]
pub struct MemSeries {
    pub id: u64,
    pub labels: Labels,
    /// Place in the order of labels among all series; see [`crate::index::Index::rank`].
    pub rank: AtomicU32,
    /// Whether this process has written the definition to the log.
    pub logged: AtomicBool,
    /// Newest sample. Written under the store's writer lock only, and a moment before the sample itself.
    last_time: AtomicI64,
    last_bits: AtomicU64,
    data: Mutex<SeriesData>,
}

/// Oldest first: `extents` on disk, then `closed`, then `open`. No chunk crosses a window.
#[derive(Debug, Default)]
pub struct SeriesData {
    pub extents: Vec<Extent>,
    pub closed: Vec<Arc<Chunk>>,
    pub open: Option<OpenChunk>,
    /// Time and hash of the newest exemplar, to refuse older ones and to pass over repeated ones.
    pub last_exemplar: Option<(Millis, u64)>,
}

/// The start of the window that a time is in.
pub fn window_of(t: Millis) -> Millis {
    t.div_euclid(WINDOW).saturating_mul(WINDOW)
}

impl MemSeries {
    pub fn new(id: u64, labels: Labels) -> Self {
        Self {
            id,
            labels,
            rank: AtomicU32::new(0),
            logged: AtomicBool::new(false),
            last_time: AtomicI64::new(NEVER),
            last_bits: AtomicU64::new(0),
            data: Mutex::default(),
        }
    }

    pub fn data(&self) -> MutexGuard<'_, SeriesData> {
        // A panic under this lock would be a bug of ours; the data is still whole, because pushes do not panic half-way.
        self.data.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Time and bits of the newest sample.
    pub fn last(&self) -> (Millis, u64) {
        (self.last_time.load(Ordering::Relaxed), self.last_bits.load(Ordering::Relaxed))
    }

    pub fn set_last(&self, t: Millis, bits: u64) {
        self.last_time.store(t, Ordering::Relaxed);
        self.last_bits.store(bits, Ordering::Relaxed);
    }

    /// Takes the newest sample from the data again, after a batch could not be written.
    pub fn reset_last(&self) {
        let data = self.data();
        let newest = data.open.as_ref().map(|open| (open.last().t, open.last().v.to_bits()));
        let (t, bits) = newest.unwrap_or((data.max_time().unwrap_or(NEVER), 0));
        self.set_last(t, bits);
    }
}

impl SeriesData {
    /// Appends a sample that is newer than all others.
    pub fn push(&mut self, sample: Sample) {
        match self.open.take() {
            Some(mut open) if !open.is_full() && window_of(open.min_time()) == window_of(sample.t) => {
                open.push(sample);
                self.open = Some(open);
            }
            full => {
                self.closed.extend(full.map(|open| Arc::new(open.close())));
                self.open = Some(OpenChunk::new(sample));
            }
        }
    }

    /// Closes the open chunk when its window is over before `boundary`.
    pub fn close_before(&mut self, boundary: Millis) {
        if self.open.as_ref().is_some_and(|open| window_of(open.min_time()) < boundary) {
            self.closed.extend(self.open.take().map(|open| Arc::new(open.close())));
        }
    }

    pub fn min_time(&self) -> Option<Millis> {
        let extent = self.extents.first().map(|extent| extent.min_time);
        let closed = || self.closed.first().map(|chunk| chunk.min_time);
        extent.or_else(closed).or_else(|| self.open.as_ref().map(OpenChunk::min_time))
    }

    pub fn max_time(&self) -> Option<Millis> {
        let open = self.open.as_ref().map(OpenChunk::max_time);
        let closed = || self.closed.last().map(|chunk| chunk.max_time);
        open.or_else(closed).or_else(|| self.extents.last().map(|extent| extent.max_time))
    }

    /// Whether a chunk or an extent overlaps the range.
    pub fn overlaps(&self, range: MillisRange) -> bool {
        let hits = |min: Millis, max: Millis| min <= range.end && max >= range.start;
        self.open.as_ref().is_some_and(|open| hits(open.min_time(), open.max_time()))
            || self.closed.iter().rev().any(|chunk| hits(chunk.min_time, chunk.max_time))
            || self.extents.iter().rev().any(|extent| hits(extent.min_time, extent.max_time))
    }

    pub fn has_head(&self) -> bool {
        self.open.is_some() || !self.closed.is_empty()
    }

    pub fn is_empty(&self) -> bool {
        !self.has_head() && self.extents.is_empty()
    }

    fn read_head(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), ChunkError> {
        let first = self.closed.partition_point(|chunk| chunk.max_time < range.start);
        for chunk in self.closed[first..].iter().take_while(|chunk| chunk.min_time <= range.end) {
            chunk.read(range, out)?;
        }
        match &self.open {
            Some(open) if open.min_time() <= range.end && open.max_time() >= range.start => {
                decode(open.bytes(), open.samples(), range, out)
            }
            _ => Ok(()),
        }
    }
}

impl SeriesReader for MemSeries {
    fn labels(&self) -> &Labels {
        &self.labels
    }

    fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), StoreError> {
        let damaged = |error: ChunkError| StoreError::Damaged {
            path: "head".into(),
            offset: 0,
            reason: format!("{}: {error}", self.labels),
        };
        let data = self.data();
        let first = data.extents.partition_point(|extent| extent.max_time < range.start);
        let on_disk: Vec<Extent> =
            data.extents[first..].iter().take_while(|extent| extent.min_time <= range.end).cloned().collect();
        if on_disk.is_empty() {
            return data.read_head(range, out).map_err(damaged);
        }
        // Head first, while the lock holds, so that a window that moves to disk meanwhile is read exactly once; then the
        // disk without the lock, because an append must not wait for it.
        let mut head = Vec::new();
        data.read_head(range, &mut head).map_err(damaged)?;
        drop(data);
        for extent in on_disk {
            extent.read(range, out)?;
        }
        out.append(&mut head);
        Ok(())
    }
}
