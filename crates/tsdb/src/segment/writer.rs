//! Writes a segment: to a temporary name, synced, then renamed, so that a segment is there whole or not at all.

use super::{Extent, FOOTER_BYTES, HEADER_BYTES, MAGIC, Segment, VERSION, encode};
use crate::chunk::Chunk;
use crate::codec::{put_bytes, put_ivarint, put_uvarint};
use crate::wal::sync_dir;
use model::clock::Millis;
use model::{Labels, StoreError};
use std::collections::HashMap;
use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::Path;
use std::sync::Arc;

/// One series of a segment to be: its labels and its chunks within the window, oldest first, at least one.
pub type Entry = (Labels, Vec<Arc<Chunk>>);

/// Writes the window that begins at `start` into `dir` and gives back one extent an entry, in their order.
pub fn write(dir: &Path, start: Millis, end: Millis, entries: &[Entry]) -> Result<Vec<Extent>, StoreError> {
    let path = dir.join(format!("{start:020}.seg"));
    let temporary = path.with_extension("tmp");
    let (bytes, places) = write_file(&temporary, start, end, entries).map_err(|source| {
        // Half a file is of no use; that it is gone is not worth an error of its own.
        let _ = std::fs::remove_file(&temporary);
        StoreError::Io { doing: "write", path: temporary.clone(), source }
    })?;
    std::fs::rename(&temporary, &path).map_err(StoreError::io("rename", &temporary))?;
    sync_dir(dir)?;
    let segment = Arc::new(Segment::new(path, start, end, bytes));
    let extent = |((offset, length), (_, chunks)): ((u64, u32), &Entry)| Extent {
        segment: Arc::clone(&segment),
        offset,
        length,
        samples: chunks.iter().map(|chunk| u32::from(chunk.samples)).sum(),
        min_time: chunks[0].min_time,
        max_time: chunks[chunks.len() - 1].max_time,
    };
    Ok(places.into_iter().zip(entries).map(extent).collect())
}

fn write_file(
    path: &Path,
    start: Millis,
    end: Millis,
    entries: &[Entry],
) -> io::Result<(u64, Vec<(u64, u32)>)> {
    let mut out = BufWriter::with_capacity(1 << 18, File::create(path)?);
    let mut header = Vec::with_capacity(HEADER_BYTES);
    header.extend_from_slice(&MAGIC);
    header.push(VERSION);
    header.extend_from_slice(&start.to_le_bytes());
    header.extend_from_slice(&end.to_le_bytes());
    header.extend_from_slice(&crc32fast::hash(&header).to_le_bytes());
    out.write_all(&header)?;
    let mut offset = header.len() as u64;
    let mut places = Vec::with_capacity(entries.len());
    for (_, chunks) in entries {
        let bytes = encode(chunks, start);
        let length =
            u32::try_from(bytes.len()).map_err(|_| io::Error::other("more than 4 GiB of one series"))?;
        out.write_all(&bytes)?;
        places.push((offset, length));
        offset += u64::from(length);
    }
    let index = index(start, entries, &places);
    out.write_all(&index)?;
    let mut footer = Vec::with_capacity(FOOTER_BYTES);
    footer.extend_from_slice(&offset.to_le_bytes());
    footer.extend_from_slice(&(index.len() as u64).to_le_bytes());
    footer.extend_from_slice(&crc32fast::hash(&index).to_le_bytes());
    footer.extend_from_slice(&MAGIC);
    footer.push(VERSION);
    out.write_all(&footer)?;
    out.into_inner().map_err(io::IntoInnerError::into_error)?.sync_all()?;
    Ok((offset + (index.len() + footer.len()) as u64, places))
}

/// Every string once, then the series in the order of their extents.
fn index(start: Millis, entries: &[Entry], places: &[(u64, u32)]) -> Vec<u8> {
    let mut numbers: HashMap<&str, u64> = HashMap::new();
    let mut strings: Vec<&str> = Vec::new();
    let mut series = Vec::new();
    put_uvarint(&mut series, entries.len() as u64);
    for ((labels, chunks), (_, length)) in entries.iter().zip(places) {
        put_uvarint(&mut series, labels.len() as u64);
        for text in labels.iter().flat_map(|(name, value)| [name, value]) {
            let number = *numbers.entry(text).or_insert_with(|| {
                strings.push(text);
                strings.len() as u64 - 1
            });
            put_uvarint(&mut series, number);
        }
        let (first, last) = (&chunks[0], &chunks[chunks.len() - 1]);
        put_uvarint(&mut series, u64::from(*length));
        put_uvarint(&mut series, chunks.iter().map(|chunk| u64::from(chunk.samples)).sum());
        put_ivarint(&mut series, first.min_time - start);
        put_ivarint(&mut series, last.max_time - first.min_time);
    }
    let mut out = Vec::new();
    put_uvarint(&mut out, strings.len() as u64);
    for text in strings {
        put_bytes(&mut out, text.as_bytes());
    }
    out.append(&mut series);
    out
}
