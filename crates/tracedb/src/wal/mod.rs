//! The write-ahead log of one head: what was pushed, as it was encoded, in the order in which it came.

use crate::crc::crc32;
use crate::head::Head;
use model::StoreError;
use model::clock::Nanos;
use model::traces::TraceId;
use std::fs::{File, OpenOptions};
use std::io::Read;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

const MAGIC: [u8; 8] = *b"LABTRWAL";
pub(crate) const VERSION: u32 = 1;
/// Magic, version, base time.
const HEADER_LEN: usize = 20;
/// Length and checksum before each record.
const RECORD_HEADER_LEN: usize = 8;
/// A larger record is damage, not data: requests are far smaller. Bytes.
const MAX_RECORD_BYTES: usize = 256 << 20;

pub(crate) struct Wal {
    file: Arc<File>,
    path: PathBuf,
    len: u64,
    dirty: bool,
}

/// A log with records that are not on disk yet.
pub(crate) struct Unsynced {
    file: Arc<File>,
    path: PathBuf,
}

impl Unsynced {
    pub(crate) fn sync(&self) -> Result<(), StoreError> {
        self.file.sync_data().map_err(StoreError::io("sync", &self.path))
    }
}

/// What was cut off the end of a log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Torn {
    pub offset: u64,
    pub bytes: u64,
}

impl Wal {
    pub(crate) fn create(path: PathBuf, base: Nanos) -> Result<Self, StoreError> {
        let file = OpenOptions::new()
            .create(true)
            .truncate(true)
            .write(true)
            .read(true)
            .open(&path)
            .map_err(StoreError::io("create", &path))?;
        let mut header = Vec::with_capacity(HEADER_LEN);
        header.extend_from_slice(&MAGIC);
        header.extend_from_slice(&VERSION.to_le_bytes());
        header.extend_from_slice(&base.to_le_bytes());
        file.write_all_at(&header, 0).map_err(StoreError::io("write", &path))?;
        Ok(Self { file: Arc::new(file), path, len: HEADER_LEN as u64, dirty: true })
    }

    /// Appends a record; when it fails, the log is as it was.
    pub(crate) fn append(&mut self, payload: &[u8]) -> Result<(), StoreError> {
        let mut record = Vec::with_capacity(RECORD_HEADER_LEN + payload.len());
        record.extend_from_slice(&(payload.len() as u32).to_le_bytes());
        record.extend_from_slice(&crc32(payload).to_le_bytes());
        record.extend_from_slice(payload);
        if let Err(error) = self.file.write_all_at(&record, self.len) {
            // A part may be there; replay would cut it, and the next record overwrites it.
            let _ = self.file.set_len(self.len);
            return Err(StoreError::io("write", &self.path)(error));
        }
        self.len += record.len() as u64;
        self.dirty = true;
        Ok(())
    }

    /// What has to be synced to outlast a loss of power; none when all is. The caller syncs it without the lock that
    /// guards this log, because a disk may take its time.
    pub(crate) fn unsynced(&mut self) -> Option<Unsynced> {
        std::mem::take(&mut self.dirty).then(|| Unsynced { file: self.file.clone(), path: self.path.clone() })
    }

    /// The sync failed: the next one tries again.
    pub(crate) fn mark_unsynced(&mut self) {
        self.dirty = true;
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn len(&self) -> u64 {
        self.len
    }
}

/// Reads a log into a head and opens it for more. A damaged end is cut off; what was whole before it stays.
///
/// # Errors
/// [`StoreError`] when the file cannot be read, is no log, or is one of another version.
pub(crate) fn replay(
    path: &Path,
    generation: u64,
    new_trace: &mut dyn FnMut(TraceId),
) -> Result<(Head, Wal, Option<Torn>), StoreError> {
    let mut file =
        OpenOptions::new().read(true).write(true).open(path).map_err(StoreError::io("open", path))?;
    let mut bytes = Vec::new();
    file.read_to_end(&mut bytes).map_err(StoreError::io("read", path))?;
    if bytes.len() < HEADER_LEN {
        // Killed while it was created: there was no record yet.
        let torn = Torn { offset: 0, bytes: bytes.len() as u64 };
        let wal = Wal::create(path.to_owned(), 0)?;
        return Ok((Head::new(generation, 0), wal, (torn.bytes > 0).then_some(torn)));
    }
    let number = |range: std::ops::Range<usize>| {
        bytes[range].iter().rev().fold(0_u64, |number, byte| number << 8 | u64::from(*byte))
    };
    if bytes[..8] != MAGIC {
        let reason = "not a log of traces".to_owned();
        return Err(StoreError::Damaged { path: path.to_owned(), offset: 0, reason });
    }
    let version = number(8..12) as u32;
    if version != VERSION {
        return Err(StoreError::Version { path: path.to_owned(), found: version, expected: VERSION });
    }
    let mut head = Head::new(generation, number(12..20) as i64);
    let mut at = HEADER_LEN;
    while at + RECORD_HEADER_LEN <= bytes.len() {
        let length = number(at..at + 4) as usize;
        let start = at + RECORD_HEADER_LEN;
        let Some(payload) = bytes.get(start..start.saturating_add(length)) else { break };
        let whole = length <= MAX_RECORD_BYTES && crc32(payload) == number(at + 4..at + 8) as u32;
        if !whole || head.replay(payload, new_trace).is_none() {
            break;
        }
        at = start + length;
    }
    let torn = (at < bytes.len()).then(|| Torn { offset: at as u64, bytes: (bytes.len() - at) as u64 });
    if torn.is_some() {
        file.set_len(at as u64).map_err(StoreError::io("cut the torn end of", path))?;
    }
    let wal = Wal { file: Arc::new(file), path: path.to_owned(), len: at as u64, dirty: torn.is_some() };
    Ok((head, wal, torn))
}
