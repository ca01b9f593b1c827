//! The store as a whole: opening and recovering, and what its parts share.

mod maintain;
mod push;
mod query;
mod scan;

use crate::config::Config;
use crate::rate::Bucket;
use crate::segment;
use crate::segment::SegmentFile;
use crate::stream::Stream;
use crate::tail::Subscribers;
use crate::wal::{self, Record, Wal};
use model::{Clock, Labels, StoreError};
use std::collections::HashMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicU64;
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, RwLock};
use std::thread::JoinHandle;

/// Bytes of log whose replay would be felt at the next start: about a tenth of a second.
const SLOW_TO_REPLAY: u64 = 8 << 20;

/// What opening found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Recovery {
    pub segments: u64,
    pub records: u64,
    /// Lines read back from the write-ahead log.
    pub lines: u64,
    /// Bytes of a record that was being written when the process died.
    pub cut_bytes: u64,
    /// Files that could not be used, each with its reason. They are left where they are, renamed to `*.damaged`.
    pub damaged: Vec<String>,
}

/// Counters since the start and present sizes, for `/metrics`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Stats {
    pub lines: u64,
    pub bytes: u64,
    pub duplicates: u64,
    pub refused: u64,
    pub streams: u64,
    pub chunks: u64,
    pub segments: u64,
    /// Bytes of heads and of chunks that are in no segment yet.
    pub memory_bytes: u64,
    pub wal_bytes: u64,
    pub checkpoints: u64,
    pub failures: u64,
}

impl Stats {
    /// As metrics in Prometheus' text format; names are Loki's where it has one.
    pub fn exposition(&self) -> String {
        let lines = [
            (
                "loki_distributor_bytes_received_total",
                "counter",
                "Bytes of lines and metadata that were taken in.",
                self.bytes,
            ),
            ("loki_ingester_memory_streams", "gauge", "Streams that are known.", self.streams),
            (
                "loki_ingester_memory_bytes",
                "gauge",
                "Bytes of lines that are in no segment yet.",
                self.memory_bytes,
            ),
            ("loki_ingester_wal_bytes_in_use", "gauge", "Bytes of the write-ahead log.", self.wal_bytes),
            (
                "loki_ingester_checkpoint_creations_total",
                "counter",
                "Segments that were begun.",
                self.checkpoints,
            ),
            (
                "loki_ingester_checkpoint_creations_failed_total",
                "counter",
                "Writes that failed.",
                self.failures,
            ),
            ("loki_store_chunks", "gauge", "Chunks that are stored.", self.chunks),
            ("loki_store_segments", "gauge", "Segment files.", self.segments),
        ];
        let line = |(name, kind, help, value): (&str, &str, &str, u64)| {
            format!("# HELP {name} {help}\n# TYPE {name} {kind}\n{name} {value}\n")
        };
        lines.into_iter().map(line).collect()
    }
}

#[derive(Default)]
struct Counters {
    lines: AtomicU64,
    bytes: AtomicU64,
    duplicates: AtomicU64,
    refused: AtomicU64,
    checkpoints: AtomicU64,
    failures: AtomicU64,
}

/// What readers see.
#[derive(Default)]
struct Streams {
    by_labels: HashMap<Labels, u32>,
    /// By id; ids are not used again.
    all: HashMap<u32, Stream>,
    next_id: u32,
    segments: Vec<OpenSegment>,
}

struct OpenSegment {
    file: Arc<SegmentFile>,
    sequence: u64,
    /// Newest line in it: what retention looks at.
    newest: i64,
}

/// What writers need besides; one push at a time.
struct Writer {
    wal: Wal,
    /// Sizes of finished log files that no segment contains yet.
    finished: u64,
    record: Record,
    bucket: Bucket,
}

struct Inner {
    config: Config,
    clock: Arc<dyn Clock>,
    directory: PathBuf,
    /// Locked before `streams` where both are needed.
    writer: Mutex<Writer>,
    streams: RwLock<Streams>,
    /// Held while a segment is made, so that there is one at a time.
    checkpoint: Mutex<u64>,
    tails: Subscribers,
    counters: Counters,
    stop: Mutex<bool>,
    wake: Condvar,
}

