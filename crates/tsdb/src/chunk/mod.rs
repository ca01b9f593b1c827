//! Up to 120 samples of one series in a few hundred bytes.
//!
//! Times are stored as the difference of differences, values as the exclusive-or with the value before, after Pelkonen et
//! al., "Gorilla: A Fast, Scalable, In-Memory Time Series Database" (VLDB 2015). The classes of the times are chosen for
//! milliseconds: a scraper that jitters by a few of them costs eight bits a sample. NaN payloads survive, so that stale
//! markers do.

use crate::bits::{BitReader, BitWriter};
use model::clock::Millis;
use model::metrics::{MillisRange, Sample};

/// Samples in a chunk, as in Prometheus: ten minutes at a scrape interval of 5 s.
pub const CHUNK_SAMPLES: u16 = 120;

/// Bits of the difference of differences by class; the class is written as so many ones and a zero (the last without).
const DELTA_BITS: [u32; 6] = [0, 6, 10, 16, 24, 64];

/// No window of significant bits yet: one that nothing fits into.
const NO_WINDOW: u32 = u32::MAX;

/// A finished chunk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Chunk {
    pub min_time: Millis,
    pub max_time: Millis,
    pub samples: u16,
    pub bytes: Box<[u8]>,
}

/// A bit stream that ends before its last sample.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the chunk ends after {read} of {samples} samples")]
pub struct ChunkError {
    pub read: u16,
    pub samples: u16,
}

impl Chunk {
    /// Appends the samples within `range` to `out`.
    ///
    /// # Errors
    /// [`ChunkError`] when the bytes end too early.
    pub fn read(&self, range: MillisRange, out: &mut Vec<Sample>) -> Result<(), ChunkError> {
        decode(&self.bytes, self.samples, range, out)
    }
}

/// Appends the samples within `range` out of a stream of `samples` samples.
pub fn decode(
    bytes: &[u8],
    samples: u16,
    range: MillisRange,
    out: &mut Vec<Sample>,
) -> Result<(), ChunkError> {
    let mut decoder = Decoder { reader: BitReader::new(bytes), state: State::default() };
    for read in 0..samples {
        let sample = decoder.next(read).ok_or(ChunkError { read, samples })?;
        if sample.t > range.end {
            break;
        }
        if sample.t >= range.start {
            out.push(sample);
        }
    }
    Ok(())
}

/// What both ends of the stream remember from the sample before.
#[derive(Clone, Copy, Debug)]
struct State {
    t: Millis,
    delta: Millis,
    bits: u64,
    leading: u32,
    trailing: u32,
}

impl Default for State {
    fn default() -> Self {
        Self { t: 0, delta: 0, bits: 0, leading: NO_WINDOW, trailing: 0 }
    }
}

/// The chunk of a series that is still being written.
#[derive(Clone, Debug)]
pub struct OpenChunk {
    writer: BitWriter,
    state: State,
    samples: u16,
    min_time: Millis,
}

impl OpenChunk {
    pub fn new(first: Sample) -> Self {
        let mut writer = BitWriter::default();
        writer.write(first.t as u64, 64);
        writer.write(first.v.to_bits(), 64);
        let state = State { t: first.t, bits: first.v.to_bits(), ..State::default() };
        Self { writer, state, samples: 1, min_time: first.t }
    }

    /// Appends a sample that is newer than the last one. The caller starts a new chunk when this one [`Self::is_full`].
    pub fn push(&mut self, sample: Sample) {
        let delta = sample.t.wrapping_sub(self.state.t);
        self.write_time(delta.wrapping_sub(self.state.delta));
        self.write_value(sample.v.to_bits());
        self.state.t = sample.t;
        self.state.delta = delta;
        self.samples += 1;
    }

    fn write_time(&mut self, change: i64) {
        let class = DELTA_BITS.iter().position(|bits| fits(change, *bits)).unwrap_or(DELTA_BITS.len() - 1);
        match class {
            0 => self.writer.write(0, 1),
            5 => self.writer.write(0b1_1111, 5),
            // So many ones and a zero: class 2 is 110.
            _ => self.writer.write((1 << (class + 1)) - 2, class as u32 + 1),
        }
        self.writer.write(change as u64, DELTA_BITS[class]);
    }

