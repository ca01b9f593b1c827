//! Segment files: a head as it was, sorted by trace id, in compressed blocks. Read in place, a block at a time.

mod bloom;
mod write;

pub(crate) use write::write;

use crate::bytes::Reader;
use crate::crc::crc32;
use crate::dict::Dict;
use crate::merge::{dedupe, trace_from};
use bloom::Bloom;
use model::StoreError;
use model::clock::Nanos;
use model::logs::NanosRange;
use model::traces::{Trace, TraceId};
use std::fs::File;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

const MAGIC: [u8; 8] = *b"LABTRSEG";
pub(crate) const VERSION: u32 = 1;
/// Offset, length, unpacked length and checksum of the footer, then the magic again.
const TRAILER_LEN: u64 = 8 + 4 + 4 + 4 + 8;
/// No section is larger when unpacked; more is damage. Bytes.
const MAX_SECTION_BYTES: u32 = 1 << 30;

/// Where a compressed section is.
#[derive(Clone, Copy, Debug, Default)]
struct Section {
    offset: u64,
    len: u32,
    raw_len: u32,
    crc: u32,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct BlockMeta {
    first: TraceId,
    section: Section,
    min_start: Nanos,
    max_end: Nanos,
}

pub(crate) struct Segment {
    path: PathBuf,
    file: File,
    pub generation: u64,
    pub base: Nanos,
    pub min_start: Nanos,
    pub max_end: Nanos,
    pub traces: u64,
    pub spans: u64,
    pub file_len: u64,
    blocks: Vec<BlockMeta>,
    bloom: Bloom,
    /// Traces of which an older segment has a part.
    pub split: Vec<TraceId>,
    dict_at: Section,
    /// Loaded when first needed; let go when nothing used it for a while.
    dict: Mutex<Option<Arc<Dict>>>,
}

/// A trace within an unpacked block.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    pub id: TraceId,
    pub start: Nanos,
    pub end: Nanos,
    pub rows: std::ops::Range<usize>,
}

pub(crate) struct Block {
    raw: Vec<u8>,
    pub entries: Vec<Entry>,
}

impl Block {
    pub(crate) fn rows(&self, entry: &Entry) -> &[u8] {
        &self.raw[entry.rows.clone()]
    }
}

impl Segment {
    /// Opens a segment: reads its footer, no block.
    pub(crate) fn open(path: &Path, generation: u64) -> Result<Self, StoreError> {
        let file = File::open(path).map_err(StoreError::io("open", path))?;
        let file_len = file.metadata().map_err(StoreError::io("read", path))?.len();
        let damaged = |offset: u64, reason: &str| StoreError::Damaged {
            path: path.to_owned(),
            offset,
            reason: reason.to_owned(),
        };
        let mut head = [0_u8; 12];
        file.read_exact_at(&mut head, 0).map_err(|_| damaged(0, "shorter than its header"))?;
        if head[..8] != MAGIC {
            return Err(damaged(0, "not a segment of traces"));
        }
        let version = u32::from_le_bytes([head[8], head[9], head[10], head[11]]);
        if version != VERSION {
            return Err(StoreError::Version { path: path.to_owned(), found: version, expected: VERSION });
        }
        let at = file_len.checked_sub(TRAILER_LEN).ok_or_else(|| damaged(0, "shorter than its trailer"))?;
        let mut trailer = [0_u8; TRAILER_LEN as usize];
        file.read_exact_at(&mut trailer, at).map_err(StoreError::io("read", path))?;
        if trailer[20..] != MAGIC {
            return Err(damaged(at, "the trailer is missing: the file is not whole"));
        }
        let mut reader = Reader::new(&trailer);
        let section = (|| {
            Some(Section {
                offset: u64::from_le_bytes(reader.array()?),
                len: u32::from_le_bytes(reader.array()?),
                raw_len: u32::from_le_bytes(reader.array()?),
                crc: u32::from_le_bytes(reader.array()?),
            })
        })()
        .ok_or_else(|| damaged(at, "unreadable trailer"))?;
        let footer = unpack(&file, path, section)?;
        let mut segment = Self {
            path: path.to_owned(),
            file,
            generation,
            base: 0,
            min_start: 0,
            max_end: 0,
            traces: 0,
            spans: 0,
            file_len,
            blocks: Vec::new(),
            bloom: Bloom::default(),
            split: Vec::new(),
            dict_at: Section::default(),
            dict: Mutex::new(None),
        };
        segment.read_footer(&footer).ok_or_else(|| damaged(section.offset, "unreadable footer"))?;
        Ok(segment)
    }

    fn read_footer(&mut self, footer: &[u8]) -> Option<()> {
        let mut reader = Reader::new(footer);
        let reader = &mut reader;
        let section = |reader: &mut Reader<'_>| {
            Some(Section {
                offset: reader.varint()?,
                len: reader.varint()? as u32,
                raw_len: reader.varint()? as u32,
                crc: u32::from_le_bytes(reader.array()?),
            })
        };
        self.base = reader.signed()?;
        self.min_start = reader.signed()?;
        self.max_end = reader.signed()?;
        self.traces = reader.varint()?;
        self.spans = reader.varint()?;
        self.dict_at = section(reader)?;
        for _ in 0..reader.count()? {
            self.blocks.push(BlockMeta {
                first: TraceId(reader.array()?),
                section: section(reader)?,
                min_start: reader.signed()?,
                max_end: reader.signed()?,
            });
        }
        for _ in 0..reader.count()? {
            self.split.push(TraceId(reader.array()?));
        }
        self.bloom = Bloom::from_bytes(reader.sized()?);
        Some(())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    pub(crate) fn overlaps(&self, range: Option<NanosRange>) -> bool {
        range.is_none_or(|range| self.min_start < range.end && self.max_end >= range.start)
    }

