//! Segment files: the chunks of many streams and, behind them, an index with labels, bounds and filters.
//! Written whole under another name, then renamed: a segment is there completely or not at all.

use crate::bloom::Bloom;
use crate::chunk::{Chunk, ChunkData, ChunkMeta};
use crate::codec::{Reader, put_bytes, put_i64, put_u64};
use model::{Labels, StoreError};
use std::fs::{self, File};
use std::io::{BufWriter, Write};
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// `LABLSEG` and the version of the format.
const MAGIC: &[u8; 8] = b"LABLSEG\x01";
/// Index offset (8), index length (8), checksum of the index (4), magic (8).
const TRAILER: usize = 28;

#[derive(Debug)]
pub struct SegmentFile {
    path: PathBuf,
    file: File,
}

impl SegmentFile {
    pub fn path(&self) -> &Path {
        &self.path
    }

    pub fn read(&self, offset: u64, length: u32) -> Result<Vec<u8>, StoreError> {
        let mut bytes = vec![0; length as usize];
        self.file.read_exact_at(&mut bytes, offset).map_err(StoreError::io("read", &self.path))?;
        Ok(bytes)
    }
}

/// A segment as it is opened: its streams with their chunks.
pub struct Segment {
    pub file: Arc<SegmentFile>,
    pub sequence: u64,
    /// Write-ahead log files up to this one are contained.
    pub wal_upto: u64,
    pub streams: Vec<(Labels, Vec<Chunk>)>,
}

pub fn path_of(directory: &Path, sequence: u64) -> PathBuf {
    directory.join(format!("{sequence:010}.seg"))
}

/// Writes the chunks and gives them back as they are on the disk.
pub fn write(
    directory: &Path,
    sequence: u64,
    wal_upto: u64,
    streams: Vec<(Labels, Vec<Chunk>)>,
) -> Result<Segment, StoreError> {
    let path = path_of(directory, sequence);
    let temporary = path.with_extension("tmp");
    let file = File::create(&temporary).map_err(StoreError::io("create", &temporary))?;
    let mut out = BufWriter::with_capacity(1 << 20, file);
    let mut index = Vec::new();
    let mut offset = MAGIC.len() as u64;
    let failed = StoreError::io("write", &temporary);
    let mut write = || -> std::io::Result<File> {
        out.write_all(MAGIC)?;
        put_u64(&mut index, wal_upto);
        put_u64(&mut index, streams.len() as u64);
        for (labels, chunks) in &streams {
            put_u64(&mut index, labels.len() as u64);
            for (name, value) in labels.iter() {
                put_bytes(&mut index, name.as_bytes());
                put_bytes(&mut index, value.as_bytes());
            }
            put_u64(&mut index, chunks.len() as u64);
            for chunk in chunks {
                let ChunkData::Memory(bytes) = &chunk.data else { continue };
                out.write_all(bytes)?;
                put_u64(&mut index, offset);
                put_u64(&mut index, bytes.len() as u64);
                put_i64(&mut index, chunk.meta.min_t);
                put_i64(&mut index, chunk.meta.max_t);
                put_u64(&mut index, chunk.meta.lines);
                put_u64(&mut index, chunk.meta.bytes);
                put_bytes(&mut index, &chunk.meta.bloom.to_bytes());
                offset += bytes.len() as u64;
            }
        }
        out.write_all(&index)?;
        out.write_all(&offset.to_le_bytes())?;
        out.write_all(&(index.len() as u64).to_le_bytes())?;
        out.write_all(&crc32fast::hash(&index).to_le_bytes())?;
        out.write_all(MAGIC)?;
        out.flush()?;
        let file = out.get_ref().try_clone()?;
        file.sync_all()?;
        Ok(file)
    };
    if let Err(error) = write() {
        let _ = fs::remove_file(&temporary);
        return Err(failed(error));
    }
    fs::rename(&temporary, &path).map_err(StoreError::io("rename", &path))?;
    File::open(directory).and_then(|d| d.sync_all()).map_err(StoreError::io("sync", directory))?;
    open(directory, sequence)
}

