//! A window of two hours on disk: a file of extents (the chunks of one series), an index and a footer.
//!
//! Files are written once, renamed into place when they are whole, read by `pread`, and deleted as a whole. The bytes
//! are drawn in `docs/formats/tsdb.md`.

mod reader;
mod writer;

pub use reader::load;
pub use writer::{Entry, write};

use crate::chunk::Chunk;
use crate::codec::{Cursor, DecodeError};
use model::StoreError;
use model::clock::Millis;
use model::metrics::{MillisRange, Sample};
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};

pub const MAGIC: [u8; 7] = *b"LABSEGM";
pub const VERSION: u8 = 1;
/// Magic, version, start, end, CRC of all these.
pub const HEADER_BYTES: usize = 8 + 8 + 8 + 4;
/// Offset and length of the index, its CRC, magic, version.
pub const FOOTER_BYTES: usize = 8 + 8 + 4 + 8;

#[derive(Debug)]
pub struct Segment {
    pub path: PathBuf,
    /// The window: start included, end excluded.
    pub start: Millis,
    pub end: Millis,
    pub bytes: u64,
    /// Opened at the first read and closed when idle: months of segments must not use up the process's descriptors.
    handle: Mutex<Option<Arc<File>>>,
    used: AtomicBool,
    deleted: AtomicBool,
}

/// The samples of one series in one segment.
#[derive(Clone, Debug)]
pub struct Extent {
    pub segment: Arc<Segment>,
    pub offset: u64,
    pub length: u32,
    pub samples: u32,
    pub min_time: Millis,
    pub max_time: Millis,
}

impl Segment {
    fn new(path: PathBuf, start: Millis, end: Millis, bytes: u64) -> Self {
        let (handle, used, deleted) = (Mutex::default(), AtomicBool::new(false), AtomicBool::new(false));
        Self { path, start, end, bytes, handle, used, deleted }
    }

    fn file(&self) -> io::Result<Arc<File>> {
        let mut handle = self.handle.lock().unwrap_or_else(PoisonError::into_inner);
        self.used.store(true, Ordering::Relaxed);
        if let Some(file) = &*handle {
            return Ok(Arc::clone(file));
        }
        let file = Arc::new(File::open(&self.path)?);
        *handle = Some(Arc::clone(&file));
        Ok(file)
    }

    /// Closes the file when nobody has read since the last call.
    pub fn close_idle(&self) {
        if !self.used.swap(false, Ordering::Relaxed) {
            *self.handle.lock().unwrap_or_else(PoisonError::into_inner) = None;
        }
    }

    /// Removes the file. Readers that have it open finish; later ones find nothing.
    pub fn delete(&self) -> Result<(), StoreError> {
        self.deleted.store(true, Ordering::SeqCst);
        match std::fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => {
                Err(StoreError::Io { doing: "delete", path: self.path.clone(), source: error })
            }
            _ => Ok(()),
        }
    }
}

impl Extent {
    /// Appends the samples within `range` to `out`.
    pub fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), StoreError> {
        let segment = &self.segment;
        let mut bytes = vec![0; self.length as usize];
        let got = segment.file().and_then(|file| file.read_exact_at(&mut bytes, self.offset));
        match got {
            // Retention took the file between the selection and the read.
            Err(_) if segment.deleted.load(Ordering::SeqCst) => return Ok(()),
            Err(error) => return Err(StoreError::io("read", &segment.path)(error)),
            Ok(()) => {}
        }
        let damaged =
            |reason: String| StoreError::Damaged { path: segment.path.clone(), offset: self.offset, reason };
        let (body, sum) = bytes.split_at(bytes.len().saturating_sub(4));
        if crc32fast::hash(body).to_le_bytes() != sum {
            return Err(damaged("checksum of a series".to_owned()));
        }
        self.decode(body, range, out).map_err(|error| damaged(error.to_string()))
    }

    fn decode(&self, body: &[u8], range: MillisRange, out: &mut Vec<Sample>) -> Result<(), DecodeError> {
        let mut cursor = Cursor::new(body);
        let chunks = cursor.count()?;
        let mut before = self.segment.start;
        for _ in 0..chunks {
            let min_time = before.wrapping_add(cursor.ivarint()?);
            let max_time = min_time.wrapping_add(cursor.ivarint()?);
            before = max_time;
            let samples =
                u16::try_from(cursor.uvarint()?).map_err(|_| cursor.error("a number of samples"))?;
            let bytes = cursor.bytes()?;
            if min_time > range.end {
                break;
            }
            if max_time >= range.start {
                crate::chunk::decode(bytes, samples, range, out)
                    .map_err(|_| cursor.error("a whole chunk"))?;
            }
        }
        Ok(())
    }
}

/// The bytes of an extent, checksum included.
fn encode(chunks: &[Arc<Chunk>], start: Millis) -> Vec<u8> {
    use crate::codec::{put_bytes, put_ivarint, put_uvarint};
    let mut out = Vec::new();
    put_uvarint(&mut out, chunks.len() as u64);
    let mut before = start;
    for chunk in chunks {
        put_ivarint(&mut out, chunk.min_time.wrapping_sub(before));
        put_ivarint(&mut out, chunk.max_time.wrapping_sub(chunk.min_time));
        put_uvarint(&mut out, u64::from(chunk.samples));
        put_bytes(&mut out, &chunk.bytes);
        before = chunk.max_time;
    }
    let sum = crc32fast::hash(&out);
    out.extend_from_slice(&sum.to_le_bytes());
    out
}
