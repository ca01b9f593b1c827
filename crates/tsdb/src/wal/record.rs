//! The payload of a record: sections, each with a tag. A batch is one record, so it is there whole or not at all.

use crate::codec::{Cursor, DecodeError, put_bytes, put_ivarint, put_labels, put_uvarint};
use crate::exemplars::Packed;
use model::Labels;
use model::clock::Millis;
use model::metrics::{Metadata, MetricType};

const SERIES: u8 = 1;
const SAMPLE: u8 = 2;
const EXEMPLARS: u8 = 3;
const METADATA: u8 = 4;
const CHUNKS: u8 = 5;

/// Bits of a sample's first byte: the low four count the value's bytes.
const NEXT_ID: u8 = 1 << 4;
const SAME_TIME: u8 = 1 << 5;
const VALUE_BYTES: u8 = 0b1111;

/// A sample as the log has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedSample {
    pub series: u64,
    pub t: Millis,
    pub bits: u64,
}

/// A chunk as a checkpoint has it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LoggedChunk<'a> {
    pub series: u64,
    pub min_time: Millis,
    pub max_time: Millis,
    pub samples: u16,
    /// Whether samples may still be added.
    pub open: bool,
    pub bytes: &'a [u8],
}

/// Takes what a record holds, in its order.
pub trait Visit {
    fn series(&mut self, id: u64, labels: Labels);
    fn sample(&mut self, sample: LoggedSample);
    fn exemplar(&mut self, exemplar: Packed);
    fn metadata(&mut self, family: &str, metadata: Metadata);
    fn chunk(&mut self, chunk: LoggedChunk<'_>);
}

/// Builds a payload. Sections without entries are left out.
#[derive(Debug, Default)]
pub struct Record {
    series: Section,
    samples: Section,
    exemplars: Section,
    metadata: Section,
    chunks: Section,
    /// The sample before, which the next one is written against.
    last: (u64, Millis),
}

#[derive(Debug, Default)]
struct Section {
    entries: u64,
    bytes: Vec<u8>,
}

impl Record {
    pub fn series(&mut self, id: u64, labels: &Labels) {
        self.series.entries += 1;
        put_uvarint(&mut self.series.bytes, id);
        put_labels(&mut self.series.bytes, labels);
    }

    /// A value costs as many bytes as it has after its trailing zeros: small whole numbers two or three.
    pub fn sample(&mut self, sample: LoggedSample) {
        let out = &mut self.samples.bytes;
        self.samples.entries += 1;
        let (last_id, last_time) = std::mem::replace(&mut self.last, (sample.series, sample.t));
        let value_bytes = 8 - (sample.bits.trailing_zeros() / 8).min(8);
        let next_id = sample.series == last_id.wrapping_add(1);
        let same_time = sample.t == last_time;
        let flag = |set: bool, bit: u8| if set { bit } else { 0 };
        out.push(value_bytes as u8 | flag(next_id, NEXT_ID) | flag(same_time, SAME_TIME));
        if !next_id {
            put_ivarint(out, sample.series.wrapping_sub(last_id) as i64);
        }
        if !same_time {
            put_ivarint(out, sample.t.wrapping_sub(last_time));
        }
        out.extend_from_slice(&sample.bits.to_be_bytes()[..value_bytes as usize]);
    }

    pub fn exemplar(&mut self, exemplar: &Packed) {
        let out = &mut self.exemplars.bytes;
        self.exemplars.entries += 1;
        put_uvarint(out, exemplar.series);
        put_ivarint(out, exemplar.t);
        out.extend_from_slice(&exemplar.value.to_bits().to_le_bytes());
        put_bytes(out, &exemplar.labels);
    }

    pub fn metadata(&mut self, family: &str, metadata: &Metadata) {
        let out = &mut self.metadata.bytes;
        self.metadata.entries += 1;
        put_bytes(out, family.as_bytes());
        out.push(kind_number(metadata.kind));
        put_bytes(out, metadata.help.as_bytes());
        put_bytes(out, metadata.unit.as_bytes());
    }

    pub fn chunk(&mut self, chunk: LoggedChunk<'_>) {
        let out = &mut self.chunks.bytes;
        self.chunks.entries += 1;
        put_uvarint(out, chunk.series);
        put_ivarint(out, chunk.min_time);
        put_ivarint(out, chunk.max_time.wrapping_sub(chunk.min_time));
        put_uvarint(out, u64::from(chunk.samples) << 1 | u64::from(chunk.open));
        put_bytes(out, chunk.bytes);
    }