/// Sequence numbers of the segments there are, ascending. Files that were not finished are removed.
pub fn list(directory: &Path) -> Result<Vec<u64>, StoreError> {
    let entries = fs::read_dir(directory).map_err(StoreError::io("list", directory))?;
    let mut found = Vec::new();
    for entry in entries.flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        if name.ends_with(".tmp") {
            let _ = fs::remove_file(entry.path());
        } else if let Some(sequence) = name.strip_suffix(".seg").and_then(|name| name.parse().ok()) {
            found.push(sequence);
        }
    }
    found.sort_unstable();
    Ok(found)
}

pub fn open(directory: &Path, sequence: u64) -> Result<Segment, StoreError> {
    let path = path_of(directory, sequence);
    let damaged = |offset: u64, reason: &str| StoreError::Damaged {
        path: path.clone(),
        offset,
        reason: reason.to_owned(),
    };
    let file = File::open(&path).map_err(StoreError::io("open", &path))?;
    let size = file.metadata().map_err(StoreError::io("read", &path))?.len();
    let at = size
        .checked_sub(TRAILER as u64)
        .filter(|at| *at >= MAGIC.len() as u64)
        .ok_or_else(|| damaged(0, "the file is too short"))?;
    let mut trailer = [0; TRAILER];
    file.read_exact_at(&mut trailer, at).map_err(StoreError::io("read", &path))?;
    if trailer[20..27] != MAGIC[..7] {
        return Err(damaged(at, "the file does not end like a segment"));
    }
    if trailer[27] != MAGIC[7] {
        return Err(StoreError::Version {
            path: path.clone(),
            found: u32::from(trailer[27]),
            expected: u32::from(MAGIC[7]),
        });
    }
    let number = |bytes: &[u8]| bytes.try_into().map(u64::from_le_bytes).unwrap_or(u64::MAX);
    let (offset, length) = (number(&trailer[..8]), number(&trailer[8..16]));
    if offset.checked_add(length) != Some(at) {
        return Err(damaged(at, "the index is not where it should be"));
    }
    let file = Arc::new(SegmentFile { path: path.clone(), file });
    let length = u32::try_from(length).map_err(|_| damaged(at, "the index is too long"))?;
    let index = file.read(offset, length)?;
    if crc32fast::hash(&index).to_le_bytes() != trailer[16..20] {
        return Err(damaged(offset, "the checksum of the index is wrong"));
    }
    let (wal_upto, streams) =
        read_index(&index, &file, offset).ok_or_else(|| damaged(offset, "the index cannot be read"))?;
    Ok(Segment { file, sequence, wal_upto, streams })
}

type Streams = Vec<(Labels, Vec<Chunk>)>;

fn read_index(index: &[u8], file: &Arc<SegmentFile>, data_end: u64) -> Option<(u64, Streams)> {
    let mut reader = Reader(index);
    let wal_upto = reader.u64()?;
    let mut streams = Vec::new();
    for _ in 0..reader.count()? {
        let mut pairs = Vec::new();
        for _ in 0..reader.count()? {
            pairs.push((reader.text()?, reader.text()?));
        }
        let labels = Labels::from_pairs(pairs);
        let mut chunks = Vec::new();
        for _ in 0..reader.count()? {
            let offset = reader.u64()?;
            let length = u32::try_from(reader.u64()?).ok()?;
            let meta = ChunkMeta {
                min_t: reader.i64()?,
                max_t: reader.i64()?,
                lines: reader.u64()?,
                bytes: reader.u64()?,
                bloom: Bloom::from_bytes(reader.bytes()?)?,
            };
            if offset.checked_add(u64::from(length))? > data_end {
                return None;
            }
            let data = ChunkData::Disk { file: file.clone(), offset, length };
            chunks.push(Chunk { meta: Arc::new(meta), data });
        }
        streams.push((labels, chunks));
    }
    reader.0.is_empty().then_some((wal_upto, streams))
}

#[cfg(test)]
mod tests;
