//! Opens a folder: segments first, then the checkpoint, then the log.

use super::{Disk, Store, Writer};
use crate::chunk::{Chunk, OpenChunk};
use crate::exemplars::Packed;
use crate::index::Index;
use crate::metadata::MetadataTable;
use crate::options::Options;
use crate::report::{Damage, RecoveryReport};
use crate::segment::{self, Segment};
use crate::series::MemSeries;
use crate::wal::record::{LoggedChunk, LoggedSample, Visit};
use crate::wal::replay::replay;
use crate::wal::{Kind, Log, list, remove_below, sync_dir};
use model::clock::Millis;
use model::metrics::{Metadata, MillisRange, Sample};
use model::{Clock, Labels, StoreError};
use std::collections::HashMap;
use std::fs::{File, TryLockError};
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

pub(super) fn open(dir: &Path, options: Options, clock: &dyn Clock) -> Result<Store, StoreError> {
    let began = clock.now_nanos();
    let log_dir = dir.join("wal");
    let segment_dir = dir.join("segments");
    for folder in [&log_dir, &segment_dir] {
        std::fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
    }
    let disk = Disk { _lock: lock(&dir.join("lock"))?, log_dir, segment_dir };

    let files = list(&disk.log_dir)?;
    let checkpoint =
        files.iter().rev().find(|(_, kind, _)| *kind == Kind::Checkpoint).map(|(number, ..)| *number);
    remove_below(&disk.log_dir, checkpoint.unwrap_or(0))?;
    let files = list(&disk.log_dir)?;
    let number = files.last().map_or(0, |(number, ..)| *number) + 1;
    let logs: u64 = files
        .iter()
        .filter(|(_, kind, _)| *kind == Kind::Log)
        .filter_map(|(_, _, path)| Some(path.metadata().ok()?.len()))
        .sum();

    let mut recovery = Recovery::new(Writer::new(None, number));
    recovery.segments(&disk.segment_dir)?;
    for (_, _, path) in &files {
        let replayed = replay(path, &mut recovery)?;
        recovery.report.log_files += 1;
        recovery.report.records += replayed.records;
        if let Some(damage) = replayed.damage {
            cut_off(&damage)?;
            recovery.report.damages.push(damage);
        }
    }
    let checkpoint_file = files.iter().find(|(_, kind, _)| *kind == Kind::Checkpoint);
    let checkpoint_bytes = checkpoint_file.and_then(|(_, _, path)| Some(path.metadata().ok()?.len()));
    recovery.writer.log = Some(Log::begin(&disk.log_dir, number, logs)?);
    let mut store = recovery.into_store(options, disk);
    store.checkpoint_bytes.store(checkpoint_bytes.unwrap_or(0), Ordering::Relaxed);
    let took = clock.now_nanos().saturating_sub(began);
    store.recovery.took = Duration::from_nanos(took.max(0) as u64);
    Ok(store)
}

/// Holds the folder for this process.
fn lock(path: &Path) -> Result<File, StoreError> {
    let io = |source| StoreError::Io { doing: "lock", path: path.to_path_buf(), source };
    let file = File::options().create(true).truncate(false).write(true).open(path).map_err(io)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            Err(io(io::Error::new(io::ErrorKind::WouldBlock, "another process uses this store")))
        }
        Err(TryLockError::Error(error)) => Err(io(error)),
    }
}

/// Cuts a file where it stops making sense, so that the damage is reported once.
fn cut_off(damage: &Damage) -> Result<(), StoreError> {
    let file =
        File::options().write(true).open(&damage.file).map_err(StoreError::io("open", &damage.file))?;
    file.set_len(damage.offset).map_err(StoreError::io("cut off the end of", &damage.file))?;
    file.sync_all().map_err(StoreError::io("sync", &damage.file))
}

/// What is known so far.
struct Recovery {
    writer: Writer,
    index: Index,
    /// Series by the number that the log calls them.
    by_logged_id: HashMap<u64, Arc<MemSeries>>,
    exemplars: Vec<Packed>,
    metadata: MetadataTable,
    segments: Vec<Arc<Segment>>,
    /// The end of the last segment: older samples in the log are in a segment.
    min_valid: Millis,
    report: RecoveryReport,
}

impl Recovery {
    fn new(writer: Writer) -> Self {
        Self {
            writer,
            index: Index::default(),
            by_logged_id: HashMap::new(),
            exemplars: Vec::new(),
            metadata: MetadataTable::default(),
            segments: Vec::new(),
            min_valid: Millis::MIN,
            report: RecoveryReport::default(),
        }
    }

