//! A stream of bits in bytes, most significant bit first.

/// Appends bits to a byte buffer.
#[derive(Clone, Debug, Default)]
pub struct BitWriter {
    bytes: Vec<u8>,
    /// Bits of the last byte that are still free, 0 to 7.
    free: u32,
}

impl BitWriter {
    /// Appends the low `count` bits of `value`, `count` ≤ 64.
    pub fn write(&mut self, value: u64, count: u32) {
        let mut left = count;
        while left > 0 {
            if self.free == 0 {
                self.bytes.push(0);
                self.free = 8;
            }
            let take = left.min(self.free);
            let part = (value >> (left - take)) & ((1 << take) - 1);
            if let Some(last) = self.bytes.last_mut() {
                *last |= (part as u8) << (self.free - take);
            }
            self.free -= take;
            left -= take;
        }
    }

    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub fn into_bytes(self) -> Box<[u8]> {
        self.bytes.into_boxed_slice()
    }
}

/// Reads what a [`BitWriter`] wrote.
#[derive(Clone, Debug)]
pub struct BitReader<'a> {
    bytes: &'a [u8],
    /// Position of the next bit.
    at: usize,
}

impl<'a> BitReader<'a> {
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, at: 0 }
    }

    /// The next 57 bits or more in the upper end of a word; zeros behind the end of the stream.
    fn window(&self) -> u64 {
        let first = self.at / 8;
        let word = match self.bytes.get(first..first + 8) {
            Some(eight) => u64::from_be_bytes(eight.try_into().unwrap_or_default()),
            None => {
                let mut padded = [0; 8];
                let rest = self.bytes.get(first..).unwrap_or_default();
                padded[..rest.len()].copy_from_slice(rest);
                u64::from_be_bytes(padded)
            }
        };
        word << (self.at % 8)
    }

    /// How many of the next five bits are ones before the first zero.
    pub fn leading_ones(&self) -> u32 {
        self.window().leading_ones().min(5)
    }

    /// Steps over `count` bits; None when there are fewer.
    pub fn skip(&mut self, count: u32) -> Option<()> {
        self.at += count as usize;
        (self.at <= self.bytes.len() * 8).then_some(())
    }

    /// The next `count` bits (at most 64) as a number; None when there are fewer.
    pub fn read(&mut self, count: u32) -> Option<u64> {
        if count == 0 {
            return Some(0);
        }
        if count > 56 {
            let upper = self.read(count - 32)?;
            let lower = self.read(32)?;
            return Some(upper << 32 | lower);
        }
        let value = self.window() >> (64 - count);
        self.skip(count)?;
        Some(value)
    }
}

#[cfg(test)]
mod tests;
