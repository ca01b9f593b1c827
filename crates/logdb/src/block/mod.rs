//! Lines of one stream: as they stand in memory, and how they are packed into a chunk.
//!
//! Metadata names and values are symbols of the block, so that a trace id which many lines share is stored once.

use crate::codec::{Reader, put_bytes, put_i64, put_u64};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Nanoseconds since the epoch.
    pub t: i64,
    /// Where the line is in the text.
    start: u32,
    end: u32,
    /// Where its metadata pairs are.
    meta: u32,
    metas: u16,
}

#[derive(Clone, Debug, Default)]
pub struct Block {
    text: String,
    entries: Vec<Entry>,
    /// Symbols of name and value.
    pairs: Vec<(u32, u32)>,
    symbols: Vec<(u32, u32)>,
    symbol_text: String,
    /// Entries are in the order of their time.
    unsorted: bool,
}

/// Finds symbols of the block that is being filled. Kept apart from the block, which readers share.
#[derive(Debug, Default)]
pub struct Interner {
    table: std::collections::HashMap<Box<str>, u32>,
}

impl Interner {
    fn symbol(&mut self, block: &mut Block, text: &str) -> u32 {
        if let Some(symbol) = self.table.get(text) {
            return *symbol;
        }
        let symbol = block.push_symbol(text);
        self.table.insert(text.into(), symbol);
        symbol
    }
}

impl Block {
    fn push_symbol(&mut self, text: &str) -> u32 {
        let start = self.symbol_text.len() as u32;
        self.symbol_text.push_str(text);
        self.symbols.push((start, self.symbol_text.len() as u32));
        (self.symbols.len() - 1) as u32
    }