    fn segments(&mut self, dir: &Path) -> Result<(), StoreError> {
        let mut paths = Vec::new();
        for entry in std::fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
            let path = entry.map_err(StoreError::io("list", dir))?.path();
            match path.extension().and_then(|extension| extension.to_str()) {
                Some("seg") => paths.push(path),
                Some("tmp") => std::fs::remove_file(&path).map_err(StoreError::io("delete", &path))?,
                _ => {}
            }
        }
        let mut loaded = Vec::new();
        for path in paths {
            match segment::load(&path) {
                Ok(segment) => loaded.push(segment),
                Err(StoreError::Damaged { path, offset, reason }) => {
                    self.set_aside(&path, offset, reason)?;
                }
                Err(error) => return Err(error),
            }
        }
        sync_dir(dir)?;
        loaded.sort_by_key(|(segment, _)| segment.start);
        for (segment, series) in loaded {
            self.min_valid = self.min_valid.max(segment.end);
            self.report.segments += 1;
            for (labels, extent) in series {
                let known = self.series_of(&labels);
                known.set_last(extent.max_time, 0);
                known.data().extents.push(extent);
            }
            self.segments.push(segment);
        }
        Ok(())
    }

    /// A segment that cannot be read is kept under another name, for whoever wants to look at it.
    fn set_aside(&mut self, path: &Path, offset: u64, reason: String) -> Result<(), StoreError> {
        let bytes = path.metadata().map_or(0, |metadata| metadata.len());
        let aside = path.with_extension("damaged");
        std::fs::rename(path, &aside).map_err(StoreError::io("rename", path))?;
        self.report.damages.push(Damage { file: path.to_path_buf(), offset, bytes_lost: bytes, reason });
        Ok(())
    }

    fn series_of(&mut self, labels: &Labels) -> Arc<MemSeries> {
        if let Some(known) = self.index.by_labels(labels) {
            return Arc::clone(known);
        }
        let series = self.writer.create(labels);
        self.index.insert(Arc::clone(&series));
        series
    }

    fn push(&mut self, series: &MemSeries, sample: Sample) {
        if sample.t <= series.last().0 || sample.t < self.min_valid {
            self.report.samples_skipped += 1;
            return;
        }
        series.set_last(sample.t, sample.v.to_bits());
        series.data().push(sample);
        self.report.samples += 1;
    }

    fn into_store(self, options: Options, disk: Disk) -> Store {
        let mut store = Store::empty(options, Some(disk), self.writer);
        let newest = self.index.iter().map(|series| series.last().0).max().unwrap_or(Millis::MIN);
        store.newest = newest.into();
        store.min_valid = self.min_valid.into();
        store.recovery = self.report;
        store.recovery.series = self.index.len() as u64;
        store.recovery.exemplars = self.exemplars.len() as u64;
        store.index = self.index.into();
        store.metadata = self.metadata.into();
        store.segments = self.segments.into();
        for exemplar in self.exemplars {
            store.ring().push(exemplar);
        }
        store
    }
}

impl Visit for Recovery {
    fn series(&mut self, id: u64, labels: Labels) {
        let series = self.series_of(&labels);
        self.by_logged_id.insert(id, series);
    }

    fn sample(&mut self, sample: LoggedSample) {
        match self.by_logged_id.get(&sample.series).cloned() {
            Some(series) => self.push(&series, Sample { t: sample.t, v: f64::from_bits(sample.bits) }),
            None => self.report.orphans += 1,
        }
    }

    fn exemplar(&mut self, mut exemplar: Packed) {
        let Some(series) = self.by_logged_id.get(&exemplar.series) else {
            self.report.orphans += 1;
            return;
        };
        exemplar.series = series.id;
        let mut data = series.data();
        // A checkpoint and the log behind it may both have it.
        if data.last_exemplar.is_some_and(|(newest, hash)| exemplar.t < newest || hash == exemplar.hash()) {
            return;
        }
        data.last_exemplar = Some((exemplar.t, exemplar.hash()));
        drop(data);
        self.exemplars.push(exemplar);
    }

    fn metadata(&mut self, family: &str, metadata: Metadata) {
        self.metadata.set(family, metadata);
    }

    fn chunk(&mut self, chunk: LoggedChunk<'_>) {
        let Some(series) = self.by_logged_id.get(&chunk.series).cloned() else {
            self.report.orphans += u64::from(chunk.samples);
            return;
        };
        let mut samples = Vec::with_capacity(usize::from(chunk.samples.min(crate::chunk::CHUNK_SAMPLES)));
        if crate::chunk::decode(chunk.bytes, chunk.samples, MillisRange::ALL, &mut samples).is_err() {
            self.report.orphans += u64::from(chunk.samples);
            return;
        }
        let Some(last) = samples.last().copied() else { return };
        let whole = !chunk.open && chunk.min_time > series.last().0 && chunk.min_time >= self.min_valid;
        if !whole {
            samples.into_iter().for_each(|sample| self.push(&series, sample));
            return;
        }
        series.set_last(last.t, last.v.to_bits());
        self.report.samples += samples.len() as u64;
        let mut data = series.data();
        let open = data.open.take().map(OpenChunk::close);
        data.closed.extend(open.map(Arc::new));
        let LoggedChunk { min_time, max_time, samples, bytes, .. } = chunk;
        data.closed.push(Arc::new(Chunk { min_time, max_time, samples, bytes: bytes.into() }));
    }
}
