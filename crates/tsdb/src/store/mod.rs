//! The store: opens a folder, takes batches, answers queries, keeps itself tidy.
//!
//! Locks, in the order in which they are taken: `maintenance` (one upkeep at a time), `writer` (one batch at a time),
//! then `index`, `exemplars`, `metadata`, `segments` or a series' data, none of which is held while another is taken
//! except `index` for reading.

mod append;
mod checkpoint;
mod cut;
mod maintain;
mod query;
mod recover;

use crate::exemplars::Ring;
use crate::index::{Index, Strings};
use crate::metadata::MetadataTable;
use crate::options::Options;
use crate::report::{Counters, RecoveryReport, Tally};
use crate::segment::Segment;
use crate::series::MemSeries;
use crate::wal::Log;
use model::clock::Millis;
use model::{Clock, Labels, StoreError};
use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicI64, AtomicU64};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

/// A metrics store. All methods take `&self`; share it in an `Arc`.
#[derive(Debug)]
pub struct Store {
    options: Options,
    disk: Option<Disk>,
    writer: Mutex<Writer>,
    index: RwLock<Index>,
    exemplars: Mutex<Ring>,
    metadata: RwLock<MetadataTable>,
    /// Oldest first.
    segments: Mutex<Vec<Arc<Segment>>>,
    maintenance: Mutex<Upkeep>,
    /// Samples before this are refused: their window is on disk.
    min_valid: AtomicI64,
    /// Newest sample of all series.
    newest: AtomicI64,
    /// Bytes of the checkpoint that the log goes on from.
    checkpoint_bytes: AtomicU64,
    tally: Tally,
    recovery: RecoveryReport,
}

/// Where the files are. The lock is held as long as the store lives.
#[derive(Debug)]
struct Disk {
    log_dir: PathBuf,
    segment_dir: PathBuf,
    _lock: File,
}

#[derive(Debug)]
struct Writer {
    /// None in memory.
    log: Option<Log>,
    strings: Strings,
    next_id: u64,
}

impl Writer {
    fn new(log: Option<Log>, epoch: u64) -> Self {
        Self { log, strings: Strings::default(), next_id: (epoch << 32) + 1 }
    }

    /// A series that is not in the index yet. Numbers are never used twice: their upper half is the number of the log
    /// file that this process began with.
    fn create(&mut self, labels: &Labels) -> Arc<MemSeries> {
        let id = self.next_id;
        self.next_id += 1;
        Arc::new(MemSeries::new(id, self.strings.intern(labels)))
    }
}

#[derive(Debug, Default)]
struct Upkeep {
    last_sync: Option<Millis>,
    last_collection: Option<Millis>,
    /// A cut began and did not end well: try again at the next call.
    cut_unfinished: bool,
}

impl Store {
    /// Opens the store in `dir`, which is made when it is not there, and replays the log.
    ///
    /// Torn or corrupt data is cut off and described in [`Store::recovery`], not an error.
    ///
    /// # Errors
    /// [`StoreError::Io`] when the folder cannot be used or another process uses it, [`StoreError::Version`] when a newer
    /// program wrote it.
    pub fn open(dir: &Path, options: Options, clock: &dyn Clock) -> Result<Self, StoreError> {
        recover::open(dir, options, clock)
    }

    /// A store without files, for tests and for rule checks. Nothing is ever cut; `maintain` drops what is too old.
    pub fn in_memory(options: Options) -> Self {
        Self::empty(options, None, Writer::new(None, 1))
    }

    fn empty(options: Options, disk: Option<Disk>, writer: Writer) -> Self {
        Self {
            exemplars: Mutex::new(Ring::new(options.max_exemplars)),
            options,
            disk,
            writer: Mutex::new(writer),
            index: RwLock::default(),
            metadata: RwLock::default(),
            segments: Mutex::default(),
            maintenance: Mutex::default(),
            min_valid: AtomicI64::new(Millis::MIN),
            newest: AtomicI64::new(Millis::MIN),
            checkpoint_bytes: AtomicU64::new(0),
            tally: Tally::default(),
            recovery: RecoveryReport::default(),
        }
    }

    /// What was found when the store was opened.
    pub fn recovery(&self) -> &RecoveryReport {
        &self.recovery
    }

    pub fn counters(&self) -> Counters {
        self.tally.read()
    }

    pub fn options(&self) -> &Options {
        &self.options
    }

    // A thread that panics while it holds one of these locks is a bug that tests must find; the data under it is still
    // whole enough to read, and a store that refuses everything afterwards would lose more.
    fn writer(&self) -> MutexGuard<'_, Writer> {
        self.writer.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn index(&self) -> RwLockReadGuard<'_, Index> {
        self.index.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn index_mut(&self) -> RwLockWriteGuard<'_, Index> {
        self.index.write().unwrap_or_else(PoisonError::into_inner)
    }

    fn ring(&self) -> MutexGuard<'_, Ring> {
        self.exemplars.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn segments(&self) -> MutexGuard<'_, Vec<Arc<Segment>>> {
        self.segments.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests;
