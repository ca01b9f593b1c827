//! The write-ahead log: numbered files of checksummed records, one record a batch.
//!
//! A record is in the file (the kernel's page cache) before the batch is acknowledged. Each process begins a file of
//! its own and never appends to an older one, so that a torn tail stays where it is and is cut off once.

pub mod record;
pub mod replay;

use model::StoreError;
use std::fs::{File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

pub const MAGIC: [u8; 7] = *b"LABWAL_";
pub const VERSION: u8 = 1;
/// Magic and version.
pub const HEADER_BYTES: u64 = 8;
/// Length and CRC before each payload.
pub const FRAME_BYTES: u64 = 8;
/// Bytes of a payload. A larger batch is refused; a larger length in a file is damage.
pub const MAX_RECORD: usize = 256 << 20;

/// The file that is written to.
#[derive(Debug)]
pub struct Log {
    dir: PathBuf,
    path: PathBuf,
    number: u64,
    file: Arc<File>,
    /// Where the next record goes. Bytes behind it are rubbish of a write that failed.
    end: u64,
    /// Written to since the last sync.
    dirty: bool,
    /// A write failed and its rubbish could not be cut off: the next append begins a new file.
    broken: bool,
    /// Bytes of all log files since the last checkpoint, this one included.
    grown: u64,
}

pub fn log_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.log"))
}

pub fn checkpoint_path(dir: &Path, number: u64) -> PathBuf {
    dir.join(format!("{number:08}.checkpoint"))
}

/// Makes renames and new names in a folder last through a power cut.
pub fn sync_dir(dir: &Path) -> Result<(), StoreError> {
    File::open(dir).and_then(|file| file.sync_all()).map_err(StoreError::io("sync", dir))
}

/// The payload with its length and checksum in front.
fn frame(payload: &[u8]) -> Result<Vec<u8>, StoreError> {
    let length = u32::try_from(payload.len()).ok().filter(|length| *length as usize <= MAX_RECORD);
    let Some(length) = length else {
        let what = format!("a batch of {} bytes is over the limit of {MAX_RECORD} bytes", payload.len());
        return Err(StoreError::Limit { what });
    };
    let mut out = Vec::with_capacity(payload.len() + FRAME_BYTES as usize);
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&crc32fast::hash(payload).to_le_bytes());
    out.extend_from_slice(payload);
    Ok(out)
}

fn header() -> [u8; 8] {
    let mut header = [VERSION; 8];
    header[..7].copy_from_slice(&MAGIC);
    header
}

fn create(path: &Path) -> io::Result<File> {
    let mut file = OpenOptions::new().write(true).create_new(true).open(path)?;
    file.write_all(&header())?;
    Ok(file)
}

impl Log {
    /// Begins file `number` in `dir`. `grown` is the size of the log files that are there already.
    pub fn begin(dir: &Path, number: u64, grown: u64) -> Result<Self, StoreError> {
        let path = log_path(dir, number);
        let file = Arc::new(create(&path).map_err(StoreError::io("create", &path))?);
        sync_dir(dir)?;
        let dir = dir.to_path_buf();
        Ok(Self { dir, path, number, file, end: HEADER_BYTES, dirty: true, broken: false, grown })
    }

    /// Writes one record. When that fails, the file is as it was before.
    pub fn append(&mut self, payload: &[u8]) -> Result<u64, StoreError> {
        let bytes = frame(payload)?;
        if self.broken {
            self.rotate()?;
        }
        let mut file = &*self.file;
        if let Err(error) = file.write_all(&bytes) {
            let undone = file
                .set_len(self.end)
                .and_then(|()| io::Seek::seek(&mut file, io::SeekFrom::Start(self.end)).map(drop));
            self.broken = undone.is_err();
            return Err(StoreError::io("write", &self.path)(error));
        }
        let written = bytes.len() as u64;
        self.end += written;
        self.grown += written;
        self.dirty = true;
        Ok(written)
    }

    /// Begins the next file and gives its number: all records before are in files below it.
    pub fn rotate(&mut self) -> Result<u64, StoreError> {
        let before = Arc::clone(&self.file);
        *self = Self::begin(&self.dir, self.number + 1, self.grown)?;
        before.sync_data().map_err(StoreError::io("sync", &self.path))?;
        Ok(self.number)
    }

    /// The file to sync when it was written to since the last call.
    pub fn take_dirty(&mut self) -> Option<Arc<File>> {
        std::mem::take(&mut self.dirty).then(|| Arc::clone(&self.file))
    }

    pub fn mark_dirty(&mut self) {
        self.dirty = true;
    }

    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn grown(&self) -> u64 {
        self.grown
    }

    /// From now on every write to this file fails, as on a full disk.
    #[cfg(test)]
    pub fn fail_writes(&mut self) {
        self.file = Arc::new(File::open(&self.path).unwrap());
    }

    /// A checkpoint took the place of all files before this one.
    pub fn checkpointed(&mut self) {
        self.grown = self.end;
    }
}

/// Writes a checkpoint that stands for all log files below `number`, and deletes those.
pub fn write_checkpoint(
    dir: &Path,
    number: u64,
    mut next: impl FnMut() -> Option<Vec<u8>>,
) -> Result<u64, StoreError> {
    let path = checkpoint_path(dir, number);
    let temporary = path.with_extension("tmp");
    let written = (|| -> Result<u64, StoreError> {
        let io = |error| StoreError::io("write", &temporary)(error);
        let mut out = io::BufWriter::with_capacity(1 << 18, File::create(&temporary).map_err(io)?);
        out.write_all(&header()).map_err(io)?;
        let mut bytes = HEADER_BYTES;
        while let Some(payload) = next() {
            let framed = frame(&payload)?;
            out.write_all(&framed).map_err(io)?;
            bytes += framed.len() as u64;
        }
        out.into_inner().map_err(|error| io(error.into_error()))?.sync_all().map_err(io)?;
        Ok(bytes)
    })();
    match written {
        Ok(bytes) => {
            std::fs::rename(&temporary, &path).map_err(StoreError::io("rename", &temporary))?;
            sync_dir(dir)?;
            remove_below(dir, number)?;
            Ok(bytes)
        }
        Err(error) => {
            let _ = std::fs::remove_file(&temporary);
            Err(error)
        }
    }
}

/// The kind of a file in the log's folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    Checkpoint,
    Log,
    Temporary,
}

/// The log's files by number; of a checkpoint and a log of the same number the checkpoint comes first.
pub fn list(dir: &Path) -> Result<Vec<(u64, Kind, PathBuf)>, StoreError> {
    let mut out = Vec::new();
    for entry in std::fs::read_dir(dir).map_err(StoreError::io("list", dir))? {
        let path = entry.map_err(StoreError::io("list", dir))?.path();
        let number = path.file_stem().and_then(|stem| stem.to_str()).and_then(|stem| stem.parse().ok());
        let kind = match path.extension().and_then(|extension| extension.to_str()) {
            Some("log") => Kind::Log,
            Some("checkpoint") => Kind::Checkpoint,
            Some("tmp") => Kind::Temporary,
            _ => continue,
        };
        if let Some(number) = number {
            out.push((number, kind, path));
        }
    }
    out.sort();
    Ok(out)
}

/// Deletes what a checkpoint has taken the place of, and half-written checkpoints.
pub fn remove_below(dir: &Path, number: u64) -> Result<(), StoreError> {
    for (other, kind, path) in list(dir)? {
        if other < number || kind == Kind::Temporary {
            std::fs::remove_file(&path).map_err(StoreError::io("delete", &path))?;
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests;
