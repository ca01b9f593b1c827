//! Writes what the head holds as one file, so that the log before it can go and the next start is quick.

use super::Store;
use crate::report::Tally;
use crate::series::MemSeries;
use crate::wal::record::{LoggedChunk, Record};
use crate::wal::write_checkpoint;
use model::StoreError;
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A record of a checkpoint is closed when it has this many bytes.
const RECORD_BYTES: usize = 1 << 20;

impl Store {
    /// Begins a new log file and writes a checkpoint of everything before it. Appends go on meanwhile: what they add is
    /// in the new file as well, and the replay passes over what it has seen.
    pub(super) fn checkpoint(&self) -> Result<(), StoreError> {
        let Some(disk) = &self.disk else { return Ok(()) };
        let number = {
            let mut writer = self.writer();
            match &mut writer.log {
                Some(log) => log.rotate()?,
                None => return Ok(()),
            }
        };
        let with_exemplars: HashSet<u64> = self.ring().iter().map(|entry| entry.series).collect();
        let everything: Vec<Arc<MemSeries>> = self.index().iter().cloned().collect();
        let mut series = everything.iter();
        let mut exemplars: Vec<_> = self.ring().iter().cloned().collect();
        exemplars.reverse();
        let mut metadata: Vec<_> =
            self.metadata().all().iter().map(|(name, all)| (name.clone(), all.clone())).collect();
        let bytes = write_checkpoint(&disk.log_dir, number, || {
            let mut record = Record::default();
            while record.len() < RECORD_BYTES {
                if let Some(series) = series.next() {
                    head(&mut record, series, with_exemplars.contains(&series.id));
                } else if let Some(exemplar) = exemplars.pop() {
                    record.exemplar(&exemplar);
                } else if let Some((family, all)) = metadata.pop() {
                    all.iter().for_each(|metadata| record.metadata(&family, metadata));
                } else {
                    break;
                }
            }
            (!record.is_empty()).then(|| record.payload())
        })?;
        if let Some(log) = &mut self.writer().log {
            log.checkpointed();
        }
        self.checkpoint_bytes.store(bytes, Ordering::Relaxed);
        Tally::add(&self.tally.checkpoints, 1);
        Ok(())
    }
}

/// The definition of a series and its chunks, unless it has nothing in the head.
fn head(record: &mut Record, series: &MemSeries, wanted: bool) {
    let data = series.data();
    if !data.has_head() && !wanted && !series.logged.load(Ordering::Relaxed) {
        return;
    }
    record.series(series.id, &series.labels);
    for chunk in &data.closed {
        record.chunk(LoggedChunk {
            series: series.id,
            min_time: chunk.min_time,
            max_time: chunk.max_time,
            samples: chunk.samples,
            open: false,
            bytes: &chunk.bytes,
        });
    }
    if let Some(open) = &data.open {
        record.chunk(LoggedChunk {
            series: series.id,
            min_time: open.min_time(),
            max_time: open.max_time(),
            samples: open.samples(),
            open: true,
            bytes: open.bytes(),
        });
    }
}