/// A log store in a folder. Dropping it stops its thread after the write at hand, and makes a segment of a long log.
pub struct LogDb {
    inner: Arc<Inner>,
    recovery: Recovery,
    thread: Option<JoinHandle<()>>,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Inner {
    fn read(&self) -> std::sync::RwLockReadGuard<'_, Streams> {
        self.streams.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> std::sync::RwLockWriteGuard<'_, Streams> {
        self.streams.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Streams {
    fn get_or_create(&mut self, labels: &Labels) -> &mut Stream {
        let id = *self.by_labels.entry(labels.clone()).or_insert_with(|| {
            self.next_id += 1;
            self.next_id
        });
        self.all.entry(id).or_insert_with(|| Stream::new(id, labels.clone()))
    }
}

impl LogDb {
    /// Opens the store in `directory`, which is made when it is not there, and reads back what the last process left.
    ///
    /// # Errors
    /// [`StoreError`] when the folder cannot be used or was written by another version of the format.
    pub fn open(directory: &Path, config: Config, clock: Arc<dyn Clock>) -> Result<Self, StoreError> {
        let segments = directory.join("segments");
        let logs = directory.join("wal");
        for folder in [&segments, &logs] {
            fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
        }
        let mut streams = Streams::default();
        let mut recovery = Recovery::default();
        let (next_segment, wal_upto) = load_segments(&segments, &mut streams, &mut recovery)?;
        let mut files = wal::list(&logs)?;
        let last = files.last().copied().unwrap_or(0).max(wal_upto);
        // Log files that a segment contains were only not yet deleted.
        files.retain(|sequence| {
            let contained = *sequence <= wal_upto;
            if contained {
                let _ = fs::remove_file(wal::path_of(&logs, *sequence));
            }
            !contained
        });
        let mut finished = 0;
        for sequence in files {
            finished += load_log(&wal::path_of(&logs, sequence), &config, &mut streams, &mut recovery)?;
        }
        let now = clock.now_nanos();
        let writer = Writer {
            wal: Wal::create(&logs, last + 1)?,
            finished,
            record: Record::default(),
            bucket: Bucket::new(config.ingestion_rate, config.ingestion_burst, now),
        };
        let inner = Arc::new(Inner {
            config,
            clock,
            directory: directory.to_owned(),
            writer: Mutex::new(writer),
            streams: RwLock::new(streams),
            checkpoint: Mutex::new(next_segment),
            tails: Subscribers::default(),
            counters: Counters::default(),
            stop: Mutex::new(false),
            wake: Condvar::new(),
        });
        let worker = inner.clone();
        let thread = std::thread::Builder::new()
            .name("logdb".to_owned())
            .spawn(move || maintain::run(&worker))
            .map_err(StoreError::io("start the thread of", directory))?;
        Ok(Self { inner, recovery, thread: Some(thread) })
    }

    pub fn recovery(&self) -> &Recovery {
        &self.recovery
    }

    pub fn stats(&self) -> Stats {
        self.inner.stats()
    }

    /// Seals everything into a segment now. Happens by itself when the write-ahead log has grown enough.
    ///
    /// # Errors
    /// [`StoreError`] when the segment cannot be written; everything stays in memory and in the log then.
    pub fn checkpoint(&self) -> Result<(), StoreError> {
        self.inner.checkpoint()
    }

    /// Deletes what is older than the retention. Happens by itself.
    pub fn apply_retention(&self) {
        self.inner.apply_retention();
    }
}

impl Drop for LogDb {
    fn drop(&mut self) {
        *lock(&self.inner.stop) = true;
        self.inner.wake.notify_all();
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
        let behind = {
            let writer = lock(&self.inner.writer);
            writer.wal.size + writer.finished
        };
        // The next start need not read a long log then. Without it nothing is lost either.
        if behind > SLOW_TO_REPLAY {
            let _ = self.inner.checkpoint();
        }
    }
}

/// Opens all segments; gives the next free number and up to which log file they go.
fn load_segments(
    directory: &Path,
    streams: &mut Streams,
    recovery: &mut Recovery,
) -> Result<(u64, u64), StoreError> {
    let (mut next, mut wal_upto) = (1, 0);
    for sequence in segment::list(directory)? {
        next = sequence + 1;
        let segment = match segment::open(directory, sequence) {
            Ok(segment) => segment,
            Err(StoreError::Damaged { path, reason, .. }) => {
                recovery.damaged.push(format!("{}: {reason}", path.display()));
                let _ = fs::rename(&path, path.with_extension("seg.damaged"));
                continue;
            }
            Err(other) => return Err(other),
        };
        recovery.segments += 1;
        wal_upto = wal_upto.max(segment.wal_upto);
        let newest =
            segment.streams.iter().flat_map(|(_, chunks)| chunks).map(|chunk| chunk.meta.max_t).max();
        for (labels, chunks) in segment.streams {
            let stream = streams.get_or_create(&labels);
            stream.newest =
                chunks.iter().map(|chunk| chunk.meta.max_t).max().unwrap_or(i64::MIN).max(stream.newest);
            stream.chunks.extend(chunks);
        }
        let newest = newest.unwrap_or(i64::MIN);
        streams.segments.push(OpenSegment { file: segment.file, sequence, newest });
    }
    Ok((next, wal_upto))
}

fn load_log(
    path: &Path,
    config: &Config,
    streams: &mut Streams,
    recovery: &mut Recovery,
) -> Result<u64, StoreError> {
    let mut visit = |labels: &Labels, line: wal::Replayed<'_>| {
        let stream = streams.get_or_create(labels);
        stream.append(line.t, line.line, line.metadata.iter().copied(), config.block_size);
    };
    match wal::replay(path, &mut visit) {
        Ok(report) => {
            recovery.records += report.records;
            recovery.lines += report.lines;
            recovery.cut_bytes += report.cut;
            Ok(fs::metadata(path).map_or(0, |metadata| metadata.len()))
        }
        Err(StoreError::Damaged { path, reason, .. }) => {
            recovery.damaged.push(format!("{}: {reason}", path.display()));
            let _ = fs::rename(&path, path.with_extension("wal.damaged"));
            Ok(0)
        }
        Err(other) => Err(other),
    }
}

#[cfg(test)]
mod tests;