    /// Appends a line. The caller seals the block long before its text reaches 4 GiB.
    pub fn push<'m>(
        &mut self,
        interner: &mut Interner,
        t: i64,
        line: &str,
        metadata: impl IntoIterator<Item = (&'m str, &'m str)>,
    ) {
        let meta = self.pairs.len() as u32;
        for (name, value) in metadata {
            let pair = (interner.symbol(self, name), interner.symbol(self, value));
            self.pairs.push(pair);
        }
        let start = self.text.len() as u32;
        self.text.push_str(line);
        let end = self.text.len() as u32;
        let metas = (self.pairs.len() as u32 - meta) as u16;
        self.unsorted |= self.entries.last().is_some_and(|last| t < last.t);
        self.entries.push(Entry { t, start, end, meta, metas });
    }

    pub fn len(&self) -> usize {
        self.entries.len()
    }

    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// Bytes of lines and metadata.
    pub fn size(&self) -> usize {
        self.text.len() + self.symbol_text.len()
    }

    /// All lines of the block, one after the other: to look for a text before looking at lines.
    pub fn text(&self) -> &str {
        &self.text
    }

    pub fn entries(&self) -> &[Entry] {
        &self.entries
    }

    pub fn is_sorted(&self) -> bool {
        !self.unsorted
    }

    pub fn line(&self, entry: &Entry) -> &str {
        &self.text[entry.start as usize..entry.end as usize]
    }

    fn symbol(&self, symbol: u32) -> &str {
        let (start, end) = self.symbols[symbol as usize];
        &self.symbol_text[start as usize..end as usize]
    }

    pub fn metadata(&self, entry: &Entry) -> impl Iterator<Item = (&str, &str)> {
        let pairs = &self.pairs[entry.meta as usize..entry.meta as usize + entry.metas as usize];
        pairs.iter().map(|(name, value)| (self.symbol(*name), self.symbol(*value)))
    }

    /// The different pairs of the block, for its filter.
    pub fn distinct_pairs(&self) -> Vec<(&str, &str)> {
        let mut pairs = self.pairs.clone();
        pairs.sort_unstable();
        pairs.dedup();
        pairs.iter().map(|(name, value)| (self.symbol(*name), self.symbol(*value))).collect()
    }

    /// Whether any line has this pair.
    pub fn has_pair(&self, name: &str, value: &str) -> bool {
        let find = |text: &str| (0..self.symbols.len() as u32).find(|symbol| self.symbol(*symbol) == text);
        let (Some(name), Some(value)) = (find(name), find(value)) else { return false };
        self.pairs.contains(&(name, value))
    }

    /// Whether there is a line with this time and text. Only called for lines that are not newer than all others.
    pub fn contains(&self, t: i64, line: &str) -> bool {
        self.entries.iter().any(|entry| entry.t == t && self.line(entry) == line)
    }

    /// Sorts by time; lines of one instant keep the order in which they came.
    pub fn sort(&mut self) {
        if self.unsorted {
            self.entries.sort_by_key(|entry| entry.t);
            self.unsorted = false;
        }
    }

    pub fn min_t(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.t).min()
    }

    pub fn max_t(&self) -> Option<i64> {
        self.entries.iter().map(|entry| entry.t).max()
    }

    /// Packs the block, which must be sorted.
    pub fn encode(&self) -> Vec<u8> {
        let mut raw = Vec::with_capacity(self.text.len() + self.symbol_text.len() + self.entries.len() * 8);
        put_u64(&mut raw, self.symbols.len() as u64);
        for (start, end) in &self.symbols {
            put_symbol(&mut raw, &self.symbol_text[*start as usize..*end as usize]);
        }
        put_u64(&mut raw, self.entries.len() as u64);
        let mut previous = 0;
        for entry in &self.entries {
            put_i64(&mut raw, entry.t.wrapping_sub(previous));
            previous = entry.t;
            put_u64(&mut raw, u64::from(entry.end - entry.start));
            put_u64(&mut raw, u64::from(entry.metas));
            for (name, value) in &self.pairs[entry.meta as usize..][..entry.metas as usize] {
                put_u64(&mut raw, u64::from(*name));
                put_u64(&mut raw, u64::from(*value));
            }
        }
        for entry in &self.entries {
            raw.extend_from_slice(self.line(entry).as_bytes());
        }
        lz4_flex::compress_prepend_size(&raw)
    }

    /// `None` when the bytes are no packed block.
    pub fn decode(packed: &[u8], limit: usize) -> Option<Self> {
        let size = u32::from_le_bytes(packed.get(..4)?.try_into().ok()?) as usize;
        if size > limit {
            return None;
        }
        let raw = lz4_flex::decompress_size_prepended(packed).ok()?;
        let mut reader = Reader(&raw);
        let mut block = Self::default();
        for _ in 0..reader.count()? {
            let text = take_symbol(&mut reader)?;
            block.push_symbol(&text);
        }
        let symbols = block.symbols.len() as u64;
        let count = reader.count()?;
        block.entries.reserve_exact(count);
        let (mut t, mut start) = (0i64, 0u32);
        for _ in 0..count {
            t = t.wrapping_add(reader.i64()?);
            let end = start.checked_add(u32::try_from(reader.u64()?).ok()?)?;
            let metas = u16::try_from(reader.u64()?).ok()?;
            let meta = block.pairs.len() as u32;
            for _ in 0..metas {
                let (name, value) = (reader.u64()?, reader.u64()?);
                if name >= symbols || value >= symbols {
                    return None;
                }
                block.pairs.push((name as u32, value as u32));
            }
            block.unsorted |= block.entries.last().is_some_and(|last| t < last.t);
            block.entries.push(Entry { t, start, end, meta, metas });
            start = end;
        }
        block.text = std::str::from_utf8(reader.take(start as usize)?).ok()?.to_owned();
        let boundary = |entry: &Entry| block.text.is_char_boundary(entry.end as usize);
        block.entries.iter().all(boundary).then_some(block)
    }
}

const PLAIN: u8 = 0;
const HEX: u8 = 1;

/// Ids are hexadecimal texts: as bytes they take half the room, and nothing else makes them smaller.
fn put_symbol(raw: &mut Vec<u8>, text: &str) {
    let is_id = matches!(text.len(), 16 | 32) && text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
    if !is_id {
        raw.push(PLAIN);
        return put_bytes(raw, text.as_bytes());
    }
    raw.push(HEX);
    raw.push((text.len() / 2) as u8);
    let digit = |b: u8| if b.is_ascii_digit() { b - b'0' } else { b - b'a' + 10 };
    raw.extend(text.as_bytes().chunks(2).map(|pair| digit(pair[0]) << 4 | digit(pair[1])));
}

fn take_symbol(reader: &mut Reader<'_>) -> Option<String> {
    match reader.take(1)?[0] {
        PLAIN => reader.text().map(str::to_owned),
        HEX => {
            let length = reader.take(1)?[0];
            let bytes = reader.take(length as usize)?;
            let digits = b"0123456789abcdef";
            let hex = bytes.iter().flat_map(|b| [digits[(b >> 4) as usize], digits[(b & 15) as usize]]);
            Some(hex.map(char::from).collect())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests;
