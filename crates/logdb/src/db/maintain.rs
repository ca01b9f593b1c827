//! What happens in the background: forcing data to the disk, checkpoints, retention.

use super::{Inner, OpenSegment, Stats, lock};
use crate::chunk::{Chunk, ChunkData};
use crate::segment;
use crate::wal::{self, Wal};
use model::{Labels, StoreError};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::sync::PoisonError;
use std::sync::atomic::Ordering;

/// Retention is looked at once in this many rounds.
const RETENTION_ROUNDS: u64 = 60;

/// The thread of the store: a round every `sync_interval`, or sooner when the log has grown enough.
pub(super) fn run(inner: &Inner) {
    let mut round = 0u64;
    loop {
        {
            let stop = lock(&inner.stop);
            if *stop {
                break;
            }
            let waited = inner.wake.wait_timeout(stop, inner.config.sync_interval);
            if *waited.unwrap_or_else(PoisonError::into_inner).0 {
                break;
            }
        }
        round += 1;
        inner.sync();
        let behind = {
            let writer = lock(&inner.writer);
            writer.wal.size + writer.finished
        };
        if behind > inner.config.checkpoint_size && inner.checkpoint().is_err() {
            inner.counters.failures.fetch_add(1, Ordering::Relaxed);
        }
        if round.is_multiple_of(RETENTION_ROUNDS) {
            inner.apply_retention();
        }
    }
    inner.sync();
}

impl Inner {
    fn sync(&self) {
        let handle = lock(&self.writer).wal.handle();
        if handle.is_none_or(|file| file.sync_data().is_err()) {
            self.counters.failures.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Starts a new log file, seals all heads, writes all chunks that are only in memory into a segment and deletes the
    /// log files that it contains.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        let mut next_segment = lock(&self.checkpoint);
        let logs = self.directory.join("wal");
        let (wal_upto, streams) = {
            let mut writer = lock(&self.writer);
            let wal_upto = writer.wal.sequence;
            let next = Wal::create(&logs, wal_upto + 1)?;
            let old = std::mem::replace(&mut writer.wal, next);
            writer.finished += old.size;
            let mut all = self.write();
            let streams: Vec<_> = all.all.values_mut().filter_map(to_write).collect();
            (wal_upto, streams)
        };
        if !streams.is_empty() {
            let segment = segment::write(&self.directory.join("segments"), *next_segment, wal_upto, streams)?;
            *next_segment += 1;
            self.put_on_disk(segment);
        }
        lock(&self.writer).finished = 0;
        for sequence in wal::list(&logs)?.into_iter().filter(|sequence| *sequence <= wal_upto) {
            let path = wal::path_of(&logs, sequence);
            fs::remove_file(&path).map_err(StoreError::io("delete", &path))?;
        }
        self.counters.checkpoints.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }

    /// Replaces the chunks in memory by those of the segment, which are the same in the same order.
    fn put_on_disk(&self, segment: segment::Segment) {
        let mut all = self.write();
        let mut newest = i64::MIN;
        for (labels, written) in segment.streams {
            newest = written.iter().map(|chunk| chunk.meta.max_t).max().unwrap_or(newest).max(newest);
            let Some(stream) = all.by_labels.get(&labels).copied().and_then(|id| all.all.get_mut(&id)) else {
                continue;
            };
            let mut written = written.into_iter();
            for chunk in stream.chunks.iter_mut().filter(|chunk| matches!(chunk.data, ChunkData::Memory(_))) {
                match written.next() {
                    Some(on_disk) => *chunk = on_disk,
                    None => break,
                }
            }
        }
        all.segments.push(OpenSegment { file: segment.file, sequence: segment.sequence, newest });
    }

    /// Deletes segments that are older than the retention as a whole, and streams without lines.
    pub(super) fn apply_retention(&self) {
        let retention = i64::try_from(self.config.retention.as_nanos()).unwrap_or(i64::MAX);
        let mut all = self.write();
        if retention > 0 {
            let cutoff = self.clock.now_nanos().saturating_sub(retention);
            let (old, kept): (Vec<_>, Vec<_>) =
                all.segments.drain(..).partition(|segment| segment.newest < cutoff);
            all.segments = kept;
            let old_files: HashSet<_> = old.iter().map(|segment| segment.sequence).collect();
            if !old_files.is_empty() {
                for stream in all.all.values_mut() {
                    stream.chunks.retain(|chunk| match &chunk.data {
                        ChunkData::Memory(_) => true,
                        ChunkData::Disk { file, .. } => {
                            !old.iter().any(|segment| std::sync::Arc::ptr_eq(&segment.file, file))
                        }
                    });
                }
            }
            for segment in &old {
                // A reader that has it open reads on; the name is gone.
                if fs::remove_file(segment.file.path()).is_err() {
                    self.counters.failures.fetch_add(1, Ordering::Relaxed);
                }
            }
        }
        let empty: HashMap<u32, Labels> = all
            .all
            .values()
            .filter(|stream| stream.is_empty())
            .map(|stream| (stream.id, stream.labels.clone()))
            .collect();
        for (id, labels) in empty {
            all.all.remove(&id);
            all.by_labels.remove(&labels);
        }
    }

    pub(super) fn stats(&self) -> Stats {
        let wal_bytes = {
            let writer = lock(&self.writer);
            writer.wal.size + writer.finished
        };
        let all = self.read();
        let load = |counter: &std::sync::atomic::AtomicU64| counter.load(Ordering::Relaxed);
        let chunks = || all.all.values().flat_map(|stream| &stream.chunks);
        let heads: usize = all.all.values().map(|stream| stream.head.size()).sum();
        Stats {
            lines: load(&self.counters.lines),
            bytes: load(&self.counters.bytes),
            duplicates: load(&self.counters.duplicates),
            refused: load(&self.counters.refused),
            streams: all.all.len() as u64,
            chunks: chunks().count() as u64,
            segments: all.segments.len() as u64,
            memory_bytes: (heads + chunks().map(Chunk::packed_size).sum::<usize>()) as u64,
            wal_bytes,
            checkpoints: load(&self.counters.checkpoints),
            failures: load(&self.counters.failures),
        }
    }
}

fn to_write(stream: &mut crate::stream::Stream) -> Option<(Labels, Vec<Chunk>)> {
    stream.seal();
    let chunks: Vec<_> =
        stream.chunks.iter().filter(|chunk| matches!(chunk.data, ChunkData::Memory(_))).cloned().collect();
    (!chunks.is_empty()).then(|| (stream.labels.clone(), chunks))
}
