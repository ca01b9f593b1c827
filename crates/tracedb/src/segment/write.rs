//! Writes a head as a segment file: under another name first, renamed when it is whole and on disk.

use super::bloom::Bloom;
use super::{MAGIC, Section, VERSION};
use crate::bytes::{put_bytes, put_signed, put_varint};
use crate::crc::crc32;
use crate::head::{Head, HeadTrace};
use model::StoreError;
use model::traces::TraceId;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;

/// Rows gathered before a block is closed. Small enough to unpack for one trace, large enough to compress. Bytes.
const BLOCK_BYTES: usize = 64 << 10;

struct Writer {
    out: BufWriter<File>,
    at: u64,
}

impl Writer {
    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.at += bytes.len() as u64;
        self.out.write_all(bytes)
    }

    fn section(&mut self, raw: &[u8]) -> std::io::Result<Section> {
        let packed = lz4_flex::block::compress(raw);
        let section = Section {
            offset: self.at,
            len: packed.len() as u32,
            raw_len: raw.len() as u32,
            crc: crc32(&packed),
        };
        self.put(&packed)?;
        Ok(section)
    }
}

fn put_section(out: &mut Vec<u8>, section: Section) {
    put_varint(out, section.offset);
    put_varint(out, u64::from(section.len));
    put_varint(out, u64::from(section.raw_len));
    out.extend_from_slice(&section.crc.to_le_bytes());
}

/// Writes `head` to `path`. `dict` are the dictionary's bytes; `split` the traces of which an older segment has a part.
pub(crate) fn write(path: &Path, head: &Head, dict: &[u8], split: &[TraceId]) -> Result<(), StoreError> {
    let temporary = path.with_extension("tmp");
    let done = File::create(&temporary).and_then(|file| {
        let mut writer = Writer { out: BufWriter::with_capacity(1 << 20, file), at: 0 };
        put_all(&mut writer, head, dict, split)?;
        let file = writer.out.into_inner().map_err(std::io::IntoInnerError::into_error)?;
        file.sync_all()
    });
    if let Err(error) = done {
        // Nothing refers to it; the log still holds everything.
        let _ = std::fs::remove_file(&temporary);
        return Err(StoreError::io("write", &temporary)(error));
    }
    std::fs::rename(&temporary, path).map_err(StoreError::io("rename to", path))?;
    if let Some(folder) = path.parent() {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(StoreError::io("sync", folder))?;
    }
    Ok(())
}

fn put_all(writer: &mut Writer, head: &Head, dict: &[u8], split: &[TraceId]) -> std::io::Result<()> {
    writer.put(&MAGIC)?;
    writer.put(&VERSION.to_le_bytes())?;
    let mut ids: Vec<TraceId> = head.traces.keys().copied().collect();
    ids.sort_unstable();
    let traces = || ids.iter().filter_map(|id| Some((*id, head.traces.get(id)?)));
    let mut blocks = Vec::new();
    let mut count = 0_u64;
    let mut open: Vec<(TraceId, &HeadTrace)> = Vec::new();
    let mut open_bytes = 0;
    for (id, trace) in traces() {
        open_bytes += trace.rows.len() + 32;
        open.push((id, trace));
        if open_bytes >= BLOCK_BYTES {
            put_block(writer, head, &open, &mut blocks)?;
            (count, open_bytes) = (count + 1, 0);
            open.clear();
        }
    }
    if !open.is_empty() {
        put_block(writer, head, &open, &mut blocks)?;
        count += 1;
    }
    let dict = writer.section(dict)?;
    let mut footer = Vec::new();
    put_signed(&mut footer, head.base);
    put_signed(&mut footer, traces().map(|(_, trace)| trace.start).min().unwrap_or(0));
    put_signed(&mut footer, traces().map(|(_, trace)| trace.end).max().unwrap_or(0));
    put_varint(&mut footer, ids.len() as u64);
    put_varint(&mut footer, head.spans);
    put_section(&mut footer, dict);
    put_varint(&mut footer, count);
    footer.extend_from_slice(&blocks);
    put_varint(&mut footer, split.len() as u64);
    split.iter().for_each(|id| footer.extend_from_slice(&id.0));
    put_bytes(&mut footer, Bloom::of(&ids).as_bytes());
    let footer = writer.section(&footer)?;
    writer.put(&footer.offset.to_le_bytes())?;
    writer.put(&footer.len.to_le_bytes())?;
    writer.put(&footer.raw_len.to_le_bytes())?;
    writer.put(&footer.crc.to_le_bytes())?;
    writer.put(&MAGIC)
}

/// A directory (id, start, duration, spans, length of the rows), then the rows.
fn put_block(
    writer: &mut Writer,
    head: &Head,
    traces: &[(TraceId, &HeadTrace)],
    metas: &mut Vec<u8>,
) -> std::io::Result<()> {
    let mut raw = Vec::with_capacity(BLOCK_BYTES + BLOCK_BYTES / 2);
    put_varint(&mut raw, traces.len() as u64);
    for (id, trace) in traces {
        raw.extend_from_slice(&id.0);
        put_signed(&mut raw, trace.start.wrapping_sub(head.base));
        put_signed(&mut raw, trace.end.wrapping_sub(trace.start));
        put_varint(&mut raw, u64::from(trace.spans));
        put_varint(&mut raw, trace.rows.len() as u64);
    }
    traces.iter().for_each(|(_, trace)| raw.extend_from_slice(&trace.rows));
    let section = writer.section(&raw)?;
    if let Some((first, _)) = traces.first() {
        metas.extend_from_slice(&first.0);
        put_section(metas, section);
        put_signed(metas, traces.iter().map(|(_, trace)| trace.start).min().unwrap_or(0));
        put_signed(metas, traces.iter().map(|(_, trace)| trace.end).max().unwrap_or(0));
    }
    Ok(())
}
