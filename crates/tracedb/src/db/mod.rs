//! The store as a whole: one head that is written to, heads that are being written out, segments.

mod open;
mod query;
mod tags;

use crate::head::Head;
use crate::segment::{self, Segment};
use crate::wal::Wal;
use model::StoreError;
use model::clock::Nanos;
use model::traces::{SpanBatch, SpanReport, TraceAppender, TraceId};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};
use std::time::Duration;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Options {
    /// A head of this size becomes a segment. Bytes, an estimate of memory.
    pub head_bytes: usize,
    /// A trace does not grow beyond this within one head. Bytes of rows.
    pub max_trace_bytes: usize,
    /// Segments whose newest span is older go.
    pub retention: Duration,
    /// A head with a span older than this becomes a segment, however small.
    pub head_age: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            head_bytes: 24 << 20,
            // Tempo's default for a trace is 5 MB of protobuf; rows are about a quarter of that.
            max_trace_bytes: 5 << 20,
            retention: Duration::from_secs(48 * 3_600),
            head_age: Duration::from_secs(1_800),
        }
    }
}

/// What opening the store found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    /// Spans that were read from logs.
    pub replayed_spans: u64,
    pub segments: usize,
    /// Logs whose end was cut off: path, offset, bytes cut.
    pub torn: Vec<(PathBuf, u64, u64)>,
    /// Segments that cannot be read and were set aside: path and reason.
    pub set_aside: Vec<(PathBuf, String)>,
}

pub struct TraceDb {
    folder: PathBuf,
    options: Options,
    state: RwLock<State>,
    /// Held by the one that writes a segment.
    flushing: Mutex<()>,
}

struct State {
    head: Head,
    wal: Wal,
    frozen: Vec<Arc<Head>>,
    /// Oldest first.
    segments: Vec<Arc<Segment>>,
    /// Traces that are in more than one of head, frozen heads and segments.
    split: HashSet<TraceId>,
}

fn wal_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("{generation:08}.wal"))
}

fn segment_path(folder: &Path, generation: u64) -> PathBuf {
    folder.join(format!("{generation:08}.segment"))
}

impl State {
    /// Whether an older part of the trace is anywhere but in the head.
    fn is_elsewhere(&self, id: TraceId) -> bool {
        self.frozen.iter().any(|head| head.traces.contains_key(&id))
            // A segment that cannot be read is taken to have it: then a query names the damage.
            || self.segments.iter().any(|segment| segment.contains(id).unwrap_or(true))
    }
}

