//! The write-ahead log: records of pushed lines in numbered files. A record is length, checksum and payload, so a torn
//! tail shows itself and is cut.

use crate::codec::{Reader, put_bytes, put_i64, put_u64};
use model::{Labels, StoreError};
use std::fs::{self, File, OpenOptions};
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

/// `LABLWAL` and the version of the format.
const MAGIC: &[u8; 8] = b"LABLWAL\x01";
/// Largest record: a push is limited to far less.
const MAX_RECORD: usize = 256 << 20;
const HEADER: usize = 8;

/// A line on its way into the log.
pub struct WalLine<'a> {
    pub t: i64,
    pub line: &'a str,
    pub metadata: &'a [(String, String)],
    /// `detected_level`, where the store found one.
    pub level: Option<&'a str>,
}

/// Collects the lines of one push.
#[derive(Default)]
pub struct Record(Vec<u8>);

impl Record {
    pub fn clear(&mut self) {
        self.0.clear();
        self.0.extend_from_slice(&[0; HEADER]);
    }

    pub fn stream(&mut self, labels: &Labels, lines: usize) {
        put_u64(&mut self.0, labels.len() as u64);
        for (name, value) in labels.iter() {
            put_bytes(&mut self.0, name.as_bytes());
            put_bytes(&mut self.0, value.as_bytes());
        }
        put_u64(&mut self.0, lines as u64);
    }

    pub fn line(&mut self, line: &WalLine<'_>) {
        put_i64(&mut self.0, line.t);
        put_bytes(&mut self.0, line.line.as_bytes());
        put_u64(&mut self.0, line.metadata.len() as u64 + u64::from(line.level.is_some()));
        let level = line.level.map(|level| (crate::detect::DETECTED_LEVEL, level));
        let all = line.metadata.iter().map(|(name, value)| (name.as_str(), value.as_str())).chain(level);
        for (name, value) in all {
            put_bytes(&mut self.0, name.as_bytes());
            put_bytes(&mut self.0, value.as_bytes());
        }
    }

    /// Fills in length and checksum.
    fn finish(&mut self) -> &[u8] {
        let (head, payload) = self.0.split_at_mut(HEADER);
        head[..4].copy_from_slice(&(payload.len() as u32).to_le_bytes());
        head[4..].copy_from_slice(&crc32fast::hash(payload).to_le_bytes());
        &self.0
    }
}

/// The file that is being written.
#[derive(Debug)]
pub struct Wal {
    directory: PathBuf,
    pub sequence: u64,
    file: File,
    pub size: u64,
}

pub fn path_of(directory: &Path, sequence: u64) -> PathBuf {
    directory.join(format!("{sequence:010}.wal"))
}

impl Wal {
    /// Starts a new file.
    pub fn create(directory: &Path, sequence: u64) -> Result<Self, StoreError> {
        let path = path_of(directory, sequence);
        let mut file = OpenOptions::new()
            .create_new(true)
            .append(true)
            .open(&path)
            .map_err(StoreError::io("create", &path))?;
        file.write_all(MAGIC).map_err(StoreError::io("write", &path))?;
        Ok(Self { directory: directory.to_owned(), sequence, file, size: MAGIC.len() as u64 })
    }

    /// Hands the record to the operating system: it outlives the process from here on.
    pub fn append(&mut self, record: &mut Record) -> Result<(), StoreError> {
        let path = || path_of(&self.directory, self.sequence);
        let bytes = record.finish();
        if let Err(source) = self.file.write_all(bytes) {
            // Half a record must not stay before the next one: what is behind it could not be read.
            let _ = self.file.set_len(self.size);
            return Err(StoreError::Io { doing: "append to", path: path(), source });
        }
        self.size += bytes.len() as u64;
        Ok(())
    }

    /// A handle for forcing the data to the disk without holding the lock of the store.
    pub fn handle(&self) -> Option<File> {
        self.file.try_clone().ok()
    }
}

/// A line out of the log.
pub struct Replayed<'a> {
    pub t: i64,
    pub line: &'a str,
    pub metadata: Vec<(&'a str, &'a str)>,
}

/// What came of reading one file.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct FileReport {
    pub records: u64,
    pub lines: u64,
    /// Bytes behind the last whole record.
    pub cut: u64,
}

/// Sequence numbers of the files there are, ascending.
pub fn list(directory: &Path) -> Result<Vec<u64>, StoreError> {
    let entries = fs::read_dir(directory).map_err(StoreError::io("list", directory))?;
    let mut found: Vec<u64> = entries
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.strip_suffix(".wal")?.parse().ok())
        .collect();
    found.sort_unstable();
    Ok(found)
}

/// Reads a file up to its end or to the first record that is not whole, where it is cut.
pub fn replay(path: &Path, visit: &mut dyn FnMut(&Labels, Replayed<'_>)) -> Result<FileReport, StoreError> {
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|mut file| file.read_to_end(&mut bytes))
        .map_err(StoreError::io("read", path))?;
    let mut report = FileReport::default();
    if bytes.len() >= MAGIC.len() && bytes[..7] != MAGIC[..7] {
        return Err(StoreError::Damaged {
            path: path.to_owned(),
            offset: 0,
            reason: "this is no write-ahead log".to_owned(),
        });
    }
    if bytes.len() > 7 && bytes[7] != MAGIC[7] {
        return Err(StoreError::Version {
            path: path.to_owned(),
            found: u32::from(bytes[7]),
            expected: u32::from(MAGIC[7]),
        });
    }
    let mut at = MAGIC.len().min(bytes.len());
    while let Some((payload, end)) = record_at(&bytes, at) {
        let Some(lines) = read_record(payload, visit) else { break };
        report.records += 1;
        report.lines += lines;
        at = end;
    }
    report.cut = (bytes.len() - at) as u64;
    if report.cut > 0 {
        OpenOptions::new()
            .write(true)
            .open(path)
            .and_then(|file| file.set_len(at as u64))
            .map_err(StoreError::io("cut", path))?;
    }
    Ok(report)
}

fn record_at(bytes: &[u8], at: usize) -> Option<(&[u8], usize)> {
    let header = bytes.get(at..at + HEADER)?;
    let length = u32::from_le_bytes(header[..4].try_into().ok()?) as usize;
    let checksum = u32::from_le_bytes(header[4..].try_into().ok()?);
    if length > MAX_RECORD {
        return None;
    }
    let payload = bytes.get(at + HEADER..at + HEADER + length)?;
    (crc32fast::hash(payload) == checksum).then_some((payload, at + HEADER + length))
}

fn read_record(payload: &[u8], visit: &mut dyn FnMut(&Labels, Replayed<'_>)) -> Option<u64> {
    let mut reader = Reader(payload);
    let mut lines = 0;
    while !reader.0.is_empty() {
        let mut pairs = Vec::new();
        for _ in 0..reader.count()? {
            pairs.push((reader.text()?, reader.text()?));
        }
        let labels = Labels::from_pairs(pairs);
        for _ in 0..reader.count()? {
            let t = reader.i64()?;
            let line = reader.text()?;
            let count = reader.count()?;
            let mut metadata = Vec::with_capacity(count);
            for _ in 0..count {
                metadata.push((reader.text()?, reader.text()?));
            }
            visit(&labels, Replayed { t, line, metadata });
            lines += 1;
        }
    }
    Some(lines)
}

#[cfg(test)]
mod tests;