    /// The blocks with traces that may overlap the range.
    pub(crate) fn blocks(&self, range: Option<NanosRange>) -> impl Iterator<Item = usize> {
        let overlaps = move |block: &BlockMeta| {
            range.is_none_or(|range| block.min_start < range.end && block.max_end >= range.start)
        };
        self.blocks.iter().enumerate().filter(move |(_, block)| overlaps(block)).map(|(number, _)| number)
    }

    pub(crate) fn dict(&self) -> Result<Arc<Dict>, StoreError> {
        let mut held = self.dict.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(dict) = &*held {
            return Ok(dict.clone());
        }
        let bytes = unpack(&self.file, &self.path, self.dict_at)?;
        let mut dict = Dict::default();
        dict.read(&mut Reader::new(&bytes), false)
            .ok_or_else(|| self.damaged(self.dict_at, "unreadable texts"))?;
        let dict = Arc::new(dict);
        *held = Some(dict.clone());
        Ok(dict)
    }

    /// Lets go of texts that nobody reads now.
    pub(crate) fn forget_dict(&self) {
        let mut held = self.dict.lock().unwrap_or_else(PoisonError::into_inner);
        if held.as_ref().is_some_and(|dict| Arc::strong_count(dict) == 1) {
            *held = None;
        }
    }

    fn damaged(&self, section: Section, reason: &str) -> StoreError {
        StoreError::Damaged { path: self.path.clone(), offset: section.offset, reason: reason.to_owned() }
    }

    pub(crate) fn block(&self, number: usize) -> Result<Block, StoreError> {
        let section = self.blocks.get(number).map(|block| block.section).unwrap_or_default();
        let raw = unpack(&self.file, &self.path, section)?;
        let entries = self.entries(&raw).ok_or_else(|| self.damaged(section, "unreadable block"))?;
        Ok(Block { raw, entries })
    }

    fn entries(&self, raw: &[u8]) -> Option<Vec<Entry>> {
        let mut reader = Reader::new(raw);
        let mut entries = Vec::new();
        let mut lengths = Vec::new();
        for _ in 0..reader.count()? {
            let id = TraceId(reader.array()?);
            let start = self.base.wrapping_add(reader.signed()?);
            let end = start.wrapping_add(reader.signed()?);
            // How many spans there are; the rows say it as well.
            reader.varint()?;
            lengths.push(reader.varint()? as usize);
            entries.push(Entry { id, start, end, rows: 0..0 });
        }
        for (entry, length) in entries.iter_mut().zip(lengths) {
            let start = reader.at();
            reader.take(length)?;
            entry.rows = start..reader.at();
        }
        Some(entries)
    }

    pub(crate) fn read(&self, block: &Block, entry: &Entry, dict: &Dict) -> Result<Trace, StoreError> {
        let mut trace = trace_from(entry.id, block.rows(entry), self.base, dict)
            .ok_or_else(|| self.damaged(Section::default(), "unreadable rows"))?;
        dedupe(&mut trace);
        Ok(trace)
    }

    pub(crate) fn may_contain(&self, id: TraceId) -> bool {
        self.bloom.may_contain(id)
    }

    pub(crate) fn trace(&self, id: TraceId) -> Result<Option<Trace>, StoreError> {
        if !self.may_contain(id) {
            return Ok(None);
        }
        let after = self.blocks.partition_point(|block| block.first <= id);
        let Some(number) = after.checked_sub(1) else { return Ok(None) };
        let block = self.block(number)?;
        match block.entries.binary_search_by(|entry| entry.id.cmp(&id)) {
            Ok(at) => Ok(Some(self.read(&block, &block.entries[at], &*self.dict()?)?)),
            Err(_) => Ok(None),
        }
    }

    /// Whether the trace is here, without reading it.
    pub(crate) fn contains(&self, id: TraceId) -> Result<bool, StoreError> {
        if !self.may_contain(id) {
            return Ok(false);
        }
        let after = self.blocks.partition_point(|block| block.first <= id);
        let Some(number) = after.checked_sub(1) else { return Ok(false) };
        Ok(self.block(number)?.entries.binary_search_by(|entry| entry.id.cmp(&id)).is_ok())
    }
}

fn unpack(file: &File, path: &Path, section: Section) -> Result<Vec<u8>, StoreError> {
    let damaged = |reason: &str| StoreError::Damaged {
        path: path.to_owned(),
        offset: section.offset,
        reason: reason.to_owned(),
    };
    if section.len > MAX_SECTION_BYTES || section.raw_len > MAX_SECTION_BYTES {
        return Err(damaged("impossible length"));
    }
    let mut packed = vec![0; section.len as usize];
    file.read_exact_at(&mut packed, section.offset).map_err(|error| match error.kind() {
        ErrorKind::UnexpectedEof | ErrorKind::InvalidInput => damaged("a section beyond the end of the file"),
        _ => StoreError::io("read", path)(error),
    })?;
    if crc32(&packed) != section.crc {
        return Err(damaged("wrong checksum"));
    }
    let raw = lz4_flex::block::decompress(&packed, section.raw_len as usize);
    let raw = raw.map_err(|error| damaged(&error.to_string()))?;
    if raw.len() == section.raw_len as usize { Ok(raw) } else { Err(damaged("wrong length")) }
}
