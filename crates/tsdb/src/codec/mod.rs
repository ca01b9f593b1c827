//! Numbers and strings as bytes: the alphabet of the log and the segments. Little endian; varints as in LEB128.

use model::{Label, Labels};

/// Bytes that end too early or say something impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("at byte {offset}: expected {expected}")]
pub struct DecodeError {
    pub offset: usize,
    pub expected: &'static str,
}

pub fn put_uvarint(out: &mut Vec<u8>, mut value: u64) {
    while value >= 0x80 {
        out.push(value as u8 | 0x80);
        value >>= 7;
    }
    out.push(value as u8);
}

/// Zigzag, so that small negative numbers are short.
pub fn put_ivarint(out: &mut Vec<u8>, value: i64) {
    put_uvarint(out, ((value << 1) ^ (value >> 63)) as u64);
}

pub fn put_bytes(out: &mut Vec<u8>, bytes: &[u8]) {
    put_uvarint(out, bytes.len() as u64);
    out.extend_from_slice(bytes);
}

pub fn put_labels(out: &mut Vec<u8>, labels: &Labels) {
    put_uvarint(out, labels.len() as u64);
    for (name, value) in labels.iter() {
        put_bytes(out, name.as_bytes());
        put_bytes(out, value.as_bytes());
    }
}

/// Reads from the front of a slice and knows where it is.
#[derive(Clone, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Cursor<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    pub fn is_empty(&self) -> bool {
        self.at >= self.bytes.len()
    }

    pub fn error(&self, expected: &'static str) -> DecodeError {
        DecodeError { offset: self.at, expected }
    }

    pub fn take(&mut self, count: usize, expected: &'static str) -> Result<&'a [u8], DecodeError> {
        let end = self.at.checked_add(count).filter(|end| *end <= self.bytes.len());
        let end = end.ok_or_else(|| self.error(expected))?;
        let part = &self.bytes[self.at..end];
        self.at = end;
        Ok(part)
    }

    pub fn u8(&mut self) -> Result<u8, DecodeError> {
        Ok(self.take(1, "a byte")?[0])
    }

    pub fn u64(&mut self) -> Result<u64, DecodeError> {
        let bytes = self.take(8, "eight bytes")?;
        Ok(u64::from_le_bytes(bytes.try_into().map_err(|_| self.error("eight bytes"))?))
    }

    pub fn uvarint(&mut self) -> Result<u64, DecodeError> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.u8()?;
            value |= u64::from(byte & 0x7f) << shift;
            if byte < 0x80 {
                return Ok(value);
            }
        }
        Err(self.error("a varint of at most ten bytes"))
    }

    pub fn ivarint(&mut self) -> Result<i64, DecodeError> {
        let value = self.uvarint()?;
        Ok((value >> 1) as i64 ^ -((value & 1) as i64))
    }

    /// A number of things that take at least one byte each, so that a damaged count cannot ask for all memory.
    pub fn count(&mut self) -> Result<usize, DecodeError> {
        let count = self.uvarint()?;
        usize::try_from(count)
            .ok()
            .filter(|count| *count <= self.bytes.len() - self.at)
            .ok_or_else(|| self.error("a count no larger than the bytes that are left"))
    }

    pub fn bytes(&mut self) -> Result<&'a [u8], DecodeError> {
        let length = self.count()?;
        self.take(length, "as many bytes as the length says")
    }

    pub fn text(&mut self) -> Result<&'a str, DecodeError> {
        let bytes = self.bytes()?;
        std::str::from_utf8(bytes).map_err(|_| self.error("UTF-8 text"))
    }

    pub fn labels(&mut self) -> Result<Labels, DecodeError> {
        let count = self.count()?;
        let mut labels: Vec<Label> = Vec::with_capacity(count);
        for _ in 0..count {
            let (name, value) = (self.text()?, self.text()?);
            if value.is_empty() || labels.last().is_some_and(|last| &*last.name >= name) {
                return Err(self.error("labels sorted by name, with values"));
            }
            labels.push(Label { name: name.into(), value: value.into() });
        }
        Ok(Labels::from_sorted(labels))
    }
}

#[cfg(test)]
mod tests;