    fn write_value(&mut self, bits: u64) {
        let change = bits ^ self.state.bits;
        self.state.bits = bits;
        if change == 0 {
            self.writer.write(0, 1);
            return;
        }
        // Five bits hold the number of leading zeros.
        let leading = change.leading_zeros().min(31);
        let trailing = change.trailing_zeros();
        let state = &mut self.state;
        if state.leading != NO_WINDOW && leading >= state.leading && trailing >= state.trailing {
            self.writer.write(0b10, 2);
        } else {
            (state.leading, state.trailing) = (leading, trailing);
            self.writer.write(0b11, 2);
            self.writer.write(u64::from(leading), 5);
            // 1 to 64 significant bits in six bits: 64 is written as 0.
            self.writer.write(u64::from(64 - leading - trailing), 6);
        }
        let significant = 64 - state.leading - state.trailing;
        self.writer.write(change >> state.trailing, significant);
    }

    pub fn is_full(&self) -> bool {
        self.samples >= CHUNK_SAMPLES
    }

    pub fn min_time(&self) -> Millis {
        self.min_time
    }

    pub fn max_time(&self) -> Millis {
        self.state.t
    }

    pub fn samples(&self) -> u16 {
        self.samples
    }

    pub fn bytes(&self) -> &[u8] {
        self.writer.bytes()
    }

    /// The last sample that was pushed.
    pub fn last(&self) -> Sample {
        Sample { t: self.state.t, v: f64::from_bits(self.state.bits) }
    }

    pub fn close(self) -> Chunk {
        let (min_time, max_time, samples) = (self.min_time, self.state.t, self.samples);
        Chunk { min_time, max_time, samples, bytes: self.writer.into_bytes() }
    }
}

/// Whether a signed number fits into so many bits.
fn fits(value: i64, bits: u32) -> bool {
    match bits {
        0 => value == 0,
        64 => true,
        _ => (-(1_i64 << (bits - 1))..1_i64 << (bits - 1)).contains(&value),
    }
}

struct Decoder<'a> {
    reader: BitReader<'a>,
    state: State,
}

impl Decoder<'_> {
    fn next(&mut self, index: u16) -> Option<Sample> {
        if index == 0 {
            self.state.t = self.reader.read(64)? as i64;
            self.state.bits = self.reader.read(64)?;
        } else {
            self.read_time()?;
            self.read_value()?;
        }
        Some(Sample { t: self.state.t, v: f64::from_bits(self.state.bits) })
    }

    #[inline]
    fn read_time(&mut self) -> Option<()> {
        let class = self.reader.leading_ones();
        self.reader.skip(class + u32::from(class < 5))?;
        let bits = DELTA_BITS[class as usize];
        if bits > 0 {
            let raw = self.reader.read(bits)?;
            // The sign is the topmost of the bits.
            let change = (raw << (64 - bits)) as i64 >> (64 - bits);
            self.state.delta = self.state.delta.wrapping_add(change);
        }
        self.state.t = self.state.t.wrapping_add(self.state.delta);
        Some(())
    }

    #[inline]
    fn read_value(&mut self) -> Option<()> {
        match self.reader.leading_ones().min(2) {
            0 => return self.reader.skip(1),
            1 => self.reader.skip(2)?,
            _ => {
                self.reader.skip(2)?;
                let window = self.reader.read(11)? as u32;
                let significant = if window & 63 == 0 { 64 } else { window & 63 };
                self.state.leading = window >> 6;
                self.state.trailing = 64_u32.checked_sub(self.state.leading + significant)?;
            }
        }
        if self.state.leading == NO_WINDOW {
            return None;
        }
        let change = self.reader.read(64 - self.state.leading - self.state.trailing)?;
        self.state.bits ^= change << self.state.trailing;
        Some(())
    }
}

#[cfg(test)]
mod tests;