impl TraceDb {
    fn read(&self) -> RwLockReadGuard<'_, State> {
        self.state.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, State> {
        self.state.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// Writes the head out as a segment, if there is anything in it.
    ///
    /// # Errors
    /// [`StoreError`] when the segment cannot be written. Its spans stay in memory and in the log, and the next call
    /// tries again.
    pub fn flush(&self) -> Result<(), StoreError> {
        let _only = self.flushing.lock().unwrap_or_else(PoisonError::into_inner);
        self.flush_if(|head| !head.traces.is_empty())
    }

    fn flush_if(&self, due: impl FnOnce(&Head) -> bool) -> Result<(), StoreError> {
        let unsynced = {
            let state = &mut *self.write();
            if due(&state.head) {
                let generation = state.head.generation + 1;
                let wal = Wal::create(wal_path(&self.folder, generation), 0)?;
                let frozen = std::mem::replace(&mut state.head, Head::new(generation, 0));
                let mut old = std::mem::replace(&mut state.wal, wal);
                state.frozen.push(Arc::new(frozen));
                old.unsynced()
            } else {
                None
            }
        };
        if let Some(old) = unsynced {
            old.sync()?;
        }
        while let Some(head) = { self.read().frozen.first().cloned() } {
            let mut dict = Vec::new();
            head.dict.put_all(&mut dict);
            let path = segment_path(&self.folder, head.generation);
            let split: Vec<TraceId> = {
                let state = self.read();
                head.traces.keys().filter(|id| state.split.contains(*id)).copied().collect()
            };
            segment::write(&path, &head, &dict, &split)?;
            let segment = Arc::new(Segment::open(&path, head.generation)?);
            {
                let state = &mut *self.write();
                state.segments.push(segment);
                state.frozen.retain(|frozen| frozen.generation != head.generation);
            }
            let log = wal_path(&self.folder, head.generation);
            std::fs::remove_file(&log).map_err(StoreError::io("remove", &log))?;
        }
        Ok(())
    }

    /// What has to be done now and then (about once a second): makes the log outlast a loss of power, writes out an
    /// old head, drops segments beyond retention.
    ///
    /// # Errors
    /// [`StoreError`] of the first thing that failed; the next call tries again.
    pub fn maintain(&self, now: Nanos) -> Result<(), StoreError> {
        let unsynced = self.write().wal.unsynced();
        if let Some(log) = unsynced
            && let Err(error) = log.sync()
        {
            self.write().wal.mark_unsynced();
            return Err(error);
        }
        let old = now.saturating_sub(nanos(self.options.head_age));
        if let Ok(_only) = self.flushing.try_lock() {
            self.flush_if(|head| head.traces.values().any(|trace| trace.start < old))?;
        }
        let oldest = now.saturating_sub(nanos(self.options.retention));
        let gone = {
            let state = &mut *self.write();
            let gone: Vec<Arc<Segment>> =
                state.segments.iter().filter(|segment| segment.max_end < oldest).cloned().collect();
            state.segments.retain(|segment| segment.max_end >= oldest);
            if !gone.is_empty() {
                let (head, frozen, segments) = (&state.head, &state.frozen, &state.segments);
                state.split.retain(|id| {
                    head.traces.contains_key(id)
                        || frozen.iter().any(|head| head.traces.contains_key(id))
                        || segments.iter().any(|segment| segment.may_contain(*id))
                });
            }
            gone
        };
        for segment in gone {
            std::fs::remove_file(segment.path()).map_err(StoreError::io("remove", segment.path()))?;
        }
        self.read().segments.iter().for_each(|segment| segment.forget_dict());
        Ok(())
    }

    /// Bytes on disk: segments and logs.
    pub fn disk_bytes(&self) -> u64 {
        let state = self.read();
        state.segments.iter().map(|segment| segment.file_len).sum::<u64>() + state.wal.len()
    }
}

fn nanos(duration: Duration) -> Nanos {
    Nanos::try_from(duration.as_nanos()).unwrap_or(Nanos::MAX)
}

impl TraceAppender for TraceDb {
    fn push(&self, batches: Vec<SpanBatch>) -> Result<SpanReport, StoreError> {
        let (report, full) = {
            let state = &mut *self.write();
            if state.head.traces.is_empty() && state.head.base == 0 {
                // The first span of a head is what its times count from; the log has to know.
                let first = batches.iter().flat_map(|batch| &batch.spans).map(|span| span.start).min();
                let Some(first) = first else { return Ok(SpanReport::default()) };
                state.wal = Wal::create(state.wal.path().to_owned(), first)?;
                state.head.base = first;
            }
            let prepared = state.head.prepare(&batches, self.options.max_trace_bytes);
            if let Err(error) = state.wal.append(&prepared.payload) {
                state.head.dict.roll_back();
                return Err(error);
            }
            state.head.dict.commit();
            let mut fresh = Vec::new();
            state
                .head
                .apply(&prepared, &mut |id| fresh.push(id))
                .expect("BUG: what was just encoded cannot be read");
            for id in fresh {
                if state.is_elsewhere(id) {
                    state.split.insert(id);
                }
            }
            (prepared.report, state.head.size() >= self.options.head_bytes)
        };
        // The one that fills the head writes it out; others go on, into the next head, unless that is full as well.
        if full {
            let only = match self.flushing.try_lock() {
                Ok(only) => Some(only),
                Err(_) if self.read().head.size() < 2 * self.options.head_bytes => None,
                Err(_) => Some(self.flushing.lock().unwrap_or_else(PoisonError::into_inner)),
            };
            if only.is_some() {
                // A segment that cannot be written now is no reason to refuse what is in the log already; the head
                // stays and the next push or `maintain` tries again and says so.
                let limit = self.options.head_bytes;
                let flushed = self.flush_if(|head| head.size() >= limit);
                let state = self.read();
                let held: usize =
                    state.frozen.iter().map(|head| head.size()).sum::<usize>() + state.head.size();
                if held > 4 * limit {
                    flushed?;
                }
            }
        }
        Ok(report)
    }
}

#[cfg(test)]
pub(crate) mod tests;