    pub fn is_empty(&self) -> bool {
        self.sections().iter().all(|(_, section)| section.entries == 0)
    }

    pub fn len(&self) -> usize {
        self.sections().iter().map(|(_, section)| section.bytes.len()).sum()
    }

    fn sections(&self) -> [(u8, &Section); 5] {
        [
            (SERIES, &self.series),
            (CHUNKS, &self.chunks),
            (SAMPLE, &self.samples),
            (EXEMPLARS, &self.exemplars),
            (METADATA, &self.metadata),
        ]
    }

    pub fn payload(&self) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.len() + 32);
        for (tag, section) in self.sections() {
            if section.entries > 0 {
                out.push(tag);
                put_uvarint(&mut out, section.entries);
                out.extend_from_slice(&section.bytes);
            }
        }
        out
    }
}

/// Reads a payload. What comes before an error has been visited.
pub fn visit(payload: &[u8], visitor: &mut dyn Visit) -> Result<(), DecodeError> {
    let mut cursor = Cursor::new(payload);
    while !cursor.is_empty() {
        let tag = cursor.u8()?;
        if !(SERIES..=CHUNKS).contains(&tag) {
            return Err(cursor.error("the tag of a section, 1 to 5"));
        }
        let entries = cursor.count()?;
        let mut last = (0_u64, 0);
        for _ in 0..entries {
            match tag {
                SERIES => {
                    let id = cursor.uvarint()?;
                    visitor.series(id, cursor.labels()?);
                }
                SAMPLE => {
                    let sample = sample(&mut cursor, last)?;
                    last = (sample.series, sample.t);
                    visitor.sample(sample);
                }
                EXEMPLARS => {
                    let (series, t) = (cursor.uvarint()?, cursor.ivarint()?);
                    let value = f64::from_bits(cursor.u64()?);
                    visitor.exemplar(Packed { series, t, value, labels: cursor.bytes()?.into() });
                }
                METADATA => {
                    let family = cursor.text()?;
                    let kind = cursor.u8()?;
                    let (help, unit) = (cursor.text()?.to_owned(), cursor.text()?.to_owned());
                    visitor.metadata(family, Metadata { kind: kind_of(kind), help, unit });
                }
                _ => visitor.chunk(chunk(&mut cursor)?),
            }
        }
    }
    Ok(())
}

fn sample(cursor: &mut Cursor<'_>, last: (u64, Millis)) -> Result<LoggedSample, DecodeError> {
    let first = cursor.u8()?;
    let step = if first & NEXT_ID != 0 { 1 } else { cursor.ivarint()? };
    let series = last.0.wrapping_add(step as u64);
    let t = if first & SAME_TIME != 0 { last.1 } else { last.1.wrapping_add(cursor.ivarint()?) };
    let count = usize::from(first & VALUE_BYTES);
    let mut value = [0; 8];
    let bytes = cursor.take(count, "the bytes of a value")?;
    value
        .get_mut(..count)
        .ok_or_else(|| cursor.error("at most eight bytes of a value"))?
        .copy_from_slice(bytes);
    Ok(LoggedSample { series, t, bits: u64::from_be_bytes(value) })
}

fn chunk<'a>(cursor: &mut Cursor<'a>) -> Result<LoggedChunk<'a>, DecodeError> {
    let series = cursor.uvarint()?;
    let min_time = cursor.ivarint()?;
    let max_time = min_time.wrapping_add(cursor.ivarint()?);
    let counted = cursor.uvarint()?;
    let samples = u16::try_from(counted >> 1).map_err(|_| cursor.error("a number of samples"))?;
    Ok(LoggedChunk { series, min_time, max_time, samples, open: counted & 1 == 1, bytes: cursor.bytes()? })
}

const KINDS: [MetricType; 8] = [
    MetricType::Unknown,
    MetricType::Counter,
    MetricType::Gauge,
    MetricType::Histogram,
    MetricType::GaugeHistogram,
    MetricType::Summary,
    MetricType::Info,
    MetricType::StateSet,
];

fn kind_number(kind: MetricType) -> u8 {
    KINDS.iter().position(|known| *known == kind).unwrap_or(0) as u8
}

fn kind_of(number: u8) -> MetricType {
    KINDS.get(usize::from(number)).copied().unwrap_or_default()
}
