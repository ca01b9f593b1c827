//! Opening: segments as they are, logs replayed.

use super::{Options, Recovery, State, TraceDb, segment_path, wal_path};
use crate::segment::{self, Segment};
use crate::wal::{Wal, replay};
use model::StoreError;
use model::traces::TraceId;
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex, RwLock};

impl TraceDb {
    /// Opens (or makes) the store in a folder of its own and says what it found.
    ///
    /// # Errors
    /// [`StoreError`] when the folder or a log cannot be read or written, or has another version. A damaged segment
    /// is set aside under another name, and reported.
    pub fn open(folder: &Path, options: Options) -> Result<(Self, Recovery), StoreError> {
        std::fs::create_dir_all(folder).map_err(StoreError::io("create", folder))?;
        let mut recovery = Recovery::default();
        let mut logs = Vec::new();
        let mut files = Vec::new();
        for entry in std::fs::read_dir(folder).map_err(StoreError::io("read", folder))? {
            let path = entry.map_err(StoreError::io("read", folder))?.path();
            let generation =
                path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse::<u64>().ok());
            match (generation, path.extension().and_then(|extension| extension.to_str())) {
                (Some(generation), Some("wal")) => logs.push(generation),
                (Some(generation), Some("segment")) => files.push(generation),
                // Not whole when the last process ended; the log has it all.
                (Some(_), Some("tmp")) => {
                    std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
                }
                _ => {}
            }
        }
        logs.sort_unstable();
        files.sort_unstable();
        let mut segments = Vec::new();
        for generation in files {
            let path = segment_path(folder, generation);
            match Segment::open(&path, generation) {
                Ok(segment) => segments.push(Arc::new(segment)),
                Err(error @ StoreError::Damaged { .. }) => {
                    let aside = path.with_extension("damaged");
                    std::fs::rename(&path, &aside).map_err(StoreError::io("rename to", &aside))?;
                    recovery.set_aside.push((aside, error.to_string()));
                }
                Err(error) => return Err(error),
            }
        }
        let mut split: HashSet<TraceId> =
            segments.iter().flat_map(|segment| segment.split.iter().copied()).collect();
        let mut next = segments.last().map_or(0, |segment| segment.generation + 1);
        let mut last = None;
        for generation in logs {
            let path = wal_path(folder, generation);
            if segments.iter().any(|segment| segment.generation == generation) {
                // Written out already; only the removal was missing.
                std::fs::remove_file(&path).map_err(StoreError::io("remove", &path))?;
                continue;
            }
            // All logs but the last belong to heads that were being written out.
            if let Some(before) = last.take() {
                segments.push(Self::write_out(folder, before, &split)?);
            }
            let mut ids = Vec::new();
            let (head, wal, torn) = replay(&path, generation, &mut |id| ids.push(id))?;
            for id in ids {
                if segments.iter().any(|segment| segment.contains(id).unwrap_or(true)) {
                    split.insert(id);
                }
            }
            recovery.replayed_spans += head.spans;
            recovery.torn.extend(torn.map(|torn| (path, torn.offset, torn.bytes)));
            next = next.max(generation + 1);
            last = Some((head, wal));
        }
        recovery.segments = segments.len();
        let (head, wal) = match last {
            Some(last) => last,
            None => (crate::head::Head::new(next, 0), Wal::create(wal_path(folder, next), 0)?),
        };
        let state = State { head, wal, frozen: Vec::new(), segments, split };
        let db =
            Self { folder: folder.to_owned(), options, state: RwLock::new(state), flushing: Mutex::new(()) };
        Ok((db, recovery))
    }

    fn write_out(
        folder: &Path,
        (head, wal): (crate::head::Head, Wal),
        split: &HashSet<TraceId>,
    ) -> Result<Arc<Segment>, StoreError> {
        let mut dict = Vec::new();
        head.dict.put_all(&mut dict);
        let split: Vec<TraceId> = head.traces.keys().filter(|id| split.contains(*id)).copied().collect();
        let path = segment_path(folder, head.generation);
        segment::write(&path, &head, &dict, &split)?;
        let log = wal.path().to_owned();
        drop(wal);
        std::fs::remove_file(&log).map_err(StoreError::io("remove", &log))?;
        Ok(Arc::new(Segment::open(&path, head.generation)?))
    }
}
